"""Choosing by price: the least loss and cost, in the words that a person reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy import Limits, Policy, Price, choose_by_price, decide
from router.policy.choose import loss_allowed
from router.types import ModelSpec, StatedPromise
from tests.router.policy.parts import TIERS, facts, model, prediction, setup

COSTS = {"small": 0.0004, "medium": 0.0124, "large": 0.02}
PROMISE = StatedPromise(goal="max_quality_loss", target=0.05, bound=0.04, confidence=0.9, n=300)


def priced(usd, **more):
    """A setup whose policy `auto` chooses by a price."""
    return setup(policies=(Policy("auto", Price(usd, **more)),))


@pytest.mark.parametrize(
    ("losses", "value_usd", "tier"),
    [
        ((0.031, 0.029), 0.5, "small"),
        ((0.031, 0.001), 0.5, "medium"),
        ((0.5, 0.5), 0.5, "large"),
        ((0.5, 0.5), 0.03, "small"),
        ((0.001, 0.001), 1e6, "large"),
        ((0.9, 0.9), 1e-9, "small"),
    ],
)
def test_the_tier_with_the_least_loss_and_cost_is_chosen(losses, value_usd, tier):
    assert choose_by_price(prediction(*losses), value_usd=value_usd, cost_usd=COSTS, allowed=TIERS) == tier


def test_of_equal_tiers_the_strongest_is_chosen_and_a_weak_one_that_costs_more_never():
    free = dict.fromkeys(TIERS, 0.0)
    assert choose_by_price(prediction(0.0, 0.0), value_usd=1.0, cost_usd=free, allowed=TIERS) == "large"
    costly = {**COSTS, "small": 0.013}
    assert choose_by_price(prediction(0.2, 0.2), value_usd=0.01, cost_usd=costly, allowed=TIERS) == "medium"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-6, 1e6))
def test_the_loss_that_is_stated_as_allowed_is_where_the_choice_changes(first, share, value_usd):
    said = prediction(first, first * share)
    tier = choose_by_price(said, value_usd=value_usd, cost_usd=COSTS, allowed=TIERS)
    allowed = loss_allowed(said, tier, value_usd=value_usd, cost_usd=COSTS, allowed=TIERS)
    own = said.expected_quality_loss[TIERS.index(tier)]
    assert own <= allowed <= 1.0 or math.isclose(own, allowed)


def test_a_decision_says_in_dollars_why_and_what_each_other_tier_would_change():
    models = {
        "small": (ModelSpec("a/s", 1.0, 10.0),),
        "medium": (ModelSpec("b/m", 40.0, 40.0),),
        "large": (ModelSpec("c/l", 60.0, 200.0),),
    }
    own = setup(policies=(Policy("auto", Price(0.5)),), models=models)
    choice = decide(facts(0.031, 0.029, tokens=300), own)
    (note,) = [step.note for step in choice.steps if step.name == "classifier"]
    assert note == (
        "small: expected quality loss 3.1% = $0.0155 at $0.50 an answer, + $0.0004 for tokens; "
        "medium would cost $0.0120 more and lose 0.2% less; large would cost $0.0196 more and lose 3.1% less (auto)"
    )
    assert (choice.tier, choice.value_usd) == ("small", 0.5)


def test_a_relative_price_grows_with_what_the_request_costs():
    long, short = (decide(facts(0.1, 0.1, tokens=tokens), priced(4.0, is_relative=True)) for tokens in (900, 9))
    assert long.value_usd == pytest.approx(4.0 * max(long.cost_usd.values()))
    assert long.value_usd > 20 * short.value_usd


def test_the_promise_of_a_price_covers_the_tiers_that_it_was_computed_with():
    own = Policy("auto", Price(0.5, promise=PROMISE, among=("small", "medium")), Limits(ceiling="medium"))
    assert decide(facts(0.1, 0.01), setup(policies=(own,))).threshold.promise == PROMISE
    everywhere = Policy("auto", Price(0.5, promise=PROMISE), Limits(ceiling="medium"))
    assert decide(facts(0.1, 0.01), setup(policies=(everywhere,))).threshold.promise is None


def test_a_model_that_cannot_serve_the_request_is_not_what_its_tier_costs():
    models = {
        "small": (ModelSpec("a/tiny", 0.0, 0.0, 100), ModelSpec("a/large", 7.0, 0.0, 10_000)),
        "medium": (model("b/m", window=10_000),),
        "large": (model("c/l", window=10_000),),
    }
    choice = decide(facts(0.2, 0.1, tokens=500, size_bytes=2_000), setup(models=models))
    assert choice.able["small"][0].model == "a/large"
    assert choice.cost_usd["small"] == pytest.approx(500 * 7.0 / 1e6)
