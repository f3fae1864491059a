"""Checks of an answer that need no model: a refusal, nothing at all, a cut, broken JSON, a broken tool call.

Pure. A finding leads to a more expensive answer, so each check finds only what a stronger tier would surely do better.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from router.dialects.conversation import Answer, Conversation, Finish, Text, Tool, ToolCall
from router.forward.json_schema import violation
from router.jsontext import decode_json
from router.policy import SelfCheck


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an answer. check: a word of the configuration.  note: why, without text of the answer."""

    check: str
    note: str


Check = Callable[[Answer, Conversation], Iterable[str]]


def findings_of(
    answer: Answer, conversation: Conversation, *, checks: Collection[str], self_check: SelfCheck
) -> tuple[Finding, ...]:
    """What the named checks and the operator's own rule find; () for an answer that passes."""
    found = [
        Finding(name, note) for name, check in CHECKS.items() if name in checks for note in check(answer, conversation)
    ]
    return (*found, *(Finding("self_check", note) for note in _own_rule(answer, self_check)))


def _own_rule(answer: Answer, rule: SelfCheck) -> Iterable[str]:
    text = text_of(answer)
    if calls_of(answer) and not text:
        return  # only a call: there is no text to check
    if rule.regex is not None and not rule.regex.found(text):
        yield "regex was not found"
    if rule.forbid is not None and rule.forbid.found(text):
        yield "forbid was found"


def text_of(answer: Answer) -> str:
    """The text of an answer, without thinking."""
    return "".join(part.text for part in answer.parts if isinstance(part, Text))


def calls_of(answer: Answer) -> list[ToolCall]:
    """The tool calls of an answer."""
    return [part for part in answer.parts if isinstance(part, ToolCall)]


def last_ask(conversation: Conversation) -> str:
    """The texts of the last user turn."""
    turn = next((turn for turn in reversed(conversation.turns) if turn.role == "user"), None)
    return "" if turn is None else "\n".join(part.text for part in turn.parts if isinstance(part, Text))


# --- Refusal ----------------------------------------------------------------------------------------------------------

LONGEST_REFUSAL = 800
"""Characters. A longer answer that begins with what it cannot do mostly goes on with what it can."""

_SORRY = {
    "en": r"(?:(?:i'm|i am|we're|we are)(?: so| very| really)? sorry|sorry|i apologi[sz]e|my apologies|unfortunately"
    r"|as an ai(?: language)?(?: model| assistant)?)\W{1,3}(?:but )?",
    "es": r"(?:lo siento|lo lamento|disculpa|lamentablemente)\W{1,3}(?:pero )?",
    "fr": r"(?:(?:je suis )?désolée?|je m'excuse|malheureusement)\W{1,3}(?:mais )?",
    "de": r"(?:es tut mir leid|tut mir leid|entschuldigung|leider)\W{1,3}(?:aber )?",
    "pt": r"(?:(?:sinto|lamento)(?: muito)?|desculpe|infelizmente)\W{1,3}(?:mas )?",
    "it": r"(?:mi dispiace|mi spiace|purtroppo)\W{1,3}(?:ma )?",
    "nl": r"(?:het spijt me|sorry|helaas)\W{1,3}(?:maar )?",
}
_CANNOT = {
    "en": r"(?:i|we) (?:can't|cannot|can not|won't|will not|am not able to|'m not able to|am unable to|must decline to)"
    r" (?:assist|help(?! but\b| \w+ing\b)|comply|fulfil|fulfill|engage|participate|do that|do this"
    r"|provide (?:assistance|help|that|this)|(?:continue with|answer|discuss|support) (?:that|this))\b"
    r"|i'm (?:not able|unable) to (?:assist|help|comply|fulfil|fulfill|do that|do this)\b"
    r"|i must (?:respectfully )?decline\b",
    "es": r"no puedo (?:ayudarte|ayudarle|ayudar|asistir|cumplir|hacer eso|responder a eso)\b",
    "fr": r"je ne (?:peux|puis) pas (?:vous aider|t'aider|aider|répondre à cette|faire cela)\b",
    "de": r"(?:aber )?(?:(?:dabei|damit|hierbei|bei dieser anfrage) kann ich|ich kann|kann ich)"
    r" (?:ihnen |dir |euch )?(?:dabei |damit |hierbei |bei dieser anfrage )?(?:leider )?nicht (?:weiter)?helfen\b",
    "pt": r"não posso (?:ajudar|ajudá-lo|atender|cumprir|fazer isso)\b",
    "it": r"non posso (?:aiutarti|aiutarla|aiutare|soddisfare|farlo)\b",
    "nl": r"(?:ik kan|kan ik) (?:je |u )?(?:daar |hier)?(?:bij |mee )?niet (?:helpen|bij helpen|mee helpen)\b",
}
_WITHOUT_SPACES = (
    *("对不起,我无法", "抱歉,我无法", "很抱歉,我无法", "抱歉,我不能", "对不起,我不能"),
    *("我无法协助", "我无法帮助", "我不能协助"),
    *("申し訳ありませんが、お手伝い", "申し訳ございませんが、お手伝い", "お手伝いできません"),
    *("죄송하지만 도와드릴 수 없", "죄송합니다. 도와드릴 수 없", "도와드릴 수 없습니다"),
    *("извините, я не могу помочь", "извините, но я не могу помочь", "к сожалению, я не могу помочь"),
)
_REFUSALS = re.compile("|".join(f"(?:{_SORRY[language]})?(?:{_CANNOT[language]})" for language in _CANNOT))
_TYPOGRAPHY = str.maketrans({"\u2019": "'", "\u2018": "'", "\uff0c": ",", **dict.fromkeys('*_`"\u201c\u201d')})
_HEAD = 200


