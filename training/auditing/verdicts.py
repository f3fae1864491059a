"""What to think of each step of a ladder: whether it is worth its price, and against which steps."""

from __future__ import annotations

import math
from collections.abc import Mapping

from router.brain.calibration import Float64Array
from training.auditing.table import LadderTable
from training.measure.bootstrap import Interval

Verdicts = dict[int, tuple[str, tuple[int, ...]]]
Differences = Mapping[tuple[int, int], Interval]
MixGaps = Mapping[tuple[int, int, int], Interval]

DOMINATED, NOT_BETTER, BELOW_MIX, UNPROVEN, WORTH = "dominated", "not_better", "below_mix", "unproven", "worth"


def verdicts_of(table: LadderTable, difference: Differences, mix_gap: MixGaps) -> Verdicts:
    """For each step that has a cheaper one: what to think of it, and against which steps.

    dominated: costlier, and worse beyond doubt.  not_better: costlier, and not ahead.  below_mix: beyond doubt behind a
    random mix of a cheaper and a costlier step.  unproven: ahead, but within the noise.  worth: none of these.
    """
    verdicts: Verdicts = {}
    for step in range(table.quality.shape[1]):
        rivals = [other for other in range(table.quality.shape[1]) if _is_cheaper(table.cost_usd, other, step)]
        leads = {other: lead for other in rivals if not math.isnan((lead := lead_of(difference, step, other)).point)}
        if leads:
            verdicts[step] = _verdict(step, leads, mix_gap)
    return verdicts


def _verdict(step: int, leads: Mapping[int, Interval], mix_gap: MixGaps) -> tuple[str, tuple[int, ...]]:
    best = min(leads, key=lambda other: leads[other].point)
    lead = leads[best]
    if lead.high < 0:
        return DOMINATED, (best,)
    if lead.point <= 0:
        return NOT_BETTER, (best,)
    behind = {mix: gap for mix, gap in mix_gap.items() if mix[1] == step and gap.high < 0}
    if behind:
        cheap, _, costly = min(behind, key=lambda mix: behind[mix].point)
        return BELOW_MIX, (cheap, costly)
    return (WORTH if lead.low > 0 else UNPROVEN), (best,)


def _is_cheaper(cost_usd: Float64Array, other: int, step: int) -> bool:
    """By cost; where it is unknown or the same, by the order of the ladder."""
    if math.isnan(cost_usd[other]) or cost_usd[other] == cost_usd[step]:
        return other < step
    return bool(cost_usd[other] < cost_usd[step])


def lead_of(difference: Differences, step: int, other: int) -> Interval:
    """How far the step is ahead of the other one."""
    if other < step:
        return difference[other, step]
    point, low, high = difference[step, other]
    return Interval(-point, -high, -low)
