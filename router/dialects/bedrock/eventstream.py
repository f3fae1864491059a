"""Frames of `application/vnd.amazon.eventstream`, in which Bedrock streams. tests compare them with botocore's.

A frame: u32 length, u32 length of the headers, u32 CRC-32 of those eight bytes, headers, payload, u32 CRC-32 of all
before it. A header: u8 length, name, u8 type, value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

MAX_FRAME_BYTES = 24 * 1024 * 1024
"""A longer frame counts as noise; AWS's own limit is 16 MiB of payload and 128 KiB of headers."""

_PRELUDE = struct.Struct(">II")
_U32 = struct.Struct(">I")
_FIXED_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES_TYPE, _TEXT_TYPE = 6, 7


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame. headers: those that are texts, by name; others are left out, as Bedrock sends none."""

    headers: dict[str, str]
    payload: bytes


class FrameSplitter:
    """Bytes in as they come, the whole frames among them out, unread."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now. Raises ValueError where a length, or its checksum, is wrong."""
        self._rest += data
        frames, at = [], 0
        while (length := self._length(at)) is not None and len(self._rest) - at >= length:
            frames.append(self._rest[at : at + length])
            at += length
        self._rest = self._rest[at:]
        return frames

    def rest(self) -> bytes:
        """What is left of a frame that did not end."""
        return self._rest

    def _length(self, at: int) -> int | None:
        if len(self._rest) - at < 12:
            return None
        length, headers = _PRELUDE.unpack_from(self._rest, at)
        if crc32(self._rest[at : at + 8]) != _U32.unpack_from(self._rest, at + 8)[0]:
            raise ValueError("event stream: wrong checksum of a frame's prelude")
        if not 16 + headers <= length <= MAX_FRAME_BYTES:
            raise ValueError(f"event stream: a frame of {length} bytes with {headers} of headers")
        return int(length)

    def last(self) -> bytes:
        """A frame says its length first, so that one without its end is cut short."""
        return b""


class FrameReader:
    """Bytes in as they come, whole frames out, read."""

    def __init__(self) -> None:
        self._splitter = FrameSplitter()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. Raises ValueError where a length or a checksum is wrong."""
        return [_frame(frame) for frame in self._splitter.feed(data)]

    def close(self) -> list[Frame]:
        """A frame without its end holds nothing that can be read."""
        return []


def _frame(data: bytes) -> Frame:
    if crc32(data[:-4]) != _U32.unpack(data[-4:])[0]:
        raise ValueError("event stream: wrong checksum of a frame")
    n_headers = _PRELUDE.unpack_from(data)[1]
    return Frame(_headers(data[12 : 12 + n_headers]), data[12 + n_headers : -4])


def _headers(data: bytes) -> dict[str, str]:
    headers, at = {}, 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name = data[at + 1 : name_end].decode()
            kind, at = data[name_end], name_end + 1
            if kind in _FIXED_BYTES:
                at += _FIXED_BYTES[kind]
                continue
            if kind not in (_BYTES_TYPE, _TEXT_TYPE):
                raise ValueError(f"event stream: a header of type {kind}")
            (length,) = struct.unpack_from(">H", data, at)
            if kind == _TEXT_TYPE:
                headers[name] = data[at + 2 : at + 2 + length].decode()
            at += 2 + length
    except (IndexError, struct.error) as exc:
        raise ValueError("event stream: a header is cut off") from exc
    return headers
