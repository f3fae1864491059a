"""OpenAI Chat Completions: what clients send and get, and what compatible providers take and send."""

from __future__ import annotations

from router.dialects.openai_chat import (
    answer,
    azure,
    endpoints,
    failure,
    http,
    request_reader,
    request_writer,
    stream,
)

__all__ = ["answer", "azure", "endpoints", "failure", "http", "request_reader", "request_writer", "stream"]
