"""The drop-in endpoints: a client's own dialect in, the answer of a provider out.

The table of dialects holds the paths. Queries are ignored, except those that a dialect reads.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from router.account import Caller
from router.core import Router
from router.dialects.row import ClientDialect
from router.dialects.seen import seen
from router.dialects.shared.endpoint import Endpoint, PathInfo
from router.dialects.shared.fields import as_object
from router.dialects.table import clients
from router.endpoints.bodies import json_response, read_headers, read_json
from router.endpoints.direct import Handler
from router.endpoints.keys import check_key
from router.endpoints.schemas import forward_openapi
from router.endpoints.stopping import until_stopped
from router.endpoints.streams import StreamResponse, until_gone
from router.forward import Forwarder
from router.types import ChatRequest, JsonObject

endpoints = APIRouter(tags=["proxy"])

DIRECT: dict[str, Handler] = {}
"""The handlers of whole paths, for DirectApp."""


def _register(client: ClientDialect, endpoint: Endpoint) -> None:
    async def handle(request: Request) -> Response:
        request.state.dialect = client.dialect
        return await until_stopped(request.app.state.in_flight, answer(request))

    async def answer(request: Request) -> Response:
        path = endpoint.info
        if endpoint.read is not None:
            path = endpoint.read(request.path_params["call"], request.query_params)
        body, raw, caller = await _read(request)
        if path.counts:
            chat = seen(client.read(client.counted(body)), raw=raw)
            return json_response({client.count_field: await _n_tokens(request, chat)})
        return await _forward(request, client, body, raw, path, caller)

    described = forward_openapi(client, endpoint)
    for number, path in enumerate(endpoint.paths):
        endpoints.post(
            path,
            name=client.dialect,
            summary=endpoint.summary,
            description=endpoint.description,
            openapi_extra=described,
            include_in_schema=number == 0,
        )(handle)
        if endpoint.read is None:
            DIRECT[path] = handle


for _client in clients().values():
    for _endpoint in _client.endpoints:
        _register(_client, _endpoint)


async def _read(request: Request) -> tuple[JsonObject, bytes, Caller]:
    """The body, decoded and as it came, and who sent it. Raises RequestError."""
    router: Router = request.app.state.router
    caller = check_key(request, router.settings.api_key)
    body, raw = await read_json(request, limit_bytes=router.settings.max_body_bytes)
    return as_object(body, field=None), raw, caller


async def _n_tokens(request: Request, chat: ChatRequest) -> int:
    """In a thread: a large body takes a second, and streams should not be held up meanwhile."""
    router: Router = request.app.state.router
    return await asyncio.to_thread(router.input_tokens, chat)


async def _forward(
    request: Request, client: ClientDialect, body: JsonObject, raw: bytes, path: PathInfo, caller: Caller
) -> Response:
    forwarder: Forwarder = request.app.state.forwarder
    client = client.for_request(client, body, path)
    answer = await until_gone(request, forwarder.forward(client, body, raw, read_headers(request), caller))
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers=dict(answer.headers), media_type=answer.media_type)
    return StreamResponse(
        answer.body,
        close=answer.close,
        interrupt=answer.interrupt,
        in_flight=request.app.state.in_flight,
        headers=dict(answer.headers),
        media_type=answer.media_type,
    )
