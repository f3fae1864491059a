"""How often a bundle's promise would be broken: its threshold chosen again on redraws of its held-out rows.

    python -m training.shipping.redraws models/fast models/default

Each redraw takes as many groups as there are, with replacement, chooses a threshold on them at the bundle's confidence,
and asks what that loses on all held-out rows, the population that it was drawn from. The scores stay as they are, so
this is the luck of the draw that a threshold is chosen on, and not that of the fit: for that, whole fits are drawn
again on a population whose truth is known in tests/training/test_promise_simulation.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain import Bundle, load_bundle
from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from router.brain.held_out import UNKNOWN, HeldOutRows
from router.brain.promise import Goal, TargetTooSmall
from router.errors import DataError
from training.config import DEFAULT_TIER_COST_USD
from training.rows.splits import RowIndex
from training.shipping.commands import exit_code_of
from training.thresholds.bounds import Grouping, grouping_of, wilson_interval
from training.thresholds.choose import promise_curve
from training.thresholds.simulate import route_scores, take_scores

N_REDRAWS = 300


@dataclass(frozen=True, slots=True)
class Redraws:
    """What came of the redraws.

    n: how many.  broken: of those, how many chose a threshold that loses more than the target on the population.
    refused: of those, how many found their rows too few for the target; they promise nothing and break nothing.
    allowed: share that may break, 1 - confidence.  mean_loss: over the redraws that chose.
    """

    mode: str
    n: int
    broken: int
    refused: int
    allowed: float
    mean_loss: float

    def __str__(self) -> str:
        """One line for people, with the 95% interval of Wilson (1927)."""
        low, high = wilson_interval(self.broken, self.n)
        share = f"{self.broken / self.n:.1%}, 95% interval {low:.1%} to {high:.1%}; allowed {self.allowed:.0%}"
        said = f"{self.mode}: broken in {self.broken} of {self.n} redraws ({share})"
        return f"{said}, refused in {self.refused}; mean loss {self.mean_loss:.2%}"


def redraws(bundle: Bundle, *, n: int = N_REDRAWS, seed: int = 0) -> Redraws:
    """The redraws of one bundle. Raises DataError for one without held-out rows, or without a quality goal."""
    rows, promise = bundle.held_out, bundle.manifest.promise
    target = promise.goal.max_quality_loss
    if rows is None or target is None:
        what = "keeps no held-out rows" if rows is None else "promises no quality"
        raise DataError(f"the bundle {what}; fit it again with --max-quality-loss", where=bundle.manifest.id)
    world = _World.of(bundle, rows)
    rng = np.random.default_rng(seed)
    losses: list[float] = []
    for _ in range(n):
        drawn, names = world.draw(rng)
        try:
            losses.append(world.loss_at(world.threshold(drawn, names, target=target)))
        except TargetTooSmall:
            continue
    broken = sum(loss > target for loss in losses)
    mean = float(np.mean(losses)) if losses else float("nan")
    return Redraws(rows.mode, n, broken, n - len(losses), 1.0 - promise.confidence, mean)


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """The held-out rows whose loss is known at every tier, in the order of their groups."""

    bundle: Bundle
    scores: Scores
    lost: Float64Array
    starts: npt.NDArray[np.intp]
    grouping: Grouping

    @classmethod
    def of(cls, bundle: Bundle, rows: HeldOutRows) -> _World:
        known = np.flatnonzero((rows.lost != UNKNOWN).all(axis=1))
        known = known[np.argsort(rows.group[known], kind="stable")]
        if known.size == 0:
            raise DataError("no held-out row has a known loss at every tier", where=bundle.manifest.id)
        groups = rows.group[known]
        starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        loss = rows.expected_quality_loss[known].astype(np.float64)
        return cls(
            bundle=bundle,
            scores=Scores(
                1.0 - loss,
                loss,
                rows.p_unsolved[known].astype(np.float64),
                rows.domain_distance[known].astype(np.float64),
            ),
            lost=rows.lost[known].astype(np.float64),
            starts=np.r_[starts, len(known)],
            grouping=grouping_of([str(group) for group in groups.tolist()]),
        )

    def draw(self, rng: np.random.Generator) -> tuple[RowIndex, list[str]]:
        """As many groups as there are, with replacement; each draw of a group has a name of its own."""
        n_groups = len(self.starts) - 1
        picked = rng.integers(n_groups, size=n_groups).tolist()
        parts = [np.arange(self.starts[group], self.starts[group + 1]) for group in picked]
        return np.concatenate(parts), [f"g{n}" for n, part in enumerate(parts) for _ in range(len(part))]

    def threshold(self, rows: RowIndex, names: list[str], *, target: float) -> float:
        """The threshold that the rows choose. Raises TargetTooSmall."""
        manifest = self.bundle.manifest
        return promise_curve(
            take_scores(self.scores, rows),
            self.lost[rows],
            tiers=manifest.tiers,
            cost_usd=[DEFAULT_TIER_COST_USD.get(tier, 1.0) for tier in manifest.tiers],
            groups=np.array(names),
            max_distance=manifest.max_domain_distance,
            safe_tier=self._safe_tier,
            goal=Goal(max_quality_loss=target),
            confidence=manifest.promise.confidence,
            population="redrawn",
            thresholds=manifest.promise.thresholds,
        ).threshold_for()

    def loss_at(self, threshold: float) -> float:
        """The population's mean loss there, over groups."""
        distance = self.bundle.manifest.max_domain_distance
        tiers = route_scores(self.scores, threshold, max_distance=distance, safe_tier=self._safe_tier)
        return float(self.grouping.mean(np.take_along_axis(self.lost, tiers[:, None], axis=1))[0])

    @property
    def _safe_tier(self) -> int:
        return self.bundle.manifest.tiers.index(self.bundle.manifest.promise.safe_tier)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each bundle. Returns the exit code."""
    parser = argparse.ArgumentParser("python -m training.shipping.redraws", description="How often a promise breaks.")
    parser.add_argument("bundles", nargs="+", type=Path, help="folders of bundles")
    parser.add_argument("--redraws", type=int, default=N_REDRAWS, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="seed of the redraws")
    options = parser.parse_args(arguments)

    def work() -> None:
        for folder in options.bundles:
            bundle = load_bundle(folder)
            found = redraws(bundle, n=options.redraws, seed=options.seed)
            sys.stdout.write(f"{bundle.manifest.id}: {found}\n")

    return exit_code_of(work)


if __name__ == "__main__":
    raise SystemExit(main())
