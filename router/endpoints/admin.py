"""GET /healthz and /readyz: is the process alive, can it decide."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from router import __version__
from router.core import Router
from router.endpoints.bodies import json_response

endpoints = APIRouter(tags=["admin"])


@endpoints.get("/healthz", summary="The process is alive")
async def healthz() -> Response:
    """The process runs; its state is not checked."""
    return json_response({"status": "ok", "version": __version__})


@endpoints.get("/readyz", summary="The service can decide")
async def readyz(request: Request) -> Response:
    """A bundle is loaded and has reproduced its golden prompts; the answer names it."""
    router: Router = request.app.state.router
    bundle = router.bundle
    return json_response(
        {
            "status": "ready",
            "bundle": {"id": bundle.manifest.id, "sha256": bundle.sha256, "golden": bundle.n_golden},
            "tiers": list(router.settings.tier_names),
            "providers": sorted(router.settings.providers),
        }
    )
