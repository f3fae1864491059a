"""Who called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from router.dialects.shared.secret import Secret


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, without the key itself.

    id: `anonymous` where the service asks for no key, else `key-` and the first 8 hex digits of the key's SHA-256.
    """

    id: str


ANONYMOUS = Caller("anonymous")


def caller_with(key: Secret) -> Caller:
    """The caller that showed this key."""
    return Caller(f"key-{hashlib.sha256(key.reveal().encode()).hexdigest()[:8]}")
