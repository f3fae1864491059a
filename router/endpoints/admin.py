"""GET / and its probes, /healthz, /readyz and /docs: is the process alive, can it decide, what does it take."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from router import __version__
from router.core import Router
from router.dialects.table import clients
from router.endpoints.bodies import json_response
from router.pages import render
from router.settings.values import why_not_ready

endpoints = APIRouter(tags=["admin"])

_OF_DIALECTS = [path for client in clients().values() for path in client.path_prefixes if path.count("/") == 1]
BASE_PATHS = ("/", "/v1", *_OF_DIALECTS)
"""What clients have as their base URL; some probe it before they call (Claude Code with HEAD)."""

_DOCS_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


async def base() -> Response:
    """What answers here."""
    return json_response({"service": "tierwise", "version": __version__, "docs": "/docs"})


for _path in BASE_PATHS:
    endpoints.get(_path, summary="What answers here", include_in_schema=_path == "/")(base)


@endpoints.get("/healthz", summary="The process is alive")
async def healthz() -> Response:
    """The process runs; its state is not checked."""
    return json_response({"status": "ok", "version": __version__})


@endpoints.get("/readyz", summary="The service can answer", responses={503: {"description": "No provider can answer"}})
async def readyz(request: Request) -> Response:
    """A bundle is loaded and a provider can be called; 503 with the reason where none can, or only the echo.

    `breakers`: the models that this process has left alone, their state now, how often, and the last cause.
    """
    router: Router = request.app.state.router
    bundle, settings = router.bundle, router.settings
    state = {
        "status": "ready",
        "bundle": {"id": bundle.manifest.id, "sha256": bundle.sha256, "golden": bundle.n_golden},
        "tiers": list(settings.tier_names),
        "providers": sorted(settings.serving),
        "breakers": request.app.state.breaker.report(),
    }
    if settings.has_provider:
        return json_response(state)
    return json_response({**state, "status": "not_ready", "why": why_not_ready(settings)}, status=503)


@endpoints.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The OpenAPI document as a page that loads nothing from anywhere."""
    page = render(Path(__file__).with_name("docs.html.j2"), document=request.app.openapi())
    return HTMLResponse(page, headers=_DOCS_HEADERS)
