"""Thinking that goes to a client of another dialect loses its signature.

A signature is valid at the provider that made it only, and another provider refuses the whole request because of it.
Without one, a client's history shows which thinking came from another provider, so that it can be left out later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from router.dialects import conversation as c


def events_without_signatures(events: Iterable[c.Event]) -> list[c.Event]:
    """The events without signatures, and without those that held nothing else."""
    return [
        c.ThinkingDelta(event.text) if isinstance(event, c.ThinkingDelta) else event
        for event in events
        if not isinstance(event, c.ThinkingDelta) or event.text
    ]


def answer_without_signatures(answer: c.Answer) -> c.Answer:
    """The answer without signatures and redacted thinking."""
    parts = [
        c.Thinking(part.text) if isinstance(part, c.Thinking) else part
        for part in answer.parts
        if not isinstance(part, c.Thinking) or part.text
    ]
    return replace(answer, parts=tuple(parts))
