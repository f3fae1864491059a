"""Anthropic Messages, as clients send it (both API versions) and as providers answer it."""

from __future__ import annotations

from router.dialects.anthropic import answer, endpoints, failure, http, request_reader, request_writer, stream

__all__ = ["answer", "endpoints", "failure", "http", "request_reader", "request_writer", "stream"]
