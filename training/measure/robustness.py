"""Are decisions stable in other forms, are twins ordered rightly, and where is the brain weak?

    robustness(brain.score, rows.data, Rule(threshold, max_distance, safe_tier), scores=rows.scores(brain), ...)

Shares come with n and a 95% interval, by Wilson's score method (Wilson 1927).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from router.reading import Reading
from router.reading.signals import SIGNAL_NAMES
from router.types import JsonObject
from training.labels.dataset import Dataset
from training.measure.forms import Rule, Score, decisions_in_forms, language_twins
from training.measure.metrics import auc
from training.rows.row import LabelledRow
from training.thresholds.bounds import wilson_interval
from training.thresholds.simulate import TierIndex

__all__ = ["Rule", "contrast_pairs", "robustness", "slices"]

LENGTH_BUCKETS: tuple[tuple[int, str], ...] = ((6, "1-6"), (20, "7-20"), (60, "21-60"), (150, "61-150"))
"""Words at most, and the bucket's name; longer asks are `151+`."""

_LENGTHS = [*(name for _, name in LENGTH_BUCKETS), "151+"]
_WORDS_LOG = SIGNAL_NAMES.index("ask_words_log")


def robustness(
    score: Score,
    data: Dataset,
    rule: Rule,
    *,
    tier_cost_usd: Sequence[float],
    scores: Scores,
    seed: int = 0,
) -> JsonObject:
    """All measures on rows that nothing was fitted or chosen on.

    score: of readings, for the rows in other forms.  scores: what it says of the rows as they are.
    """
    losses, chosen = scores.expected_quality_loss, rule.decide(scores)
    return {
        **decisions_in_forms(score, data, rule, seed=seed, scores=scores),
        "language_twins": language_twins(chosen, data),
        "contrast_pairs": contrast_pairs(losses[:, 0], data),
        "slices": slices(losses, chosen, data, tier_cost_usd=tier_cost_usd),
    }


# --- Contrast pairs --------------------------------------------------------------------------------------------------


def contrast_pairs(loss_at_cheapest: Float64Array, data: Dataset) -> JsonObject:
    """Of twins that share `pair` and differ in tier, the share whose harder one has the larger expected loss.

    loss_at_cheapest: (n,) expected quality loss of the cheapest tier.  Equal losses count as wrong.
    """
    right: dict[str, list[bool]] = defaultdict(list)
    for easy, hard in _twins(data):
        right[str(data.sources[hard])].append(bool(loss_at_cheapest[hard] > loss_at_cheapest[easy]))
    total = [value for values in right.values() for value in values]
    if not total:
        return {"n": 0}
    return {
        **_share(sum(total), len(total), name="ordered"),
        "files": {name: _share(sum(values), len(values), name="ordered") for name, values in sorted(right.items())},
    }


def _twins(data: Dataset) -> Iterator[tuple[int, int]]:
    """Positions of the easier and the harder row of each pair of twins."""
    of_pair: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(data.rows):
        if isinstance(row, LabelledRow) and row.pair is not None:
            of_pair[row.source, row.pair].append(position)
    cheapest = data.labels.cheapest
    for positions in of_pair.values():
        for one, other in combinations(positions, 2):
            if cheapest[one] != cheapest[other] and min(cheapest[one], cheapest[other]) >= 0:
                easy, hard = sorted((one, other), key=lambda position: int(cheapest[position]))
                yield easy, hard


# --- Slices ----------------------------------------------------------------------------------------------------------


def slices(
    expected_quality_loss: Float64Array, chosen: TierIndex, data: Dataset, *, tier_cost_usd: Sequence[float]
) -> JsonObject:
    """By `file`, `lang`, `length` and `trap`: how well the brain ranks, how often it routes too low, what it saves.

    Only rows whose cheapest adequate tier is known. auc_not_cheapest: of the loss at the cheapest tier; null where
    all rows of a slice are of one kind.  saved: against always the strongest tier, by tier_cost_usd a request.
    """
    cheapest = data.labels.cheapest
    graded = (cheapest >= 0) & (cheapest < len(data.tiers))
    cost = np.asarray(tier_cost_usd, dtype=np.float64)
    report: JsonObject = {}
    for kind, values in _facts(data).items():
        names = [str(name) for name in np.unique(values[graded]) if name]
        if kind == "length":
            names.sort(key=_LENGTHS.index)
        report[kind] = {
            name: _slice(np.flatnonzero(graded & (values == name)), expected_quality_loss[:, 0], chosen, cheapest, cost)
            for name in names
        }
    return report


def _slice(
    rows: npt.NDArray[np.intp], loss: Float64Array, chosen: TierIndex, cheapest: TierIndex, cost: Float64Array
) -> JsonObject:
    not_cheapest = cheapest[rows] > 0
    low, high = wilson_interval(n_low := int((chosen[rows] < cheapest[rows]).sum()), len(rows))
    return {
        "n": len(rows),
        "not_cheapest": _round(float(not_cheapest.mean())),
        "auc_not_cheapest": _round(auc(loss[rows], not_cheapest)),
        "under_routing": _round(n_low / len(rows)),
        "under_routing_interval": [_round(low), _round(high)],
        "saved": _round(float(1.0 - cost[chosen[rows]].mean() / cost[-1])),
    }


def _facts(data: Dataset) -> Mapping[str, npt.NDArray[np.str_]]:
    """What rows are sliced by: (n,) values each, "" unknown."""
    return {"file": data.sources, "lang": data.facts("lang"), "length": lengths_of(data), "trap": data.facts("trap")}


def lengths_of(data: Dataset) -> npt.NDArray[np.str_]:
    """(n,) the bucket of each ask's length."""
    return np.array([length_bucket(reading) for reading in data.readings], dtype=np.str_)


def length_bucket(reading: Reading) -> str:
    """The bucket of the ask's length in words, as the signals count them: in scripts without spaces by characters."""
    n_words = round(math.expm1(float(reading.signals[_WORDS_LOG])))
    return next((name for limit, name in LENGTH_BUCKETS if n_words <= limit), _LENGTHS[-1])


# --- Small parts -----------------------------------------------------------------------------------------------------


def _share(n_true: int, n: int, *, name: str) -> JsonObject:
    low, high = wilson_interval(n_true, n)
    return {"n": n, name: _round(n_true / n), "interval": [_round(low), _round(high)]}


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
