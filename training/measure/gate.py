"""May a bundle be used at all? Only one that is shown, on test rows, to be better than not routing. Pure functions.

Independent studies found commercial routers that do not beat one fixed model, a shuffle of their own decisions, or the
length of the prompt. So a bundle is promoted only if the lower end of the 95% interval of its quality advantage is
above 0 over each of the three, at equal cost.

Against the bundle in use the question is another one: it is not to be worse. A retrained bundle is mostly a little
better or the same, and no test set shows that "the same" is above 0. So the advantage over the one in use may be 0, but
its lower end must be above -IN_USE_MARGIN: at worst, a deficit too small to switch back for. It is judged as it serves,
at its own threshold, on rows that it was not fitted on: on its own rows it would look better than it is. Where too few
are left, and between different tiers, where there is no equal cost, the sentence says so, and nothing fails.

And its decisions are to hold when the ask comes in other forms (form_gate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from router.types import JsonObject
from training.config import FormLimits
from training.measure.advantages import BEST_FIXED, SHUFFLE, gain_over_bundle, measurable_rows
from training.measure.bootstrap import MIN_GROUPS, Interval
from training.measure.form_gate import FORM_CURE, FormCheck, form_checks, form_reason
from training.measure.measured import MeasuredRows

LENGTH_RULE = "length_rule"
IN_USE = "in_use"
REQUIRED: Mapping[str, str] = {
    BEST_FIXED: "the best fixed tier at equal cost",
    SHUFFLE: "a shuffle of its own decisions",
    LENGTH_RULE: "the length rule at equal cost",
}
"""What a bundle must beat, and what that is called in a sentence."""

IN_USE_MARGIN = 0.02
"""A mean quality this much below the bundle in use, at equal cost, still passes."""

ROUNDING = 1e-9
UNMEASURED = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class OtherTiers:
    """The bundle in use where it routes between other tiers than the candidate, so that no row compares them."""

    tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One comparison: mean quality gained over `name`, its 95% interval, and whether that is enough."""

    name: str
    point: float
    low: float
    high: float
    passed: bool


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict: every check, and one sentence for people that says what to do.

    forms: the checks of decisions in other forms; empty where that was not measured.
    """

    passed: bool
    checks: tuple[GateCheck, ...]
    sentence: str
    forms: tuple[FormCheck, ...] = ()

    def to_json(self) -> JsonObject:
        """As `evaluation.json` holds it; rounding and null for nan are left to the writer."""
        return {"passed": self.passed, "sentence": self.sentence, **self._checks()}

    def _checks(self) -> JsonObject:
        return {"checks": [asdict(check) for check in self.checks], "forms": [asdict(check) for check in self.forms]}


def gate(
    measured: MeasuredRows,
    advantages: Mapping[str, Interval],
    in_use: MeasuredRows | OtherTiers | None = None,
    *,
    seen_in_use: npt.NDArray[np.bool_] | None = None,
    max_quality_loss: float = 0.05,
    margin: float = IN_USE_MARGIN,
    robustness: Mapping[str, Any] | None = None,
    form_limits: FormLimits | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> GateResult:
    """Whether the bundle may be used.

    measured: test rows that the candidate scored; rows whose outcome is not known at every tier are left out.
    advantages: as `quality_gains` gives them; one that is required and missing fails.
    in_use: the same rows, in the same order, as the bundle now in use serves them; None if there is none.
    seen_in_use: (n,) which of them that bundle was fitted on; None where it does not say.
    max_quality_loss: what the fixed tier that is recommended instead may fall short of the best fixed tier.
    margin: see IN_USE_MARGIN.
    robustness: as `robustness.robustness` gives it, judged by form_limits; None for either: not judged.
    Raises ValueError when in_use holds other rows.
    """
    kept = measurable_rows(measured)
    rows = measured.take(kept)
    checks = [_check(name, advantages.get(name, UNMEASURED), above=0.0) for name in REQUIRED]
    note = "" if in_use is None or in_use.tiers == measured.tiers else _not_compared(measured.tiers, in_use.tiers)
    if isinstance(in_use, MeasuredRows) and not note:
        check_same_rows(measured, in_use)
        unseen = np.arange(len(kept)) if seen_in_use is None else np.flatnonzero(~seen_in_use[kept])
        note = _too_few_unseen(len(unseen), len(kept), rows.take(unseen))
        if not note:
            gain = gain_over_bundle(rows.take(unseen), in_use.take(kept[unseen]), n_resamples=n_resamples, seed=seed)
            checks.append(_check(IN_USE, gain, above=-margin))
    forms = form_checks(robustness, form_limits) if robustness and form_limits else ()
    passed = all(check.passed for check in checks) and all(check.passed for check in forms)
    sentence = (
        _praise(checks) if passed else _blame(checks, forms, rows, max_quality_loss=max_quality_loss, margin=margin)
    )
    return GateResult(passed=passed, checks=tuple(checks), sentence=sentence + note, forms=forms)


def best_fixed_tier(measured: MeasuredRows, *, max_quality_loss: float) -> tuple[str, float, float]:
    """The cheapest tier whose mean quality is at most max_quality_loss below the best tier's.

    measured: at least one row of known quality.  Returns the tier, its mean quality and the quality asked for.
    """
    quality = measured.quality.mean(axis=0)
    floor = float(quality.max()) - max_quality_loss
    cost = np.where(quality >= floor - 1e-12, measured.cost_usd.mean(axis=0), np.inf)
    tier = int(cost.argmin())
    return measured.tiers[tier], float(quality[tier]), floor


def _check(name: str, gain: Interval, *, above: float) -> GateCheck:
    # nan is above nothing; and a sum in another order, such as the router that always takes one tier, is not a gain.
    return GateCheck(name, gain.point, gain.low, gain.high, passed=gain.low > above + ROUNDING)


def check_same_rows(measured: MeasuredRows, in_use: MeasuredRows) -> None:
    """Raises ValueError when two bundles were scored on different rows."""
    if not np.array_equal(measured.groups, in_use.groups):
        raise ValueError("the bundle in use was scored on other rows")


def _too_few_unseen(n_unseen: int, n: int, unseen: MeasuredRows) -> str:
    """Why the bundle in use is not compared; "" where it is, also on few rows if it saw none of them."""
    if n_unseen == n or len(np.unique(unseen.groups)) >= MIN_GROUPS:
        return ""
    return (
        f" Not compared with the bundle in use: it was fitted on {n - n_unseen:,} of these {n:,} rows, and the others "
        "are too few."
    )


def _not_compared(tiers: tuple[str, ...], in_use: tuple[str, ...]) -> str:
    return (
        f" Not compared with the bundle in use: tiers differ (it routes between {', '.join(in_use)}; "
        f"this one between {', '.join(tiers)})."
    )


def _praise(checks: list[GateCheck]) -> str:
    least = min(checks[: len(REQUIRED)], key=lambda check: check.low)
    return (
        f"Passed: at equal cost its quality is above every baseline's; closest is {REQUIRED[least.name]} "
        f"(+{least.point:.3f}, 95% interval {least.low:.3f} to {least.high:.3f})."
    )


def _blame(
    checks: list[GateCheck],
    forms: tuple[FormCheck, ...],
    rows: MeasuredRows,
    *,
    max_quality_loss: float,
    margin: float,
) -> str:
    failed = [check for check in checks if not check.passed]
    moved = [check for check in forms if not check.passed]
    reasons = "; ".join([*(_reason(check, margin=margin) for check in failed), *map(form_reason, moved)])
    cure = _cure(failed, rows, max_quality_loss=max_quality_loss) if failed else FORM_CURE
    return f"Failed: {reasons}. {cure}"


def _reason(check: GateCheck, *, margin: float) -> str:
    if np.isnan(check.low):
        return f"whether it beats {REQUIRED.get(check.name, 'the bundle in use')} cannot be said from these test rows"
    interval = f"{check.point:+.3f}, 95% interval {check.low:+.3f} to {check.high:+.3f}"
    if check.name == IN_USE:
        return f"its quality may be more than {margin:g} below that of the bundle in use at equal cost ({interval})"
    return f"it is not shown to beat {REQUIRED[check.name]} ({interval})"


def _cure(failed: list[GateCheck], rows: MeasuredRows, *, max_quality_loss: float) -> str:
    if [check.name for check in failed] == [IN_USE]:
        return "Keep the bundle in use."
    if len(rows) == 0:
        return "Give test rows whose outcome is known at every tier."
    tier, quality, floor = best_fixed_tier(rows, max_quality_loss=max_quality_loss)
    cure = (
        f"Route nothing: use tier {tier} (mean quality {quality:.3f}; the cheapest that keeps {floor:.3f}, "
        f"{max_quality_loss:g} below the best tier)."
    )
    n_groups = len(np.unique(rows.groups))
    return cure if n_groups >= MIN_GROUPS else f"{cure} Too few groups of rows ({n_groups}) to judge a router."
