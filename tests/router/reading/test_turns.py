"""Kinds of turn: harness turns are known by their words, and a user who speaks of titles or summaries is a user."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import TurnKind, read, signals
from router.reading.characters import char_classes
from router.reading.turns import kinds as turns
from router.reading.turns import orders
from router.reading.turns.heartbeats import is_silent
from router.types import ChatRequest, Message

HISTORY = (("user", "how do I prune roses?"), ("assistant", "In late winter, above an outward bud."))
TRANSCRIPT = "<conversation>\nuser: my dishwasher shows E24\nassistant: Check the drain.\n</conversation>"


def kind(*messages, limit=None):
    chat = ChatRequest(messages=tuple(Message(*message) for message in messages), max_output_tokens=limit)
    return read(chat).turn


def test_the_words_are_the_contracts():
    assert [kind.value for kind in TurnKind] == [
        "user",
        "continuation",
        "tool_result",
        "heartbeat",
        "title",
        "compaction",
        "probe",
        "classification",
        "suggestion",
    ]


@pytest.mark.parametrize(
    "system",
    [
        "Generate a title of at most 5 words for the conversation. Return only the title.",
        "Give the chat a title, max 5 words, sentence case.",
        "You write short titles for conversations. 3-6 words, no quotes.",
        "You title chats. Max 5 words, no punctuation, same language as the user.",
        "Donne un titre de 3 à 6 mots à cette conversation. Rien d'autre.",
        "Erzeuge einen Titel mit höchstens 5 Wörtern in der Sprache der Unterhaltung.",
        "会話のタイトルを15文字以内で1つだけ出力。",
        "You are coming up with a succinct title for a coding session. " + "More of the prompt. " * 150,
        "Write the title in the predominant language of the session.",
    ],
)
def test_a_harness_that_wants_a_title_is_known(system):
    assert kind(("system", system), ("user", TRANSCRIPT)) == "title"


def test_an_order_for_a_title_may_stand_in_the_message():
    assert (
        kind(("user", f"Generate a 3-6 word title for this conversation. Only the title.\n\n{TRANSCRIPT}")) == "title"
    )
    assert kind(("user", "Write a title of at most 5 words. No quotes.\n\nuser: hi\nassistant: hello")) == "title"


@pytest.mark.parametrize(
    "ask",
    [
        "write a title for my essay about bees, max 8 words",
        "summarize the conversation between Romeo and Juliet in act 2",
        "summarise our session notes for the board, they continue on page 2",
        "what is a good title for a chat show?",
        "check whether this handover summary of the conversation so far is complete",
        "what does compact mean in topology?",
        "is this a new topic for the exam or did we have it last year?",
        "does the user's manual mention true or false positives?",
        "test",
        "quota",
        "Read HEARTBEAT.md and act if needed, otherwise reply HEARTBEAT_OK.\n\nfell at 02:20, no answer since",
        "write a heartbeat endpoint in Go",
        "HEARTBEAT 03:10. Escalate only if life may be at risk. Ossie: no ping since 02:31.",
    ],
)
def test_a_user_is_a_user(ask):
    assert kind(("user", ask)) == "user"
    assert kind(*HISTORY, ("user", ask)) == "user"


def test_an_agents_long_system_prompt_says_nothing_of_the_turn():
    prompt = "You may be asked to write a short title of the conversation, max 5 words. " + "Be careful. " * 200
    assert kind(("system", prompt), ("user", "hello")) == "user"


@pytest.mark.parametrize(
    "messages",
    [
        [("user", "Your task is to create a detailed summary of the conversation so far, so that work can continue.")],
        [("system", "Compact the session below for the next context window."), ("user", TRANSCRIPT)],
        [*HISTORY, ("user", "<compact>")],
        [*HISTORY, ("user", "/compact")],
        [*HISTORY, ("user", "yes if it fits. <context 97% - compact now>")],
        [*HISTORY, ("user", "<system>context at 94%, produce the summary now</system>")],
        [*HISTORY, ("user", "<system-reminder>Context at 94%. Compact now.</system-reminder>")],
    ],
)
def test_a_compaction_is_known(messages):
    assert kind(*messages) == "compaction"


RULES = """CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.

- Do NOT use Read, Bash, Grep, Glob, Edit, Write, or ANY other tool.
- Everything that is needed stands in the conversation above.
- Tool calls will be REJECTED and will waste your only turn: you will fail the task.
- Your entire response must be plain text: an <analysis> block followed by a <summary> block.

