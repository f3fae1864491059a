"""The adapters: those of the table of dialects, and the echo's, which is answered inside this process."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.dialects import table
from router.dialects.row import Adapter
from router.providers import echo
from router.types import Dialect

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {name: table.adapter(name) for name in table.ADAPTERS} | {"echo": Adapter(Dialect.OPENAI_CHAT, echo.prepare)}
)
"""Adapters by the name that the registry of providers uses."""
