"""What choosing by price saves against choosing by a threshold, on scored rows: both at the same loss.

    python -m training.shipping.by_price models/fast data/traffic/everyday.jsonl data/traffic/life.jsonl

Each rule's one number (the threshold; the price of quality) is the one at which the mean loss of the rows is the
target, so that what is compared is the shape of the rule and not the luck of a calibration. Differences have a 95%
interval: paired bootstrap, groups resampled, both rules chosen again in each draw. Name rows that the bundle has not
seen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.brain import load_bundle
from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from router.brain.price_curve import RATES
from router.catalog import DEFAULT_TIERS
from training.config import DEFAULT_TIER_COST_USD, FitConfig
from training.fitting.prepared import prepared_for
from training.labels.dataset import build_dataset
from training.labels.tier_map import TierMap
from training.measure.measure import measured_rows
from training.rows.readers import read_rows
from training.thresholds.bounds import Grouping, grouping_of
from training.thresholds.choose import THRESHOLDS, loss_of_labels
from training.thresholds.simulate import TierIndex, route_tiers

TARGETS = (0.05, 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule at each of its numbers, from the most careful one on, for n rows.

    lost, spent: (n, m) quality lost and USD spent at each number.
    """

    lost: Float64Array
    spent: Float64Array

    def saving(self, target: float, weights: Float64Array, strongest_usd: float) -> float:
        """The share of the cost saved at the last number before the mean loss passes the target. weights: (n,)."""
        loss = np.maximum.accumulate(weights @ self.lost)
        position = max(0, int(np.searchsorted(loss, target, side="right")) - 1)
        return 1.0 - float(weights @ self.spent[:, position]) / strongest_usd


def rule_of(tiers: Sequence[TierIndex], lost: Float64Array, cost_usd: Float64Array) -> Rule:
    """A rule from the tiers that it chooses at each number. lost, cost_usd: (n, n_tiers)."""
    chosen = np.stack(tiers, axis=1)
    return Rule(np.take_along_axis(lost, chosen, axis=1), np.take_along_axis(cost_usd, chosen, axis=1))


def tiers_by_price(loss: Float64Array, cost_usd: Float64Array, rate: float) -> TierIndex:
    """The tier with the least loss + rate * cost / largest cost; the strongest of equal ones. (n, n_tiers) to (n,)."""
    totals = loss + rate * cost_usd / cost_usd.max(axis=1, keepdims=True)
    return np.asarray(totals.shape[1] - 1 - totals[:, ::-1].argmin(axis=1), dtype=np.int64)


def compared(
    scores: Scores, lost: Float64Array, cost_usd: Float64Array, grouping: Grouping, *, n_draws: int, seed: int
) -> dict[str, dict[str, float | list[float]]]:
    """For each target the savings of both rules, their difference and its interval.

    lost: (n, n_tiers) 0 or 1.  cost_usd: (n, n_tiers).
    """
    loss = scores.expected_quality_loss
    by_threshold = rule_of([route_tiers(loss, value) for value in THRESHOLDS], lost, cost_usd)
    by_price = rule_of([tiers_by_price(loss, cost_usd, rate) for rate in RATES.tolist()], lost, cost_usd)
    rng, each = np.random.default_rng(seed), grouping.weights

    def savings(weights: Float64Array, target: float) -> tuple[float, float]:
        strongest_usd = float(weights @ cost_usd[:, -1])
        return by_threshold.saving(target, weights, strongest_usd), by_price.saving(target, weights, strongest_usd)

    draws = [rng.multinomial(len(grouping), np.full(len(grouping), 1 / len(grouping))) for _ in range(n_draws)]
    found: dict[str, dict[str, float | list[float]]] = {}
    for target in TARGETS:
        threshold, price = savings(each, target)
        differences = [np.subtract(*savings(each * draw[grouping.of_row], target)[::-1]) for draw in draws]
        interval = [round(float(end), 4) for end in np.quantile(differences, (0.025, 0.975))]
        found[f"saved_at_{target:.0%}"] = {
            "threshold": round(threshold, 4),
            "price": round(price, 4),
            "difference": round(price - threshold, 4),
            "interval": interval,
        }
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(prog="python -m training.shipping.by_price", description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="folder of a bundle that has not seen the rows")
    parser.add_argument("rows", type=Path, nargs="+", help="files of labelled rows")
    parser.add_argument("--draws", type=int, default=500, help="bootstrap draws")
    options = parser.parse_args(arguments)
    bundle, config = load_bundle(options.bundle), FitConfig(name="by_price")
    data = build_dataset(read_rows(tuple(options.rows)).rows, TierMap(tiers=DEFAULT_TIERS, sources={}))
    rows = measured_rows(bundle.brain, prepared_for(bundle.brain, data, config), config, threshold=0.0)
    lost = loss_of_labels(rows.labels)
    cost_usd = np.tile([DEFAULT_TIER_COST_USD[tier] for tier in DEFAULT_TIERS], (len(lost), 1))
    grouping = grouping_of(rows.groups.tolist())
    found = compared(rows.scores, lost, cost_usd, grouping, n_draws=options.draws, seed=config.seed)
    facts = {"bundle": bundle.manifest.id, "rows": len(lost), "groups": len(grouping)}
    sys.stdout.write(json.dumps({**facts, **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
