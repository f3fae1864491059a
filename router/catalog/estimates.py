"""How large a request is: for comparing tiers and for the context window, never for bills."""

from __future__ import annotations

from router.types import ChatRequest

ESTIMATED_OUTPUT_TOKENS = 500
"""Output tokens assumed for an estimate when the client sets no lower limit itself."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes per token, for estimates: near 4 for English prose, 3 for code, 3 to 4 for other scripts."""


def estimated_tokens(chat: ChatRequest) -> tuple[int, int]:
    """(input, output) tokens of a request, estimated from its size."""
    output = ESTIMATED_OUTPUT_TOKENS
    if chat.max_output_tokens is not None:
        output = min(output, chat.max_output_tokens)
    return text_bytes(chat) // BYTES_PER_TOKEN + 1, output


def text_bytes(chat: ChatRequest) -> int:
    """UTF-8 bytes of the messages' texts."""
    return sum(len(message.text.encode("utf-8", "replace")) for message in chat.messages)


def size_bytes(chat: ChatRequest) -> int:
    """An upper bound of a request's tokens: no token of a text is shorter than a byte.

    The body's own bytes where they are known, as tool definitions count too; blocks that are not text (images) cost
    what the provider states, mostly less than their base64.
    """
    return max(len(chat.raw), text_bytes(chat))
