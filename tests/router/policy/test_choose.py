"""Which tier: tables of cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy import choose, choose_tier
from router.policy.choose import TierChoice, nearest_at_or_above
from router.types import Prediction, Reason

TIERS = ("small", "medium", "large")


def prediction(*losses, out_of_domain=False, tiers=TIERS):
    return Prediction(
        tiers=tiers,
        p_adequate=tuple(1 - loss for loss in losses),
        expected_quality_loss=losses,
        p_unsolved=0.0,
        domain_distance=0.5,
        out_of_domain=out_of_domain,
    )


@pytest.mark.parametrize(
    ("small", "medium", "expected"),
    [
        (0.09, 0.01, "small"),
        (0.10, 0.01, "small"),
        (0.11, 0.01, "medium"),
        (0.50, 0.10, "medium"),
        (0.50, 0.11, "large"),
        (0.00, 0.00, "small"),
        (1.00, 1.00, "large"),
    ],
)
def test_the_cheapest_tier_at_or_under_the_threshold_wins(small, medium, expected):
    assert choose_tier(prediction(small, medium, 0.0), threshold=0.1, allowed=TIERS) == expected


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (("small",), "small"),
        (("small", "medium"), "medium"),
        (("medium", "large"), "large"),
        (("small", "large"), "large"),
    ],
)
def test_where_no_allowed_tier_is_good_enough_the_strongest_allowed_one_is_taken(allowed, expected):
    assert choose_tier(prediction(0.9, 0.8, 0.0), threshold=0.1, allowed=allowed) == expected


@pytest.mark.parametrize(
    ("safe", "allowed", "expected"),
    [
        ("medium", TIERS, "medium"),
        ("large", TIERS, "large"),
        ("medium", ("small", "large"), "large"),
        ("large", ("small", "medium"), "medium"),
    ],
)
def test_out_of_domain_gets_at_least_the_safe_tier_or_the_nearest_stronger_allowed_one(safe, allowed, expected):
    choice = choose(prediction(0.0, 0.0, 0.0, out_of_domain=True), threshold=0.1, allowed=allowed, safe_tier=safe)
    assert choice == TierChoice(expected, Reason.OUT_OF_DOMAIN)
    assert nearest_at_or_above(safe, allowed, order=TIERS) == expected


@pytest.mark.parametrize(
    ("losses", "safe", "allowed", "expected"),
    [
        ((0.0, 0.0, 0.0), "small", TIERS, "small"),
        ((0.9, 0.8, 0.0), "medium", TIERS, "large"),
        ((0.9, 0.0, 0.0), "medium", TIERS, "medium"),
        ((0.0, 0.0, 0.0), "medium", ("small",), "small"),
        ((0.9, 0.8, 0.0), "small", ("small", "medium"), "medium"),
    ],
)
def test_out_of_domain_never_lowers_a_choice_and_is_no_reason_where_it_changes_none(losses, safe, allowed, expected):
    said = prediction(*losses, out_of_domain=True)
    assert choose(said, threshold=0.1, allowed=allowed, safe_tier=safe) == TierChoice(expected, Reason.THRESHOLD)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=2).map(lambda losses: sorted(losses, reverse=True)),
    st.sets(st.sampled_from(TIERS), min_size=1),
    st.sampled_from(TIERS),
)
def test_out_of_domain_is_never_decided_below_what_the_domain_gets(losses, allowed, safe):
    ordered = [tier for tier in TIERS if tier in allowed]
    within, beyond = (
        choose(prediction(*losses, 0.0, out_of_domain=out), threshold=0.1, allowed=ordered, safe_tier=safe).tier
        for out in (False, True)
    )
    assert ordered.index(beyond) >= ordered.index(within)


def test_within_the_domain_the_threshold_decides_and_is_the_reason():
    choice = choose(prediction(0.0, 0.0, 0.0), threshold=0.1, allowed=TIERS, safe_tier="large")
    assert choice == TierChoice("small", Reason.THRESHOLD)


@pytest.mark.parametrize("n_tiers", [2, 5])
def test_any_number_of_tiers_works(n_tiers):
    tiers = tuple(f"t{index}" for index in range(n_tiers))
    losses = [0.9] * (n_tiers - 1) + [0.0]
    assert choose_tier(prediction(*losses, tiers=tiers), threshold=0.5, allowed=tiers) == tiers[-1]


@given(
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted),
    st.sets(st.sampled_from(TIERS), min_size=1),
)
def test_a_larger_threshold_never_chooses_a_stronger_tier(losses, thresholds, allowed):
    said = prediction(*sorted(losses, reverse=True), 0.0)
    ordered = [tier for tier in TIERS if tier in allowed]
    strict, loose = (choose_tier(said, threshold=threshold, allowed=ordered) for threshold in thresholds)
    assert ordered.index(loose) <= ordered.index(strict)
    assert {strict, loose} <= allowed
