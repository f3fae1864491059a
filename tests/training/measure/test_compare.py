"""Two bundles on worlds whose truth is known: the better one is found, and the verdict says which and how sure."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.training import worlds
from training.measure.compare import compare_rows
from training.measure.measured import MeasuredRows


def two_readers(n: int, *, skill_a: float, skill_b: float, seed: int = 3) -> tuple[MeasuredRows, MeasuredRows]:
    """The same rows of a hidden difficulty, seen by two routers through more or less noise."""
    a, b = (worlds.world(n, seed=seed, skill=skill) for skill in (skill_a, skill_b))
    assert np.array_equal(a.labels.cheapest, b.labels.cheapest)
    return a, b


def test_the_better_reader_is_shown_to_be_better_with_the_right_sign():
    a, b = two_readers(800, skill_a=0.3, skill_b=0.7)
    report = compare_rows(a, b, n_resamples=200)
    for difference in (
        report["saved_at_under_routing"]["0.02"]["difference"],
        report["saved_at_under_routing"]["0.05"]["difference"],
        report["auc"]["budget"]["difference"],
        report["auc"]["production"]["difference"],
        report["quality_gain"],
    ):
        assert 0 < difference["low"] < difference["point"] < difference["high"]
    assert re.match(r"B saves [\d.]+ points more than A \[[\d.]+, [\d.]+\] with at most 5%", report["sentence"])
    right = report["decisions"]["of_those"]["right"]
    assert right["b"] > right["a"]


def test_the_other_way_round_every_difference_has_the_other_sign_and_the_sentence_says_less():
    a, b = two_readers(800, skill_a=0.3, skill_b=0.7)
    one, other = compare_rows(a, b, n_resamples=200), compare_rows(b, a, n_resamples=200)
    for limit in ("0.02", "0.05"):
        forth, back = (report["saved_at_under_routing"][limit]["difference"] for report in (one, other))
        assert forth["point"] == -back["point"]
        assert (forth["low"], forth["high"]) == pytest.approx((-back["high"], -back["low"]), abs=2e-4)
    assert one["decisions"]["moved_up"] == other["decisions"]["moved_down"]
    said = one["sentence"].replace("more than", "less than")
    assert other["sentence"] == said, "the size of the difference and its interval stay, the word turns"


def test_two_readers_of_one_skill_are_not_told_apart():
    a, b = worlds.world(400, seed=3, skill=0.5), worlds.world(400, seed=3, skill=0.5)
    noise = np.random.default_rng(0).normal(0.0, 0.02, b.scores.expected_quality_loss[:, :-1].shape)
    losses = np.clip(b.scores.expected_quality_loss[:, :-1] + noise, 0.0, 1.0)
    b = worlds.measured_rows(-np.sort(-losses, axis=1), b.labels.cheapest, threshold=0.25)
    report = compare_rows(a, b, n_resamples=200)
    assert report["sentence"].startswith("No difference in savings can be shown on these rows")
    assert "n = 400 rows in 400 groups" in report["sentence"]


def test_the_interval_of_the_difference_is_paired_and_so_narrower_than_the_two_together():
    a, b = two_readers(600, skill_a=0.6, skill_b=0.65)
    saved = compare_rows(a, b, n_resamples=200)["saved_at_under_routing"]["0.05"]
    width = {name: saved[name]["high"] - saved[name]["low"] for name in ("a", "b", "difference")}
    assert width["difference"] < width["a"] + width["b"]


def test_with_too_few_groups_nothing_is_claimed():
    a, b = two_readers(9, skill_a=0.3, skill_b=0.9)
    report = compare_rows(a, b, n_resamples=50)
    assert report["sentence"].startswith("Too few groups of rows to say which is better")
    assert report["saved_at_under_routing"]["0.05"]["difference"]["low"] is None


def test_a_row_that_no_tier_solves_is_right_only_at_the_cheapest_tier():
    losses = np.full((20, 2), 0.5)
    unsolved = np.full(20, 3)
    a = worlds.measured_rows(losses, unsolved, chosen=np.zeros(20, dtype=np.int64))
    b = worlds.measured_rows(losses, unsolved, chosen=np.full(20, 2))
    decisions = compare_rows(a, b, n_resamples=20)["decisions"]
    assert decisions["moved_up"] == 20
    assert decisions["of_those"] == {"n": 20, "right": {"a": 20, "b": 0}, "neither": 0}


def test_bundles_scored_on_different_rows_are_refused():
    with pytest.raises(ValueError, match="scored on"):
        compare_rows(worlds.world(40, seed=0, skill=0.5), worlds.world(41, seed=0, skill=0.5))
