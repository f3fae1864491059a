"""A bundle ships where it passes the gate, or fails each check by less than the bundle in place."""

from __future__ import annotations

import pytest

from training.shipping.gate import reasons_to_refuse


def form(point: float, *, passed: bool, group: str = "wrappers_seen", measure: str = "unchanged") -> dict[str, object]:
    return {"group": group, "measure": measure, "point": point, "limit": 0.95, "passed": passed}


def evaluation(*forms: dict[str, object], wins: bool = True) -> dict[str, object]:
    check = {"name": "shuffle", "point": 0.1 if wins else -0.1, "low": 0.05 if wins else -0.2, "passed": wins}
    return {"gate": {"checks": [check], "forms": list(forms)}}


PASSES = evaluation(form(0.97, passed=True))
FAILS = evaluation(form(0.9, passed=False))


def test_a_bundle_that_passes_ships_whatever_is_in_place():
    for in_place in (None, PASSES, FAILS):
        assert reasons_to_refuse(PASSES, in_place) == []


def test_a_bundle_that_fails_does_not_ship_where_none_is_in_place_or_one_that_passes():
    assert reasons_to_refuse(FAILS, None) == ["wrappers_seen unchanged: 0.900 (limit 0.95)"]
    assert reasons_to_refuse(FAILS, PASSES) == [
        "wrappers_seen unchanged: 0.900 (limit 0.95, 0.970 in the bundle in place)"
    ]


@pytest.mark.parametrize(
    ("measure", "new", "old", "ships"),
    [
        ("unchanged", 0.90, 0.88, True),
        ("unchanged", 0.90, 0.90, True),
        ("unchanged", 0.88, 0.90, False),
        ("down", 0.05, 0.06, True),
        ("down", 0.06, 0.05, False),
    ],
)
def test_a_bundle_that_fails_ships_where_the_one_in_place_fails_as_much(measure, new, old, ships):
    new_one = evaluation(form(new, passed=False, measure=measure))
    old_one = evaluation(form(old, passed=False, measure=measure))
    assert (reasons_to_refuse(new_one, old_one) == []) is ships


def test_each_group_is_held_against_its_own():
    new = evaluation(form(0.9, passed=False), form(0.8, passed=False, group="dresses_seen"))
    old = evaluation(form(0.8, passed=False), form(0.9, passed=False, group="dresses_seen"))
    assert reasons_to_refuse(new, old) == ["dresses_seen unchanged: 0.800 (limit 0.95, 0.900 in the bundle in place)"]


def test_a_bundle_that_does_not_beat_a_baseline_never_ships():
    reasons = reasons_to_refuse(evaluation(wins=False), evaluation(wins=False))
    assert reasons == ["it does not beat shuffle (-0.1000, at least -0.2000)"]
