"""The folders of the shipped bundles."""

from __future__ import annotations

from pathlib import Path

SHIPPED = ("default", "fast")
"""Names of the shipped bundles: a small transformer, and a token table that decides several times faster."""


def shipped_bundle(name: str = "default") -> Path:
    """The folder of a shipped bundle: inside the package in a wheel, or `models/NAME` in a checkout."""
    package = Path(__file__).parents[2]
    installed = package / "_models" / name
    return installed if installed.is_dir() else package.parent / "models" / name
