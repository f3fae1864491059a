"""Answer -> a Responses body, and the pieces of one that the stream shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from router.dialects.conversation import Answer, FailureKind, Finish, Text, Thinking, ToolCall, UpstreamFailure, Usage
from router.dialects.shared.failing import client_message
from router.dialects.shared.openai_shared import free_text_input
from router.dialects.shared.shaping import clean_id
from router.types import JsonObject

ItemStatus = Literal["in_progress", "completed", "incomplete"]

_NOT_COMPLETE = {Finish.LENGTH: "max_output_tokens", Finish.CONTENT_FILTER: "content_filter"}
_ERROR_CODES = {
    FailureKind.RATE_LIMITED: "rate_limit_exceeded",
    FailureKind.QUOTA: "insufficient_quota",
    FailureKind.OVERLOADED: "server_is_overloaded",
    FailureKind.CONTEXT_TOO_LONG: "context_length_exceeded",
    FailureKind.REFUSED_PARAMETER: "invalid_prompt",
    FailureKind.BAD_REQUEST: "invalid_prompt",
    FailureKind.TOO_LARGE: "invalid_prompt",
}
BROKEN = UpstreamFailure(FailureKind.BROKEN_ANSWER, 0, "the model's own output could not be used")


def write_answer(
    answer: Answer,
    *,
    model: str,
    created_s: int,
    thinking: bool = False,
    free_text: frozenset[str] = frozenset(),
) -> JsonObject:
    """The answer as a response.

    model: the name that the client is told.  created_s: Unix time.  thinking: whether reasoning items are sent; clients
    send them back, and OpenAI refuses those that it did not make.  free_text: names of the tools whose calls are
    written as custom calls (`free_text_tools`).
    """
    name = response_id(answer.id)
    output: list[JsonObject] = []
    for group in _groups(answer.parts, thinking=thinking):
        head = group[0]
        as_text = isinstance(head, ToolCall) and head.name in free_text
        output.append(_write_group(group, item_id(name, len(output), head, free_text=as_text), as_text))
    if output and answer.finish in _NOT_COMPLETE and "status" in output[-1]:
        output[-1]["status"] = "incomplete"
    return write_response(
        name, model=model, created_s=created_s, output=output, finish=answer.finish, usage=answer.usage
    )


def _groups(parts: Sequence[Text | Thinking | ToolCall], *, thinking: bool) -> list[list[Text | Thinking | ToolCall]]:
    """Parts by the item that they make: neighbouring texts make one, as a stream would."""
    groups: list[list[Text | Thinking | ToolCall]] = []
    for part in parts:
        if (isinstance(part, Text | Thinking) and not part.text) or (isinstance(part, Thinking) and not thinking):
            continue
        if groups and not isinstance(part, ToolCall) and type(groups[-1][0]) is type(part):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _write_group(group: list[Text | Thinking | ToolCall], name: str, free_text: bool) -> JsonObject:
    first = group[0]
    if isinstance(first, ToolCall):
        return write_call(name, first, "completed", free_text=free_text)
    text = "".join([part.text for part in group if isinstance(part, Text | Thinking)])
    return write_message(name, text, "completed") if isinstance(first, Text) else write_reasoning(name, text)


# --- Ids --------------------------------------------------------------------------------------------------------------


def response_id(answer_id: str) -> str:
    """The response's id, which clients expect to begin with `resp_`."""
    return answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"


def item_id(response: str, place: int, part: Text | Thinking | ToolCall, *, free_text: bool) -> str:
    """An item's id, by the response and the item's place in it.

    Clients send it back, and OpenAI refuses ids with another beginning, other characters or more than 64 of them.
    """
    kind = "msg" if isinstance(part, Text) else "rs" if isinstance(part, Thinking) else "ctc" if free_text else "fc"
    return kind + "_" + clean_id(f"{response.removeprefix('resp_')}_{place}", limit=60)


# --- Items ------------------------------------------------------------------------------------------------------------


def write_text_part(text: str) -> JsonObject:
    """A message's only part."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def write_message(name: str, text: str | None, status: ItemStatus) -> JsonObject:
    """A message; None is one that has no part yet."""
    content = [] if text is None else [write_text_part(text)]
    return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}


def write_reasoning(name: str, text: str | None) -> JsonObject:
    """A reasoning item; None is one that has no summary yet."""
    return {"id": name, "type": "reasoning", "summary": [] if text is None else [write_summary_part(text)]}


def write_summary_part(text: str) -> JsonObject:
    """A reasoning item's only part."""
    return {"type": "summary_text", "text": text}


def write_call(name: str, call: ToolCall, status: ItemStatus, *, free_text: bool) -> JsonObject:
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
    finish: Finish | None = None,
    usage: Usage | None = None,
    failure: UpstreamFailure | None = None,
) -> JsonObject:
    """The whole response. finish: None while it is in progress.  failure: what ended it, if anything did."""
    if finish is Finish.BROKEN and failure is None:
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


def _status(finish: Finish | None, failure: UpstreamFailure | None) -> str:
    if failure is not None:
        return "failed"
    if finish is None:
        return "in_progress"
    return "incomplete" if finish in _NOT_COMPLETE else "completed"


def _write_error(failure: UpstreamFailure) -> JsonObject:
    return {"code": _ERROR_CODES.get(failure.kind, "server_error"), "message": client_message(failure)}


def write_usage(usage: Usage) -> JsonObject:
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
