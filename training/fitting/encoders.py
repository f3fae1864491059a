"""Which encoder a fit uses, from the words of the command line."""

from __future__ import annotations

from pathlib import Path

from router.brain import load_bundle
from router.brain.bundle import layout
from router.brain.encoders import Encoder, StaticEncoder
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.errors import DataError
from training.fitting.distil import DEFAULT_MODEL, distil, load_encoder, model_path

SHIPPED = "shipped"
DISTIL = "distil"
SENTENCE_TRANSFORMERS = "st:"


def open_encoder(name: str, *, shipped: Path) -> Encoder:
    """The encoder for a name: `shipped`, `distil`, `distil:MODEL`, `st:MODEL`, or a folder with an `encoder/` in it.

    shipped: folder of the shipped bundle.
    Raises DataError for a name that is none of these, BundleError for a folder that does not load.
    """
    if name == SHIPPED:
        encoder = load_bundle(shipped).brain.encoder
        assert isinstance(encoder, StaticEncoder), "the shipped bundle has a token table"
        return encoder
    if name == DISTIL or name.startswith(f"{DISTIL}:"):
        return distil(name.partition(":")[2] or DEFAULT_MODEL)
    if name.startswith(SENTENCE_TRANSFORMERS):
        model_id = name.removeprefix(SENTENCE_TRANSFORMERS)
        return SentenceTransformerEncoder(model_path(model_id), model_id=model_id)
    folder = Path(name)
    if (folder / layout.TABLE).is_file():
        return load_encoder(folder)
    raise DataError("expected shipped, distil[:MODEL], st:MODEL, or a folder that holds encoder/", where=name)
