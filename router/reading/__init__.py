"""What the classifier is shown of a request: the ask, the conversation window, the turn, the signals. Pure."""

from __future__ import annotations

from router.reading.read import Reading, Turn, read

__all__ = ["Reading", "Turn", "read"]
