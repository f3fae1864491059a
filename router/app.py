"""create_app: the only place where the service's parts are joined. Importing it opens nothing."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from router import __version__
from router.account import Accounts
from router.account.call_log import CallLog, call_log
from router.core import Router
from router.endpoints import admin, models, proxy, route
from router.endpoints.bodies import error_response
from router.endpoints.direct import DirectApp
from router.errors import RequestError
from router.forward import Forwarder
from router.providers.breaker import Breaker
from router.providers.connections import Connections
from router.providers.dispatch import Dispatcher
from router.providers.transport import Transport

DESCRIPTION = "Decides, per request, the cheapest tier of language models whose answer will be adequate."


def create_app(router: Router) -> FastAPI:
    """The service around a router. Stateless: any number of workers gives the same decisions."""
    app = DirectApp(
        {**route.DIRECT, **proxy.DIRECT},
        title="tierwise",
        version=__version__,
        description=DESCRIPTION,
        docs_url="/docs",
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.router = router
    app.include_router(route.endpoints)
    app.include_router(models.endpoints)
    app.include_router(admin.endpoints)
    app.include_router(proxy.endpoints)
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(ClientDisconnect, _client_gone)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(405, _wrong_method)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One pool of connections and one call log per process, from its first request to its last."""
    router: Router = app.state.router
    with call_log(router.settings.call_log):
        async with Connections(router.settings.connections) as connections:
            app.state.forwarder = _forwarder(router, connections)
            yield


def _forwarder(router: Router, connections: Connections) -> Forwarder:
    settings = router.settings
    dispatcher = Dispatcher(
        settings.providers,
        Transport(connections, settings.providers.values()),
        policy=settings.dispatch,
        breaker=Breaker(settings.dispatch.breaker, time.monotonic),
        clock=time.monotonic,
        wall_clock=time.time,
        sleep=asyncio.sleep,
        rng=random.random,
    )
    return Forwarder(router, dispatcher, Accounts(CallLog()), wall_clock=time.time)


async def _request_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestError)
    return error_response(exc, request)


async def _client_gone(_request: Request, _exc: Exception) -> Response:
    return Response(status_code=400)  # never read: the client disconnected while it was sending


async def _not_found(request: Request, _exc: Exception) -> Response:
    return error_response(_NotFound(f"{request.url.path}: unknown path; GET /docs lists the known ones."), request)


async def _wrong_method(request: Request, exc: Exception) -> Response:
    message = f"{request.method} is not allowed on {request.url.path}."
    return error_response(_WrongMethod(message, headers=getattr(exc, "headers", None)), request)


class _NotFound(RequestError):
    status = 404
    type = "not_found_error"

    def __init__(self, message: str) -> None:
        super().__init__(message, code="not_found")


class _WrongMethod(RequestError):
    status = 405

    def __init__(self, message: str, *, headers: Mapping[str, str] | None) -> None:
        super().__init__(message, code="method_not_allowed")
        self.headers = headers or {}  # `allow`
