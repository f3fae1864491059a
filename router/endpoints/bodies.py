"""Bodies in and out: bounded reading, strict JSON, errors in one shape."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from router.errors import BodyTooLarge, RequestError
from router.jsontext import decode_json, encode_json
from router.types import JsonObject

JSON_MEDIA_TYPE = "application/json"


async def read_json(request: Request, *, limit_bytes: int) -> Any:
    """The decoded body, whatever its content type says.

    Raises BodyTooLarge as soon as more than `limit_bytes` have come, RequestError for what is not JSON.
    """
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
    try:
        return decode_json(b"".join(chunks))
    except ValueError as exc:
        raise RequestError(f"the body is not JSON: {exc}.", code="invalid_json") from exc


def json_response(
    body: JsonObject | list[JsonObject], *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(encode_json(body), status_code=status, headers=headers, media_type=JSON_MEDIA_TYPE)


def error_body(error: RequestError) -> JsonObject:
    """An error as the OpenAI dialect writes it: type, message, param (the field) and code."""
    return {"error": {"message": error.message, "type": error.type, "param": error.field, "code": error.code}}


def error_response(error: RequestError) -> Response:
    """The answer for an error."""
    return json_response(error_body(error), status=error.status)
