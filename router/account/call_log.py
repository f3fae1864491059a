"""The call log: one line of JSON a forwarded call, with ids, sizes and times; never text.

`tierwise.calls` is the logger; each of its records has the line's members as `call`. Off, nobody listens to it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Literal

from router.errors import ConfigError
from router.jsontext import encode_json

CALLS = logging.getLogger("tierwise.calls")
LOG = logging.getLogger(__name__)


def check_call_log(where: Path | Literal["stderr"] | None) -> None:
    """See that the log can be written, before a process does that cannot say so well. Raises ConfigError."""
    if isinstance(where, Path):
        _opened(where).close()


@contextmanager
def call_log(where: Path | Literal["stderr"] | None) -> Iterator[None]:
    """Write each call of this process while it is entered.

    where: a file, to which lines are added; standard error; None for nowhere.  Raises ConfigError.
    """
    if where is None:
        yield
        return
    handler = _opened(where) if isinstance(where, Path) else logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    level = CALLS.level
    CALLS.addHandler(handler)
    CALLS.setLevel(logging.INFO)
    try:
        yield
    finally:
        CALLS.setLevel(level)
        CALLS.removeHandler(handler)
        handler.close()


def _opened(path: Path) -> _File:
    try:
        return _File(path, encoding="utf-8")
    except OSError as exc:
        cure = 'Name a file in a folder that exists, or "stderr".'
        raise ConfigError(f"server.call_log: {path}: cannot be written ({exc.strerror}). {cure}") from exc


class _File(WatchedFileHandler):
    """A file that several workers add to, a line at a time, and that may be moved away under them."""

    _told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; one that cannot be written is no reason to fail the call."""
        try:
            super().emit(record)
        except OSError:  # opening anew, where the file was moved; writing has its own guard
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say so once: a full disk would say it with each call."""
        if not self._told:
            self._told = True
            LOG.error("the call log %s cannot be written; calls go on without", self.baseFilename)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The call and when it ended (UTC, ISO 8601)."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return encode_json({"time": time, **getattr(record, "call", {})}).decode()
