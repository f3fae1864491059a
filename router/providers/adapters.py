"""The adapters: those of the table of dialects, and the echo's, which is answered inside this process."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.dialects import table
from router.dialects.row import Prepare
from router.providers import echo

ADAPTERS: Mapping[str, Prepare] = MappingProxyType(
    {name: table.adapter(name) for name in table.ADAPTERS} | {"echo": echo.prepare}
)
"""What makes their requests, by the name that the registry of providers uses."""
