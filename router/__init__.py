"""tierwise: the cheapest tier of language models whose answer will be adequate, per request.

from router import Router
decision = Router.load().route("Translate good morning into French.")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from router.core import Router
    from router.types import RouteDecision

    __version__: str

__all__ = ["RouteDecision", "Router", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: training and the command line import through here and need neither.
    if name == "Router":
        from router.core import Router

        return Router
    if name == "__version__":
        from router.version import package_version

        return package_version()
    if name == "RouteDecision":
        from router.types import RouteDecision

        return RouteDecision
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
