"""Gemini generateContent, as clients send it and as providers answer it."""

from __future__ import annotations

from router.dialects.gemini.answer import read_answer, write_answer
from router.dialects.gemini.endpoints import BODY, ENDPOINTS, ERROR, counted_request
from router.dialects.gemini.failure import failure_status, read_failure, write_error, write_failure
from router.dialects.gemini.http import prepare
from router.dialects.gemini.parse import parse_gemini
from router.dialects.gemini.request_reader import read_request
from router.dialects.gemini.request_writer import write_request
from router.dialects.gemini.stream import StreamReader, StreamWriter

__all__ = [
    "BODY",
    "ENDPOINTS",
    "ERROR",
    "StreamReader",
    "StreamWriter",
    "counted_request",
    "failure_status",
    "parse_gemini",
    "prepare",
    "read_answer",
    "read_failure",
    "read_request",
    "write_answer",
    "write_error",
    "write_failure",
    "write_request",
]
