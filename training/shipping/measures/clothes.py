"""Decisions when the ask is wrapped by a harness or dressed by a habit: the label stays, and so should the tier.

The dressed rows are those of the held-out fold: no fit has seen the ask in any clothes, though it has seen the seen
kinds on other asks where the recipe trains on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.reading import read
from router.types import ChatRequest, JsonObject
from training.dressing import DRESSES, HELD_OUT, SEEN, WRAPPERS, dressed
from training.labels.dataset import Dataset
from training.measure.bootstrap import bootstrap
from training.measure.reported import rounded
from training.rows.splits import RowIndex, group_fractions
from training.rows.table import Table
from training.thresholds.bounds import wilson_interval
from training.thresholds.simulate import TierIndex

N_ASKS = 240
_SEED = 77
N_RESAMPLES = 500

CLASSES: Mapping[str, Sequence[str]] = {
    "wrappers_seen": SEEN.wrappers,
    "wrappers_held_out": HELD_OUT.wrappers,
    "dresses_seen": SEEN.dresses,
    "dresses_held_out": HELD_OUT.dresses,
}
"""Kinds by what they are; training wears none of those held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Dressed(Table):
    """n dressed rows.

    data: the rows, with label, group and source of the bare ones.  of: (n,) each one's position among the bare rows.
    kinds: (n,) what it wears.
    """

    data: Dataset
    of: RowIndex
    kinds: npt.NDArray[np.str_]


def dressed_rows(data: Dataset, *, n_asks: int = N_ASKS, seed: int = _SEED) -> Dressed:
    """Up to `n_asks` asks, one per group, each in every kind of clothes that can be put on it.

    The same rows, kinds and seed give the same clothes, whatever other rows there are.
    """
    of: list[int] = []
    kinds: list[str] = []
    worn = []
    for row in _asks(data, n_asks, seed=seed):
        bare = data.rows[row]
        for number, kind in enumerate((*WRAPPERS, *DRESSES)):
            rng = np.random.default_rng([seed, number, *bare.id.encode()])
            messages = dressed(bare.messages, kinds=(kind,), lang=getattr(bare, "lang", None), rng=rng)
            if messages != bare.messages:
                of.append(row)
                kinds.append(kind)
                worn.append(replace(bare, messages=messages))
    positions = np.array(of, dtype=np.intp)
    bare_rows = data.take(positions)
    readings = tuple(read(ChatRequest(messages=row.messages)) for row in worn)
    return Dressed(replace(bare_rows, rows=tuple(worn), readings=readings), positions, np.array(kinds, dtype=np.str_))


def _asks(data: Dataset, n: int, *, seed: int) -> list[int]:
    """Rows that a user ended, one per group, by a hash of their groups."""
    order = np.argsort(group_fractions(data.groups, seed=seed), kind="stable")
    _, first = np.unique(data.groups[order], return_index=True)
    ended = [row for row in order[np.sort(first)].tolist() if data.rows[row].messages[-1].role == "user"]
    return sorted(ended[:n])


def clothes_report(bare: TierIndex, worn: TierIndex, rows: Dressed) -> JsonObject:
    """Decisions unchanged, and moved down, by class of kinds (95% interval by ask) and by kind.

    bare: (n_bare,) the tier of every bare row.  worn: (n,) that of the dressed ones.
    too_low, too_low_bare: share of the dressed rows that go below their label, as they are and bare.
    """
    before = bare[rows.of]
    figures = np.stack(
        [worn == before, worn < before, worn < rows.data.labels.cheapest, before < rows.data.labels.cheapest], axis=1
    ).astype(np.float64)
    classes = {name: np.flatnonzero(np.isin(rows.kinds, list(kinds))) for name, kinds in CLASSES.items()}
    report: JsonObject = {
        "n_asks": len(np.unique(rows.of)),
        **{name: _class(figures[own], rows.take(own)) for name, own in classes.items() if own.size},
        "kinds": {str(kind): _kind(figures[rows.kinds == kind]) for kind in np.unique(rows.kinds)},
    }
    plain: JsonObject = rounded(report)
    return plain


_FIGURES = ("unchanged", "down", "too_low", "too_low_bare")


def _class(figures: Float64Array, rows: Dressed) -> JsonObject:
    found = bootstrap(rows.data.groups, lambda picked: figures[picked].mean(axis=0), n_resamples=N_RESAMPLES, seed=0)
    return {"n": len(rows), "n_kinds": len(np.unique(rows.kinds)), **dict(zip(_FIGURES, found, strict=True))}


def _kind(figures: Float64Array) -> JsonObject:
    low, high = wilson_interval(int(figures[:, 0].sum()), len(figures))
    unchanged, down, too_low, _ = figures.mean(axis=0).tolist()
    return {"n": len(figures), "unchanged": unchanged, "interval": [low, high], "down": down, "too_low": too_low}
