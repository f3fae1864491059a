"""Figures of each language: small ones pooled, too-low shares by hand, and twins with one tier in all languages."""

from __future__ import annotations

import numpy as np

from router.brain.brain import scores_of
from training.labels.labels import Labels
from training.measure.languages import POOLED, language_report
from training.measure.measured import MeasuredRows


def rows(languages, cheapest, chosen, groups, trap="twin"):
    n, cheapest = len(languages), np.array(cheapest)
    loss = (cheapest[:, None] > np.arange(2)).astype(np.int8)
    return MeasuredRows(
        tiers=("a", "b", "c"),
        labels=Labels(
            adequate=(cheapest[:, None] <= np.arange(3)).astype(np.int8),
            loss=loss,
            unsolved=np.zeros(n, dtype=np.int8),
            cheapest=cheapest,
        ),
        groups=np.array(groups),
        sources=np.full(n, "s"),
        scores=scores_of(np.full((n, 3), 0.5), domain_distance=np.zeros(n)),
        chosen=np.array(chosen),
        cost_usd=np.ones((n, 3)),
        quality=np.ones((n, 3)),
        slices={"lang": np.array(languages), "trap": np.full(n, trap)},
    )


def test_languages_with_few_rows_are_pooled_and_all_rows_are_counted_once():
    languages = ["en"] * 20 + ["de"] * 16 + ["fr"] * 3 + ["th"] * 2 + [""]
    n = len(languages)
    report = language_report(rows(languages, [1] * n, [0] * 5 + [1] * (n - 5), [str(at) for at in range(n)]))
    assert {name: part["n"] for name, part in report["of"].items()} == {"en": 20, "de": 16, POOLED: 5}
    assert report["of"]["en"]["under_routing"]["point"] == 0.25
    assert report["of"]["en"]["under_routing"]["low"] < 0.25 < report["of"]["en"]["under_routing"]["high"]
    assert "twins" not in report


def test_twins_count_as_same_only_with_one_tier_in_all_languages():
    report = language_report(rows(["en", "de", "en", "de", "en"], [0] * 5, [1, 1, 0, 1, 2], ["p", "p", "q", "q", "r"]))
    assert report["twins"]["n"] == 2
    assert report["twins"]["same_tier"]["point"] == 0.5


def test_rows_without_languages_have_no_report():
    assert language_report(rows(["", ""], [0, 1], [0, 0], ["p", "q"])) == {}
