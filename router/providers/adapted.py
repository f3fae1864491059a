"""A call as a provider may take it, after it refused it: with the limit that it names, or without what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.dialects.conversation import UpstreamFailure
from router.dialects.shared.prepared import Call
from router.providers.call_for import lowered
from router.providers.retry import Remedy, remedy_for

MOST_DROPPED = 4
"""Refused parameters that are dropped, one attempt each, before a target is given up."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How a call differs from the client's.

    without: parameters that are left out, by their paths.  limit: of output tokens, where it had to be lowered.
    """

    without: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the client reads in `x-router-dropped`."""
        return self.without if self.limit is None else (*self.without, f"max_tokens (lowered to {self.limit})")


def adapted(failure: UpstreamFailure, call: Call, changed: Changed) -> tuple[Call, Changed] | None:
    """The call to send once more to the same provider, with what was changed; None where nothing would help."""
    if failure.output_limit is not None:
        lower = None if changed.limit is not None else _lowered(call, failure.output_limit)
        return None if lower is None else (lower, replace(changed, limit=failure.output_limit))
    name = failure.parameter
    if remedy_for(failure) is not Remedy.WITHOUT or name is None or name in changed.without:
        return None
    if len(changed.without) >= MOST_DROPPED:
        return None
    return call, replace(changed, without=(*changed.without, name))


def _lowered(call: Call, limit: int) -> Call | None:
    """The call that asks for no more output tokens than this; None where it does not ask for more."""
    asked = call.conversation
    if asked is None or (asked.max_output_tokens is not None and asked.max_output_tokens <= limit):
        return None
    lower, _ = lowered(call, limit)
    return None if call.raw is not None and lower.raw == call.raw else lower
