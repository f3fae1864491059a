"""Encoders: text to unit vectors. `static` needs numpy and tokenizers only; others import their library when used."""

from __future__ import annotations

from router.brain.encoders.base import Encoder, EncoderSpec
from router.brain.encoders.static import StaticEncoder
from router.brain.encoders.tokens import TokenIds

__all__ = ["Encoder", "EncoderSpec", "StaticEncoder", "TokenIds"]
