"""Figures by family: the package gives every one by its old name, in reading order, and says its words."""

import json
from pathlib import Path

import pytest

from training.report import figures
from training.report.figures import canvas

EVALUATION = json.loads((Path(__file__).parents[2] / "fixtures" / "evaluation" / "full.json").read_text("utf-8"))


def test_every_named_figure_can_be_made_by_its_name_alone():
    for name in figures.FIGURE_NAMES:
        assert getattr(figures, name)(EVALUATION).name == name


def test_a_page_reads_the_figures_in_the_order_of_their_names():
    assert tuple(figure.name for figure in figures.all_figures(EVALUATION)) == figures.FIGURE_NAMES


@pytest.mark.parametrize("part", ["sources", "slices", "heads"])
def test_a_figure_without_numbers_is_left_out_and_the_others_stay(part):
    names = {figure.name for figure in figures.all_figures({**EVALUATION, part: {}})}
    gone = {"sources": {"tier_mix", "confusion"}, "slices": {"slices"}, "heads": {"reliability"}}[part]
    assert names == set(figures.FIGURE_NAMES) - gone


def test_wide_and_narrow_drawings_both_say_what_each_source_loses():
    drawing = figures.tier_mix(EVALUATION).drawing
    drawn = [facts for facts in EVALUATION["sources"].values() if "tier_share" in facts.get("at_threshold", {})]
    for svg in (drawing.svg, drawing.narrow_svg):
        assert svg.decode().count("lost ") == len(drawn) > 1


@pytest.mark.parametrize(("text", "clipped"), [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…")])
def test_a_long_name_is_clipped_to_its_width(text, clipped):
    assert canvas.clipped(text, 4) == clipped


@pytest.mark.parametrize(("share", "words"), [(0.0, "0%"), (0.125, "12.5%"), (1.0, "100%"), (0.1 + 0.2, "30%")])
def test_an_axis_writes_shares_in_percent_without_needless_digits(share, words):
    assert canvas.percent_ticks(share, None) == words
