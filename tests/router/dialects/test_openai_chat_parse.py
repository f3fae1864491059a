"""Chat-completions bodies: what is read, what is left alone, what is refused and with which field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.seen import seen
from router.errors import RequestError
from router.types import Message, Needs
from tests.router.dialects.rooms import openai_chat

FIXTURES = Path(__file__).parents[2] / "fixtures" / "openai_chat"


def parse_chat(body):
    return seen(openai_chat.request_reader.read_request(body))


def parse_messages(messages):
    return parse_chat({"messages": messages}).messages


def chat(name):
    return parse_chat(json.loads((FIXTURES / name).read_text("utf-8")))


def user(content):
    return {"messages": [{"role": "user", "content": content}]}


def test_a_tool_call_turn_is_read_message_by_message():
    request = chat("tool_call_turn.json")
    assert request.model == "gpt-5.4"
    assert request.max_output_tokens == 300
    assert request.messages == (
        Message("developer", "You help with travel."),
        Message("user", "What is the weather in Lima?"),
        Message("assistant", "", ("tool_call",)),
        Message("tool", '{"c": 19}'),
    )


def test_text_blocks_are_joined_by_newlines_and_other_blocks_are_kept_by_type():
    request = chat("image_and_text.json")
    assert request.max_output_tokens == 50
    assert request.messages[1] == Message(
        "user",
        "What is on this picture?\nAnd what is missing?",
        ("image", "audio", "a_block_of_next_year"),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hi", Message("user", "hi")),
        (None, Message("user", "")),
        ("", Message("user", "")),
        ([], Message("user", "")),
        (["a", "b"], Message("user", "a\nb")),
        ([{"text": "without a type"}], Message("user", "without a type")),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], Message("user", "a\nb")),
        ([{"type": "text"}], Message("user", "")),
        ([{"type": "text", "text": None}], Message("user", "")),
        ([{}], Message("user", "", ("unknown",))),
        ([{"type": 7, "text": "x"}], Message("user", "", ("unknown",))),
        ([{"type": [], "text": "x"}], Message("user", "", ("unknown",))),
        ([{"type": {"a": 1}}], Message("user", "", ("unknown",))),
    ],
)
def test_content_may_be_a_string_null_or_blocks_of_any_type(content, message):
    assert parse_chat(user(content)).messages == (message,)


def test_thinking_and_calls_are_no_text():
    message = {"role": "assistant", "content": "a", "reasoning_content": "hm", "tool_calls": [{}, {}]}
    old = {"role": "assistant", "content": None, "function_call": {"name": "f"}}
    assert parse_messages([message, old, {"role": "function", "name": "f", "content": "7"}]) == (
        Message("assistant", "a", ("thinking", "tool_call", "tool_call")),
        Message("assistant", "", ("tool_call",)),
        Message("tool", "7"),
    )


TOOL = {"type": "function", "function": {"name": "f"}}
CALL = {"messages": [{"role": "assistant", "tool_calls": [{}]}]}


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, Needs()),
        ({"tools": []}, Needs()),
        ({"tools": [TOOL]}, Needs(tools=True)),
        ({"functions": [{"name": "f"}]}, Needs(tools=True)),
        ({"tools": [TOOL], "tool_choice": "none"}, Needs()),
        ({"tools": [TOOL], "tool_choice": "none", **CALL}, Needs(tools=True)),
        ({"tools": [TOOL], "parallel_tool_calls": True}, Needs(tools=True, parallel_tools=True)),
        ({"parallel_tool_calls": True}, Needs()),
        ({"tools": [TOOL], "parallel_tool_calls": False}, Needs(tools=True)),
        ({"response_format": {"type": "json_object"}}, Needs(json_mode=True)),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, Needs(json_schema=True)),
        ({"response_format": {"type": "text"}}, Needs()),
        ({"n": 3}, Needs(n=3)),
        ({"n": 0}, Needs()),
        ({"logprobs": True}, Needs(logprobs=True)),
        ({"top_logprobs": 2}, Needs(logprobs=True)),
        (user([{"type": "image_url", "image_url": {"url": "data:"}}]), Needs(images=True)),
        (user([{"type": "input_audio"}]), Needs(audio=True)),
        (user([{"type": "file"}]), Needs(documents=True)),
        ({"tools": 7, "n": "x", "response_format": [], "logprobs": {}, "tool_choice": 3}, Needs()),
    ],
)
def test_needs_are_what_the_body_says_outright(fields, needs):
    assert parse_chat({**user("a"), **fields}).needs == needs


def test_metadata_holds_the_flat_strings_only():
    metadata = {"team": "blue", "n": 1, "deep": {"a": "b"}}
    assert parse_chat({**user("a"), "metadata": metadata}).metadata == {"team": "blue"}
    assert parse_chat({**user("a"), "metadata": "x"}).metadata == {}


def test_roles_are_lower_case_and_unknown_ones_are_kept():
    messages = parse_messages([{"role": "User", "content": "a"}, {"role": "critic", "content": "b"}])
    assert [message.role for message in messages] == ["user", "critic"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": "a"}, None]}, "messages[1]"),
        ({"messages": [{}]}, "messages[0].role"),
        ({"messages": [{"role": 1}]}, "messages[0].role"),
        ({"messages": [{"role": None, "content": "a"}]}, "messages[0].role"),
        (user(7), "messages[0].content"),
        (user({"text": "a"}), "messages[0].content"),
        (user(True), "messages[0].content"),
        (user([7]), "messages[0].content[0]"),
        (user(["a", None]), "messages[0].content[1]"),
        (user([{"type": "text", "text": 7}]), "messages[0].content[0].text"),
        ({"model": 7, **user("a")}, "model"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parse_chat(body)
    assert caught.value.field == field
    assert caught.value.message.startswith(field)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, None),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 7, "max_tokens": 5}, 7),
        ({"max_completion_tokens": None, "max_tokens": 5}, 5),
        ({"max_tokens": 0}, None),
        ({"max_tokens": -1}, None),
        ({"max_tokens": True}, None),
        ({"max_tokens": "5"}, None),
        ({"max_tokens": 1.5}, None),
        ({"max_tokens": 10**400}, None),
        ({"max_output_tokens": 9}, 9),
    ],
)
def test_the_clients_own_limit_is_read_where_it_makes_sense_and_otherwise_left_alone(limits, expected):
    assert parse_chat({**user("a"), **limits}).max_output_tokens == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["text", "user"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"role": st.just("user") | anything, "content": anything}), min_size=1))
def test_any_messages_are_read_or_refused_with_a_field(messages):
    try:
        parsed = parse_messages(messages)
    except RequestError as error:
        assert error.field
        assert error.field.startswith("messages[")
    else:
        assert len(parsed) == len(messages)
