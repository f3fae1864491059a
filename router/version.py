"""The version, from the installed distribution's metadata: pyproject.toml is the one place that states it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def package_version() -> str:
    """The installed version of tierwise, such as `0.1.0`."""
    return version("tierwise")