def _refusal(answer: Answer, conversation: Conversation) -> Iterable[str]:
    """The provider's own word, or a short answer that begins as refusals begin and was not asked to."""
    if answer.finish is Finish.CONTENT_FILTER:
        yield "the provider's filter"
        return
    text = text_of(answer)
    if calls_of(answer) or len(text) > LONGEST_REFUSAL:
        return
    head = _plain(text[:_HEAD])
    match = _REFUSALS.match(head)
    phrase = match[0] if match else next((one for one in _WITHOUT_SPACES if head.startswith(one)), None)
    if phrase is not None and phrase not in _plain(last_ask(conversation)):
        yield "it begins as refusals do"


def _plain(text: str) -> str:
    return " ".join(text.translate(_TYPOGRAPHY).lower().split())


# --- Empty, truncated -------------------------------------------------------------------------------------------------


def _empty(answer: Answer, _: Conversation) -> Iterable[str]:
    if not text_of(answer).strip() and not calls_of(answer) and answer.finish is not Finish.CONTENT_FILTER:
        yield "it says nothing"


def _truncated(answer: Answer, conversation: Conversation) -> Iterable[str]:
    if answer.finish is Finish.LENGTH and not _is_cut_by_client(answer, conversation):
        yield "it ends at the model's limit"


def _is_cut_by_client(answer: Answer, conversation: Conversation) -> bool:
    """Whether it ended at the limit that the client set: every tier would. Providers count a little differently."""
    limit, wrote = conversation.max_output_tokens, answer.usage.output_tokens
    return answer.finish is Finish.LENGTH and limit is not None and (wrote == 0 or wrote >= 0.9 * limit)


# --- JSON -------------------------------------------------------------------------------------------------------------

_NOT_JSON = object()


def _json(answer: Answer, conversation: Conversation) -> Iterable[str]:
    if _is_to_be_json(answer, conversation) and _decoded(text_of(answer)) is _NOT_JSON:
        yield "it is not JSON"


def _schema(answer: Answer, conversation: Conversation) -> Iterable[str]:
    if not _is_to_be_json(answer, conversation):
        return
    asked = conversation.answer_format
    schema = None if asked is None else asked.schema
    if schema is None:
        return
    value = _decoded(text_of(answer))
    wrong = "it is not JSON" if value is _NOT_JSON else violation(value, schema)
    if wrong is not None:
        yield wrong


def _is_to_be_json(answer: Answer, conversation: Conversation) -> bool:
    """Whether JSON was asked for and text was answered; a refusal or a cut is for other checks to find."""
    return (
        conversation.answer_format is not None
        and bool(text_of(answer).strip())
        and not calls_of(answer)
        and answer.finish is not Finish.CONTENT_FILTER
        and not _is_cut_by_client(answer, conversation)
    )


def _decoded(text: str) -> Any:
    try:
        return decode_json(text.encode("utf-8", "replace"))
    except ValueError:
        return _NOT_JSON


# --- Tool calls -------------------------------------------------------------------------------------------------------


def _tool_call(answer: Answer, conversation: Conversation) -> Iterable[str]:
    """Calls that the client cannot carry out, and a required call that is missing."""
    calls = calls_of(answer)
    if not _is_cut_by_client(answer, conversation):
        yield from _missing_call(calls, answer, conversation)
        tools = {tool.name: tool for tool in conversation.tools}
        # Tools that the provider runs are not read, so that a name may be of one of these.
        is_known = bool(tools) and not any(path.startswith("tools") for path in conversation.dropped)
        for call in calls:
            yield from _broken_call(call, tools.get(call.name), is_known=is_known)


def _missing_call(calls: list[ToolCall], answer: Answer, conversation: Conversation) -> Iterable[str]:
    choice = conversation.tool_choice
    names = {call.name for call in calls}
    if answer.finish is Finish.TOOL_CALLS and not calls:
        yield "it ends with a tool call but has none"
    elif choice is None or not conversation.tools or answer.finish is Finish.CONTENT_FILTER:
        return
    elif choice.mode == "required" and not calls:
        yield "a call was required"
    elif choice.mode == "named" and choice.name not in names:
        yield "the named call was required"


def _broken_call(call: ToolCall, tool: Tool | None, *, is_known: bool) -> Iterable[str]:
    if tool is None and is_known:
        yield "it calls a tool that does not exist"
    arguments = _decoded(call.arguments) if call.arguments.strip() else {}
    if not isinstance(arguments, dict):
        yield "a call's arguments are not a JSON object"
    elif tool is not None and (wrong := violation(arguments, tool.schema)) is not None:
        yield f"a call's arguments: {wrong}"


CHECKS: Mapping[str, Check] = {
    "refusal": _refusal,
    "empty": _empty,
    "truncated": _truncated,
    "json": _json,
    "schema": _schema,
    "tool_call": _tool_call,
}
