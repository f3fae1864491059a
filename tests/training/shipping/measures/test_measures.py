"""What is made of folds: figures of left-out files, language twins, dressed asks. On rows whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.types import Message
from tests.training import fits
from training.fitting.calibrate import fit_calibration
from training.labels.dataset import Dataset, build_dataset
from training.rows.row import LabelledRow
from training.shipping.measures import held_out, parts
from training.shipping.measures.clothes import CLASSES, clothes_report, dressed_rows
from training.shipping.measures.files import (
    HEADS,
    Judged,
    file_figures,
    files_report,
    judge_baseline,
    judge_heads,
    knn_report,
)
from training.shipping.measures.folds import Bench, OutOfFold
from training.shipping.measures.recipes import Recipe
from training.shipping.measures.twins import twins_report

TIERS = ("budget", "production", "frontier")
FILES = ("one", "two", "three")
WORDS = ("lemon", "river", "candle", "basket", "window", "garden", "copper", "violin", "marble", "thunder")


def words_of(number: int) -> str:
    return " ".join(WORDS[int(digit)] for digit in f"{number:04d}")


def labelled(number: int, tier: str, **facts: str) -> LabelledRow:
    return LabelledRow(
        id=str(number), messages=(Message("user", words_of(number)),), tier=tier, **{"source": "one", **facts}
    )


@pytest.fixture(scope="module")
def data() -> Dataset:
    """600 rows of three files."""
    rng = np.random.default_rng(0)
    rows = [labelled(i, TIERS[int(rng.integers(3))], source=FILES[i % 3]) for i in range(600)]
    return build_dataset(rows, fits.LABELS_ONLY)


def logits_for(data: Dataset, *, noise: float, seed: int = 0) -> np.ndarray:
    """(n, 3) logits that know the tiers but for noise."""
    cheapest = data.labels.cheapest
    truth = np.stack([np.where(cheapest > head, 4.0, -4.0) for head in range(2)] + [np.full(len(data), -6.0)], axis=1)
    return truth + noise * np.random.default_rng(seed).standard_normal(truth.shape)


def judged_losses(losses: np.ndarray, data: Dataset) -> Judged:
    return Judged(losses, held_out.chosen_tiers(losses, 0.3), data.labels.cheapest)


def perfect(data: Dataset) -> np.ndarray:
    cheapest = data.labels.cheapest
    return np.stack([cheapest > 0, cheapest > 1, np.zeros(len(data))], axis=1).astype(np.float64)


RECIPE = Recipe("fast", "", None, lambda outputs, targets: fit_calibration(outputs, targets, method="sigmoid").apply)
"""How `fast` joins outputs; its fits are given."""


def out_of_fold(outputs: np.ndarray, **baselines: np.ndarray) -> OutOfFold:
    return OutOfFold(outputs, baselines, None)


@pytest.fixture(autouse=True)
def one_process():
    with joblib.parallel_config("sequential"):
        yield


# --- Files left out --------------------------------------------------------------------------------------------------


def test_what_knows_the_tiers_ranks_perfectly_saves_all_and_sends_nothing_too_low(data):
    auc_budget, auc_frontier, saved, too_low, saved_as_promised = file_figures(judged_losses(perfect(data), data))
    oracle = 1.0 - np.asarray(held_out.COSTS)[data.labels.cheapest].mean() / held_out.COSTS[-1]
    assert (auc_budget, auc_frontier, too_low) == (1.0, 1.0, 0.0)
    assert saved == pytest.approx(oracle, abs=0.06) and saved >= oracle
    assert saved_as_promised == pytest.approx(oracle)


def test_the_mean_over_files_has_an_interval_and_each_file_its_figures(data):
    rng = np.random.default_rng(1)
    chance = np.sort(rng.random((600, 3)), axis=1)[:, ::-1] * [1, 1, 0]
    report = files_report(
        {HEADS: judged_losses(perfect(data), data), "length": judged_losses(chance, data)}, data, n_fits=3
    )
    assert (report["n"], report["n_files"], report["n_fits"]) == (600, 3, 3)
    assert report["auc_not_budget"]["point"] == 1.0
    low, point, high = (report["others"]["length"]["auc_not_budget"][key] for key in ("low", "point", "high"))
    assert 0.4 < low < point < high < 0.6
    means = [report["files"][file]["others"]["length"]["auc_not_budget"]["point"] for file in FILES]
    assert point == pytest.approx(np.mean(means), abs=1e-3)
    assert report["above"]["length"]["auc_not_budget"] == {"n": 3, "above": 3, "not_in": []}


def test_files_in_which_a_baseline_ranks_better_are_named(data):
    losses = perfect(data)
    worse = np.where((data.sources == "two")[:, None], 1.0 - losses, losses) * [1, 1, 0]
    both = {HEADS: judged_losses(worse, data), "knn": judged_losses(losses, data)}
    counts = files_report(both, data, n_fits=3)["above"]["knn"]["auc_not_budget"]
    assert counts == {"n": 3, "above": 0, "not_in": ["one", "three", "two"]}
    gain = knn_report(both, data)["auc_not_budget"]
    assert gain["point"] == pytest.approx(-1 / 3, abs=1e-3)
    assert gain["low"] <= gain["point"] <= gain["high"] < 0


def test_the_threshold_of_a_file_does_not_depend_on_its_own_labels(data):
    bench = Bench(RECIPE, None)
    outputs = out_of_fold(logits_for(data, noise=4.0), length=np.clip(perfect(data) * 0.5 + 0.2, 0, 1) * [1, 1, 0])
    own = data.sources == "two"
    order = np.where(own, np.roll(np.arange(600), 3), np.arange(600))
    other = replace(data, labels=data.labels.take(order))
    assert (other.labels.cheapest != data.labels.cheapest)[own].any()
    for judge in (lambda rows: judge_heads(bench, rows, outputs, outputs),):
        first, second = judge(data), judge(other)
        assert np.array_equal(first.chosen[own], second.chosen[own])
        assert np.array_equal(first.losses[own], second.losses[own])
    first, second = (judge_baseline("length", rows, outputs, outputs) for rows in (data, other))
    assert np.array_equal(first.chosen[own], second.chosen[own])


def test_a_promise_that_the_other_files_allow_is_about_kept_on_a_file_like_them(data):
    bench = Bench(RECIPE, None)
    scored = out_of_fold(logits_for(data, noise=4.0))
    judged = judge_heads(bench, data, scored, scored)
    assert 0.0 < (judged.chosen < judged.cheapest).mean() < 0.06


# --- Twins -----------------------------------------------------------------------------------------------------------


def twin_rows(n: int) -> list[LabelledRow]:
    rng = np.random.default_rng(2)
    rows = []
    for pair in range(n):
        tier = TIERS[int(rng.integers(3))]
        for number, lang in enumerate(("en", "de", "ja", "sw")):
            rows.append(labelled(2_000 + 4 * pair + number, tier, source="twins", lang=lang, pair=f"k-{pair}"))
    return rows


def test_twins_of_one_language_worse_show_in_all_three_figures(data):
    every = build_dataset([*data.rows, *twin_rows(60)], fits.LABELS_ONLY)
    losses = perfect(every)
    same = twins_report(losses, every)
    assert (same["n_situations"], same["n_in_english_too"], same["n"]) == (60, 60, 240)
    assert same["same_tier"]["point"] == 1.0
    assert same["auc_not_budget_difference"]["point"] == 0.0
    assert same["too_low_other"]["point"] == 0.0
    japanese = every.facts("lang") == "ja"
    worse = twins_report(np.where(japanese[:, None], 0.0, losses), every)
    assert worse["same_tier"]["point"] < 0.6
    assert worse["auc_not_budget_english"]["point"] == 1.0
    assert worse["auc_not_budget_difference"]["point"] < -0.1
    assert worse["too_low_english"]["point"] == 0.0 < worse["too_low_other"]["low"]


def test_contrast_pairs_of_one_language_are_no_situation(data):
    contrast = [
        labelled(3_000, "budget", source="twins", lang="en", pair="k-1-c"),
        labelled(3_001, "frontier", source="twins", lang="en", pair="k-1-c"),
    ]
    every = build_dataset([*data.rows, *twin_rows(20), *contrast], fits.LABELS_ONLY)
    assert twins_report(perfect(every), every)["n_situations"] == 20


# --- Clothes ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traffic() -> Dataset:
    return fits.traffic_data().take(np.arange(120))


def test_each_ask_wears_each_kind_and_keeps_its_label_group_and_source(traffic):
    worn = dressed_rows(traffic, n_asks=10)
    assert len(np.unique(worn.of)) <= 10
    assert len(set(worn.data.groups.tolist())) == len(np.unique(worn.of))
    for column in ("groups", "sources"):
        assert np.array_equal(getattr(worn.data, column), getattr(traffic, column)[worn.of])
    assert np.array_equal(worn.data.labels.cheapest, traffic.labels.cheapest[worn.of])
    assert set(worn.kinds) <= {kind for kinds in CLASSES.values() for kind in kinds}
    assert all(len(set(worn.kinds) & set(kinds)) > 0 for kinds in CLASSES.values())
    bare = [traffic.rows[row] for row in worn.of.tolist()]
    assert all(new.messages != old.messages for new, old in zip(worn.data.rows, bare, strict=True))


def test_clothes_do_not_depend_on_what_other_rows_there_are(traffic):
    few, more = (dressed_rows(traffic.take(np.arange(n)), n_asks=200) for n in (40, 80))
    of_few = [row.messages for row in few.data.rows]
    assert [row.messages for row, of in zip(more.data.rows, more.of, strict=True) if of < 40] == of_few


def test_unchanged_down_and_too_low_are_counted_by_class_and_by_kind(traffic):
    worn = dressed_rows(traffic, n_asks=30)
    bare = traffic.labels.cheapest
    kept = clothes_report(bare, bare[worn.of], worn)
    down = clothes_report(bare, np.maximum(bare[worn.of] - 1, 0), worn)
    for name in CLASSES:
        assert kept[name]["unchanged"]["point"] == 1.0 and kept[name]["down"]["point"] == 0.0
        own = np.isin(worn.kinds, list(CLASSES[name]))
        share = float((bare[worn.of][own] > 0).mean())
        assert down[name]["down"]["point"] == pytest.approx(share, abs=1e-4)
        assert down[name]["too_low"]["point"] == pytest.approx(share, abs=1e-4)
        assert down[name]["too_low_bare"]["point"] == 0.0
        assert down[name]["n"] == own.sum()
    assert set(kept["kinds"]) == set(worn.kinds)
    assert kept["n_asks"] == len(np.unique(worn.of))


# --- Parts together --------------------------------------------------------------------------------------------------


def test_every_part_of_folds_is_made_from_one_set_of_fits(monkeypatch):
    """A recipe of real parts on a small dataset that has files, twins and old rows."""
    taken = np.concatenate([np.arange(0, 100), np.arange(320, 420), np.arange(640, 740)])
    rows = [*(fits.traffic_data().rows[i] for i in taken.tolist()), *twin_rows(25)]
    small = build_dataset(rows, fits.LABELS_ONLY)
    fitted: list[int] = []

    class _Fitted:
        def encode(self, data):
            return fits.prepare(data, fits.shipped_encoder(), fits.QUICK, cache=None)

        def outputs(self, encoded):
            return logits_for(encoded.data, noise=3.0)

    def fit(known: Dataset) -> _Fitted:
        fitted.append(len(known))
        return _Fitted()

    monkeypatch.setattr(parts, "dressed_rows", lambda data: dressed_rows(data, n_asks=6))
    held = parts.Held(Bench(replace(RECIPE, fit=fit), None), small)
    reports = {name: part(held) for name, part in parts.FOLD_PARTS.items()}
    assert len(fitted) == 5 + 4 + 5  # by group, each of four files, older rows
    assert reports["traffic"]["n"] == len(small) and reports["old_rows"]["n"] == 300
    assert reports["old_rows"]["with_new"]["n"] == 300
    assert reports["files"]["n_files"] == 4
    assert set(reports["files"]["threshold_by_files"]) == {"too_low", "saved_at_promise"}
    assert reports["twins"]["n_situations"] == 25
    assert 0 < reports["robust"]["n_asks"] <= 6
    assert reports["knn"]["n_files"] == 4
