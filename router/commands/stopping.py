"""How the service ends: a signal, a stated grace, a last word to every call that is not over, and no longer.

uvicorn alone waits for the slowest answer, then cuts all of them off.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from types import FrameType

import uvicorn
from uvicorn.supervisors import multiprocess

LOG = logging.getLogger(__name__)

LAST_WORDS_S = 2.5
"""Of the grace, or half of it where that is less: for the errors of calls that are not over, until each is read."""

SLACK_S = 0.5
"""Above the grace, for worker processes to end."""

HURRIED_S = 1.0
"""At a second signal: for the errors of the calls that are not over."""

TICK_S = 0.05

STOPS = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """A server that ends within the grace of its configuration, `timeout_graceful_shutdown` in seconds.

    SIGTERM or SIGINT: no new connections; open answers go on; at the end of the grace streams end in an error of their
    dialect, other calls in a 503. A second signal makes that the end at once. SIGHUP changes nothing.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while serving."""
        with contextlib.suppress(NotImplementedError, AttributeError, RuntimeError):  # Windows, another thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._ignore)
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._hurry)
        with super().capture_signals():
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; at the second signal end at once.

        A worker hears of it from its supervisor, which also ends it at a second signal: Ctrl-C and systemd's SIGTERM
        reach both.
        """
        if self.config.workers > 1:
            self.should_exit = self.should_exit or sig == signal.SIGTERM
            return
        if self.should_exit:
            self.force_exit = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End within the grace."""
        grace_s = float(self.config.timeout_graceful_shutdown or 0)
        last_words_s = min(LAST_WORDS_S, grace_s / 2)
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        began_s = time.monotonic()
        if not await self._is_idle_within(grace_s - last_words_s):
            n_ended = self.lifespan.state["in_flight"].stop()
            LOG.warning("stopping: %d answers were not complete after %.2g s", n_ended, time.monotonic() - began_s)
            await self._is_idle_within(last_words_s, hurried_s=HURRIED_S)
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # its client does not read
        for task in list(self.server_state.tasks):
            task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _is_idle_within(self, seconds: float, *, hurried_s: float = 0.0) -> bool:
        """Wait until no call is in flight, at most so long; whether that came about.

        hurried_s: at most so long from the second signal on, where that is less.
        """
        ends_s = time.monotonic() + seconds
        while self.server_state.connections or self.server_state.tasks:
            if self.force_exit:
                ends_s, hurried_s = min(ends_s, time.monotonic() + hurried_s), seconds
            if time.monotonic() >= ends_s:
                return False
            await asyncio.sleep(TICK_S)
        return True

    def _hurry(self) -> None:
        """The supervisor has had a second signal, and passes it on as SIGUSR1."""
        self.should_exit = self.force_exit = True

    def _ignore(self) -> None:
        LOG.warning("SIGHUP is ignored: restart the service to read its configuration again")


class Worker(multiprocess.Process):
    """A worker process whose server ends as `Server` does."""

    @property
    def server(self) -> uvicorn.Server:
        """The server, made in the worker."""
        if self._server is None:
            self._server = Server(config=self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """A supervisor that refuses new connections from the signal on, and waits no longer than the grace.

    SIGHUP replaces the workers one by one, which read their configuration again.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        """As uvicorn's."""
        multiprocess.Process = Worker  # type: ignore[misc]  # it has no other place for the class of its workers
        super().__init__(config, sockets)

    def terminate_all(self) -> None:
        """Tell the workers to stop."""
        for listener in self.sockets:
            listener.close()  # the workers close theirs; connections would wait in this one, and be cut at the end
        super().terminate_all()

    def join_all(self) -> None:
        """Wait until the workers have ended; hurry them at a second signal, end them when the grace is over."""
        ends_s = time.monotonic() + float(self.config.timeout_graceful_shutdown or 0) + SLACK_S
        is_hurried = False
        while any(worker.process.is_alive() for worker in self.processes):
            if not is_hurried and any(sig in STOPS for sig in self.signal_queue):
                is_hurried = True
                ends_s = min(ends_s, time.monotonic() + HURRIED_S + SLACK_S)
                self._hurry()
            if time.monotonic() >= ends_s:
                for worker in self.processes:
                    worker.process.kill()
            time.sleep(TICK_S)
        super().join_all()

    def _hurry(self) -> None:
        for worker in self.processes:
            if worker.process.exitcode is None and worker.pid is not None and hasattr(signal, "SIGUSR1"):
                os.kill(worker.pid, signal.SIGUSR1)
