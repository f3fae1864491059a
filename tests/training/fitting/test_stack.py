"""Two sets of logits joined by one decision, and the decision folded into ordinary heads and n-gram weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from router.brain.brain import LinearHeads
from router.brain.ngrams import N_BUCKETS, NgramTable
from training.fitting.heads import MIN_OF_A_CLASS
from training.fitting.stack import DECISION_C, Decision, fit_decision, fold
from training.labels.labels import UNKNOWN
from training.measure.metrics import auc

DIM, N_SIGNALS = 4, 3
KNOWN = np.array([3, 5, 8, 13, 21, 34, 55, 89])


def rows_of(seed: int, *, n_rows: int = 400, n_heads: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two sets of logits that each see half of the truth, and targets; some unknown."""
    rng = np.random.default_rng(seed)
    first, second = 1.5 * rng.standard_normal((2, n_rows, n_heads))
    targets = (rng.random((n_rows, n_heads)) < expit(first + second - 0.5)).astype(np.int8)
    targets[rng.random((n_rows, n_heads)) < 0.1] = UNKNOWN
    return first, second, targets


def decision_of(seed: int, *, n_rows: int = 400) -> Decision:
    first, second, targets = rows_of(seed, n_rows=n_rows)
    return fit_decision((first, second), targets)


def parts_of(
    seed: int, *, n_heads: int = 2, normalise_all: bool = False
) -> tuple[LinearHeads, LinearHeads, NgramTable]:
    """Heads on vector and signals, heads on signals, and an n-gram table."""
    rng = np.random.default_rng(seed)
    weights, known = [], np.zeros(N_BUCKETS, dtype=np.bool_)
    known[KNOWN] = True
    for _ in range(2):
        block = np.zeros((N_BUCKETS, n_heads), dtype=np.int8)
        block[KNOWN] = rng.integers(-127, 128, (len(KNOWN), n_heads))
        weights.append(block)
    table = NgramTable(tuple(weights), tuple(rng.uniform(0.001, 0.1, (2, n_heads))), (known, known), normalise_all)
    return (
        LinearHeads(rng.standard_normal((n_heads, DIM + N_SIGNALS)), rng.standard_normal(n_heads)),
        LinearHeads(rng.standard_normal((n_heads, N_SIGNALS)), rng.standard_normal(n_heads)),
        table,
    )


def test_the_decision_is_a_logistic_regression_on_both_sets_of_logits():
    first, second, targets = rows_of(0)
    decision = fit_decision((first, second), targets)
    joined = decision.logits(first, second)
    for head in range(2):
        known = targets[:, head] != UNKNOWN
        inputs = np.concatenate([first, second], axis=1)
        model = LogisticRegression(C=DECISION_C, max_iter=5_000, tol=1e-9).fit(inputs[known], targets[known, head])
        np.testing.assert_allclose(joined[:, head], model.decision_function(inputs), rtol=0, atol=1e-3)


def test_both_together_rank_better_than_either_and_come_out_calibrated():
    decision = decision_of(0, n_rows=2_000)
    first, second, targets = rows_of(1, n_rows=2_000)
    joined = decision.logits(first, second)
    for head in range(2):
        known = targets[:, head] != UNKNOWN
        y = targets[known, head] == 1
        both = auc(joined[known, head], y)
        assert both > max(auc(first[known, head], y), auc(second[known, head], y)) + 0.05
        assert expit(joined[known, head]).mean() == pytest.approx(y.mean(), abs=0.03)


@given(st.integers(0, 1_000), st.integers(1, 3), st.booleans(), st.sets(st.sampled_from([*KNOWN.tolist(), 7, 9])))
def test_the_folded_decision_is_the_decision_but_for_int8_steps(seed, n_heads, normalise_all, found):
    rng = np.random.default_rng(seed)
    network, table, ngrams = parts_of(seed, n_heads=n_heads, normalise_all=normalise_all)
    decision = Decision(mix=rng.standard_normal((n_heads, 2, n_heads)), bias=rng.standard_normal(n_heads))
    features = rng.standard_normal((1, DIM + N_SIGNALS))
    buckets = np.array(sorted(found), dtype=np.int64)
    first = network.logits(features)
    second = table.logits(features[:, DIM:]) + ngrams.logits((buckets, buckets))
    heads, folded = fold(decision, network, table, ngrams, dim=DIM)
    served = heads.logits(features) + folded.logits((buckets, buckets))
    n_known = len(found & set(KNOWN.tolist()))
    allowed = sum(0.5 * step for step in folded.steps) * np.sqrt(n_known) + 1e-9
    assert (np.abs(served - decision.logits(first, second))[0] <= allowed).all()
    assert all((a == b).all() for a, b in zip(folded.known, ngrams.known, strict=True))
    assert folded.normalise_all is normalise_all


def test_a_head_with_too_few_rows_of_a_kind_keeps_the_tables_logit_and_feeds_no_other():
    first, second, targets = rows_of(0, n_heads=3)
    targets[:, 2] = np.arange(len(targets)) < MIN_OF_A_CLASS - 1
    decision = fit_decision((first, second), targets)
    joined = decision.logits(first, second)
    assert joined[:, 2].tolist() == second[:, 2].tolist()
    assert not decision.mix[:2, :, 2].any()
    alone = fit_decision((first[:, :2], second[:, :2]), targets[:, :2])
    np.testing.assert_allclose(joined[:, :2], alone.logits(first[:, :2], second[:, :2]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("value", [0, 1, UNKNOWN])
def test_where_no_head_varies_the_table_alone_decides_and_is_folded_as_it_is(value):
    first, second, targets = rows_of(0)
    decision = fit_decision((first, second), np.full_like(targets, value))
    assert decision.logits(first, second).tolist() == second.tolist()
    network, table, ngrams = parts_of(0)
    heads, folded = fold(decision, network, table, ngrams, dim=DIM)
    assert not heads.coef[:, :DIM].any()
    np.testing.assert_allclose(heads.coef[:, DIM:], table.coef)
    np.testing.assert_allclose(heads.intercept, table.intercept)
    for k in range(2):
        exact = ngrams.weights[k][KNOWN] * ngrams.steps[k]
        np.testing.assert_allclose(folded.weights[k][KNOWN] * folded.steps[k], exact, atol=0.5 * folded.steps[k].max())


def test_an_n_gram_table_of_zeros_folds_into_zeros():
    network, table, ngrams = parts_of(0)
    nothing = replace(ngrams, weights=tuple(np.zeros_like(block) for block in ngrams.weights))
    decision = decision_of(0)
    _, folded = fold(decision, network, table, nothing, dim=DIM)
    assert not any(block.any() for block in folded.weights)
    assert folded.logits((KNOWN, KNOWN)).tolist() == [0.0, 0.0]


def test_any_number_of_sets_is_joined_and_another_number_is_refused():
    first, second, targets = rows_of(0)
    third = np.random.default_rng(1).standard_normal(first.shape)
    alone, three = fit_decision((first,), targets), fit_decision((first, second, third), targets)
    assert (alone.mix.shape, three.mix.shape) == ((2, 1, 2), (2, 3, 2))
    np.testing.assert_allclose(three.probabilities((first, second, third)), expit(three.logits(first, second, third)))
    assert np.abs(three.mix[:, 2]).max() < 0.2 * np.abs(three.mix[:, :2]).max(), "noise gets hardly any weight"
    with pytest.raises(ValueError, match="zip"):
        three.logits(first, second)
