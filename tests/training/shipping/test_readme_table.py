"""The README's table and the benchmarks: a model pair's figures are in it where a recipe has them."""

from pathlib import Path

from training.shipping.readme import readme_table, shipped_evaluations

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
    assert cells(table, "APGR, MMLU: five folds / unseen subjects") == ["0.679 / 0.621"]
    assert cells(table, "APGR, MMLU: 300 / 1,500 labels") == ["0.613 / 0.648"]
    assert cells(table, "APGR, GSM8K: five folds") == ["0.650"]
    assert "random: 0.5" in table


def test_a_recipe_that_was_not_measured_on_the_pair_has_a_dash():
    assert cells(readme_table({"mine": {"benchmark": BENCHMARK}, "other": {}}), "APGR, GSM8K") == ["0.650", "-"]


def test_without_a_benchmark_there_is_neither_row_nor_note_of_the_pair():
    assert "APGR" not in readme_table({"mine": {}})


def test_the_shipped_evaluations_carry_their_recipes_benchmarks():
    for name, evaluation in shipped_evaluations(ROOT).items():
        assert evaluation["benchmark"]["recipe"] == name
