"""The template kit: numbers as people read them, escaped values, and no value that is forgotten in silence."""

import subprocess
import sys

import jinja2
import pytest

from router.pages import render
from router.pages.numbers import Estimate, count, gained, number, percent, usd


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"point": 0.2567, "low": 0.231, "high": 0.284}, "25.7% [23.1, 28.4]"),
        (0.2567, "25.7%"),
        (-0.00001, "0.0%"),
        ({"point": 0.2, "low": None, "high": None}, "20.0%"),
        ({"point": 1.0, "low": 1.0, "high": 1.0}, "100.0%"),
        (Estimate(0.5, 0.25, 0.75), "50.0% [25.0, 75.0]"),
    ],
)
def test_a_share_is_written_with_its_interval_if_it_has_one(value, expected):
    assert percent(value) == expected


@pytest.mark.parametrize("value", [None, True, "0.5", [0.5], {}, {"point": None}, float("nan")])
def test_a_value_that_is_not_a_number_is_not_an_estimate(value):
    assert Estimate.read(value) is None
    assert {percent(value), number(value), gained(value)} == {"-"}


def test_each_filter_writes_its_kind_of_number():
    assert number(0.7421) == "0.742"
    assert gained({"point": 0.059, "low": 0.034, "high": 0.083}) == "+5.9 points [3.4, 8.3]"
    assert (count(12_032), count(None)) == ("12,032", "-")
    assert [usd(amount) for amount in (0, 4.8731, 1234.5, 0.0512, None)] == [
        "$0.00",
        "$4.87",
        "$1,234.50",
        "$0.0512",
        "-",
    ]


@pytest.fixture
def template(tmp_path):
    def write(text, name="page.html.j2"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_html_escapes_every_value_and_markdown_none(template):
    assert render(template("<p>{{ name }}</p>"), name="<b>") == "<p>&lt;b&gt;</p>"
    assert render(template("{{ name }}\n", "card.md.j2"), name="<b>") == "<b>\n"


def test_templates_have_the_number_filters_and_the_shared_files(template):
    page = render(template('{% include "base.css" %}{{ 0.5 | percent }} {{ 3 | count }}'))
    assert ":root" in page and page.endswith("50.0% 3")


def test_a_missing_value_is_an_error(template):
    with pytest.raises(jinja2.UndefinedError, match="forgotten"):
        render(template("{{ forgotten }}"))


def test_jinja_is_loaded_by_the_first_page_only():
    program = "import sys, router.pages, router.pages.numbers; assert 'jinja2' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
