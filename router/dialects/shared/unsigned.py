"""Thinking that goes to a client of another dialect goes without its signature.

A signature means something to the provider that made it only, and another one refuses the whole request for it. Without
one, a client's history shows which thinking was another's, so that it can be left out later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from router.dialects.conversation import Answer, Event, Thinking, ThinkingDelta


def unsigned_events(events: Iterable[Event]) -> list[Event]:
    """The events without signatures, and without those that were nothing else."""
    return [
        ThinkingDelta(event.text) if isinstance(event, ThinkingDelta) else event
        for event in events
        if not isinstance(event, ThinkingDelta) or event.text
    ]


def unsigned_answer(answer: Answer) -> Answer:
    """The answer without signatures and redacted thinking."""
    parts = [
        Thinking(part.text) if isinstance(part, Thinking) else part
        for part in answer.parts
        if not isinstance(part, Thinking) or part.text
    ]
    return replace(answer, parts=tuple(parts))
