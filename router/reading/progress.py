"""How far an agent has come since the ask.

Fourteen signals of it for the heads were tried: failures, the same call or error again, what was read, changed and
tested. On whole files left out they ranked rows with tools no better, as only 137 of 6,208 rows have a tool's result
after the ask, and cost 0.7 ms on a loop of 100 messages (training/LOG.md). What the rows do say is how far their loops
go: beyond that a request is unlike them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from router.reading.conversation import TOOL_ROLES
from router.types import Message

COUNTED_MESSAGES = 1_000
"""Of a conversation, its newest; older ones are not counted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the agent has come since the ask: steps, the tool results since then; 0 where there are none."""

    steps: int = 0


NOT_BEGUN = Progress()


def progress_of(messages: Sequence[Message], ask_position: int) -> Progress:
    """How far the agent is; ask_position: index of the ask's message."""
    start = max(ask_position + 1, len(messages) - COUNTED_MESSAGES)
    steps = sum(message.role in TOOL_ROLES for message in islice(messages, start, None))
    return Progress(steps) if steps else NOT_BEGUN
