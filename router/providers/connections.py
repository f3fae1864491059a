"""HTTP connections to providers: aiohttp's, behind httpx2's interface for transports.

A request over the connections that httpx2 brings costs 0.35 ms of CPU, over aiohttp's 0.05 (2 kB asked and answered,
16 at once, one core): as much as deciding. What is above does not see the difference.
"""

from __future__ import annotations

import asyncio
import errno
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from yarl import URL

from router.providers.connection_settings import ConnectionSettings

MAX_HEADER_BYTES = 64 * 1024
"""Of one header of an answer; aiohttp's own 8 kB are too few for the cookies and policies of some."""

PART_BYTES = 16 * 1024
"""Of an answer, read at once: what a client that does not read leaves in this process is counted in such parts."""

OUR_WANT = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
"""Errors of a connection that say nothing of the provider: no descriptor or memory is left here."""

LARGE_BYTES = 1 << 20
"""A request's body above this is handed on in parts, so that other exchanges go on between them."""


@dataclass(frozen=True, slots=True)
class _Proxy:
    """A proxy for a scheme. headers: its credentials."""

    url: URL
    headers: Mapping[str, str] = field(repr=False)


class Connections(httpx2.AsyncBaseTransport):
    """A pool of HTTP/1.1 connections for one event loop, made inside it; its owner closes it.

    Redirects are not followed, cookies are not kept, answers are not decoded (httpx2's Response does that). Reading has
    no time limit here: who waits sets one.
    """

    def __init__(self, settings: ConnectionSettings | None = None) -> None:
        """Make the pool; nothing is connected yet."""
        self._settings = settings or ConnectionSettings()
        self._places = _Places(self._settings.max_connections, wait_s=self._settings.pool_s)
        self._proxies = _proxies() if self._settings.use_environment else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # counted here: a full pool and a slow host are different troubles
                keepalive_timeout=self._settings.idle_s,
                ssl=httpx2.create_ssl_context(trust_env=self._settings.use_environment),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._settings.connect_s),
            auto_decompress=False,
            read_bufsize=PART_BYTES,
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and wait for the headers. The response must be read to its end or closed.

        Raises httpx2.TransportError, without what caused it: that may hold a header's value; httpx2.PoolTimeout where
        a connection is wanting on our side.
        """
        await self._places.take()
        try:
            response = await self._send(request)
        except BaseException as exc:  # cancelled, too: the place in the pool is given back either way
            self._places.give_back()
            if (translated := _translated(exc)) is None:
                raise
            raise translated from None
        return httpx2.Response(response.status, headers=response.raw_headers, stream=_Body(response, self._places))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _send(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        url = URL(str(request.url), encoded=True)  # as it was signed
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw]
        content = b"".join([part async for part in _stream(request)])
        through: dict[str, Any] = {}
        if (proxy := self._proxy_for(url)) is not None:
            through = {"proxy": proxy.url, "proxy_headers": proxy.headers}
            if url.scheme == "http":  # without TLS the request itself is the proxy's
                headers += proxy.headers.items()
        return await self._session.request(
            request.method,
            url,
            headers=headers,
            data=io.BytesIO(content) if len(content) > LARGE_BYTES else content,
            allow_redirects=False,
            **through,
        )

    def _proxy_for(self, url: URL) -> _Proxy | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        return None if proxy is None or proxy_bypass(url.authority) else proxy


class _Places:
    """Places for connections. Who holds one may hold it for minutes, so that waiting for one has to be asked for."""

    def __init__(self, number: int, *, wait_s: float) -> None:
        self._free = asyncio.Semaphore(number)
        self._wait_s = wait_s

    async def take(self) -> None:
        if self._free.locked() and not self._wait_s:
            raise httpx2.PoolTimeout("every connection is in use")
        try:
            async with asyncio.timeout(self._wait_s or None):
                await self._free.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout("every connection is in use") from None

    def give_back(self) -> None:
        self._free.release()


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as it comes, in parts of at most PART_BYTES."""

    def __init__(self, response: aiohttp.ClientResponse, places: _Places) -> None:
        self._response = response
        self._places: _Places | None = places

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            part = await self._response.content.read(PART_BYTES)
        except BaseException as exc:  # only to translate what has a translation
            if (translated := _translated(exc)) is None:
                raise
            raise translated from None
        if not part:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        """Give the connection back where the body was read to its end, or close it."""
        places, self._places = self._places, None
        if places is None:
            return
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
        places.give_back()


def _stream(request: httpx2.Request) -> httpx2.AsyncByteStream:
    assert isinstance(request.stream, httpx2.AsyncByteStream)
    return request.stream


_ERRORS: tuple[tuple[type[BaseException], type[httpx2.TransportError], str], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout, "no connection in time"),
    (aiohttp.ClientConnectorError, httpx2.ConnectError, "no connection"),
    (aiohttp.ClientHttpProxyError, httpx2.ProxyError, "the proxy refused"),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError, "closed before an answer was whole"),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError, "the body broke off"),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError, "not HTTP"),
    (aiohttp.ClientError, httpx2.ReadError, "broke"),
    (OSError, httpx2.ReadError, "broke"),
    (ValueError, httpx2.LocalProtocolError, "cannot be sent"),
)


def _translated(exc: BaseException) -> httpx2.TransportError | None:
    """An exception of aiohttp as httpx2's, with a text of ours: its own may hold a header."""
    if isinstance(exc, OSError) and exc.errno in OUR_WANT:
        return httpx2.PoolTimeout(f"this process can open no more ({errno.errorcode[exc.errno]})")
    for foreign, ours, message in _ERRORS:
        if isinstance(exc, foreign):
            return ours(f"{message} ({type(exc).__name__})")
    return None


def _proxies() -> dict[str, _Proxy]:
    """The proxies that the environment names, by scheme or `all`."""
    return {scheme: _proxy(url) for scheme, url in getproxies().items() if scheme in ("http", "https", "all")}


def _proxy(address: str) -> _Proxy:
    url = URL(address if "://" in address else f"http://{address}")
    if url.user is None:
        return _Proxy(url, {})
    credentials = aiohttp.encode_basic_auth(url.user, url.password or "")
    return _Proxy(url.with_user(None), {"proxy-authorization": credentials})
