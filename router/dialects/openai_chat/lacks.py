"""What a chat provider does not have, said in another way, or left out: by its quirks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from router.dialects.conversation import AnswerFormat
from router.dialects.openai_chat.request_writer import asked_for_json
from router.dialects.shared.openai_reader import OPENAI_FIELDS
from router.dialects.shared.provider import Quirks
from router.types import Capability

_THINKING = ("reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget")
"""Members that say how much a model thinks, in any provider's words; none may contradict `thinking_off`."""


def may_lack(raw: bytes, quirks: Quirks, lacks: Collection[Capability]) -> bool:
    """Whether a chat client's own body may ask for something that the provider does not have."""
    return (
        ((not quirks.json_schema or Capability.JSON_SCHEMA in lacks) and b'"json_schema"' in raw)
        or (quirks.forced_calls != "any" and b'"tool_choice"' in raw)
        or (quirks.cache_control == "drop" and b'"cache_control"' in raw)
    )


def without_lacking(
    body: Mapping[str, Any], quirks: Quirks, lacks: Collection[Capability]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body as the provider takes it, and the names of what was changed."""
    changed: list[str] = []
    value = _schema_in_words(dict(body), quirks, lacks, changed)
    value = _choice_that_is_taken(value, quirks, changed)
    if quirks.cache_control == "drop":
        plain = _without_marks(value)
        if plain != value:
            value = plain
            changed.append("cache_control")
    return value, tuple(changed)


def openai_fields_taken(body: Mapping[str, Any], quirks: Quirks) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A translated body with those of OpenAI's parameters that the provider takes, and the names of the others.

    `safety_identifier` goes in place of `user`, which it replaces at OpenAI, or is left out where only that is known.
    """
    gone = [name for name in OPENAI_FIELDS if name in body and name not in quirks.takes]
    value = {name: item for name, item in body.items() if name not in gone}
    if "safety_identifier" in value and value.get("user") == value["safety_identifier"]:
        del value["user"]
    return value, tuple(name for name in gone if name != "safety_identifier")


def _schema_in_words(
    value: dict[str, Any], quirks: Quirks, lacks: Collection[Capability], changed: list[str]
) -> dict[str, Any]:
    """A schema becomes any JSON with the schema in the prompt; a model without that either is asked in words only."""
    given = value.get("response_format")
    if not isinstance(given, dict):
        return value
    kind = given.get("type")
    if kind == "json_schema" and (not quirks.json_schema or Capability.JSON_SCHEMA in lacks):
        holder = given.get("json_schema")
        schema = holder.get("schema") if isinstance(holder, dict) else None
        wanted = AnswerFormat("json", schema if isinstance(schema, dict) else {})
        if isinstance(value.get("messages"), list):
            value["messages"] = asked_for_json(value["messages"], wanted)
        value["response_format"] = {"type": "json_object"}
        changed.append("response_format.json_schema")
    if Capability.JSON_MODE in lacks and Capability.JSON_SCHEMA in lacks and kind not in (None, "text"):
        del value["response_format"]
    return value


def _choice_that_is_taken(value: dict[str, Any], quirks: Quirks, changed: list[str]) -> dict[str, Any]:
    """A forced call without thinking where the provider takes only that, else a call that is left to the model.

    DeepSeek: BerriAI/litellm#31466. Kimi: can1357/oh-my-pi#1077. Qwen: QwenLM/qwen-code#7659.
    """
    choice = value.get("tool_choice")
    if quirks.forced_calls == "any" or choice in (None, "auto", "none"):
        return value
    model = str(value.get("model", "")).lower()
    thinks = any(part in model for part in quirks.always_thinking)
    if quirks.forced_calls == "never" or thinks or not quirks.thinking_off:
        changed.append("tool_choice")
        return {**value, "tool_choice": "auto"}
    if any(value.get(name) != item for name, item in quirks.thinking_off.items()):
        changed.append("thinking")
    kept = {name: item for name, item in value.items() if name not in _THINKING}
    return {**kept, **quirks.thinking_off}


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_marks(item) for name, item in value.items() if name != "cache_control"}
    return [_without_marks(item) for item in value] if isinstance(value, list) else value
