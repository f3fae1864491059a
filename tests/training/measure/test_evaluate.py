"""evaluation.json: complete, honest about what is not known, and the same numbers as the plain definitions give."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.reading.signals import SIGNAL_NAMES
from tests.training import worlds
from training.labels.labels import UNKNOWN
from training.measure import metrics
from training.measure.baselines import Features, KnownRows
from training.measure.bootstrap import Interval
from training.measure.evaluate import EVALUATION_SCHEMA, EvaluationInputs, evaluate_rows
from training.measure.measured import MeasuredRows
from training.measure.reported import curve_reports, policy_reports, rounded, summary_report
from training.measure.rivals import PartedRivals
from training.measure.slices import choices_report, head_report, slice_reports, source_report

POLICIES = {
    *("router", "always_budget", "always_production", "always_frontier", "random_mix", "shuffle"),
    *("length_rule", "signals_only", "knn", "oracle"),
}
MEASURES = {"quality", "quality_loss", "under_routing", "over_routing", "saved", "cost_usd_per_1k", "tier_share"}


@pytest.fixture(autouse=True, scope="module")
def one_process():
    with joblib.parallel_config("sequential"):
        yield


@pytest.fixture(scope="module")
def inputs() -> EvaluationInputs:
    return worlds.traffic_inputs()


@pytest.fixture(scope="module")
def report(inputs):
    return evaluate_rows(inputs)


def test_the_report_has_every_part_and_every_baseline(report):
    assert report["schema_version"] == EVALUATION_SCHEMA == 2
    assert set(report) == {
        *("schema_version", "test", "threshold", "policies", "advantages", "curves", "heads", "summary"),
        *("slices", "sources", "languages", "gate", "price_curve"),
    }
    assert set(report["policies"]) == POLICIES
    assert all(set(policy) == MEASURES for policy in report["policies"].values())
    assert set(report["advantages"]["over"]) == {
        *("best_fixed_at_equal_cost", "shuffle", "length_rule", "signals_only", "knn")
    }
    assert set(report["curves"]) == {"router", "router_band", "length_rule", "signals_only", "knn"}
    assert set(report["summary"]) == {
        *("apgr", "cpt_50", "cpt_80", "aiq", "arena_score", "regret", "gap_to_oracle", "saved_at_under_routing")
    }
    assert set(report["summary"]["saved_at_under_routing"]) == {"0.02", "0.05", "0.1"}
    assert [check["name"] for check in report["gate"]["checks"]] == [
        "best_fixed_at_equal_cost",
        "shuffle",
        "length_rule",
    ]


def test_the_report_is_strict_json_of_plain_values_with_four_digits(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report

    def check(value):
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            list(map(check, value.values()))
        elif isinstance(value, list):
            list(map(check, value))
        else:
            assert value is None or type(value) in (bool, int, str) or value == round(value, 4)

    check(report)


def test_the_same_inputs_give_the_same_report(inputs, report):
    assert evaluate_rows(inputs) == report


def test_every_point_lies_in_its_interval_on_real_rows(report):
    def check(value):
        if isinstance(value, dict) and {"point", "low", "high"} <= set(value):
            assert value["low"] - 1e-9 <= value["point"] <= value["high"] + 1e-9
        elif isinstance(value, dict):
            list(map(check, value.values()))

    check(report)


def test_the_top_is_of_the_target_rows_and_every_source_is_also_given_alone(inputs, report):
    assert report["test"]["n"] == report["test"]["n_known"] == int(inputs.on_target.sum()) < len(inputs.test)
    assert report["test"]["groups"] == len(set(inputs.test.groups[inputs.on_target].tolist()))
    assert set(report["sources"]) == {"assistants", "multi_turn", "multilingual", "surface_traps"}
    assert set(report["slices"]["source"]) == {"assistants", "multi_turn", "multilingual"}
    for name, source in report["sources"].items():
        assert source["n"] == source["at_threshold"]["n"] == int((inputs.test.sources == name).sum())


def test_the_routers_figures_are_what_counting_gives(inputs, report):
    rows = np.flatnonzero(inputs.on_target)
    chosen, cheapest = inputs.test.chosen[rows], inputs.test.labels.cheapest[rows]
    usd = np.array(worlds.COST_USD)
    router = report["policies"]["router"]
    assert router["under_routing"]["point"] == round((chosen < cheapest).mean(), 4)
    assert router["over_routing"]["point"] == round((chosen > cheapest).mean(), 4)
    assert router["quality_loss"]["point"] == router["under_routing"]["point"], (
        "labelled rows lose where they are under"
    )
    assert router["quality"]["point"] == pytest.approx(1 - router["quality_loss"]["point"], abs=1e-4)
    assert router["saved"]["point"] == round(1 - usd[chosen].mean() / usd[-1], 4)
    assert router["cost_usd_per_1k"]["point"] == round(1000 * usd[chosen].mean(), 4)
    assert router["tier_share"]["production"] == round((chosen == 1).mean(), 4)


def test_baselines_are_matched_to_the_routers_cost_on_rows_that_are_no_test_rows(inputs, report):
    usd = float(np.array(worlds.COST_USD)[inputs.rivals.calibrate_chosen].mean())
    for name in ("length_rule", "signals_only", "knn"):
        assert report["policies"][name]["cost_usd_per_1k"]["point"] == pytest.approx(1000 * usd, rel=0.2)
    for name in ("random_mix", "shuffle"):
        router = report["policies"]["router"]
        assert report["policies"][name]["cost_usd_per_1k"]["point"] == router["cost_usd_per_1k"]["point"]
        assert report["policies"][name]["tier_share"] == router["tier_share"]


def test_a_router_that_has_learned_from_real_rows_beats_what_looks_at_less(report):
    gains = {name: gain["quality_gain"] for name, gain in report["advantages"]["over"].items()}
    assert gains["best_fixed_at_equal_cost"]["low"] > 0.03
    assert gains["shuffle"]["low"] > 0.03
    assert gains["length_rule"]["point"] > 0
    assert report["summary"]["apgr"]["low"] > 0.5
    assert report["gate"]["passed"] == (gains["length_rule"]["low"] > 0)


def test_curves_run_from_always_cheapest_to_always_strongest_in_at_most_60_points(report):
    ends = [report["policies"][f"always_{tier}"] for tier in ("budget", "frontier")]
    for name, curve in report["curves"].items():
        cost = curve["cost_usd_per_1k"]
        assert len(cost) <= 60
        assert cost == sorted(cost)
        assert [cost[0], cost[-1]] == [end["cost_usd_per_1k"]["point"] for end in ends]
        if name != "router_band":
            assert [curve["quality"][0], curve["quality"][-1]] == [end["quality"]["point"] for end in ends]
    band, router = report["curves"]["router_band"], report["curves"]["router"]
    for low, quality, high in zip(band["low"], router["quality"], band["high"], strict=True):
        assert low <= quality <= high


def test_where_too_few_losses_are_known_nothing_is_claimed_and_the_gate_fails(inputs):
    labels = replace(inputs.test.labels, loss=inputs.test.labels.loss.copy())
    labels.loss[::5, 0] = UNKNOWN
    report = evaluate_rows(replace(inputs, test=replace(inputs.test, labels=labels)))
    assert report["policies"] == report["curves"] == report["summary"] == report["slices"] == {}
    assert report["test"]["n_known"] < 0.9 * report["test"]["n"]
    assert not report["gate"]["passed"]
    assert "cannot be said" in report["gate"]["sentence"]
    assert report["heads"]["budget"]["auc"] > 0.6, "the heads are still measured on the rows that are known"
    assert all("at_threshold" not in source for source in report["sources"].values())


def test_a_few_unknown_rows_are_left_out_and_counted(inputs):
    quality = inputs.test.quality.copy()
    quality[np.flatnonzero(inputs.on_target)[:10], 1] = np.nan
    report = evaluate_rows(replace(inputs, test=replace(inputs.test, quality=quality), n_resamples=20))
    assert report["test"]["n"] - report["test"]["n_known"] == 10
    assert report["policies"]["router"]["quality"]["point"] is not None


def test_no_target_rows_is_an_evaluation_of_the_sources_alone(inputs):
    report = evaluate_rows(replace(inputs, on_target=np.zeros(len(inputs.test), dtype=bool)))
    assert report["test"] == {"n": 0, "n_known": 0, "groups": 0, "n_own_costs": 0}
    assert report["heads"] == {"budget": {"n": 0}, "production": {"n": 0}}
    assert not report["gate"]["passed"]
    assert len(report["sources"]) == 4


def test_a_single_target_row_is_measured_and_proves_nothing(inputs):
    one = np.arange(len(inputs.test)) == np.flatnonzero(inputs.on_target)[0]
    report = evaluate_rows(replace(inputs, on_target=one, n_resamples=20))
    quality = report["policies"]["router"]["quality"]
    assert quality["point"] in (0.0, 1.0)
    assert quality["low"] is quality["high"] is None
    assert not report["gate"]["passed"]
    assert report["slices"] == {}


def test_the_bundle_in_use_is_judged_on_the_same_target_rows(inputs):
    report = evaluate_rows(replace(inputs, in_use=inputs.test, n_resamples=50))
    assert report["gate"]["checks"][-1] == {"name": "in_use", "point": 0.0, "low": 0.0, "high": 0.0, "passed": True}


def test_a_router_that_chooses_as_the_oracle_has_no_regret_and_no_gap():
    rows = worlds.world(200, seed=0, skill=1.0)
    unsolved = worlds.measured_rows(
        rows.scores.expected_quality_loss[:, :2], np.where(np.arange(200) % 7 == 0, 3, rows.labels.cheapest)
    )
    oracle = replace(unsolved, chosen=np.where(unsolved.labels.cheapest == 3, 0, unsolved.labels.cheapest))
    summary = summary_report(oracle, n_resamples=50, seed=0)
    assert summary["regret"] == summary["gap_to_oracle"] == Interval(0.0, 0.0, 0.0)
    choices = choices_report(oracle)
    assert choices["under_routing"] == choices["over_routing"] == choices["quality_loss"] == 0.0


def test_perfect_scores_save_what_the_oracle_saves_and_reach_every_target_first():
    cheapest = np.repeat([0, 1, 2], [104, 46, 50])
    perfect = np.column_stack([cheapest > 0, cheapest > 1]).astype(float)
    rows = worlds.measured_rows(perfect, cheapest, threshold=0.5)
    summary = summary_report(rows, n_resamples=50, seed=0)
    usd = np.array(worlds.COST_USD)
    assert summary["saved_at_under_routing"]["0.02"].point == pytest.approx(1 - usd[cheapest].mean() / usd[-1])
    assert summary["cpt_80"].point <= (usd[cheapest].mean() - usd[0]) / (usd[-1] - usd[0]) + 1e-12
    assert summary["apgr"].point > 0.7


def test_two_tiers_without_a_quality_gap_have_no_pgr_and_the_report_says_null():
    rows = worlds.measured_rows(np.linspace(0, 1, 40)[:, None], np.zeros(40, dtype=np.int64))
    summary = rounded(summary_report(rows, n_resamples=20, seed=0))
    assert summary["apgr"] == summary["cpt_50"] == {"point": None, "low": None, "high": None}
    assert summary["regret"] == {"point": 0.0, "low": 0.0, "high": 0.0}


def test_four_tiers_with_prices_of_their_own_are_reported_alike():
    rng = np.random.default_rng(0)
    losses = np.sort(rng.random((80, 3)), axis=1)[:, ::-1]
    rows = worlds.measured_rows(losses, rng.integers(0, 5, 80), cost_usd=rng.lognormal(size=(80, 4)).cumsum(axis=1))
    policies = policy_reports(rows, {"router": np.eye(4)[rows.chosen]}, n_resamples=20, seed=0)
    assert set(policies["router"]["tier_share"]) == {"t0", "t1", "t2", "t3"}
    at = np.arange(80), rows.chosen
    assert policies["router"]["saved"].point == pytest.approx(1 - rows.cost_usd[at].sum() / rows.cost_usd[:, 3].sum())
    curves = curve_reports(rows, {"router": rows.scores.expected_quality_loss}, n_resamples=20, seed=0)
    assert len(curves["router"]["quality"]) == 60


def test_slices_below_twenty_rows_and_unnamed_ones_are_not_shown():
    lang = np.array(["en"] * 40 + ["de"] * 20 + ["fi"] * 19 + [""] * 30)
    rows = replace(worlds.world(109, seed=0, skill=0.7), slices={"lang": lang, "trap": np.full(109, "")})
    slices = slice_reports(rows)
    assert set(slices) == {"source", "lang"}
    assert {value: part["n"] for value, part in slices["lang"].items()} == {"en": 40, "de": 20}
    assert set(slices["lang"]["en"]) == {"n", "saved", "quality_loss", "under_routing", "auc"}


def test_a_slice_of_one_kind_has_no_auc_but_its_other_figures():
    rows = worlds.measured_rows(np.full((30, 2), 0.1), np.zeros(30, dtype=np.int64))
    part = rounded(slice_reports(rows))["source"]["traffic"]
    assert part["auc"] == {"budget": None, "production": None}
    assert (part["n"], part["quality_loss"]) == (30, 0.0)


def test_a_source_that_lacks_a_tier_has_heads_and_no_choices():
    rows = worlds.world(40, seed=0, skill=0.7)
    labels = replace(rows.labels, loss=rows.labels.loss.copy())
    labels.loss[:, 1] = UNKNOWN
    report = source_report(replace(rows, labels=labels))
    assert report["heads"]["production"] == {"n": 0}
    assert report["heads"]["budget"]["n"] == 40
    assert "at_threshold" not in report
    assert "reliability" not in report["heads"]["budget"]


def test_heads_are_measured_by_the_metrics_of_the_same_name():
    rows = worlds.world(300, seed=0, skill=0.6)
    p, lost = rows.scores.expected_quality_loss[:, 0], rows.labels.loss[:, 0] == 1
    head = head_report(rows)["budget"]
    assert head["auc"] == metrics.auc(p, lost)
    assert head["ece"] == metrics.ece(p, lost)
    assert sum(cell.n for cell in head["reliability"]) == head["n"] == 300


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (math.inf, None),
        (np.float64(1 / 3), 0.3333),
        (-1e-9, 0.0),
        ({"a": [Interval(0.5, math.nan, 1.0)]}, {"a": [{"point": 0.5, "low": None, "high": 1.0}]}),
        ("text", "text"),
        (True, True),
        (3, 3),
    ],
)
def test_rounding_gives_plain_json(value, expected):
    result = rounded(value)
    assert result == expected
    assert str(result) == str(expected), "no minus zero"


def synthetic_inputs(n: int) -> EvaluationInputs:
    """An evaluation of n test rows on a made-up world."""

    def side(seed: int) -> tuple[MeasuredRows, Features]:
        rows = worlds.world(n, seed=seed, skill=0.6, pairs=True)
        rng = np.random.default_rng(seed)
        signals = rng.normal(size=(n, len(SIGNAL_NAMES))).astype(np.float32)
        return rows, Features(signals, rng.normal(size=(n, 16)).astype(np.float32))

    (test, test_features), (fit, fit_features), (calibrate, calibrate_features) = side(0), side(1), side(2)
    known: list[KnownRows] = [worlds.known_rows(fit, fit_features), worlds.known_rows(calibrate, calibrate_features)]
    return EvaluationInputs(
        test=test,
        on_target=np.ones(n, dtype=bool),
        rivals=PartedRivals(known[0], known[1], calibrate.chosen, test_features),
        threshold=0.25,
        config=worlds.CONFIG,
    )


def test_a_router_with_skill_passes_the_gate_on_600_rows_with_1000_resamples():
    report = evaluate_rows(synthetic_inputs(600))
    assert report["gate"]["passed"], report["gate"]["sentence"]
