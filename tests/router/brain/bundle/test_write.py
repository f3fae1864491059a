"""Writing and reading back."""

from __future__ import annotations

import json

import pytest

from router.brain.bundle import load_bundle
from router.brain.bundle.layout import MANIFEST
from router.brain.bundle.load import verify_files
from router.brain.bundle.manifest import parse_manifest
from router.dialects.route_body import request_from_text
from router.errors import BundleError
from router.reading import read
from tests.router.tiny_bundle import FILES, TIERS, read_manifest, tiny_brain, tiny_promise, write_tiny_bundle


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_bundle_that_was_written_loads_to_the_same_brain(tmp_path, method):
    bundle = load_bundle(write_tiny_bundle(tmp_path / "b", method=method))
    brain = tiny_brain(method)
    assert bundle.manifest.tiers == TIERS
    assert bundle.manifest.promise == tiny_promise()
    assert bundle.n_golden > 0
    for text in ("hi", "", "find the cause of \u6f22"):
        reading = read(request_from_text(text).chat)
        assert bundle.brain.predict(reading) == brain.predict(reading)


def test_the_same_contents_give_the_same_bytes(tmp_path):
    first, second = (write_tiny_bundle(tmp_path / name) for name in ("a", "b"))
    assert {file: (first / file).read_bytes() for file in FILES} == {
        file: (second / file).read_bytes() for file in FILES
    }


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="not a bundle"):
        write_tiny_bundle(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_folder_holds_the_known_files_and_nothing_it_held_before(tmp_path):
    folder = write_tiny_bundle(tmp_path / "b")
    (folder / "stale.pkl").write_bytes(b"x")
    write_tiny_bundle(folder)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(FILES)


def test_the_manifest_lists_every_other_file_with_its_digest_and_reads_back_equal(tiny_bundle):
    value = read_manifest(tiny_bundle)
    manifest = parse_manifest(value, where="m")
    assert set(manifest.files) == set(FILES) - {MANIFEST}
    assert json.loads(json.dumps(manifest.to_json())) == value
    verify_files(tiny_bundle, manifest)


def test_the_id_changes_with_the_contents(tmp_path):
    ids = {
        load_bundle(write_tiny_bundle(tmp_path / method, method=method)).manifest.id
        for method in ("sigmoid", "isotonic")
    }
    assert len(ids) == 2
    assert all(name.startswith("tiny-") for name in ids)


def test_the_shipped_bundle_verifies_and_reproduces_its_golden_prompts(shipped, router):
    verify_files(shipped, router.bundle.manifest)
    assert router.bundle.n_golden == len(json.loads((shipped / "golden.json").read_bytes()))
