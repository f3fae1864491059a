"""Names and size limits of a bundle's files."""

from __future__ import annotations

MANIFEST = "manifest.json"
HEADS = "heads.safetensors"
NGRAMS = "ngrams.safetensors"
TASKS = "tasks.safetensors"
HELD_OUT = "held_out.safetensors"
TRAINED_ON = "trained_on.safetensors"
GOLDEN = "golden.json"
TOKENIZER = "encoder/tokenizer.json"
TABLE = "encoder/table.safetensors"
PIECES = "encoder/pieces.json"
NETWORK = "encoder/model.onnx"
EVALUATION = "evaluation.json"
MODEL_CARD = "MODEL_CARD.md"

MAX_BYTES: dict[str, int] = {
    MANIFEST: 2 << 20,
    HEADS: 64 << 20,
    NGRAMS: 64 << 20,
    TASKS: 64 << 20,
    HELD_OUT: 64 << 20,
    TRAINED_ON: 64 << 20,
    NETWORK: 256 << 20,
    GOLDEN: 4 << 20,
    TOKENIZER: 64 << 20,
    TABLE: 512 << 20,
    PIECES: 64 << 20,
    EVALUATION: 16 << 20,
    MODEL_CARD: 1 << 20,
}
"""Largest size of each file in bytes; a larger file is refused before it is read."""

REQUIRED = (HEADS, GOLDEN)
ENCODER_FILES: dict[str, tuple[str, ...]] = {
    "static": (TOKENIZER, TABLE),
    "onnx": (TOKENIZER, NETWORK),
    "sentence-transformers": (),
}
"""The files of each kind of encoder; a token table may also have PIECES, the vocabulary of n-grams and domain."""
