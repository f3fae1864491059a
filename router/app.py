"""create_app: the only place where the service's parts are joined. Importing it opens nothing."""

from __future__ import annotations

import asyncio
import random
import secrets
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
from router.endpoints.guard import Guard
from router.endpoints.stopping import InFlight
from router.errors import RequestError
from router.forward import Forwarder
from router.providers.breaker import Breaker
from router.providers.connections import Connections
from router.providers.dispatch import Dispatcher
from router.providers.transport import Transport
from router.settings import Settings

DESCRIPTION = "Decides, per request, the cheapest tier of language models whose answer will be adequate."


def create_app(router: Router, *, own_id: str | None = None) -> FastAPI:
    """The service around a router. Stateless: any number of workers gives the same decisions.

    own_id: of the service, the same in all of its workers, by which it knows its own requests; a random one by default.
    """
    settings = router.settings
    app = DirectApp(
        {**route.DIRECT, **proxy.DIRECT},
        guard=Guard(settings.door, settings.host) if settings.api_key is None else None,
        cors_origins=settings.door.cors_origins,
        title="tierwise",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # the framework's page loads its scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.router = router
    app.state.breaker = Breaker(router.settings.dispatch.breaker, time.monotonic)
    app.state.in_flight = InFlight()
    app.state.own_id = own_id or secrets.token_hex(8)
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
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, InFlight]]:
    """One pool of connections and one call log per process, from its first request to its last.

    Gives the server what it ends calls with when it stops.
    """
    router: Router = app.state.router
    with call_log(router.settings.call_log):
        async with Connections(router.settings.connections) as connections:
            app.state.forwarder = _forwarder(router, connections, app.state.breaker, own_id=app.state.own_id)
            yield {"in_flight": app.state.in_flight}


def dispatcher_of(settings: Settings, connections: Connections, breaker: Breaker) -> Dispatcher:
    """What sends calls to the providers of the settings, with the real clocks. connections: they stay the caller's."""
    return Dispatcher(
        settings.providers,
        Transport(connections, settings.providers.values()),
        policy=settings.dispatch,
        breaker=breaker,
        unset=settings.unset,
        clock=time.monotonic,
        wall_clock=time.time,
        sleep=asyncio.sleep,
        rng=random.random,
    )


def _forwarder(router: Router, connections: Connections, breaker: Breaker, *, own_id: str) -> Forwarder:
    dispatcher = dispatcher_of(router.settings, connections, breaker)
    return Forwarder(router, dispatcher, Accounts(CallLog()), wall_clock=time.time, own_id=own_id)


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
