"""A thin reader of one commit of a git repository: lists paths and reads blobs; checks nothing out, runs nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from router.errors import DataError

_MAX_CSV_FIELD_CHARS = 1 << 30  # whole model answers; Python's own limit is 128 KiB


def run_git(*args: str) -> bytes:
    """The standard output of `git args...`. Raises DataError with git's message if it fails or is not installed."""
    try:
        # A fixed program with a list of arguments, no shell; PATH decides which git.
        return subprocess.run(  # noqa: S603
            ["git", *args],  # noqa: S607
            capture_output=True,
            check=True,
            env=_git_environment(),
        ).stdout
    except FileNotFoundError as exc:
        raise DataError("git is not installed; install it to rebuild public sources", where="git") from exc
    except subprocess.CalledProcessError as exc:
        message = exc.stderr.decode("utf-8", "replace").strip() or f"exit code {exc.returncode}"
        raise DataError(message, where="git " + " ".join(args)) from exc


def _git_environment() -> dict[str, str]:
    # A repository that moved would otherwise make git wait for a password.
    return {**os.environ, "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True)
class Repository:
    """One commit of a repository whose git directory (a bare clone) is `git_dir`."""

    git_dir: Path
    commit: str

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """All files of the commit, in git's order (by bytes)."""
        out = self._git("ls-tree", "-r", "-z", self.commit).decode("utf-8", "replace")
        entries = (entry.split("\t", 1) for entry in out.split("\0") if "\t" in entry)
        return tuple(path for meta, path in entries if meta.split()[1] == "blob")

    def matches(self, pattern: str) -> Iterator[re.Match[str]]:
        """The matches of `pattern` with whole paths, in git's order."""
        return (match for path in self.paths if (match := re.fullmatch(pattern, path)))

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises DataError if the commit has no such file."""
        return self._git("cat-file", "blob", f"{self.commit}:{path}")

    def text(self, path: str) -> str:
        """A file as text; bytes that are not UTF-8 become U+FFFD."""
        return self.read(path).decode("utf-8", "replace")

    def json(self, path: str) -> Any:
        """A file as JSON."""
        return json.loads(self.read(path))

    def jsonl(self, path: str) -> list[Any]:
        """A file as JSON Lines."""
        return [json.loads(line) for line in self.text(path).split("\n") if line.strip()]

    def csv(self, path: str) -> Iterator[dict[str, str]]:
        """A file as CSV with a header, one mapping per row."""
        csv.field_size_limit(_MAX_CSV_FIELD_CHARS)
        return csv.DictReader(io.StringIO(self.text(path)))

    def _git(self, *args: str) -> bytes:
        return run_git("--git-dir", str(self.git_dir), *args)
