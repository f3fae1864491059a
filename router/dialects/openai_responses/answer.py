"""A provider's response -> Answer; Answer -> a response for a client, and the pieces of both that streams share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from router.dialects import conversation as c
from router.dialects.openai_responses.namespaces import OwnName
from router.dialects.openai_responses.reasoning import write_reasoning
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.openai_errors import error_message
from router.dialects.shared.openai_shared import free_text_arguments, free_text_input
from router.dialects.shared.parts import clean_id, made_up_id
from router.dialects.shared.usage import usage_mark
from router.jsontext import encode_json
from router.types import JsonObject

ItemStatus = Literal["in_progress", "completed", "incomplete"]

_NOT_COMPLETE = {c.Finish.LENGTH: "max_output_tokens", c.Finish.CONTENT_FILTER: "content_filter"}
_ERROR_CODES = {
    c.FailureKind.RATE_LIMITED: "rate_limit_exceeded",
    c.FailureKind.QUOTA: "insufficient_quota",
    c.FailureKind.OVERLOADED: "server_is_overloaded",
    c.FailureKind.AUTHENTICATION: "invalid_prompt",  # only the operator can help: another try would not
    c.FailureKind.NOT_FOUND: "invalid_prompt",
    c.FailureKind.CONTEXT_TOO_LONG: "context_length_exceeded",
    c.FailureKind.REFUSED_PARAMETER: "invalid_prompt",
    c.FailureKind.BAD_REQUEST: "invalid_prompt",
    c.FailureKind.TOO_LARGE: "context_length_exceeded",
    c.FailureKind.UNSUPPORTED: "invalid_prompt",
    c.FailureKind.FLAGGED: "invalid_prompt",
}
_ID_OF: Mapping[type, str] = {c.Text: "msg", c.Thinking: "rs", c.ToolCall: "fc"}
_NO_NAMESPACES: Mapping[str, OwnName] = {}
BROKEN = c.UpstreamFailure(c.FailureKind.BROKEN_ANSWER, 0, "the model's own output could not be used")

# --- Reading ----------------------------------------------------------------------------------------------------------

CALL_TYPES = frozenset(("function_call", "custom_tool_call"))
"""Items that are calls of the client's tools; others ending in `_call` are of tools that the provider ran."""

BETWEEN_SUMMARIES = "\n\n"
"""Between the parts of one summary of thinking, each a paragraph."""


def read_answer(body: JsonObject) -> c.Answer:
    """A provider's whole response. Raises ValueError for one that failed or is not over, and for anything else."""
    if not isinstance(body.get("output"), list):
        raise ValueError("the provider's answer has no array `output`")
    status = text_at(body, "status")
    if status not in ("", "completed", "incomplete"):
        raise ValueError(f"the provider's response is {status[:40]!r}, and holds no answer")
    answer_id = text_at(body, "id")
    parts: list[c.AnswerPart] = []
    items = objects_at(body, "output")
    for index, item in enumerate(items):
        parts += _read_item(item, seed=answer_id, index=index)
    calls = [part for part in parts if isinstance(part, c.ToolCall)]
    finish = read_finish(body, has_calls=bool(calls), refused=any(_is_refusal(item) for item in items))
    if any(not call.name for call in calls):
        parts, finish = [p for p in parts if not isinstance(p, c.ToolCall) or p.name], c.Finish.BROKEN
    usage = read_usage(object_at(body, "usage"))
    return c.Answer(id=answer_id, model=text_at(body, "model"), parts=tuple(parts), finish=finish, usage=usage)


