"""Server-sent events, read from bytes that may be cut anywhere, and written. By the WHATWG specification.

One departure from it: `close` returns an event whose last blank line never came, as some providers leave it out after
the last event. A reader of JSON notices by itself when such an event was cut short.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.jsontext import decode_json, encode_json

MAX_EVENT_BYTES = 8_000_000
"""Of one event, or one line. More is a ValueError, and so is every later call."""

DONE = b"data: [DONE]\n\n"

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. event: its name, `message` where none was given.  id: the last one seen in the stream."""

    event: str
    data: str
    id: str = ""


class SseReader:
    """Bytes in, events out; how the bytes are cut makes no difference."""

    def __init__(self) -> None:
        self._head: bytes | None = b""  # the first bytes, until it is known whether they are a byte order mark
        self._line = bytearray()  # a line that has not ended
        self._after_cr = False
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = b""
        self._id = ""
        self._broken = False

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that the chunk completes. Raises ValueError if one is too large."""
        chunk = self._without_bom(chunk)
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        events: list[SseEvent] = []
        start = 0
        for end in _LINE_END.finditer(chunk):
            self._extend(chunk[start : end.start()])
            start = end.end()
            self._end_line(events)
        self._after_cr = chunk.endswith(b"\r") or (self._after_cr and not chunk)
        self._extend(chunk[start:])
        return events

    def close(self) -> list[SseEvent]:
        """The event that the end of the stream leaves unfinished, if any. Raises ValueError if one was too large."""
        events: list[SseEvent] = []
        head, self._head = self._head, None
        if head:
            self._extend(head)
        self._extend(b"")
        self._end_line(events)
        self._dispatch(events)
        return events

    def _without_bom(self, chunk: bytes) -> bytes:
        if self._head is None:
            return chunk
        head = self._head + chunk
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(_BOM)

    def _extend(self, piece: bytes) -> None:
        self._line += piece
        if self._broken or len(self._line) + self._data_bytes > MAX_EVENT_BYTES:
            self._broken = True
            self._line.clear()
            raise ValueError(f"an event of the stream is larger than {MAX_EVENT_BYTES:,} bytes")

    def _end_line(self, events: list[SseEvent]) -> None:
        line = bytes(self._line)
        self._line.clear()
        if not line:
            self._dispatch(events)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1  # the line end counts, or empty lines would be free
        elif name == b"event":
            self._name = value
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")

    def _dispatch(self, events: list[SseEvent]) -> None:
        if self._data:
            data = b"\n".join(self._data).decode("utf-8", "replace")
            events.append(SseEvent(self._name.decode("utf-8", "replace") or "message", data, self._id))
        self._data = []
        self._data_bytes = 0
        self._name = b""


class SseSplitter:
    """Bytes in, the whole events among them out, each with the empty line at its end and unread."""

    def __init__(self) -> None:
        self._rest = b""
        self._seen = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now."""
        self._rest += data
        events, at = [], 0
        # An end may have begun in the bytes before, with up to three of its own.
        for match in _EVENT_END.finditer(self._rest, max(0, self._seen - 3)):
            events.append(self._rest[at : match.end()])
            at = match.end()
        self._rest = self._rest[at:]
        self._seen = len(self._rest)
        return events

    def rest(self) -> bytes:
        """What is left of an event that did not end."""
        return self._rest

    def last(self) -> bytes:
        """That event with its empty line, where its data are whole JSON or the end's marker; b"" for any other."""
        lines = [line for line in _LINE_END.split(self._rest) if line]
        data = b"\n".join([line.partition(b":")[2] for line in lines if line.startswith(b"data:")]).strip()
        if data != b"[DONE]":
            try:
                decode_json(data)
            except ValueError:
                return b""
        return b"\n".join(lines) + b"\n\n"


def sse_data(value: object) -> bytes:
    """An event without a name that holds the value as JSON. Raises ValueError for what JSON has no form for."""
    return b"data: %b\n\n" % encode_json(value)


def sse_event(name: str, value: object) -> bytes:
    """An event with a name that holds the value as JSON. Raises ValueError for what JSON has no form for."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), encode_json(value))


def sse_comment(text: str) -> bytes:
    """A comment, which clients skip: it keeps a silent connection alive."""
    lines = re.split(r"\r\n|\r|\n", text)
    return "".join([f": {line}\n" for line in lines]).encode("utf-8", "replace") + b"\n"
