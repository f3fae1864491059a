"""Limits: what they leave, and how those of several people combine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.limits import NO_LIMITS, Limits, narrow

TIERS = ("a", "b", "c", "d")
names = st.none() | st.sampled_from(TIERS)
limits = st.builds(
    Limits, names, names, names, st.none() | st.lists(st.sampled_from(TIERS), unique=True, max_size=3).map(tuple)
)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (NO_LIMITS, "abcd"),
        (Limits(floor="b"), "bcd"),
        (Limits(ceiling="b"), "ab"),
        (Limits(floor="b", ceiling="c"), "bc"),
        (Limits(floor="c", ceiling="b"), ""),
        (Limits(tier="c"), "c"),
        (Limits(tier="c", ceiling="b"), ""),
        (Limits(tiers=("d", "a")), "ad"),
        (Limits(floor="b", tiers=("a",)), ""),
    ],
    ids=str,
)
def test_limits_leave_what_is_within_all_of_them(said, left):
    assert said.allowed(TIERS) == tuple(left)


@pytest.mark.parametrize(
    ("before", "said", "left"),
    [
        ("abcd", Limits(floor="c"), "cd"),
        ("ab", Limits(floor="c"), "b"),
        ("cd", Limits(ceiling="a"), "c"),
        ("ad", Limits(tier="b"), "a"),
        ("ac", Limits(tier="b"), "c"),
        ("abcd", Limits(floor="c", ceiling="b"), "abcd"),
    ],
    ids=str,
)
def test_who_spoke_before_goes_first_and_the_nearest_tier_is_left(before, said, left):
    assert narrow(tuple(before), said, order=TIERS) == tuple(left)


@given(st.lists(limits, max_size=5))
def test_whatever_is_said_some_tier_is_left_in_order_and_the_first_word_holds(said):
    left = TIERS
    for one in said:
        before, left = left, narrow(left, one, order=TIERS)
        assert left
        assert set(left) <= set(before)
        assert list(left) == sorted(left)
    if said and said[0].allowed(TIERS):
        assert set(left) <= set(said[0].allowed(TIERS))


@given(limits)
def test_limits_say_in_words_which_tiers_they_name(said):
    assert all(name in str(said) for name in said.names)
    assert (str(said) == "no limits") == (said == NO_LIMITS)
