"""Pure functions from a prediction and constraints to a tier, with the reason. No clock, no random, no I/O."""

from __future__ import annotations

from router.policy.choose import Choice, choose, choose_tier

__all__ = ["Choice", "choose", "choose_tier"]
