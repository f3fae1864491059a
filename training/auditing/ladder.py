"""Is the ladder of tiers worth routing over? What each tier costs and scores on the rows, and which tiers to drop.

    tierwise audit data/outcomes --tiers data/tiers.json

Only outcome rows say that: what models really scored, and where the rows have it what they really cost. Tiers are
compared on the rows that know both; intervals are 95%, by a bootstrap that draws groups (measure.bootstrap). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from router.brain.calibration import Float64Array
from router.errors import DataError
from router.types import JsonObject
from training.auditing.prices import DEFAULT_PRICES, Prices
from training.auditing.sentences import sentences_of
from training.auditing.statistics import bounds, mixes_of, rounded, step_facts, wins
from training.auditing.steps import TIERS, Ladder, ladders_of
from training.auditing.table import LadderTable, column_means
from training.auditing.verdicts import verdicts_of
from training.labels.tier_map import TierMap, tier_scores
from training.measure.bootstrap import Interval, bootstrap
from training.rows.readers import RowSet
from training.rows.row import OutcomeRow
from training.rows.splits import RowIndex, group_names

__all__ = ["DEFAULT_PRICES", "TIERS", "Ladder", "Prices", "audit", "audit_row_set", "ladders_of"]

AUDIT_SCHEMA = 1

_Intervals = Callable[[Callable[[RowIndex], Float64Array]], tuple[Interval, ...]]


def audit_row_set(
    row_set: RowSet, tier_map: TierMap, *, prices: Prices = DEFAULT_PRICES, n_resamples: int = 1000, seed: int = 0
) -> JsonObject:
    """The audit of the outcome rows among rows that were read, with how many rows were left out.

    Raises DataError where there are labelled rows only, and as `audit` does.
    """
    outcomes = [row for row in row_set.rows if isinstance(row, OutcomeRow)]
    if not outcomes:
        raise DataError(
            "expected outcome rows, found labelled rows only: they say neither what a tier scored nor what it cost",
            where=", ".join(row_set.fingerprints) or "rows",
        )
    return {
        **audit(outcomes, tier_map, prices=prices, n_resamples=n_resamples, seed=seed),
        "n_labelled_rows_left_out": len(row_set) - len(outcomes),
        "n_bad_rows_skipped": row_set.n_bad,
    }


def audit(
    rows: Sequence[OutcomeRow],
    tier_map: TierMap,
    *,
    prices: Prices = DEFAULT_PRICES,
    n_resamples: int = 1000,
    seed: int = 0,
) -> JsonObject:
    """The audit of each source's tiers, and of each of its ladders.

    Raises DataError for rows of a source that the map does not know.
    """
    groups, sources = np.array(group_names(rows)), np.array([row.source for row in rows])
    report: JsonObject = {"schema_version": AUDIT_SCHEMA, "n_resamples": n_resamples, "seed": seed, "sources": {}}
    for source in np.unique(sources).tolist():
        positions = np.flatnonzero(sources == source)
        of_source = [rows[position] for position in positions.tolist()]
        tier_scores(of_source[0], tier_map)  # refuses a source that the map does not know
        intervals = partial(bootstrap, groups[positions], n_resamples=n_resamples, seed=seed)
        threshold = tier_map.sources[source].threshold
        report["sources"][source] = {
            "n": len(of_source),
            "threshold": threshold,
            "ladders": {
                ladder.name: _audit_ladder(
                    ladder, LadderTable.of(of_source, ladder, prices), threshold=threshold, intervals=intervals
                )
                for ladder in ladders_of(source, tier_map)
            },
        }
    return report


def _audit_ladder(ladder: Ladder, table: LadderTable, *, threshold: float, intervals: _Intervals) -> JsonObject:
    """One ladder's report.  intervals: point and 95% interval of each column that a statistic of rows has."""
    n_steps = len(ladder.steps)
    pairs = [(low, high) for high in range(n_steps) for low in range(high)]
    mixes = mixes_of(table.cost_usd)
    differences = [table.quality[:, high] - table.quality[:, low] for low, high in pairs]
    gaps = [table.quality @ weights for weights in mixes.values()]
    columns = np.column_stack([table.quality, *differences, *gaps])
    found = intervals(lambda rows: column_means(columns[rows]))
    difference = dict(zip(pairs, found[n_steps:], strict=False))
    mix_gap = dict(zip(mixes, found[n_steps + len(pairs) :], strict=True))
    steps = [step_facts(table, found[step], step, threshold=threshold) for step in range(n_steps)]
    verdicts = verdicts_of(table, difference, mix_gap)
    return {
        "cost_basis": table.basis,
        "n_cost": table.n_cost,
        "steps": dict(zip(ladder.steps, steps, strict=True)),
        "pairs": [
            {
                "step": ladder.steps[high],
                "against": ladder.steps[low],
                **wins(table.quality[:, low], table.quality[:, high]),
                "difference": rounded(difference[low, high].point),
                "interval": bounds(difference[low, high]),
            }
            for low, high in pairs
        ],
        "verdicts": {
            ladder.steps[step]: {"verdict": name, "against": [ladder.steps[other] for other in against]}
            for step, (name, against) in verdicts.items()
        },
        "sentences": sentences_of(ladder, table, verdicts, difference, mix_gap),
    }
