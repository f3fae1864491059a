"""HTTP connections to providers: aiohttp's, behind httpx2's interface for transports.

A request over the connections that httpx2 brings costs 0.35 ms of CPU, over aiohttp's 0.05 (2 kB asked and answered,
16 at once, one core): as much as deciding. What is above does not see the difference.
"""

from __future__ import annotations

import asyncio
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
        self._free = asyncio.Semaphore(self._settings.max_connections)
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
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and wait for the headers. The response must be read to its end or closed.

        Raises httpx2.TransportError, without what caused it: that may hold a header's value.
        """
        await self._reserve()
        try:
            response = await self._send(request)
        except BaseException as exc:  # cancelled, too: the place in the pool is given back either way
            self._free.release()
            if (translated := _translated(exc)) is None:
                raise
            raise translated from None
        return httpx2.Response(response.status, headers=response.raw_headers, stream=_Body(response, self._free))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _reserve(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._settings.pool_s):
                await self._free.acquire()
        except TimeoutError as exc:
            raise httpx2.PoolTimeout("every connection is in use") from exc

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


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, response: aiohttp.ClientResponse, pool: asyncio.Semaphore) -> None:
        self._response = response
        self._pool: asyncio.Semaphore | None = pool

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            part = await self._response.content.readany()
        except BaseException as exc:  # only to translate what has a translation
            if (translated := _translated(exc)) is None:
                raise
            raise translated from None
        if not part:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        """Give the connection back where the body was read to its end, or close it."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
        pool.release()


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
