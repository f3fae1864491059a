"""OpenAI Chat Completions: what clients send and get, and what compatible providers take and send."""

from __future__ import annotations

from router.dialects.openai_chat.answer import read_answers, write_answers
from router.dialects.openai_chat.azure import prepare as prepare_azure
from router.dialects.openai_chat.endpoints import BODY, ENDPOINTS
from router.dialects.openai_chat.failure import read_failure
from router.dialects.openai_chat.http import prepare
from router.dialects.openai_chat.parse import parse_chat
from router.dialects.openai_chat.request_reader import read_request
from router.dialects.openai_chat.request_writer import write_request
from router.dialects.openai_chat.stream import StreamReader, StreamWriter
from router.dialects.shared.openai_errors import ERROR, failure_status, write_error, write_failure

__all__ = [
    "BODY",
    "ENDPOINTS",
    "ERROR",
    "StreamReader",
    "StreamWriter",
    "failure_status",
    "parse_chat",
    "prepare",
    "prepare_azure",
    "read_answers",
    "read_failure",
    "read_request",
    "write_answers",
    "write_error",
    "write_failure",
    "write_request",
]
