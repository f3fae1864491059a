"""Logistic heads on planted rules: what they find, and what must not move them."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from router.reading import read
from router.types import ChatRequest, Message
from training.config import FitConfig
from training.fitting import heads
from training.fitting.design import RowBuckets
from training.fitting.heads import FittedHeads, HeadData, fit_heads, head_targets, is_target, reversals, row_weights
from training.fitting.hyper import LABELS, OUTCOMES, HeadHyper
from training.labels.labels import UNKNOWN, labels_from_adequate
from training.measure.metrics import auc
from training.rows.splits import group_folds

DIM = 2
CONFIG = FitConfig(name="planted")

PLAIN = HeadHyper(
    c_grid=(0.01, 1.0, 100.0),
    embedding_weight=1.0,
    signal_weight=2.0**0.5,
    ngram_weights=(3.0, 2.0),
    min_rows=1,
    copies=0,
    drop=0.0,
    normalise_all=False,
    reversal_weight=1.0,
)
"""With two signals every feature stays as it is; no copies."""


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
        buckets=None,
        targets=targets,
        reversed=np.zeros_like(targets, dtype=np.bool_),
        weights=np.ones(n_rows),
        groups=np.array([f"{auxiliary}{n}" for n in range(n_rows)]),
        auxiliary=np.full(n_rows, auxiliary),
    )


def joined(*parts: HeadData) -> HeadData:
    return HeadData(
        features=np.concatenate([part.features for part in parts]),
        buckets=None if parts[0].buckets is None else parts[0].buckets.with_copies([p.buckets for p in parts[1:]]),
        targets=np.concatenate([part.targets for part in parts]),
        reversed=np.concatenate([part.reversed for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        groups=np.concatenate([part.groups for part in parts]),
        auxiliary=np.concatenate([part.auxiliary for part in parts]),
    )


def as_bytes(fitted: FittedHeads) -> tuple[bytes, bytes, tuple[float, ...], object]:
    return fitted.heads.coef.tobytes(), fitted.heads.intercept.tobytes(), fitted.c, fitted.cv_log_loss


def fitted_on(data: HeadData, hyper: HeadHyper = PLAIN, config: FitConfig = CONFIG) -> FittedHeads:
    return fit_heads(data, n_embedding=2 * DIM, config=config, hyper=hyper)


RULE = [1.5, -1.0, 0.0, 0.5, 2.0, 0.0]


def test_heads_find_a_planted_linear_rule():
    fitted = fitted_on(planted(8_000, coef=RULE, intercept=-0.7, n_heads=2))
    assert fitted.heads.coef.shape == (2, 6)
    np.testing.assert_allclose(fitted.heads.coef, [RULE, RULE], atol=0.15)
    np.testing.assert_allclose(fitted.heads.intercept, [-0.7, -0.7], atol=0.15)
    assert set(fitted.c) <= {1.0, 100.0}


def test_a_blocks_weight_only_regularises_and_folds_away():
    data = planted(4_000, coef=RULE, intercept=-0.7)
    shrunk = replace(data, features=data.features * np.array([0.05] * 2 * DIM + [1.0, 1.0]))
    strong = replace(PLAIN, c_grid=(0.01,))
    plain = fitted_on(shrunk, strong).heads
    scaled = fitted_on(shrunk, replace(strong, embedding_weight=20.0)).heads
    same = fitted_on(data, strong).heads
    np.testing.assert_allclose(shrunk.features @ scaled.coef.T, data.features @ same.coef.T, atol=1e-3)
    assert np.abs(plain.coef[0, : 2 * DIM]).sum() < 0.2 * np.abs(scaled.coef[0, : 2 * DIM]).sum()


@pytest.mark.parametrize("value", [0, 1])
def test_a_target_that_never_varies_gives_a_constant_head_with_a_smoothed_rate(value):
    data = planted(50, coef=RULE, intercept=0.0)
    constant = replace(data, targets=np.full((50, 1), value, dtype=np.int8))
    fitted = fitted_on(constant)
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == pytest.approx(logit((50 * value + 0.5) / 51))


def test_a_head_without_one_known_target_says_one_half():
    data = planted(50, coef=RULE, intercept=0.0)
    fitted = fitted_on(replace(data, targets=np.full((50, 1), UNKNOWN, dtype=np.int8)))
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == 0.0


def test_a_target_too_rare_for_every_fold_gives_a_constant_head():
    targets = np.zeros((50, 1), dtype=np.int8)
    targets[7] = 1
    fitted = fitted_on(replace(planted(50, coef=RULE, intercept=0.0), targets=targets))
    assert not fitted.heads.coef.any()
    assert fitted.heads.intercept[0] == pytest.approx(logit(1.5 / 51))


@pytest.mark.parametrize("other_rate", [-3.0, 3.0])
def test_an_auxiliary_source_with_another_base_rate_does_not_move_the_served_intercept(other_rate):
    target = planted(3_000, coef=RULE, intercept=-0.5, seed=1)
    auxiliary = planted(6_000, coef=RULE, intercept=other_rate, seed=2, auxiliary="elsewhere")
    alone = fitted_on(target).heads
    helped = fitted_on(joined(target, auxiliary)).heads
    assert helped.coef.shape == alone.coef.shape, "offsets are no part of what is served"
    assert helped.intercept[0] == pytest.approx(alone.intercept[0], abs=0.1)
    assert np.abs(helped.coef - [RULE]).max() < np.abs(alone.coef - [RULE]).max() + 0.05

    everything = joined(target, auxiliary)
    pooled = fitted_on(replace(everything, auxiliary=np.full(9_000, ""))).heads
    assert abs(pooled.intercept[0] - alone.intercept[0]) > 0.5, "without offsets it would move"


def test_regularisation_is_chosen_on_held_out_target_rows_alone():
    target = planted(300, coef=RULE, intercept=0.0, seed=1)
    backwards = planted(900, coef=[-x for x in RULE], intercept=0.0, seed=2, auxiliary="elsewhere")
    backwards = replace(backwards, weights=np.full(900, 0.1))
    data = joined(target, backwards)
    fitted = fitted_on(data)
    folds = group_folds(data.groups, n_folds=CONFIG.n_folds, seed=CONFIG.seed)
    matrix = np.column_stack([data.features, data.auxiliary == "elsewhere"])
    y, is_auxiliary = data.targets[:, 0], data.auxiliary != ""
    expected = []
    for c in PLAIN.c_grid:
        losses = []
        for fold in range(CONFIG.n_folds):
            model = LogisticRegression(C=c, max_iter=5_000, tol=1e-8)
            model.fit(matrix[folds != fold], y[folds != fold], sample_weight=data.weights[folds != fold])
            held_out = (folds == fold) & ~is_auxiliary
            p = model.predict_proba(matrix[held_out])[np.arange(held_out.sum()), y[held_out]]
            losses.append(-np.log(p).mean())
        expected.append(np.mean(losses))
    np.testing.assert_allclose(fitted.cv_log_loss[0], expected, atol=1e-4)
    assert fitted.c[0] == PLAIN.c_grid[int(np.argmin(expected))]


def test_copies_within_a_group_do_not_pass_as_evidence_for_weak_regularisation():
    rng = np.random.default_rng(0)
    features = np.repeat(rng.standard_normal((60, 40)), 8, axis=0)
    targets = np.repeat(rng.integers(0, 2, (60, 1)), 8, axis=0).astype(np.int8)  # nothing to learn
    groups = np.array([f"g{n // 8}" for n in range(480)])
    data = HeadData(features, None, targets, targets > 1, np.ones(480), groups, np.full(480, ""))
    parted = replace(data, groups=np.arange(480).astype(str))
    strong = replace(PLAIN, c_grid=(0.0001, 1.0))
    assert fitted_on(data, strong).c == (0.0001,)
    assert fitted_on(parted, strong).c == (1.0,), "with copies on both sides it would be fooled"


def test_rows_with_unknown_targets_change_nothing_for_that_head():
    data = planted(300, coef=RULE, intercept=0.3, n_heads=2)
    noise = replace(
        planted(300, coef=RULE, intercept=9.0, seed=3, n_heads=2),
        targets=np.column_stack([np.full(300, UNKNOWN), np.arange(300) % 2]).astype(np.int8),
    )
    alone = fitted_on(data)
    mixed = fitted_on(joined(data, noise))  # the same groups, so the same folds
    assert mixed.heads.coef[0].tobytes() == alone.heads.coef[0].tobytes()
    assert mixed.heads.intercept[0] == alone.heads.intercept[0]
    assert mixed.cv_log_loss[0] == alone.cv_log_loss[0]
    assert mixed.heads.intercept[1] != alone.heads.intercept[1]


def test_a_weight_of_two_counts_as_two_rows():
    data = planted(200, coef=RULE, intercept=0.3)
    one_c = replace(PLAIN, c_grid=(1.0,))
    twice = fitted_on(replace(data, weights=np.full(200, 2.0)), one_c)
    copied = fitted_on(joined(data, data), one_c)
    np.testing.assert_allclose(twice.heads.coef, copied.heads.coef, atol=1e-3)


def test_the_same_rows_give_the_same_bytes_on_one_core_and_on_several():
    data = planted(400, coef=RULE, intercept=0.3, n_heads=2)
    first = as_bytes(fitted_on(data))
    assert as_bytes(fitted_on(data)) == first
    with joblib.parallel_config("loky"):
        assert as_bytes(fitted_on(data)) == first


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


def test_a_reversal_is_where_a_tier_sufficed_and_a_stronger_one_is_known_not_to():
    adequate = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 0], [1, -1, 0], [1, 1, -1], [0, 0, 0]], dtype=np.int8)
    found = reversals(labels_from_adequate(adequate)).astype(int)
    assert found.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_a_reversal_weight_of_three_counts_the_row_three_times_for_that_head_alone():
    data = planted(200, coef=RULE, intercept=0.3, n_heads=2)
    is_reversed = np.zeros((200, 2), dtype=np.bool_)
    is_reversed[:40, 0] = True
    one_c = replace(PLAIN, c_grid=(1.0,))
    weighted = fitted_on(replace(data, reversed=is_reversed), replace(one_c, reversal_weight=3.0)).heads
    first = data.take(np.arange(40))
    copied = fitted_on(joined(data, first, first), one_c).heads
    np.testing.assert_allclose(weighted.coef[0], copied.coef[0], atol=1e-3)
    assert weighted.coef[1].tobytes() == fitted_on(data, one_c).heads.coef[1].tobytes()


# --- N-grams ---------------------------------------------------------------------------------------------------------

HARD, EASY = 7, 8
"""The buckets of two planted words."""


def spoken(n_rows: int, *, seed: int = 0, says: float = 0.8) -> HeadData:
    """Rows of fifteen of 300 common words; a share `says` of them holds a word that tells the target."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n_rows)
    buckets = []
    for target in y.tolist():
        words = set((100 + rng.integers(0, 300, 15)).tolist())
        if rng.random() < says:
            words.add(HARD if target else EASY)
        buckets.append((np.array(sorted(words)), np.array(sorted(words)) + 1_000))
    return HeadData(
        features=rng.standard_normal((n_rows, 2 * DIM + 2)),
        buckets=RowBuckets.of_rows(buckets),
        targets=y.astype(np.int8)[:, None],
        reversed=np.zeros((n_rows, 1), dtype=np.bool_),
        weights=np.ones(n_rows),
        groups=np.arange(n_rows).astype(str),
        auxiliary=np.full(n_rows, ""),
    )


