"""Anthropic Messages bodies: system prompts, blocks, results inside a user's message."""

from __future__ import annotations

import pytest

from router.dialects.seen import seen
from router.errors import RequestError
from router.types import Dialect, Message, Needs
from tests.router.dialects.rooms import anthropic


def parse_anthropic(body):
    return seen(anthropic.request_reader.read_request(body))


def user(content, **fields):
    return {"messages": [{"role": "user", "content": content}], "max_tokens": 9, **fields}


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        ("hi", [Message("user", "hi")]),
        (None, [Message("user", "")]),
        ([], [Message("user", "")]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], [Message("user", "a\nb")]),
        ([{"type": "image", "source": {"type": "url", "url": "x"}}], [Message("user", "", ("image",))]),
        ([{"type": "search_result", "content": []}], [Message("user", "", ("search_result",))]),
        ([{"type": "tool_result"}], [Message("tool", "")]),
        ([{"type": "tool_result", "content": None}], [Message("tool", "")]),
        (
            [
                {"type": "text", "text": "before"},
                {"type": "tool_result", "content": "1"},
                {"type": "text", "text": "between"},
                {"type": "tool_result", "content": [{"type": "text", "text": "2"}, {"type": "tool_reference"}]},
            ],
            [Message("tool", "1"), Message("tool", "2", ("tool_reference",)), Message("user", "before\nbetween")],
        ),
    ],
)
def test_content_is_read_block_by_block_and_results_come_first(content, messages):
    assert parse_anthropic(user(content)).messages == tuple(messages)


@pytest.mark.parametrize(
    ("system", "messages"),
    [
        (None, []),
        ("Be brief.", [Message("system", "Be brief.")]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], [Message("system", "a\nb")]),
        ([], [Message("system", "")]),
    ],
)
def test_the_system_prompt_comes_first(system, messages):
    assert parse_anthropic(user("hi", system=system)).messages == (*messages, Message("user", "hi"))


def test_a_system_message_among_the_others_stays_where_it_is():
    body = user("hi")
    body["messages"].append({"role": "system", "content": "later"})
    assert [message.role for message in parse_anthropic(body).messages] == ["user", "system"]


TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]
SCHEMA = {"type": "json_schema", "schema": {}}


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, Needs()),
        ({"tools": []}, Needs()),
        ({"tools": TOOLS}, Needs(tools=True)),
        ({"tools": TOOLS, "tool_choice": {"type": "none"}}, Needs()),
        (
            {"tools": TOOLS, "tool_choice": {"type": "auto", "disable_parallel_tool_use": False}},
            Needs(tools=True, parallel_tools=True),
        ),
        ({"tools": TOOLS, "tool_choice": {"type": "any", "disable_parallel_tool_use": True}}, Needs(tools=True)),
        ({"output_config": {"effort": "low"}}, Needs()),
        ({"output_config": {"format": SCHEMA}}, Needs(json_schema=True)),
        ({"output_format": SCHEMA}, Needs(json_schema=True)),
        ({"tools": 7, "tool_choice": "auto", "output_config": [], "thinking": 3}, Needs()),
    ],
)
def test_needs_are_what_the_body_says_outright(fields, needs):
    assert parse_anthropic(user("hi", **fields)).needs == needs


def test_the_rest_of_the_body_is_read():
    request = parse_anthropic(user("hi", model="claude-opus-5-5", metadata={"user_id": '{"session_id": "s"}'}))
    assert (request.model, request.max_output_tokens) == ("claude-opus-5-5", 9)
    assert request.metadata == {"user_id": '{"session_id": "s"}'}
    assert request.dialect is Dialect.ANTHROPIC


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["a"]}, "messages[0]"),
        ({"messages": [{"content": "a"}]}, "messages[0].role"),
        (user(7), "messages[0].content"),
        (user({"type": "text"}), "messages[0].content"),
        (user([7]), "messages[0].content[0]"),
        (user([{"type": "text", "text": 7}]), "messages[0].content[0].text"),
        (user([{"type": "tool_result", "content": 7}]), "messages[0].content[0].content"),
        (
            user(["a", {"type": "tool_result", "content": [{"type": "text", "text": []}]}]),
            "messages[0].content[1].content[0].text",
        ),
        (user("a", system=7), "system"),
        (user("a", system=[{"type": "text", "text": 7}]), "system[0].text"),
        (user("a", model={}), "model"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parse_anthropic(body)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: expected")
