"""A short way to the most-called endpoints, past the framework's layers around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from router.endpoints.bodies import error_response
from router.endpoints.defects import Defect, Defects, log_defect

Handler = Callable[[Request], Awaitable[Response]]


class DirectApp(FastAPI):
    """A FastAPI application that calls some handlers of POST by their path alone.

    Routing, exit stacks, telemetry and the like cost 0.1 ms per request, a tenth of the proxy's whole time. Exception
    handlers apply as everywhere, and an exception without one is a defect; once a middleware is added, every request
    takes the long way through it.
    """

    def __init__(self, direct: Mapping[str, Handler], **options: Any) -> None:
        """direct: handlers by path, each registered as a route too; they declare no dependencies."""
        super().__init__(**options)
        self.add_middleware(Defects)
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the framework."""
        handler = None
        if scope["type"] == "http" and scope["method"] == "POST" and len(self.user_middleware) == 1:
            handler = self._direct.get(scope["path"])
        if handler is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as exc:  # the registered handlers decide which ones have an answer
            response = await self._answer_to(exc, request)
        try:
            await response(scope, receive, send)
        except Exception as exc:  # the answer has begun: it is cut off, so that it does not look whole
            log_defect(exc)

    async def _answer_to(self, exc: Exception, request: Request) -> Response:
        """The answer of the handler for the exception's class, or for the nearest base of it; a 500 without one."""
        for kind in type(exc).__mro__:
            if (handler := self.exception_handlers.get(kind)) is not None:
                answer = handler(request, exc)
                return answer if isinstance(answer, Response) else await answer
        log_defect(exc)
        return error_response(Defect(), request)