SPOKEN = replace(PLAIN, c_grid=(1.0,), min_rows=4)
THINNED = replace(SPOKEN, copies=2, drop=0.4)


def weight_of(fitted: FittedHeads, bucket: int, *, block: int = 0) -> float:
    return float(fitted.ngrams.weights[block][bucket, 0] * fitted.ngrams.steps[block][0])


@pytest.mark.parametrize("hyper", [SPOKEN, THINNED], ids=["plain", "with copies"])
def test_planted_words_are_found_and_decide_rows_never_seen(hyper):
    fitted = fitted_on(spoken(500), hyper)
    others = [abs(weight_of(fitted, bucket)) for bucket in range(100, 400)]
    assert weight_of(fitted, HARD) > 2 * max(others)
    assert weight_of(fitted, EASY) < -2 * max(others)
    assert weight_of(fitted, HARD + 1_000, block=1) > 0 > weight_of(fitted, EASY + 1_000, block=1)
    unseen = spoken(300, seed=9)
    logits = fitted.logits(unseen.features, unseen.buckets)
    assert logits.shape == (300, 1)
    assert auc(logits[:, 0], unseen.targets[:, 0] == 1) > 0.85
    assert auc(fitted.heads.logits(unseen.features)[:, 0], unseen.targets[:, 0] == 1) < 0.65, "features say nothing"


