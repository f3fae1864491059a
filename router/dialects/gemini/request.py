"""Requests in the dialect: read from clients, written for providers."""

from __future__ import annotations

from router.dialects.gemini.request_reader import json_schema, read_request
from router.dialects.gemini.request_writer import NO_SIGNATURE, write_request

__all__ = ["NO_SIGNATURE", "json_schema", "read_request", "write_request"]
