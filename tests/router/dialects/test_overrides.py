"""What a request's headers ask for, and which of them rules may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.overrides import parse_overrides, visible_headers
from router.dialects.route_body import decision_headers
from router.errors import RequestError
from router.types import Overrides
from tests.router.dialects.samples import decision


def test_without_headers_nothing_is_asked_for():
    assert parse_overrides({"x-other": "1", "x-router-decision-id": "d"}) == Overrides()


def test_each_header_has_its_field():
    headers = {
        "x-router-tier": "budget",
        "x-router-floor": " production ",
        "x-router-ceiling": "frontier",
        "x-router-policy": "night%20shift",
        "x-router-off": "true",
    }
    assert parse_overrides(headers) == Overrides("budget", "production", "frontier", "night shift", off=True)


@pytest.mark.parametrize(("value", "off"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_off_is_a_switch(value, off):
    assert parse_overrides({"x-router-off": value}).off is off


@pytest.mark.parametrize("value", ["yes", "True", "2", "off", "true, true", "\u00fc"])
def test_any_other_word_for_the_switch_is_refused(value):
    with pytest.raises(RequestError, match="expected true, false, 1 or 0") as caught:
        parse_overrides({"x-router-off": value})
    assert (caught.value.field, caught.value.code) == ("x-router-off", "invalid_header")


@pytest.mark.parametrize("name", ["tier", "floor", "ceiling", "policy", "off"])
@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_an_empty_value_is_refused_with_the_headers_name(name, value):
    with pytest.raises(RequestError, match=f"^x-router-{name}: expected a value") as caught:
        parse_overrides({f"x-router-{name}": value})
    assert caught.value.field == f"x-router-{name}"


def test_a_name_that_is_no_utf_8_is_refused():
    with pytest.raises(RequestError, match=r"^x-router-tier: expected a name, percent-encoded as UTF-8\.$"):
        parse_overrides({"x-router-tier": "%ff"})


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name.strip() == name))
def test_a_name_from_an_answers_header_comes_back_as_it_was(name):
    headers = decision_headers(decision(tier=name, policy=name))
    assert parse_overrides({"x-router-tier": headers["x-router-tier"]}).tier == name
    assert parse_overrides({"x-router-policy": headers["x-router-policy"]}).policy == name


@pytest.mark.parametrize(
    "name",
    "authorization x-api-key api-key x-goog-api-key cookie set-cookie proxy-authorization x-amz-security-token "
    "x-my-secret x-token x-password".split(),
)
def test_a_header_that_carries_a_key_is_not_shown_to_rules(name):
    assert visible_headers({name: "k", "user-agent": "u"}) == {"user-agent": "u"}


def test_other_headers_are():
    headers = {"user-agent": "claude-cli/2.1", "x-claude-code-session-id": "s", "anthropic-beta": "b"}
    assert visible_headers(headers) == headers
