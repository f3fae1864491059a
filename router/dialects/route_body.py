"""The body of `POST /route` -> RouteRequest, and RouteDecision -> the answer's headers."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from router.decision import RouteDecision
from router.dialects.detect import parse_request
from router.dialects.overrides import parse_overrides, visible_headers
from router.dialects.shared import fields as get
from router.errors import RequestError
from router.types import ChatRequest, JsonObject, Message, RouteOptions, RouteRequest

OPTIONS = ("tiers", "max_quality_loss", "max_cost_usd_per_1k", "explain")
"""Keys of the `router` object."""


def parse_route_request(value: object, *, headers: Mapping[str, str] | None = None, raw: bytes = b"") -> RouteRequest:
    """A decoded `/route` body, with what its request's headers ask for.

    headers: names in lower case; None where there was no HTTP.  raw: the bytes that the body was decoded from.
    Raises RequestError naming the field or the header.
    """
    body = get.as_object(value, field=None)
    headers = headers or {}
    return route_request_of(body, parse_request(body, headers=headers, raw=raw), headers=headers)


def route_request_of(body: JsonObject, chat: ChatRequest, *, headers: Mapping[str, str]) -> RouteRequest:
    """A chat request with what the body's `router` object and the headers ask for.

    Raises RequestError naming the field or the header.
    """
    options = body.get("router")
    return RouteRequest(
        chat=chat,
        options=RouteOptions() if options is None else _parse_options(get.as_object(options, field="router")),
        overrides=parse_overrides(headers),
        headers=visible_headers(headers),
    )


def request_from_text(text: str) -> RouteRequest:
    """A bare prompt as a request with the default options."""
    return RouteRequest(chat=ChatRequest(messages=(Message(role="user", text=text),)))


def _parse_options(options: JsonObject) -> RouteOptions:
    for key in options:
        if key not in OPTIONS:
            known = ", ".join(sorted(OPTIONS))
            raise RequestError(
                f"router.{key}: unknown option; known are {known}.", field=f"router.{key}", code="unknown_field"
            )
    max_quality_loss = get.optional_number(options, "max_quality_loss", low=0, high=1, prefix="router.")
    max_cost_usd_per_1k = get.optional_number(options, "max_cost_usd_per_1k", low=0, prefix="router.")
    if max_quality_loss is not None and max_cost_usd_per_1k is not None:
        raise RequestError(
            "router.max_cost_usd_per_1k: choose one of max_quality_loss and max_cost_usd_per_1k.",
            field="router.max_cost_usd_per_1k",
            code="ambiguous",
        )
    return RouteOptions(
        tiers=_parse_tiers(options.get("tiers")),
        max_quality_loss=max_quality_loss,
        max_cost_usd_per_1k=max_cost_usd_per_1k,
        explain=get.optional_bool(options, "explain", default=False, prefix="router."),
    )


def _parse_tiers(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    items = get.as_array(value, field="router.tiers")
    if not items:
        raise RequestError("router.tiers: expected at least one tier.", field="router.tiers", code="empty")
    return tuple(get.as_string(item, field=f"router.tiers[{index}]") for index, item in enumerate(items))


def decision_headers(decision: RouteDecision) -> dict[str, str]:
    """The decision as `x-router-*` headers; names are the operator's, so they are percent-encoded."""
    effort = {} if decision.effort is None else {"x-router-effort": decision.effort}
    return {
        "x-router-decision-id": decision.decision_id,
        "x-router-tier": quote(decision.tier),
        "x-router-model": quote(decision.model, safe="/:@"),
        "x-router-reason": decision.reason.value,
        "x-router-policy": quote(decision.policy),
        "x-router-turn": quote(decision.turn),
        **effort,
    }
