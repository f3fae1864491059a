"""Parts of a conversation in the shape that a provider takes: turns, call ids, arguments and media."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from router.dialects.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)
from router.dialects.shared.history import settled
from router.errors import RequestError
from router.jsontext import decode_json, encode_json
from router.types import Dialect, JsonObject

RAW_ARGUMENTS = "_raw_arguments"
"""The only key of the object that replaces arguments which are not a JSON object; it holds their text."""

LEAST_THINKING_TOKENS = 1_024
"""The smallest budget of thinking that Claude's models take."""

JSON_INSTRUCTION = "Answer with one JSON object and nothing else: no code fence, no text around it."
"""Asks for JSON where a dialect has no such switch."""


def json_instruction(wanted: AnswerFormat) -> str:
    """Asks in words for an answer in JSON, of the schema if there is one."""
    if wanted.schema is None:
        return JSON_INSTRUCTION
    return f"{JSON_INSTRUCTION} It must fit this JSON Schema:\n{encode_json(wanted.schema).decode()}"


NO_TOOLS_INSTRUCTION = "Do not call any tool in this answer."
"""Asks for an answer without calls where a dialect cannot forbid them."""

CONTINUE = "Continue."
"""The text of the user turn that is added to a conversation which begins with another one."""

_MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
}
_UNSAFE_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


# --- Arguments of calls -----------------------------------------------------------------------------------------------


def arguments_object(text: str) -> JsonObject:
    """A call's arguments as an object, for dialects that want one; never fails.

    No text is `{}`; a text that is not a JSON object is kept whole under RAW_ARGUMENTS.
    """
    if not text.strip():
        return {}
    found = _json_object(text)
    return {RAW_ARGUMENTS: text} if found is None else found


def arguments_text(value: object) -> str:
    """The arguments of a call as JSON text: the inverse of `arguments_object`; `{}` for what is not an object."""
    if not isinstance(value, dict):
        return "{}"
    raw = value.get(RAW_ARGUMENTS)
    if len(value) == 1 and isinstance(raw, str) and raw.strip() and _json_object(raw) is None:
        return raw
    return encode_json(value).decode()


