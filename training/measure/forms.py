"""Do decisions stay when the ask is dressed or wrapped, and when it comes in another language?

Each kind of form is put on a seeded sample of the rows. A decision may change in two directions, and one of them costs
quality: *down* is a cheaper tier than the bare ask's. Intervals are Wilson's, of as many observations as there are
groups of rows: rows of a group, and one row in many forms, change together.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.reading import Reading, read
from router.types import ChatRequest, JsonObject
from training.dressing import DRESSES, HELD_OUT, SEEN, WRAPPERS, dressed
from training.labels.dataset import Dataset
from training.rows.row import TWIN, LabelledRow
from training.thresholds.bounds import wilson_interval
from training.thresholds.simulate import TierIndex, route_scores

ROWS_PER_KIND = 100
"""At most so many rows wear each kind: about 65 kinds on 1,200 rows would take a transformer a quarter of an hour."""

FORM_GROUPS: Mapping[str, tuple[str, ...]] = {
    "wrappers_seen": SEEN.wrappers,
    "wrappers_held_out": HELD_OUT.wrappers,
    "dresses_seen": SEEN.dresses,
    "dresses_held_out": HELD_OUT.dresses,
}
"""Kinds that are judged together, by the group's name in a report."""

Score = Callable[[Sequence[Reading]], Scores]
"""A brain's `score`: n readings to their scores."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How scores become a tier, as the service does it.

    threshold: on the expected quality loss.  max_distance: beyond it is out of domain.  safe_tier: its index.
    """

    threshold: float
    max_distance: float
    safe_tier: int

    def decide(self, scores: Scores) -> TierIndex:
        """The chosen tier of each row."""
        return route_scores(scores, self.threshold, max_distance=self.max_distance, safe_tier=self.safe_tier)


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    """What one kind did to its rows.

    steps: (n,) tiers up (above 0) or down.  groups: (n,) names.  foreign, foreign_before: (n,) bool, out of domain
    with the form and without.
    """

    steps: npt.NDArray[np.int64]
    groups: npt.NDArray[np.str_]
    foreign: npt.NDArray[np.bool_]
    foreign_before: npt.NDArray[np.bool_]

    def report(self) -> JsonObject:
        """n, the groups behind them, and the shares `unchanged`, `up` and `down`, which add up to 1."""
        if len(self.steps) == 0:
            return {"n": 0}
        n_groups = len(np.unique(self.groups))
        unchanged, down = float((self.steps == 0).mean()), float((self.steps < 0).mean())
        return {
            "n": len(self.steps),
            "groups": n_groups,
            "unchanged": round(unchanged, 4),
            "interval": _interval(unchanged, n_groups),
            "up": round(float((self.steps > 0).mean()), 4),
            "down": round(down, 4),
            "down_interval": _interval(down, n_groups),
            "out_of_domain": round(float(self.foreign.mean()), 4),
            "out_of_domain_before": round(float(self.foreign_before.mean()), 4),
        }

    @classmethod
    def joined(cls, parts: Sequence[_Moves]) -> _Moves:
        """All of them as one."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("steps", "groups", "foreign", "foreign_before")
            )
        )


def decisions_in_forms(score: Score, data: Dataset, rule: Rule, *, seed: int, scores: Scores) -> JsonObject:
    """What forms around the ask do to decisions, on rows that nothing was fitted or chosen on.

    Returns `decisions_unchanged` by kind, and `forms` by the groups of FORM_GROUPS. Of each: n, groups, unchanged with
    its 95% interval, up (a stronger tier), down (a cheaper one) with its interval; out_of_domain: share of the n rows
    beyond the domain; out_of_domain_before: of the same rows without the form. {"n": 0} where no row has an ask.
    score: of readings, for the rows in forms.  scores: what it says of the rows as they are.
    """
    before, foreign = rule.decide(scores), scores.domain_distance > rule.max_distance
    moves = {
        kind: _moves(score, data, rule, kind=kind, seed=seed, before=before, foreign=foreign)
        for kind in (*DRESSES, *WRAPPERS)
    }
    return {
        "decisions_unchanged": {kind: moved.report() for kind, moved in moves.items()},
        "forms": {name: _Moves.joined([moves[kind] for kind in kinds]).report() for name, kinds in FORM_GROUPS.items()},
    }


def _moves(
    score: Score,
    data: Dataset,
    rule: Rule,
    *,
    kind: str,
    seed: int,
    before: TierIndex,
    foreign: npt.NDArray[np.bool_],
) -> _Moves:
    digests = [_digest(f"{seed}:{kind}:{row.source}:{row.id}") for row in data.rows]
    sample = sorted(range(len(data)), key=lambda at: digests[at])[:ROWS_PER_KIND]
    languages = data.facts("lang").tolist()
    readings: list[Reading] = []
    kept: list[int] = []
    for at in sorted(sample):
        old = data.rows[at].messages
        rng = np.random.default_rng(list(digests[at][:8]))
        new = dressed(old, kinds=(kind,), lang=languages[at], rng=rng)
        if new != old:
            readings.append(read(ChatRequest(messages=new)))
            kept.append(at)
    rows = np.array(kept, dtype=np.int64)
    if not kept:
        nothing = np.zeros(0, dtype=np.bool_)
        return _Moves(rows, data.groups[rows], nothing, nothing)
    scores = score(readings)
    steps = rule.decide(scores).astype(np.int64) - before[rows]
    return _Moves(steps, data.groups[rows], scores.domain_distance > rule.max_distance, foreign[rows])


def language_twins(chosen: TierIndex, data: Dataset) -> JsonObject:
    """Of rows that ask the same in several languages: the share of pairs whose rows all get one tier.

    chosen: (n,) tier of each row.  Only pairs with rows in two languages or more and one label; {"n": 0} without any.
    """
    of_pair: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, row in enumerate(data.rows):
        if isinstance(row, LabelledRow) and row.pair is not None and row.trap == TWIN:
            of_pair[row.source, row.pair].append(at)
    languages = data.facts("lang")
    same = [
        len(set(chosen[rows].tolist())) == 1
        for rows in of_pair.values()
        if len(set(languages[rows].tolist())) > 1 and len(set(data.labels.cheapest[rows].tolist())) == 1
    ]
    if not same:
        return {"n": 0}
    share = sum(same) / len(same)
    return {"n": len(same), "same_tier": round(share, 4), "interval": _interval(share, len(same))}


def _interval(share: float, n_groups: int) -> list[float]:
    """The 95% interval of a share over so many groups, each end from the count that is rounded towards it."""
    counted = share * n_groups
    low, _ = wilson_interval(math.floor(counted + 1e-9), n_groups)
    _, high = wilson_interval(math.ceil(counted - 1e-9), n_groups)
    return [round(low, 4), round(high, 4)]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
