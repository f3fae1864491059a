"""Which encoder a fit uses, from the words of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from router.brain import load_bundle
from router.brain.bundle import layout
from router.brain.encoders import Encoder, StaticEncoder
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.errors import DataError
from training.fitting.distil import DEFAULT_MODEL, distil, load_encoder, model_path
from training.fitting.multilingual import multilingual

SHIPPED = "shipped"
DISTIL = "distil"
MULTILINGUAL = "multilingual"
SENTENCE_TRANSFORMERS = "st:"


def open_encoder(name: str, *, shipped: Path, texts: Iterable[str] = ()) -> Encoder:
    """The encoder for a name: `shipped`, `multilingual`, `distil[:MODEL]`, `st:MODEL`, or a folder with an `encoder/`.

    shipped: folder of the shipped bundle.  texts: of the rows to fit on; they choose the pieces of `multilingual`.
    Raises DataError for a name that is none of these, BundleError for a folder that does not load, MissingExtra where
    the package with the multilingual weights is not installed.
    """
    if name == SHIPPED:
        encoder = load_bundle(shipped).brain.encoder
        assert isinstance(encoder, StaticEncoder), "the shipped bundle has a token table"
        return encoder
    if name == DISTIL or name.startswith(f"{DISTIL}:"):
        return distil(name.partition(":")[2] or DEFAULT_MODEL)
    if name == MULTILINGUAL:
        return multilingual(texts)
    if name.startswith(SENTENCE_TRANSFORMERS):
        model_id = name.removeprefix(SENTENCE_TRANSFORMERS)
        return SentenceTransformerEncoder(model_path(model_id), model_id=model_id)
    folder = Path(name)
    if (folder / layout.TABLE).is_file():
        return load_encoder(folder)
    raise DataError(
        "expected shipped, multilingual, distil[:MODEL], st:MODEL, or a folder that holds encoder/", where=name
    )
