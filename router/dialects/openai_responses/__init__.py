"""OpenAI Responses, the stateless part: what clients send and get. Nobody else speaks it, so no provider side."""

from __future__ import annotations

from router.dialects.openai_responses.answers import write_answer
from router.dialects.openai_responses.request_reader import free_text_tools, read_request
from router.dialects.openai_responses.stream_writer import StreamWriter
from router.dialects.shared.openai_shared import write_failure

__all__ = ["StreamWriter", "free_text_tools", "read_request", "write_answer", "write_failure"]
