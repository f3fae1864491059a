"""multilingual-e5-small with fewer pieces: of 250,000 those that the rows use, then the likeliest.

The word vectors are nine tenths of the model. A text is cut by the same unigram model, with shorter pieces in place of
those that went.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.fitting.multilingual import kept_pieces
from training.fitting.packaged_weights import (
    BEGIN,
    END,
    UNKNOWN,
    WORD_VECTORS,
    PackagedModel,
    unigram_tokenizer,
    write_network,
)

N_PIECES = 48_000
"""18 MB of word vectors in int8; six layers are 11 MB more."""

MARKS = {"[UNK]": UNKNOWN, "[CLS]": BEGIN, "[SEP]": END}
"""The names that a bundle's tokenizer has for the marks, and the model's own."""


def with_few_pieces(model: PackagedModel, texts: Iterable[str], *, n_pieces: int = N_PIECES) -> PackagedModel:
    """The model with MARKS, and at most n_pieces others: those that the texts use, then the likeliest."""
    kept = kept_pieces(model, texts, n_pieces=n_pieces)
    positions = np.concatenate([[model.pieces.index(own) for own in MARKS.values()], kept])
    scores = model.scores[kept] - np.log(np.exp(model.scores[kept]).sum())  # probabilities add up to 1 again
    return replace(
        model,
        sizes=replace(model.sizes, n_vocabulary=len(positions)),
        pieces=[*MARKS, *(model.pieces[at] for at in kept.tolist())],
        scores=np.concatenate([np.zeros(len(MARKS)), scores]),
        tensors={**model.tensors, WORD_VECTORS: model.tensors[WORD_VECTORS][positions]},
    )


def write_small_transformer(
    model: PackagedModel, texts: Iterable[str], *, folder: Path, n_pieces: int = N_PIECES
) -> None:
    """Write the small model into a folder: float32 weights, config and tokenizer, as the fine-tuning reads them."""
    small = with_few_pieces(model, texts, n_pieces=n_pieces)
    folder.mkdir(parents=True, exist_ok=True)
    write_network(small, folder)
    tokenizer = unigram_tokenizer(list(zip(small.pieces, small.scores.tolist(), strict=True)), unknown_id=0)
    tokenizer.save(str(folder / "tokenizer.json"))
