"""Amazon Bedrock Converse: a provider's dialect only."""

from __future__ import annotations

from router.dialects.bedrock.answer import read_answer
from router.dialects.bedrock.eventstream import FrameSplitter
from router.dialects.bedrock.failure import read_failure
from router.dialects.bedrock.http import prepare
from router.dialects.bedrock.request import write_request
from router.dialects.bedrock.stream import StreamReader

__all__ = ["FrameSplitter", "StreamReader", "prepare", "read_answer", "read_failure", "write_request"]
