"""Two bundles on the same rows: what is refused, what is said, and that the page and the command say it too."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import joblib
import pytest

import training
from router.brain import Bundle, load_bundle
from router.brain.bundle.write import write_bundle
from router.commands.cli import main
from router.errors import BundleCorrupt, DataError
from router.jsontext import encode_json
from tests.training import fits
from training.compare_bundles import Contender, compare_bundles
from training.inputs import open_evaluation
from training.measure.bootstrap import CONFIDENCE
from training.pipeline import fit_bundle
from training.report.comparison import comparison_page, comparison_text
from training.report.figures.two_curves import LOOKS, two_curves
from training.rows.readers import RowSet

CONFIG = replace(fits.QUICK, max_quality_loss=0.3, promise="cross_fit", folds=2)
A_ROWS, B_ROWS, NEW_ROWS = (0, 160), (160, 640), (640, 960)
NEW_FILE = fits.TRAFFIC_FILES[-1]
"""The file of NEW_ROWS."""


def rows(first: int, last: int) -> RowSet:
    return RowSet(fits.traffic_rows().rows[first:last], 0, (), {})


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A, fitted on 160 rows without n-grams, and B, fitted on 480 other rows."""
    folders = {}
    for name, given, ngrams in (("few", A_ROWS, False), ("many", B_ROWS, True)):
        folders[name] = tmp_path_factory.mktemp("compared") / name
        with joblib.parallel_config("sequential"):
            config = replace(CONFIG, name=name, ngrams=ngrams)
            write_bundle(folders[name], fit_bundle(rows(*given), fits.LABELS_ONLY, fits.shipped_encoder(), config))
    return folders