def test_words_of_real_text_are_learned_through_the_services_own_pieces(shipped_encoder):
    rng = np.random.default_rng(0)
    things = ["invoice", "calendar", "photo", "recipe", "ticket", "playlist", "garden", "budget", "flight", "letter"]
    y = np.arange(200) % 2
    texts = [
        f"{'prove by induction' if hard else 'just look up'} the {rng.choice(things)} of {rng.choice(things)} {n}"
        for n, hard in enumerate(y.tolist())
    ]
    buckets = RowBuckets.of([read(ChatRequest(messages=(Message("user", text),))) for text in texts], shipped_encoder)
    data = replace(spoken(200), buckets=buckets, targets=y.astype(np.int8)[:, None], features=np.zeros((200, 6)))
    fitted = fitted_on(data, THINNED)
    asks = ["please prove by induction what I told you", "just look up the weather", "zebra"]
    new = RowBuckets.of([read(ChatRequest(messages=(Message("user", ask),))) for ask in asks], shipped_encoder)
    hard, easy, neither = fitted.logits(np.zeros((3, 6)), new)[:, 0]
    assert hard > 1 > abs(neither)
    assert easy < -1


def test_with_copies_rows_that_lack_the_sure_word_are_judged_better():
    rng = np.random.default_rng(0)

    def rows(n: int, *, sure: float) -> HeadData:
        """Rows where the sure word is said at its rate, beside four that tell less."""
        y = np.arange(n) % 2
        buckets = []
        for target in y.tolist():
            said = [HARD] * (target and rng.random() < sure) + [
                b for b in range(20, 24) if rng.random() < 0.2 + 0.6 * target
            ]
            common = (100 + rng.integers(0, 50, 8)).tolist()
            buckets.append((np.array(sorted({*said, *common})), np.zeros(0, dtype=np.int64)))
        return replace(spoken(n), buckets=RowBuckets.of_rows(buckets), targets=y.astype(np.int8)[:, None])

    learned, without = rows(600, sure=1.0), rows(600, sure=0.0)
    losses = []
    for hyper in (SPOKEN, THINNED):
        logits = fitted_on(learned, hyper).logits(without.features, without.buckets)[:, 0]
        losses.append(np.logaddexp(0.0, -logits * np.where(without.targets[:, 0] == 1, 1, -1)).mean())
    assert losses[1] < 0.95 * losses[0]