"""


@pytest.mark.parametrize(
    "order",
    [
        f"{RULES}Your task is to create a detailed summary of the conversation so far, with the user's requests.",
        f"{RULES}For whoever goes on with it, write down a full record of this session: what was asked, what is open.",
        f"<system-reminder>Be brief.</system-reminder>\n{RULES}Your task is to summarize this conversation.",
        "You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary for another LLM.",
        '<explicit_instructions type="summarize_task">\nThe current conversation is rapidly running out of context. '
        "Now, your urgent task is to create a comprehensive detailed summary of the conversation.",
        "Provide a detailed prompt for continuing our conversation above.",
        "Summarize the conversation so far, as described in the prompt instructions.",
        "Erstelle eine Zusammenfassung der Unterhaltung bisher, damit ein anderer Agent weiterarbeiten kann.",
    ],
)
def test_an_order_to_compact_is_known_by_what_it_orders(order):
    assert kind(*HISTORY, ("user", order)) == "compaction"


@pytest.mark.parametrize(
    "system",
    [
        "You are a helpful AI assistant tasked with summarizing conversations.",
        "You are a context summarization assistant. Read the conversation, then produce a structured summary of it.",
        "You are the component that summarizes internal chat history into a given structure.",
    ],
)
def test_a_harness_that_only_summarizes_compacts(system):
    assert kind(("system", system), ("user", TRANSCRIPT)) == "compaction"


@pytest.mark.parametrize(
    "order",
    [
        "[SUGGESTION MODE: Suggest what the user might naturally type next into Claude Code.]\n\nTwo to twelve words.",
        "You are predicting the user's next prompt. Output a single short line, no quotes.",
        "Propose the next message that the person would most likely send. One line, nothing else.",
        "Guess what this person will enter next, in his own manner. Two to twelve words, nothing else.",
        "### Task:\nSuggest 3-5 relevant follow-up questions that the user might naturally ask next",
        "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history",
        "### Task:\nAnalyze the chat history to determine the necessity of generating search queries.",
        "Summarize this coding conversation in under 50 characters.",
        "Based on the conversation so far, provide a concise description of this session in 4 words or less.",
        "The user stepped away and is coming back. Recap in under 40 words.",
        "You are an expert at writing Git commits. Your job is to write a short clear commit message.\n\n+ a",
    ],
)
def test_what_a_harness_shows_beside_the_conversation_is_a_suggestion(order):
    assert kind(*HISTORY, ("user", order)) == "suggestion"


def test_a_harness_that_only_writes_commit_messages_is_known():
    system = "You are an assistant, helping a developer to come up with the best git commit message for a change."
    assert kind(("system", system), ("user", "+ x = 1")) == "suggestion"


def test_an_application_that_wants_suggestions_with_every_answer_is_scored():
    system = "Answer, then suggest 3 follow-up questions that the user might ask next, as JSON."
    assert kind(("system", system), *HISTORY, ("user", "and tulips?")) == "user"


@pytest.mark.parametrize(
    "ask",
    [
        "write a commit message for this diff",
        "predict what our users will type next in the search box, only a sketch",
        "write 5 follow-up questions for our user interviews, short ones",
        "summarise the discussion of context windows in this paper",
        "Important: don't use any library. Summarise the session on tools, in plain text, and review it",
        "suggest a branch name",
    ],
)
def test_a_user_who_wants_something_like_it_is_a_user(ask):
    assert kind(("user", ask)) == "user"
    assert kind(*HISTORY, ("user", ask)) == "user"


@pytest.mark.parametrize(
    ("words", "limit", "expected"),
    [
        ("quota", 1, "probe"),
        ("test", 1, "probe"),
        ("ping", 4, "probe"),
        ("ping", 5, "user"),
        ("test", None, "user"),
        ("A or B? Answer with one letter.", 1, "user"),
    ],
)
def test_a_probe_is_one_word_with_room_for_hardly_more(words, limit, expected):
    assert kind(("user", words), limit=limit) == expected
    assert kind(*HISTORY, ("user", words), limit=limit) != "probe"


@pytest.mark.parametrize(
    "poll",
    [
        "Read HEARTBEAT.md if it exists (workspace context). Follow it strictly. Do not infer or repeat old tasks from "
        "prior chats. If nothing needs attention, reply HEARTBEAT_OK.",
        "Read HEARTBEAT.md if it exists. Follow it strictly. If nothing needs attention, reply HEARTBEAT_OK.\n"
        "Current time: Sunday, November 23rd, 2025 - 3:00 AM (America/Toronto)",
        "HEARTBEAT: check HEARTBEAT.md (empty). If nothing needs attention reply HEARTBEAT_OK.",
        "[Tue 2026-11-24 08:00 UTC] [OpenClaw heartbeat poll]",
        "Follow the heartbeat monitor scratch context when provided. Recurring tasks are automations; they run alone. "
        "If nothing needs attention, reply NO_REPLY.\nCurrent time: Tuesday - 8:00 AM\nReference UTC: 2026-11-24 08:00",
    ],
)
def test_a_bare_poll_is_a_heartbeat_and_one_with_data_is_scored(poll):
    assert kind(("user", poll)) == "heartbeat"
    assert kind(*HISTORY, ("user", poll)) == "heartbeat"
    assert (
        kind(("user", f"{poll}\n\nbathroom door open 01:41, no motion since, no answer to the voice check")) == "user"
    )
    assert kind(("user", poll), ("assistant", ""), ("tool", "bathroom door open, no motion")) == "tool_result"


@pytest.mark.parametrize(
    "note", ["If the backup failed, say which step broke. Otherwise reply NO_REPLY.", "Backup", ""]
)
@pytest.mark.parametrize("times", ["", "\nCurrent time: Tuesday - 8:00 AM\nReference UTC: 2026-11-24 08:00 UTC"])
def test_a_poll_with_a_note_is_scored_whatever_its_last_sentence_is(note, times):
    poll = "Follow the heartbeat monitor scratch context when provided. If nothing needs attention, reply NO_REPLY."
    assert kind(("user", f"{poll}{times}")) == "heartbeat"
    assert kind(("user", f"{poll}\n\nHeartbeat monitor scratch:\n{note}{times}")) == "user"


@pytest.mark.parametrize(
    "answer",
    [
        "NO_REPLY",
        "HEARTBEAT_OK",
        "**HEARTBEAT_OK**",
        "no_reply.",
        "OK",
        "HEARTBEAT_OK - nothing to report.",
        "All clear!",
    ],
)
def test_an_answer_of_such_words_only_is_silent(answer):
    assert is_silent(answer)


@pytest.mark.parametrize(
    "answer",
    ["", " ", "HEARTBEAT_OK, but the backup failed", "Backup failed", "no", "okapi", "pong", "NO_REPLY " * 20],
)
def test_an_answer_that_may_report_something_is_not_silent(answer):
    assert not is_silent(answer)


def test_an_old_poll_in_the_history_makes_no_heartbeat():
    assert kind(("user", "[OpenClaw heartbeat poll]"), ("assistant", "NO_REPLY"), ("user", "hello there")) == "user"


@pytest.mark.parametrize(
    "messages",
    [
        [("user", "fix it"), ("assistant", ""), ("tool", "exit 1")],
        [("user", "fix it"), ("assistant", ""), ("tool", "exit 1"), ("tool", "")],
        [("user", "fix it"), ("tool", "exit 1"), ("user", "<system-reminder>Be brief.</system-reminder>")],
        [("user", "fix it"), ("function", "exit 1")],
    ],
)
def test_a_step_inside_a_loop_is_a_tool_result(messages):
    assert kind(*messages) == "tool_result"


def test_what_a_user_says_or_shows_after_a_tools_result_is_his_own_turn():
    loop = (("user", "fix it"), ("assistant", ""), ("tool", "exit 1"))
    assert kind(*loop, ("user", "why did it fail?")) == "user"
    assert kind(*loop, ("user", "", ("image",))) == "user"
    assert kind(*loop, ("user", "go on")) == "continuation"


@pytest.mark.parametrize(
    "messages",
    [
        [
            (
                "user",
                "Analyze if this message indicates a new conversation topic. Format your response as a JSON object.",
            )
        ],
        [("system", "Does the user's message end the conversation? Answer true or false."), ("user", "good night!")],
        [("system", 'Decide if the assistant "Kit" should respond. Answer RESPOND or SILENT.'), ("user", "Ana: lol")],
    ],
)
def test_a_yes_or_no_about_the_conversation_is_a_classification(messages):
    assert kind(*messages) == "classification"


def test_a_gate_that_judges_a_command_is_scored():
    system = 'Decide whether the shell command needs user approval. Output {"approve": true|false}.'
    assert kind(("system", system), ("user", "git -c core.pager=cat log && make -n lint")) == "user"


MARKED = {
    "title": (turns._TITLE, turns._TITLE_MARKS),
    "compaction": (orders.COMPACT, orders.COMPACT_MARKS),
    "guess": (orders._GUESS, orders.SUGGESTION_MARKS),
    "aside": (orders._ASIDE, orders.SUGGESTION_MARKS),
    "new topic": (turns._NEW_TOPIC, turns._QUESTION_MARKS),
    "of the talk": (turns._OF_THE_TALK, turns._QUESTION_MARKS),
}


@pytest.mark.parametrize("name", MARKED)
@given(data=st.data())
def test_whatever_a_pattern_finds_holds_one_of_the_words_that_it_is_tried_for(name, data):
    pattern, marks = MARKED[name]
    found = data.draw(st.from_regex(pattern)).lower()
    assert any(mark in found for mark in marks)


@given(st.from_regex(signals._IDENTIFIER))
def test_whatever_counts_as_an_identifier_has_a_mark_of_one(found):
    assert "_" in found or "()" in found or signals._CAMEL in char_classes(found)
