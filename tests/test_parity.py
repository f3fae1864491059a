"""The contract between the two halves: what training fitted is what a loaded bundle serves.

The bundle is written, loaded, and asked through the service's own path (text, reading, encoder, n-grams, heads,
calibration); the other side is scikit-learn's estimators, on the design that training fitted: the fitted heads frozen,
CalibratedClassifierCV over them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router import RouteDecision, Router
from router.brain.brain import Scores, assemble_features, scores_of
from router.brain.bundle.write import BundleContents, write_bundle
from router.policy import Price
from router.types import Reason
from tests.training import fits
from training.fitting.calibrate import frozen_head
from training.fitting.heads import head_targets
from training.labels.labels import UNKNOWN
from training.pipeline import fit_bundle
from training.thresholds.choose import calibration_sides
from training.thresholds.simulate import route_scores

CALIBRATIONS = ("sigmoid", "isotonic")


@dataclass(frozen=True)
class Parity:
    """A fit and the routers that serve it.

    router: as the bundle ships: it chooses by price.  by_threshold: the bundle without its held-out rows, as an older
    one: it chooses by the threshold that training measured.
    rows: positions of the rows that are compared, none of them fitted or calibrated on.
    """

    contents: BundleContents
    router: Router
    by_threshold: Router
    rows: np.ndarray


@pytest.fixture(scope="module", params=CALIBRATIONS)
def parity(request, tmp_path_factory) -> Parity:
    contents = fits.fitted(request.param)
    folder = tmp_path_factory.mktemp("parity")
    write_bundle(folder / "shipped", contents)
    write_bundle(folder / "older", replace(contents, held_out=None))
    splits = fits.sides(fits.traffic_data().groups)
    rows = np.concatenate([splits.test, splits.calibrate])
    assert len(rows) >= 200
    routers = {name: Router.load(folder / name, environ={}) for name in ("shipped", "older")}
    return Parity(contents=contents, router=routers["shipped"], by_threshold=routers["older"], rows=rows)


def features_of(contents: BundleContents, rows: np.ndarray) -> np.ndarray:
    """What the heads were fitted on, from the embeddings of training."""
    prepared = fits.traffic_prepared()
    return assemble_features(prepared.embeddings[rows], contents.brain.signal_scale.apply(prepared.signals[rows]))


def logits_of(contents: BundleContents, rows: np.ndarray) -> np.ndarray:
    """The fitted heads' logits from the embeddings and n-grams of training: (n, n_heads)."""
    prepared, brain = fits.traffic_prepared(), contents.brain
    ngrams = [brain.ngrams.logits(prepared.buckets[row]) for row in rows.tolist()]
    return brain.heads.logits(features_of(contents, rows)) + np.array(ngrams)


def targets_of(rows: np.ndarray) -> np.ndarray:
    return head_targets(fits.traffic_prepared().data.labels.take(rows), unsolved=fits.CONFIG.unsolved)


def calibrating_rows(method: str) -> np.ndarray:
    """The rows that calibrate: isotonic curves leave the others to the threshold."""
    groups = fits.traffic_data().groups
    return calibration_sides(groups, fits.sides(groups).calibrate, method=method, seed=fits.CONFIG.seed)[0]


def scikit_learn_probabilities(parity: Parity) -> np.ndarray:
    """(n, n_tiers): each head's probabilities of the compared rows; heads that never vary keep their own."""
    contents = parity.contents
    method = contents.training["config"]["calibration"]
    calibrating = calibrating_rows(method)
    known, asked, targets = logits_of(contents, calibrating), logits_of(contents, parity.rows), targets_of(calibrating)
    columns = []
    for head in range(len(contents.brain.tiers)):
        model = frozen_head()
        if contents.brain.heads.coef[head].any():
            y = targets[:, head]
            assert (y != UNKNOWN).all()
            model = CalibratedClassifierCV(FrozenEstimator(model), method=method).fit(known[:, [head]], y)
        columns.append(model.predict_proba(asked[:, [head]])[:, 1])
    return np.stack(columns, axis=1)


