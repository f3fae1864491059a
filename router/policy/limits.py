"""Which tiers may be chosen: limits, and how those of policy, rule and caller combine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the tier, from one source.

    tier: exactly this one.  floor, ceiling: the cheapest and the strongest that may be chosen.  tiers: only these.
    None means no limit.
    """

    tier: str | None = None
    floor: str | None = None
    ceiling: str | None = None
    tiers: tuple[str, ...] | None = None

    def allowed(self, order: Sequence[str]) -> tuple[str, ...]:
        """The tiers of `order`, cheap to strong, that the limits leave; () if they contradict each other."""
        low = 0 if self.floor is None else order.index(self.floor)
        high = len(order) - 1 if self.ceiling is None else order.index(self.ceiling)
        return tuple(
            tier
            for rank, tier in enumerate(order)
            if low <= rank <= high and self.tier in (None, tier) and (self.tiers is None or tier in self.tiers)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every tier that is named."""
        one = (self.tier, self.floor, self.ceiling)
        return (*(tier for tier in one if tier is not None), *(self.tiers or ()))

    def __str__(self) -> str:
        """The limits in words, such as `floor production, ceiling frontier`; "no limits" if there are none."""
        words = [f"{name} {tier}" for name in ("tier", "floor", "ceiling") if (tier := getattr(self, name)) is not None]
        if self.tiers is not None:
            words.append(f"only {', '.join(self.tiers)}")
        return ", ".join(words) or "no limits"


NO_LIMITS = Limits()


def narrow(tiers: tuple[str, ...], limits: Limits, *, order: Sequence[str]) -> tuple[str, ...]:
    """The tiers that further limits leave of those still in play, at least one.

    Earlier limits win: where the new ones exclude every remaining tier, the nearest one is kept, the stronger on a tie.
    """
    if limits == NO_LIMITS:
        return tiers
    allowed = limits.allowed(order)
    kept = tuple(tier for tier in tiers if tier in allowed)
    if kept or not allowed:
        return kept or tiers
    ranks = [order.index(tier) for tier in allowed]
    return (min(tiers, key=lambda tier: (min(abs(order.index(tier) - rank) for rank in ranks), -order.index(tier))),)
