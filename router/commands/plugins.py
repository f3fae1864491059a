"""Commands that other packages add: entry points of the group `tierwise.commands`, loaded for the help and when called.

An entry point names a typer application with one command, or a function. It must be importable without the libraries
that the command needs: a command of an extra that is not installed is listed too, and says which extra to install.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "tierwise.commands"


class PluginGroup(TyperGroup):
    """The command group that also knows the commands of the entry points."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Own commands, then those of other packages."""
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in _entry_points() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        point = _entry_points().get(cmd_name)
        return None if point is None else _load(point)


@cache
def _entry_points() -> dict[str, EntryPoint]:
    """By name. The metadata of every installed distribution is read for this: 20 ms for 150 of them."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Any:
    loaded = point.load()
    if not isinstance(loaded, typer.Typer):
        application = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        application.command(name=point.name)(loaded)
        loaded = application
    command = get_command(loaded)
    command.name = point.name
    return command
