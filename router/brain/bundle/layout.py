"""Names and size limits of a bundle's files."""

from __future__ import annotations

MANIFEST = "manifest.json"
HEADS = "heads.safetensors"
GOLDEN = "golden.json"
TOKENIZER = "encoder/tokenizer.json"
TABLE = "encoder/table.safetensors"
EVALUATION = "evaluation.json"
MODEL_CARD = "MODEL_CARD.md"

MAX_BYTES: dict[str, int] = {
    MANIFEST: 2 << 20,
    HEADS: 64 << 20,
    GOLDEN: 4 << 20,
    TOKENIZER: 64 << 20,
    TABLE: 512 << 20,
    EVALUATION: 16 << 20,
    MODEL_CARD: 1 << 20,
}
"""What each file may hold at most; a larger one is refused before it is read."""

REQUIRED = (HEADS, GOLDEN)
STATIC_ENCODER = (TOKENIZER, TABLE)
