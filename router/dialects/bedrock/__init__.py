"""Amazon Bedrock Converse: a provider's dialect only."""

from __future__ import annotations

from router.dialects.bedrock import answer, eventstream, failure, http, request, stream

__all__ = ["answer", "eventstream", "failure", "http", "request", "stream"]
