"""Embeddings kept on disk: computed once, never mixed between encoders, never lost half-way."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.conftest import CountingEncoder
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
        patch.setattr(joblib, "dump", cut_off)
        with pytest.raises(KeyboardInterrupt):
            CachedEncoder(counting_encoder, tmp_path).encode(["one", "two"])
    counting_encoder.seen.clear()
    found = CachedEncoder(counting_encoder, tmp_path).encode(["one", "two"])
    assert counting_encoder.seen == ["two"]
    assert found.tobytes() == CountingEncoder().encode(["one", "two"]).tobytes()
    assert [path.suffix for path in tmp_path.iterdir()] == [".joblib"]


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
