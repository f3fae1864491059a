"""Make the multilingual token table: what multilingual-e5-small knows of single pieces, in a few megabytes.

    python -m training.fitting.multilingual --out models/encoder

Of its 250,000 pieces those that the rows use are kept, then the likeliest; their vectors are reduced by PCA and packed.
A text is cut by the same unigram model, with shorter pieces in place of those that went. N-grams and domain keep the
word pieces of MiniLM.

Of the tokens of traffic in other files than those that chose, 60,000 pieces lack 1.1% in English and 10.0% in other
languages; chosen by probability alone they lack 10.9% and 15.7%. Heads on embedding and signals alone, whole files held
out, mean AUC not budget / frontier and saved at 5%: all pieces .816 / .793 / .262, 100,000 by use .813 / .790 / .256,
60,000 by use .812 / .788 / .254, 100,000 by probability .807 / .783 / .252, MiniLM's table .787 / .771 / .237.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from router.brain.encoders import StaticEncoder, TokenIds
from router.brain.encoders.onnx import prepare_text
from training.fitting.distil import (
    DEFAULT_DIM,
    DEFAULT_MODEL,
    identified,
    model_path,
    reduced,
    save_encoder,
    table_spec,
)
from training.fitting.fit import load_tokenizer
from training.fitting.packaged_weights import (
    MARKS,
    MODEL_ID,
    UNKNOWN,
    PackagedModel,
    read_packaged,
    unigram_tokenizer,
    weights_file,
)
from training.fitting.product import pack

N_PIECES = 60_000
WIDTH = 2
"""Numbers that share a code: 128 bytes for each piece instead of 256."""


def multilingual(
    texts: Iterable[str] = (), *, n_pieces: int = N_PIECES, dim: int = DEFAULT_DIM, width: int = WIDTH
) -> StaticEncoder:
    """The table of the installed package's model, with the word pieces of MiniLM for n-grams and domain.

    texts: of the rows to fit on, whose pieces are kept first.
    Raises MissingExtra where the package is not installed, DataError where MiniLM's tokenizer is in no folder.
    """
    pieces = load_tokenizer(model_path(DEFAULT_MODEL))
    return token_table(read_packaged(weights_file()), pieces, texts, n_pieces=n_pieces, dim=dim, width=width)


def token_table(
    model: PackagedModel, pieces: Tokenizer | None, texts: Iterable[str] = (), *, n_pieces: int, dim: int, width: int
) -> StaticEncoder:
    """A packed table of the pieces of a model that texts use, and of its likeliest.

    pieces: the tokenizer of n-grams and domain; None: the table's own.
    n_pieces, dim: at most so many pieces, and numbers for each.  width: numbers that share a code, a divisor of dim.
    """
    kept = kept_pieces(model, texts, n_pieces=n_pieces)
    vectors = reduced(model.token_vectors[kept], dim=dim)
    unknown = np.zeros((1, vectors.shape[1]), dtype=np.float32)  # what is unknown adds nothing to a text
    packed, weights = pack(np.concatenate([unknown, vectors]), width=width)
    encoder = StaticEncoder(
        spec=table_spec(MODEL_ID, dim=vectors.shape[1], sha256=""),
        tokens=TokenIds.of(unigram_tokenizer(_with_scores(model, kept), unknown_id=0)),
        table=packed.unpacked(),
        weights=weights,
        pieces=None if pieces is None else TokenIds.of(pieces),
        packed=packed,
    )
    return identified(encoder)


def kept_pieces(model: PackagedModel, texts: Iterable[str], *, n_pieces: int) -> npt.NDArray[np.intp]:
    """The positions of at most n_pieces pieces, without the marks: those that the texts use, then the others.

    Among both the likeliest come first, so that the order in which the texts come changes nothing.
    """
    is_used = _used(model, texts)
    order = np.lexsort((np.arange(len(model.pieces)), -model.scores, ~is_used))
    is_mark = np.array([piece in MARKS for piece in model.pieces], dtype=np.bool_)
    return order[~is_mark[order]][:n_pieces]


def _used(model: PackagedModel, texts: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Which pieces the model's own tokenizer cuts the texts into: (n_pieces,)."""
    everything = list(zip(model.pieces, model.scores.tolist(), strict=True))
    tokens = TokenIds.of(unigram_tokenizer(everything, unknown_id=model.pieces.index(UNKNOWN)))
    is_used = np.zeros(len(model.pieces), dtype=np.bool_)
    for text in texts:
        is_used[tokens.one(prepare_text(text))] = True
    return is_used


def _with_scores(model: PackagedModel, kept: npt.NDArray[np.intp]) -> list[tuple[str, float]]:
    """The unknown mark, then the kept pieces, with probabilities that add up to 1 again."""
    scores = model.scores[kept] - np.log(np.exp(model.scores[kept]).sum())
    return [(UNKNOWN, 0.0), *((model.pieces[at], float(score)) for at, score in zip(kept, scores, strict=True))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the table and write it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.fitting.multilingual", description=__doc__)
    parser.add_argument("--pieces", type=int, default=N_PIECES)
    parser.add_argument("--dim", type=int, default=DEFAULT_DIM)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    save_encoder(multilingual(n_pieces=options.pieces, dim=options.dim), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
