"""Gemini generateContent, as clients send it and as providers answer it."""

from __future__ import annotations

from router.dialects.gemini import answer, endpoints, failure, http, request_reader, request_writer, stream

__all__ = ["answer", "endpoints", "failure", "http", "request_reader", "request_writer", "stream"]
