"""Paths at which clients call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathInfo:
    """The part of a request that is in its path and query.

    model: None where the body names it.  stream: None where the body holds it.  as_array: a stream is one JSON array.
    counts: only the input's tokens are asked for.
    """

    model: str | None = None
    stream: bool | None = None
    as_array: bool = False
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path at which clients of one dialect call.

    path: ends in `{call:path}` where there is a `read`.  aliases: paths for the same, not documented.
    summary, description: for the OpenAPI document.
    info: the same for every request.  read: (call, query) -> one request's; raises RequestError.
    """

    path: str
    summary: str
    description: str
    aliases: tuple[str, ...] = ()
    info: PathInfo = PathInfo()
    read: Callable[[str, Mapping[str, str]], PathInfo] | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, the documented one first.

        One below /v1 also with /v1 twice and without it, as some clients' base URL ends with it and some do not.
        """
        others = (f"/v1{self.path}", self.path.removeprefix("/v1")) if self.path.startswith("/v1/") else ()
        return (self.path, *others, *self.aliases)