def ngram_bytes(fitted: FittedHeads) -> tuple[bytes, ...]:
    return tuple(part.tobytes() for parts in (fitted.ngrams.weights, fitted.ngrams.steps) for part in parts)


def test_copies_follow_from_the_seed_alone():
    data = spoken(200)
    once, again, other = (fitted_on(data, THINNED, replace(CONFIG, seed=seed)) for seed in (0, 0, 1))
    assert as_bytes(once) == as_bytes(again)
    assert ngram_bytes(once) == ngram_bytes(again) != ngram_bytes(other)
    assert ngram_bytes(fitted_on(data, SPOKEN)) != ngram_bytes(once)


def test_without_n_grams_nothing_is_copied_and_there_is_no_table():
    data = planted(200, coef=RULE, intercept=0.3)
    once, copied = (fitted_on(data, replace(PLAIN, c_grid=(1.0,), copies=copies, drop=0.4)) for copies in (0, 2))
    assert once.ngrams is None
    assert as_bytes(once) == as_bytes(copied)


def test_many_rows_are_not_copied(monkeypatch):
    data = spoken(200)
    plain = fitted_on(data, SPOKEN)
    monkeypatch.setattr(heads, "MAX_ROWS_FOR_COPIES", 199)
    assert ngram_bytes(fitted_on(data, THINNED)) == ngram_bytes(plain)


