"""Logistic heads on planted rules: what they find, and what must not move them."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from training.config import FitConfig
from training.heads import FittedHeads, HeadData, fit_heads, head_targets, is_target, row_weights
from training.labels import UNKNOWN, labels_from_adequate
from training.splits import group_folds

DIM = 2
CONFIG = FitConfig(name="planted", c_grid=(0.01, 1.0, 100.0), embedding_scale=1.0)


@pytest.fixture(autouse=True)
def one_process():
    """Heads are fitted in this process, so that a warning of scikit-learn is an error here."""
    with joblib.parallel_config("sequential"):
        yield


def planted(
    n_rows: int, *, coef: list[float], intercept: float, seed: int = 0, auxiliary: str = "", n_heads: int = 1
) -> HeadData:
    """Rows whose targets follow one linear rule, the same for each head, drawn anew for each."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_rows, len(coef)))
    rates = expit(features @ np.array(coef) + intercept)
    targets = (rng.random((n_rows, n_heads)) < rates[:, None]).astype(np.int8)
    return HeadData(
        features=features,
        targets=targets,
        weights=np.ones(n_rows),
        groups=[f"{auxiliary}{n}" for n in range(n_rows)],
        auxiliary=np.full(n_rows, auxiliary),
    )


def joined(*parts: HeadData) -> HeadData:
    return HeadData(
        features=np.concatenate([part.features for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        groups=[group for part in parts for group in part.groups],
        auxiliary=np.concatenate([part.auxiliary for part in parts]),
    )


def as_bytes(fitted: FittedHeads) -> tuple[bytes, bytes, tuple[float, ...], object]:
    return fitted.heads.coef.tobytes(), fitted.heads.intercept.tobytes(), fitted.c, fitted.cv_log_loss


RULE = [1.5, -1.0, 0.0, 0.5, 2.0, 0.0]


def test_heads_find_a_planted_linear_rule():
    fitted = fit_heads(planted(8_000, coef=RULE, intercept=-0.7, n_heads=2), n_embedding=2 * DIM, config=CONFIG)
    assert fitted.heads.coef.shape == (2, 6)
    np.testing.assert_allclose(fitted.heads.coef, [RULE, RULE], atol=0.15)
    np.testing.assert_allclose(fitted.heads.intercept, [-0.7, -0.7], atol=0.15)
    assert set(fitted.c) <= {1.0, 100.0}


def test_the_factor_on_embeddings_only_regularises_and_folds_away():
    data = planted(4_000, coef=RULE, intercept=-0.7)
    shrunk = replace(data, features=data.features * np.array([0.05] * 2 * DIM + [1.0, 1.0]))
    strong = replace(CONFIG, c_grid=(0.01,))
    plain = fit_heads(shrunk, n_embedding=2 * DIM, config=strong).heads
    scaled = fit_heads(shrunk, n_embedding=2 * DIM, config=replace(strong, embedding_scale=20.0)).heads
    same = fit_heads(data, n_embedding=2 * DIM, config=strong).heads
    np.testing.assert_allclose(shrunk.features @ scaled.coef.T, data.features @ same.coef.T, atol=1e-3)
    assert np.abs(plain.coef[0, : 2 * DIM]).sum() < 0.2 * np.abs(scaled.coef[0, : 2 * DIM]).sum()


@pytest.mark.parametrize("value", [0, 1])
def test_a_target_that_never_varies_gives_a_constant_head_with_a_smoothed_rate(value):
    data = planted(50, coef=RULE, intercept=0.0)
    constant = replace(data, targets=np.full((50, 1), value, dtype=np.int8))
    fitted = fit_heads(constant, n_embedding=2 * DIM, config=CONFIG)
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == pytest.approx(logit((50 * value + 0.5) / 51))


def test_a_head_without_one_known_target_says_one_half():
    data = planted(50, coef=RULE, intercept=0.0)
    fitted = fit_heads(
        replace(data, targets=np.full((50, 1), UNKNOWN, dtype=np.int8)), n_embedding=2 * DIM, config=CONFIG
    )
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == 0.0


def test_a_target_too_rare_for_every_fold_gives_a_constant_head():
    targets = np.zeros((50, 1), dtype=np.int8)
    targets[7] = 1
    fitted = fit_heads(
        replace(planted(50, coef=RULE, intercept=0.0), targets=targets), n_embedding=2 * DIM, config=CONFIG
    )
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == pytest.approx(logit(1.5 / 51))


@pytest.mark.parametrize("other_rate", [-3.0, 3.0])
def test_an_auxiliary_source_with_another_base_rate_does_not_move_the_served_intercept(other_rate):
    target = planted(3_000, coef=RULE, intercept=-0.5, seed=1)
    auxiliary = planted(6_000, coef=RULE, intercept=other_rate, seed=2, auxiliary="elsewhere")
    alone = fit_heads(target, n_embedding=2 * DIM, config=CONFIG).heads
    helped = fit_heads(joined(target, auxiliary), n_embedding=2 * DIM, config=CONFIG).heads
    assert helped.coef.shape == alone.coef.shape, "offsets are no part of what is served"
    assert helped.intercept[0] == pytest.approx(alone.intercept[0], abs=0.1)
    assert np.abs(helped.coef - [RULE]).max() < np.abs(alone.coef - [RULE]).max() + 0.05

    everything = joined(target, auxiliary)
    pooled = fit_heads(replace(everything, auxiliary=np.full(9_000, "")), n_embedding=2 * DIM, config=CONFIG).heads
    assert abs(pooled.intercept[0] - alone.intercept[0]) > 0.5, "without offsets it would move"


def test_regularisation_is_chosen_on_held_out_target_rows_alone():
    target = planted(300, coef=RULE, intercept=0.0, seed=1)
    backwards = planted(900, coef=[-x for x in RULE], intercept=0.0, seed=2, auxiliary="elsewhere")
    backwards = replace(backwards, weights=np.full(900, 0.1))
    data = joined(target, backwards)
    fitted = fit_heads(data, n_embedding=2 * DIM, config=CONFIG)
    folds = group_folds(data.groups, n_folds=CONFIG.n_folds, seed=CONFIG.seed)
    matrix = np.column_stack([data.features, data.auxiliary == "elsewhere"])
    y, is_auxiliary = data.targets[:, 0], data.auxiliary != ""
    expected = []
    for c in CONFIG.c_grid:
        losses = []
        for fold in range(CONFIG.n_folds):
            model = LogisticRegression(C=c, max_iter=5_000, tol=1e-8)
            model.fit(matrix[folds != fold], y[folds != fold], sample_weight=data.weights[folds != fold])
            held_out = (folds == fold) & ~is_auxiliary
            p = model.predict_proba(matrix[held_out])[np.arange(held_out.sum()), y[held_out]]
            losses.append(-np.log(p).mean())
        expected.append(np.mean(losses))
    np.testing.assert_allclose(fitted.cv_log_loss[0], expected, atol=1e-4)
    assert fitted.c[0] == CONFIG.c_grid[int(np.argmin(expected))]


def test_copies_within_a_group_do_not_pass_as_evidence_for_weak_regularisation():
    rng = np.random.default_rng(0)
    features = np.repeat(rng.standard_normal((60, 40)), 8, axis=0)
    targets = np.repeat(rng.integers(0, 2, (60, 1)), 8, axis=0).astype(np.int8)  # nothing to learn
    groups = [f"g{n // 8}" for n in range(480)]
    data = HeadData(features, targets, np.ones(480), groups, np.full(480, ""))
    parted = replace(data, groups=[str(n) for n in range(480)])
    config = replace(CONFIG, c_grid=(0.0001, 1.0))
    assert fit_heads(data, n_embedding=2 * DIM, config=config).c == (0.0001,)
    assert fit_heads(parted, n_embedding=2 * DIM, config=config).c == (1.0,), (
        "with copies on both sides it would be fooled"
    )


def test_rows_with_unknown_targets_change_nothing_for_that_head():
    data = planted(300, coef=RULE, intercept=0.3, n_heads=2)
    noise = replace(
        planted(300, coef=RULE, intercept=9.0, seed=3, n_heads=2),
        targets=np.column_stack([np.full(300, UNKNOWN), np.arange(300) % 2]).astype(np.int8),
    )
    alone = fit_heads(data, n_embedding=2 * DIM, config=CONFIG)
    mixed = fit_heads(joined(data, noise), n_embedding=2 * DIM, config=CONFIG)  # the same groups, so the same folds
    assert mixed.heads.coef[0].tobytes() == alone.heads.coef[0].tobytes()
    assert mixed.heads.intercept[0] == alone.heads.intercept[0]
    assert mixed.cv_log_loss[0] == alone.cv_log_loss[0]
    assert mixed.heads.intercept[1] != alone.heads.intercept[1]


def test_a_weight_of_two_counts_as_two_rows():
    data = planted(200, coef=RULE, intercept=0.3)
    twice = fit_heads(
        replace(data, weights=np.full(200, 2.0)), n_embedding=2 * DIM, config=replace(CONFIG, c_grid=(1.0,))
    )
    copied = fit_heads(joined(data, data), n_embedding=2 * DIM, config=replace(CONFIG, c_grid=(1.0,)))
    np.testing.assert_allclose(twice.heads.coef, copied.heads.coef, atol=1e-3)


def test_the_same_rows_give_the_same_bytes_on_one_core_and_on_several():
    data = planted(400, coef=RULE, intercept=0.3, n_heads=2)
    first = as_bytes(fit_heads(data, n_embedding=2 * DIM, config=CONFIG))
    assert as_bytes(fit_heads(data, n_embedding=2 * DIM, config=CONFIG)) == first
    with joblib.parallel_config("loky"):
        assert as_bytes(fit_heads(data, n_embedding=2 * DIM, config=CONFIG)) == first


def test_taking_rows_takes_all_that_belongs_to_them():
    data = planted(5, coef=RULE, intercept=0.3, auxiliary="x")
    taken = data.take(np.array([3, 1]))
    assert (taken.features == data.features[[3, 1]]).all()
    assert (list(taken.groups), taken.auxiliary.tolist(), len(taken.weights)) == (["x3", "x1"], ["x", "x"], 2)


LADDERS = labels_from_adequate(np.array([[0, 1, 1], [0, 0, 0], [-1, 1, 1], [0, 0, -1]], dtype=np.int8))


@pytest.mark.parametrize(
    ("unsolved", "of_the_unsolved_row"), [("cheap", [0, 0, 1]), ("strong", [1, 1, 1]), ("drop", [-1, -1, 1])]
)
def test_what_an_unsolved_row_teaches_is_an_option_and_touches_no_other_row(unsolved, of_the_unsolved_row):
    targets = head_targets(LADDERS, unsolved=unsolved)
    assert targets.tolist() == [[1, 0, 0], of_the_unsolved_row, [-1, 0, 0], [-1, -1, -1]]
    assert LADDERS.loss.tolist() == [[1, 0], [0, 0], [-1, 0], [-1, -1]], "the labels stay as they were"


def test_auxiliary_rows_weigh_less_and_no_source_weighs_more_than_its_cap():
    sources = np.array(["traffic"] * 10 + ["small"] * 4 + ["huge"] * 50)
    config = replace(CONFIG, target_sources=("traffic",), auxiliary_weight=0.5, source_cap=8)
    weights = row_weights(sources, config)
    assert weights[sources == "traffic"].tolist() == [0.8] * 10
    assert weights[sources == "small"].tolist() == [0.5] * 4
    assert weights[sources == "huge"].sum() == pytest.approx(0.5 * 8)
    assert row_weights(sources, replace(CONFIG, source_cap=1_000)).tolist() == [1.0] * 64


def test_every_source_is_a_target_where_none_is_named():
    assert is_target("anything", CONFIG)
    assert not is_target("anything", replace(CONFIG, target_sources=("traffic",)))
