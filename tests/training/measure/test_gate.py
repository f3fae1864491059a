"""The gate on worlds whose truth is known: what is worthless is stopped, what is good passes, and it says why."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from router.brain.brain import scores_of
from tests.training import worlds
from training.measure.advantages import (
    BEST_FIXED,
    SHUFFLE,
    complete_rows,
    gain_over_bundle,
    measurable_rows,
    quality_gains,
)
from training.measure.bootstrap import Interval
from training.measure.gate import IN_USE, LENGTH_RULE, GateResult, OtherTiers, best_fixed_tier, gate
from training.measure.measured import MeasuredRows
from training.thresholds.simulate import route_tiers

SURE = {name: Interval(0.1, 0.05, 0.15) for name in (BEST_FIXED, SHUFFLE, LENGTH_RULE)}
UNSURE = Interval(0.02, -0.01, 0.05)


def length_losses(rows: MeasuredRows, *, seed: int, skill: float = 0.0) -> np.ndarray:
    """A length rule that sees the row's tier through much noise; at skill 0 nothing of it."""
    length = skill * rows.labels.cheapest / 2 + (1 - skill) * np.random.default_rng(seed + 10_000).random(len(rows))
    return np.column_stack([length, length**2, np.zeros(len(rows))])


def judge(rows: MeasuredRows, *, seed: int = 0, length_skill: float = 0.0, n_resamples: int = 200) -> GateResult:
    scored = {LENGTH_RULE: length_losses(rows, seed=seed, skill=length_skill)}
    return gate(rows, quality_gains(rows, scored, n_resamples=n_resamples, seed=seed), n_resamples=n_resamples)


def test_a_router_of_random_scores_is_stopped_in_at_least_95_of_100_data_sets():
    passed = sum(judge(worlds.world(300, seed=seed, skill=0.0), seed=seed).passed for seed in range(200))
    assert passed <= 200 * 0.05


def test_a_router_that_sees_most_of_the_difficulty_passes_in_every_data_set():
    assert all(judge(worlds.world(300, seed=seed, skill=0.6), seed=seed, length_skill=0.1).passed for seed in range(40))


def test_a_router_that_only_measures_length_is_stopped_by_the_length_rule_alone():
    failed = []
    for seed in range(30):
        rows = worlds.world(300, seed=seed, skill=0.0)
        losses = length_losses(rows, seed=seed, skill=0.5)
        routed = worlds.measured_rows(losses[:, :-1], rows.labels.cheapest, threshold=0.3)
        verdict = gate(routed, quality_gains(routed, {LENGTH_RULE: losses}, n_resamples=100), n_resamples=100)
        assert not verdict.passed
        failed += [check.name for check in verdict.checks if not check.passed]
    assert failed.count(LENGTH_RULE) == 30
    assert failed.count(SHUFFLE) == failed.count(BEST_FIXED) == 0


def test_the_shuffle_of_a_shuffled_router_is_its_equal_within_the_interval():
    inside = 0
    for seed in range(100):
        rows = worlds.world(300, seed=seed, skill=0.9, pairs=True)
        dealt = replace(rows, chosen=np.random.default_rng(seed).permutation(rows.chosen))
        gain = quality_gains(dealt, {}, n_resamples=200, seed=seed)[SHUFFLE]
        inside += gain.low <= 0 <= gain.high
    assert inside >= 88, "95 of 100 within binomial error"


def test_a_shuffled_router_gains_nothing_by_falling_on_cheap_rows_where_prices_differ_by_row():
    inside = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        rows = worlds.world(300, seed=seed, skill=0.9)
        prices = rows.cost_usd * rng.lognormal(0, 1, (300, 1))
        dealt = replace(rows, chosen=rng.permutation(rows.chosen), cost_usd=prices)
        gain = quality_gains(dealt, {}, n_resamples=200, seed=seed)[SHUFFLE]
        inside += gain.low <= 0 <= gain.high
    assert inside >= 88


