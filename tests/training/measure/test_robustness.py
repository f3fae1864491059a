"""Robustness: what counts as unchanged, which twin is the harder one, and what a slice says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.brain import Scores
from router.reading import Reading
from router.types import JsonObject, Message
from training.dressing import DRESSES, WRAPPERS
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import DEFAULT_TIERS, TierMap
from training.measure import forms
from training.measure.forms import FORM_GROUPS, Rule, language_twins
from training.measure.robustness import contrast_pairs, robustness, slices
from training.rows.row import LabelledRow
from training.thresholds.bounds import wilson_interval

WORDS = (
    "pears",
    "plums",
    "nails",
    "coins",
    "ships",
    "books",
    "lamps",
    "doors",
    "roses",
    "clocks",
    "chairs",
    "stamps",
    "drums",
)
ASKS = [f"please sort the {one} before the {other}." for one in WORDS for other in WORDS if one < other]
"""78 asks, each of a group of its own."""

RULE = Rule(threshold=0.5, max_distance=0.5, safe_tier=1)
COSTS = (0.1, 0.5, 1.0)


def row(text: str, tier: str, **facts: str) -> LabelledRow:
    return LabelledRow(id=text, source="mine", messages=(Message("user", text),), tier=tier, **facts)


def dataset(*rows: LabelledRow) -> Dataset:
    return build_dataset(rows, TierMap(tiers=DEFAULT_TIERS, sources={}))


def scores(losses: Sequence[float], distances: Sequence[float] | None = None) -> Scores:
    """Scores with these losses at budget, none above it."""
    loss = np.zeros((len(losses), 3))
    loss[:, 0] = losses
    return Scores(1 - loss, loss, np.zeros(len(loss)), np.array(distances or [0.0] * len(loss)))


def by_capitals(readings: Sequence[Reading]) -> Scores:
    """A brain for which only what is all in capitals is hard."""
    return scores([float(reading.ask.isupper()) for reading in readings])


def robust(score: Callable[[Sequence[Reading]], Scores], data: Dataset) -> JsonObject:
    return robustness(score, data, RULE, tier_cost_usd=COSTS, scores=score(data.readings))


def test_a_brain_that_looks_at_capitals_alone_is_moved_by_them_alone():
    short = [f"{verb} {one}" for verb in ("sort", "count") for one in WORDS[:10]]  # a long one is read in small letters
    report = robust(by_capitals, dataset(*(row(text, "budget") for text in short)))
    kinds = report["decisions_unchanged"]
    assert list(kinds) == [*DRESSES, *WRAPPERS]
    upper = kinds["upper_case"]
    assert (upper["n"], upper["unchanged"], upper["up"], upper["down"]) == (20, 0.0, 1.0, 0.0)
    assert upper["interval"][0] == 0.0 < upper["interval"][1] < 0.2
    assert all(facts.get("unchanged", 1.0) == 1.0 for kind, facts in kinds.items() if kind != "upper_case")
    assert list(report["forms"]) == list(FORM_GROUPS)
    assert report["forms"]["wrappers_seen"]["unchanged"] == 1.0
    assert 0.9 < report["forms"]["dresses_seen"]["unchanged"] < 1.0


def test_a_brain_that_every_wrapper_calms_sends_wrapped_asks_down():
    def hard_when_bare(readings):
        return scores([float(reading.ask in ASKS) for reading in readings])

    report = robust(hard_when_bare, dataset(*(row(text, "frontier") for text in ASKS[:30])))["forms"]
    held_out = report["wrappers_held_out"]
    assert held_out["unchanged"] < 0.4  # the rest is read as the bare ask
    assert held_out["down"] == pytest.approx(1 - held_out["unchanged"], abs=2e-4)
    assert held_out["down_interval"][0] > 0.5


def test_rows_of_one_group_count_as_one_observation():
    alone = [row(text, "budget") for text in ASKS[:30]]
    together = [replace(one, conversation="one") for one in alone]
    wide, narrow = (robust(by_capitals, dataset(*rows))["forms"]["wrappers_seen"] for rows in (together, alone))
    assert (wide["groups"], narrow["groups"]) == (1, 30)
    assert wide["interval"][0] < narrow["interval"][0]


def test_at_most_so_many_rows_wear_a_kind_and_the_order_of_rows_does_not_matter(monkeypatch):
    monkeypatch.setattr(forms, "ROWS_PER_KIND", 10)
    rows = [row(text, "budget") for text in ASKS[:25]]
    reports = [robust(by_capitals, dataset(*order))["decisions_unchanged"] for order in (rows, rows[::-1])]
    assert reports[0] == reports[1]
    assert {facts["n"] for kind, facts in reports[0].items() if kind in WRAPPERS} == {10}


def test_a_decision_that_falls_out_of_domain_counts_as_changed():
    def foreign_when_filled(readings):
        return scores([0.0] * len(readings), [float(reading.ask != "sort it") for reading in readings])

    report = robust(foreign_when_filled, dataset(row("sort it", "budget")))
    filled = report["decisions_unchanged"]["filler"]
    assert (filled["up"], filled["out_of_domain"], filled["out_of_domain_before"]) == (1.0, 1.0, 0.0)


def test_twins_in_several_languages_count_when_all_get_one_tier():
    data = dataset(
        row("a", "frontier", pair="1", trap="twin", lang="en"),
        row("b", "frontier", pair="1", trap="twin", lang="de"),
        row("c", "budget", pair="2", trap="twin", lang="en"),
        row("d", "budget", pair="2", trap="twin", lang="hi"),
        row("e", "budget", pair="3", trap="twin", lang="en"),
        row("f", "frontier", pair="3", trap="twin", lang="de"),  # not the same ask
        row("g", "budget", pair="4", lang="en"),
        row("h", "budget", pair="4", lang="de"),  # a contrast pair, no twins
    )
    report = language_twins(np.array([2, 2, 0, 1, 0, 1, 0, 1]), data)
    assert (report["n"], report["same_tier"]) == (2, 0.5)
    assert language_twins(np.zeros(1, dtype=np.int64), dataset(row("a", "budget"))) == {"n": 0}


def test_twins_are_ordered_rightly_when_the_harder_one_has_the_larger_loss():
    data = dataset(
        row("a", "budget", pair="1"),
        row("b", "frontier", pair="1"),
        row("c", "production", pair="2"),
        row("d", "budget", pair="2"),
        row("e", "budget", pair="3"),
        row("f", "budget", pair="3"),  # no contrast
        row("g", "frontier"),
    )
    report = contrast_pairs(np.array([0.1, 0.2, 0.3, 0.3, 0.9, 0.1, 0.0]), data)
    assert (report["n"], report["ordered"]) == (2, 0.5)  # equal losses order nothing
    assert report["files"]["mine"]["n"] == 2
    assert contrast_pairs(np.zeros(1), dataset(row("a", "budget"))) == {"n": 0}


def test_slices_tell_ranking_under_routing_and_saving_apart():
    data = dataset(
        row("short", "budget", lang="en", trap="t"),
        row("also short", "frontier", lang="en"),
        row("word " * 200, "production", lang="de"),
    )
    report = slices(scores([0.1, 0.9, 0.2]).expected_quality_loss, np.array([0, 1, 0]), data, tier_cost_usd=COSTS)
    english = report["lang"]["en"]
    assert (english["n"], english["auc_not_cheapest"], english["under_routing"], english["saved"]) == (2, 1.0, 0.5, 0.7)
    assert report["lang"]["de"]["auc_not_cheapest"] is None
    assert {name: entry["n"] for name, entry in report["length"].items()} == {"1-6": 2, "151+": 1}
    assert list(report["trap"]) == ["t"]
    assert report["file"]["mine"]["n"] == 3


@pytest.mark.parametrize(("n_true", "n", "low", "high"), [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)])
def test_the_interval_is_wilsons(n_true, n, low, high):
    assert wilson_interval(n_true, n) == pytest.approx((low, high), abs=5e-4)


@given(st.integers(1, 500), st.data())
def test_the_interval_holds_the_share(n, data):
    n_true = data.draw(st.integers(0, n))
    low, high = wilson_interval(n_true, n)
    assert 0.0 <= low <= n_true / n + 1e-12
    assert n_true / n - 1e-12 <= high <= 1.0
