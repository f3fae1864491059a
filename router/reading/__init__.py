"""What the classifier sees of a request: the ask, the conversation window, the turn, the signals. Pure."""

from __future__ import annotations

from router.reading.blocks import Envelope
from router.reading.read import Reading, Turn, read
from router.reading.turns.kinds import TurnKind

__all__ = ["Envelope", "Reading", "Turn", "TurnKind", "read"]
