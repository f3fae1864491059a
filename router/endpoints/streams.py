"""Answers that come piece by piece, and clients that leave before they are whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from router.endpoints.stopping import InFlight

T = TypeVar("T")

WATCH_AFTER_S = 0.05
"""Until a client is watched for leaving: a short answer is complete by then, and watching costs a task."""


async def until_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work; where the client leaves before it is there, the work is cancelled.

    Raises ClientDisconnect then. The body must have been read.
    """
    watch = _Watch(request.receive)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.gone and watch.task.uncancel() == 0:
            raise ClientDisconnect from None
        raise  # cancelled from outside: the server stops
    finally:
        watch.stop()


class _Watch:
    """Cancels the task that made it when the client leaves, as asyncio.timeout does when time is over."""

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        task = asyncio.current_task()
        assert task is not None, "it is made in a task"
        self.task = task
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None
        self._timer = task.get_loop().call_later(WATCH_AFTER_S, self._start)

    def _start(self) -> None:
        self._watching = self.task.get_loop().create_task(self._watch(), name="watch for the client leaving")

    async def _watch(self) -> None:
        await _gone(self._receive)
        self.gone = True
        self.task.cancel()

    def stop(self) -> None:
        """Stop watching. It awaits nothing, so that it works in a task that is being cancelled."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()


class StreamResponse(Response):
    """A stream that ends when its client disconnects, at once, also while nothing is sent.

    The framework's own notices it at the next piece only, and until then the provider's tokens are billed.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        *,
        close: Callable[[], object],
        interrupt: Callable[[], object],
        in_flight: InFlight,
        headers: dict[str, str],
        media_type: str,
    ) -> None:
        """What is sent.

        close: ends the source of the pieces, also where none was taken; it awaits nothing.
        interrupt: makes an error the last piece, as the service stops.
        """
        super().__init__(None, 200, headers, media_type)
        del self.headers["content-length"]
        self._pieces = pieces
        self._close = close
        self._interrupt = interrupt
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces until they end or the client leaves."""
        self._in_flight.add(self._interrupt)
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        except OSError:
            pass  # the connection broke while a piece was sent: the client is gone
        finally:
            self._in_flight.discard(self._interrupt)
            self._close()  # first: an await may not finish in a task that is being cancelled
            await _stopped(sending, gone)
            await self._pieces.aclose()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stopped(*tasks: asyncio.Future[Any]) -> None:
    """Cancel the tasks that still run and wait until they have stopped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
