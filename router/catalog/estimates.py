"""How large a request is: for comparing tiers and for the context window, never for bills."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.types import ChatRequest, Effort

ESTIMATED_OUTPUT_TOKENS = 500
"""Output tokens assumed for an estimate when the client sets no lower limit itself."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes per token, for estimates: near 4 for English prose, 3 for code, 3 to 4 for other scripts."""


THINKING_SHARE: Mapping[Effort, float] = MappingProxyType(
    {"none": 0.0, "minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.95, "max": 0.95}
)
"""The share of an answer's tokens that is thought, by effort: how OpenRouter divides an output limit
(https://openrouter.ai/docs/use-cases/reasoning-tokens); it names no `max`."""


def estimated_tokens(chat: ChatRequest) -> tuple[int, int]:
    """(input, output) tokens of a request, estimated from its size."""
    return text_bytes(chat) // BYTES_PER_TOKEN + 1, estimated_output_tokens(chat, effort=None)


def estimated_input_tokens(chat: ChatRequest) -> int:
    """Input tokens of a request, estimated from its size; with the definitions of its tools, where it offers some."""
    size = text_bytes(chat)
    media = chat.needs.images or chat.needs.audio or chat.needs.documents  # base64 is not text for a model
    return (max(size, len(chat.raw)) if chat.needs.tools and not media else size) // BYTES_PER_TOKEN + 1


def estimated_output_tokens(
    chat: ChatRequest, *, effort: Effort | None, answer_tokens: float = ESTIMATED_OUTPUT_TOKENS
) -> int:
    """Output tokens of a request, estimated. effort: of a model that is given one.  answer_tokens: without thinking."""
    output = round(with_thinking(answer_tokens, effort))
    return output if chat.max_output_tokens is None else min(output, chat.max_output_tokens)


def with_thinking(answer_tokens: float, effort: Effort | None) -> float:
    """The tokens of an answer and of the thought before it. effort: of a model that is given one."""
    return answer_tokens / (1 - THINKING_SHARE[effort]) if effort else answer_tokens


def text_bytes(chat: ChatRequest) -> int:
    """UTF-8 bytes of the messages' texts."""
    return sum(len(message.text.encode("utf-8", "replace")) for message in chat.messages)


def size_bytes(chat: ChatRequest) -> int:
    """An upper bound of a request's tokens: no token of a text is shorter than a byte.

    The body's own bytes where they are known, as tool definitions count too; blocks that are not text (images) cost
    what the provider states, mostly less than their base64.
    """
    return max(len(chat.raw), text_bytes(chat))
