"""The rows that an evaluation names: the surest wrong decisions in both directions, and the nearest to a threshold."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.training import fits, worlds
from training.labels.labels import UNKNOWN, labels_from_adequate
from training.measure.evaluate import evaluate_rows
from training.measure.measure import asks_of
from training.measure.measured import MeasuredRows
from training.measure.misses import MAX_LISTED, misses_report
from training.measure.reported import rounded
from training.rows.row import OutcomeRow, TrainingRow

THRESHOLD = 0.3

#    id   loss at budget, production   cheapest   what it is
WORLD = [
    ("a", 0.10, 0.05, 1),  # budget chosen, too low by 0.20
    ("b", 0.02, 0.01, 2),  # budget chosen, too low by 0.28: the surest
    ("c", 0.90, 0.25, 2),  # production chosen, too low by 0.05
    ("d", 0.95, 0.80, 0),  # frontier chosen, budget would do: too high by 0.65
    ("e", 0.95, 0.70, 1),  # frontier chosen, production would do: too high by 0.40
    ("f", 0.45, 0.10, 0),  # production chosen, budget would do: too high by 0.15
    ("g", 0.60, 0.40, 3),  # frontier chosen, nothing solves it, as well the cheapest: too high by 0.30
    ("h", 0.05, 0.02, 0),  # right, 0.25 under
    ("i", 0.31, 0.05, 1),  # right, 0.01 over
]


def world(rows=WORLD, *, groups=None, flagged=None, slices=None) -> MeasuredRows:
    return worlds.measured_rows(
        np.array([row[1:3] for row in rows]),
        np.array([row[3] for row in rows]),
        threshold=THRESHOLD,
        asks=worlds.named([row[0] for row in rows]),
        groups=groups,
        flagged=flagged,
        slices=slices,
    )


def listed(report, *, gaps=False):
    lists = (*(report["misses"][way]["rows"] for way in ("too_low", "too_high")), report["near_threshold"])
    return [[(row["id"], row["gap"]) if gaps else row["id"] for row in rows] for rows in lists]


def test_the_surest_wrong_decisions_come_first_in_both_directions_and_then_the_nearest_to_the_threshold():
    report = rounded(misses_report(world(), THRESHOLD))
    too_low, too_high, near = listed(report, gaps=True)
    assert too_low == [("b", 0.28), ("a", 0.2), ("c", 0.05)]
    assert too_high == [("d", 0.65), ("e", 0.4), ("g", 0.3), ("f", 0.15)]
    assert near == [
        *[("i", 0.01), ("c", 0.05), ("g", 0.1), ("f", 0.15), ("a", 0.2), ("h", 0.25), ("b", 0.28)],
        *[("e", 0.4), ("d", 0.5)],
    ]
    assert [report["misses"][way]["n"] for way in ("too_low", "too_high")] == [3, 4]


def test_an_entry_says_what_the_bundle_said_what_was_true_and_which_tier_the_loss_is_of():
    facts = {"lang": np.array(["de", *[""] * 8]), "task": np.array(["math", *[""] * 8]), "trap": np.array(["x"] * 9)}
    report = rounded(misses_report(world(slices=facts), THRESHOLD))
    entries = {row["id"]: row for way in report["misses"].values() for row in way["rows"]}
    p = entries["a"].pop("p_adequate")
    assert list(p) == ["budget", "production", "frontier"] and all(0 <= value <= 1 for value in p.values())
    assert entries["a"] == {
        "source": "traffic",
        "id": "a",
        "task": "math",
        "lang": "de",
        "turn": "user",
        "adequate": {"budget": False, "production": True, "frontier": True},
        "cheapest_adequate": "production",
        "chosen": "budget",
        "tier": "budget",
        "expected_quality_loss": 0.1,
        "threshold": 0.3,
        "gap": 0.2,
        "characters": 10,
    }
    assert not {"lang", "task"} & set(entries["b"]), "what a row does not state is left out"
    assert (entries["c"]["tier"], entries["c"]["chosen"]) == ("production", "production")
    assert (entries["e"]["tier"], entries["e"]["chosen"]) == ("production", "frontier")
    assert (entries["g"]["cheapest_adequate"], entries["g"]["tier"]) == (None, "budget")
    assert [row["tier"] for row in report["near_threshold"][:3]] == ["budget", "production", "production"]


def test_rows_that_tie_are_ordered_by_source_and_id_whatever_their_order_in_the_file():
    rows = [(name, 0.1 + 1e-9 * at, 0.05, 1) for at, name in enumerate("dbeac")]
    sources = np.array(["z", "z", "a", "z", "z"])
    expected = ["e", "a", "b", "c", "d"]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        picked = replace(world(rows), sources=sources).take(np.array(order))
        too_low, too_high, near = listed(misses_report(picked, THRESHOLD))
        assert (too_low, too_high, near) == (expected, [], expected)


def test_of_each_group_one_row_is_listed_the_surest_and_at_most_twenty():
    groups = np.array(["g0", "g0", "g0", "g1", "g1", "g1", "g2", "g3", "g3"])
    assert listed(misses_report(world(groups=groups), THRESHOLD)) == [["b"], ["d", "g"], ["i", "c", "g", "f"]]
    many = [(f"{n:03}", 0.1, 0.05, 1) for n in range(50)]
    report = misses_report(world(many), THRESHOLD)
    assert listed(report)[0] == listed(report)[2] == [f"{n:03}" for n in range(MAX_LISTED)]
    assert report["misses"]["too_low"]["n"] == 50


def test_a_row_that_the_safe_tier_alone_sent_high_is_no_miss_of_the_threshold():
    rows = world([("a", 0.1, 0.05, 0), ("b", 0.9, 0.1, 0)], flagged=np.array([True, True]))
    rows = replace(rows, chosen=np.array([1, 1]))
    report = misses_report(rows, THRESHOLD)
    assert listed(report) == [[], ["b"], []]
    assert listed(misses_report(replace(rows, flagged=None), THRESHOLD))[2] == ["a", "b"]


def test_a_row_whose_label_is_unknown_is_no_miss_and_says_so_near_the_threshold():
    adequate = np.array([[0, UNKNOWN, UNKNOWN], [UNKNOWN, 1, 1]], dtype=np.int8)
    rows = replace(world([("a", 0.1, 0.05, 1), ("b", 0.9, 0.6, 1)]), labels=labels_from_adequate(adequate))
    report = misses_report(rows, THRESHOLD)
    assert listed(report) == [[], [], ["a", "b"]]
    assert report["near_threshold"][0]["adequate"] == {"budget": False, "production": None, "frontier": None}
    assert report["near_threshold"][1]["cheapest_adequate"] is None


@pytest.mark.parametrize("threshold", [0.0, 1.0, float("inf"), float("-inf")])
def test_any_threshold_gives_strict_json(threshold):
    rows = replace(world(), chosen=np.full(len(WORLD), 0 if threshold > 0.5 else 2))
    report = rounded(misses_report(rows, threshold))
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(report) == {"misses", "near_threshold"}


def test_rows_without_names_list_nothing():
    assert misses_report(replace(world(), asks=None), THRESHOLD) == {}


def test_no_rows_give_empty_lists():
    assert listed(misses_report(world().take(np.zeros(0, dtype=np.int64)), THRESHOLD)) == [[], [], []]


def test_an_evaluation_names_target_rows_alone_also_where_too_few_outcomes_are_known():
    inputs = worlds.traffic_inputs()
    test = inputs.test
    names = replace(test, asks=worlds.named([f"r{n}" for n in range(len(test))]))
    report = evaluate_rows(replace(inputs, test=names, n_resamples=20))
    rows = [row for way in report["misses"].values() for row in way["rows"]] + report["near_threshold"]
    assert len(report["near_threshold"]) == MAX_LISTED
    assert "surface_traps" not in {row["source"] for row in rows}
    n_low = report["misses"]["too_low"]["n"]
    assert n_low == round(report["policies"]["router"]["under_routing"]["point"] * report["test"]["n"])
    unknown = labels_from_adequate(np.full((len(test), 3), UNKNOWN, dtype=np.int8))
    blind = replace(names, labels=unknown, quality=np.full((len(test), 3), np.nan))
    report = evaluate_rows(replace(inputs, test=blind, n_resamples=20))
    assert report["policies"] == {} and report["misses"]["too_low"] == {"n": 0, "rows": []}
    assert len(report["near_threshold"]) == MAX_LISTED


def test_asks_are_named_with_their_turn_and_length_and_without_their_text():
    data = fits.traffic_data()
    asks = asks_of(data)
    assert asks.ids.tolist() == [row.id for row in data.rows]
    assert asks.turns.tolist() == [reading.turn for reading in data.readings]
    assert asks.characters.tolist() == [len(reading.ask) for reading in data.readings]


def test_a_fits_evaluation_names_rows_of_its_files_and_holds_none_of_their_text(small_fit):
    rows: dict[tuple[str, str], TrainingRow] = {(row.source, row.id): row for row in fits.traffic_rows().rows}
    evaluation = small_fit.evaluation
    entries = [row for way in evaluation["misses"].values() for row in way["rows"]] + evaluation["near_threshold"]
    assert len(evaluation["near_threshold"]) == MAX_LISTED and evaluation["misses"]["too_low"]["rows"]
    written = json.dumps(evaluation, ensure_ascii=False) + small_fit.model_card
    for entry in entries:
        row = rows[entry["source"], entry["id"]]
        assert not isinstance(row, OutcomeRow) and entry["cheapest_adequate"] == row.tier
        assert (entry.get("lang"), entry.get("task")) == (row.lang, row.task)
        assert all(message.text not in written for message in row.messages if len(message.text) > 20)
    for way in ("too_low", "too_high"):
        gaps = [row["gap"] for row in evaluation["misses"][way]["rows"]]
        assert gaps == sorted(gaps, reverse=True)
