"""tierwise: the cheapest tier of language models whose answer will be adequate, per request.

from tierwise import Router
decision = Router.load().route("Translate good morning into French.")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from router.core import Router
    from router.decision import RouteDecision

    __version__: str

__all__ = ["RouteDecision", "Router", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: training and the command line import this package and need none of it.
    if name == "Router":
        from router.core import Router

        return Router
    if name == "RouteDecision":
        from router.decision import RouteDecision

        return RouteDecision
    if name == "__version__":  # pyproject.toml is the one place that states it
        from importlib.metadata import version

        return version("tierwise")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
