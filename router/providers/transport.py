"""The one HTTP client of the process: to configured hosts only, with its own patience, telling nobody what was said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx2

from router.errors import TierwiseError
from router.providers.adapters.echo import EchoReply
from router.providers.calls import HttpRequest
from router.providers.registry import Provider
from router.providers.secret import Secret
from router.wire.translate.neutral import FailureKind

ECHO_SCHEME = "echo"


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """How connections are made and kept.

    connect_s: to connect, TLS included.  write_s: between bytes of a request that is sent.
    pool_s: to wait for a free connection.
    idle_s: that an idle connection is kept: less than the 5 s after which llama.cpp, uvicorn and Node close theirs, or
        a request now and then meets a connection that is being closed.
    use_environment: whether HTTP_PROXY and the like, and SSL_CERT_FILE, are heeded.
    """

    connect_s: float = 5.0
    write_s: float = 60.0
    pool_s: float = 5.0
    idle_s: float = 4.0
    max_connections: int = 1_000
    max_idle_connections: int = 100
    use_environment: bool = False


class UpstreamBroke(TierwiseError):
    """The exchange with a provider broke. It never leaves dispatch, which makes a failure of it."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


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


def create_client(settings: TransportSettings) -> httpx2.AsyncClient:
    """The client; whoever makes it closes it. Redirects are not followed and cookies are not kept."""
    limits = httpx2.Limits(
        max_connections=settings.max_connections,
        max_keepalive_connections=settings.max_idle_connections,
        keepalive_expiry=settings.idle_s,
    )
    timeout = httpx2.Timeout(connect=settings.connect_s, read=None, write=settings.write_s, pool=settings.pool_s)
    return httpx2.AsyncClient(
        limits=limits,
        timeout=timeout,
        follow_redirects=False,
        trust_env=settings.use_environment,
        headers={"user-agent": "tierwise"},
    )


class Transport:
    """Sends requests to the hosts of the configured providers, and to no others."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        providers: Iterable[Provider],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """client: as `create_client` makes it; it stays the caller's.  sleep: the echo's."""
        self._client = client
        self._origins = {_origin(provider.base_url) for provider in providers}
        self._sleep = sleep

    async def open(self, request: HttpRequest, *, within_s: float) -> Reply:
        """Send, and wait until the headers are there, at most so long. Raises UpstreamBroke."""
        if _origin(request.url) not in self._origins:
            raise UpstreamBroke(FailureKind.CONNECTION, "The URL is not of a configured provider.")
        try:
            async with asyncio.timeout(within_s):
                if urlsplit(request.url).scheme == ECHO_SCHEME:
                    reply = EchoReply(request, self._sleep)
                    await reply.start()
                    return reply
                return await self._send(request)
        except TimeoutError as exc:
            raise UpstreamBroke(FailureKind.TIMEOUT, f"No answer began within {within_s:.3g} s.") from exc

    async def _send(self, request: HttpRequest) -> Reply:
        try:
            response = await self._client.send(self._built(request), stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise _broke(exc) from None  # the cause may hold a header's value
        self._client.cookies.clear()
        return HttpReply(response)

    def _built(self, request: HttpRequest) -> httpx2.Request:
        headers = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers.items()
        }
        # Compression delays events, and an answer that streams is not large.
        headers["accept-encoding"] = "identity" if request.stream else "gzip, deflate"
        return self._client.build_request(request.method, request.url, headers=headers, content=request.body)


class HttpReply:
    """An answer over HTTP."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def read(self, *, limit_bytes: int, between_bytes_s: float) -> bytes:
        """The whole body, decoded. Raises UpstreamBroke where it breaks off, pauses too long or is too large."""
        parts, n_bytes = [], 0
        async with aclosing(self.chunks(between_bytes_s=between_bytes_s)) as chunks:
            async for chunk in chunks:
                n_bytes += len(chunk)
                if n_bytes > limit_bytes:
                    raise UpstreamBroke(FailureKind.BROKEN_ANSWER, f"The answer is larger than {limit_bytes:,} bytes.")
                parts.append(chunk)
        return b"".join(parts)

    async def chunks(self, *, between_bytes_s: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes, decoded."""
        iterator = self._response.aiter_bytes()
        try:
            while True:
                async with asyncio.timeout(between_bytes_s):
                    chunk = await anext(iterator, None)
                if chunk is None:
                    return
                if chunk:
                    yield chunk
        except TimeoutError as exc:
            message = f"The provider was silent for {between_bytes_s:.3g} s inside an answer."
            raise UpstreamBroke(FailureKind.TIMEOUT, message) from exc
        except httpx2.HTTPError as exc:
            raise _broke(exc) from None

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        try:
            await self._response.aclose()
        except httpx2.HTTPError:
            pass  # it is closed either way, and nobody waits for what it had to say


_KINDS: tuple[tuple[type[Exception], FailureKind, str], ...] = (
    (httpx2.PoolTimeout, FailureKind.OVERLOADED, "There is no free connection to a provider: raise max_connections."),
    (httpx2.ConnectTimeout, FailureKind.CONNECTION, "The provider could not be reached in time."),
    (httpx2.TimeoutException, FailureKind.TIMEOUT, "The provider took too long."),
    (httpx2.ConnectError, FailureKind.CONNECTION, "The provider could not be reached."),
    (httpx2.DecodingError, FailureKind.BROKEN_ANSWER, "The answer's compression is broken."),
)


def _broke(exc: Exception) -> UpstreamBroke:
    """The exception without its own text, which may hold a header's value."""
    for kind_of_exception, kind, message in _KINDS:
        if isinstance(exc, kind_of_exception):
            return UpstreamBroke(kind, message)
    return UpstreamBroke(FailureKind.CONNECTION, f"The connection to the provider broke ({type(exc).__name__}).")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
