"""The one scoring definition, used by the service and by training: readings in, predictions out. numpy only."""

from __future__ import annotations

from router.brain.brain import Brain, Scores
from router.brain.bundle import Bundle, load_bundle

__all__ = ["Brain", "Bundle", "Scores", "load_bundle"]
