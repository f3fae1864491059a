"""Responses bodies: items, and what stands beside them."""

from __future__ import annotations

import pytest

from router.dialects.seen import seen
from router.errors import RequestError
from router.types import Dialect, Message, Needs
from tests.router.dialects.rooms import openai_responses


def parse_responses(body):
    return seen(openai_responses.request_reader.read_request(body))


def parse_input(items):
    return parse_responses({"input": items}).messages


@pytest.mark.parametrize(
    ("items", "messages"),
    [
        ("hi", [Message("user", "hi")]),
        ("", [Message("user", "")]),
        (["hi"], [Message("user", "hi")]),
        ([{"role": "User", "content": "hi"}], [Message("user", "hi")]),
        ([{"type": "message", "role": "user", "content": None}], [Message("user", "")]),
        (
            [{"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_file"}]}],
            [Message("user", "a", ("document",))],
        ),
        ([{"type": "function_call_output", "output": "7"}], [Message("tool", "7")]),
        ([{"type": "function_call_output"}], [Message("tool", "")]),
        ([{"type": "function_call_output", "output": {"a": 1}}], [Message("tool", "", ("unknown",))]),
        (
            [{"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "x"}}],
            [Message("tool", "", ("image",))],
        ),
        ([{"type": "web_search_call"}], [Message("assistant", "", ("tool_call",))]),
        ([{"type": "item_reference", "id": "x"}], [Message("unknown", "", ("item_reference",))]),
        ([{"id": "x"}], [Message("unknown", "", ("unknown",))]),
        ([{"type": 7}], [Message("unknown", "", ("unknown",))]),
    ],
)
def test_items_are_read_by_type(items, messages):
    assert parse_input(items) == tuple(messages)


def test_the_assistants_neighbouring_items_are_one_message():
    items = [{"type": "reasoning"}, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert parse_input([*items, {"type": "function_call"}, {"role": "user", "content": "c"}]) == (
        Message("assistant", "a\nb", ("thinking", "tool_call")),
        Message("user", "c"),
    )


def test_a_hundred_thousand_items_take_no_more_than_linear_time():
    (message,) = parse_input([{"type": "function_call"}] * 100_000)
    assert len(message.block_types) == 100_000


def test_the_body_is_read():
    body = {"input": "hi", "model": "m", "instructions": "Be brief.", "max_output_tokens": 9, "metadata": {"a": "b"}}
    request = parse_responses(body)
    assert request.messages == (Message("system", "Be brief."), Message("user", "hi"))
    assert (request.model, request.max_output_tokens) == ("m", 9)
    assert request.metadata == {"a": "b"}
    assert request.dialect is Dialect.OPENAI_RESPONSES


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, Needs()),
        ({"tools": [{"type": "web_search"}]}, Needs(tools=True, hosted=True)),
        ({"tools": [{"type": "web_search"}, {"type": "function", "name": "f"}]}, Needs(tools=True)),
        ({"tools": [{"type": "web_search"}], "tool_choice": "none"}, Needs()),
        ({"tools": [{}], "parallel_tool_calls": True}, Needs(tools=True, parallel_tools=True)),
        ({"text": {"format": {"type": "json_object"}}}, Needs(json_mode=True)),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, Needs(json_schema=True)),
        ({"top_logprobs": 5}, Needs(logprobs=True)),
        ({"include": ["message.output_text.logprobs"]}, Needs(logprobs=True)),
        ({"text": 7, "tools": {}, "include": "x", "top_logprobs": 0}, Needs()),
    ],
)
def test_needs_are_what_the_body_says_outright(fields, needs):
    assert parse_responses({"input": "hi", **fields}).needs == needs


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": {}}, "input"),
        ({"input": []}, "input"),
        ({"input": [None]}, "input[0]"),
        ({"input": [{"type": "message", "content": "a"}]}, "input[0].role"),
        ({"input": [{"role": 7}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 7}]}, "input[0].content"),
        ({"input": ["a", {"role": "user", "content": [7]}]}, "input[1].content[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": 7}]}]},
            "input[0].content[0].text",
        ),
        ({"input": [{"type": "function_call_output", "output": [7]}]}, "input[0].output[0]"),
        ({"input": "a", "instructions": 7}, "instructions"),
        ({"input": "a", "model": 7}, "model"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parse_responses(body)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: expected")
