"""What to do about a ladder, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from training.auditing.steps import Ladder
from training.auditing.table import LadderTable
from training.auditing.verdicts import BELOW_MIX, DOMINATED, NOT_BETTER, Differences, MixGaps, Verdicts, lead_of
from training.measure.bootstrap import Interval


def sentences_of(
    ladder: Ladder, table: LadderTable, verdicts: Verdicts, difference: Differences, mix_gap: MixGaps
) -> list[str]:
    """What to do: one sentence for each step that is not worth its price."""
    sentences = []
    for step, (verdict, against) in verdicts.items():
        name, other = ladder.steps[step], ladder.steps[against[0]]
        costs = f"{name} {_times(table, step, against[0], other)}"
        figures = _figures(table, step, against[0])
        lead = "" if verdict == BELOW_MIX else _signed(lead_of(difference, step, against[0]))
        match verdict:
            case "dominated":
                sentences.append(f"{costs} and is worse on these rows ({figures}): drop it.")
            case "not_better":
                sentences.append(
                    f"{costs} and is not measurably better on these rows ({figures}; {lead}): more rows, or drop it."
                )
            case "unproven":
                sentences.append(f"{costs} and its lead is within the noise ({figures}; {lead}): more rows.")
            case "below_mix":
                strong = ladder.steps[against[1]]
                gap = _signed(mix_gap[against[0], step, against[1]])
                sentences.append(
                    f"{name} is behind a random mix of {other} and {strong} that costs as much ({gap}): "
                    f"keep it only if routing over it too beats routing over {other} and {strong}."
                )
    if verdicts and all(verdict in (DOMINATED, NOT_BETTER) for verdict, _ in verdicts.values()):
        sentences.append(f"No costlier tier pays on these rows: use {_winner(ladder, table, verdicts)} alone.")
    return sentences


def _winner(ladder: Ladder, table: LadderTable, verdicts: Verdicts) -> str:
    return next(name for step, name in enumerate(ladder.steps) if step not in verdicts)


def _times(table: LadderTable, step: int, other: int, name: str) -> str:
    ratio = float(table.cost_usd[step] / table.cost_usd[other]) if table.cost_usd[other] > 0 else math.nan
    if math.isnan(ratio):
        return f"is above {name} in the ladder (costs unknown)"
    times = "as much as" if 0.95 < ratio < 1.05 else f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x"
    return f"costs {times} {name}{_BASIS_WORDS[table.basis]}"


_BASIS_WORDS: Mapping[str, str] = {
    "cost_usd": "",
    "tokens": " at the stated prices",
    "output_tokens": " for output at the stated prices",
    "assumed": " by the stated cost",
}


def _figures(table: LadderTable, step: int, other: int) -> str:
    pair = table.quality[:, [step, other]]
    both = pair[np.isfinite(pair).all(axis=1)]
    own, others = both.mean(axis=0).tolist()
    return f"{own:.2f} against {others:.2f}, n={len(both):,}"


def _signed(interval: Interval) -> str:
    if math.isnan(interval.low):
        return f"{interval.point:+.3f}, too few groups for an interval"
    return f"{interval.point:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
