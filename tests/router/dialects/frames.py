"""AWS event-stream frames, written: the service only reads them. test_bedrock_formats compares them with botocore's."""

from __future__ import annotations

import struct
from zlib import crc32

_TEXT_TYPE = 7


def encode_frame(headers: dict[str, str], payload: bytes) -> bytes:
    """A frame with text headers."""
    texts = [(name.encode(), value.encode()) for name, value in headers.items()]
    packed = b"".join(
        bytes([len(name)]) + name + struct.pack(">BH", _TEXT_TYPE, len(value)) + value for name, value in texts
    )
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack(">I", crc32(prelude)) + packed + payload
    return message + struct.pack(">I", crc32(message))
