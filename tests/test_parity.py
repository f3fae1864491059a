"""The contract between the two halves: what training fitted is what a loaded bundle serves.

The bundle is written, loaded, and asked through the service's own path (text, reading, encoder, heads, calibration);
the other side is scikit-learn's estimators: the fitted heads frozen, CalibratedClassifierCV over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router import Router
from router.brain.brain import assemble_features, scores_of
from router.brain.bundle.write import BundleContents, write_bundle
from tests.training import fits
from training.calibrate import frozen_head
from training.heads import head_targets
from training.labels import UNKNOWN
from training.pipeline import score_rows
from training.simulate import route_scores

CALIBRATIONS = ("sigmoid", "isotonic")


@dataclass(frozen=True)
class Parity:
    """A fit and the router that serves it.

    rows: positions of the rows that are compared, none of them fitted or calibrated on.
    """

    contents: BundleContents
    router: Router
    rows: np.ndarray


@pytest.fixture(scope="module", params=CALIBRATIONS)
def parity(request, tmp_path_factory) -> Parity:
    contents = fits.fitted(request.param)
    folder = tmp_path_factory.mktemp("parity") / request.param
    write_bundle(folder, contents)
    splits = fits.sides(fits.traffic_data().groups)
    rows = np.concatenate([splits.test, splits.calibrate])
    assert len(rows) >= 200
    return Parity(contents=contents, router=Router.load(folder, environ={}), rows=rows)


def features_of(contents: BundleContents, rows: np.ndarray) -> np.ndarray:
    """What the heads were fitted on, from the embeddings of training."""
    prepared = fits.traffic_prepared()
    return assemble_features(prepared.embeddings[rows], contents.brain.signal_scale.apply(prepared.signals[rows]))


def calibrated_by_scikit_learn(
    contents: BundleContents, head: int, model: LogisticRegression
) -> CalibratedClassifierCV:
    """The calibrated estimator of one head, fitted as scikit-learn's documentation says."""
    prepared, rows = fits.traffic_prepared(), fits.sides(fits.traffic_data().groups).calibrate
    y = head_targets(prepared.data.labels, unsolved=fits.CONFIG.unsolved)[rows, head]
    known = y != UNKNOWN
    method = contents.training["config"]["calibration"]
    features = features_of(contents, rows)
    return CalibratedClassifierCV(FrozenEstimator(model), method=method).fit(features[known], y[known])


def scikit_learn_probabilities(parity: Parity) -> np.ndarray:
    """(n, n_tiers): each head's probabilities of the compared rows; heads that never vary keep their own."""
    contents = parity.contents
    features = features_of(contents, parity.rows)
    columns = []
    for head in range(len(contents.brain.tiers)):
        model = frozen_head(contents.brain.heads, head)
        if contents.brain.heads.coef[head].any():
            model = calibrated_by_scikit_learn(contents, head, model)
        columns.append(model.predict_proba(features)[:, 1])
    return np.stack(columns, axis=1)


def test_a_loaded_bundle_predicts_the_estimators_probabilities(parity):
    brain = parity.router.bundle.brain
    readings = [fits.traffic_data().readings[row] for row in parity.rows.tolist()]
    served = brain.calibration.apply(brain.heads.logits(brain.features(readings)))
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


def test_the_service_decides_as_training_measured(parity):
    contents = parity.contents
    brain, promise = contents.brain, contents.promise
    scores = score_rows(brain, fits.traffic_prepared(), parity.rows)
    tiers = route_scores(scores, promise.threshold_for(), max_distance=brain.domain.max_distance, safe_tier=1)
    served = [parity.router.route(body_of(row)).tier for row in parity.rows.tolist()]
    assert served == [brain.tiers[tier] for tier in tiers.tolist()]
    assert len(set(served)) == 3, "rows that all get one tier prove little"


def test_the_service_decides_as_the_estimators_do(parity):
    contents = parity.contents
    domain = contents.brain.domain
    distances = domain.distances(fits.traffic_prepared().ids_of(parity.rows))
    scores = scores_of(scikit_learn_probabilities(parity), domain_distance=distances)
    threshold = contents.promise.threshold_for()
    tiers = route_scores(scores, threshold, max_distance=domain.max_distance, safe_tier=1)
    # A loss within rounding of the threshold may fall on either side of it.
    sure = (np.abs(scores.expected_quality_loss - threshold) > 1e-9).all(axis=1)
    served = np.array(
        [contents.brain.tiers.index(parity.router.route(body_of(row)).tier) for row in parity.rows.tolist()]
    )
    assert sure.mean() > 0.9
    assert served[sure].tolist() == tiers[sure].tolist()


def test_a_logistic_regression_fitted_by_hand_is_the_head_that_is_served(parity):
    contents, prepared = parity.contents, fits.traffic_prepared()
    rows = fits.sides(fits.traffic_data().groups).fit
    factor = np.ones(contents.brain.heads.coef.shape[1])
    factor[: 2 * contents.brain.encoder.spec.dim] = fits.CONFIG.embedding_scale
    features = factor * features_of(contents, rows)
    targets = head_targets(prepared.data.labels, unsolved=fits.CONFIG.unsolved)[rows]
    for head, c in enumerate(contents.training["regularisation"]["c"][:-1]):
        with threadpool_limits(limits=1):
            model = LogisticRegression(C=c, max_iter=5_000, tol=1e-9).fit(features, targets[:, head])
        served = parity.router.bundle.brain.heads.logits(features / factor)[:, head]
        np.testing.assert_allclose(served, model.decision_function(features), rtol=0, atol=5e-3)


def body_of(row: int) -> dict[str, object]:
    """A row as a client sends it."""
    messages = fits.traffic_rows().rows[row].messages
    return {"messages": [{"role": message.role, "content": message.text} for message in messages]}
