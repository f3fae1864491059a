"""The README's table and the benchmarks: a model pair's figures are in it where a recipe has them."""

import json
import re
from pathlib import Path

import pytest

from router.errors import DataError
from training.shipping.readme import readme_table, shipped_evaluations, update_answer, update_readme

ROOT = Path(__file__).parents[3]
BENCHMARK = {
    "routellm": {
        "routellm_mmlu": {
            "five_fold": 0.6789,
            "subjects_left_out": 0.6208,
            "labels_300": {"mean": 0.6129, "sd": 0.02},
            "labels_1500": {"mean": 0.6481, "sd": 0.006},
        },
        "routellm_gsm8k": {"five_fold": 0.65},
    }
}


def cells(table, words):
    line = next(line for line in table.splitlines() if line.startswith(f"| {words}"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_figures_of_a_model_pair_share_one_cell():
    table = readme_table({"mine": {"benchmark": BENCHMARK}})
    assert cells(table, "APGR: MMLU / unseen subjects / GSM8K") == ["0.679 / 0.621 / 0.650"]
    assert cells(table, "APGR, MMLU: 300 / 1,500 labels") == ["0.613 / 0.648"]
    assert "random: 0.5" in table


def test_a_recipe_that_was_not_measured_on_the_pair_has_a_dash():
    table = readme_table({"mine": {"benchmark": BENCHMARK}, "other": {}})
    assert cells(table, "APGR: MMLU / unseen subjects / GSM8K") == ["0.679 / 0.621 / 0.650", "-"]


def test_without_a_benchmark_there_is_neither_row_nor_note_of_the_pair():
    assert "APGR" not in readme_table({"mine": {}})


def interval(point: float) -> dict[str, float]:
    return {"point": point, "low": point - 0.02, "high": point + 0.02}


MEASURED = {
    "files": {
        "n": 6_208,
        "auc_not_budget": interval(0.88),
        "auc_frontier": interval(0.84),
        "saved_at_0.05": interval(0.3),
        "too_low": interval(0.06),
    },
    "robust": {
        "n_asks": 240,
        **{
            name: {"unchanged": interval(point)}
            for name, point in (("wrappers_held_out", 0.94), ("dresses_held_out", 0.93))
        },
    },
    "twins": {"n_situations": 130, "same_tier": interval(0.75)},
    "everyday": {"everyday": {"n": 60, "accepted": interval(0.9)}},
}


def test_what_was_measured_on_left_out_files_and_everyday_prompts_has_n_and_interval():
    table = readme_table({"mine": {"benchmark": {**BENCHMARK, **MEASURED}}})
    ranked = cells(table, "files left out: AUC, not budget / frontier (6,208)")
    assert ranked == ["0.880 [0.860, 0.900] / 0.840 [0.820, 0.860]"]
    assert cells(table, "files left out: sent too low (6,208)") == ["6.0% [4.0, 8.0]"]
    assert cells(table, "unchanged in new wrappers / dresses (240)") == ["94.0% / 93.0%"]
    assert cells(table, "same tier in all of four languages (130)") == ["75.0% [73.0, 77.0]"]
    assert cells(table, "everyday prompts: tier accepted (60)") == ["90.0% [88.0, 92.0]"]
    assert "never saw" in table


def test_the_readme_stays_short_when_everything_is_measured():
    every = {
        name: {**evaluation, "benchmark": {**evaluation["benchmark"], **MEASURED}}
        for name, evaluation in shipped_evaluations(ROOT).items()
    }
    text = update_readme((ROOT / "README.md").read_text(encoding="utf-8"), readme_table(every))
    assert len(text.split()) <= 700


def losing(loss: float) -> dict[str, object]:
    return {"by": "lang", "value": f"part {loss}", "n": 40, "loss": loss, "bound": 0.3}


def test_the_worst_parts_are_named_and_the_others_counted():
    evaluation = {
        "held_out": {"mode": "cross_fit"},
        "promise": {
            "goal": "max_quality_loss",
            "target": 0.05,
            "slices": [losing(loss) for loss in (0.06, 0.12, 0.04, 0.08, 0.07, 0.1)],
        },
    }
    table = readme_table({"one": evaluation, "other": {"held_out": {"mode": "cross_fit"}}})
    assert "Promises are cross-fit. They do not hold of these parts alone" in table
    worst = "`one` part 0.12 12.0% (40), part 0.1 10.0% (40), part 0.08 8.0% (40) and 2 more."
    assert worst in table and "`other`" not in table
    mixed = readme_table({"one": evaluation, "other": {"held_out": {"mode": "parted"}}})
    assert "The promise of `one` is cross-fit. The promise of `other` is parted." in mixed


def test_the_shipped_evaluations_carry_their_recipes_benchmarks():
    for name, evaluation in shipped_evaluations(ROOT).items():
        assert evaluation["benchmark"]["recipe"] == name


DECISION = {
    "tier": "budget",
    "model": "small",
    "reason": "threshold",
    "threshold": 0.12345,
    "p_adequate": {"budget": 0.98765, "frontier": 1.0},
    "expected_quality_loss": {"budget": 0.01235, "frontier": 0.0},
    "request_id": "other",
}


def test_the_shown_answer_is_the_decision_in_three_digits():
    text = update_answer('before\n```json\n{"tier": "old"}\n```\nafter\n', DECISION)
    before, shown, after = re.split(r"```(?:json)?\n", text)
    assert (before, after) == ("before\n", "after\n")
    assert json.loads(shown) == {
        "tier": "budget",
        "model": "small",
        "reason": "threshold",
        "threshold": 0.123,
        "p_adequate": {"budget": 0.988, "frontier": 1.0},
        "expected_quality_loss": {"budget": 0.012, "frontier": 0.0},
        "...": "...",
    }


@pytest.mark.parametrize("text", ["no answer", "```json\n{}\n```\n" * 2])
def test_a_text_without_exactly_one_answer_is_refused(text):
    with pytest.raises(DataError, match="expected one block of JSON"):
        update_answer(text, DECISION)
