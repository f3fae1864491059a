"""The design matrix: what its blocks weigh, which n-grams it knows, and that it folds into what is served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.ngrams import N_BUCKETS, Buckets
from training.fitting.design import Design, RowBuckets, build_design
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
    columns = None if buckets is None else RowBuckets.of_rows(buckets)
    return build_design(
        features_of(n_rows), columns, np.ones((n_rows, N_HELPERS)), n_embedding=N_EMBEDDING, hyper=hyper
    )


def matrix_of(design: Design) -> np.ndarray:
    return design.matrix(np.arange(len(design.features))).toarray()


def ngram_part(design: Design) -> np.ndarray:
    return matrix_of(design)[:, N_FEATURES : design.n_columns - N_HELPERS]


@given(rows_of_buckets, st.integers(0, 1_000), st.integers(1, 3), st.booleans(), st.integers(1, 4))
def test_folding_back_gives_the_designs_own_logits_but_for_int8_steps(buckets, seed, n_heads, normalise_all, min_rows):
    hyper = replace(HYPER, normalise_all=normalise_all, min_rows=min_rows)
    design = design_of(buckets, hyper)
    rng = np.random.default_rng(seed)
    coef, intercept = rng.standard_normal((n_heads, design.n_columns)), rng.standard_normal(n_heads)
    heads, table = design.fold(coef, intercept)
    served = heads.logits(features_of(len(buckets))) + np.array([table.logits(row) for row in buckets])
    without_helpers = coef.copy()
    without_helpers[:, -N_HELPERS:] = 0.0
    expected = matrix_of(design) @ without_helpers.T + intercept
    for row, found in enumerate(buckets):
        # Each known bucket is at most half a step off, and the block is divided by the root of how many count.
        n_known = [int(table.known[k][block].sum()) for k, block in enumerate(found)]
        allowed = sum(0.5 * step * np.sqrt(n) for step, n in zip(table.steps, n_known, strict=True))
        assert (np.abs(served[row] - expected[row]) <= allowed + 1e-9).all()
    assert heads.coef.shape == (n_heads, N_FEATURES)


def test_without_n_grams_the_fold_is_exact_and_has_no_table():
    design = design_of(None, n_rows=5)
    coef = np.random.default_rng(1).standard_normal((2, design.n_columns))
    heads, table = design.fold(coef, np.array([0.5, -0.5]))
    assert table is None
    expected = matrix_of(design)[:, :N_FEATURES] @ coef[:, :N_FEATURES].T + [0.5, -0.5]
    np.testing.assert_allclose(heads.logits(features_of(5)), expected, rtol=0, atol=1e-12)


def test_helper_columns_come_last_and_fall_away():
    design = design_of([(block(1), block(2))] * 3)
    assert matrix_of(design)[:, -N_HELPERS:].tolist() == [[1.0, 1.0]] * 3
    coef = np.random.default_rng(1).standard_normal((1, design.n_columns))
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
    dense = matrix_of(design)[:, :N_FEATURES]
    np.testing.assert_allclose(dense, features_of(3) * design.factor)
    pieces, letters = np.split(ngram_part(design), [3], axis=1)
    np.testing.assert_allclose(np.linalg.norm(pieces, axis=1), [5.0, 5.0, 0.0])
    np.testing.assert_allclose(np.linalg.norm(letters, axis=1), [7.0, 7.0, 0.0])


def test_a_bucket_is_known_from_min_rows_rows_on():
    buckets = [(block(1, 2, 3), block(9)), (block(2, 3), block(9)), (block(3), block())]
    for min_rows, pieces, letters in ((1, [1, 2, 3], [9]), (2, [2, 3], [9]), (3, [3], []), (4, [], [])):
        design = design_of(buckets, replace(HYPER, min_rows=min_rows))
        assert [np.flatnonzero(known).tolist() for known in design.known] == [pieces, letters]
        _, table = design.fold(np.zeros((2, design.n_columns)), np.zeros(2))
        assert [np.flatnonzero(known).tolist() for known in table.known] == [pieces, letters]


@pytest.mark.parametrize(("normalise_all", "size"), [(False, 2), (True, 4)])
def test_whether_unknown_buckets_count_in_the_normalisation_is_a_setting(normalise_all, size):
    buckets = [(block(1, 2, 30, 40), block()), (block(1, 2), block())]
    design = design_of(buckets, replace(HYPER, normalise_all=normalise_all, min_rows=2))
    first, second = ngram_part(design)
    np.testing.assert_allclose(first, HYPER.ngram_weights[0] / size**0.5)
    np.testing.assert_allclose(second, HYPER.ngram_weights[0] / 2**0.5)
    assert design.fold(np.zeros((1, design.n_columns)), np.zeros(1))[1].normalise_all is normalise_all


def test_thinning_leaves_out_about_its_share_and_follows_from_the_generators_seed():
    rows = [(np.arange(1_000), np.arange(500) * 2)] * 3

    def thin(drop: float, seed: int) -> list[tuple[Buckets, ...]]:
        return list(RowBuckets.of_rows(rows).thinned(drop=drop, rng=np.random.default_rng(seed)))

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


@given(rows_of_buckets, st.data())
def test_the_matrix_of_some_rows_has_those_rows_of_the_whole_in_their_order(buckets, data):
    design = design_of(buckets)
    rows = np.array(data.draw(st.lists(st.integers(0, len(buckets) - 1))), dtype=np.intp)
    taken = design.matrix(rows)
    assert taken.toarray().tolist() == matrix_of(design)[rows].tolist()
    assert taken.has_canonical_format


def test_many_rows_are_put_together_from_chunks_as_few_are():
    buckets = [(block(n % 7, 10 + n % 5), block(n % 3)) for n in range(3_000)]
    design = design_of(buckets)
    whole, tail = design.matrix(np.arange(3_000)), design.matrix(np.arange(2_900, 3_000))
    assert (whole[2_900:] != tail).nnz == 0
    assert whole.shape == (3_000, design.n_columns)


def test_a_copy_has_the_features_and_helpers_of_its_row_and_n_grams_of_its_own():
    rows = RowBuckets.of_rows([(block(1), block(4)), (block(2), block(5))])
    copies = RowBuckets.of_rows([(block(), block(4)), (block(2), block())])
    design = build_design(features_of(2), rows.with_copies([copies]), np.eye(2), n_embedding=N_EMBEDDING, hyper=HYPER)
    first, second = np.split(design.matrix(np.arange(4)).toarray(), 2)
    assert first[:, :N_FEATURES].tolist() == second[:, :N_FEATURES].tolist()
    assert first[:, -2:].tolist() == second[:, -2:].tolist() == np.eye(2).tolist()
    assert (first[:, N_FEATURES:-2] > 0).tolist() == [[True, False, True, False], [False, True, False, True]]
    assert (second[:, N_FEATURES:-2] > 0).tolist() == [[False, False, True, False], [False, True, False, False]]


@given(rows_of_buckets, st.booleans())
def test_a_tables_logits_of_many_rows_are_those_of_each_row(buckets, normalise_all):
    design = design_of(buckets, replace(HYPER, normalise_all=normalise_all, min_rows=2))
    _, table = design.fold(np.random.default_rng(0).standard_normal((3, design.n_columns)), np.zeros(3))
    expected = np.array([table.logits(row) for row in buckets])
    assert RowBuckets.of_rows(buckets).logits(table).tobytes() == expected.tobytes()
