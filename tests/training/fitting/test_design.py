"""The design matrix: what its blocks weigh, which n-grams it knows, and that it folds into what is served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.ngrams import N_BUCKETS, Buckets
from training.fitting.design import Design, build_design, thinned
from training.fitting.hyper import LABELS, HeadHyper

N_EMBEDDING, N_SIGNALS, N_HELPERS = 3, 4, 2
N_FEATURES = N_EMBEDDING + N_SIGNALS
HYPER = replace(LABELS, min_rows=1)

buckets_of_a_block = st.sets(st.sampled_from([0, 1, 2, 3, 5, 8, 1_000, N_BUCKETS - 1])).map(
    lambda found: np.array(sorted(found), dtype=np.int64)
)
rows_of_buckets = st.lists(st.tuples(buckets_of_a_block, buckets_of_a_block), min_size=1, max_size=8)


def block(*found: int) -> Buckets:
    return np.array(found, dtype=np.int64)


def features_of(n_rows: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_rows, N_FEATURES))


def design_of(
    buckets: list[tuple[Buckets, ...]] | None, hyper: HeadHyper = HYPER, *, n_rows: int | None = None
) -> Design:
    n_rows = len(buckets or ()) if n_rows is None else n_rows
    return build_design(
        features_of(n_rows), buckets, np.ones((n_rows, N_HELPERS)), n_embedding=N_EMBEDDING, hyper=hyper
    )


def ngram_part(design: Design) -> np.ndarray:
    return design.matrix.toarray()[:, N_FEATURES : design.matrix.shape[1] - N_HELPERS]


@given(rows_of_buckets, st.integers(0, 1_000), st.integers(1, 3), st.booleans(), st.integers(1, 4))
def test_folding_back_gives_the_designs_own_logits_but_for_int8_steps(buckets, seed, n_heads, normalise_all, min_rows):
    hyper = replace(HYPER, normalise_all=normalise_all, min_rows=min_rows)
    design = design_of(buckets, hyper)
    rng = np.random.default_rng(seed)
    coef, intercept = rng.standard_normal((n_heads, design.matrix.shape[1])), rng.standard_normal(n_heads)
    heads, table = design.fold(coef, intercept)
    served = heads.logits(features_of(len(buckets))) + np.array([table.logits(row) for row in buckets])
    without_helpers = coef.copy()
    without_helpers[:, -N_HELPERS:] = 0.0
    expected = design.matrix @ without_helpers.T + intercept
    for row, found in enumerate(buckets):
        # Each known bucket is at most half a step off, and the block is divided by the root of how many count.
        n_known = [int(table.known[k][block].sum()) for k, block in enumerate(found)]
        allowed = sum(0.5 * step * np.sqrt(n) for step, n in zip(table.steps, n_known, strict=True))
        assert (np.abs(served[row] - expected[row]) <= allowed + 1e-9).all()
    assert heads.coef.shape == (n_heads, N_FEATURES)


def test_without_n_grams_the_fold_is_exact_and_has_no_table():
    design = design_of(None, n_rows=5)
    coef = np.random.default_rng(1).standard_normal((2, design.matrix.shape[1]))
    heads, table = design.fold(coef, np.array([0.5, -0.5]))
    assert table is None
    expected = design.matrix[:, :N_FEATURES] @ coef[:, :N_FEATURES].T + [0.5, -0.5]
    np.testing.assert_allclose(heads.logits(features_of(5)), expected, rtol=0, atol=1e-12)


def test_helper_columns_come_last_and_fall_away():
    design = design_of([(block(1), block(2))] * 3)
    assert design.matrix.toarray()[:, -N_HELPERS:].tolist() == [[1.0, 1.0]] * 3
    coef = np.random.default_rng(1).standard_normal((1, design.matrix.shape[1]))
    other = coef.copy()
    other[:, -N_HELPERS:] += 9.0
    (one, one_table), (two, two_table) = (design.fold(c, np.zeros(1)) for c in (coef, other))
    assert one.coef.tobytes() == two.coef.tobytes()
    assert [x.tobytes() for x in one_table.weights] == [x.tobytes() for x in two_table.weights]


def test_each_block_is_brought_to_its_weight():
    hyper = replace(HYPER, embedding_weight=2.0, signal_weight=3.0, ngram_weights=(5.0, 7.0))
    buckets = [(block(1, 2, 3), block(4)), (block(2), block(4, 5)), (block(), block())]
    design = design_of(buckets, hyper)
    assert design.factor.tolist() == [2.0] * N_EMBEDDING + [3.0 / N_SIGNALS**0.5] * N_SIGNALS
    dense = design.matrix.toarray()[:, :N_FEATURES]
    np.testing.assert_allclose(dense, features_of(3) * design.factor)
    pieces, letters = np.split(ngram_part(design), [3], axis=1)
    np.testing.assert_allclose(np.linalg.norm(pieces, axis=1), [5.0, 5.0, 0.0])
    np.testing.assert_allclose(np.linalg.norm(letters, axis=1), [7.0, 7.0, 0.0])


def test_a_bucket_is_known_from_min_rows_rows_on():
    buckets = [(block(1, 2, 3), block(9)), (block(2, 3), block(9)), (block(3), block())]
    for min_rows, pieces, letters in ((1, [1, 2, 3], [9]), (2, [2, 3], [9]), (3, [3], []), (4, [], [])):
        design = design_of(buckets, replace(HYPER, min_rows=min_rows))
        assert [keys.tolist() for keys in design.keys] == [pieces, letters]
        _, table = design.fold(np.zeros((2, design.matrix.shape[1])), np.zeros(2))
        assert [np.flatnonzero(known).tolist() for known in table.known] == [pieces, letters]


@pytest.mark.parametrize(("normalise_all", "size"), [(False, 2), (True, 4)])
def test_whether_unknown_buckets_count_in_the_normalisation_is_a_setting(normalise_all, size):
    buckets = [(block(1, 2, 30, 40), block()), (block(1, 2), block())]
    design = design_of(buckets, replace(HYPER, normalise_all=normalise_all, min_rows=2))
    first, second = ngram_part(design)
    np.testing.assert_allclose(first, HYPER.ngram_weights[0] / size**0.5)
    np.testing.assert_allclose(second, HYPER.ngram_weights[0] / 2**0.5)
    assert design.fold(np.zeros((1, design.matrix.shape[1])), np.zeros(1))[1].normalise_all is normalise_all


def test_thinning_leaves_out_about_its_share_and_follows_from_the_generators_seed():
    rows = [(np.arange(1_000), np.arange(500) * 2)] * 3

    def thin(drop: float, seed: int) -> list[tuple[Buckets, ...]]:
        return thinned(rows, drop=drop, rng=np.random.default_rng(seed))

    once = thin(0.4, seed=1)
    for row in once:
        for kept, block in zip(row, rows[0], strict=True):
            assert set(kept.tolist()) < set(block.tolist())
            assert (np.diff(kept) > 0).all()
            assert len(kept) / len(block) == pytest.approx(0.6, abs=0.08)
    assert once[0][0].tolist() != once[1][0].tolist(), "each row is thinned anew"
    as_lists = [[block.tolist() for block in row] for row in once]
    assert as_lists == [[block.tolist() for block in row] for row in thin(0.4, seed=1)]
    assert as_lists != [[block.tolist() for block in row] for row in thin(0.4, seed=2)]
    assert all(len(block) == len(full) for block, full in zip(thin(0.0, seed=1)[0], rows[0], strict=True))
    assert all(len(block) == 0 for block in thin(1.0, seed=1)[0])