def test_a_constant_head_has_no_n_grams_either():
    data = spoken(60)
    fitted = fitted_on(replace(data, targets=np.zeros((60, 1), dtype=np.int8)), THINNED)
    assert not any(block.any() for block in fitted.ngrams.weights)
    logits = fitted.logits(data.features, data.buckets)
    np.testing.assert_allclose(logits, logit(0.5 / 61))


def test_no_rows_give_no_logits():
    fitted = fitted_on(spoken(60), SPOKEN)
    assert fitted.logits(np.zeros((0, 6)), RowBuckets.of_rows([])).shape == (0, 1)


# --- Cross-validation on a part of many rows -------------------------------------------------------------------------


def test_c_is_chosen_on_whole_groups_of_about_the_stated_number_of_rows(monkeypatch):
    monkeypatch.setattr(heads, "MAX_ROWS_FOR_CV", 120)
    seen: list[list[str]] = []

    def spy(groups, **more):
        seen.append(list(groups))
        return group_folds(groups, **more)

    monkeypatch.setattr(heads, "group_folds", spy)
    data = planted(480, coef=RULE, intercept=0.3)
    data = replace(data, groups=np.array([f"g{n // 4}" for n in range(480)]))
    chosen = []
    for seed in (0, 0, 1):
        seen.clear()
        fitted = fitted_on(data, PLAIN, replace(CONFIG, seed=seed))
        sample = seen[-1]
        assert len(sample) == pytest.approx(120, abs=20)
        assert all(sample.count(group) == 4 for group in sample), "a group is in the sample whole or not at all"
        chosen.append(sample)
        all_rows = fitted_on(data, replace(PLAIN, c_grid=fitted.c))
        assert all_rows.heads.coef.tobytes() == fitted.heads.coef.tobytes(), "the heads are fitted on all rows"
    assert chosen[0] == chosen[1] != chosen[2]


def test_a_head_that_no_fold_can_judge_has_no_held_out_loss_and_takes_the_first_c():
    data = planted(60, coef=RULE, intercept=0.0)
    fitted = fitted_on(replace(data, targets=np.zeros((60, 1), dtype=np.int8)))
    assert fitted.c == PLAIN.c_grid[:1]
    assert np.isnan(fitted.cv_log_loss).all()


@pytest.mark.parametrize("hyper", [LABELS, OUTCOMES], ids=["labels", "outcomes"])
def test_the_presets_find_planted_words(hyper):
    fitted = fitted_on(spoken(400), replace(hyper, c_grid=hyper.c_grid[:1]))
    unseen = spoken(300, seed=9)
    assert auc(fitted.logits(unseen.features, unseen.buckets)[:, 0], unseen.targets[:, 0] == 1) > 0.75
    assert fitted.ngrams.normalise_all is hyper.normalise_all
