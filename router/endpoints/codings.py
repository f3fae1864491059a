"""Compressed request bodies: decoded piece by piece, with a limit on what they decode to.

Claude Code sends larger bodies with gzip, Codex with zstd.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from router.errors import BodyTooLarge, RequestError

Decoder: TypeAlias = Callable[[bytes, int], Iterator[bytes]]
"""(body, limit in bytes) -> its content in pieces of at most PIECE_BYTES. Raises CorruptBody."""

PIECE_BYTES = 1 << 20
MOST_CODINGS = 4
"""Codings in one body, one over the other; clients use one."""


class UnknownCoding(RequestError):
    """The body has a content coding that is not taken."""

    status = 415

    def __init__(self, name: str) -> None:
        taken = ", ".join(CODINGS)
        super().__init__(
            f"content-encoding: {name[:40]!r} is not taken; send {taken} or no coding.",
            field="content-encoding",
            code="unknown_coding",
        )
        self.headers = MappingProxyType({"accept-encoding": taken})


class CorruptBody(RequestError):
    """The body is not what its coding says."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the body is not whole and correct {name}, which content-encoding names.",
            field="content-encoding",
            code="corrupt_body",
        )


def codings_of(header: str) -> list[str]:
    """The codings of a body in the order in which they are taken off. Raises UnknownCoding."""
    names = [name.strip().lower() for name in header.split(",")]
    names = [_SAME.get(name, name) for name in names if name not in ("", "identity")]
    for name in names:
        if name not in CODINGS:
            raise UnknownCoding(name)
    if len(names) > MOST_CODINGS:
        raise UnknownCoding(", ".join(names))
    return names[::-1]


def decoded(body: bytes, codings: list[str], *, limit_bytes: int) -> bytes:
    """The content of a body. codings: in the order in which they are taken off.

    Raises CorruptBody, and BodyTooLarge as soon as one of them gives more than `limit_bytes`.
    """
    for name in codings:
        pieces, size = [], 0
        for piece in CODINGS[name](body, limit_bytes):
            size += len(piece)
            if size > limit_bytes:
                raise BodyTooLarge(limit_bytes)
            pieces.append(piece)
        body = b"".join(pieces)
    return body


def _gzip(body: bytes, _limit: int) -> Iterator[bytes]:
    return _inflated(body, "gzip", 16 + zlib.MAX_WBITS)


def _deflate(body: bytes, _limit: int) -> Iterator[bytes]:
    """With the header of zlib, as the standard has it, or without it, as some clients send it."""
    with_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflated(body, "deflate", zlib.MAX_WBITS if with_header else -zlib.MAX_WBITS)


def _inflated(body: bytes, name: str, window_bits: int) -> Iterator[bytes]:
    while True:  # a body of gzip may have several members
        decoder = zlib.decompressobj(window_bits)
        while not decoder.eof:
            try:
                piece = decoder.decompress(body, PIECE_BYTES)
            except zlib.error as exc:
                raise CorruptBody(name) from exc
            body = decoder.unconsumed_tail
            if not piece and not body and not decoder.eof:
                raise CorruptBody(name)  # it ends too early
            yield piece
        body = decoder.unused_data
        if not body:
            return
        if name != "gzip":
            raise CorruptBody(name)


def _zstd(body: bytes, limit: int) -> Iterator[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    # A decoder reserves a frame's window, which a few bytes can claim to be gigabytes. RFC 9659 asks for 8 MB.
    options = {int(zstd.DecompressionParameter.window_log_max): min(30, max(23, limit.bit_length()))}
    while True:  # frames may follow each other
        decoder = zstd.ZstdDecompressor(options=options)
        while not decoder.eof:
            try:
                piece = decoder.decompress(body, PIECE_BYTES)
            except zstd.ZstdError as exc:
                raise CorruptBody("zstd") from exc
            body = b""
            if not piece and decoder.needs_input:
                raise CorruptBody("zstd")
            yield piece
        body = decoder.unused_data
        if not body:
            return


def _br(body: bytes, _limit: int) -> Iterator[bytes]:
    import brotli

    decoder = brotli.Decompressor()
    while not decoder.is_finished():
        try:
            piece = decoder.process(body, output_buffer_limit=PIECE_BYTES)
        except brotli.error as exc:
            raise CorruptBody("br") from exc
        body = b""
        if not piece and decoder.can_accept_more_data() and not decoder.is_finished():
            raise CorruptBody("br")
        yield piece


CODINGS: Mapping[str, Decoder] = MappingProxyType({"gzip": _gzip, "zstd": _zstd, "br": _br, "deflate": _deflate})
"""By the name in content-encoding."""

_SAME = {"x-gzip": "gzip"}
