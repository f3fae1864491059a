"""Embeddings kept on disk: computed once, never mixed between encoders, never lost half-way."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import DataError
from tests.training.conftest import CountingEncoder
from training.commands.options import cache_folder
from training.fitting import embed as embed_module
from training.fitting.embed import CachedEncoder, embed


def test_the_cache_gives_the_same_bytes_and_asks_the_encoder_once_for_each_text(tmp_path, counting_encoder):
    texts = ["one", "two", "one", "", "three \ud800"]
    expected = CountingEncoder().encode(texts)
    cached = CachedEncoder(counting_encoder, tmp_path / "cache")
    first = cached.encode(texts)
    assert counting_encoder.seen == ["one", "two", "", "three \ud800"]
    second = CachedEncoder(counting_encoder, tmp_path / "cache").encode(texts[::-1])
    assert len(counting_encoder.seen) == 4
    assert first.tobytes() == expected.tobytes()
    assert second.tobytes() == expected[::-1].tobytes()
    assert first.dtype == np.float32


def test_only_what_is_missing_is_computed(tmp_path, counting_encoder):
    cached = CachedEncoder(counting_encoder, tmp_path)
    cached.encode(["one", "two"])
    cached.encode(["two", "three"])
    assert counting_encoder.seen == ["one", "two", "three"]
    assert (
        cached.encode(["one", "two", "three"]).tobytes() == CountingEncoder().encode(["one", "two", "three"]).tobytes()
    )
    assert len(counting_encoder.seen) == 3


def test_no_texts_give_no_rows_and_write_nothing(tmp_path, counting_encoder):
    assert CachedEncoder(counting_encoder, tmp_path / "cache").encode([]).shape == (0, 4)
    assert not (tmp_path / "cache").exists()


@settings(max_examples=25)
@given(st.lists(st.lists(st.text(alphabet="ab\u00e9\ud800", max_size=3), max_size=5), min_size=1, max_size=4))
def test_whatever_the_order_of_calls_the_vectors_are_the_encoders_own(tmp_path_factory, calls):
    folder = tmp_path_factory.mktemp("cache")
    encoder = CountingEncoder()
    for texts in calls:
        found = CachedEncoder(encoder, folder).encode(texts)
        assert found.tobytes() == CountingEncoder().encode(texts).tobytes()
    assert len(encoder.seen) == len({text for texts in calls for text in texts})


def test_encoders_of_different_digests_have_different_files(tmp_path):
    one, other = CountingEncoder(name="one"), CountingEncoder(name="other", dim=3)
    first = CachedEncoder(one, tmp_path).encode(["hi"])
    second = CachedEncoder(other, tmp_path).encode(["hi"])
    assert len(list(tmp_path.iterdir())) == 2
    assert (first.shape, second.shape) == ((1, 4), (1, 3))
    assert CachedEncoder(one, tmp_path).encode(["hi"]).tobytes() == first.tobytes()
    assert (one.seen, other.seen) == (["hi"], ["hi"])


def test_an_interrupted_write_leaves_the_old_cache(tmp_path, counting_encoder, monkeypatch):
    CachedEncoder(counting_encoder, tmp_path).encode(["one"])

    def cut_off(value, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(embed_module, "save_file", cut_off)
        with pytest.raises(KeyboardInterrupt):
            CachedEncoder(counting_encoder, tmp_path).encode(["one", "two"])
    counting_encoder.seen.clear()
    found = CachedEncoder(counting_encoder, tmp_path).encode(["one", "two"])
    assert counting_encoder.seen == ["two"]
    assert found.tobytes() == CountingEncoder().encode(["one", "two"]).tobytes()
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]


def test_cached_embeddings_of_real_rows_are_the_services_own(tmp_path, traffic, shipped_encoder):
    readings = traffic.readings[320:360]
    assert any(reading.window for reading in readings)
    expected = shipped_encoder.encode_readings(readings)
    for _ in range(2):
        assert embed(readings, shipped_encoder, cache=tmp_path).tobytes() == expected.tobytes()
    assert embed(readings, shipped_encoder, cache=None).tobytes() == expected.tobytes()
    assert expected.shape == (40, 2 * shipped_encoder.spec.dim)


def test_an_encoder_that_reads_whole_conversations_is_asked_and_nothing_is_kept(tmp_path, traffic, counting_encoder):
    readings = traffic.readings[320:330]
    found = embed(readings, counting_encoder, cache=tmp_path / "cache")
    assert found.tobytes() == counting_encoder.encode_readings(readings).tobytes()
    assert not (tmp_path / "cache").exists()


class Planted:
    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("name", ["embeddings-{}.safetensors", "embeddings-{}.joblib", "embeddings-{}.npz"])
def test_a_planted_file_executes_nothing_and_its_vectors_are_computed_again(tmp_path, counting_encoder, name):
    folder, proof = tmp_path / "cache", tmp_path / "code-was-run"
    folder.mkdir(mode=0o700)
    (folder / name.format(counting_encoder.spec.sha256[:16])).write_bytes(pickle.dumps(Planted(proof)))
    found = CachedEncoder(counting_encoder, folder).encode(["one"])
    assert found.tobytes() == CountingEncoder().encode(["one"]).tobytes()
    assert not proof.exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
def test_a_cache_that_everybody_can_write_is_refused_with_the_cure(tmp_path, counting_encoder):
    folder = tmp_path / "cache"
    CachedEncoder(counting_encoder, folder).encode(["one"])
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(DataError, match="chmod go-w, or name another with --cache"):
        CachedEncoder(counting_encoder, folder).encode(["one"])


def test_the_cache_is_the_users_own_wherever_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder(None, {}) == tmp_path / ".cache" / "tierwise"
    assert cache_folder(None, {"XDG_CACHE_HOME": "/var/xdg"}).as_posix() == "/var/xdg/tierwise"
    assert cache_folder(None, {"XDG_CACHE_HOME": "here"}) == tmp_path / ".cache" / "tierwise"
    assert cache_folder(tmp_path / "mine", {}) == tmp_path / "mine"
