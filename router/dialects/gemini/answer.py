"""Gemini's GenerateContentResponse <-> Answer: from a provider and for a client."""

from __future__ import annotations

import re
from collections.abc import Iterable

from router.dialects import conversation as c
from router.dialects.gemini.request_writer import NO_SIGNATURE, write_parts
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.finishes import finish_of
from router.dialects.shared.parts import arguments_text, made_up_id
from router.types import JsonObject

_FINISH_REASON = {
    c.Finish.STOP: "STOP",
    c.Finish.TOOL_CALLS: "STOP",
    c.Finish.LENGTH: "MAX_TOKENS",
    c.Finish.CONTENT_FILTER: "SAFETY",
    c.Finish.BROKEN: "OTHER",
}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")


def read_answer(body: JsonObject) -> c.Answer:
    """A provider's answer; a blocked prompt is one that ends with CONTENT_FILTER. Raises ValueError for others."""
    candidates = objects_at(body, "candidates")
    if not candidates and not is_blocked(body):
        raise ValueError("the answer has neither candidates nor a reason why the prompt was blocked")
    response_id = text_at(body, "responseId")
    candidate = candidates[0] if candidates else {}
    parts = read_parts(object_at(candidate, "content"), response_id=response_id, first_call=0)
    called = any(isinstance(part, c.ToolCall) for part in parts)
    finish = read_finish(text_at(candidate, "finishReason"), called=called) if candidates else c.Finish.CONTENT_FILTER
    return c.Answer(
        id=response_id,
        model=text_at(body, "modelVersion"),
        parts=parts,
        finish=finish,
        usage=read_usage(object_at(body, "usageMetadata")),
    )


def is_blocked(body: JsonObject) -> bool:
    """Whether the prompt was refused before any answer."""
    return bool(text_at(object_at(body, "promptFeedback"), "blockReason"))


def read_parts(content: JsonObject, *, response_id: str, first_call: int) -> tuple[c.AnswerPart, ...]:
    """The parts of a candidate's content. first_call: the number of calls that the answer held before."""
    parts: list[c.AnswerPart] = []
    n_calls = first_call
    for item in objects_at(content, "parts"):
        signature = text_at(item, "thoughtSignature")
        if item.get("thought") is True:
            parts.append(c.Thinking(text_at(item, "text"), signature or None))
            continue
        if signature and signature != NO_SIGNATURE:
            parts.append(c.Thinking("", signature))
        if isinstance(item.get("functionCall"), dict):
            parts.append(_read_call(item["functionCall"], response_id=response_id, index=n_calls))
            n_calls += 1
        elif text_at(item, "text"):
            parts.append(c.Text(text_at(item, "text")))
    return tuple(parts)


def _read_call(call: JsonObject, *, response_id: str, index: int) -> c.ToolCall:
    name, arguments = text_at(call, "name"), arguments_text(call.get("args"))
    made_up = made_up_id(seed=response_id or f"{name} {arguments}", index=index)
    return c.ToolCall(text_at(call, "id") or made_up, name, arguments)


def read_finish(finish_reason: str, *, called: bool) -> c.Finish:
    """Why the answer ended; Gemini has no reason for calls, and one that is not known is an ordinary end."""
    finish = finish_of(finish_reason)
    if finish in (None, c.Finish.STOP, c.Finish.TOOL_CALLS):
        return c.Finish.TOOL_CALLS if called else c.Finish.STOP
    return finish


def read_usage(usage: JsonObject) -> c.Usage:
    """Gemini's output tokens leave the thinking out, and its prompt the results of its own tools; ours hold them."""
    thoughts = count_at(usage, "thoughtsTokenCount")
    return c.Usage(
        input_tokens=count_at(usage, "promptTokenCount") + count_at(usage, "toolUsePromptTokenCount"),
        output_tokens=count_at(usage, "candidatesTokenCount") + thoughts,
        cache_read_tokens=count_at(usage, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
    )


def write_answer(answer: c.Answer, *, model: str) -> JsonObject:
    """The answer for a client. model: the name for the client."""
    candidate = write_candidate(answer.parts, finish=answer.finish)
    return write_response(candidate, response_id=answer.id, model=model, usage=answer.usage)


def write_candidate(parts: Iterable[c.Part], *, finish: c.Finish | None) -> JsonObject:
    """The one candidate. finish: None while the answer goes on."""
    safe = (_with_base64_signature(part) for part in parts)
    written = write_parts(safe, sign_calls=False, with_thoughts=True, with_ids=True)
    candidate: JsonObject = {"content": {"parts": written, "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = _FINISH_REASON[finish]
    return {**candidate, "index": 0}


def _with_base64_signature(part: c.Part) -> c.Part:
    """Another provider's signature may not be base64, on which Gemini's clients would fail."""
    if isinstance(part, c.Thinking) and part.signature and not _BASE64.fullmatch(part.signature):
        return c.Thinking(part.text)
    return part


def write_response(candidate: JsonObject, *, response_id: str, model: str, usage: c.Usage | None) -> JsonObject:
    """A whole response, or one frame of a stream."""
    body: JsonObject = {"candidates": [candidate]}
    if usage is not None:
        body["usageMetadata"] = write_usage(usage)
    return {**body, "modelVersion": model, "responseId": response_id}


def write_usage(usage: c.Usage) -> JsonObject:
    """Usage in Gemini's counting."""
    written = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(0, usage.output_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cache_read_tokens:
        written["cachedContentTokenCount"] = usage.cache_read_tokens
    if usage.reasoning_tokens:
        written["thoughtsTokenCount"] = usage.reasoning_tokens
    return written
