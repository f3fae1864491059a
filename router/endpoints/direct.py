"""The way into the service: who may call at all, and a short way to the most-called endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from router.endpoints.bodies import error_response
from router.endpoints.defects import Defect, Defects, log_defect
from router.endpoints.guard import Guard

Handler = Callable[[Request], Awaitable[Response]]

EXPOSED_HEADERS = (
    "retry-after",
    "x-router-attempts",
    "x-router-decision-id",
    "x-router-dropped",
    "x-router-effort",
    "x-router-escalations",
    "x-router-findings",
    "x-router-model",
    "x-router-policy",
    "x-router-reason",
    "x-router-served-by",
    "x-router-tier",
    "x-router-turn",
    "x-router-upstream-request-id",
    "x-router-usage",
    "x-should-retry",
)
"""Headers of answers that a page may read."""


class DirectApp(FastAPI):
    """A FastAPI application that calls some handlers of POST by their path alone.

    Routing, exit stacks, telemetry and the like cost 0.1 ms per request, a tenth of the proxy's whole time. Exception
    handlers apply as everywhere, and an exception without one is a defect; once a middleware is added, every request
    takes the long way through it.

    HEAD is answered wherever GET is. A path that ends in a slash is the one without it, not redirected: a redirect
    would go where the request's Host header says.
    """

    def __init__(
        self, direct: Mapping[str, Handler], *, guard: Guard | None, cors_origins: tuple[str, ...], **options: Any
    ) -> None:
        """Make the application.

        direct: handlers by path, each registered as a route too; they declare no dependencies.
        guard: None where a key protects.  cors_origins: of pages that may read answers.
        """
        super().__init__(redirect_slashes=False, **options)
        self.add_middleware(Defects)
        self._direct = direct
        self._guard = guard
        self._cors = (
            CORSMiddleware(
                self._serve,
                allow_origins=cors_origins,
                allow_methods=("GET", "HEAD", "POST"),
                allow_headers=("*",),  # those that the page asks for: SDKs send a dozen of their own
                allow_private_network=True,
                expose_headers=EXPOSED_HEADERS,
            )
            if cors_origins
            else None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with what browsers ask for where pages may call."""
        if self._cors is None:
            await self._serve(scope, receive, send)
        else:
            await self._cors(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the framework."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        if self._guard is not None and (refusal := self._guard.refusal(scope)) is not None:
            await error_response(refusal, Request(scope))(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        if path.endswith("/") and path != "/":
            path = path.rstrip("/") or "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        handler = self._direct.get(path) if method == "POST" and len(self.user_middleware) == 1 else None
        if handler is not None:
            await self._handle(handler, scope, receive, send)
        elif method == "HEAD":
            await super().__call__({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await super().__call__(scope, receive, send)

    async def _handle(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
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


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending
