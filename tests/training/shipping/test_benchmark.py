"""The benchmark: parts measured alone leave the rest as it was, and the pair's figures are those of known outcomes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from router.errors import DataError
from router.types import Message
from training.fitting.crossval import CrossvalData
from training.fitting.distil import load_encoder
from training.fitting.prepared import prepare
from training.labels.dataset import build_dataset
from training.labels.tier_map import parse_tier_map
from training.rows.readers import RowSet
from training.rows.row import OutcomeRow
from training.shipping import benchmark, model_pair
from training.shipping.model_pair import PairData, few_labels, pair_report

ROOT = Path(__file__).parents[3]
MAP = parse_tier_map({"tiers": {"pair": {"threshold": 0.5, "budget": ["weak"], "frontier": ["strong"]}}}, where="test")
SUBJECTS = ("prove the lemma", "name the colour", "spell the word")
"""Only on the first the strong model is better."""


def in_letters(number: int) -> str:
    """The number as a word: rows that differ by digits only are copies of one."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def pair_rows(n: int = 240, *, subject: str | None = "each its own") -> list[OutcomeRow]:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        kind = i % len(SUBJECTS)
        weak = float(rng.random() < (0.2 if kind == 0 else 0.8))
        rows.append(
            OutcomeRow(
                id=str(i),
                source="pair",
                messages=(Message("user", f"{SUBJECTS[kind]} {in_letters(rng.integers(1_000_000))}"),),
                outcomes={"weak": weak, "strong": 1.0 if kind == 0 else weak},
                category=SUBJECTS[kind] if subject == "each its own" else subject,
            )
        )
    return rows


@pytest.fixture(scope="module")
def encoder():
    return load_encoder(ROOT / "models" / "fast")


@pytest.fixture(scope="module")
def pair(encoder) -> PairData:
    return PairData.of(prepare(build_dataset(pair_rows(), MAP), encoder, model_pair.CONFIG, cache=None))


def test_the_pair_is_the_cheapest_and_the_strongest_tier(pair):
    assert pair.strong.mean() > pair.weak.mean()
    assert set(pair.subjects) == set(SUBJECTS)


def test_sending_the_rows_that_gain_first_is_better_than_chance_and_reversed_is_worse(pair):
    gain = (pair.strong - pair.weak)[:, None]
    rows = np.arange(len(gain))
    assert pair.apgr(gain, rows) > 0.8
    assert pair.apgr(-gain, rows) < 0.2
    assert pair.apgr(np.zeros_like(gain), rows) == 0.5


def test_heads_find_which_subject_gains(pair, monkeypatch):
    monkeypatch.setattr(model_pair, "LABEL_COUNTS", (60,))
    report = pair_report(pair, seeds=range(2))
    assert set(report) == {"n", "five_fold", "subjects_left_out", "labels_60"}
    assert report["n"] == 240
    assert report["five_fold"] > 0.7
    assert report["labels_60"]["mean"] > 0.6


def test_few_labels_are_drawn_from_the_seed(pair):
    assert few_labels(pair, 60, seed=1) == few_labels(pair, 60, seed=1)
    assert few_labels(pair, 60, seed=1) != few_labels(pair, 60, seed=2)


@pytest.mark.parametrize("subject", [None, "gsm8k"])
def test_without_several_subjects_only_folds_are_measured(encoder, subject):
    data = build_dataset(pair_rows(90, subject=subject), MAP)
    assert set(pair_report(PairData.of(prepare(data, encoder, model_pair.CONFIG, cache=None)), seeds=())) == {
        "n",
        "five_fold",
    }


def test_the_rows_that_are_scored_are_not_those_that_were_fitted(pair, monkeypatch):
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def spy(data: CrossvalData, config, *, fit, score):
        seen.append((fit, score))
        return np.zeros((len(score), 3))

    monkeypatch.setattr(model_pair, "held_out_losses", spy)
    assert few_labels(pair, 60, seed=0) == 0.5
    ((fit, score),) = seen
    assert sorted([*fit, *score]) == list(range(240)) and len(fit) == 60


# --- The command -----------------------------------------------------------------------------------------------------


def run(out, *arguments) -> int:
    return benchmark.main([*arguments, "--out", str(out)])


@pytest.fixture
def measured(monkeypatch):
    """Stands in for the minutes of measuring: which parts were asked for."""
    asked = []

    def instead(name, root, *, data, parts, bundle, progress):
        asked.append(tuple(parts))
        return {"recipe": name, **{part: {"new": True} for part in parts}}

    monkeypatch.setattr(benchmark, "benchmark", instead)
    return asked


