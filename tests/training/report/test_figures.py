"""Figures by family: the package gives every one by its old name, in reading order, and says its words."""

import json
from pathlib import Path

import pytest

from training.report import figures, picture

EVALUATION = json.loads((Path(__file__).parents[2] / "fixtures" / "evaluation" / "full.json").read_text("utf-8"))


def test_every_figure_is_named_after_the_function_that_makes_it():
    for make in figures.FIGURES:
        assert make(EVALUATION).name == make.__name__


def test_a_page_reads_the_figures_in_their_order():
    names = [figure.name for figure in figures.all_figures(EVALUATION)]
    assert names == [make.__name__ for make in figures.FIGURES]


@pytest.mark.parametrize("part", ["sources", "slices", "heads"])
def test_a_figure_without_numbers_is_left_out_and_the_others_stay(part):
    names = {figure.name for figure in figures.all_figures({**EVALUATION, part: {}})}
    gone = {"sources": {"tier_mix", "confusion"}, "slices": {"slices"}, "heads": {"reliability"}}[part]
    assert names == {make.__name__ for make in figures.FIGURES} - gone


def test_the_drawing_states_what_each_source_loses():
    drawn = [facts for facts in EVALUATION["sources"].values() if "tier_share" in facts.get("at_threshold", {})]
    assert figures.tier_mix(EVALUATION).svg.decode().count("lost ") == len(drawn) > 1


@pytest.mark.parametrize(("text", "clipped"), [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…")])
def test_a_long_name_is_clipped_to_its_width(text, clipped):
    assert picture.clipped(text, 4) == clipped


@pytest.mark.parametrize(("share", "words"), [(0.0, "0%"), (0.125, "12.5%"), (1.0, "100%"), (0.1 + 0.2, "30%")])
def test_an_axis_writes_shares_in_percent_without_needless_digits(share, words):
    assert picture.percent_ticks(share, None) == words
