"""OpenAI Responses, the stateless part: what clients send and get. No provider is called in this dialect."""

from __future__ import annotations

from router.dialects.openai_responses.answers import write_answer
from router.dialects.openai_responses.request_reader import free_text_tools, read_request
from router.dialects.openai_responses.request_writer import write_request
from router.dialects.openai_responses.stream_writer import StreamWriter
from router.dialects.shared.openai_shared import write_failure

__all__ = ["StreamWriter", "free_text_tools", "read_request", "write_answer", "write_failure", "write_request"]
