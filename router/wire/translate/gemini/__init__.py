"""Gemini generateContent, as clients send it and as providers answer it."""

from __future__ import annotations

from router.wire.translate.gemini.answer import read_answer, write_answer
from router.wire.translate.gemini.failure import error_status, read_failure, write_failure
from router.wire.translate.gemini.request import read_request, write_request
from router.wire.translate.gemini.stream import StreamReader, StreamWriter

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
