"""Strict JSON in: what is taken, what is refused, and that nothing else than ValueError comes out."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.jsontext import decode_json, encode_json, encode_json_pretty, harmless, replace_surrogates

whole_numbers = st.integers(-(1 << 63), (1 << 64) - 1)
json_values = st.recursive(
    st.none() | st.booleans() | whole_numbers | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
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
        (b"1e999", "too large.* at line 1 column 1"),
        (b'{"a": [-1e999]}', "too large.* at line 1 column 8"),
        (b'{"a":\n [1, 18446744073709551616]}', "too large.* at line 2 column 6"),
        (b"-9223372036854775809", "too large.* at line 1 column 1"),
        (b"9" * 400, "too large.* at line 1 column 1"),
        (b'["\\ud800", 1e999]', "too large.* at line 1 column 12"),
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


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"a": 1, "a": 2}', 'duplicate key "a" at line 1 column 10'),
        (b'{"a": 1,\n "b": [{"x": 1, "x": 2}]}', 'duplicate key "x" at line 2 column 17'),
        (b'{"a" : 1, "a"\n:\n2}', 'duplicate key "a" at line 1 column 11'),
        (rb'{"a": 1, "\u0061": 2}', r'duplicate key "\\u0061" at line 1 column 10'),
        (rb'{"\\": 1, "\\": 2}', "duplicate key .* at line 1 column 11"),
        (rb'{"a": "\ud800", "a": 2}', 'duplicate key "a" at line 1 column 17'),
        (rb'{"x": "{\"a\": 1, \"b\": 2}", "x": 1}', 'duplicate key "x"'),
        (b'{"": 1, "": 2}', 'duplicate key ""'),
        (b'{"' + b"k" * 200 + b'": 1, "' + b"k" * 200 + b'": 2}', r'duplicate key "k{75}\.\.\." at line 1 column 209'),
        (b'{"a": ":)", "a": ":("}', 'duplicate key "a" at line 1 column 13'),
    ],
)
def test_a_key_that_an_object_has_twice_is_refused_with_its_name_and_place(raw, says):
    with pytest.raises(ValueError, match=says):
        decode_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"a": 1}, {"a": 1}, {"b": {"a": 1}}]',
        rb'{"a": "\"a\": 1, \\\"a\": \\", "b": ["\":", "\\"]}',
        rb'{"\\": 1, "a\"": 2, "\":": 3}',
        b'{"a"\t:\n1}',
        b'{"a": ":)", "b": " : "}',
        rb'{"a": "{\"b\": \"{\\\"c\\\": 1, \\\"d\\\": \\\"\\\\\\\"e\\\\\\\": 2\\\"}\"}"}',
        b'{"a' + b"\\\\" * 20 + b'": 1}',
    ],
)
def test_the_same_key_in_other_objects_or_in_texts_is_no_duplicate(raw):
    assert decode_json(raw) == json.loads(raw)


pieces = st.text(st.sampled_from('a"\\:{} \n'), max_size=4)
blanks = st.sampled_from(["", " ", "  ", "\n", " \t"])
members = st.tuples(blanks, pieces.map(json.dumps), blanks, pieces.map(json.dumps) | st.just('{"a":1}')).map(
    lambda parts: "{}{}{}:{}".format(*parts)
)


@given(st.lists(members, max_size=5).map(lambda parts: "{" + ",".join(parts) + "}"))
def test_duplicates_are_found_exactly_where_the_standard_librarys_parser_sees_them(text):
    repeated = []

    def note(pairs):
        repeated.append(len(dict(pairs)) < len(pairs))

    json.loads(text, object_pairs_hook=note)
    try:
        decode_json(text.encode())
    except ValueError as error:
        assert "duplicate key" in str(error)
        assert any(repeated)
    else:
        assert not any(repeated)


@pytest.mark.parametrize("number", [0, -1, 1 << 53, (1 << 64) - 1, -(1 << 63)])
def test_whole_numbers_of_64_bits_keep_every_digit(number):
    assert decode_json(str(number).encode()) == number


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


def test_a_text_for_the_terminal_moves_and_colours_nothing():
    assert harmless("a\x1b[2J\x9b1m\r\x07b\u202ec\tline\n") == ("a\\u001b[2J\\u009b1m\\u000d\\u0007b\\u202ec\tline\n")
    assert harmless("Zürich 東京 👍") == "Zürich 東京 👍"
