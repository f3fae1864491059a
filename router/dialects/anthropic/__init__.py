"""Anthropic Messages, as clients send it (both API versions) and as providers answer it."""

from __future__ import annotations

from router.dialects.anthropic.answer import read_answer, write_answer
from router.dialects.anthropic.failure import error_status, read_failure, write_failure
from router.dialects.anthropic.request_reader import read_request
from router.dialects.anthropic.request_writer import write_request
from router.dialects.anthropic.stream import StreamReader, StreamWriter

__all__ = [
    "StreamReader",
    "StreamWriter",
    "error_status",
    "read_answer",
    "read_failure",
    "read_request",
    "write_answer",
    "write_failure",
    "write_request",
]
