"""The part of the gate that asks whether decisions hold when the ask comes in other forms. Pure functions.

A check fails only where the whole 95% interval is beyond its limit: then the decisions surely move too much. A share
that is beyond the limit while its interval reaches it is not shown to break it; with the few test rows of a small fit
that is noise, and noise is not to stop a bundle. With the thousand groups of a shipped bundle's test rows an interval
is about a point and a half wide to each side, so little hides there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.config import FormLimits

UNCHANGED, DOWN = "unchanged", "down"

_NAMES: Mapping[str, str] = {
    "wrappers_seen": "wrappers of the kinds that training uses",
    "wrappers_held_out": "wrappers of kinds that training never uses",
    "dresses_seen": "greetings, urgency, typing slips and the like",
    "dresses_held_out": "small talk, quotes and the like, which training never uses",
}


@dataclass(frozen=True, slots=True)
class FormCheck:
    """One share against its limit: of decisions `unchanged`, or sent `down`, in a group of forms.

    group: a key of FORM_GROUPS.  measure: UNCHANGED (at least `limit`) or DOWN (at most).  low, high: 95% interval.
    """

    group: str
    measure: str
    point: float
    low: float
    high: float
    limit: float
    passed: bool


def form_checks(robustness: Mapping[str, Any], limits: FormLimits) -> tuple[FormCheck, ...]:
    """The checks of a report of `robustness`; none for a group that no row wears."""
    return tuple(_checks(robustness.get("forms", {}), limits))


def _checks(forms: Mapping[str, Mapping[str, Any]], limits: FormLimits) -> Iterator[FormCheck]:
    least = {
        "wrappers_seen": limits.wrappers_seen,
        "wrappers_held_out": limits.wrappers_held_out,
        "dresses_seen": limits.dresses,
        "dresses_held_out": limits.dresses,
    }
    for group, limit in least.items():
        facts = forms.get(group, {})
        if not facts.get("n"):
            continue
        low, high = facts["interval"]
        yield FormCheck(group, UNCHANGED, facts["unchanged"], low, high, limit, passed=high >= limit)
        low, high = facts["down_interval"]
        yield FormCheck(group, DOWN, facts["down"], low, high, limits.moved_down, passed=low <= limits.moved_down)


def form_reason(check: FormCheck) -> str:
    """Why a check failed, for the middle of a sentence."""
    interval = f"95% interval {check.low:.3f} to {check.high:.3f}"
    where = _NAMES[check.group]
    if check.measure == DOWN:
        return f"in {where} {check.point:.1%} of decisions go to a cheaper tier ({interval}; at most {check.limit:g})"
    return f"in {where} only {check.point:.1%} of decisions stay ({interval}; at least {check.limit:g})"


FORM_CURE = (
    "Fit with more dressed copies of the rows (`--dressed-copies`), or name your own markers in `envelopes` so "
    "that they are removed; FitConfig.form_limits holds the limits."
)
"""What to do where only these checks fail."""
