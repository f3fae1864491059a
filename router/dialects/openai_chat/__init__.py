"""OpenAI Chat Completions: what clients send and get, and what compatible providers take and send."""

from __future__ import annotations

from router.dialects.openai_chat.answers import read_answer, read_answers, write_answer, write_answers
from router.dialects.openai_chat.failures import read_failure
from router.dialects.openai_chat.request_reader import read_request
from router.dialects.openai_chat.request_writer import write_request
from router.dialects.openai_chat.stream_reader import StreamReader
from router.dialects.openai_chat.stream_writer import StreamWriter
from router.dialects.shared.openai_shared import write_failure

__all__ = [
    "StreamReader",
    "StreamWriter",
    "read_answer",
    "read_answers",
    "read_failure",
    "read_request",
    "write_answer",
    "write_answers",
    "write_failure",
    "write_request",
]
