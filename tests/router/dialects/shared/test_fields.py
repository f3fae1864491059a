"""Single fields: the kinds, the ranges, and messages that say what was found."""

from __future__ import annotations

import math

import pytest

from router.dialects.shared.fields import (
    as_array,
    as_object,
    as_string,
    describe,
    optional_bool,
    optional_number,
    optional_string,
)
from router.errors import RequestError

OF_EACH_KIND = [
    (None, "null"),
    (True, "a boolean"),
    (3, "a number"),
    (0.5, "a number"),
    ("x", "a string"),
    ([], "an array"),
    ({}, "an object"),
]


@pytest.mark.parametrize(("value", "words"), OF_EACH_KIND)
def test_values_are_described_in_the_words_of_json(value, words):
    assert describe(value) == words


@pytest.mark.parametrize(("read", "kind"), [(as_object, dict), (as_array, list), (as_string, str)])
@pytest.mark.parametrize(("value", "words"), OF_EACH_KIND)
def test_only_the_asked_kind_passes_and_others_are_named(read, kind, value, words):
    if isinstance(value, kind):
        assert read(value, field="a.b") is value
        return
    with pytest.raises(RequestError, match=f"a.b: expected .*, found {words}") as caught:
        read(value, field="a.b")
    assert (caught.value.field, caught.value.code) == ("a.b", "wrong_type")


def test_without_a_field_the_message_is_about_the_body():
    with pytest.raises(RequestError, match=r"^the body: expected an object, found an array\.$") as caught:
        as_object([], field=None)
    assert caught.value.field is None


@pytest.mark.parametrize("body", [{}, {"k": None}])
def test_a_missing_field_and_null_mean_the_same(body):
    assert optional_string(body, "k") is None
    assert optional_number(body, "k", low=0) is None
    assert optional_bool(body, "k", default=True) is True


@pytest.mark.parametrize("value", [0, 1, 0.5, 0.0])
def test_a_number_within_its_range_passes(value):
    assert optional_number({"k": value}, "k", low=0, high=1) == value


NEVER = [-0.001, 10**400, -(10**400), math.nan, math.inf, -math.inf]


@pytest.mark.parametrize(
    ("value", "high"),
    [*((value, high) for value in NEVER for high in (1.0, math.inf)), (1.001, 1.0)],
    ids=lambda value: f"{value!r:.8}",
)
def test_a_number_outside_its_range_or_not_finite_is_refused(value, high):
    with pytest.raises(RequestError, match=r"^router\.k: ") as caught:
        optional_number({"k": value}, "k", low=0, high=high, prefix="router.")
    assert caught.value.code == "out_of_range"


@pytest.mark.parametrize("value", [True, "1", [], {}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(RequestError, match="expected a number"):
        optional_number({"k": value}, "k", low=0)


@pytest.mark.parametrize("value", [0, 1, "true", []])
def test_what_is_no_boolean_is_refused(value):
    with pytest.raises(RequestError, match="expected a boolean"):
        optional_bool({"k": value}, "k", default=False)
