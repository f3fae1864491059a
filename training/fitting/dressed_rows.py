"""Copies of rows whose asks come in wrappers and dresses, for the heads of a fixed encoder: one answer in every form.

Copies are fitted on and nothing else: no threshold, calibration or measure ever sees one.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from router.brain.encoders import Encoder
from router.reading import Reading, read
from router.types import ChatRequest
from training.config import FitConfig
from training.dressing import FRAMED_SHARE, drawn_kinds, dressed
from training.fitting.prepared import Prepared, prepare
from training.labels.dataset import Dataset
from training.rows.row import TrainingRow


def dressed_copies(known: Prepared, encoder: Encoder, config: FitConfig) -> list[Prepared]:
    """`config.dressed_copies` copies of the target rows, each with every ask in a form of its own, of seen kinds only.

    Labels, sources and groups are the rows' own. The forms follow from the seed, the copy's number and the row.
    """
    targets = known.data.take(np.flatnonzero(known.on_target))
    return [
        prepare(dressed_dataset(targets, copy=copy, seed=config.seed), encoder, config, cache=None)
        for copy in range(config.dressed_copies)
    ]


def dressed_dataset(data: Dataset, *, copy: int, seed: int) -> Dataset:
    """The rows with their readings in other forms; the rows' own messages stay as they are."""
    languages = data.facts("lang").tolist()
    readings = (_reading(row, lang, f"{seed}:{copy}") for row, lang in zip(data.rows, languages, strict=True))
    return replace(data, readings=tuple(readings))


def _reading(row: TrainingRow, lang: str, key: str) -> Reading:
    digest = hashlib.sha256(f"{key}:{row.source}:{row.id}".encode("utf-8", "surrogatepass")).digest()
    rng = np.random.default_rng(list(digest[:8]))
    worn = dressed(row.messages, kinds=drawn_kinds(rng), lang=lang, rng=rng)
    return read(ChatRequest(messages=worn), keeps_frames=rng.random() < FRAMED_SHARE)
