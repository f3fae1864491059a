"""From a brain and rows to measured rows: what was said, what was true, what it costs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import joblib
import numpy as np
import pytest

from router.brain.brain import Brain
from router.errors import DataError
from router.types import Message
from tests.training import fits
from training.fitting.prepared import Prepared, prepare
from training.fitting.recipe import fit_brain
from training.labels.dataset import build_dataset
from training.labels.labels import UNKNOWN
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.measure.costs import tier_costs
from training.measure.measure import SAFE_TIER, features_of, known_rows, measured_rows, served_rows
from training.rows.row import OutcomeRow
from training.thresholds.simulate import route_scores

CONFIG = fits.QUICK
LOGS = TierMap(
    tiers=DEFAULT_TIERS,
    sources={
        "logs": SourceTiers(threshold=0.5, models={"budget": ("small",), "frontier": ("large",)}),
        "metered": SourceTiers(threshold=0.5, models={tier: (tier,) for tier in DEFAULT_TIERS}),
    },
)


def logged(n: int, **outcomes: float) -> OutcomeRow:
    return OutcomeRow(id=f"o{n}", source="logs", messages=(Message("user", f"ask {n} of mine"),), outcomes=outcomes)


SCORES = dict(zip(DEFAULT_TIERS, (0.4, 0.7, 0.6), strict=True))
USD = dict(zip(DEFAULT_TIERS, (0.001, 0.002, 0.004), strict=True))


def metered(n: int, scores: dict[str, float], usd: dict[str, float]) -> OutcomeRow:
    return replace(logged(n, **scores), source="metered", cost_usd=usd)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """320 labelled rows, four of whose tiers only some are known, and two with scores and costs, one of them whole."""
    outcomes = [logged(0, small=0.9), logged(1, small=0.1), logged(2, large=1.0), logged(3, small=0.0, large=0.0)]
    outcomes += [metered(4, SCORES, USD), metered(5, {"budget": 0.6}, {"budget": 0.001})]
    data = build_dataset([*fits.traffic_rows().rows[:320], *outcomes], LOGS)
    return prepare(data, fits.shipped_encoder(), CONFIG, cache=None)


@pytest.fixture(scope="module")
def brain(prepared) -> Brain:
    with joblib.parallel_config("sequential"):
        return fit_brain(
            prepared, fits.shipped_encoder(), CONFIG, fit=np.arange(200), calibrate=np.arange(200, 320)
        ).brain


ROWS = np.array([310, 3, 320, 321, 322, 323])


def test_rows_are_scored_as_the_service_scores_them_one_by_one(prepared, brain):
    scores = prepared.take(ROWS).scores(brain)
    for position, row in enumerate(ROWS.tolist()):
        prediction = brain.predict(prepared.data.readings[row])
        np.testing.assert_allclose(
            scores.expected_quality_loss[position], prediction.expected_quality_loss, rtol=0, atol=1e-9
        )


def test_measured_rows_stand_side_by_side_in_the_order_asked_for(prepared, brain):
    rows = measured_rows(brain, prepared.take(ROWS), CONFIG, threshold=0.3)
    assert len(rows) == len(ROWS)
    assert rows.tiers == DEFAULT_TIERS
    assert rows.groups.tolist() == [prepared.data.groups[row] for row in ROWS.tolist()]
    assert rows.sources.tolist() == ["coding"] * 2 + ["logs"] * 4
    assert rows.labels.adequate.tolist() == prepared.data.labels.adequate[ROWS].tolist()
    assert rows.cost_usd.tolist() == [list(CONFIG.tier_cost_usd.values())] * len(ROWS)
    expected = route_scores(rows.scores, 0.3, max_distance=brain.domain.max_distance, safe_tier=SAFE_TIER)
    assert rows.chosen.tolist() == expected.tolist()


def test_the_quality_of_a_tier_that_a_row_does_not_know_is_unknown(prepared, brain):
    quality = measured_rows(brain, prepared.take(ROWS), CONFIG, threshold=0.3).quality
    adequate = prepared.data.labels.adequate[ROWS]
    assert (np.isnan(quality) == (adequate == UNKNOWN)).all()
    assert np.isnan(quality[3]).any(), "budget failed, and nothing is known of stronger tiers"
    assert quality[-1].tolist() == [0.0, 0.0, 0.0]
    known = ~np.isnan(quality)
    assert (quality[known] == adequate[known]).all()


def test_a_rows_own_scores_are_its_quality_where_it_has_them_for_every_tier(prepared, brain):
    rows = measured_rows(brain, prepared.take(np.array([324, 325])), CONFIG, threshold=0.3)
    assert rows.quality.tolist() == [list(SCORES.values()), [1.0, 1.0, 1.0]], "a 0.6 beside labels would be no gap"
    assert rows.labels.loss.tolist() == [[1, 0], [0, 0]], "what is lost is of adequacy, whatever the scores"


def test_a_rows_own_costs_are_taken_where_it_has_them_for_every_tier(prepared, brain):
    picked, stated = prepared.take(np.array([3, 324, 325])), list(CONFIG.tier_cost_usd.values())
    rows = measured_rows(brain, picked, CONFIG, threshold=0.3)
    assert rows.cost_usd.tolist() == [stated, list(USD.values()), stated]
    assert rows.own_costs.tolist() == [False, True, False]
    assert known_rows(picked, CONFIG).cost_usd.tolist() == rows.cost_usd.tolist()


def test_a_bundle_is_measured_at_its_own_threshold_with_its_own_safe_tier(prepared, brain):
    def served(max_distance: float):
        promise = SimpleNamespace(threshold_for=lambda: 0.1, safe_tier="frontier")
        bundle = SimpleNamespace(
            brain=replace(brain, domain=replace(brain.domain, max_distance=max_distance)),
            manifest=SimpleNamespace(promise=promise, tiers=DEFAULT_TIERS),
        )
        return served_rows(bundle, prepared.take(np.arange(60)), CONFIG)

    at_home = served(2.0)
    assert at_home.chosen.tolist() == route_scores(at_home.scores, 0.1, max_distance=2.0, safe_tier=2).tolist()
    assert len(set(at_home.chosen.tolist())) > 1
    assert served(-1.0).chosen.tolist() == [2] * 60, "all out of domain"


def test_slices_are_the_rows_own_facts_and_empty_where_there_are_none(prepared, brain):
    slices = measured_rows(brain, prepared.take(ROWS), CONFIG, threshold=0.3).slices
    assert set(slices) == {"source", "lang", "task", "trap", "length"}
    row = fits.traffic_rows().rows[310]
    assert (slices["lang"][0], slices["task"][0]) == (row.lang or "", row.task or "")
    assert slices["task"].tolist()[2:] == [""] * 4
    assert all(slices["length"])


def test_known_rows_and_features_are_those_that_the_router_looks_at(prepared):
    known, features = known_rows(prepared.take(ROWS), CONFIG), features_of(prepared.take(ROWS))
    assert known.features.signals.tolist() == features.signals.tolist() == prepared.signals[ROWS].tolist()
    np.testing.assert_array_equal(features.embeddings, prepared.embeddings[ROWS])
    assert known.labels.cheapest.tolist() == prepared.data.labels.cheapest[ROWS].tolist()
    assert known.cost_usd.shape == (len(ROWS), 3)


def test_a_tier_without_a_price_is_named_with_the_option_that_gives_it():
    assert tier_costs(DEFAULT_TIERS, CONFIG) == tuple(CONFIG.tier_cost_usd.values())
    with pytest.raises(DataError, match="--tier-cost frontier=USD"):
        tier_costs(DEFAULT_TIERS, replace(CONFIG, tier_cost_usd={"budget": 1.0, "production": 2.0}))
