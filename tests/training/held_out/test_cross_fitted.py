"""Fold by fold: nothing says anything of a row that it, or its group, had a part in; what ships saw all rows."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.brain import load_bundle
from router.brain.bundle.write import BundleContents, bundle_files, write_bundle
from router.brain.held_out import HOW_MADE
from router.errors import DataError
from tests.training import fits
from training.config import FitConfig
from training.fitting.fit import Pretrained, prepare_for_transformer
from training.fitting.prepared import Prepared
from training.fitting.recipe import HeadParts, HeadRecipe, TransformerRecipe
from training.held_out.cross_fitted import cross_fitted
from training.labels.dataset import build_dataset
from training.labels.labels import Labels
from training.pipeline import fit_bundle, fit_recipe
from training.progress import silent
from training.rows.readers import RowSet

CONFIG = replace(fits.QUICK, promise="cross_fit", folds=3, max_quality_loss=0.3)


@pytest.fixture(autouse=True, scope="module")
def one_process():
    """Fits run in this process, so that a warning of scikit-learn is an error here."""
    with joblib.parallel_config("sequential"):
        yield


class Spy(HeadRecipe):
    """A recipe that remembers which rows taught the parts, and how many rows each decision was fitted on."""

    __slots__ = ("decided_on", "taught")

    def __init__(self, config: FitConfig) -> None:
        super().__init__(fits.shipped_encoder(), config)
        object.__setattr__(self, "taught", [])
        object.__setattr__(self, "decided_on", [])

    def parts(self, prepared: Prepared, rows: np.ndarray) -> HeadParts:
        self.taught.append(rows)
        return HeadRecipe.parts(self, prepared, rows)

    def decide(self, sets, targets):
        self.decided_on.append(len(targets))
        return HeadRecipe.decide(self, sets, targets)


def run(prepared: Prepared, config: FitConfig):
    spy = Spy(config)
    return spy, cross_fitted(prepared, spy, config, in_use=None, progress=silent)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """320 rows of code and 320 conversations, some of them in pairs."""
    return fits.traffic_prepared().take(np.arange(640))


def test_no_group_teaches_the_parts_that_score_it_and_what_ships_saw_all_rows(prepared):
    spy, made = run(prepared, CONFIG)
    *beside, everything = spy.taught
    groups, n = prepared.data.groups, len(prepared)
    assert (len(beside), everything.tolist()) == (3, list(range(n)))
    held_out = [np.setdiff1d(np.arange(n), rows) for rows in beside]
    assert sorted(np.concatenate(held_out).tolist()) == list(range(n)), "each row is held out once"
    for rows, others in zip(beside, held_out, strict=True):
        assert not set(groups[rows].tolist()) & set(groups[others].tolist())
    assert spy.decided_on[:3] == [len(rows) for rows in beside], "each fold's decision is of the other folds"
    assert n in spy.decided_on, "the decision that ships is of all rows"
    assert made.facts["fits"] == 4 == len(spy.taught)
    assert made.promise.n_rows == made.measured["test"]["n"] == len(made.rows) == n
    assert made.rows.mode == "cross_fit"


def test_what_a_row_says_of_the_promise_hardly_hangs_on_its_own_label(prepared):
    _, made = run(prepared, CONFIG)
    group = prepared.data.groups == prepared.data.groups[7]
    flipped = replace(prepared, data=replace(prepared.data, labels=turned(prepared.data.labels, group)))
    _, other = run(flipped, CONFIG)
    scores, changed = (result.rows.expected_quality_loss for result in (made, other))
    moved = np.abs(scores - changed)
    # The parts that scored other rows saw the label, and so did the decision, by those rows' logits.
    assert moved[group].max() < 0.02
    assert moved[~group].max() > 0.02
    assert made.rows.lost[group].tolist() != other.rows.lost[group].tolist()


def turned(labels: Labels, rows: np.ndarray) -> Labels:
    """The labels with hard and easy exchanged on some rows."""
    loss, adequate, cheapest = labels.loss.copy(), labels.adequate.copy(), labels.cheapest.copy()
    hard = cheapest[rows] > 0
    cheapest[rows] = np.where(hard, 0, 2)
    loss[rows] = np.where(hard, 0, 1)[:, None]
    adequate[rows] = 1
    adequate[rows, :-1] = np.where(hard, 1, 0)[:, None]
    return replace(labels, loss=loss, adequate=adequate, cheapest=cheapest)


def test_whole_sources_can_be_held_out_and_others_always_teach(prepared):
    three = fits.traffic_prepared()
    sources = three.data.sources
    config = replace(CONFIG, folds=2, folds_by="source", target_sources=("coding", "multi_turn"))
    spy, made = run(replace(three, on_target=np.isin(sources, config.target_sources)), config)
    taught = [set(sources[rows].tolist()) for rows in spy.taught[:-1]]
    assert sorted(taught, key=sorted) == [{"coding", "multilingual"}, {"multi_turn", "multilingual"}]
    assert set(made.measured["sources"]) == {"coding", "multi_turn"}
    assert made.facts["folds_by"] == "source"
    assert "whole sources" in made.facts["words"]


def test_fewer_groups_or_sources_than_folds_are_refused_with_the_cure(prepared):
    with pytest.raises(DataError, match="3 folds need as many sources of target rows, found 2"):
        run(prepared, replace(CONFIG, folds_by="source"))
    with pytest.raises(DataError, match=r"3 folds need as many groups .* found 2.*--folds"):
        run(prepared.take(np.arange(2)), CONFIG)


def test_an_isotonic_calibration_is_cross_fitted_too(prepared):
    _, made = run(prepared, replace(CONFIG, calibration="isotonic"))
    assert made.promise.n_rows == len(prepared)
    assert (np.diff(made.rows.expected_quality_loss, axis=1) <= 0).all()


# --- As a bundle -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle() -> BundleContents:
    """A bundle of 320 rows with three folds."""
    rows = RowSet(fits.traffic_rows().rows[:320], 0, (), {})
    config = replace(CONFIG, promise_slices=("source", "lang"))
    return fit_bundle(rows, fits.LABELS_ONLY, fits.shipped_encoder(), config)


def test_the_bundle_says_how_its_promise_was_made(bundle, tmp_path):
    assert bundle.training["held_out"]["mode"] == bundle.evaluation["held_out"]["mode"] == "cross_fit"
    assert (bundle.training["held_out"]["fits"], bundle.training["held_out"]["folds"]) == (4, 3)
    assert HOW_MADE["cross_fit"] in bundle.model_card
    assert "no finite-sample theorem for the refitted heads" in bundle.model_card
    assert "fitted 4 times (3 folds by group, and once on all rows)" in bundle.model_card
    manifest = write_bundle(tmp_path / "b", bundle)
    assert manifest.held_out is not None
    loaded = load_bundle(tmp_path / "b")
    assert loaded.held_out is not None
    assert (loaded.held_out.facts.n_rows, loaded.held_out.facts.mode) == (320, "cross_fit")
    assert loaded.held_out.slices["source"][1] == ("coding",)
    assert np.isfinite(loaded.held_out.input_tokens).all()
    assert np.isnan(loaded.held_out.output_tokens).all(), "labelled rows know nothing of answers"


def test_the_kept_rows_give_the_promises_own_loss(bundle):
    rows, promise = bundle.held_out, bundle.promise
    assert rows is not None
    tiers = (rows.expected_quality_loss <= promise.threshold_for()).argmax(axis=1)
    tiers = np.where(rows.domain_distance > bundle.brain.domain.max_distance, np.maximum(tiers, 1), tiers)
    lost = np.take_along_axis(rows.lost, tiers[:, None], axis=1)[:, 0].astype(float)
    by_group = [lost[rows.group == group].mean() for group in np.unique(rows.group)]
    assert np.mean(by_group) == pytest.approx(promise.losses[promise.position_for()], abs=1e-6)


def test_the_same_rows_give_the_same_bytes(bundle):
    again = fit_bundle(
        RowSet(fits.traffic_rows().rows[:320], 0, (), {}),
        fits.LABELS_ONLY,
        fits.shipped_encoder(),
        replace(CONFIG, promise_slices=("source", "lang")),
    )
    assert bundle_files(again) == bundle_files(bundle)


def test_parted_sides_keep_rows_too_and_say_what_they_are():
    config = replace(fits.QUICK, max_quality_loss=0.3)
    contents = fit_bundle(
        RowSet(fits.traffic_rows().rows[:320], 0, (), {}), fits.LABELS_ONLY, fits.shipped_encoder(), config
    )
    assert contents.held_out is not None
    assert contents.held_out.mode == "parted"
    assert len(contents.held_out) == contents.promise.n_rows == contents.training["rows"]["calibrate"]
    assert HOW_MADE["parted"] in contents.model_card


def test_a_transformers_folds_are_joined_by_one_decision(tiny_bert):
    rows = RowSet(fits.traffic_rows().rows[200:440], 0, (), {})
    config = replace(CONFIG, folds=2, max_quality_loss=0.5)
    prepared = prepare_for_transformer(build_dataset(rows.rows, fits.LABELS_ONLY), str(tiny_bert), config)
    recipe = TransformerRecipe(Pretrained(str(tiny_bert), "tiny"), config)
    contents = fit_recipe(rows, fits.LABELS_ONLY, prepared, recipe, config)
    assert contents.promise.n_rows == contents.evaluation["test"]["n"] == 240
    assert contents.evaluation["heads"]["budget"]["auc"] > 0.6
    assert contents.brain.encoder.spec.kind == "onnx"
    assert contents.brain.calibration.a.tolist() == [-1.0] * 3
