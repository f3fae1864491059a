"""How harnesses mark what they put around a user's words: tags by their names, labelled blocks, stamps and last lines.

A harness's tags have names of several words ("ide_opened_file", "system-reminder", "EnvironmentContext"), so they are
known by the words of their names; a user's own XML ("<order>", "<invoice-list>") is not. Names of one word are listed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from router.reading.program_names import AGENTS

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_LISTED = frozenset(
    # Claude Code
    "env system_reminder command_contents local_command_stdout local_command_stderr local_command_caveat bash_input "
    "bash_stdout bash_stderr user_memory_input task_notification teammate_message new_diagnostics tool_use_error "
    "persisted_output fast_mode_info claude_background_info "
    # Codex
    "environment_context user_instructions permissions_instructions collaboration_mode turn_aborted "
    "subagent_notification user_shell_command skills_instructions apps_instructions plugins_instructions "
    "personality_spec model_switch "
    # Cline, Roo
    "environment_details workspace_diagnostics git_working_state workspace_configuration "
    # Cursor, Copilot, Windsurf, Kiro
    "open_and_recently_viewed_files recently_viewed_files always_applied_workspace_rules cursor_rules_context "
    "manually_added_selection manually_attached_skills agent_transcripts mcp_instructions reminder_instructions "
    "ephemeral_message steering_reminder "
    # memories that plug-ins of OpenClaw put before the ask
    "relevant_memories active_memory_plugin".split()
)
"""Names of tags in lower case, their words joined by "_"."""

_SHARED = frozenset(
    # Cursor
    "additional_data attached_files user_info git_status project_layout linter_errors agent_skills edit_history "
    "code_selection open_files opened_file opened_files active_file current_file visible_files open_tabs "
    # Copilot, Windsurf, other command lines, Goose, Kiro, OpenHands
    "environment_info workspace_info editor_context repo_context additional_metadata user_information user_rules "
    "session_context info_msg implicit_rules runtime_information repository_info memory_context".split()
)
"""The same; a user may have data under these names."""

_VENDORS = AGENTS | frozenset("ide editor vscode jetbrains".split())
_SCENES = frozenset(
    "system environment env workspace session runtime harness agent terminal tool hook permissions skills plugin "
    "memory ephemeral additional attached recently opened open local project repository post pre user".split()
)
_CONTENTS = frozenset(
    "reminder reminders context details info information instructions diagnostics caveat notification notifications "
    "metadata hook state".split()
)
_USERS_OWN = frozenset(
    "user_context user_details user_state user_metadata user_notification user_notifications project_details "
    "project_info project_information project_state project_metadata session_details session_state session_info "
    "agent_details agent_info agent_state system_info system_information system_state system_details memory_state "
    "memory_details memory_info open_state tool_info tool_details tool_state tool_metadata "
    "project_context tool_context tool_instructions tool_information".split()
)
"""Names of that form which are as likely in a user's own data or prompt template."""


@lru_cache(maxsize=1_024)
def is_harness_tag(name: str) -> bool:
    """Whether a tag of this name is a harness's: listed, an editor's or agent's own, or a scene and its contents."""
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = "_".join(words)
    if joined in _LISTED or joined in _SHARED:
        return True
    if len(words) < 2 or joined in _USERS_OWN:
        return False
    if words[0] in _VENDORS:
        return True
    return words[0] in _SCENES and words[-1] in _CONTENTS


@lru_cache(maxsize=1_024)
def is_listed_tag(name: str) -> bool:
    """Whether a tag is a harness's wherever it is: no user has data under such a name."""
    return "_".join(word.lower() for word in _WORDS.findall(name)) in _LISTED


TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+){0,7})(?=[\s>])")
"""The start of a tag; group 1 is its name."""

WRAPPERS = frozenset({"user_query", "user_message", "user_request", "user_input", "user_prompt"})
"""Tags around the user's own words, by names as in _LISTED: what they hold is the ask."""

LONE_WRAPPERS = frozenset({"task", "feedback", "answer"})
"""The same, of one word (Cline, Roo): only where the harness has put a block of its own next to it."""


POINTER = re.compile(r"\s*\(See <[\w-]{1,40}> above [^()\n]{0,160}\)$")
"""Copilot's remark at the end of the user's words where files are attached."""

CALLED = re.compile(r"Called the \w{1,40} tool with the following input: \{")
"""OpenCode's text block before the text block of a file that the user named."""


def wrapper_name(name: str) -> str:
    """A tag's name as WRAPPERS holds it."""
    return "_".join(word.lower() for word in _WORDS.findall(name))


_ASKING = (
    r"(?!(?:why|what|how|who|where|when|which|is|are|do|does|can|could|explain|parse|read|fix|convert|translate|write"
    r"|give|show|here|this|these|use|find|check|compare|summari[sz]e|review|debug|make|please|i|we|my|our)\b)"
)
LABEL = re.compile(
    # "Conversation info (untrusted metadata):", "Chat history since last reply (untrusted, for context):", and so on:
    # github.com/openclaw/openclaw, src/auto-reply/reply/inbound-meta.ts
    rf"{_ASKING}[A-Z][\w '/&-]{{0,70}} \([^()\n]*\b(?:untrusted|metadata|for context)\b[^()\n]{{0,120}}\):[ \t]*\n"
    r"|(?:Conversation info|Sender|Replied message|Forwarded message|Thread starter|Message metadata|Sender info)"
    r":[ \t]*\n(?=```json)",
    re.IGNORECASE,
)
"""A line that names a block of metadata. The block follows: fenced, between "<<<" markers, or a paragraph."""

