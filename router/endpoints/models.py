"""GET /v1/models: the names that a client may ask for."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from router.core import Router
from router.endpoints.bodies import json_response
from router.endpoints.keys import check_key
from router.endpoints.schemas import MODELS_OPENAPI
from router.types import JsonObject

endpoints = APIRouter(tags=["models"])


@endpoints.get("/v1/models", summary="The names a client may ask for", openapi_extra=MODELS_OPENAPI)
async def models(request: Request) -> Response:
    """`auto`, a name per policy and per tier, and each configured model, in the caller's dialect."""
    router: Router = request.app.state.router
    check_key(request, router.settings.api_key)
    names = ["auto", *(f"auto:{policy}" for policy in router.setup.policies if policy != "auto")]
    for tier in router.settings.tiers:
        names.append(f"tier:{tier.name}")
        names.extend(model.model for model in tier.models)
    if "anthropic-version" in request.headers:
        return json_response(_anthropic(names))
    return json_response({"object": "list", "data": [_entry(name) for name in names]})


def _entry(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "tierwise"}


def _anthropic(names: list[str]) -> JsonObject:
    data = [{"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"} for name in names]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}
