"""Encoders: text to unit vectors. `static` needs numpy and tokenizers only; others import their library when used."""

from __future__ import annotations

from router.brain.encoders.base import Encoder, EncoderSpec, TextEncoder, known_ids, known_of
from router.brain.encoders.onnx import OnnxEncoder
from router.brain.encoders.packed import PackedTable
from router.brain.encoders.static import StaticEncoder
from router.brain.encoders.tokens import TokenIds

__all__ = [
    "Encoder",
    "EncoderSpec",
    "OnnxEncoder",
    "PackedTable",
    "StaticEncoder",
    "TextEncoder",
    "TokenIds",
    "known_ids",
    "known_of",
]
