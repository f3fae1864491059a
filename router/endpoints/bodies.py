"""Bodies in and out: bounded reading, strict JSON, errors in the client's dialect."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from router.dialects.errors import error_dialect, path_dialect, render_error
from router.endpoints.codings import codings_of, decoded
from router.errors import BodyTooLarge, RequestError
from router.jsontext import decode_json, encode_json
from router.types import JsonObject

JSON_MEDIA_TYPE = "application/json"


async def read_json(request: Request, *, limit_bytes: int) -> tuple[Any, bytes]:
    """The decoded body, whatever its content type, and its bytes without their content coding.

    Raises BodyTooLarge as soon as more than `limit_bytes` have arrived or been decoded, UnknownCoding, RequestError for
    a body that is not JSON.
    """
    if (header := request.headers.get("content-encoding")) is None:
        raw = await _read(request, limit_bytes=limit_bytes)
    else:
        codings = codings_of(header)
        raw = await _read(request, limit_bytes=limit_bytes)
        raw = await asyncio.to_thread(decoded, raw, codings, limit_bytes=limit_bytes)
    try:
        body = decode_json(raw)
    except ValueError as exc:
        raise RequestError(f"the body is not JSON: {exc}.", code="invalid_json") from exc
    request.state.body = body  # a later error is written in the body's dialect
    return body, raw


async def _read(request: Request, *, limit_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and declared.isascii() and int(declared[:20]) > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def read_headers(request: Request) -> dict[str, str]:
    """The request's headers, names in lower case; values of a repeated header are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def json_response(
    body: JsonObject | list[JsonObject], *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(encode_json(body), status_code=status, headers=headers, media_type=JSON_MEDIA_TYPE)


def error_response(error: RequestError, request: Request) -> Response:
    """The answer for an error, in the dialect of the request."""
    by_path = getattr(request.state, "dialect", None) or path_dialect(request.scope["path"])
    dialect = by_path or error_dialect(request.headers, getattr(request.state, "body", None))
    return json_response(render_error(error, dialect), status=error.status, headers=dict(error.headers))
