"""The page lists single rows; it holds their text only where that was asked for, and then as harmless text."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from router.types import Message
from training.report import model_card, shown_asks, write_report
from training.report.asks import MAX_CHARACTERS, one_line
from training.report.page import page
from training.report.single_rows import lost_near, misses_table, near_table, needs
from training.rows.row import LabelledRow

ROOT = Path(__file__).parents[3]
EVIL = '<script>alert("x")</script>&\'" \x1b[2J\x00 \u202eabc'
SHARED_WORD = "quartz"


def entry(name: str, **more):
    return {
        "source": "mine",
        "id": name,
        "lang": "de",
        "turn": "user",
        "adequate": {"cheap": False, "dear": True},
        "cheapest_adequate": "dear",
        "chosen": "cheap",
        "p_adequate": {"cheap": 0.91, "dear": 0.97},
        "tier": "cheap",
        "expected_quality_loss": 0.0612,
        "threshold": 0.2,
        "gap": 0.1388,
        "characters": 1234,
        **more,
    }


@pytest.fixture
def evaluation():
    small = json.loads((ROOT / "tests/fixtures/evaluation/small.json").read_text(encoding="utf-8"))
    high = {"adequate": {"cheap": True, "dear": True}, "cheapest_adequate": "cheap", "chosen": "dear"}
    return small | {
        "threshold": 0.2,
        "misses": {
            "too_low": {"n": 31, "rows": [entry("a"), entry("b")]},
            "too_high": {"n": 1, "rows": [entry("c", **high, expected_quality_loss=0.9, gap=0.7)]},
        },
        "near_threshold": [entry("a", gap=0.0001), entry("d", **high, expected_quality_loss=0.21)],
    }


def rows(text: str = f"{SHARED_WORD} one\n two"):
    return [LabelledRow(id=name, source="mine", messages=(Message("user", text),), tier="dear") for name in "abcdz"]


def section(text: str, title: str) -> str:
    part = text.split(f"<h2>{title}</h2>")[1].split("</section>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", part)).split())


def test_the_tables_have_the_rows_in_the_order_of_the_evaluation_with_all_that_it_says_of_them(evaluation):
    low, high = (misses_table(evaluation, way, {}) for way in ("too_low", "too_high"))
    assert low.caption == "Sent too low: 31 rows; here are 2, one of each group, largest gap first"
    assert high.caption == "Sent needlessly high: one row, largest gap first"
    cells = ("de, user", "dear", "cheap", "0.91 / 0.97", "0.0612 at cheap", "-0.1388", "1,234")
    assert low.rows == [("mine a", *cells), ("mine b", *cells)]
    assert high.rows[0][2:4] == ("cheap", "dear") and high.rows[0][6] == "+0.7000"
    assert low.head[4] == "P(adequate) of cheap / dear"
    assert [row[0] for row in near_table(evaluation, {}).rows] == ["mine a", "mine d"]


def test_the_page_has_both_sections_with_how_to_read_them(evaluation):
    text = page(evaluation, [])
    misses, near = section(text, "Worst misses"), section(text, "Nearest to the threshold")
    assert "at or under the threshold, here 0.2000" in misses and "Sent needlessly high" in misses
    assert "of these 2, 1 do." in near
    assert "holds text of prompts" not in text and "No row was sent" not in text


@pytest.mark.parametrize(("way", "words"), [("too_low", "too low"), ("too_high", "needlessly high")])
def test_a_direction_without_misses_is_said(evaluation, way, words):
    evaluation["misses"][way] = {"n": 0, "rows": []}
    assert f"No row was sent {words}." in section(page(evaluation, []), "Worst misses")


@pytest.mark.parametrize(
    ("adequate", "cheapest", "words"),
    [
        ((True, True, True), "a", "a"),
        ((False, True, False), "b", "b, though c failed"),
        ((False, False, False), None, "none solved it"),
        ((None, True, True), None, "b and c solved it, others unknown"),
        ((None, None, None), None, "unknown"),
    ],
)
def test_a_label_is_said_in_words(adequate, cheapest, words):
    assert needs({"adequate": dict(zip("abc", adequate, strict=True)), "cheapest_adequate": cheapest}) == words


@pytest.mark.parametrize(
    ("adequate", "tier", "lost"),
    [
        ((False, True, True), "a", (1, 1)),
        ((False, False, False), "a", (0, 1)),
        ((True, False, None), "a", (0, 1)),
        ((False, None, True), "a", (1, 1)),
        ((False, None, False), "a", None),
        ((None, True, True), "a", None),
        ((True, True, True), "other", None),
    ],
)
def test_a_row_near_the_threshold_loses_where_a_stronger_tier_is_adequate(adequate, tier, lost):
    row = {"adequate": dict(zip("abc", adequate, strict=True)), "tier": tier}
    assert lost_near({"near_threshold": [row]}) == lost


@pytest.mark.parametrize("missing", [None, {}, []])
def test_an_older_evaluation_has_a_page_without_them(evaluation, missing):
    lists = {"misses": missing, "near_threshold": missing} if missing is not None else {}
    older = {name: part for name, part in evaluation.items() if name not in ("misses", "near_threshold")}
    text = page(older | lists, [])
    assert "<h2>Worst misses" not in text and "<h2>Nearest to the threshold" not in text
    assert shown_asks(older | lists, rows()) == {}


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_report_of_a_shipped_bundle_renders(name):
    shipped = json.loads((ROOT / "models" / name / "evaluation.json").read_bytes())
    assert page(shipped, []).rstrip().endswith("</html>")


def test_no_text_is_written_unless_it_was_asked_for_and_then_on_the_page_alone(evaluation, tmp_path):
    plain, asked = tmp_path / "plain", tmp_path / "asked"
    write_report(evaluation, plain)
    write_report(evaluation, asked, asks=shown_asks(evaluation, rows()))
    assert not [path for path in plain.rglob("*") if path.is_file() and SHARED_WORD.encode() in path.read_bytes()]
    assert [path.name for path in asked.rglob("*") if path.is_file() and SHARED_WORD.encode() in path.read_bytes()] == [
        "report.html"
    ]
    text = (asked / "report.html").read_text(encoding="utf-8")
    assert text.count(f"{SHARED_WORD} one two") == 5, "once for each listed row"
    assert "This page holds text of prompts." in text
    assert SHARED_WORD not in model_card(evaluation, {}) + json.dumps(evaluation)


def test_the_same_rows_give_the_same_bytes(evaluation):
    one, other = (page(evaluation, [], asks=shown_asks(evaluation, some)) for some in (rows(), rows()[::-1]))
    assert one == other


def test_text_and_names_are_escaped_and_control_characters_are_shown(evaluation):
    evaluation["misses"]["too_low"]["rows"][1] |= {"id": EVIL, "task": EVIL, "source": EVIL}
    text = page(evaluation, [], asks=shown_asks(evaluation, rows(EVIL)))
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text and "\\u001b[2J\\u0000 \\u202eabc" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_only_rows_that_are_listed_are_read_and_only_their_beginning_is_kept(evaluation):
    asks = shown_asks(evaluation, rows("y" * 5_000))
    assert set(asks) == {("mine", name) for name in "abcd"}
    assert set(asks.values()) == {"y" * MAX_CHARACTERS + "…"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("", ""), (" a\r\n\tb \x0b c", "a b c"), ("\x7f\x9b1m", "\\u007f\\u009b1m"), ("z" * 300, "z" * 300)],
)
def test_an_ask_is_shown_on_one_line(text, line):
    assert one_line(text) == line
