"""Progress callbacks: an argument, so that tests and libraries can be silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]
"""Called with one line at the start of each stage."""


def silent(stage: str) -> None:
    """Say nothing."""
