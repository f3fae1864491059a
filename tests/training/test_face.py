"""The public face of training: what it exports, that importing it loads nothing, and that paths and values both do."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import training
from router.errors import DataError
from tests.training import fits

OUTCOMES, TIERS = fits.SAMPLE / "outcomes.jsonl", fits.SAMPLE / "tiers.json"


def test_importing_training_loads_none_of_its_rooms_and_no_array_library():
    code = "import sys, training; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=fits.ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert {name for name in loaded if name.startswith("training.")} == {"training.extras", "training.progress"}
    assert not {"numpy", "sklearn", "typer"} & set(loaded)


def test_every_exported_name_is_there_and_has_a_docstring():
    assert training.__all__ == sorted(training.__all__)
    assert all(getattr(training, name).__doc__ for name in training.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        training.nothing  # noqa: B018 (asked for to see it refused)


def test_the_audit_is_a_function_whatever_was_imported_before():
    importlib.import_module("training.auditing.ladder")
    assert callable(training.audit)


def test_the_audit_takes_paths_and_values_alike():
    by_path = training.audit(OUTCOMES, TIERS, n_resamples=100)
    by_value = training.audit(training.read_rows([OUTCOMES]), training.load_tier_map(TIERS), n_resamples=100)
    assert by_path == by_value
    assert by_path["n_bad_rows_skipped"] == by_path["n_labelled_rows_left_out"] == 0


def test_an_audit_of_labelled_rows_alone_is_refused_with_the_files_name():
    with pytest.raises(DataError, match=r"labelled\.jsonl: expected outcome rows, found labelled rows only"):
        training.audit(str(fits.SAMPLE / "labelled.jsonl"), str(TIERS))


def test_skipped_rows_are_reported_to_the_progress(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(OUTCOMES.read_bytes() + b"{}\n")
    lines: list[str] = []
    report = training.audit(path, TIERS, n_resamples=100, skip_bad=1, progress=lines.append)
    assert report["n_bad_rows_skipped"] == 1
    assert lines[0].startswith("skipped 1 wrong rows; the first: ")
