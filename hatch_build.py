"""Gives the wheel one import name: router/ becomes `tierwise` and training/ becomes `tierwise.training`.

The files are moved by the `sources` of pyproject.toml; this hook replaces the package in their import statements. All
other lines, and the line numbers, stay those of the repository. tests/test_packaging.py compares each file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = {b"router": b"tierwise", b"training": b"tierwise.training"}
_MODULE = re.compile(rb"(?:from\s+)?(router|training)\b")


class ImportNames(BuildHookInterface):  # type: ignore[type-arg]
    """The build hook of the wheel; an editable install uses the checkout's own tierwise/ instead."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put each file whose imports change into the wheel in place of the repository's."""
        self._folder = TemporaryDirectory()
        if version == "editable":
            return
        for number, file in enumerate(self.build_config.builder.recurse_selected_project_files()):
            source = Path(file.path).read_bytes() if file.path.endswith(".py") else b""
            if (changed := with_new_imports(source)) != source:
                target = Path(self._folder.name, f"{number}.py")
                target.write_bytes(changed)
                build_data["force_include"][str(target)] = file.distribution_path

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the rewritten files."""
        self._folder.cleanup()


def with_new_imports(source: bytes) -> bytes:
    """The source text with the package's new name in its import statements; each binds the name that it did.

    Raises SyntaxError for `import router.x` without `as`: no import of the new name binds `router` to it.
    """
    lines = source.splitlines(keepends=True)
    for line, column, ending in sorted(_import_places(source), reverse=True):
        if found := _MODULE.match(lines[line], column):
            start, end = found.span(1)
            lines[line] = lines[line][:start] + PACKAGES[found[1]] + ending + lines[line][end:]
    return b"".join(lines)


def _import_places(source: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(line index, byte column, what to add) of each absolute `from X import` and of each X of `import X`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(level=0):
                yield node.lineno - 1, node.col_offset, b""
            case ast.Import(names=names):
                for alias in names:
                    is_plain = alias.asname is None and alias.name.encode() in PACKAGES
                    if alias.asname is None and not is_plain and _MODULE.match(alias.name.encode()):
                        raise SyntaxError(
                            f"line {node.lineno}: import {alias.name} without `as`; use `from ... import`"
                        )
                    yield alias.lineno - 1, alias.col_offset, f" as {alias.name}".encode() if is_plain else b""
