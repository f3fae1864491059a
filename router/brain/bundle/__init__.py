"""A fitted classifier as a directory of arrays and JSON: nothing in it can execute."""

from __future__ import annotations

from router.brain.bundle.load import Bundle, load_bundle
from router.brain.bundle.manifest import SCHEMA_VERSION, Manifest

__all__ = ["SCHEMA_VERSION", "Bundle", "Manifest", "load_bundle"]
