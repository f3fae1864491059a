"""Held-out rows in a bundle: written, read back, and refused where they are damaged."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.brain.bundle import load_bundle
from router.brain.bundle.layout import HELD_OUT
from router.brain.bundle.load import verify_files
from router.errors import BundleCorrupt, BundleError, BundleMissing
from tests.router.tiny_bundle import (
    edit_manifest,
    edit_tensors,
    read_manifest,
    replace_file,
    tiny_held_out,
    write_tiny_bundle,
)

ARRAYS = (
    *("expected_quality_loss", "p_unsolved", "domain_distance", "lost", "group", "input_tokens", "output_tokens"),
    *("slice_source", "slice_lang", "slice_task"),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("held_out") / "sound", held_out=tiny_held_out())


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "copy")


def assert_refused(folder, *says):
    with pytest.raises(BundleCorrupt) as caught:
        load_bundle(folder)
    for part in (str(folder), *says):
        assert part in str(caught.value)


def test_what_was_written_is_read_back_to_the_last_bit(sound):
    bundle, rows = load_bundle(sound), tiny_held_out()
    verify_files(sound, bundle.manifest)
    read = bundle.held_out
    for name in ARRAYS[:7]:
        np.testing.assert_array_equal(getattr(read, name), getattr(rows, name))
        assert getattr(read, name).dtype == getattr(rows, name).dtype
    for name, (index, values) in rows.slices.items():
        np.testing.assert_array_equal(read.slices[name][0], index)
        assert read.slices[name][1] == values
    assert (len(read), read.mode, read.facts) == (len(rows), "parted", rows.facts)
    assert bundle.manifest.held_out == rows.facts
    assert read_manifest(sound)["held_out"] == {
        "n_rows": 600,
        "n_groups": 400,
        "mode": "parted",
        "slices": {"source": ["hand"], "lang": ["de", "en"], "task": ["chat", "code"]},
    }


def test_a_bundle_that_was_written_before_there_were_such_rows_loads_without(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    assert bundle.held_out is None
    assert "held_out" not in read_manifest(tiny_bundle)


def test_the_rows_are_part_of_the_bundles_identity(sound, tiny_bundle, tmp_path):
    others = write_tiny_bundle(tmp_path / "others", held_out=tiny_held_out(seed=5))
    assert len({load_bundle(one).manifest.id for one in (sound, tiny_bundle, others)}) == 3


def test_the_file_holds_numbers_alone(sound):
    assert (sound / HELD_OUT).stat().st_size < 600 * 64 + 2_000  # 600 rows; a prompt would not fit


def test_a_missing_file_is_named(folder):
    (folder / HELD_OUT).unlink()
    with pytest.raises(BundleMissing, match=HELD_OUT):
        load_bundle(folder)


def test_a_file_that_the_manifest_does_not_list_is_asked_for(folder):
    edit_manifest(folder, lambda manifest: manifest["files"].pop(HELD_OUT))
    assert_refused(folder, f"{HELD_OUT} is missing")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("n_rows", 599, "found float32 (600, 3)"),
        ("n_rows", 0, "n_rows"),
        ("n_rows", "600", "n_rows"),
        ("n_groups", 401, "each of 0..400"),
        ("n_groups", 399, "each of 0..398"),
        ("n_groups", 1.5, "n_groups"),
        ("mode", "guessed", "mode"),
        ("slices", {"source": ["hand"], "lang": ["de"], "task": ["chat", "code"]}, "slice_lang"),
        ("slices", {"source": ["hand"], "lang": ["de", "de"], "task": ["chat", "code"]}, "lang"),
        ("slices", {"weather": ["rain"]}, "slice_weather"),
        ("slices", [], "slices"),
    ],
)
def test_a_manifest_that_does_not_fit_the_rows_is_refused(folder, key, value, says):
    edit_manifest(folder, lambda manifest: manifest["held_out"].update({key: value}))
    assert_refused(folder, says)


@pytest.mark.parametrize("key", ["n_rows", "n_groups", "mode", "slices"])
def test_a_missing_key_is_named(folder, key):
    edit_manifest(folder, lambda manifest: manifest["held_out"].pop(key))
    assert_refused(folder, f"held_out.{key}", "found no such key")


@pytest.mark.parametrize("key", ARRAYS)
def test_a_missing_array_and_one_of_another_shape_or_type_are_named(folder, key):
    kept = {}
    edit_tensors(folder, HELD_OUT, lambda tensors: kept.update({key: tensors.pop(key)}))
    assert_refused(folder, HELD_OUT, f"the array {key} is missing")
    edit_tensors(folder, HELD_OUT, lambda tensors: tensors.update({key: kept[key][1:]}))
    assert_refused(folder, HELD_OUT, f"{key}: expected")
    edit_tensors(folder, HELD_OUT, lambda tensors: tensors.update({key: kept[key].astype(np.float64)}))
    assert_refused(folder, HELD_OUT, f"{key}: expected")


@pytest.mark.parametrize(
    ("key", "at", "value", "says"),
    [
        ("expected_quality_loss", (0, 0), 1.5, "numbers in [0, 1]"),
        ("expected_quality_loss", (0, 0), -0.1, "numbers in [0, 1]"),
        ("expected_quality_loss", (0, 0), np.nan, "NaN"),
        ("expected_quality_loss", (0, 0), 0.0, "descending"),
        ("expected_quality_loss", (0, slice(None)), 0.5, "0 for the strongest"),
        ("p_unsolved", 0, 1.01, "numbers in [0, 1]"),
        ("p_unsolved", 0, np.inf, "infinity"),
        ("domain_distance", 3, -1.0, "numbers in [0, 1]"),
        ("lost", (0, 0), 2, "-1, 0 or 1"),
        ("lost", (0, 0), -2, "-1, 0 or 1"),
        ("lost", (0, 2), 1, "0 for the strongest"),
        ("lost", (0, 2), -1, "0 for the strongest"),
        ("group", slice(None), 0, "each of 0..399"),
        ("group", 0, -1, "each of 0..399"),
        ("group", 0, 400, "each of 0..399"),
        ("input_tokens", 1, -3.0, "at or above 0"),
        ("output_tokens", 1, np.inf, "infinity"),
        ("output_tokens", 1, 1e31, "beyond"),
        ("slice_lang", 0, 2, "positions of its 2 names"),
        ("slice_lang", 0, -2, "positions of its 2 names"),
    ],
)
def test_numbers_that_cannot_be_are_refused(folder, key, at, value, says):
    def change(tensors):
        array = tensors[key].copy()
        if key == "expected_quality_loss" and value == 0.0:
            array[0] = (0.1, 0.2, 0.0)
        else:
            array[at] = value
        tensors[key] = array

    edit_tensors(folder, HELD_OUT, change)
    assert_refused(folder, HELD_OUT, key, says)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_behind_fitting_digests_are_refused_or_in_range(sound, tmp_path_factory, data):
    copy = tmp_path_factory.mktemp("bytes") / "bundle"
    shutil.copytree(sound, copy)
    raw = bytearray((copy / HELD_OUT).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    replace_file(copy, HELD_OUT, bytes(raw))
    try:
        rows = load_bundle(copy).held_out
    except BundleError as error:
        assert str(copy) in str(error)
        return
    assert ((rows.expected_quality_loss >= 0) & (rows.expected_quality_loss <= 1)).all()
    assert set(np.unique(rows.lost)) <= {-1, 0, 1}
