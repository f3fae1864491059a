"""An independent suite finds nothing in our answers that we do not know of."""

from __future__ import annotations

import pytest

from tests.upstreams.comply import BASES, lines, passed, run

pytestmark = pytest.mark.upstreams

REACHED = {"openai-chat": 7, "anthropic": 7, "google-genai": 9, "open-responses": 11}
"""Tests that pass. Exact: one more is to be written here, one fewer is a fault."""

CONFIG = "\n".join(
    f"""[[tiers]]
name = "{tier}"
models = [{{ model = "echo/{model}", input_usd_per_million = 1, output_usd_per_million = 1 }}]"""
    for tier, model in (("budget", "tool"), ("production", "production"), ("frontier", "frontier"))
)


@pytest.fixture(scope="module")
def address(service):
    with service(CONFIG) as url:
        yield url


@pytest.mark.parametrize("form", BASES)
def test_as_many_tests_of_the_suite_pass_as_did_and_what_fails_is_understood(address, form):
    results = run(form, address)
    told = "\n".join(lines(form, results))
    assert [error for one in results for error, why in one.reasons.items() if not why] == [], told
    assert passed(results) == REACHED[form], told
