"""Packed tables: close to the vectors, the same bytes each time, and small."""

from __future__ import annotations

import numpy as np
import pytest

from training.fitting.product import dealt, pack

RNG = np.random.default_rng(3)
VECTORS = (RNG.standard_normal((900, 16)) * np.linspace(3.0, 0.2, 16)).astype(np.float32)


def unpacked(vectors, width):
    """What a packed table stands for, with the columns in their first order."""
    packed, weights = pack(vectors, width=width)
    table = packed.unpacked().astype(np.float64) * weights[:, None]
    return table[:, np.argsort(dealt(vectors.shape[1], width))]


@pytest.mark.parametrize(("width", "most"), [(1, 0.02), (2, 0.15), (4, 0.45)])
def test_a_packed_row_is_near_its_vector_and_nearer_with_more_bytes(width, most):
    found = unpacked(VECTORS, width)
    off = np.linalg.norm(found - VECTORS, axis=1) / np.linalg.norm(VECTORS, axis=1)
    assert np.median(off) < most


def test_the_weight_brings_a_row_as_near_to_its_vector_as_its_codes_can():
    packed, weights = pack(VECTORS, width=4)
    table = packed.unpacked().astype(np.float64)
    shuffled = VECTORS[:, dealt(16, 4)]
    best = (table * shuffled).sum(axis=1) / (table * table).sum(axis=1)
    np.testing.assert_allclose(weights, best, rtol=1e-3)


def test_a_row_of_zeros_weighs_nothing():
    _, weights = pack(np.concatenate([np.zeros((1, 16), dtype=np.float32), VECTORS]), width=4)
    assert weights[0] == 0
    assert (weights[1:] > 0).all()


def test_the_same_vectors_give_the_same_bytes():
    one, two = (pack(VECTORS, width=4) for _ in range(2))
    assert one[0].codes.tobytes() == two[0].codes.tobytes()
    assert one[0].codebooks.tobytes() == two[0].codebooks.tobytes()
    assert one[1].tobytes() == two[1].tobytes()


def test_a_row_takes_one_byte_for_each_part():
    packed, _ = pack(VECTORS, width=4)
    assert packed.codes.shape == (900, 4)
    assert packed.codes.dtype == np.uint8
    assert packed.codebooks.shape == (4, 256, 4)


def test_fewer_different_rows_than_codes_are_kept_as_they_are():
    few = np.repeat(VECTORS[:5], 3, axis=0)
    np.testing.assert_allclose(unpacked(few, 4), few, atol=0.05)


def test_a_width_that_does_not_divide_the_numbers_is_refused():
    with pytest.raises(ValueError, match="divides 16, found 5"):
        pack(VECTORS, width=5)


@pytest.mark.parametrize(("dim", "width"), [(8, 2), (256, 4), (12, 3), (6, 1), (6, 6)])
def test_every_column_is_dealt_to_one_part(dim, width):
    assert sorted(dealt(dim, width).tolist()) == list(range(dim))
