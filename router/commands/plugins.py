"""Commands that other packages add: entry points of the group `tierwise.commands`, imported only when called.

An entry point names a typer application with one command, or a function. One whose extra is not installed still shows
in the help; calling it says which extra to install.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

GROUP = "tierwise.commands"


class PluginGroup(TyperGroup):
    """The command group that looks up what it does not know among the entry points."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Own commands, then those of other packages."""
        own = super().list_commands(ctx)
        return [*own, *sorted(point.name for point in entry_points(group=GROUP) if point.name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None if nobody has it."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in entry_points(group=GROUP):
            if point.name == cmd_name:
                return _load(point)
        return None


def _load(point: EntryPoint) -> Any:
    loaded = point.load()
    if not isinstance(loaded, typer.Typer):
        application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        application.command(name=point.name)(loaded)
        loaded = application
    command = get_command(loaded)
    command.name = point.name
    return command