def _json_object(text: str) -> JsonObject | None:
    try:
        value = decode_json(text.encode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


# --- Ids of calls -----------------------------------------------------------------------------------------------------


def clean_id(call_id: str, *, limit: int = 64) -> str:
    """The id with letters, digits, "_" and "-" only and at most `limit` characters; a clean one stays as it is.

    The same id gives the same clean one, whatever the conversation; different ones stay different.
    """
    if call_id and len(call_id) <= limit and not _UNSAFE_IN_ID.search(call_id):
        return call_id
    mark = hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{_UNSAFE_IN_ID.sub('_', call_id)[: limit - 13]}_{mark}"


def made_up_id(*, seed: str, index: int) -> str:
    """An id for a call that came without: the same for the same answer (`seed`) and place in it (`index`)."""
    return "call_" + hashlib.sha256(f"{seed}\n{index}".encode("utf-8", "replace")).hexdigest()[:24]


# --- Turns ------------------------------------------------------------------------------------------------------------


def split_system(turns: Sequence[Turn]) -> tuple[tuple[Text, ...], tuple[Turn, ...]]:
    """The system texts at the start, and the other turns; a later system turn becomes user text in its place."""
    start = next((index for index, turn in enumerate(turns) if turn.role != "system"), len(turns))
    leading = tuple(part for turn in turns[:start] for part in turn.parts if isinstance(part, Text))
    return tuple(part for part in leading if part.text.strip()), tuple(_as_user(turn) for turn in turns[start:])


def _as_user(turn: Turn) -> Turn:
    if turn.role != "system":
        return turn
    texts = [part for part in turn.parts if isinstance(part, Text) and part.text.strip()]
    return Turn("user", tuple(Text(f"<system>\n{part.text}\n</system>", part.cache) for part in texts))


def system_and_turns(conversation: Conversation, dialect: Dialect | None) -> tuple[tuple[Part, ...], tuple[Turn, ...]]:
    """The system's parts at the start, and the turns after them in an order that the dialect's API takes.

    Both as they came, where they were read in this dialect.
    """
    turns = turns_for(conversation, dialect)
    if turns is conversation.turns and dialect is not None and conversation.dialect is dialect:
        start = 1 if turns and turns[0].role == "system" else 0
        return tuple(part for turn in turns[:start] for part in turn.parts), turns[start:]
    system, turns = split_system(turns)
    return system, alternate(turns)


def alternate(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns with empty texts and empty turns left out, neighbours of one role merged, and a user turn first.

    Within a user turn the tool results come first, in the order of their calls.
    """
    merged: list[Turn] = []
    for turn in turns:
        parts = tuple(part for part in turn.parts if not (isinstance(part, Text) and not part.text.strip()))
        if not parts:
            continue
        if merged and merged[-1].role == turn.role:
            parts = merged.pop().parts + parts
        merged.append(Turn(turn.role, parts))
    if not merged or merged[0].role != "user":
        merged.insert(0, Turn("user", (Text(CONTINUE),)))
    return tuple(_results_first(turn, merged[index - 1] if index else None) for index, turn in enumerate(merged))


def _results_first(turn: Turn, before: Turn | None) -> Turn:
    results = [part for part in turn.parts if isinstance(part, ToolResult)]
    if not results:
        return turn
    order: dict[str, int] = {}
    for part in before.parts if before else ():
        if isinstance(part, ToolCall):
            order.setdefault(part.id, len(order))
    results.sort(key=lambda result: order.get(result.call_id, len(order)))
    return Turn(turn.role, (*results, *(part for part in turn.parts if not isinstance(part, ToolResult))))


def turns_for(conversation: Conversation, dialect: Dialect | None) -> tuple[Turn, ...]:
    """The turns with the parts that a dialect can carry: all of them, where they were read in that dialect.

    For another one opaque parts go, thinking that a provider signed (it belongs to that one), and the frame around a
    hosted tool's result, of which text and media stay. Turns that had nothing else go too. Unsigned thinking stays for
    Chat Completions, whose servers give it and want it back. Results come right behind their calls.
    """
    if dialect is not None and conversation.dialect is dialect:
        return conversation.turns
    thinking = dialect is Dialect.OPENAI_CHAT
    changed = (replace(turn, parts=tuple(_carried(turn.parts, thinking=thinking))) for turn in conversation.turns)
    kept = tuple(turn for turn, old in zip(changed, conversation.turns, strict=True) if turn.parts or not old.parts)
    return settled(kept if thinking else with_names_in_text(kept))


def with_names_in_text(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns with the speakers' names before their words, where there are several of one role."""
    if not any(turn.name for turn in turns):
        return turns
    names: dict[str, set[str]] = {}
    for turn in turns:
        if turn.name:
            names.setdefault(turn.role, set()).add(turn.name)
    return tuple(_named(turn) if len(names.get(turn.role, ())) > 1 else turn for turn in turns)


def _named(turn: Turn) -> Turn:
    if not turn.name:
        return turn
    first, *rest = turn.parts or (Text(""),)
    if isinstance(first, Text):
        return replace(turn, parts=(Text(f"{turn.name}: {first.text}"), *rest))
    return replace(turn, parts=(Text(f"{turn.name}:"), first, *rest))


def _carried(parts: Iterable[Part], *, thinking: bool) -> Iterable[Part]:
    for part in parts:
        if isinstance(part, ToolResult):
            shown = tuple(item for item in part.parts if not isinstance(item, Opaque))
            if part.hosted is not None:
                yield from shown
            else:
                yield part if len(shown) == len(part.parts) else replace(part, parts=shown)
        elif isinstance(part, Thinking):
            if thinking and part.text and part.signature is None and part.redacted is None:
                yield part
        elif not isinstance(part, Opaque):
            yield part


def names_of_calls(turns: Iterable[Turn]) -> dict[str, str]:
    """The tool's name for each call id in the turns; the last one counts."""
    return {part.id: part.name for turn in turns for part in turn.parts if isinstance(part, ToolCall)}


def holds_calls(turns: Iterable[Turn]) -> bool:
    """Whether a tool was called, or answered, in the turns."""
    return any(isinstance(part, ToolCall | ToolResult) for turn in turns for part in turn.parts)


# --- Media ------------------------------------------------------------------------------------------------------------


def media_type_of(media: Media) -> str | None:
    """The media type: as the client said, or by the ending of the place or name; None where neither says."""
    if media.media_type:
        return media.media_type.partition(";")[0].strip().lower()
    place = (media.url or "").partition("?")[0].partition("#")[0]
    for name in (place, media.name or ""):
        found = _MEDIA_TYPES.get(name.rpartition(".")[2].lower())
        if found:
            return found
    return None


def url_of(media: Media) -> str | None:
    """The place of the media, None where the bytes are given. Raises RequestError unless it is http or https."""
    if media.data is not None:
        return None
    if not (media.url or "").lower().startswith(("http://", "https://")):
        raise cannot_send(media, why="expected base64 bytes, or an http or https URL.")
    return media.url


def cannot_send(media: Media, *, why: str) -> RequestError:
    """The error for an image, sound or document that the provider cannot take."""
    what = media.name or media.url or media.media_type or media.kind
    return RequestError(f"the {media.kind} {what[:200]!r}: {why}", code="unsupported_media")


# --- What a dialect cannot say ----------------------------------------------------------------------------------------

_ASKED_FOR: dict[str, Callable[[Conversation], bool]] = {
    "n": lambda c: c.n > 1,
    "seed": lambda c: c.seed is not None,
    "presence_penalty": lambda c: bool(c.presence_penalty),
    "frequency_penalty": lambda c: bool(c.frequency_penalty),
    "logprobs": lambda c: c.logprobs,
    "top_logprobs": lambda c: c.top_logprobs is not None,
    "parallel_tools": lambda c: c.parallel_tools is False and bool(c.tools),
    "top_k": lambda c: c.top_k is not None,
    "user": lambda c: c.user is not None,
}


def unsupported_fields(conversation: Conversation, names: Iterable[str]) -> tuple[str, ...]:
    """Which of these fields, missing in the target dialect, the client set; OpenAI's own are missing in every other.

    `safety_identifier` is not among them: it goes as the `user`.
    """
    own = [name for name, _ in conversation.openai if name != "safety_identifier"]
    return (*(name for name in names if _ASKED_FOR[name](conversation)), *own)
