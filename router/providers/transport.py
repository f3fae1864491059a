"""Sends requests to configured hosts only, with our timeouts; errors never contain request text or headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

import httpx2

from router.dialects.conversation import FailureKind
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.errors import TierwiseError
from router.providers.echo import EchoReply

ECHO_SCHEME = "echo"

NO_CONNECTION = "The router has no connection to a provider left: raise [connections] max_connections or ulimit -n"
"""A message for the operator; the reason follows in brackets."""

BUSY_S = 1.0
"""What a client is asked to wait while the router has no connection left."""

USER_AGENT = "tierwise"
HOPS_HEADER = "x-tierwise-hops"
"""The ids of the routers that a request came through, joined by commas."""
GOES_ROUND = 508
"""The status of a request that has come through the router before."""


class UpstreamBroke(TierwiseError):
    """The exchange with a provider broke. It never leaves dispatch, which makes a failure of it."""

    def __init__(self, kind: FailureKind, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_s = retry_after_s


class Reply(Protocol):
    """An answer whose headers have come. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]

    async def read(self, *, limit_bytes: int, between_bytes_s: float) -> bytes:
        """The whole body. Raises UpstreamBroke."""

    def chunks(self, *, between_bytes_s: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises UpstreamBroke."""

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""


class Transport:
    """Sends requests to the hosts of the configured providers, and to no others."""

    def __init__(
        self,
        connections: httpx2.AsyncBaseTransport,
        providers: Iterable[Provider],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """connections: they stay the caller's.  sleep: the echo's."""
        self._connections = connections
        self._origins = {_parsed(provider.base_url).origin for provider in providers}
        self._sleep = sleep

    async def open(self, request: HttpRequest, *, within_s: float, hops: str = "") -> Reply:
        """Send, and wait until the headers are there, at most so long. Raises UpstreamBroke.

        hops: the routers that the request came through; "" for a request of ours.
        """
        parsed = _parsed(request.url)
        if parsed.origin not in self._origins:
            raise UpstreamBroke(FailureKind.CONNECTION, "The URL is not of a configured provider.")
        try:
            async with asyncio.timeout(within_s):
                if parsed.url is None:
                    reply = EchoReply(request, self._sleep)
                    await reply.start()
                    return reply
                return await self._send(request, parsed.url, hops)
        except TimeoutError as exc:
            raise UpstreamBroke(FailureKind.TIMEOUT, f"No answer began within {within_s:.3g} s.") from exc

    async def _send(self, request: HttpRequest, url: httpx2.URL, hops: str) -> Reply:
        headers = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers.items()
        }
        headers["user-agent"] = USER_AGENT
        if hops:
            headers[HOPS_HEADER] = hops
        # Compression delays events, and an answer that streams is not large.
        headers["accept-encoding"] = "identity" if request.stream else "gzip, deflate"
        built = httpx2.Request(request.method, url, headers=headers, stream=httpx2.ByteStream(request.body))
        try:
            response = await self._connections.handle_async_request(built)
        except httpx2.TransportError as exc:
            raise _broke(exc) from None  # the cause may hold a header's value
        return HttpReply(response)


class HttpReply:
    """An answer over HTTP."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def read(self, *, limit_bytes: int, between_bytes_s: float) -> bytes:
        """The whole body, decoded. Raises UpstreamBroke where it breaks off, pauses too long or is too large."""
        parts, n_bytes = [], 0
        loop = asyncio.get_running_loop()
        with _broken(between_bytes_s):
            async with asyncio.timeout(between_bytes_s) as patience:
                async for chunk in self._decoded():
                    n_bytes += len(chunk)
                    if n_bytes > limit_bytes:
                        message = f"The answer is larger than {limit_bytes:,} bytes."
                        raise UpstreamBroke(FailureKind.BROKEN_ANSWER, message)
                    parts.append(chunk)
                    patience.reschedule(loop.time() + between_bytes_s)
        return b"".join(parts)

    async def chunks(self, *, between_bytes_s: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes, decoded."""
        iterator = self._decoded()
        while True:
            with _broken(between_bytes_s):
                async with asyncio.timeout(between_bytes_s):  # not around the yield: the consumer may take its time
                    chunk = await anext(iterator, None)
            if chunk is None:
                return
            if chunk:
                yield chunk

    def _decoded(self) -> AsyncIterator[bytes]:
        """The body's bytes; past two generators of httpx2's where there is nothing to decode."""
        stream = self._response.stream
        if "content-encoding" in self.headers or not isinstance(stream, httpx2.AsyncByteStream):
            return self._response.aiter_bytes()
        return aiter(stream)

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        try:
            await self._response.aclose()
        except httpx2.HTTPError:
            pass  # it is closed either way, and the rest of the answer is not needed


@contextmanager
def _broken(between_bytes_s: float) -> Iterator[None]:
    """What goes wrong while reading, as UpstreamBroke."""
    try:
        yield
    except TimeoutError as exc:
        message = f"The provider was silent for {between_bytes_s:.3g} s inside an answer."
        raise UpstreamBroke(FailureKind.TIMEOUT, message) from exc
    except httpx2.HTTPError as exc:
        raise _broke(exc) from None


_KINDS: tuple[tuple[type[Exception], FailureKind, str], ...] = (
    (httpx2.ConnectTimeout, FailureKind.CONNECTION, "The provider could not be reached in time."),
    (httpx2.TimeoutException, FailureKind.TIMEOUT, "The provider took too long."),
    (httpx2.ConnectError, FailureKind.CONNECTION, "The provider could not be reached."),
    (httpx2.DecodingError, FailureKind.BROKEN_ANSWER, "The answer's compression is broken."),
)


def _broke(exc: Exception) -> UpstreamBroke:
    """The exception without its own text, which may hold a header's value."""
    if isinstance(exc, httpx2.PoolTimeout):
        return UpstreamBroke(FailureKind.ROUTER_BUSY, f"{NO_CONNECTION} ({exc}).", retry_after_s=BUSY_S)
    for kind_of_exception, kind, message in _KINDS:
        if isinstance(exc, kind_of_exception):
            return UpstreamBroke(kind, message)
    return UpstreamBroke(FailureKind.CONNECTION, f"The connection to the provider broke ({type(exc).__name__}).")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A URL taken apart. origin: scheme, host, port.  url: None for the echo's."""

    origin: tuple[str, str | None, int | None]
    url: httpx2.URL | None


@lru_cache(maxsize=1024)
def _parsed(url: str) -> _Parsed:
    """Remembered: a service has few, and taking one apart costs as much as sending to it."""
    parts = urlsplit(url)
    origin = parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return _Parsed(origin, None if parts.scheme == ECHO_SCHEME else httpx2.URL(url))
