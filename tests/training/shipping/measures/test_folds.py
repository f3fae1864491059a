"""Folds of a recipe: who is scored by whom, and what is kept on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.errors import DataError
from tests.training import fits
from training.fitting.fit import Pretrained
from training.labels.dataset import Dataset
from training.measure.metrics import auc
from training.shipping.measures import held_out
from training.shipping.measures.answers import BASELINES
from training.shipping.measures.folds import Asked, Bench
from training.shipping.measures.recipes import Fitted, Recipe, default_recipe, fast_recipe

N_ROWS = 240


@pytest.fixture(autouse=True)
def one_process() -> Iterator[None]:
    with joblib.parallel_config("sequential"):
        yield


@pytest.fixture(scope="module")
def data() -> Dataset:
    return fits.traffic_data().take(np.arange(200, 200 + N_ROWS))


@pytest.fixture(scope="module")
def folds(data) -> np.ndarray:
    return held_out.group_folds_of(data, n_folds=2)


def counted(recipe: Recipe) -> tuple[Recipe, list[int]]:
    """The recipe, and how many rows each of its fits was given."""
    seen: list[int] = []

    def fit(rows: Dataset) -> Fitted:
        seen.append(len(rows))
        return recipe.fit(rows)

    return replace(recipe, fit=fit), seen


@pytest.fixture(scope="module")
def fast() -> Recipe:
    return fast_recipe(fits.shipped_encoder(), fits.QUICK)


def test_every_row_is_scored_by_a_fit_without_its_fold_and_beside_baselines(fast, data, folds):
    asked = {"rows": Asked(data, folds, baselines=True, tasks=True)}
    scored = Bench(fast, None).out_of_fold("test", data, folds, asked)["rows"]
    assert scored.outputs.shape == (N_ROWS, 3)
    assert set(scored.baselines) == set(BASELINES)
    assert all(losses.shape == (N_ROWS, 3) for losses in scored.baselines.values())
    assert set(scored.tasks) <= {"", *data.facts("task")}
    own = np.flatnonzero(folds == 1)
    alone = fast.fit(data.take(np.flatnonzero(folds == 0)))
    assert np.array_equal(scored.outputs[own], alone.outputs(alone.encode(data.take(own))))


def test_labels_of_a_row_never_reach_its_own_scores(fast, data, folds):
    first, asked = np.flatnonzero(folds == 0), {"rows": Asked(data, folds)}
    labels = data.labels.take(np.where(folds == 0, np.roll(np.arange(N_ROWS), 7), np.arange(N_ROWS)))
    other = replace(data, labels=labels)
    one = Bench(fast, None).out_of_fold("test", data, folds, asked)["rows"]
    two = Bench(fast, None).out_of_fold("test", other, folds, {"rows": Asked(other, folds)})["rows"]
    assert np.array_equal(one.outputs[first], two.outputs[first])
    assert not np.array_equal(one.outputs, two.outputs)


def test_an_interrupted_run_fits_only_what_is_not_kept(fast, data, folds, tmp_path):
    recipe, seen = counted(fast)
    bench = Bench(recipe, tmp_path / "kept")
    asked = {"rows": Asked(data, folds), "again": Asked(data.take(np.arange(20)), folds[:20])}
    whole = bench.out_of_fold("test", data, folds, asked)
    assert len(seen) == 2
    next((tmp_path / "kept").glob("*.safetensors")).unlink()
    again = bench.out_of_fold("test", data, folds, asked)
    assert len(seen) == 3
    bench.out_of_fold("test", data, folds, asked)
    assert len(seen) == 3
    assert np.array_equal(whole["rows"].outputs, again["rows"].outputs)
    assert np.allclose(whole["rows"].outputs[:20], whole["again"].outputs, atol=1e-9)


def test_other_rows_or_another_recipe_are_not_taken_from_what_is_kept(fast, data, folds, tmp_path):
    recipe, seen = counted(fast)
    asked = {"rows": Asked(data, folds)}
    Bench(recipe, tmp_path).out_of_fold("test", data, folds, asked)
    Bench(replace(recipe, version="other"), tmp_path).out_of_fold("test", data, folds, asked)
    fewer = np.arange(N_ROWS - 5)
    Bench(recipe, tmp_path).out_of_fold(
        "test", data.take(fewer), folds[fewer], {"rows": Asked(data.take(fewer), folds[fewer])}
    )
    assert len(seen) == 6


def test_a_damaged_file_is_computed_again(fast, data, folds, tmp_path):
    recipe, seen = counted(fast)
    asked = {"rows": Asked(data, folds)}
    Bench(recipe, tmp_path).out_of_fold("test", data, folds, asked)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    Bench(recipe, tmp_path).out_of_fold("test", data, folds, asked)
    assert len(seen) == 4


def test_progress_says_how_long_is_left_from_the_folds_that_were_fitted(fast, data, folds):
    said: list[str] = []
    ticks = iter(range(0, 10_000, 120))
    bench = Bench(fast, None, progress=said.append, clock=lambda: float(next(ticks)))
    bench.out_of_fold("test", data, folds, {"rows": Asked(data, folds)})
    assert said == [
        "fast, test: fold 1 of 2; at most 2 minutes to go",
        "fast, test: fold 2 of 2; at most 0 minutes to go",
    ]


@pytest.mark.parametrize("name", ["fast", "default"])
def test_both_recipes_rank_held_out_rows_and_join_their_outputs(name, fast, data, folds, tiny_bert):
    recipe = fast if name == "fast" else default_recipe(Pretrained(str(tiny_bert), "tiny"), fits.QUICK)
    bench = Bench(recipe, None)
    scored = bench.out_of_fold("test", data, folds, {"rows": Asked(data, folds, baselines=True)})["rows"]
    assert scored.outputs.shape == (N_ROWS, 3 if name == "fast" else 6)
    losses = held_out.joined_losses(bench, scored, data, folds)
    assert losses.shape == (N_ROWS, 3) and (losses[:, 2] == 0).all()
    assert (np.diff(losses, axis=1) <= 0).all()
    assert auc(losses[:, 0], data.labels.cheapest > 0) > 0.6


# --- Folds of whole files --------------------------------------------------------------------------------------------


def test_every_file_of_traffic_has_its_fold_and_the_folds_are_about_equal():
    files = {path.stem: path.read_bytes().count(b"\n") for path in fits.TRAFFIC.glob("*.jsonl")}
    assert set(held_out.FILE_FOLDS) == set(files)
    assert set(held_out.OLD_FILES) <= set(files)
    rows = [sum(n for name, n in files.items() if held_out.FILE_FOLDS[name] == fold) for fold in range(5)]
    assert min(rows) > 0.7 * max(rows)


def test_files_are_left_out_whole(data):
    alone = held_out.file_folds(fits.traffic_data(), each_alone=True)
    five = held_out.file_folds(fits.traffic_data(), each_alone=False)
    sources = fits.traffic_data().sources
    for folds in (alone, five):
        assert all(len(np.unique(folds[sources == source])) == 1 for source in np.unique(sources))
    assert len(np.unique(alone)) == 3


def test_a_file_without_a_fold_is_named_with_where_to_state_it(data):
    strange = replace(data, sources=np.where(data.sources == "coding", "recipes", data.sources))
    with pytest.raises(DataError, match=r"FILE_FOLDS: .*none for recipes"):
        held_out.file_folds(strange, each_alone=False)
