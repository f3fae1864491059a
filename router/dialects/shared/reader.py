"""What the readers of clients' bodies share.

A fault in what is not text never stops reading: the decision needs the text only, and a provider of the same dialect
gets the client's bytes. It is kept as a problem, which is raised when the conversation is written in another dialect.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

from router.dialects.conversation import Conversation, Media, Opaque, Part, Text, Tool, ToolChoice, ToolResult, Turn
from router.dialects.shared.fields import as_string, expected, flat_strings, one_of, optional_string, unusable
from router.errors import RequestError
from router.types import Dialect, JsonObject, Needs

TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
UNKNOWN = "unknown"
"""The kind of a part that does not say what it is."""

# The dialects' names for a part that matters to the decision become one word; every other type keeps its own.
_KIND_OF_TYPE = {
    **dict.fromkeys(("image", "image_url", "input_image", "computer_screenshot"), "image"),
    **dict.fromkeys(("audio", "input_audio", "audio_url"), "audio"),
    **dict.fromkeys(("video_url", "input_video"), "video"),
    **dict.fromkeys(("document", "file", "input_file"), "document"),
    **dict.fromkeys(("thinking", "redacted_thinking", "reasoning"), "thinking"),
    **dict.fromkeys(("tool_use", "server_tool_use", "mcp_tool_use"), "tool_call"),
}
_Found = TypeVar("_Found")
Side: TypeAlias = Literal["system", "user", "assistant"]


def kind_of(name: object) -> str:
    """The kind of a part from its `type`."""
    return _KIND_OF_TYPE.get(name, name) if isinstance(name, str) and name else UNKNOWN


class Reader:
    """Reads one body: gathers what is dropped and what is wrong with it, and the names of the tools called so far."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.problems: list[RequestError] = []
        self.dropped: list[str] = []
        self.names: dict[str, str] = {}

    def opaque(self, kind: str, raw: object, problem: RequestError | None = None) -> Opaque:
        """A part that other dialects cannot carry. problem: where they must not be called without it."""
        if problem is not None:
            self.problems.append(problem)
        return Opaque(self.dialect, kind, raw)

    def text_block(self, block: JsonObject, *, field: str) -> Text | None:
        """The text of a block of text; None for any other block. Raises RequestError where it is not a string."""
        name, text = block.get("type"), block.get("text")
        if name is None and isinstance(text, str):
            self.problems.append(expected("a string", name, field=f"{field}.type"))
            return Text(text)
        if not isinstance(name, str) or name not in TEXT_TYPES:
            return None
        if text is None:
            self.problems.append(expected("a string", text, field=f"{field}.text"))
            return Text("")
        return Text(as_string(text, field=f"{field}.text"))

    def strictly(self, read: Callable[..., _Found], item: Any, *, kind: str, field: str) -> _Found | Opaque:
        """What `read` makes of an item; where it raises, the item is opaque and the error a problem."""
        try:
            return read(item, field=field)
        except RequestError as exc:
            return self.opaque(kind, item, exc)

    def role(self, item: JsonObject, known: Sequence[str], *, field: str) -> tuple[str, Side]:
        """A message's role in lower case, and the neutral one; one that is not known is a problem.

        Raises RequestError where it is not a string.
        """
        given = as_string(item.get("role"), field=f"{field}.role")
        if given not in known:
            self.problems.append(one_of(known, given, field=f"{field}.role", code="unknown_role"))
        role = given.lower()
        return role, "assistant" if role == "assistant" else "system" if role in ("system", "developer") else "user"

    def string(self, item: JsonObject, key: str, *, field: str, required: bool = False) -> str:
        """The string under a key; "" if there is none, which is a problem where it is required or not a string."""
        value = item.get(key)
        if isinstance(value, str):
            return value
        if required or value is not None:
            self.problems.append(expected("a string", value, field=f"{field}.{key}"))
        return ""

    def result(
        self,
        call_id: str,
        parts: Iterable[Part],
        *,
        name: str | None = None,
        is_error: bool = False,
        hosted: JsonObject | None = None,
    ) -> ToolResult:
        """A tool's result; its name is that of the call, where none is given."""
        shown = tuple(part for part in parts if isinstance(part, Text | Media | Opaque))
        return ToolResult(call_id, shown, name or self.names.get(call_id), is_error, hosted)

    def conversation(
        self,
        turns: Iterable[Turn],
        body: JsonObject,
        rest: Callable[[list[str]], Mapping[str, Any]],
        *,
        needs: Needs,
        max_output_tokens: int | None,
        metadata: object,
        model: str | None = None,
    ) -> Conversation:
        """The conversation.

        rest: reads the fields that only other dialects need, when one does, and lists what it drops.
        needs: what fields ask for.  metadata: the body's own.  model: of the URL, instead of the body's.
        Raises RequestError for a model that is not a string.
        """
        given = optional_string(body, "model")
        return Conversation.read(
            turns=(turns := tuple(turns)),
            model=model or given,
            max_output_tokens=max_output_tokens,
            dialect=self.dialect,
            needs=needs,
            metadata=flat_strings(metadata),
            dropped=tuple(self.dropped),
            problems=tuple(self.problems),
            rest=lambda: self._rest(turns, rest),
        )

    def _rest(self, turns: Sequence[Turn], read: Callable[[list[str]], Mapping[str, Any]]) -> Mapping[str, Any]:
        dropped: list[str] = []
        problems = [*self.problems, *_broken_media(turns)]
        fields: Mapping[str, Any] = {}
        try:
            fields = read(dropped)
        except RequestError as exc:
            problems.append(exc)
        return {**fields, "dropped": tuple(dict.fromkeys([*dropped, *self.dropped])), "problems": tuple(problems)}


