"""OpenAI Responses, the stateless part: a client's dialect only."""

from __future__ import annotations

from router.dialects.openai_responses import answer, endpoints, request_reader, request_writer, stream

__all__ = ["answer", "endpoints", "request_reader", "request_writer", "stream"]
