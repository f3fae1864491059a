"""The gate on decisions in other forms: what surely moves is stopped with a cure, what may be noise is not."""

from __future__ import annotations

import pytest

from tests.training import worlds
from tests.training.measure.test_gate import SURE, UNSURE
from training.config import FormLimits
from training.measure.advantages import SHUFFLE
from training.measure.form_gate import FORM_CURE, form_checks
from training.measure.forms import FORM_GROUPS, _interval
from training.measure.gate import GateResult, gate


def facts(unchanged: float, down: float, *, n: int = 1_000) -> dict[str, object]:
    return {
        "n": n,
        "unchanged": unchanged,
        "interval": _interval(unchanged, n),
        "down": down,
        "down_interval": _interval(down, n),
    }


GOOD = {name: facts(0.98, 0.01) for name in FORM_GROUPS}


LIMITS = FormLimits()


def judge(limits: FormLimits | None = LIMITS, **forms: dict[str, object]) -> GateResult:
    report = {"forms": {**GOOD, **forms}}
    return gate(worlds.world(100, seed=0, skill=0.5), SURE, robustness=report, form_limits=limits)


def test_decisions_that_hold_pass_and_every_group_is_checked_in_both_ways():
    verdict = judge()
    assert verdict.passed
    assert [(check.group, check.measure) for check in verdict.forms] == [
        (group, way) for group in FORM_GROUPS for way in ("unchanged", "down")
    ]


@pytest.mark.parametrize(
    ("group", "unchanged", "words"),
    [
        ("wrappers_seen", 0.92, "kinds that training uses only 92.0% of decisions stay"),
        ("wrappers_held_out", 0.85, "kinds that training never uses only 85.0%"),
        ("dresses_seen", 0.9, "typing slips and the like only 90.0%"),
    ],
)
def test_a_group_that_surely_moves_fails_and_the_sentence_says_which_and_what_to_do(group, unchanged, words):
    verdict = judge(**{group: facts(unchanged, 0.01)})
    assert not verdict.passed
    assert words in verdict.sentence
    assert verdict.sentence.endswith(FORM_CURE)


def test_less_is_asked_of_wrappers_that_training_never_saw():
    assert judge(wrappers_held_out=facts(0.92, 0.01)).passed


def test_decisions_that_go_to_a_cheaper_tier_fail_although_most_stay():
    verdict = judge(dresses_seen=facts(0.96, 0.04))
    assert not verdict.passed
    assert "4.0% of decisions go to a cheaper tier" in verdict.sentence


def test_few_rows_that_may_be_noise_stop_nothing():
    assert judge(wrappers_seen=facts(0.9, 0.05, n=20)).passed
    assert not judge(wrappers_seen=facts(0.5, 0.5, n=20)).passed


def test_limits_are_settings_and_none_asks_nothing():
    poor = facts(0.8, 0.15)
    assert not judge(wrappers_seen=poor).passed
    assert judge(FormLimits(wrappers_seen=0.7, moved_down=0.2), wrappers_seen=poor).passed
    assert judge(None, wrappers_seen=poor).passed


def test_a_group_that_no_row_wears_and_a_report_without_forms_are_not_judged():
    assert len(form_checks({"forms": {**GOOD, "dresses_seen": {"n": 0}}}, LIMITS)) == 6
    assert form_checks({}, LIMITS) == ()


def test_a_bundle_that_also_loses_to_a_baseline_is_answered_with_the_fixed_tier():
    report = {"forms": {**GOOD, "wrappers_seen": facts(0.5, 0.5)}}
    rows = worlds.world(100, seed=0, skill=0.5)
    verdict = gate(rows, {**SURE, SHUFFLE: UNSURE}, robustness=report, form_limits=LIMITS)
    assert "shuffle" in verdict.sentence
    assert "cheaper tier" in verdict.sentence
    assert "Route nothing" in verdict.sentence