def _read_item(item: JsonObject, *, seed: str, index: int) -> list[c.AnswerPart]:
    """What a client of any dialect can get of an item; nothing of a tool that the provider ran."""
    kind = text_at(item, "type")
    if kind in CALL_TYPES:
        call_id = text_at(item, "call_id") or text_at(item, "id") or made_up_id(seed=seed, index=index)
        return [c.ToolCall(call_id, text_at(item, "name"), read_arguments(item))]
    if kind == "message":
        texts = [text_at(part, "text") or text_at(part, "refusal") for part in objects_at(item, "content")]
        return [c.Text(text) for text in texts if text]
    if kind == "reasoning":
        text, sealed = _read_thinking(item), text_at(item, "encrypted_content") or None
        if text:
            return [c.Thinking(text, signature=sealed)]
        return [c.Thinking("", redacted=sealed)] if sealed else []
    return []


def _is_refusal(item: JsonObject) -> bool:
    return any(part.get("type") == "refusal" for part in objects_at(item, "content"))


def _read_thinking(item: JsonObject) -> str:
    """The summary; models with open weights show the thinking itself, as content."""
    summary = BETWEEN_SUMMARIES.join([text_at(part, "text") for part in objects_at(item, "summary")])
    return summary + "".join([text_at(part, "text") for part in objects_at(item, "content")])


def read_arguments(item: JsonObject) -> str:
    """A call's arguments as JSON text; a custom tool's text as the arguments that it has in the other dialects."""
    if item.get("type") == "custom_tool_call":
        return free_text_arguments(text_at(item, "input"))
    value = item.get("arguments")
    return encode_json(value).decode() if isinstance(value, dict) else text_at(item, "arguments")


def read_finish(response: JsonObject, *, has_calls: bool, refused: bool) -> c.Finish:
    """Why a response that is over ended."""
    if text_at(response, "status") == "incomplete":
        reason = text_at(object_at(response, "incomplete_details"), "reason")
        return c.Finish.CONTENT_FILTER if reason == "content_filter" else c.Finish.LENGTH
    return c.Finish.CONTENT_FILTER if refused else c.Finish.TOOL_CALLS if has_calls else c.Finish.STOP


def read_usage(value: JsonObject) -> c.Usage:
    """Tokens; what is missing is 0."""
    details = object_at(value, "input_tokens_details")
    return c.Usage(
        input_tokens=count_at(value, "input_tokens"),
        output_tokens=count_at(value, "output_tokens"),
        cache_read_tokens=count_at(details, "cached_tokens"),
        cache_write_tokens=count_at(details, "cache_write_tokens"),
        reasoning_tokens=count_at(object_at(value, "output_tokens_details"), "reasoning_tokens"),
    )


# --- Writing ----------------------------------------------------------------------------------------------------------


def write_answer(
    answer: c.Answer,
    *,
    model: str,
    created_s: int,
    free_text: frozenset[str] = frozenset(),
    own_names: Mapping[str, OwnName] = _NO_NAMESPACES,
) -> JsonObject:
    """The answer as a response.

    model: the name for the client.  created_s: Unix time.  free_text: names of the tools whose calls are written as
    custom calls (`free_text_tools`).  own_names: as `namespaces.own_names` has them.
    """
    name = response_id(answer.id)
    output: list[JsonObject] = []
    for part in _items(answer.parts):
        as_text = isinstance(part, c.ToolCall) and part.name in free_text
        item = item_id(name, len(output), part, free_text=as_text)
        if isinstance(part, c.ToolCall):
            output.append(write_call(item, part, "completed", free_text=as_text, own_names=own_names))
        elif isinstance(part, c.Thinking):
            output.append(write_reasoning(item, part.text, "completed"))
        else:
            output.append(write_message(item, part.text, "completed"))
    if output and answer.finish in _NOT_COMPLETE:
        output[-1]["status"] = "incomplete"
    return write_response(
        name, model=model, created_s=created_s, output=output, finish=answer.finish, usage=answer.usage
    )


def _items(parts: Sequence[c.AnswerPart]) -> list[c.AnswerPart]:
    """One part per item: neighbouring texts make one, as a stream would."""
    items: list[c.AnswerPart] = []
    for part in parts:
        last = items[-1] if items else None
        if isinstance(part, c.ToolCall):
            items.append(part)
        elif isinstance(part, c.Text) and isinstance(last, c.Text):
            items[-1] = c.Text(last.text + part.text)
        elif isinstance(part, c.Thinking) and isinstance(last, c.Thinking):
            items[-1] = c.Thinking(last.text + part.text)
        elif part.text:
            items.append(part)
    return items