@pytest.fixture(scope="module")
def contenders(folders) -> dict[str, Contender]:
    return {name: Contender(load_bundle(folder), open_evaluation(folder)) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def compared(contenders):
    return compare(contenders["few"], contenders["many"], rows(*NEW_ROWS))


def compare(a: Contender, b: Contender, row_set: RowSet, **more):
    return compare_bundles(a, b, row_set, fits.LABELS_ONLY, CONFIG, **more)


def test_both_are_measured_on_the_same_rows_with_the_difference_between_them(compared):
    assert compared["test"] == {"n": 320, "n_unknown": 0, "groups": compared["test"]["groups"], "n_own_costs": 0}
    assert [compared["bundles"][name]["bundle"].partition("-")[0] for name in ("a", "b")] == ["few", "many"]
    measures = [
        *compared["at_threshold"].values(),
        *compared["saved_at_under_routing"].values(),
        *compared["auc"].values(),
    ]
    for one in measures:
        assert one["difference"]["point"] == pytest.approx(one["b"]["point"] - one["a"]["point"], abs=2e-4)
        assert one["difference"]["low"] <= one["difference"]["point"] <= one["difference"]["high"]


def test_what_a_bundle_gets_is_what_evaluate_says_of_its_scores(compared, contenders):
    """No measure is computed in two ways: a bundle's AUC here is that of its own predictions."""
    from sklearn.metrics import roc_auc_score

    data = fits.build_dataset(rows(*NEW_ROWS).rows, fits.LABELS_ONLY)
    scores = contenders["many"].bundle.brain.score(data.readings)
    auc = roc_auc_score(data.labels.loss[:, 0] == 1, scores.expected_quality_loss[:, 0])
    assert compared["auc"]["budget"]["b"]["point"] == pytest.approx(auc, abs=1e-3)


def test_the_decisions_that_differ_add_up(compared):
    decisions = compared["decisions"]
    n_differ = decisions["of_those"]["n"]
    assert n_differ == decisions["moved_up"] + decisions["moved_down"] > 0
    assert n_differ == sum(move["n"] for move in decisions["moves"])
    right = decisions["of_those"]["right"]
    assert right["a"] + right["b"] + decisions["of_those"]["neither"] == n_differ, "two tiers cannot both be right"
    assert all(move["a"] != move["b"] for move in decisions["moves"])


def test_files_and_languages_are_compared_each_with_its_number_of_rows(compared):
    assert compared["parts"]["source"]["multilingual"]["n"] == 320
    languages = compared["parts"]["lang"]
    assert len(languages) > 4 and all(part["n"] >= part["groups"] > 0 for part in languages.values())


def test_a_bundle_compared_with_itself_differs_in_nothing(contenders):
    same = compare(contenders["few"], contenders["few"], rows(640, 760))
    zero = {"point": 0.0, "low": 0.0, "high": 0.0}
    measures = (same["at_threshold"], same["saved_at_under_routing"], same["auc"])
    assert all(one["difference"] == zero for of in measures for one in of.values())
    assert all(part["saved_difference"] == zero for of in same["parts"].values() for part in of.values())
    assert same["quality_gain"] == zero
    assert same["decisions"]["of_those"]["n"] == 0 and same["decisions"]["moves"] == []
    assert same["sentence"].startswith("No difference can be shown on these rows")
    comparison_page(same)


def test_rows_that_either_bundle_was_fitted_on_are_refused_with_each_number(contenders):
    few, many = contenders["few"], contenders["many"]
    with pytest.raises(DataError, match=r"few-\w+ was fitted on 60 of these 200 rows and many-\w+ .*--seen leave-out"):
        compare(few, many, rows(100, 300))
    with pytest.raises(DataError, match=r"rows: many-\w+ was fitted on 60 of these 380 rows"):
        compare(few, many, rows(580, 960))
    with pytest.raises(DataError, match="fitted on all of these rows"):
        compare(few, many, rows(100, 300), seen_rows="leave-out")


def test_rows_of_either_are_left_out_or_kept_and_marked(contenders):
    few, many = contenders["few"], contenders["many"]
    left_out = compare(few, many, rows(580, 700), seen_rows="leave-out")
    assert left_out["test"]["n"] == 60
    assert [left_out["bundles"][name]["trained_on"]["n"] for name in ("a", "b")] == [0, 60]
    assert "were left out: the bundle was fitted on them" in comparison_text(left_out)
    kept = compare(few, many, rows(580, 700), seen_rows="keep")
    assert kept["test"]["n"] == 120
    assert "fitted on 60 of the 120 rows given: these figures are not of unseen rows" in comparison_page(kept)


def test_different_tiers_are_refused_with_both_ladders(contenders):
    few = contenders["few"]
    other = replace(few, bundle=_with_tiers(few.bundle, ("small", "large", "huge")))
    with pytest.raises(DataError, match=r"budget < production < frontier, B .* small < large < huge.*same tiers"):
        compare(few, other, rows(*NEW_ROWS))
    with pytest.raises(DataError, match=r"rows have tiers budget < production < frontier, both bundles small"):
        compare(other, other, rows(*NEW_ROWS))


def _with_tiers(bundle: Bundle, tiers: tuple[str, ...]) -> Bundle:
    return replace(bundle, manifest=replace(bundle.manifest, tiers=tiers))


def test_rows_whose_outcomes_are_mostly_unknown_are_refused_with_their_number(contenders):
    few = contenders["few"]
    outcomes = training.read_rows([fits.SAMPLE / "outcomes.jsonl"])
    tier_map = training.load_tier_map(fits.SAMPLE / "tiers.json")
    partly = tuple(
        replace(row, outcomes=dict(list(row.outcomes.items())[:1])) for row in outcomes.rows if len(row.outcomes) > 1
    )
    with pytest.raises(DataError, match=r"of \d+ rows only \d+ have a known outcome at every tier, at least 90%"):
        compare_bundles(few, few, RowSet(partly, 0, (), {}), tier_map, CONFIG)


def test_the_page_has_both_names_the_verdict_and_nothing_from_outside(compared):
    pairs = {"n": 30, "ordered": 0.8, "interval": [0.62, 0.91]}
    bundles = {
        name: {**of, "robustness": {**of.get("robustness", {}), "contrast_pairs": pairs}}
        for name, of in compared["bundles"].items()
    }
    compared = {**compared, "bundles": bundles}
    page = comparison_page(compared)
    for name in ("a", "b"):
        assert compared["bundles"][name]["bundle"] in page
    assert compared["sentence"] in page
    assert "Decisions when the same ask comes in another form" in page
    assert "Contrast pairs whose harder twin has the larger expected loss: A " in page
    assert f"{CONFIDENCE:.0%} interval" in page
    assert "<script" not in page and 'src="' not in page and not re.search(r"url\((?!#)", page)
    assert comparison_page(compared) == page, "the same comparison, the same bytes"


def test_the_figure_draws_both_curves_with_bands_and_a_dot_for_each(compared):
    svg = two_curves(compared).svg.decode()
    for look in LOOKS.values():
        stroked = [path for path in re.findall(r"<path [^>]*>", svg) if f"stroke: {look['color']}" in path]
        n_points = max(path.count("L ") for path in stroked)
        assert n_points > 20, "a curve, not only its key"
        assert re.search(rf"fill: {look['color']}; fill-opacity: 0\.13", svg), "a band"


def test_the_page_does_without_what_is_not_there(compared):
    bare = {**compared, "parts": {}, "languages": {"a": {}, "b": {}}, "files": {}}
    bare["bundles"] = {
        name: {key: value for key, value in facts.items() if key != "robustness"}
        for name, facts in compared["bundles"].items()
    }
    page = comparison_page(bare)
    assert "By file" not in page and "Robustness" not in page


def test_an_evaluation_that_is_no_json_object_is_refused_with_its_file(tmp_path):
    assert open_evaluation(tmp_path) == {}
    for text, found in (("nonsense", "expected JSON"), ("[1]", "expected a JSON object, found list")):
        (tmp_path / "evaluation.json").write_text(text)
        with pytest.raises(BundleCorrupt, match=f"evaluation.json: {found}"):
            open_evaluation(tmp_path)


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def run_here(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `tierwise compare ARGUMENTS...` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tierwise", "compare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        written = capsys.readouterr()
        return ended.value.code, written.out, written.err

    return run


def test_the_command_writes_page_and_json_and_prints_tables_with_the_verdict(run_here, folders, tmp_path):
    code, out, err = run_here(folders["few"], folders["many"], NEW_FILE, "--out", tmp_path / "out")
    assert code == 0, err
    written = json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))
    assert written["test"]["n"] == 320
    assert written["sentence"] in out and "saved, 5% sent too low" in out and "By language" in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["comparison.json", "report.html"]


