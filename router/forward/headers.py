"""Headers of forwarded calls: those that go to the provider, and those that come back with the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from router.decision import RouteDecision
from router.dialects.conversation import FailureKind, UpstreamFailure, Usage
from router.dialects.route_body import decision_headers
from router.dialects.table import passed_headers
from router.errors import RequestError
from router.forward.checks import Finding
from router.providers.calls import Attempt
from router.types import Target

STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

LONGEST_RETRY_AFTER_S = 86_400.0
MOST_ATTEMPTS_SHOWN = 20
LONGEST_DROPPED = 1_000
"""Characters of `x-router-dropped`: field names are the client's, and clients limit the size of headers."""


def provider_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The client's headers that go to a provider of its dialect. Raises RequestError for one that cannot be sent."""
    passed = {name: headers[name] for name in passed_headers() if name in headers}
    for name, value in passed.items():
        if not value.isascii() or not value.isprintable():
            raise RequestError(f"{name}: expected printable ASCII.", field=name, code="invalid_header")
    return passed


def answer_headers(decision: RouteDecision, attempts: Sequence[Attempt], *, dropped: Sequence[str]) -> dict[str, str]:
    """What was decided, tried and dropped, as `x-router-*` headers."""
    headers = decision_headers(decision)
    headers["x-router-attempts"] = ", ".join(
        f"{_quoted(one.target)}={one.kind or one.status}" for one in attempts[:MOST_ATTEMPTS_SHOWN]
    )
    if dropped:
        names = quote(", ".join(dict.fromkeys(dropped))[:LONGEST_DROPPED], safe=", .[]()", errors="replace")
        headers["x-router-dropped"] = names[:LONGEST_DROPPED].strip()
    return headers


def served_by_header(target: Target) -> dict[str, str]:
    """`x-router-served-by`: the model that answered."""
    return {"x-router-served-by": _quoted(target)}


def usage_header(usage: Usage) -> dict[str, str]:
    """`x-router-usage: estimated` where the provider left out usage, and the body holds an estimate."""
    return {"x-router-usage": "estimated"} if usage.estimated else {}


def failure_headers(failure: UpstreamFailure) -> dict[str, str]:
    """Whether and when the client should try again."""
    # Dispatch retried already, and the client's own retries would multiply its; but not where no provider was asked.
    headers = {"x-should-retry": "true" if failure.kind is FailureKind.ROUTER_BUSY else "false"}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(min(failure.retry_after_s, LONGEST_RETRY_AFTER_S)))
    return headers


def cascade_headers(rejected: Sequence[tuple[str, Sequence[Finding]]], findings: Sequence[Finding]) -> dict[str, str]:
    """`x-router-escalations: budget=refusal, production=json+schema`; `x-router-findings` of the returned answer."""
    headers = {}
    if rejected:
        headers["x-router-escalations"] = ", ".join(f"{quote(tier)}={_checks(found)}" for tier, found in rejected)
    if findings:
        headers["x-router-findings"] = _checks(findings)
    return headers


def _checks(findings: Sequence[Finding]) -> str:
    return "+".join(dict.fromkeys(finding.check for finding in findings))


def _quoted(target: Target) -> str:
    return quote(target.name, safe="/:@")