# --- Ids --------------------------------------------------------------------------------------------------------------


def response_id(answer_id: str) -> str:
    """The response's id, which clients expect to begin with `resp_`."""
    return answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"


def item_id(response: str, place: int, part: c.AnswerPart, *, free_text: bool) -> str:
    """An item's id, by the response and the item's place in it.

    Clients send it back, and OpenAI refuses ids with another beginning, other characters or more than 64 of them.
    """
    kind = "ctc" if free_text else _ID_OF[type(part)]
    return kind + "_" + clean_id(f"{response.removeprefix('resp_')}_{place}", limit=60)


# --- Items ------------------------------------------------------------------------------------------------------------


def write_text_part(text: str) -> JsonObject:
    """A message's only part."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def write_message(name: str, text: str | None, status: ItemStatus) -> JsonObject:
    """A message; text None is one that has no part yet."""
    content = [] if text is None else [write_text_part(text)]
    return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}


def write_call(
    name: str, call: c.ToolCall, status: ItemStatus, *, free_text: bool, own_names: Mapping[str, OwnName]
) -> JsonObject:
    """A call, with its arguments so far."""
    item: JsonObject = {"id": name, "type": "function_call", "status": status, "call_id": call.id, "name": call.name}
    if (own := own_names.get(call.name)) is not None:
        item |= own._asdict()
    if free_text:
        return item | {"type": "custom_tool_call", "input": free_text_input(call.arguments) if call.arguments else ""}
    return item | {"arguments": call.arguments}


# --- The response -----------------------------------------------------------------------------------------------------


def write_response(
    name: str,
    *,
    model: str,
    created_s: int,
    output: list[JsonObject],
    finish: c.Finish | None = None,
    usage: c.Usage | None = None,
    failure: c.UpstreamFailure | None = None,
) -> JsonObject:
    """The whole response. finish: None while it is in progress.  failure: what ended it, if anything did."""
    if finish is c.Finish.BROKEN and failure is None:
        failure = BROKEN
    reason = None if finish is None or failure else _NOT_COMPLETE.get(finish)
    return {
        "id": name,
        "object": "response",
        "created_at": created_s,
        "completed_at": None,
        "status": _status(finish, failure),
        "background": False,
        "error": None if failure is None else _write_error(failure),
        "incomplete_details": None if reason is None else {"reason": reason},
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None if usage is None else write_usage(usage),
        "user": None,
        "metadata": {},
    }


def _status(finish: c.Finish | None, failure: c.UpstreamFailure | None) -> str:
    if failure is not None:
        return "failed"
    if finish is None:
        return "in_progress"
    return "incomplete" if finish in _NOT_COMPLETE else "completed"


def _write_error(failure: c.UpstreamFailure) -> JsonObject:
    """The error of a failed response, which Codex tells more of, and asks less often after, than a 429 or a 5xx.

    Codex 0.171 asks 30 times after a 5xx and 6 times after a 429, and shows no message of either. After this code it
    waits as the message says, before each of 6 requests, and shows it; after `invalid_prompt` it shows it at once.
    """
    code, message = _ERROR_CODES.get(failure.kind, "server_error"), error_message(failure)
    if failure.retry_after_s is not None and code in _WAITED_FOR:
        wait_s = max(1, math.ceil(failure.retry_after_s))
        return {"code": "rate_limit_exceeded", "message": f"{message.rstrip(' .')}. Please try again in {wait_s}s."}
    return {"code": code, "message": message}


_WAITED_FOR = ("rate_limit_exceeded", "server_is_overloaded", "server_error")


def write_usage(usage: c.Usage) -> JsonObject:
    """Tokens with their details."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
        **usage_mark(usage),
    }
