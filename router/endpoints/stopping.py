"""The answer to the calls in flight when the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import MappingProxyType
from typing import Any, TypeVar

from router.errors import RequestError

T = TypeVar("T")


class ServiceStops(RequestError):
    """The service stops before the answer is there: another instance, or the next one, gives it."""

    status = 503
    type = "api_error"
    headers = MappingProxyType({"retry-after": "1", "x-should-retry": "true"})

    def __init__(self) -> None:
        message = "The service is stopping, and the answer was not there in time. Send the request again."
        super().__init__(message, code="service_stopping")


class InFlight:
    """The calls in flight. One per process, for one event loop."""

    def __init__(self) -> None:
        self.has_stopped = False
        self._ends: set[Callable[[], object]] = set()

    def add(self, end: Callable[[], object]) -> None:
        """A call begins. end: called where the service stops before `discard`; at once where it has stopped."""
        if self.has_stopped:
            end()
        else:
            self._ends.add(end)

    def discard(self, end: Callable[[], object]) -> None:
        """The call is over."""
        self._ends.discard(end)

    def stop(self) -> int:
        """End every call, and each one that still comes; how many there were."""
        self.has_stopped = True
        ends, self._ends = self._ends, set()
        for end in ends:
            end()
        return len(ends)


async def until_stopped(in_flight: InFlight, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. Raises ServiceStops where the service stops first; the work is cancelled then."""
    if in_flight.has_stopped:
        work.close()
        raise ServiceStops
    task = asyncio.current_task()
    assert task is not None, "it runs in a task"
    has_stopped = False

    def end() -> None:
        nonlocal has_stopped
        has_stopped = True
        task.cancel()

    in_flight.add(end)
    try:
        return await work
    except asyncio.CancelledError:
        if has_stopped and task.uncancel() == 0:
            raise ServiceStops from None
        raise
    finally:
        in_flight.discard(end)