LABEL_LINE = re.compile(f"^(?:{LABEL.pattern})", re.IGNORECASE | re.MULTILINE)
"""The same, wherever a line begins."""

LABEL_MARKS = ("ntrusted", "etadata", "or context", "```json")
"""Every text with such a line and a block holds one of these."""

_CHANNELS = (
    r"WhatsApp|Telegram|Discord|Slack|Signal|iMessage|BlueBubbles|Matrix|(?:MS|Microsoft) ?Teams|MSTeams|Teams"
    r"|Google ?Chat|LINE|Feishu|Lark|Zalo(?: ?Personal)?|Mattermost|IRC|Nostr|Twitch|WebChat|Nextcloud ?Talk|Tlon"
    r"|Synology ?Chat|QQ(?:Bot)?|WeChat|WeCom|DingTalk|SMS|Email"
)
_DATE = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
_ZONE = r"(?:Z| [\w+:/-]{1,40})"

LEADS = re.compile(
    # OpenClaw: "[Tue 2026-11-24 07:50 UTC] ", before the user's words
    rf"\[[A-Z][a-z]{{2}} {_DATE}{_ZONE}?\]"
    # OpenClaw: "[Telegram Robin Vale id:5550001 +2m 2026-11-24 07:50 UTC] "; some channels leave out the date
    rf"|\[(?:{_CHANNELS})\b[^\[\]\n]{{0,200}}(?:{_DATE}{_ZONE}?|\+\d{{1,4}}[smhdw]|\bid:[^\[\]\n]{{1,80}})\]"
    # in groups the sender follows: "Robin Vale (+15550001): "
    r"(?: [^\n:()\[\]]{1,60} \((?:\+?\d[\d -]{3,20}|@[\w.]{1,40}|[\w.+-]{1,60}@[\w.-]{1,60}"
    r"|(?-i:[UW][0-9A-Z]{6,}))\):| \(self\):)?"
    r"|\[(?!(?:error|warn(?:ing)?|info|debug|notice|fatal|trace|critical)\b)(?-i:[A-Z][a-z])[^\[\]\n]{0,200} "
    rf"{_DATE}{_ZONE}\]"
    # OpenClaw: events of the gateway before the message
    rf"|System(?: \([^()\n]{{1,40}}\))?: \[{_DATE}[^\n]*(?:\nSystem(?: \([^()\n]{{1,40}}\))?: [^\n]*)*\n"
    # Claude Code: the billing line, where a proxy has folded the system prompt into the first message
    r"|x-anthropic-billing-header:[^\n]*"
    # Claude Code: an interruption, and its remark on the output of local commands
    r"|\[Request interrupted by user(?: for tool use)?\]"
    r"|Caveat: The messages below were generated by the user while running local commands[^\n]*"
    # OpenClaw: a file that came with the message, and how to answer with one
    r"|\[(?:media|image) attached(?: \d+/\d+)?: [^\n]{1,600}\](?=\s*\n)"
    r"|To send an image back, prefer the message tool \([^\n]*"
    # Hermes: what is replied to, and its own remarks
    r"|\[Replying to: \"[^\n]{0,2000}?\"\](?=\s*\n)|\[System note: [^\[\]]{1,1000}\](?=\s*\n)",
    re.IGNORECASE,
)
"""What may come before the user's words, other than blocks."""

HISTORY_LEAD = re.compile(r"\[[^\[\]\n]{1,80} - for context\][ \t]*\n", re.IGNORECASE)
CURRENT_MESSAGE = "[Current message - respond to this]"
"""OpenClaw in groups: messages since the last reply, and the mark before the one to answer."""

SENDER = re.compile(r"\s*(?=[^\W\d_])[\w.'-]{1,30}(?: [\w.'-]{1,30}){0,2}(?: \([^()\n]{1,60}\))?:[ \t]{1,4}(?=\S)")
"""The name of who says a message of such a history."""

SETUP_HEADINGS = (
    *(
        "# Context from my IDE",
        "# Context from my editor",
        "# Context from the editor",
        "# IDE context",
        "# Editor context",
    ),
    "# Files mentioned by the user",
    "# Selected text",
    "# Applications",
)
"""Codex in an editor: what is open or attached, under headings; the ask follows MY_REQUEST."""
MY_REQUEST = re.compile(
    r"^#{1,3} (?:my|the user's|user's|user) (?:request|message|question|query|task)(?: for [^\n:]{1,40})?:?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)

LAST_LINE = re.compile(
    r"\[(?:(?:[\w-]+ )?message[ _-]?ids?|reply[ _]to(?:[ _]id)?|from|thread(?:[ _](?:id|ts))?|channel(?:[ _]id)?"
    r"|chat[ _]id|sender(?:[ _]id)?|media attached(?: \d+/\d+)?): ?[^\[\]\n]{1,300}\]",
    re.IGNORECASE,
)
"""A line of a chat program after the user's words: "[message_id: 8841]", "[from: Robin (5550001)]"."""

SENT = re.compile(
    r"<system-reminder>\n?The user sent [^\n:]{0,60}message[^\n:]{0,60}:\n((?:[^<]|<(?!/?system-reminder))*?)"
    r"(?:\n\n(?:Please address this message|IMPORTANT:)[^\n]*)?\n?</system-reminder>"
)
"""Claude Code's reminder that holds what the user typed while the agent worked."""

RUNTIME = "\n\nRuntime: agent="
"""OpenClaw's suffix on the first message of a session; one line, to the end of the text."""
