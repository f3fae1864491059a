"""Anthropic Messages, as clients send it (both API versions) and as providers answer it."""

from __future__ import annotations

from router.dialects.anthropic.answer import read_answer, write_answer
from router.dialects.anthropic.endpoints import BODY, ENDPOINTS, ERROR
from router.dialects.anthropic.failure import failure_status, read_failure, write_error, write_failure
from router.dialects.anthropic.http import PASSED_HEADERS, prepare
from router.dialects.anthropic.parse import parse_anthropic
from router.dialects.anthropic.request_reader import read_request
from router.dialects.anthropic.request_writer import write_request
from router.dialects.anthropic.stream import StreamReader, StreamWriter

__all__ = [
    "BODY",
    "ENDPOINTS",
    "ERROR",
    "PASSED_HEADERS",
    "StreamReader",
    "StreamWriter",
    "failure_status",
    "parse_anthropic",
    "prepare",
    "read_answer",
    "read_failure",
    "read_request",
    "write_answer",
    "write_error",
    "write_failure",
    "write_request",
]
