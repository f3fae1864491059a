"""The call log: one line of JSON per dispatch of a forwarded call, with ids, sizes and times; never text.

A cascade makes several dispatches per call, each with a line. `tierwise.calls` is the logger; each of its records has
the line's members as `call`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, Literal

from router.account.accounts import Listener
from router.account.record import AttemptRecord, CallRecord, UsageSource
from router.errors import ConfigError
from router.jsontext import encode_json

CALLS = logging.getLogger("tierwise.calls")
LOG = logging.getLogger(__name__)


class CallLog(Listener):
    """Writes each settled dispatch to the logger."""

    def is_listening(self) -> bool:
        """Whether the logger takes lines."""
        return CALLS.isEnabledFor(logging.INFO)

    def call_settled(self, record: CallRecord) -> None:
        """One line."""
        CALLS.info("call", extra={"call": line_of(record)})


def line_of(record: CallRecord) -> dict[str, Any]:
    """The members of a line: first those of the dispatch, then one object per attempt.

    Tokens and their source are those of the last attempt that has any; the cost is the sum of what is known.
    """
    origin, end = record.origin, record.settlement
    decision = origin.decision
    used = next((one for one in reversed(record.attempts) if one.usage is not None), None)
    usage = None if used is None else used.usage
    costs = [one.cost_usd for one in record.attempts if one.cost_usd is not None]
    return {
        "decision_id": decision.decision_id,
        "caller": origin.caller.id,
        "tier": decision.tier,
        "reason": decision.reason.value,
        "policy": decision.policy,
        "stream": origin.stream,
        "body_bytes": origin.body_bytes,
        "served_by": None if end.target is None else end.target.name,
        "attempts": len(end.attempts),
        "failure": None if end.failure is None else end.failure.kind.value,
        "finish": None if end.finish is None else end.finish.value,
        "cancelled": end.cancelled,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "usage_source": (UsageSource.UNKNOWN if used is None else used.usage_source).value,
        "cost_usd": sum(costs) if costs else None,
        "first_event_ms": end.first_event_ms,
        "duration_ms": end.duration_ms,
        "each_attempt": [_attempt(one) for one in record.attempts],
    }


def _attempt(record: AttemptRecord) -> dict[str, Any]:
    attempt, usage = record.attempt, record.usage
    return {
        "target": attempt.target.name,
        "tier": attempt.target.tier,
        "purpose": record.purpose.value,
        "outcome": record.outcome.value,
        "status": attempt.status,
        "failure": None if attempt.kind is None else attempt.kind.value,
        "breaker": attempt.breaker,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "cache_read_tokens": None if usage is None else usage.cache_read_tokens,
        "cache_write_tokens": None if usage is None else usage.cache_write_tokens,
        "usage_source": record.usage_source.value,
        "cost_usd": record.cost_usd,
        "started_s": attempt.started_s,
        "first_event_ms": attempt.first_event_ms,
        "duration_ms": attempt.duration_ms,
    }


def check_call_log(where: Path | Literal["stderr"] | None) -> None:
    """Check that the log can be written, before any process serves. Raises ConfigError."""
    if isinstance(where, Path):
        _opened(where).close()


@contextmanager
def call_log(where: Path | Literal["stderr"] | None) -> Iterator[None]:
    """Write the lines of this process while it is entered.

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
    """A file that several workers append whole lines to, and that may be moved away meanwhile."""

    _has_failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; one that cannot be written does not fail the call."""
        try:
            super().emit(record)
        except OSError:  # reopening a file that was moved; writing has its own guard
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Log it once: on a full disk it happens with each call."""
        if not self._has_failed:
            self._has_failed = True
            LOG.error("the call log %s cannot be written; calls go on without it", self.baseFilename)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The line, with the time at which the dispatch ended (UTC, ISO 8601)."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return encode_json({"time": time, **getattr(record, "call", {})}).decode()
