"""Reading a decoded file: what passes, and each fault in our words, with file, line and key."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from router.checked.document import Document, Table, record_fields, words_of
from router.checked.kinds import (
    NOT_IN_FILES,
    Flag,
    Name,
    Sha256,
    Share,
    Text,
    converted,
    fault,
    known,
    names,
    number,
    one_or_more,
    some,
    whole,
)
from router.checked.toml_lines import lines_of
from router.errors import ConfigError, DataError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    wait_s: Annotated[float, number(0.01, 60)] = 1.0
    is_on: Flag = True
    internal: Annotated[int, NOT_IN_FILES] = 7


def halved(text: str) -> int:
    if int(text) % 2:
        raise fault(f"expected an even number, found {text}")
    return int(text)


class Everything(Table):
    text: Text = "x"
    name: Name = "x"
    share: Share = 0.5
    open_share: Annotated[float, number(0, 1, above=0)] = 0.5
    dollars: Annotated[float, number(0)] = 0.0
    count: Annotated[int, whole(0, 9)] = 0
    loose_count: Annotated[int, whole(0, 9, is_float_allowed=True)] = 0
    flag: Flag | None = None
    digest: Sha256 = "0" * 64
    word: Literal["a", "b"] = "a"
    colour: Annotated[Colour, known("a colour", Colour)] = Colour.RED
    colours: frozenset[Annotated[Colour, known("a colour", Colour)]] = frozenset()
    tier: Annotated[str, known("a tier")] | None = None
    texts: tuple[Text, ...] = ()
    any_texts: Annotated[tuple[Text, ...], one_or_more()] = ()
    tags: Annotated[tuple[Name, ...], names(2)] = ("a", "b")
    mix: Annotated[dict[Name, Share], some("a table of at least one share")] = Field(default_factory=lambda: {"a": 1.0})
    even: Annotated[int, converted(halved, "an even number as a string", takes=Text)] = 2
    inner: Inner = field(default_factory=Inner)
    rows: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = Field(default_factory=dict)
    api_key: Text = "x"


def faults_of(value: Any, **options: Any) -> str:
    document = Document(value, "t.toml", **options)
    assert document.read(Everything, value, context={"a tier": ("low", "high")}) is None
    with pytest.raises(ConfigError) as caught:
        document.raise_faults(ConfigError)
    return str(caught.value)


def test_what_fits_is_read_and_the_rest_has_its_default():
    value = {"texts": ["a"], "any_texts": "b", "colours": ["red"], "loose_count": 8.0, "share": 1, "even": "4"}
    document = Document(value, "t.toml")
    read = document.read(Everything, value | {"inner": {"is_on": False}, "tier": "low"}, context={"a tier": ("low",)})
    assert read is not None and not document.faults
    assert (read.texts, read.any_texts, read.colours) == (("a",), ("b",), {Colour.RED})
    assert (read.loose_count, read.share, read.even, read.inner) == (8, 1.0, 4, Inner(is_on=False))
    document.raise_faults(ConfigError)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("text", "", 'expected a string that is not empty, found "".'),
        ("text", 7, "expected a string that is not empty, found 7."),
        ("text", "\ud800", 'expected a string that is not empty, found "\\ud800".'),
        ("name", " \x1c", 'expected a string that is not blank, found " \\u001c".'),
        ("share", "0.5", 'expected a number in [0, 1], found "0.5".'),
        ("share", True, "expected a number in [0, 1], found true."),
        ("share", math.nan, "expected a number in [0, 1], found nan."),
        ("share", 10**400, "expected a number in [0, 1], found a number of more than 64 bits."),
        ("open_share", 0, "expected a number in (0, 1], found 0."),
        ("dollars", "cheap", 'expected a number at or above 0, found "cheap".'),
        ("dollars", math.inf, "expected a number at or above 0, found infinity."),
        ("count", 1.0, "expected a whole number in [0, 9], found 1.0."),
        ("count", True, "expected a whole number in [0, 9], found true."),
        ("count", "5", 'expected a whole number in [0, 9], found "5".'),
        ("loose_count", 1.5, "expected a whole number in [0, 9], found 1.5."),
        ("loose_count", 10, "expected a whole number in [0, 9], found 10."),
        ("flag", 1, "expected true or false, found 1."),
        ("flag", "true", 'expected true or false, found "true".'),
        ("digest", "A" * 64, f'expected a sha256 in hex, found "{"A" * 40}"... (64 characters).'),
        ("word", "c", 'expected one of a, b, found "c".'),
        ("colour", "blau", "'blau' is not a colour; use one of: red, blue. Did you mean 'blue'?"),
        ("colour", 7, "expected one of red, blue, found 7."),
        ("tier", "hihg", "'hihg' is not a tier; use one of: low, high. Did you mean 'high'?"),
        ("tier", [], "expected the name of a tier, found an array of 0."),
        ("texts", "a", 'expected an array of strings that are not empty, found "a".'),
        ("any_texts", [], "expected a string that is not empty, or an array of some, found an array of 0."),
        ("any_texts", "", 'expected a string that is not empty, found "".'),
        ("tags", ["a"], "expected an array of 2 or more different names, found an array of 1."),
        ("tags", 7, "expected an array of 2 or more different names, found 7."),
        ("mix", {}, "expected a table of at least one share, found a table of 0."),
        ("mix", [], "expected a table of at least one share, found an array of 0."),
        ("mix", {" ": 1}, 'expected names that are not blank, found " ".'),
        ("even", "3", "expected an even number, found 3."),
        ("even", 3, "expected an even number as a string, found 3."),
        ("inner", 3, "expected a table, found 3."),
        ("rows", {}, "expected an array of tables, found a table of 0."),
        ("by_name", [1], "expected a table of tables, found an array of 1."),
        ("txt", 1, "unknown key; the keys here are text, "),
    ],
    ids=ascii,
)
def test_each_fault_is_one_line_in_our_words(key, value, message):
    said = faults_of({key: value}, lines={})
    assert said.startswith(f"t.toml: {key}: {message}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"colours": ["red", "gren"]}, "colours[1]"),
        ({"texts": ["a", ""]}, "texts[1]"),
        ({"tags": ["a", "b", "a"]}, "tags[2]"),
        ({"mix": {"a b": 2}}, 'mix."a b"'),
        ({"inner": {"wait_s": 0}}, "inner.wait_s"),
        ({"inner": {"internal": 1}}, "inner.internal"),
        ({"rows": [{}, {"is_on": 1}]}, "rows[1].is_on"),
        ({"by_name": {"x": {"isx_on": 1}}}, "by_name.x.isx_on"),
    ],
)
def test_a_fault_inside_names_the_whole_path(value, place):
    assert faults_of(value).startswith(f"t.toml: {place}: ")


def test_a_field_that_only_code_sets_is_an_unknown_key_and_is_not_offered():
    said = faults_of({"inner": {"internal": 1}})
    assert said.endswith("inner.internal: unknown key; the keys here are wait_s, is_on.")
    assert list(record_fields(Inner)) == ["wait_s", "is_on"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RAW = ("Input should", "Field required", "Extra inputs", "pydantic", "List should", "Value error", "instance of")
any_value = dict.fromkeys([*Everything.model_fields, "other"], json_values)


@example({"even": ":"})  # of which `int` says more than a user should read
@given(st.fixed_dictionaries({}, optional=any_value))
def test_no_value_ever_gets_a_sentence_of_pydantics(value):
    document = Document(value, "t.toml", lines={})
    read = document.read(Everything, value, context={"a tier": ("low", "high")})
    assert (read is None) is bool(document.faults)
    for found in document.faults:
        said = found.message
        assert said.startswith(("expected ", "unknown key; ", "'", '"')), said
        assert not any(raw in said for raw in RAW), said


def test_all_faults_come_at_once_in_the_order_of_the_file_with_their_lines():
    text = 'count = "1"\n\n[inner]\nwait_s = 0\nis_of = true\n[[rows]]\nis_on = 7\n'
    assert faults_of(tomllib.loads(text), lines=lines_of(text)).splitlines() == [
        't.toml:1: count: expected a whole number in [0, 9], found "1".',
        "t.toml:4: inner.wait_s: expected a number in [0.01, 60], found 0.",
        "t.toml:5: inner.is_of: unknown key; the keys here are wait_s, is_on. Did you mean 'is_on'?",
        "t.toml:7: rows[0].is_on: expected true or false, found 7.",
    ]


class Needs(Table):
    a: Text
    inner: Inner


def test_a_missing_key_is_expected_on_the_line_of_its_table():
    text = "x = 1\n[part]\ninner = { is_on = true }\n"
    document = Document(tomllib.loads(text), "t.toml", lines=lines_of(text))
    assert document.read(Needs, document.value["part"], place=("part",)) is None
    assert [str(found) for found in document.faults] == [
        "t.toml:2: part.a: expected a string that is not empty, found no such key."
    ]


def test_a_data_error_names_the_first_fault_and_holds_all():
    document = Document({}, "rows.jsonl:7")
    document.fault(("id",), "expected a")
    document.fault(("tier",), "expected b")
    with pytest.raises(DataError) as caught:
        document.raise_faults(DataError)
    assert (caught.value.where, caught.value.field) == ("rows.jsonl:7", "id")
    assert str(caught.value) == "rows.jsonl:7: id: expected a\nrows.jsonl:7: tier: expected b"


def test_many_faults_are_counted_beyond_the_first():
    value = {"texts": [7] * 60}
    lines = faults_of(value).splitlines()
    assert len(lines) == 51 and lines[-1] == "t.toml: 10 more"


def test_the_value_of_a_key_that_may_be_secret_or_private_is_never_shown():
    assert faults_of({"api_key": ["sk-live"]}).endswith("found an array of 1.")
    said = faults_of({"by_name": {"token": {"is_on": "sk-live"}}, "mix": {"my_password": "sk-live"}})
    assert "sk-live" not in said and said.count("found a string of 7 characters") == 2
    assert faults_of({"digest": "prompt"}, private=("digest",)).endswith("found a string of 6 characters.")


def test_a_file_of_json_has_objects_where_one_of_toml_has_tables():
    assert "expected an object, found 3" in faults_of({"inner": 3})
    assert "expected an array of objects, found an object of 0" in faults_of({"rows": {}})


def test_kinds_have_words_for_the_reference():
    assert words_of(Annotated[int, whole(1)] | None) == "a whole number at or above 1"
    assert words_of(tuple[Literal["a", "b"], ...]) == "an array of words, each one of a, b"
    assert words_of(dict[str, Any]) == "a table"
