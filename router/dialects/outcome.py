"""How an answer ended, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    BROKEN = "broken"  # the model's own output could not be used (malformed call): worth another attempt


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as they are billed.

    input_tokens: all of them, those read from or written to a cache included.  output_tokens: thinking included.
    cost_usd: as the provider reports it, for all of them.  estimated: the provider left out a count, which was
    estimated from the sizes of request and answer.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float | None = None
    estimated: bool = False