def test_with_json_it_prints_what_the_function_returns(run_here, folders):
    both = (folders["few"], folders["many"], fits.SAMPLE / "labelled.jsonl")
    code, out, err = run_here(*both, "--seen", "keep", "--json")
    assert code == 0, err
    by_function = training.compare(*both, seen_rows="keep")
    assert json.loads(out) == json.loads(encode_json(by_function))


def test_names_of_shipped_bundles_are_known_and_their_own_rows_refused_with_exit_1(run_here):
    code, out, err = run_here("fast", "fast", fits.TRAFFIC / "coding.jsonl")
    assert (code, out) == (1, "")
    assert "fast-" in err and "--seen leave-out" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["fast"], 2, "Missing argument"),
        (["fast", "default"], 2, "Missing argument"),
        (["fast", "fast", "none.jsonl", "--seen", "maybe"], 2, "expected one of refuse, leave-out, keep"),
        (["fast", "fast", "none.jsonl", "--tier-cost", "budget"], 2, "expected TIER=USD"),
        (["nowhere", "fast", "none.jsonl"], 1, "nowhere/manifest.json: cannot be read"),
        (["fast", "fast", "none.jsonl"], 1, "expected a file, found none there"),
    ],
)
def test_wrong_use_exits_2_and_what_cannot_be_done_exits_1(run_here, arguments, code, message):
    ended, out, err = run_here(*arguments)
    assert (ended, out) == (code, "")
    assert message in " ".join(err.replace("│", " ").split())