def test_knowing_the_source_alone_is_no_advantage_over_the_shuffle():
    rng = np.random.default_rng(0)
    sources = np.where(rng.random(400) < 0.5, "easy", "hard")
    cheapest = np.where(sources == "easy", 0, 2)
    rows = worlds.measured_rows(np.zeros((400, 2)), cheapest, chosen=cheapest, sources=sources)
    gains = quality_gains(rows, {}, n_resamples=100)
    assert gains[SHUFFLE] == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert gains[BEST_FIXED].low > 0.2, "though it beats a fixed tier"


@pytest.mark.parametrize("tier", [0, 1, 2])
def test_a_router_of_one_tier_is_at_most_that_fixed_tier_and_no_rounding_lets_it_pass(tier):
    for seed in range(5):
        rows = worlds.world(200, seed=seed, skill=0.5)
        gains = quality_gains(replace(rows, chosen=np.full(200, tier)), {}, n_resamples=100)
        assert gains[BEST_FIXED].high < 1e-12
        assert gains[SHUFFLE] == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
        for name in (BEST_FIXED, SHUFFLE):
            assert not gate(rows, {**SURE, name: gains[name]}).passed
    assert not gate(rows, {**SURE, SHUFFLE: Interval(2e-16, 2e-16, 2e-16)}).passed


def test_a_dominated_middle_tier_is_no_help_to_a_router_that_uses_it():
    """Mixing budget and frontier beats production here, so the fixed baseline is that mix."""
    cheapest = np.tile([0, 0, 0, 2], 100)  # production solves no more than budget
    rows = worlds.measured_rows(np.zeros((400, 2)), cheapest, chosen=np.full(400, 1))
    gain = quality_gains(rows, {}, n_resamples=50)[BEST_FIXED]
    between = (0.012 - 0.00035) / (0.02 - 0.00035)
    assert gain.point == pytest.approx(-0.25 * between)


def test_all_three_must_be_beaten_and_the_sentence_names_the_one_that_was_not():
    rows = worlds.world(100, seed=0, skill=0.5)
    assert gate(rows, SURE).passed
    for name, words in [(BEST_FIXED, "best fixed tier"), (SHUFFLE, "shuffle"), (LENGTH_RULE, "length rule")]:
        verdict = gate(rows, {**SURE, name: UNSURE})
        assert not verdict.passed
        assert [check.name for check in verdict.checks if not check.passed] == [name]
        assert words in verdict.sentence
        assert "-0.010" in verdict.sentence
        assert "Route nothing: use tier frontier" in verdict.sentence


@pytest.mark.parametrize("low", [0.0, -1e-9, float("nan")])
def test_an_advantage_that_may_be_nothing_is_none(low):
    verdict = gate(worlds.world(50, seed=0, skill=0.5), {**SURE, SHUFFLE: Interval(0.1, low, 0.2)})
    assert not verdict.passed


def test_an_advantage_that_was_not_measured_fails():
    verdict = gate(worlds.world(50, seed=0, skill=0.5), {name: SURE[name] for name in (BEST_FIXED, SHUFFLE)})
    assert not verdict.passed
    assert "whether it beats the length rule at equal cost cannot be said" in verdict.sentence


def test_the_bundle_in_use_is_compared_only_on_rows_that_it_was_not_fitted_on():
    rows = worlds.world(2_000, seed=0, skill=0.7)
    seen = np.arange(2_000) < 1_800
    weak = worlds.world(2_000, seed=0, skill=0.0)
    flattered = replace(weak, chosen=np.where(seen, rows.labels.cheapest, weak.chosen))
    assert not gate(rows, SURE, flattered).passed, "on its own rows it looks better than it is"
    verdict = gate(rows, SURE, flattered, seen_in_use=seen)
    assert verdict.passed
    assert verdict.checks[-1].name == IN_USE