def test_a_part_is_measured_alone_and_the_rest_stays(tmp_path, measured):
    out = tmp_path / "figures.json"
    out.write_text(json.dumps({"recipe": "default", "traffic": {"old": 1}, "routellm": {"old": 1}}))
    assert run(out, "default", "--part", "routellm") == 0
    assert measured == [("routellm",)]
    kept = json.loads(out.read_bytes())
    assert kept == {"recipe": "default", "traffic": {"old": 1}, "routellm": {"new": True}}


def test_all_parts_are_measured_again_by_default(tmp_path, measured):
    out = tmp_path / "figures.json"
    out.write_text(json.dumps({"recipe": "default", "gone": {}}))
    assert run(out, "default") == 0
    assert measured == [(part,) for part in benchmark.PARTS["default"]]
    kept = json.loads(out.read_bytes())
    assert "gone" not in kept and set(kept) == {"recipe", *benchmark.PARTS["default"]}


def test_a_part_that_the_recipe_lacks_is_refused_in_words(tmp_path, measured, capsys):
    assert run(tmp_path / "figures.json", "default", "--part", "out_of_domain") == 1
    assert f"expected {', '.join(benchmark.PARTS['default'])} or all for default" in capsys.readouterr().err
    assert measured == []


def test_each_part_is_written_when_it_is_done_and_printed(tmp_path, monkeypatch, capsys):
    def until_interrupted(name, root, *, data, parts, bundle, progress):
        if parts == ("files",):
            raise DataError("interrupted", where="files")
        return {"recipe": name, **{part: {"new": True} for part in parts}}

    monkeypatch.setattr(benchmark, "benchmark", until_interrupted)
    assert run(tmp_path / "figures.json", "fast") == 1
    assert set(json.loads((tmp_path / "figures.json").read_bytes())) == {"recipe", "traffic", "old_rows"}
    said = capsys.readouterr()
    assert '"old_rows"' in said.out and "expected minutes on two idle cores" in said.err


def test_expected_times_are_stated_for_parts_that_exist():
    for name, minutes in benchmark.EXPECTED_MINUTES.items():
        assert set(minutes) <= set(benchmark.PARTS[name])


def test_the_bundle_of_the_recipe_is_measured_unless_another_is_named(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(benchmark, "benchmark", lambda name, root, *, bundle, **_: asked.append(bundle) or {})
    assert run(tmp_path / "a.json", "fast", "--part", "everyday") == 0
    assert run(tmp_path / "b.json", "fast", "--part", "everyday", "--bundle", str(tmp_path)) == 0
    assert asked == [ROOT / "models" / "fast", tmp_path]


def test_figures_of_another_recipe_are_not_mixed_in(tmp_path, measured):
    out = tmp_path / "figures.json"
    out.write_text(json.dumps({"recipe": "fast"}))
    with pytest.raises(DataError, match="found those of fast"):
        benchmark.kept_figures(out, "default")
    assert run(out, "default", "--part", "routellm") == 1
    assert json.loads(out.read_bytes()) == {"recipe": "fast"}


def test_without_public_rows_their_parts_are_left_out(tmp_path):
    report = benchmark.benchmark(
        "fast",
        ROOT,
        data=None,
        parts=("routellm", "out_of_domain", "agent_steps"),
        bundle=ROOT / "models" / "fast",
        progress=print,
    )
    assert report == {"recipe": "fast", "folds": benchmark.N_FOLDS}


@pytest.mark.parametrize("recipe", ["fast", "default"])
def test_each_recipe_brings_its_own_encoder_to_the_pair(recipe, encoder, tmp_path, monkeypatch):
    data = build_dataset(pair_rows(60), MAP)
    seen = []
    prepared = prepare(data, encoder, model_pair.CONFIG, cache=None)
    monkeypatch.setattr(benchmark, "shipped_table", lambda rows: encoder)
    monkeypatch.setattr(benchmark, "build_dataset", lambda *_: data)
    monkeypatch.setattr(benchmark, "read_rows", lambda paths: RowSet((), 0, (), {}))
    monkeypatch.setattr(
        benchmark, "SentenceTransformerEncoder", lambda path, *, model_id: seen.append(model_id) or encoder
    )
    monkeypatch.setattr(
        benchmark,
        "prepare_for_transformer",
        lambda *_: replace(prepared, embeddings=np.zeros((len(data), 0), dtype=np.float32)),
    )
    monkeypatch.setattr(benchmark, "pair_report", lambda pair, *, seeds: {"dim": pair.columns.embeddings.shape[1]})
    report = benchmark.benchmark(
        recipe, ROOT, data=tmp_path, parts=("routellm",), bundle=tmp_path, progress=lambda line: None
    )["routellm"]
    assert report["routellm_mmlu"] == {"dim": encoder.n_features}
    assert report["encoder"]["model_id"] == encoder.spec.model_id
    assert seen == ([benchmark.DEFAULT_MODEL] if recipe == "default" else [])
