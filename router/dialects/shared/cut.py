"""Cut a stream's bytes into whole events, without changing them."""

from __future__ import annotations

import re
from typing import Protocol

from router.providers.calls import Dialect

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")


class Cut(Protocol):
    """Bytes in, the whole events among them out, each with its own end."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now. Raises ValueError where there can be none."""

    def rest(self) -> bytes:
        """What is left of an event that did not end."""


class SseCut:
    """Server-sent events: they end with an empty line."""

    def __init__(self) -> None:
        self._rest = b""
        self._seen = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now."""
        self._rest += data
        events, at = [], 0
        # An end may have begun in the bytes before, with up to three of its own.
        for match in _END.finditer(self._rest, max(0, self._seen - 3)):
            events.append(self._rest[at : match.end()])
            at = match.end()
        self._rest = self._rest[at:]
        self._seen = len(self._rest)
        return events

    def rest(self) -> bytes:
        """What is left of an event that did not end."""
        return self._rest


class FrameCut:
    """AWS event-stream frames: they begin with their length."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now."""
        self._rest += data
        frames = []
        while len(self._rest) >= 4:
            length = int.from_bytes(self._rest[:4], "big")
            if length < 16:
                raise ValueError("event stream: a frame of less than 16 bytes")
            if len(self._rest) < length:
                break
            frames.append(self._rest[:length])
            self._rest = self._rest[length:]
        return frames

    def rest(self) -> bytes:
        """What is left of a frame that did not end."""
        return self._rest


def cut_for(dialect: Dialect) -> Cut:
    """What cuts this dialect's streams."""
    return FrameCut() if dialect is Dialect.BEDROCK else SseCut()
