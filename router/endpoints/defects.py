"""Unexpected exceptions: a 500 in the caller's dialect, and one line of log without the request's text."""

from __future__ import annotations

import logging
from types import MappingProxyType, TracebackType

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.endpoints.bodies import error_response
from router.errors import RequestError

LOG = logging.getLogger(__name__)


class Defect(RequestError):
    """An unexpected exception; the answer gives no details, as they may quote a request."""

    status = 500
    type = "api_error"
    headers = MappingProxyType({"x-should-retry": "false"})  # the same request would break the same way

    def __init__(self) -> None:
        super().__init__("the service failed; its log names the kind of error and the place.", code="internal_error")


class Defects:
    """Middleware around all endpoints. Without it the server would log the exception with its text and traceback."""

    def __init__(self, app: ASGIApp) -> None:
        """app: the application inside."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; an answer that has begun is broken off, so that it does not look complete."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as exc:  # any: its text may quote the request
            log_defect(exc)
            if not begun:
                await error_response(Defect(), Request(scope))(scope, receive, send)


def log_defect(exc: Exception) -> None:
    """One line: its type and its place."""
    LOG.error("defect: %s at %s", type(exc).__name__, _place(exc.__traceback__))


def _place(traceback: TracebackType | None) -> str:
    """File and line where it was raised; neither quotes the request."""
    if traceback is None:
        return "an unknown place"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"
