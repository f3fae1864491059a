"""Rows that a bundle was fitted on are recognised when it is measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import joblib
import pytest

from router.brain import Bundle, load_bundle
from router.brain.bundle.layout import TRAINED_ON
from router.brain.bundle.write import write_bundle
from router.errors import BundleCorrupt, DataError
from router.types import Message
from tests.router.tiny_bundle import edit_tensors
from tests.training import fits
from training.evaluate_bundle import evaluate_bundle, write_evaluation
from training.pipeline import fit_bundle
from training.report import model_card
from training.rows.readers import RowSet

CONFIG = replace(fits.QUICK, max_quality_loss=0.3, promise="cross_fit", folds=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A bundle fitted on the first 320 rows."""
    with joblib.parallel_config("sequential"):
        contents = fit_bundle(rows(0, 320), fits.LABELS_ONLY, fits.shipped_encoder(), CONFIG)
    folder = tmp_path_factory.mktemp("seen") / "bundle"
    write_bundle(folder, contents)
    return folder


@pytest.fixture(scope="module")
def bundle(folder) -> Bundle:
    return load_bundle(folder)


def rows(first: int, last: int) -> RowSet:
    return RowSet(fits.traffic_rows().rows[first:last], 0, (), {})


def evaluate(bundle: Bundle, row_set: RowSet, **more):
    with joblib.parallel_config("sequential"):
        return evaluate_bundle(bundle, row_set, fits.LABELS_ONLY, CONFIG, **more)


def test_rows_that_the_bundle_was_fitted_on_are_refused_with_their_number_and_the_cure(bundle):
    with pytest.raises(DataError, match=r"fitted on 60 of these 380 rows.*--seen leave-out"):
        evaluate(bundle, rows(260, 640))


def test_they_can_be_left_out_or_measured_and_the_report_says_which(bundle):
    left_out = evaluate(bundle, rows(260, 640), seen_rows="leave-out")
    assert left_out["trained_on"] == {"known": True, "n": 60, "rows": 380, "measured": False}
    assert "60 of 380 rows given were left out: the bundle was fitted on them." in model_card(left_out, {})
    assert left_out["policies"] == evaluate(bundle, rows(320, 640))["policies"]
    kept = evaluate(bundle, rows(260, 640), seen_rows="keep")
    assert kept["trained_on"]["measured"] is True
    card = model_card(kept, {})
    assert "fitted on 60 of the 380 rows given: these figures are not of unseen rows" in card
    assert "othing was fitted or chosen" not in card


def test_copies_that_differ_by_an_id_are_recognised_and_own_rows_are_not(bundle):
    copies = tuple(
        replace(row, messages=(*row.messages[:-1], Message("user", f"{row.messages[-1].text}\n\nTicket: {n}-x")))
        for n, row in enumerate(rows(0, 320).rows)
    )
    with pytest.raises(DataError, match=r"fitted on (2[5-9]\d|3[012]\d) of these 320 rows"):
        evaluate(bundle, RowSet(copies, 0, (), {}))
    assert evaluate(bundle, rows(320, 640))["trained_on"]["n"] == 0


def test_nothing_is_left_where_all_rows_were_fitted_on(bundle):
    with pytest.raises(DataError, match="fitted on all of these rows"):
        evaluate(bundle, rows(0, 320), seen_rows="leave-out")


def test_a_bundle_without_marks_says_that_it_cannot_tell(bundle):
    report = evaluate(replace(bundle, trained_on=None), rows(0, 320))
    assert report["trained_on"] == {"known": False}
    assert "whether it was fitted on any of these cannot be said" in model_card(report, {})


def test_marks_that_are_not_ascending_are_refused(folder, tmp_path):
    def turn(tensors) -> None:
        tensors["marks"] = tensors["marks"][::-1]

    copy = shutil.copytree(folder, tmp_path / "copy")
    edit_tensors(copy, TRAINED_ON, turn)
    with pytest.raises(BundleCorrupt, match=r"trained_on.safetensors: marks: expected ascending numbers"):
        load_bundle(copy)


def test_what_is_written_holds_no_ask_unless_rows_are_given_and_then_the_page_alone(bundle, tmp_path):
    own = tuple(
        replace(row, messages=(*row.messages[:-1], Message("user", f"Quartz: {row.messages[-1].text}")))
        for row in rows(320, 640).rows
    )
    marked = RowSet(own, 0, (), {})
    evaluation = evaluate(bundle, marked)
    for name, given in {"plain": (), "asked": marked.rows}.items():
        write_evaluation(evaluation, bundle, tmp_path / name, rows=given)
    holders = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if b"Quartz" in path.read_bytes()]
    assert holders == [Path("asked/report.html")]
