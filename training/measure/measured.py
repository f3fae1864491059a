"""Rows with everything that a measure needs: what the brain said, what was true, what each tier costs.

The one joint between scoring (pipeline) and measuring (metrics, baselines, gate, slices, report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from training.labels.labels import Labels
from training.rows.table import SHARED, Table
from training.thresholds.simulate import TierIndex


@dataclass(frozen=True, slots=True, eq=False)
class Asks(Table):
    """What names n rows and their asks to a person who has the files; never their text.

    ids: (n,) unique within a source.  turns: (n,) words of TurnKind.
    characters: (n,) int64 >= 0, of the ask as it is read: without envelopes, cropped.
    """

    ids: npt.NDArray[np.str_]
    turns: npt.NDArray[np.str_]
    characters: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRows(Table):
    """n rows that nothing was fitted or chosen on.

    tiers: cheap to strong.  labels: true targets.  groups, sources: (n,) names.
    scores: what the brain says.  chosen: (n,) index of the tier that the service would choose.
    cost_usd: (n, n_tiers) of a request at each tier: the row's own where all tiers' are known, else the stated one.
    quality: (n, n_tiers) float64 in [0, 1]: each tier's score on the row where it has all of them, else 1 or 0 by
        whether the tier is adequate; nan unknown. A row never mixes the two: a score of 0.6 next to a 1 by label would
        look like a gap. Losses and under-routing are of adequacy, which labels alone state.
    own_costs: (n,) bool, whether cost_usd is the row's own; None where all are stated.
    flagged: (n,) bool, whether the row is out of domain; None where that was not asked.
    slices: further facts to stratify by, (n,) values each, such as `lang`, `length`, `trap`, `task`; "" where unknown.
    asks: what names the rows one by one; None where they are never listed.
    """

    tiers: tuple[str, ...] = field(metadata=SHARED)
    labels: Labels
    groups: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    scores: Scores
    chosen: TierIndex
    cost_usd: Float64Array
    quality: Float64Array
    slices: Mapping[str, npt.NDArray[np.str_]]
    flagged: npt.NDArray[np.bool_] | None = None
    own_costs: npt.NDArray[np.bool_] | None = None
    asks: Asks | None = None
