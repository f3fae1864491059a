"""The import name of the installed package, for a checkout: `tierwise.core` is `router.core`, the same module object.

The wheel holds router/ as `tierwise` and training/ as `tierwise.training` (hatch_build.py) and not this file.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router import RouteDecision, Router, __version__

__all__ = ["RouteDecision", "Router", "__version__"]


class _Alias(MetaPathFinder, InspectLoader):
    """Gives the checkout's module for a name below `tierwise`."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        source = find_spec(_checkout_name(fullname)) if fullname.startswith("tierwise.") else None
        if source is None:
            return None
        is_package = source.submodule_search_locations is not None
        return ModuleSpec(fullname, self, origin=source.origin, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        # The import system returns what it finds here afterwards; the new empty module is dropped.
        sys.modules[module.__name__] = importlib.import_module(_checkout_name(module.__name__))

    def get_source(self, fullname: str) -> str | None:
        return None

    def get_code(self, fullname: str) -> CodeType | None:
        """For `python -m tierwise` and `python -m tierwise.training.MODULE`."""
        loader = getattr(find_spec(_checkout_name(fullname)), "loader", None)
        return loader.get_code(_checkout_name(fullname)) if isinstance(loader, InspectLoader) else None


def _checkout_name(name: str) -> str:
    below = name.removeprefix("tierwise.")
    return below if below.partition(".")[0] == "training" else f"router.{below}"


def __getattr__(name: str) -> Any:
    return getattr(importlib.import_module("router"), name)


sys.meta_path.insert(0, _Alias())
