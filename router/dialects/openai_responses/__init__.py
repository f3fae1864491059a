"""OpenAI Responses, the stateless part: a client's dialect only."""

from __future__ import annotations

from router.dialects.openai_responses.answer import write_answer
from router.dialects.openai_responses.endpoints import BODY, ENDPOINTS
from router.dialects.openai_responses.parse import parse_responses
from router.dialects.openai_responses.request_reader import free_text_tools, read_request
from router.dialects.openai_responses.stream import StreamWriter
from router.dialects.shared.openai_errors import ERROR, failure_status, write_error, write_failure

__all__ = [
    "BODY",
    "ENDPOINTS",
    "ERROR",
    "StreamWriter",
    "failure_status",
    "free_text_tools",
    "parse_responses",
    "read_request",
    "write_answer",
    "write_error",
    "write_failure",
]
