"""Head-and-tail cropping: a bound on the work for any text, keeping the parts where asks usually are."""

from __future__ import annotations

ELLIPSIS = " \u2026 "


def crop_middle(text: str, *, limit_chars: int) -> str:
    """The text, or its head and tail of `limit_chars` characters in all, joined by an ellipsis.

    The question is at the start or the end of a long paste far more often than in its middle.
    """
    if len(text) <= limit_chars:
        return text
    head = (limit_chars + 1) // 2
    return text[:head] + ELLIPSIS + text[len(text) - (limit_chars - head) :]