def possible_choice(
    choice: ToolChoice | None, tools: tuple[Tool, ...], dropped: list[str], *, field: str
) -> ToolChoice | None:
    """The choice; None where the tools that it needs were dropped, and the choice is then named as dropped."""
    if choice is None or choice.mode in ("auto", "none"):
        return choice
    if tools and (choice.mode == "required" or choice.name in [tool.name for tool in tools]):
        return choice
    dropped.append(field)
    return None


# --- Media ------------------------------------------------------------------------------------------------------------


def media_of_bytes(
    kind: Literal["image", "audio", "document"], data: str, *, field: str, media_type: str | None, name: str | None
) -> Media:
    """Media given as base64, which `Conversation.complete` checks, as that takes long for a large image."""
    if any(space in data for space in " \n\r\t"):
        data = "".join(data.split())
    return Media(kind, media_type=media_type, data=data, name=name, place=field)


def media_of_url(
    kind: Literal["image", "audio", "document"],
    url: str,
    *,
    field: str,
    media_type: str | None = None,
    name: str | None = None,
    detail: str | None = None,
) -> Media:
    """Media by URL; a `data:` URL becomes bytes. Raises RequestError for URLs that only one provider knows."""
    if url[:5].lower() == "data:":
        head, comma, payload = url[5:].partition(",")
        if not comma:
            raise RequestError(f"{field}: a data URL without a comma.", field=field, code="invalid_url")
        declared, *options = head.split(";")
        if "base64" not in [option.strip().lower() for option in options]:
            payload = base64.b64encode(unquote_to_bytes(payload)).decode()
        return Media(
            kind,
            declared.strip().lower() or media_type,
            "".join(payload.split()),
            name=name,
            detail=detail,
            place=field,
        )
    if url[:7].lower() != "http://" and url[:8].lower() != "https://":
        raise unusable(
            "expected an http, https or data URL; other places are known to one provider only.",
            field=field,
            code="unsupported",
        )
    return Media(kind, media_type=media_type, url=url, name=name, detail=detail)


def _broken_media(turns: Iterable[Turn]) -> Iterable[RequestError]:
    """The faults of base64, as a provider's own message would name no field."""
    for turn in turns:
        for part in turn.parts:
            for shown in part.parts if isinstance(part, ToolResult) else (part,):
                if isinstance(shown, Media) and shown.data is not None:
                    try:
                        binascii.a2b_base64(shown.data, strict_mode=True)
                    except ValueError as exc:
                        field = shown.place
                        yield RequestError(f"{field}: this is not base64 ({exc}).", field=field, code="invalid_base64")
