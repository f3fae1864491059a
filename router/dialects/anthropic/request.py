"""Requests in the dialect: read from clients, written for providers."""

from __future__ import annotations

from router.dialects.anthropic.request_reader import read_request
from router.dialects.anthropic.request_writer import ApiVersion, write_request

__all__ = ["ApiVersion", "read_request", "write_request"]
