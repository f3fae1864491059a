"""Conversation -> Gemini generateContent bodies for providers. A model's parts are also written for clients.

The model and whether the answer is streamed are in the URL, not in the body.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from router.dialects import conversation as c
from router.dialects.shared.cache import has_marks
from router.dialects.shared.names import COMMON, with_names
from router.dialects.shared.parts import (
    arguments_object,
    media_type_of,
    names_of_calls,
    system_and_turns,
    unsupported_fields,
    url_of,
)
from router.dialects.shared.schemas import filled_schema, inlined_schema, object_schema
from router.types import Dialect, Effort, JsonObject

NO_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
"""Replaces the signature that Gemini wants on a call that another model made. Google says it costs some quality."""

MOST_STOPS = 5
"""Stop sequences that the API takes: https://ai.google.dev/api/generate-content#generationconfig"""

LARGEST_BUDGET = 24_576
"""Tokens of thinking that every Gemini model takes; some take more."""

LEAST_BUDGET_OF_PRO = 128
"""Tokens of thinking that the pro models do at least: it cannot be switched off."""

# Gemini 2 knows budgets only: those of Google's own OpenAI-compatible endpoint.
_BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 24_576,
    "max": 24_576,
}
_ROLES: dict[str | None, str] = {"assistant": "model", "user": "user", "system": "user", "tool": "function"}
_LEVELS: dict[Effort, str] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
    "max": "XHIGH",
}


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The conversation as a body for a provider. model: decides how the effort is written; it is not in the body."""
    dropped = list(unsupported_fields(conversation, ("n", "logprobs", "top_logprobs", "parallel_tools", "user")))
    if has_marks(conversation, conversation.turns):
        dropped.append("cache_control")  # Gemini caches by itself
    own = conversation.dialect is Dialect.GEMINI
    conversation, tool_names = with_names(conversation, COMMON)
    system, turns = system_and_turns(conversation, Dialect.GEMINI)
    body: JsonObject = {"contents": _write_contents(turns, names_of_calls(turns), own=own)}
    if system:
        body["systemInstruction"] = {"parts": _write_user_parts(system, {}, with_ids=own)}
    if conversation.tools:
        body["tools"] = [{"functionDeclarations": [_write_tool(tool) for tool in conversation.tools]}]
        if conversation.tool_choice is not None:
            body["toolConfig"] = {"functionCallingConfig": _write_tool_choice(conversation.tool_choice)}
    config = _write_config(conversation, model=model)
    if len(conversation.stop) > MOST_STOPS:
        dropped.append("stop")
    if config:
        body["generationConfig"] = config
    return c.Written(body, tuple(dropped), tool_names)


def _write_contents(turns: Iterable[c.Turn], names: dict[str, str], *, own: bool) -> list[JsonObject]:
    """own: the turns came in this dialect, and keep their thoughts and ids."""
    contents = []
    for turn in turns:
        if turn.role == "assistant":
            parts = write_parts(turn.parts, sign_calls=True, with_thoughts=own, with_ids=own)
        else:
            parts = _write_user_parts(turn.parts, names, with_ids=own)
        if parts or own:
            contents.append({"role": _ROLES.get(turn.label if own else None) or _ROLES[turn.role], "parts": parts})
    return contents


def write_parts(parts: Iterable[c.Part], *, sign_calls: bool, with_thoughts: bool, with_ids: bool) -> list[JsonObject]:
    """A model's parts. A signature goes onto the part after it, as Gemini has it.

    sign_calls: the first call without a signature gets NO_SIGNATURE.
    with_thoughts: thinking is shown too.  with_ids: calls carry their ids.
    """
    written: list[JsonObject] = []
    pending: str | None = None  # the signature of the part to come
    signed = not sign_calls
    for part in parts:
        if isinstance(part, c.Thinking):
            pending = part.signature or pending
            if with_thoughts and part.text:
                written.append({"text": part.text, "thought": True})
            continue
        item = _write_model_part(part, with_ids=with_ids)
        if isinstance(part, c.ToolCall) and not signed:
            pending, signed = pending or NO_SIGNATURE, True
        if item is not None and pending is not None:
            item["thoughtSignature"], pending = pending, None
        if item is not None:
            written.append(item)
    if pending is not None:
        written.append({"text": "", "thoughtSignature": pending})
    return written


def _write_model_part(part: c.Part, *, with_ids: bool) -> JsonObject | None:
    if isinstance(part, c.ToolCall):
        call: JsonObject = {"name": part.name, "args": arguments_object(part.arguments)}
        return {"functionCall": {"id": part.id, **call} if with_ids else call}
    if isinstance(part, c.Text):
        return {"text": part.text} if part.text else None
    if isinstance(part, c.Opaque):
        return dict(part.raw)
    return _write_media(part) if isinstance(part, c.Media) else None


def _write_user_parts(parts: Iterable[c.Part], names: dict[str, str], *, with_ids: bool) -> list[JsonObject]:
    """Results first; their media follow them, as a response holds text only."""
    responses: list[JsonObject] = []
    others: list[JsonObject] = []
    for part in parts:
        if isinstance(part, c.ToolResult):
            response = _write_result(part, names)
            responses.append({"functionResponse": {"id": part.call_id, **response} if with_ids else response})
            others.extend(_write_media(media) for media in part.parts if isinstance(media, c.Media))
        elif isinstance(part, c.Text):
            others.append({"text": part.text})
        elif isinstance(part, c.Media):
            others.append(_write_media(part))
        elif isinstance(part, c.Opaque):
            others.append(part.raw)
    return responses + others


def _write_result(result: c.ToolResult, names: dict[str, str]) -> JsonObject:
    name = names.get(result.call_id) or result.name or result.call_id
    text = "\n".join(part.text for part in result.parts if isinstance(part, c.Text))
    return {"name": name, "response": {"error" if result.is_error else "result": text}}


def _write_media(media: c.Media) -> JsonObject:
    media_type = media_type_of(media)
    url = url_of(media)
    if url is not None:
        file = {"fileUri": url}
        return {"fileData": {"mimeType": media_type, **file} if media_type else file}
    fallback = {"image": "image/png", "audio": "audio/wav", "document": "application/pdf"}[media.kind]
    return {"inlineData": {"mimeType": media_type or fallback, "data": media.data or ""}}


def _write_tool(tool: c.Tool) -> JsonObject:
    written: JsonObject = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["parametersJsonSchema"] = filled_schema(inlined_schema(object_schema(tool.schema)), properties=False)
    return written


def _write_tool_choice(choice: c.ToolChoice) -> JsonObject:
    if choice.mode == "named":
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": {"auto": "AUTO", "required": "ANY", "none": "NONE"}[choice.mode]}


def _write_config(conversation: c.Conversation, *, model: str) -> JsonObject:
    config: dict[str, Any] = {
        "temperature": conversation.temperature,
        "topP": conversation.top_p,
        "topK": conversation.top_k,
        "maxOutputTokens": conversation.max_output_tokens,
        "stopSequences": list(conversation.stop[:MOST_STOPS]) or None,
        "seed": conversation.seed,
        "presencePenalty": conversation.presence_penalty,
        "frequencyPenalty": conversation.frequency_penalty,
        "thinkingConfig": thinking_config(conversation.effort, conversation.thinking_tokens, model=model),
    }
    form = conversation.answer_format
    if form is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = form.schema
    return {key: value for key, value in config.items() if value is not None}


def thinking_config(effort: Effort | None, tokens: int | None, *, model: str) -> JsonObject | None:
    """How much the model may think: Gemini 2 knows budgets only, later ones levels; None where neither is asked for."""
    if tokens is None and effort is not None and "gemini-2" in model:
        tokens = _BUDGETS[effort]
    if tokens is not None:
        least = LEAST_BUDGET_OF_PRO if "pro" in model else 0
        budget = {"thinkingBudget": min(max(tokens, least), LARGEST_BUDGET)}
        return {**budget, "includeThoughts": True} if tokens else budget
    if effort is None:
        return None
    level = {"thinkingLevel": _LEVELS[effort]}
    return level if effort == "none" else {**level, "includeThoughts": True}
