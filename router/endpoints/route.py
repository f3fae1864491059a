"""POST /route and POST /route/batch: decisions without a call to any provider."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from router.core import Router
from router.dialects.errors import error_dialect, render_error
from router.dialects.overrides import parse_overrides
from router.dialects.route_body import decision_headers, parse_route_request, route_request_of
from router.dialects.row import ClientDialect
from router.dialects.seen import seen
from router.dialects.shared.endpoint import Endpoint
from router.dialects.shared.fields import as_array, as_object
from router.dialects.table import clients
from router.endpoints.bodies import json_response, read_headers, read_json
from router.endpoints.direct import Handler
from router.endpoints.keys import check_key
from router.endpoints.schemas import BATCH_OPENAPI, ROUTE_OPENAPI
from router.errors import RequestError
from router.types import JsonObject

MAX_BATCH = 1_000
"""Requests that one batch may hold."""

endpoints = APIRouter(tags=["route"])


@endpoints.post("/route", openapi_extra=ROUTE_OPENAPI, summary="Decide the tier of one request")
async def route(request: Request) -> Response:
    """Decide the tier of one request, in any dialect; no provider is called."""
    router: Router = request.app.state.router
    check_key(request, router.settings.api_key)
    body, raw = await read_json(request, limit_bytes=router.settings.max_body_bytes)
    decision = router.route(parse_route_request(body, headers=read_headers(request), raw=raw))
    return json_response(decision.to_dict(), headers=decision_headers(decision))


@endpoints.post("/route/batch", openapi_extra=BATCH_OPENAPI, summary="Decide the tiers of up to 1,000 requests")
async def route_batch(request: Request) -> Response:
    """An answer per item, in order; a bad item gets its own error. Headers apply to every item."""
    router: Router = request.app.state.router
    check_key(request, router.settings.api_key)
    headers = read_headers(request)
    body, _ = await read_json(request, limit_bytes=router.settings.max_body_bytes)
    items = as_array(body, field="the body")
    if len(items) > MAX_BATCH:
        raise RequestError(f"the body: at most {MAX_BATCH} requests, found {len(items)}.", code="too_many")
    parse_overrides(headers)  # a bad header is one error, not one per item
    # In a thread: a thousand decisions take a while, and single ones should not wait for them.
    return json_response(await run_in_threadpool(lambda: [_decide(router, item, headers) for item in items]))


def _register_under(client: ClientDialect, endpoint: Endpoint) -> dict[str, Handler]:
    """The decision at `/route` and a client's own path, for gateways that append theirs to a base URL."""

    async def decide(request: Request) -> Response:
        request.state.dialect = client.dialect
        router: Router = request.app.state.router
        check_key(request, router.settings.api_key)
        body, raw = await read_json(request, limit_bytes=router.settings.max_body_bytes)
        body = as_object(body, field=None)
        path = endpoint.info if endpoint.read is None else endpoint.read(request.path_params["call"], {})
        chat = seen(client.for_request(client, body, path).read(body), raw=raw)
        decision = router.route(route_request_of(body, chat, headers=read_headers(request)))
        return json_response(decision.to_dict(), headers=decision_headers(decision))

    paths = [f"/route{path}" for path in endpoint.paths]
    for path in paths:
        endpoints.post(path, include_in_schema=False)(decide)
    return {} if endpoint.read is not None else dict.fromkeys(paths, decide)


DIRECT: Mapping[str, Handler] = {
    "/route": route,
    "/route/batch": route_batch,
    **{
        path: handler
        for client in clients().values()
        for endpoint in client.endpoints
        if not endpoint.info.counts
        for path, handler in _register_under(client, endpoint).items()
    },
}
"""For DirectApp."""


def _decide(router: Router, item: object, headers: Mapping[str, str]) -> JsonObject:
    try:
        return router.route(parse_route_request(item, headers=headers)).to_dict()
    except RequestError as exc:
        return render_error(exc, error_dialect(headers, item))
