"""Answer -> a Responses body, and the pieces of one that the stream shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from router.dialects import conversation as c
from router.dialects.shared.failures import client_message
from router.dialects.shared.openai_shared import free_text_input
from router.dialects.shared.parts import clean_id
from router.types import JsonObject

ItemStatus = Literal["in_progress", "completed", "incomplete"]

_NOT_COMPLETE = {c.Finish.LENGTH: "max_output_tokens", c.Finish.CONTENT_FILTER: "content_filter"}
_ERROR_CODES = {
    c.FailureKind.RATE_LIMITED: "rate_limit_exceeded",
    c.FailureKind.QUOTA: "insufficient_quota",
    c.FailureKind.OVERLOADED: "server_is_overloaded",
    c.FailureKind.CONTEXT_TOO_LONG: "context_length_exceeded",
    c.FailureKind.REFUSED_PARAMETER: "invalid_prompt",
    c.FailureKind.BAD_REQUEST: "invalid_prompt",
    c.FailureKind.TOO_LARGE: "invalid_prompt",
}
BROKEN = c.UpstreamFailure(c.FailureKind.BROKEN_ANSWER, 0, "the model's own output could not be used")


def write_answer(
    answer: c.Answer, *, model: str, created_s: int, free_text: frozenset[str] = frozenset()
) -> JsonObject:
    """The answer as a response, without its thinking: clients send it back, and OpenAI refuses that of others.

    model: the name for the client.  created_s: Unix time.  free_text: names of the tools whose calls are written as
    custom calls (`free_text_tools`).
    """
    name = response_id(answer.id)
    output: list[JsonObject] = []
    for part in _items(answer.parts):
        as_text = isinstance(part, c.ToolCall) and part.name in free_text
        item = item_id(name, len(output), part, free_text=as_text)
        if isinstance(part, c.ToolCall):
            output.append(write_call(item, part, "completed", free_text=as_text))
        else:
            output.append(write_message(item, part.text, "completed"))
    if output and answer.finish in _NOT_COMPLETE:
        output[-1]["status"] = "incomplete"
    return write_response(
        name, model=model, created_s=created_s, output=output, finish=answer.finish, usage=answer.usage
    )


def _items(parts: Sequence[c.Text | c.Thinking | c.ToolCall]) -> list[c.Text | c.ToolCall]:
    """One part per item: neighbouring texts make one, as a stream would."""
    items: list[c.Text | c.ToolCall] = []
    for part in parts:
        if isinstance(part, c.ToolCall):
            items.append(part)
        elif isinstance(part, c.Text) and part.text:
            last = items[-1] if items else None
            if isinstance(last, c.Text):
                items[-1] = c.Text(last.text + part.text)
            else:
                items.append(part)
    return items


# --- Ids --------------------------------------------------------------------------------------------------------------


def response_id(answer_id: str) -> str:
    """The response's id, which clients expect to begin with `resp_`."""
    return answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"


def item_id(response: str, place: int, part: c.Text | c.ToolCall, *, free_text: bool) -> str:
    """An item's id, by the response and the item's place in it.

    Clients send it back, and OpenAI refuses ids with another beginning, other characters or more than 64 of them.
    """
    kind = "msg" if isinstance(part, c.Text) else "ctc" if free_text else "fc"
    return kind + "_" + clean_id(f"{response.removeprefix('resp_')}_{place}", limit=60)


# --- Items ------------------------------------------------------------------------------------------------------------


def write_text_part(text: str) -> JsonObject:
    """A message's only part."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def write_message(name: str, text: str | None, status: ItemStatus) -> JsonObject:
    """A message; text None is one that has no part yet."""
    content = [] if text is None else [write_text_part(text)]
    return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}


def write_call(name: str, call: c.ToolCall, status: ItemStatus, *, free_text: bool) -> JsonObject:
    """A call, with its arguments so far."""
    item: JsonObject = {"id": name, "type": "function_call", "status": status, "call_id": call.id, "name": call.name}
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
    return {"code": _ERROR_CODES.get(failure.kind, "server_error"), "message": client_message(failure)}


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
    }
