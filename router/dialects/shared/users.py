"""Ids of users, as long as a provider takes them."""

from __future__ import annotations

import hashlib
import re

_PRINTABLE = re.compile(r"[!-~]+")


def fitting_user(user: str, *, longest: int) -> str:
    """The user's id, or a hash of it where it is longer than what the provider takes, or not printable ASCII.

    Claude Code's has up to 150 characters, OpenAI takes 64 (maximhq/bifrost#1000).
    """
    if len(user) <= longest and (not user or _PRINTABLE.fullmatch(user)):
        return user
    return hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()[: min(longest, 32)]