def test_a_bundle_in_use_that_saw_nearly_all_rows_is_not_compared_and_the_sentence_says_so():
    rows = worlds.world(200, seed=0, skill=0.9)
    verdict = gate(rows, SURE, rows, seen_in_use=np.arange(200) > 4)
    assert verdict.passed
    assert IN_USE not in [check.name for check in verdict.checks]
    assert "it was fitted on 195 of these 200 rows, and the others are too few." in verdict.sentence


def test_one_group_of_rows_cannot_promote_a_bundle():
    rows = worlds.world(300, seed=0, skill=1.0)
    verdict = judge(replace(rows, groups=np.full(300, "one conversation")))
    assert not verdict.passed
    assert "Too few groups of rows (1)" in verdict.sentence


def test_no_rows_at_all_is_a_verdict_too():
    rows = worlds.world(20, seed=0, skill=0.5)
    unknown = replace(rows, quality=np.full((20, 3), np.nan))
    verdict = gate(unknown, {})
    assert not verdict.passed
    assert verdict.sentence.endswith("Give test rows whose outcome is known at every tier.")


@pytest.mark.parametrize(
    ("max_quality_loss", "tier"), [(0.0, "frontier"), (0.2, "frontier"), (0.3, "production"), (0.9, "budget")]
)
def test_the_fixed_tier_to_use_instead_is_the_cheapest_that_keeps_the_quality(max_quality_loss, tier):
    rows = worlds.measured_rows(np.zeros((100, 2)), np.repeat([0, 1, 2], [50, 25, 25]))  # qualities .5, .75, 1
    assert best_fixed_tier(rows, max_quality_loss=max_quality_loss)[0] == tier
    verdict = gate(rows, {}, max_quality_loss=max_quality_loss)
    assert f"Route nothing: use tier {tier}" in verdict.sentence


def test_a_tier_that_is_dearer_and_worse_is_never_the_one_to_use():
    rows = worlds.measured_rows(np.zeros((100, 2)), np.repeat([0, 2], [60, 40]))
    worse = rows.quality.copy()
    worse[:, 1] = 0.0
    dear = rows.cost_usd * np.array([1.0, 14.0, 1.0])
    tier, quality, _ = best_fixed_tier(replace(rows, quality=worse, cost_usd=dear), max_quality_loss=0.5)
    assert (tier, quality) == ("budget", 0.6)


def as_scored(rows: MeasuredRows, other: MeasuredRows) -> MeasuredRows:
    """The rows as the bundle behind `other` scores them."""
    return replace(rows, scores=other.scores, chosen=other.chosen)


def test_a_bundle_is_as_good_as_itself_and_a_much_better_one_in_use_is_kept():
    rows = worlds.world(400, seed=0, skill=0.4)
    assert gate(rows, SURE, rows).passed
    better = as_scored(rows, worlds.world(400, seed=0, skill=0.8))
    verdict = gate(rows, SURE, better, n_resamples=200)
    assert not verdict.passed
    assert verdict.checks[-1].name == IN_USE
    assert verdict.checks[-1].high < 0
    assert verdict.sentence.endswith("Keep the bundle in use.")
    assert gate(better, SURE, rows, n_resamples=200).passed


def test_a_bundle_that_is_worse_in_use_and_worse_than_length_is_not_answered_with_the_one_in_use():
    rows = worlds.world(400, seed=0, skill=0.2)
    better = as_scored(rows, worlds.world(400, seed=0, skill=0.8))
    verdict = gate(rows, {**SURE, LENGTH_RULE: UNSURE}, better, n_resamples=200)
    assert "Route nothing" in verdict.sentence
    assert "length rule" in verdict.sentence
    assert "bundle in use" in verdict.sentence


