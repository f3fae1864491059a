"""The drop-in endpoints: a client's own dialect in, the answer of a provider out.

Each exists once more behind a doubled /v1, which some clients make of a base URL that ends in it. Queries are ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from router.account import Caller
from router.core import Router
from router.dialects.anthropic.parse import parse_anthropic
from router.dialects.gemini.parse import parse_gemini
from router.dialects.shared.fields import as_object
from router.endpoints.bodies import json_response, read_headers, read_json
from router.endpoints.direct import Handler
from router.endpoints.keys import check_key
from router.endpoints.schemas import CHAT_OPENAPI, COUNT_OPENAPI, GEMINI_OPENAPI, MESSAGES_OPENAPI, RESPONSES_OPENAPI
from router.endpoints.streams import StreamResponse, until_gone
from router.errors import RequestError
from router.forward import Forwarder, face_for
from router.types import ChatRequest, Dialect, JsonObject

endpoints = APIRouter(tags=["proxy"])

DIRECT: dict[str, Handler] = {}
"""The handlers of whole paths, for DirectApp."""

GENERATE, STREAM, COUNT = GEMINI_CALLS = ("generateContent", "streamGenerateContent", "countTokens")


class NotACall(RequestError):
    """The path names no method of a Gemini model."""

    status = 404
    type = "not_found_error"

    def __init__(self, call: str) -> None:
        expected = ", ".join(f"MODEL:{verb}" for verb in GEMINI_CALLS)
        super().__init__(f"{call[:100]!r}: expected one of {expected}.", code="not_found")


def _post(*paths: str, summary: str, described: JsonObject) -> Callable[[Handler], Handler]:
    """Register a handler for paths; only the first one is shown in the description."""

    def register(handler: Handler) -> Handler:
        for number, path in enumerate(paths):
            endpoints.post(path, summary=summary, openapi_extra=described, include_in_schema=number == 0)(handler)
            DIRECT[path] = handler
        return handler

    return register


@_post("/v1/chat/completions", "/v1/v1/chat/completions", summary="OpenAI Chat Completions", described=CHAT_OPENAPI)
async def chat_completions(request: Request) -> Response:
    """Also with `input` in place of `messages`, as Cursor sends it."""
    return await _forward(request, Dialect.OPENAI_CHAT)


@_post("/v1/responses", "/v1/v1/responses", summary="OpenAI Responses, the stateless part", described=RESPONSES_OPENAPI)
async def responses(request: Request) -> Response:
    """What needs state at the provider (`previous_response_id`, `background`, ...) is a 400."""
    return await _forward(request, Dialect.OPENAI_RESPONSES)


@_post(
    "/v1/messages",
    "/v1/v1/messages",
    "/anthropic/v1/messages",
    summary="Anthropic Messages",
    described=MESSAGES_OPENAPI,
)
async def messages(request: Request) -> Response:
    """Both API versions."""
    return await _forward(request, Dialect.ANTHROPIC)


@_post(
    "/v1/messages/count_tokens",
    "/v1/v1/messages/count_tokens",
    "/anthropic/v1/messages/count_tokens",
    summary="Tokens of an Anthropic request, counted here",
    described=COUNT_OPENAPI,
)
async def count_tokens(request: Request) -> Response:
    """Erring high: with one vendor's vocabulary and a tenth for the others."""
    body, raw, _ = await _read(request, Dialect.ANTHROPIC)
    return json_response({"input_tokens": await _n_tokens(request, replace(parse_anthropic(body), raw=raw))})


@endpoints.post("/v1beta/models/{call:path}", summary="Gemini generateContent", openapi_extra=GEMINI_OPENAPI)
@endpoints.post("/v1/models/{call:path}", include_in_schema=False)
async def generate_content(request: Request, call: str) -> Response:
    """`{model}:generateContent`, `{model}:streamGenerateContent` and `{model}:countTokens`.

    Without `alt=sse` a stream is one JSON array.
    """
    request.state.dialect = Dialect.GEMINI
    model, _, verb = call.rpartition(":")
    if not model or verb not in GEMINI_CALLS:
        raise NotACall(call)
    if verb == COUNT:
        body, raw, _ = await _read(request, Dialect.GEMINI)
        asked = body.get("generateContentRequest")  # so the SDKs ask about more than `contents`
        chat = parse_gemini(body if asked is None else as_object(asked, field="generateContentRequest"))
        return json_response({"totalTokens": await _n_tokens(request, replace(chat, raw=raw))})
    stream = verb == STREAM
    return await _forward(
        request,
        Dialect.GEMINI,
        model=model.removeprefix("models/"),
        stream=stream,
        as_array=stream and request.query_params.get("alt") != "sse",
    )


async def _read(request: Request, dialect: Dialect) -> tuple[JsonObject, bytes, Caller]:
    """The body, decoded and as it came, and who sent it. Raises RequestError, in the dialect of the path."""
    request.state.dialect = dialect
    router: Router = request.app.state.router
    caller = check_key(request, router.settings.api_key)
    body, raw = await read_json(request, limit_bytes=router.settings.max_body_bytes)
    return as_object(body, field=None), raw, caller


async def _n_tokens(request: Request, chat: ChatRequest) -> int:
    """In a thread: a large body takes a second, and streams should not stand still meanwhile."""
    router: Router = request.app.state.router
    return await asyncio.to_thread(router.input_tokens, chat)


async def _forward(
    request: Request, dialect: Dialect, *, model: str | None = None, stream: bool = False, as_array: bool = False
) -> Response:
    body, raw, caller = await _read(request, dialect)
    forwarder: Forwarder = request.app.state.forwarder
    face = face_for(dialect, body, model=model, stream=stream, as_array=as_array)
    work = forwarder.forward(face, body, raw, read_headers(request), caller)
    answer = await until_gone(request, work)
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers=dict(answer.headers), media_type=answer.media_type)
    return StreamResponse(answer.body, close=answer.close, headers=dict(answer.headers), media_type=answer.media_type)
