"""Out of domain: what leaves together, what is never fitted on, and what the report holds."""

from __future__ import annotations

import json
from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.types import Message
from tests.training import fits
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.rows.row import OutcomeRow
from training.shipping.out_of_domain import TRAFFIC, left_out, out_of_domain, take_at_most

SOURCES = ("routellm_mmlu", "mmlu_pro", "bfcl")
TIER_MAP = TierMap(
    tiers=DEFAULT_TIERS,
    sources={
        name: SourceTiers(threshold=0.5, models={"budget": ("small",), "frontier": ("large",)}) for name in SOURCES
    },
)


CONFIG = replace(fits.CONFIG, domain_quantile=0.9)
"""With a few rows the 99th of 100 is the farthest of all, and nothing lies beyond it."""

FOREIGN = "thallium gypsum trilobite mitosis sonata papacy ottoman feudal chlorophyll antigen mollusk parliament tundra"


def in_letters(number: int) -> str:
    """The number as a word: rows that differ by digits only are copies of one."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def exams(source: str, n: int) -> list[OutcomeRow]:
    """n questions, of bfcl in words that no traffic row has; every third is beyond the small model."""
    text = FOREIGN if source == "bfcl" else "Which isotope decays by positron emission?"
    return [
        OutcomeRow(
            id=str(i),
            source=source,
            messages=(Message("user", f"{text} {in_letters(i)}"),),
            outcomes={"small": float(i % 3 > 0), "large": 1.0},
        )
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def data() -> Dataset:
    traffic = fits.traffic_rows().rows[::3]
    return build_dataset([*traffic, *(row for source in SOURCES for row in exams(source, 60))], TIER_MAP)


def test_kin_leave_together_and_what_may_not_ship_is_never_fitted_on():
    units = list(left_out(np.array([TRAFFIC, "mmlu", "mmlu", "bfcl", "alpaca_eval", "workbench"])))
    assert {unit.name: unit.met for unit in units} == {
        "mmlu": ("mmlu",),
        TRAFFIC: (TRAFFIC,),
        "workbench": ("workbench",),
        "what may not ship": ("alpaca_eval", "bfcl"),
    }
    assert all({"alpaca_eval", "bfcl"} <= set(unit.unseen) for unit in units)
    assert all(set(unit.met) <= set(unit.unseen) for unit in units)


def test_public_sources_are_cut_to_size_and_traffic_is_not(data):
    taken = data.take(take_at_most(data, 10, seed=0))
    names, counts = np.unique(taken.sources, return_counts=True)
    sizes = dict(zip(names.tolist(), counts.tolist(), strict=True))
    assert {name: sizes.pop(name) for name in SOURCES} == dict.fromkeys(SOURCES, 10)
    assert sum(sizes.values()) == len(data) - 60 * len(SOURCES)
    assert take_at_most(data, 10, seed=0).tolist() == take_at_most(data, 10, seed=0).tolist()


def test_the_rows_that_are_taken_lie_on_all_sides_of_the_split(data):
    taken = data.take(take_at_most(data, 30, seed=0))
    splits = fits.sides(taken.groups)
    for side in (splits.fit, splits.calibrate, splits.test):
        assert np.isin(taken.sources[side], SOURCES).any()


def test_every_source_is_met_by_a_brain_that_never_saw_its_kin(data):
    with joblib.parallel_config("sequential"):
        report = out_of_domain(data, fits.shipped_encoder(), CONFIG, rows_per_source=40)
    json.dumps(report, allow_nan=False)
    assert set(report["sources"]) == {TRAFFIC, *SOURCES}
    assert report["sources"]["mmlu_pro"]["fitted_without"] == ["mmlu", "bfcl"]
    for name in SOURCES:
        met = report["sources"][name]
        assert met["n"] == 40
        floor, routed = met["flagged_to_safe_tier_at_least"], met["routed"]
        assert floor["quality_loss"] <= routed["quality_loss"]
        assert floor["saved"] <= routed["saved"]
    foreign = report["sources"]["bfcl"]
    assert foreign["flagged"] > 0.9 > 0.4 > foreign["held_out_flagged"]
