"""Checked access to TOML: what passes, and errors that name file, key, what was expected and what was found."""

from __future__ import annotations

import math
import tomllib

import pytest

from router.errors import ConfigError
from router.settings.toml_lines import lines_of
from router.settings.toml_table import Table


def table(**values):
    return Table(values, "t.toml", place=("server",))


@pytest.mark.parametrize("value", ["", 7, True, [], {}])
def test_a_string_must_be_one_and_not_empty(value):
    with pytest.raises(ConfigError, match=r"^t\.toml: server\.k: expected a string that is not empty, found "):
        table(k=value).string("k")


def test_what_is_missing_is_none_or_empty():
    empty = table()
    assert empty.string("k") is None
    assert empty.number("k", low=0) is None
    assert empty.tables("k") == []
    assert empty.strings_or_tables("k") == []
    assert empty.one_or_more("k") == ()
    assert empty.flag("k") is None
    empty.table("k").only()


@pytest.mark.parametrize("read", ["required_string", "required_number"])
def test_what_is_required_and_missing_is_named(read):
    more = {"low": 0} if read == "required_number" else {}
    with pytest.raises(ConfigError, match=r"^t\.toml: server\.k: expected a (string|number)\.$"):
        getattr(table(), read)("k", **more)


@pytest.mark.parametrize("value", [0, 1, 0.5])
def test_a_number_in_range_passes(value):
    assert table(k=value).number("k", low=0, high=1) == value


@pytest.mark.parametrize("value", [-1, 2, "1", True, math.nan, [], 10**400])
def test_a_number_out_of_range_or_of_another_kind_is_refused(value):
    with pytest.raises(ConfigError, match=r"server\.k: expected a number in \[0, 1\], found"):
        table(k=value).number("k", low=0, high=1)


@pytest.mark.parametrize("value", [math.inf, math.nan, 10**400], ids=["inf", "nan", "10**400"])
def test_a_number_without_an_upper_bound_is_still_finite(value):
    with pytest.raises(ConfigError, match=r"server\.k: expected a number of at least 0"):
        table(k=value).required_number("k", low=0)


def test_a_whole_number_is_no_fraction():
    assert table(k=3).number("k", low=0, high=9, whole=True) == 3
    with pytest.raises(ConfigError, match="whole number"):
        table(k=3.0).number("k", low=0, high=9, whole=True)


@pytest.mark.parametrize("value", [7, [7], "x", [{}, 7]])
def test_an_array_of_tables_holds_tables_only(value):
    with pytest.raises(ConfigError, match="expected an array of tables"):
        table(k=value).tables("k")


@pytest.mark.parametrize("value", ["x", [7], [""], [["x"]]])
def test_an_array_of_strings_or_tables_holds_nothing_else(value):
    with pytest.raises(ConfigError, match="expected an array of strings or tables"):
        table(k=value).strings_or_tables("k")


def test_errors_within_tables_name_the_whole_path():
    inner = table(k=[{"x": {"y": 7}}]).tables("k")[0].table("x")
    with pytest.raises(ConfigError, match=r"^t\.toml: server\.k\[0\]\.x\.y: "):
        inner.string("y")
    with pytest.raises(ConfigError, match=r"server\.k\[0\]\.x\.y: unknown key; known are z\."):
        inner.only("z")


@pytest.mark.parametrize("value", ["", 7, [], [""], ["a", 7], {}])
def test_one_or_more_is_a_string_or_an_array_that_has_some(value):
    assert table(k="a").one_or_more("k") == ("a",)
    assert table(k=["a", "b"]).one_or_more("k") == ("a", "b")
    with pytest.raises(ConfigError, match=r"server\.k: expected a string that is not empty, or an array of some"):
        table(k=value).one_or_more("k")


@pytest.mark.parametrize("value", [0, 1, "true"])
def test_a_flag_is_true_or_false(value):
    assert table(k=False).flag("k") is False
    with pytest.raises(ConfigError, match=r"server\.k: expected true or false"):
        table(k=value).flag("k")


def test_errors_name_the_line_of_the_key_and_that_of_its_table_where_it_is_missing():
    text = '[server]\nport = "x"\n\n[catalog."a/b"]\n'
    top = Table(tomllib.loads(text), "t.toml", lines=lines_of(text))
    with pytest.raises(ConfigError, match=r"^t\.toml:2: server\.port: "):
        top.table("server").number("port", low=0)
    with pytest.raises(ConfigError, match=r"^t\.toml:1: server\.host: "):
        top.table("server").required_string("host")
    with pytest.raises(ConfigError, match=r'^t\.toml:4: catalog\."a/b"\.price: expected a number\.$'):
        top.table("catalog").table("a/b").required_number("price", low=0)
    with pytest.raises(ConfigError, match=r"^t\.toml: name: "):
        top.required_string("name")


def test_a_near_miss_is_asked_about():
    with pytest.raises(ConfigError, match=r"unknown key; known are port, host\. Did you mean 'port'\?$"):
        table(prot=1).only("port", "host")
    with pytest.raises(ConfigError, match=r"known are port, host\.$"):
        table(xyz=1).only("port", "host")
