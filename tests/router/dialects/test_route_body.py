"""The body of /route, its options, and the answer with its headers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Contribution, Explanation, HeadExplanation
from router.dialects.route_body import decision_headers, parse_route_request, request_from_text
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import Dialect, Message, Overrides, RouteOptions
from tests.router.dialects.samples import decision


def test_a_prompt_is_one_user_message_with_the_default_options():
    request = parse_route_request({"prompt": "hi"})
    assert request.chat.messages == (Message("user", "hi"),)
    assert request.options == RouteOptions()
    assert request == request_from_text("hi")


def test_an_openai_body_passes_verbatim_with_fields_that_do_not_matter():
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": "?", "tools": 7, "n": None}
    assert parse_route_request(body).chat.model == "auto"


def test_the_headers_the_bytes_and_the_dialect_are_kept():
    headers = {"x-router-floor": "production", "authorization": "Bearer k", "anthropic-version": "2026-10-21"}
    body = {"messages": [{"role": "user", "content": "hi"}]}
    request = parse_route_request(body, headers=headers, raw=b"{}")
    assert request.overrides == Overrides(floor="production")
    assert request.headers == {"x-router-floor": "production", "anthropic-version": "2026-10-21"}
    assert request.chat.raw == b"{}"
    assert request.chat.dialect is Dialect.ANTHROPIC


def test_without_headers_nothing_is_overridden():
    request = parse_route_request({"prompt": "hi"})
    assert (request.overrides, request.headers, request.chat.raw) == (Overrides(), {}, b"")


def test_options_are_read():
    options = {"tiers": ["budget"], "max_quality_loss": 0, "explain": True}
    expected = RouteOptions(tiers=("budget",), max_quality_loss=0, explain=True)
    assert parse_route_request({"prompt": "hi", "router": options}).options == expected


def test_a_cost_is_a_target_of_its_own():
    options = {"max_cost_usd_per_1k": 2.5, "max_quality_loss": None}
    assert parse_route_request({"prompt": "hi", "router": options}).options == RouteOptions(max_cost_usd_per_1k=2.5)


def test_of_two_targets_the_client_has_to_choose_one():
    with pytest.raises(RequestError, match="choose one of max_quality_loss and max_cost_usd_per_1k") as caught:
        parse_route_request({"prompt": "hi", "router": {"max_quality_loss": 0.1, "max_cost_usd_per_1k": 2}})
    assert (caught.value.field, caught.value.code) == ("router.max_cost_usd_per_1k", "ambiguous")


@pytest.mark.parametrize("options", [None, {}, {"tiers": None, "max_quality_loss": None, "explain": None}])
def test_null_options_are_the_default(options):
    assert parse_route_request({"prompt": "hi", "router": options}).options == RouteOptions()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ("hi", None),
        (None, None),
        ({}, "messages"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": ["hi"]}, "prompt"),
        ({"prompt": "a", "messages": [{"role": "user", "content": "b"}]}, "prompt"),
        ({"messages": []}, "messages"),
        ({"prompt": "a", "router": []}, "router"),
        ({"prompt": "a", "router": {"teirs": []}}, "router.teirs"),
        ({"prompt": "a", "router": {"tiers": "budget"}}, "router.tiers"),
        ({"prompt": "a", "router": {"tiers": []}}, "router.tiers"),
        ({"prompt": "a", "router": {"tiers": ["budget", 7]}}, "router.tiers[1]"),
        ({"prompt": "a", "router": {"max_quality_loss": 1.1}}, "router.max_quality_loss"),
        ({"prompt": "a", "router": {"max_quality_loss": -1}}, "router.max_quality_loss"),
        ({"prompt": "a", "router": {"max_quality_loss": "0.1"}}, "router.max_quality_loss"),
        ({"prompt": "a", "router": {"max_quality_loss": True}}, "router.max_quality_loss"),
        ({"prompt": "a", "router": {"max_cost_usd_per_1k": -0.1}}, "router.max_cost_usd_per_1k"),
        ({"prompt": "a", "router": {"max_cost_usd_per_1k": "2"}}, "router.max_cost_usd_per_1k"),
        ({"prompt": "a", "router": {"max_cost_usd_per_1k": 10**400}}, "router.max_cost_usd_per_1k"),
        ({"prompt": "a", "router": {"explain": 1}}, "router.explain"),
        ({"prompt": "a", "router": {"session": "s"}}, "router.session"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_with_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parse_route_request(body)
    assert caught.value.field == field
    assert (field or "the body") in caught.value.message


def test_an_unknown_option_is_told_the_known_ones():
    with pytest.raises(RequestError, match=r"known are .*max_quality_loss.*tiers"):
        parse_route_request({"prompt": "a", "router": {"tier": "budget"}})


def test_the_answer_holds_every_fact_of_the_decision_under_its_own_name():
    assert decision().to_dict() == {
        "decision_id": "dec_1",
        "dialect": "anthropic",
        "policy": "frugal",
        "requested": {"model": "auto:frugal"},
        "tier": "budget",
        "model": "a/small",
        "effort": None,
        "candidates": [
            {"tier": "budget", "model": "a/small", "effort": None},
            {"tier": "frontier", "model": "b/large", "effort": None},
        ],
        "p_adequate": {"budget": 0.9, "frontier": 0.95},
        "expected_quality_loss": {"budget": 0.05, "frontier": 0.0},
        "threshold": 0.1,
        "promise": {"goal": "max_quality_loss", "target": 0.1, "bound": 0.08, "confidence": 0.9, "n": 500},
        "reason": "threshold",
        "value_of_an_answer_usd": None,
        "estimated_cost_usd": {"budget": 0.001, "frontier": 0.02},
        "turn": "user",
        "task": {"name": "code", "probability": 0.7},
        "bundle": {"id": "tiny-1", "sha256": "ab" * 32},
        "latency_ms": 0.2,
    }


def test_a_decision_without_a_promise_says_so():
    assert decision(promise=None).to_dict()["promise"] is None


def test_a_bundle_that_sees_no_tasks_says_so():
    assert decision(task=None).to_dict()["task"] is None


def test_the_steps_come_with_the_explanation():
    body = decision(explanation=Explanation("ask", "window", ())).to_dict()
    assert body["steps"] == [
        {"step": "rules", "tier": None, "note": "none matched"},
        {"step": "final", "tier": "budget", "note": "0.05 <= 0.1"},
    ]
    assert "steps" not in decision().to_dict()


def test_the_answer_survives_json():
    body = decision().to_dict()
    assert json.loads(encode_json(body)) == body


def test_an_explanation_lists_the_largest_contributions_first_whatever_their_sign():
    contributions = tuple(Contribution("token", name, 1.0, logit) for name, logit in (("a", 0.1), ("b", -2), ("c", 1)))
    head = HeadExplanation("budget", intercept=0.5, logit=-0.4, probability=0.4, contributions=contributions)
    body = decision(explanation=Explanation("ask", "window", (head,))).to_dict()
    (rendered,) = body["explanation"]["heads"]
    assert [item["name"] for item in rendered["contributions"]] == ["b", "c", "a"]
    assert set(rendered) == {"tier", "intercept", "logit", "probability", "contributions"}
    assert set(rendered["contributions"][0]) == {"kind", "name", "value", "logit"}
    assert (body["explanation"]["ask"], body["explanation"]["window"]) == ("ask", "window")


def test_an_explanation_of_lone_surrogates_can_be_written_as_json():
    raw = encode_json(decision(explanation=Explanation("\ud800 a", "\udfff", ())).to_dict())
    assert b'"ask":"? a"' in raw
    assert b'"window":"?"' in raw


def test_headers_say_the_same_as_the_body():
    assert decision_headers(decision()) == {
        "x-router-decision-id": "dec_1",
        "x-router-tier": "budget",
        "x-router-model": "a/small",
        "x-router-reason": "threshold",
        "x-router-policy": "frugal",
        "x-router-turn": "user",
    }


def test_a_model_name_keeps_the_marks_that_model_names_have():
    name = "bedrock/amazon.nova-micro-v1:0@eu"
    assert decision_headers(decision(model=name))["x-router-model"] == name


@given(st.text(), st.text(), st.text())
def test_names_of_any_letters_are_percent_encoded_so_that_no_header_can_be_forged(tier, model, policy):
    for value in decision_headers(decision(tier=tier, model=model, policy=policy)).values():
        assert value.isascii()
        assert value.isprintable()
