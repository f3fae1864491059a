import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.shared.json_edit import edit, members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text() | st.sampled_from(["model", "a", "b"]), VALUES, max_size=6)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


@given(OBJECTS, INDENTS, st.booleans())
def test_an_edit_does_what_decoding_and_encoding_would(value, indent, ascii_only):
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    expected = {("c" if key == "b" else key): item for key, item in value.items() if key != "a"}
    if "b" in value and "c" in value:
        expected["c"] = value["c"]
    expected["model"] = "x"
    found = edit(raw, put={"model": "x"}, remove=["a"], rename={"b": "c"})
    assert json.loads(found.decode("utf-8", "surrogatepass")) == expected


KEYS = st.sampled_from(["model", "a", "b"])
NESTED = st.recursive(
    st.sampled_from(["model", "a", 1, None, '"model":', "}", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NESTED, max_size=3), INDENTS, st.booleans())
def test_only_the_objects_own_member_changes_wherever_its_name_stands_too(value, indent, spelled_out):
    raw = json.dumps(value, indent=indent).encode()
    if spelled_out:
        raw = raw.replace(b'"model"', b'"mod\\u0065l"', 1)
    assert json.loads(edit(raw, put={"model": "x"})) == {**value, "model": "x"}


@given(OBJECTS, INDENTS)
def test_an_edit_of_nothing_changes_no_byte(value, indent):
    raw = json.dumps(value, indent=indent).encode()
    assert edit(raw) == raw
    assert edit(raw, put={key: item for key, item in value.items() if isinstance(item, str)}) is not None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"model":"auto"}', b'{"model":"x"}'),
        (b' { "model" :\n"auto" , "n":1.0 }\n', b' { "model" :\n"x" , "n":1.0 }\n'),
        (b'{"messages":[{"model":"no"}],"model":"auto"}', b'{"messages":[{"model":"no"}],"model":"x"}'),
        (b'{"a":"\\"model\\":1","model":null}', b'{"a":"\\"model\\":1","model":"x"}'),
        (b'{"model":{"a":[1,{"b":2}]},"z":0}', b'{"model":"x","z":0}'),
        (b'{"mod\\u0065l":"auto"}', b'{"mod\\u0065l":"x"}'),
        (b'{"model":"a","model":"b"}', b'{"model":"x","model":"x"}'),
        (b'{"n":1e2, "k":"\xc3\xa9"}', b'{"n":1e2, "k":"\xc3\xa9","model":"x"}'),
        (b"{ }", b'{"model":"x" }'),
        (b'{"meta":{"model":"no"}}', b'{"meta":{"model":"no"},"model":"x"}'),
        (b'{"meta":{"model":"no"},"mod\\u0065l":"auto"}', b'{"meta":{"model":"no"},"mod\\u0065l":"x"}'),
        (b'{"meta":{"model":"no","n":1}}', b'{"meta":{"model":"no","n":1},"model":"x"}'),
        (b'{"role":"model"}', b'{"role":"model","model":"x"}'),
        (b'{"a":[1],"model":"auto","t":0.5,"s":"}"}', b'{"a":[1],"model":"x","t":0.5,"s":"}"}'),
        (b'{"a":"{\\"model\\":1}","model":"auto","z":[{"k":1}]}', b'{"a":"{\\"model\\":1}","model":"x","z":[{"k":1}]}'),
    ],
)
def test_only_the_models_name_changes(raw, expected):
    assert edit(raw, put={"model": "x"}) == expected


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'{"a":1', b'{"a"}', b'{"a":}', b"{1:2}"])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(ValueError):
        members(raw)


def test_a_removed_member_takes_its_comma_with_it():
    raw = b'{ "a": 1, "b": 2, "c": 3 }'
    assert [edit(raw, remove=[key]) for key in "abc"] == [
        b'{ "b": 2, "c": 3 }',
        b'{ "a": 1, "c": 3 }',
        b'{ "a": 1, "b": 2 }',
    ]
    assert edit(raw, remove="abc", add={"d": 4}) == b'{ "d":4 }'


def test_what_is_to_be_added_does_not_replace():
    assert edit(b'{"a":1}', add={"a": 2, "b": 3}) == b'{"a":1,"b":3}'
