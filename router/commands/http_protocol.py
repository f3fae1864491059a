"""HTTP/1.1 connections of clients: uvicorn's protocol, with limits in size and time, and deaf to offers of upgrades.

What is refused here is refused before any key is looked at, in the caller's dialect as far as it is known.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from router.dialects.errors import error_dialect, path_dialect, render_error
from router.errors import RequestError
from router.jsontext import encode_json
from router.settings.door import Door

MAX_HEADERS = 256
"""Headers of one request; clients and proxies in front of them send some 20 to 60."""

LINGER_S = 2.0
"""Time that a refused client gets to read why: a connection closed at once with unread bytes is reset."""

SPARE_BYTES = 65_536
"""What may come in addition to the content of a chunked body: lengths of chunks, extensions, trailers."""
SPARE_PER_BYTE = 16
"""The same per byte of content: a chunk of one byte takes five more."""

_OFFERS = (b"upgrade", b"http2-settings")

_DROPPED: Any = deque(maxlen=0)
"""In place of a request's list of headers once its head is whole: the parser calls trailers headers too."""


class NotHttp(RequestError):
    """The bytes are not HTTP/1.1."""

    def __init__(self) -> None:
        super().__init__("the bytes are not a valid HTTP/1.1 request.", code="invalid_http")


class TooSlow(RequestError):
    """The request did not come in time."""

    status = 408

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"the {what} did not come in time; send it at once, or raise [server] {key}.", code="too_slow")


class HeadersTooLarge(RequestError):
    """More headers than allowed."""

    status = 431

    def __init__(self, limit_bytes: int) -> None:
        message = (
            f"the request's headers are more than {limit_bytes:,} bytes ([server] max_header_bytes) "
            f"or more than {MAX_HEADERS}; send less."
        )
        super().__init__(message, code="headers_too_large")


