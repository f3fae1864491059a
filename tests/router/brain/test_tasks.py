"""The task head: probabilities that sum to 1, the same from the bundle as from the brain that was written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router.brain import load_bundle
from router.brain.brain import buckets_of
from router.errors import BundleCorrupt
from router.reading import read
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import TASKS, edit_manifest, edit_tensors, read_manifest, tiny_brain, write_tiny_bundle


def reading_of(text: str):
    return read(ChatRequest((Message("user", text),)))


@pytest.mark.parametrize("with_ngrams", [True, False])
def test_probabilities_sum_to_one_and_the_guess_is_the_likeliest(with_ngrams) -> None:
    brain = tiny_brain(with_ngrams=with_ngrams)
    assert brain.tasks is not None
    for text in ("hi", "", "Write a Python function with tests.", "x" * 9_000):
        reading = reading_of(text)
        features, buckets = brain.features([reading])[0], buckets_of(brain.encoder, [reading])[0]
        p = brain.tasks.probabilities(features, buckets if with_ngrams else ())
        assert p.shape == (len(TASKS),)
        assert p.sum() == pytest.approx(1.0)
        guess = brain.predict(reading).task
        assert guess is not None
        assert (guess.name, guess.probability) == (TASKS[int(p.argmax())], pytest.approx(p.max()))


def test_huge_logits_do_not_overflow() -> None:
    brain = tiny_brain()
    assert brain.tasks is not None
    head = replace(brain.tasks, coef=brain.tasks.coef * 1e6)
    p = head.probabilities(brain.features([reading_of("hi")])[0], buckets_of(brain.encoder, [reading_of("hi")])[0])
    assert np.isfinite(p).all()
    assert p.max() == pytest.approx(1.0)


def test_a_brain_without_a_task_head_names_none_and_loses_nothing(tmp_path) -> None:
    with_head, without = tiny_brain(), tiny_brain(with_tasks=False)
    reading = reading_of("find the cause")
    assert without.predict(reading) == replace(with_head.predict(reading), task=None)
    folder = write_tiny_bundle(tmp_path / "b", brain=without)
    loaded = load_bundle(folder)
    assert loaded.manifest.tasks == ()
    assert loaded.brain.tasks is None


def test_the_loaded_bundle_guesses_like_the_brain_that_was_written(tiny_bundle) -> None:
    loaded, written = load_bundle(tiny_bundle).brain, tiny_brain()
    for text in ("hi", "Write a Python function with tests.", "why? find the cause"):
        assert loaded.predict(reading_of(text)).task == written.predict(reading_of(text)).task


def test_a_manifest_of_before_there_were_tasks_still_loads(bundle_copy) -> None:
    assert read_manifest(bundle_copy)["tasks"] == list(TASKS)
    edit_manifest(bundle_copy, lambda manifest: manifest.pop("tasks"))
    assert load_bundle(bundle_copy).brain.tasks is None


def test_a_task_file_of_another_shape_is_refused_by_name(bundle_copy) -> None:
    edit_tensors(bundle_copy, "tasks.safetensors", lambda tensors: tensors.update(coef=np.zeros((3, 5))))
    with pytest.raises(BundleCorrupt, match=r"tasks\.safetensors: coef: expected"):
        load_bundle(bundle_copy)
