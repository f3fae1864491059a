"""Strict JSON in: what is taken, what is refused, and that nothing else than ValueError comes out."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.jsontext import decode_json, encode_json, encode_json_pretty, replace_surrogates

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_what_is_encoded_decodes_to_the_same_value(value):
    assert decode_json(encode_json(value)) == value
    assert decode_json(encode_json_pretty(value)) == value


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"NaN", "line 1"),
        (b"[Infinity]", "line 1"),
        (b"-Infinity", "line 1"),
        (b"1e999", "too large"),
        (b'{"a": [-1e999]}', "too large"),
        (b"", "EOF"),
        (b"   ", "EOF"),
        (b"{} x", "trailing"),
        (b'{"a": 1}{"a": 1}', "trailing"),
        (b'"\xff"', "unicode"),
        (b'"\xed\xa0\x80"', "unicode"),
        (b"\xef\xbb\xbf{}", "expected value"),
        (b"\xff\xfe{\x00}\x00", "expected value"),
        (b"{'a': 1}", "line 1 column 2"),
        (b'{"a": 1,}', "line 1"),
        (b'"\\u00zz"', "escape"),
        (b'"a\nb"', "control character"),
        (b"[" * 100_000, "recursion"),
        (b'{"a":' * 100_000, "recursion"),
        (b"9" * 5_000, "number"),
        (b"01", "number"),
        (b"nul", "EOF"),
    ],
    ids=lambda value: repr(value[:16]),
)
def test_what_is_not_strict_json_is_refused_with_the_reason(raw, says):
    with pytest.raises(ValueError, match=f"(?i){says}"):
        decode_json(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (rb'"\ud800"', "?"),
        (rb'"\udc00\ud800 x"', "?? x"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'{"\ud800": ["a\udfff"]}', {"?": ["a?"]}),
        (rb'["\ud800", 1, null, true, 0.5]', ["?", 1, None, True, 0.5]),
    ],
)
def test_a_lone_surrogate_becomes_a_question_mark_and_a_pair_stays_whole(raw, value):
    assert decode_json(raw) == value
    encode_json(decode_json(raw))


@pytest.mark.parametrize("depth", [150, 300, 500, 900, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_behind_a_lone_surrogate_is_taken_or_refused_and_never_overflows_the_stack(
    depth, opening, closing
):
    raw = b'["\\ud800", ' + opening * depth + b"1" + closing * depth + b"]"
    try:
        decode_json(raw)
    except ValueError:
        assert depth > 150


@pytest.mark.parametrize("bad", [b"NaN", b"1e999", b"-Infinity", b"9" * 5_000, b'"\xff"', b"[1,]"])
def test_a_lone_surrogate_opens_no_door_for_what_is_refused_otherwise(bad):
    with pytest.raises(ValueError):
        decode_json(b'["\\ud800", ' + bad + b"]")


def test_of_duplicate_keys_the_last_one_counts():
    assert decode_json(b'{"a": 1, "a": 2}') == {"a": 2}
    assert decode_json(rb'{"a": "\ud800", "a": 2}') == {"a": 2}


def test_large_whole_numbers_keep_every_digit():
    assert decode_json(b"9" * 400) == int("9" * 400)


@given(st.binary(max_size=200))
@example(b'"\\ud800')
@example(b'"\\ud800\xff"')
def test_any_bytes_give_a_value_that_can_be_encoded_again_or_a_value_error(raw):
    try:
        value = decode_json(raw)
    except ValueError as error:
        assert str(error)
    else:
        json.loads(encode_json(value))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("encode", [encode_json, encode_json_pretty])
def test_what_json_has_no_number_for_is_not_written(encode, number):
    with pytest.raises(ValueError):
        encode({"a": [number]})


def test_the_pretty_form_sorts_keys_and_ends_in_a_newline_so_that_equal_values_give_equal_bytes():
    assert encode_json_pretty({"b": 1, "a": "\u00e9"}) == '{\n  "a": "\u00e9",\n  "b": 1\n}\n'.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_text_without_surrogates_can_be_encoded_and_keeps_its_length(text):
    assert len(replace_surrogates(text)) == len(text)
    replace_surrogates(text).encode()