class BoundedConfig(Config):
    """uvicorn's configuration with the limits of connections. Worker processes get it pickled.

    door: the limits.  most_waiting: connections without a whole head that a process keeps.
    waiting: those, the oldest first.
    """

    def __init__(self, app: Any, door: Door, *, most_waiting: int, **options: Any) -> None:
        """options: uvicorn's."""
        super().__init__(
            app, http=BoundedProtocol, ws="none", timeout_keep_alive=math.ceil(door.keep_alive_s), **options
        )
        self.door = door
        self.most_waiting = most_waiting
        self.waiting: dict[BoundedProtocol, None] = {}


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose requests have limits.

    An upgrade that is offered (`Upgrade: h2c`, as every JDK client offers it) is passed over and the request served,
    as RFC 9110, 7.8 allows (Kludex/uvicorn#2722): the parser would take the body for another protocol's bytes.
    """

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """Made by uvicorn, for each connection."""
        super().__init__(config, server_state, app_state, _loop)
        self.door, self.waiting, self.most_waiting = config.door, config.waiting, config.most_waiting
        self._in_head = self._in_body = self._refused = False
        self._chunk_bytes = 0  # of what is read now
        self._head_bytes = 0  # of a head that is not whole, before that
        self._body_bytes = 0
        self._spare_bytes = SPARE_BYTES
        self._body_began_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # --- The connection -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Give a new connection the time for its first head; of too many that wait, the oldest goes."""
        super().connection_made(transport)
        self._wait_for_head()
        if len(self.waiting) > self.most_waiting:
            next(iter(self.waiting))._head_is_late()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End at once where nothing is being answered."""
        super().shutdown()
        if self._refused:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Read what came, within the limits."""
        if self._refused:
            return
        was_in_body = self._in_body
        self._chunk_bytes = len(data)
        self._unset_keepalive_if_required()
        self._feed(data)
        if self.transport.is_closing() or self._is_over:
            return
        if self._in_body:
            self._more_body_to_come(len(data) if was_in_body else 0)
        elif self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.door.max_header_bytes:
                self._refuse(HeadersTooLarge(self.door.max_header_bytes))
            elif self._timer is None:
                self._wait_for_head()
        elif self._timer is None and self.timeout_keep_alive_task is None and not self._is_answering:
            self._wait_for_head()  # empty lines between requests

    @property
    def _is_over(self) -> bool:
        return self._refused

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    # --- What is late -------------------------------------------------------------------------------------------------

    def _wait_for_head(self) -> None:
        self.waiting[self] = None
        self._timer = self.loop.call_later(self.door.header_timeout_s, self._head_is_late)

    def _head_is_late(self) -> None:
        self._stop_timer()
        if self._is_answering:
            self._wait_for_head()  # an earlier request's answer is not cut
        elif self._in_head:
            self._refuse(TooSlow("headers", "header_timeout_s"))
        else:
            self.transport.close()  # nothing was asked, so nothing is answered

    def _more_body_to_come(self, n_bytes: int) -> None:
        self._spare_bytes -= n_bytes
        if self._spare_bytes < 0:
            self._refuse(NotHttp())
        elif self._timer is None:
            self._body_began_s = self.loop.time()
            first_s = min(self.door.header_timeout_s, self.door.body_timeout_s)
            self._timer = self.loop.call_later(first_s, self._check_body)

    def _check_body(self) -> None:
        door, elapsed_s = self.door, self.loop.time() - self._body_began_s
        is_slow = elapsed_s >= door.header_timeout_s and self._body_bytes < door.min_body_bytes_per_s * elapsed_s
        if self.flow.read_paused:  # then it waits for us
            is_slow = False
        if is_slow or elapsed_s >= door.body_timeout_s:
            self._refuse(TooSlow("body", "min_body_bytes_per_s" if is_slow else "body_timeout_s"))
            return
        next_s = min(door.header_timeout_s / 4, door.body_timeout_s - elapsed_s)
        self._timer = self.loop.call_later(next_s, self._check_body)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.waiting.pop(self, None)

    # --- Reading ------------------------------------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self._refused:
                self._refuse(NotHttp())
        except httptools.HttpParserUpgrade as offer:
            if not self._refused:
                self._pass_over(data[offer.args[0] :])

    def _pass_over(self, rest: bytes) -> None:
        """Read the request's head again as if it had offered no upgrade, then what came after it."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(NotHttp())
            return
        head = [method, b" ", self.url, b" HTTP/", self.parser.get_http_version().encode(), b"\r\n"]
        for name, value in self.headers:
            if name == b"connection":  # keep-alive is the default, and the list may not be empty
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join([token for token in tokens if token.lower() not in _OFFERS] or [b"keep-alive"])
            if name not in _OFFERS:
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._feed(b"".join([*head, b"\r\n"]))
        if rest and not self._is_over:
            self._feed(rest)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is whole: begin the request, unless it is too large."""
        if self._refused or self.parser.should_upgrade():
            return
        limit = self.door.max_header_bytes
        if len(self.headers) > MAX_HEADERS or (self._head_bytes + self._chunk_bytes > limit and self._size() > limit):
            self._refuse(HeadersTooLarge(limit))
            return
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._stop_timer()
        super().on_headers_complete()
        self.headers = _DROPPED

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """More of the body."""
        if not self._refused:
            self._body_bytes += len(body)
            self._spare_bytes += len(body) * (1 + SPARE_PER_BYTE)
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if not (self._refused or self.parser.should_upgrade()):
            self._in_body, self._body_bytes, self._spare_bytes = False, 0, SPARE_BYTES
            self._stop_timer()
            super().on_message_complete()

    # --- Refusing -----------------------------------------------------------------------------------------------------

    def _refuse(self, error: RequestError) -> None:
        """Answer with an error and end the connection; an answer that has begun is completed before."""
        self._refused = True
        self._stop_timer()
        if self._is_answering:
            self.cycle.keep_alive = False
            if not self._in_body or self.cycle.response_started:
                return
            self.cycle.disconnected = True  # the reader of the body learns that no more of it comes
            self.cycle.message_event.set()
        self.transport.write(self._rendered(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_S, self.transport.close)

    def _rendered(self, error: RequestError) -> bytes:
        path, headers = "", {}
        if self.scope is not None:
            path = self.url.partition(b"?")[0].decode("latin-1")
            headers = {name.decode("latin-1"): "" for name, _ in self.scope["headers"]}
        body = encode_json(render_error(error, path_dialect(path) or error_dialect(headers)))
        status = HTTPStatus(error.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body
