"""Usage in the forms that several dialects share."""

from __future__ import annotations

from router.dialects.conversation import Usage
from router.types import JsonObject


def usage_mark(usage: Usage) -> JsonObject:
    """The member that tells a client of an estimate; none where the provider reported all counts.

    One dialect writes none: its vendor's clients refuse members that they do not know.
    """
    return {"estimated": True} if usage.estimated else {}