def test_the_margin_decides_how_much_worse_than_the_one_in_use_is_let_pass():
    rows = worlds.world(400, seed=0, skill=0.5)
    noise = 0.02 * np.random.default_rng(0).normal(size=(400, 1))
    losses = np.clip(rows.scores.expected_quality_loss + np.array([1.0, 1.0, 0.0]) * noise, 0, 1)
    near = scores_of(np.column_stack([losses[:, :-1], np.zeros(400)]), domain_distance=np.zeros(400))
    twin = replace(rows, scores=near, chosen=np.roll(rows.chosen, 0).copy())
    twin.chosen[0] = (twin.chosen[0] + 1) % 3  # not the same choices, so the curves are compared
    gain = gain_over_bundle(rows, twin, n_resamples=200)
    assert gain.low < 0
    assert gate(rows, SURE, twin, margin=-gain.low + 1e-6, n_resamples=200).passed
    assert not gate(rows, SURE, twin, margin=-gain.low - 1e-6, n_resamples=200).passed


def test_another_threshold_on_the_same_scores_is_no_gain():
    rows = worlds.world(400, seed=0, skill=0.5)
    careful = replace(rows, chosen=route_tiers(rows.scores.expected_quality_loss, 0.02))
    assert (careful.chosen > rows.chosen).any()
    for router, in_use in ((rows, careful), (careful, rows)):
        assert gain_over_bundle(router, in_use, n_resamples=50) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_the_bundle_in_use_answers_for_the_choices_that_it_serves_not_for_its_scores_alone():
    rows = worlds.world(400, seed=0, skill=0.5)
    wasteful = rows.chosen.copy()
    wasteful[rows.labels.cheapest == 0] = 2  # its safe tier: dear, and no better
    gain = gain_over_bundle(rows, replace(rows, chosen=wasteful), n_resamples=200)
    assert gain.low > 0.05
    back = gain_over_bundle(replace(rows, chosen=wasteful), rows, n_resamples=200)
    assert back.high < -0.05


@pytest.mark.parametrize("told", ["rows", "tiers"])
@pytest.mark.parametrize("sure", [True, False])
def test_a_bundle_in_use_with_other_tiers_is_not_compared_and_fails_nothing(told, sure):
    rows = worlds.world(50, seed=0, skill=0.5)
    in_use = OtherTiers(("a", "b")) if told == "tiers" else replace(rows, tiers=("a", "b"))
    advantages = SURE if sure else {**SURE, SHUFFLE: UNSURE}
    verdict = gate(rows, advantages, in_use)
    alone = gate(rows, advantages)
    assert verdict.checks == alone.checks
    assert verdict.passed == alone.passed == sure
    assert verdict.sentence == (
        f"{alone.sentence} Not compared with the bundle in use: tiers differ (it routes between a, b; "
        "this one between budget, production, frontier)."
    )


def test_a_bundle_in_use_that_scored_other_rows_is_refused():
    rows = worlds.world(50, seed=0, skill=0.5)
    with pytest.raises(ValueError, match="other rows"):
        gate(rows, SURE, rows.take(np.arange(49)))


def test_only_rows_with_every_outcome_known_are_compared():
    rows = worlds.world(30, seed=0, skill=0.5)
    quality = rows.quality.copy()
    quality[3, 1] = np.nan
    labels = replace(rows.labels, loss=rows.labels.loss.copy(), cheapest=rows.labels.cheapest.copy())
    labels.loss[5, 0] = -1
    labels.cheapest[7] = -1
    holes = replace(rows, quality=quality, labels=labels)
    assert np.flatnonzero(~complete_rows(holes)).tolist() == [3, 5, 7]
    assert measurable_rows(holes).size == 27
    assert gate(holes, SURE, holes).passed
    assert measurable_rows(holes.take(np.arange(20))).size == 0, "17 of 20 known rows need not be like the rest"
    assert not gate(holes.take(np.arange(20)), {}).sentence.count("use tier")


def test_a_verdict_is_plain_json_but_for_rounding():
    verdict = gate(
        worlds.world(30, seed=0, skill=0.5), {**SURE, SHUFFLE: Interval(math.nan, math.nan, math.nan)}
    ).to_json()
    assert set(verdict) == {"passed", "sentence", "checks", "forms"}
    assert [set(check) for check in verdict["checks"]] == [{"name", "point", "low", "high", "passed"}] * 3
