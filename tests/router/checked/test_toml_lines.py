"""Lines of keys: as an editor counts them, whatever stands in strings and comments before."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.checked.toml_lines import lines_of

DOCUMENT = '''# rules = [ {
a = 1
"b.c".d = "x # [[no]] \\" {" # [[no]]
e = """
[[rules]]
'' "" \\"""
still = 1""""
f = \'\'\'
] }\'\'\'
rules = [ { task = "x" }, # {
  { task = ["y",
     "z"], tier = { k = 1 } } ,
]
[server]  # [server2]
port = 9_000
started = 1979-05-27 07:32:00
[[tiers]]
name = "a"
[[tiers.models]]
model = "m"
[[tiers.models]]
model = "n"
[tiers.more]
k = [[1], [2,
3]]
[[tiers]]
[catalog."x/y"]
'''

EXPECTED = {
    ("a",): 2,
    ("b.c",): 3,
    ("b.c", "d"): 3,
    ("e",): 4,
    ("f",): 8,
    ("rules",): 10,
    ("rules", 0): 10,
    ("rules", 0, "task"): 10,
    ("rules", 1): 11,
    ("rules", 1, "task", 1): 12,
    ("rules", 1, "tier", "k"): 12,
    ("server",): 14,
    ("server", "port"): 15,
    ("server", "started"): 16,
    ("tiers", 0): 17,
    ("tiers", 0, "models", 0, "model"): 20,
    ("tiers", 0, "models", 1): 21,
    ("tiers", 0, "more", "k"): 24,
    ("tiers", 0, "more", "k", 1, 1): 25,
    ("tiers", 1): 26,
    ("catalog", "x/y"): 27,
}


def test_every_key_table_and_item_has_the_line_where_it_stands():
    found = lines_of(DOCUMENT)
    assert {place: found.get(place) for place in EXPECTED} == EXPECTED


def places(value, place=()):
    """Every place within a decoded document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*place, key)
        yield from places(item, (*place, key))


def test_every_value_that_tomllib_sees_has_a_line_and_no_other():
    found = lines_of(DOCUMENT)
    assert set(found) == set(places(tomllib.loads(DOCUMENT)))


@pytest.mark.parametrize("text", ["", "# nothing", "\r\n\r\n", "a=1"])
def test_small_documents_and_windows_line_ends_are_fine(text):
    assert set(lines_of(text)) == set(places(tomllib.loads(text)))
    assert lines_of(f"{text}\r\nb = 2")[("b",)] == text.count("\n") + 2


words = st.text(st.sampled_from("ab#[]{}'\",=\\.\n "), max_size=6)


def written(value) -> str:
    """A value as TOML with basic strings."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ",\n".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)} = {written(item)}" for key, item in value.items()) + "}"
    return str(value)


values = st.recursive(
    words | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(words, values, max_size=4))
def test_any_document_has_a_line_for_each_of_its_values(document):
    text = "\n".join(f"{written(key)} = {written(value)}" for key, value in document.items())
    assert tomllib.loads(text) == document
    found = lines_of(text)
    assert set(found) == set(places(document))
    for key in document:
        assert text.splitlines()[found[(key,)] - 1].startswith(written(key).splitlines()[0])


def test_what_is_nested_deeper_than_the_stack_has_no_lines():
    assert lines_of("a = " + "[" * 100_000 + "]" * 100_000) == {}
