"""Rules: what each condition holds for, which rules can never decide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.limits import Limits
from router.policy.rules import Conditions, Regex, Rule, first_match, unreachable
from router.types import Dialect, Needs, TaskGuess
from tests.router.policy.parts import facts


def regex(source: str) -> Regex:
    return Regex(source, lambda text: re.search(source, text) is not None)


@pytest.mark.parametrize(
    ("conditions", "holds", "fails"),
    [
        (
            {"task": ("code_review",)},
            [{"task": TaskGuess("code_review", 0.5)}],
            [{}, {"task": TaskGuess("code_review", 0.49)}, {"task": TaskGuess("chat", 0.9)}],
        ),
        (
            {"task": ("a", "b"), "min_probability": 0.2},
            [{"task": TaskGuess("b", 0.2)}],
            [{"task": TaskGuess("b", 0.1)}],
        ),
        ({"turn": ("title", "probe")}, [{"turn": "probe"}], [{"turn": "user"}]),
        ({"dialect": ("gemini",)}, [{"dialect": Dialect.GEMINI}], [{}]),
        ({"model": ("gpt-x",)}, [{"model": "gpt-x"}], [{}, {"model": "gpt"}]),
        (
            {"agent": ("main",)},
            [
                {"headers": {"x-router-agent": "main"}},
                {"headers": {"x-clawrouter-agent-id": "main"}},
                {"headers": {"x-claude-code-agent-id": "main"}},
                {"metadata": {"agent": "main"}},
            ],
            [{}, {"headers": {"x-router-agent": "other"}, "metadata": {"agent": "main"}}],
        ),
        (
            {"audience": ("customer",)},
            [{"headers": {"x-router-audience": "customer"}}, {"metadata": {"audience": "customer"}}],
            [{}, {"metadata": {"audience": "internal"}}],
        ),
        ({"language": ("de", "fr")}, [{"language": "fr"}], [{}, {"language": "en"}]),
        ({"regex": (regex("deploy"), regex("^x"))}, [{"ask": "please deploy"}, {"ask": "xy"}], [{"ask": "hi"}]),
        ({"has_images": True}, [{"needs": Needs(images=True)}], [{}]),
        ({"has_images": False}, [{}], [{"needs": Needs(images=True)}]),
        ({"has_tools": True}, [{"needs": Needs(tools=True)}], [{}]),
        (
            {"header": {"x-a": ("1", "2"), "x-b": ("*",)}},
            [{"headers": {"x-a": "2", "x-b": "any"}}],
            [{}, {"headers": {"x-a": "2"}}, {"headers": {"x-a": "3", "x-b": ""}}],
        ),
        ({"metadata": {"team": ("a",)}}, [{"metadata": {"team": "a"}}], [{}, {"metadata": {"team": "b"}}]),
        ({}, [{}, {"turn": "title"}], []),
        (
            {"turn": ("user",), "has_tools": True},
            [{"needs": Needs(tools=True)}],
            [{}, {"turn": "title", "needs": Needs(tools=True)}],
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_conditions_hold_where_all_of_them_do(conditions, holds, fails):
    said = Conditions(**conditions)
    assert [request for request in holds if not said.hold(facts(**request))] == []
    assert [request for request in fails if said.hold(facts(**request))] == []


def test_the_language_is_not_looked_for_where_nothing_asks_for_it():
    request = facts()
    broken = type(request)(**{**{name: getattr(request, name) for name in request.__slots__}, "language": None})
    assert Conditions(turn=("user",)).hold(broken)
    assert not Conditions(turn=("title",), language=("de",)).hold(broken)


def test_the_first_rule_that_matches_decides():
    rules = [Rule(Conditions(turn=("title",)), name="one"), Rule(Conditions(), name="two"), Rule(Conditions())]
    assert first_match(rules, facts()).name == "two"
    assert first_match(rules, facts(turn="title")).name == "one"
    assert first_match(rules[:1], facts()) is None


@pytest.mark.parametrize(
    ("earlier", "later", "included"),
    [
        ({}, {"turn": ("title",)}, True),
        ({"turn": ("title",)}, {}, False),
        ({"turn": ("title", "probe")}, {"turn": ("probe",)}, True),
        ({"turn": ("title",)}, {"turn": ("title", "probe")}, False),
        ({"turn": ("title",)}, {"turn": ("title",), "has_tools": True}, True),
        ({"has_tools": True}, {"has_tools": False}, False),
        ({"task": ("a",)}, {"task": ("a",), "min_probability": 0.9}, True),
        ({"task": ("a",), "min_probability": 0.9}, {"task": ("a",)}, False),
        ({"header": {"x": ("*",)}}, {"header": {"x": ("1",), "y": ("2",)}}, True),
        ({"header": {"x": ("1",)}}, {"header": {"x": ("*",)}}, False),
        ({"header": {"x": ("1",), "y": ("2",)}}, {"header": {"x": ("1",)}}, False),
        ({"regex": (regex("a"), regex("b"))}, {"regex": (regex("b"),)}, True),
        ({"regex": (regex("a"),)}, {"regex": (regex("ab"),)}, False),
    ],
)
def test_a_rule_that_an_earlier_one_always_forestalls_is_found(earlier, later, included):
    rules = (Rule(Conditions(**earlier), where="1"), Rule(Conditions(**later), where="2"))
    assert unreachable(rules) == (rules if included else None)


words = st.lists(st.sampled_from("ab"), max_size=2, unique=True).map(tuple)
conditions = st.builds(
    Conditions,
    task=words,
    min_probability=st.sampled_from([0.2, 0.8]),
    turn=words,
    agent=words,
    language=words,
    has_images=st.none() | st.booleans(),
    has_tools=st.none() | st.booleans(),
    header=st.dictionaries(st.sampled_from("xy"), st.sampled_from([("*",), ("a",), ("a", "b")]), max_size=2),
)
word = st.sampled_from("abc")
requests = st.builds(
    facts,
    turn=word,
    language=word,
    needs=st.builds(Needs, images=st.booleans(), tools=st.booleans()),
    task=st.none() | st.builds(TaskGuess, word, st.sampled_from([0.1, 0.5, 0.9])),
    headers=st.dictionaries(st.sampled_from(["x", "y", "x-router-agent"]), word),
)


@given(conditions, conditions, requests)
def test_what_is_included_never_holds_where_the_wider_conditions_do_not(wide, narrow, request):
    if wide.include(narrow) and narrow.hold(request):
        assert wide.hold(request)


@given(conditions)
def test_conditions_include_themselves(one):
    assert one.include(one)


def test_a_rule_says_itself_in_one_line():
    rule = Rule(
        Conditions(task=("a", "b"), has_tools=False, regex=(regex("x"),), header={"x-a": ("*",)}),
        Limits(floor="medium"),
        policy="careful",
        where="t.toml:3",
    )
    expected = "t.toml:3: task a or b, regex x, no tools, header x-a * -> policy careful, floor medium"
    assert str(rule) == expected
    assert str(Rule(Conditions(), Limits(tier="small"), name="all")) == "all: every request -> tier small"
