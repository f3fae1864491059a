"""create_app: the only place where the service's parts are joined. Importing it opens nothing."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from router.core import Router
from router.endpoints import admin, models, route
from router.endpoints.bodies import error_response
from router.errors import RequestError
from router.version import package_version

DESCRIPTION = "Decides, per request, the cheapest tier of language models whose answer will be adequate."


def create_app(router: Router) -> FastAPI:
    """The service around a router. Stateless: any number of workers gives the same decisions."""
    app = FastAPI(
        title="tierwise", version=package_version(), description=DESCRIPTION, docs_url="/docs", redoc_url=None
    )
    app.state.router = router
    app.include_router(route.endpoints)
    app.include_router(models.endpoints)
    app.include_router(admin.endpoints)
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(ClientDisconnect, _client_gone)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(405, _wrong_method)
    return app


async def _request_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestError)
    return error_response(exc, request)


async def _client_gone(_request: Request, _exc: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it: the client hung up while it was sending


async def _not_found(request: Request, _exc: Exception) -> Response:
    return error_response(
        _NotFound(f"{request.url.path}: there is nothing here; GET /docs lists what there is."), request
    )


async def _wrong_method(request: Request, _exc: Exception) -> Response:
    return error_response(_WrongMethod(f"{request.method} is not allowed on {request.url.path}."), request)


class _NotFound(RequestError):
    status = 404
    type = "not_found_error"

    def __init__(self, message: str) -> None:
        super().__init__(message, code="not_found")


class _WrongMethod(RequestError):
    status = 405

    def __init__(self, message: str) -> None:
        super().__init__(message, code="method_not_allowed")