def test_a_loaded_bundle_predicts_the_estimators_probabilities(parity):
    brain = parity.router.bundle.brain
    readings = [fits.traffic_data().readings[row] for row in parity.rows.tolist()]
    served = brain.calibration.apply(brain.logits(readings))
    # No label of these rows says "unsolved", so that head is a constant that isotonic knots only approximate.
    expected = scikit_learn_probabilities(parity)
    np.testing.assert_allclose(served[:, :-1], expected[:, :-1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(served[:, -1], expected[:, -1], rtol=0, atol=1e-4)


def test_the_served_losses_are_the_estimators_made_coherent(parity):
    expected = scores_of(scikit_learn_probabilities(parity), domain_distance=np.zeros(len(parity.rows)))
    for position, row in enumerate(parity.rows.tolist()):
        decision = parity.router.route(body_of(row))
        losses, adequate = expected.expected_quality_loss[position], expected.p_adequate[position]
        np.testing.assert_allclose(list(decision.expected_quality_loss.values()), losses, rtol=0, atol=1e-6)
        np.testing.assert_allclose(list(decision.p_adequate.values()), adequate, rtol=0, atol=1e-4)


def test_by_a_threshold_the_service_decides_as_training_measured(parity):
    contents = parity.contents
    brain, promise = contents.brain, contents.promise
    scores = fits.traffic_prepared().take(parity.rows).scores(brain)
    tiers = route_scores(scores, promise.threshold_for(), max_distance=brain.domain.max_distance, safe_tier=1)
    served = {place: decision.tier for place, decision in scored(parity, parity.by_threshold).items()}
    assert served == {row: brain.tiers[tier] for row, tier in enumerate(tiers.tolist()) if row in served}
    assert len(served) > 0.9 * len(tiers), "few rows are of a turn that the policy decides"
    assert len(set(served.values())) == 3, "rows that all get one tier prove little"


def scored(parity: Parity, router: Router) -> dict[int, RouteDecision]:
    """The decision on each row, by its place among parity.rows, that the classifier made and not the kind of turn."""
    decisions = enumerate(router.route(body_of(row)) for row in parity.rows.tolist())
    return {place: decision for place, decision in decisions if decision.reason is not Reason.TURN}


def estimators_scores(parity: Parity) -> Scores:
    """The compared rows' scores by scikit-learn's estimators."""
    prepared = fits.traffic_prepared()
    token_ids, progress = prepared.token_ids.take(parity.rows).lists(), prepared.progress_of(parity.rows)
    distances = parity.contents.brain.domain.distances(token_ids, progress)
    return scores_of(scikit_learn_probabilities(parity), domain_distance=distances)


def test_by_a_threshold_the_service_decides_as_the_estimators_do(parity):
    contents, scores = parity.contents, estimators_scores(parity)
    threshold = contents.promise.threshold_for()
    tiers = route_scores(scores, threshold, max_distance=contents.brain.domain.max_distance, safe_tier=1)
    # A loss within rounding of the threshold may fall on either side of it.
    sure = (np.abs(scores.expected_quality_loss - threshold) > 1e-9).all(axis=1)
    decisions = scored(parity, parity.by_threshold).items()
    served = {place: contents.brain.tiers.index(decision.tier) for place, decision in decisions if sure[place]}
    assert len(served) > 0.8 * len(tiers)
    assert served == {place: tier for place, tier in enumerate(tiers.tolist()) if place in served}


def test_by_a_price_the_service_decides_as_the_estimators_losses_and_the_requests_costs_say(parity):
    brain, scores = parity.contents.brain, estimators_scores(parity)
    price = parity.router.setup.policies["auto"].threshold
    assert isinstance(price, Price) and price.is_relative
    decisions = scored(parity, parity.router)
    places = np.array(list(decisions))
    costs = np.array([list(decision.estimated_cost_usd.values()) for decision in decisions.values()])
    totals = scores.expected_quality_loss[places] + costs / (price.usd * costs.max(axis=1, keepdims=True))
    outside = scores.domain_distance[places] > brain.domain.max_distance
    tiers = np.where(outside, np.maximum(totals.argmin(axis=1), 1), totals.argmin(axis=1))
    # Totals within rounding of each other may fall either way.
    least = np.sort(totals, axis=1)
    sure = least[:, 1] - least[:, 0] > 1e-9
    served = np.array([brain.tiers.index(decision.tier) for decision in decisions.values()])
    assert sure.mean() > 0.8 and set(served[sure].tolist()) == {0, 1, 2}
    np.testing.assert_array_equal(served[sure], tiers[sure])


def test_n_grams_have_their_say(parity):
    brain = parity.router.bundle.brain
    readings = [fits.traffic_data().readings[row] for row in parity.rows.tolist()]
    without = brain.heads.logits(brain.features(readings))
    assert np.abs(brain.logits(readings) - without)[:, :-1].mean() > 0.2


def test_a_logistic_regression_fitted_by_hand_is_the_head_that_is_served(tmp_path):
    """On one dense matrix, as anyone would write it: features, n-grams of unit length, three weights."""
    contents, prepared, hyper = quick_fit(), fits.traffic_prepared(), fits.QUICK.hyper
    write_bundle(tmp_path / "quick", contents)
    brain = Router.load(tmp_path / "quick", environ={}).bundle.brain
    everything = np.arange(len(prepared.data))
    fit, asked = fits.sides(prepared.data.groups).fit, fits.sides(prepared.data.groups).test
    n_embedding = prepared.embeddings.shape[1]
    features = features_of(contents, everything)
    columns = [
        hyper.embedding_weight * features[:, :n_embedding],
        hyper.signal_weight * features[:, n_embedding:] / np.sqrt(features.shape[1] - n_embedding),
        *(unit_ngrams(block, fit) * weight for block, weight in enumerate(hyper.ngram_weights)),
    ]
    matrix = np.concatenate(columns, axis=1)
    readings = [prepared.data.readings[row] for row in asked.tolist()]
    served = brain.logits(readings)
    for head in range(2):
        with threadpool_limits(limits=1):
            model = LogisticRegression(C=hyper.c_grid[0], max_iter=5_000, tol=1e-8)
            model.fit(matrix[fit], targets_of(fit)[:, head])
        # Up to the solver's tolerance and the int8 steps of the n-gram weights.
        np.testing.assert_allclose(served[:, head], model.decision_function(matrix[asked]), rtol=0, atol=0.1)


def quick_fit() -> BundleContents:
    with joblib.parallel_config("sequential"):
        return fit_bundle(fits.traffic_rows(), fits.LABELS_ONLY, fits.shipped_encoder(), fits.QUICK)


def unit_ngrams(block: int, fit: np.ndarray) -> np.ndarray:
    """(n, n_known): one column for each n-gram bucket that enough rows of `fit` hold, rows of unit length."""
    rows = list(fits.traffic_prepared().buckets.blocks[block])
    counts = Counter(bucket for row in fit.tolist() for bucket in rows[row].tolist())
    known = [bucket for bucket, n in counts.items() if n >= fits.QUICK.hyper.min_rows]
    held = np.array([np.isin(known, row) for row in rows], dtype=np.float64)
    return held / np.sqrt(np.maximum(held.sum(axis=1, keepdims=True), 1.0))


def body_of(row: int) -> dict[str, object]:
    """A row as a client sends it."""
    messages = fits.traffic_rows().rows[row].messages
    return {"messages": [{"role": message.role, "content": message.text} for message in messages]}
