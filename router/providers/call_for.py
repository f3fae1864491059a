"""A call as one target can take it."""

from __future__ import annotations

from dataclasses import replace

from router.dialects.shared.limits import limited
from router.dialects.shared.prepared import Call
from router.dialects.table import clients
from router.types import Capability, Target

_SHAPES = frozenset({Capability.JSON_MODE, Capability.JSON_SCHEMA})


def call_for(call: Call, target: Target) -> tuple[Call, tuple[str, ...]]:
    """The call, and the names of what was changed in it: the limit on the answer, lowered to what fits.

    What the target's model lacks of the shapes of answers is said with it, for the prompt, and the tier's effort.
    """
    known = None if target.spec is None else target.spec.capabilities
    if known is not None and (lacks := _SHAPES - known):
        call = replace(call, lacks=lacks)
    if target.effort is not None:
        call = replace(call, effort=target.effort)
    return (call, ()) if target.output_limit is None else lowered(call, target.output_limit)


def lowered(call: Call, limit: int) -> tuple[Call, tuple[str, ...]]:
    """The call with an answer of at most so many tokens, and the names of what was lowered."""
    return limited(call, limit, None if call.dialect is None else clients()[call.dialect].lowered)
