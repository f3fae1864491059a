"""Chat Completions: what requests and whole answers keep both ways, and what is refused or dropped by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.conversation import (
    Answer,
    Conversation,
    Finish,
    Media,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Usage,
)
from router.dialects.openai_chat.answer import read_answers, write_answers
from router.dialects.openai_chat.request_writer import write_request
from router.errors import RequestError
from tests.router.dialects.openai_worlds import ANY_JSON, conversations
from tests.router.dialects.rooms import openai_chat

HELLO = [{"role": "user", "content": "Hello"}]


def read_request(body):
    """As a provider of another dialect is told: the first problem is raised."""
    return openai_chat.request_reader.read_request(body).translatable()


def ask(*parts, **fields) -> Conversation:
    return Conversation(turns=(Turn("user", parts or (Text("Hello"),)),), **fields)


# --- Requests ---------------------------------------------------------------------------------------------------------


@given(conversations())
def test_a_conversation_survives_being_written_and_read(conversation):
    if conversation.answer_format is not None and conversation.answer_format.kind == "json":
        conversation = replace(conversation, answer_format=None)  # the word "JSON" is put before it
    written = write_request(conversation, model="m")
    assert written.dropped == ()
    assert read_request(json.loads(json.dumps(written.body))) == conversation


HISTORY = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather and time?"},
    {
        "role": "assistant",
        "content": "Let me check.",
        "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}},
            {"id": "call_b", "type": "function", "function": {"name": "get_time", "arguments": "{}"}},
        ],
    },
    {"role": "tool", "tool_call_id": "call_a", "content": "18C"},
    {"role": "tool", "tool_call_id": "call_b", "content": "10:00"},
]


def test_results_in_a_row_make_one_turn_and_know_the_names_of_their_tools():
    conversation = read_request({"messages": HISTORY})
    assert conversation.turns == (
        Turn("system", (Text("Be brief."),)),
        Turn("user", (Text("Weather and time?"),)),
        Turn(
            "assistant",
            (
                Text("Let me check."),
                ToolCall("call_a", "get_weather", '{"city":"Paris"}'),
                ToolCall("call_b", "get_time", "{}"),
            ),
        ),
        Turn(
            "user",
            (
                ToolResult("call_a", (Text("18C"),), "get_weather"),
                ToolResult("call_b", (Text("10:00"),), "get_time"),
            ),
        ),
    )
    assert write_request(conversation, model="m").body == {"model": "m", "messages": HISTORY}


def test_both_limits_of_the_answer_are_read_and_the_newer_one_counts():
    body = {"messages": HELLO, "max_tokens": 5, "max_completion_tokens": 7}
    assert read_request(body).max_output_tokens == 7
    assert read_request({"messages": HELLO, "max_tokens": 5}).max_output_tokens == 5


def test_what_has_no_neutral_form_is_dropped_by_name_and_empty_things_are_not_named():
    body = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "x"}}]}],
        "tools": [{"type": "custom", "custom": {"name": "patch"}}],
        "tool_choice": "required",
        "logit_bias": {"1": 5},
        "metadata": {},
        "store": False,
        "service_tier": None,
        "vendor_key": 1,
    }
    conversation = read_request(body)
    assert conversation.dropped == ("logit_bias", "vendor_key", "tools[0] (custom)", "tool_choice")
    assert (conversation.tools, conversation.tool_choice) == ((), None)


def test_allowed_tools_leave_only_those():
    functions = [{"type": "function", "function": {"name": name}} for name in ("a", "b")]
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "b"}}]}
    conversation = read_request(
        {
            "messages": HELLO,
            "tools": functions,
            "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed},
        }
    )
    assert (conversation.tools, conversation.tool_choice) == ((Tool("b"),), ToolChoice("required"))


def test_older_calls_of_functions_are_paired_with_their_results():
    messages = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
    ]
    call, result = [turn.parts[0] for turn in read_request({"messages": messages}).turns]
    assert (call.id, call.name) == (result.call_id, result.name) == ("call_function_1", "f")


def test_thinking_that_clients_send_back_is_kept_apart_from_the_text():
    messages = [{"role": "assistant", "content": "4", "reasoning_content": "2+2"}]
    conversation = read_request({"messages": messages})
    assert conversation.turns[0].parts == (Thinking("2+2"), Text("4"))
    written = write_request(conversation, model="m")
    assert (written.body["messages"], written.dropped) == (messages, ())
    elsewhere = write_request(Conversation(conversation.turns), model="m")
    assert (elsewhere.body["messages"], elsewhere.dropped) == (messages, ())
    signed = write_request(Conversation((Turn("assistant", (Thinking("2+2", "its"), Text("4"))),)), model="m")
    assert (signed.body["messages"], signed.dropped) == ([{"role": "assistant", "content": "4"}], ("thinking",))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "image_url", "image_url": "https://a/b.png"}, Media("image", url="https://a/b.png")),
        (
            {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA", "detail": "high"}},
            Media("image", media_type="image/png", data="AAAA", detail="high"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            Media("audio", media_type="audio/mpeg", data="AAAA"),
        ),
        (
            {"type": "file", "file": {"file_data": "AAAA", "filename": "a.pdf"}},
            Media("document", data="AAAA", name="a.pdf"),
        ),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ("a", Text("a")),
    ],
)
def test_parts_of_a_content_are_read_in_their_several_forms(part, expected):
    assert read_request({"messages": [{"role": "user", "content": [part]}]}).turns[0].parts == (expected,)


def content(part):
    return {"messages": [{"role": "user", "content": [part]}]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "judge", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0].tool_call_id"),
        (content({"type": "video_url"}), "messages[0].content[0].type"),
        (content({"type": "text", "text": 1}), "messages[0].content[0].text"),
        (content({"type": "file", "file": {"file_id": "f"}}), "messages[0].content[0].file.file_id"),
        (content({"type": "image_url", "image_url": {}}), "messages[0].content[0].image_url.url"),
        (
            content({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}),
            "messages[0].content[0].image_url.url",
        ),
        (content({"type": "image_url", "image_url": "data:image/png;base64,A"}), "messages[0].content[0].image_url"),
        (
            content({"type": "input_audio", "input_audio": {"data": "?", "format": "wav"}}),
            "messages[0].content[0].input_audio.data",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}]},
            "messages[0].tool_calls[0].function.name",
        ),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": 1.5}, "max_tokens"),
        ({"messages": HELLO, "n": True}, "n"),
        ({"messages": HELLO, "temperature": 3}, "temperature"),
        ({"messages": HELLO, "stop": [1]}, "stop[0]"),
        ({"messages": HELLO, "stop": 1}, "stop"),
        ({"messages": HELLO, "reasoning_effort": "huge"}, "reasoning_effort"),
        ({"messages": HELLO, "functions": [{}]}, "functions"),
        ({"messages": HELLO, "modalities": ["text", "audio"]}, "modalities"),
        ({"messages": HELLO, "response_format": {"type": "xml"}}, "response_format.type"),
        ({"messages": HELLO, "tools": [{"type": "function", "function": {}}]}, "tools[0].name"),
        ({"messages": HELLO, "tool_choice": "maybe"}, "tool_choice"),
        ({"messages": HELLO, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(body, field):
    with pytest.raises(RequestError) as caught:
        read_request(body)
    assert caught.value.field == field


KEYS = st.sampled_from(
    ["messages", "tools", "tool_choice", "response_format", "stop", "n", "seed", "stream_options", "max_tokens"]
)


@given(st.dictionaries(KEYS, ANY_JSON), ANY_JSON)
def test_any_json_is_read_or_refused(body, message):
    for messages in (body.get("messages"), HELLO, [message], [{"role": "user", "content": message}]):
        try:
            read_request(body | {"messages": messages})
        except RequestError as error:
            assert error.message


# --- ... as a provider gets them


def test_a_stream_always_asks_for_usage_as_the_ledger_needs_it():
    body = write_request(ask(stream=True), model="m").body
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_top_k_is_no_field_of_the_dialect_and_is_named():
    written = write_request(ask(max_output_tokens=9, top_k=4), model="m")
    assert written.body == {"model": "m", "messages": HELLO, "max_tokens": 9}
    assert written.dropped == ("top_k",)


def test_a_budget_of_thinking_becomes_the_nearest_effort_and_is_named():
    written = write_request(ask(thinking_tokens=10_000), model="m")
    assert (written.body["reasoning_effort"], written.dropped) == ("high", ("thinking_tokens",))


def test_a_later_system_message_stays_in_its_place():
    turns = (Turn("system", (Text("a"),)), Turn("user", (Text("b"),)), Turn("system", (Text("c"),)))
    written = write_request(Conversation(turns=turns), model="m")
    assert [(message["role"], message["content"]) for message in written.body["messages"]] == [
        ("system", "a"),
        ("user", "b"),
        ("system", "c"),
    ]


def test_an_image_in_a_result_goes_into_the_next_user_message_after_all_results():
    image = Media("image", media_type="image/png", data="AAAA")
    results = (ToolResult("a", (image,)), ToolResult("b", (Text("1"),), is_error=True))
    called = Turn("assistant", (ToolCall("a", "f", ""), ToolCall("b", "f", "")))
    asked = Conversation((called, Turn("user", (*results, Text("Go on.")))))
    written = write_request(asked, model="m")
    assert written.body["messages"][1:] == [
        {"role": "tool", "tool_call_id": "a", "content": "The result is in the next user message."},
        {"role": "tool", "tool_call_id": "b", "content": "1"},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "Go on."},
            ],
        },
    ]
    assert written.dropped == ("is_error",)


@pytest.mark.parametrize("kind", ["audio", "document"])
def test_media_that_are_only_a_place_are_refused_rather_than_fetched(kind):
    with pytest.raises(RequestError, match="base64"):
        write_request(ask(Media(kind, url="https://a/b")), model="m")


def test_a_document_of_text_is_sent_as_text():
    document = Media("document", media_type="text/plain", data="SGVsbG8=", name="a.txt")
    [message] = write_request(ask(document), model="m").body["messages"]
    assert message["content"] == [{"type": "text", "text": "<document name='a.txt'>\nHello\n</document>"}]
    with pytest.raises(RequestError, match="not base64"):
        write_request(ask(Media("document", media_type="text/plain", data="A")), model="m")


def test_texts_in_a_row_are_one_string_as_not_every_server_takes_arrays():
    turns = (Turn("user", (Text("a"), Text("b"))), Turn("assistant", (Text("c"), Text("d"))))
    messages = write_request(Conversation(turns=turns), model="m").body["messages"]
    assert [message["content"] for message in messages] == ["a\n\nb", "cd"]


@given(st.text(min_size=41, max_size=300), st.text(min_size=41, max_size=300))
def test_ids_that_are_too_long_are_shortened_alike_in_call_and_result(one, other):
    turns = (
        Turn("assistant", (ToolCall(one, "f", ""), ToolCall(other, "f", "{}"))),
        Turn("user", (ToolResult(one, ()), ToolResult(other, ()))),
    )
    called, *results = write_request(Conversation(turns=turns), model="m").body["messages"]
    ids = [call["id"] for call in called["tool_calls"]]
    assert ids == [result["tool_call_id"] for result in results]
    assert all(len(call_id) <= 40 for call_id in ids)
    assert ids[0] != ids[1]


def test_a_call_without_arguments_is_sent_with_an_empty_object():
    turns = (Turn("assistant", (ToolCall("a", "f", ""),)),)
    message, _ = write_request(Conversation(turns=turns), model="m").body["messages"]
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"
    assert message["content"] is None


# --- Whole answers ----------------------------------------------------------------------------------------------------

ANSWER = Answer(
    id="chatcmpl-1",
    model="upstream",
    parts=(Thinking("Hm."), Text("Let me check."), ToolCall("call_a", "get_weather", '{"city":"Paris"}')),
    finish=Finish.TOOL_CALLS,
    usage=Usage(120, 30, 100, 0, 5),
)


def test_an_answer_is_written_with_every_nullable_key():
    assert write_answers([ANSWER], model="tier/auto", created_s=1) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tier/auto",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Let me check.",
                    "refusal": None,
                    "annotations": [],
                    "audio": None,
                    "tool_calls": [
                        {
                            "id": "call_a",
                            "type": "function",
                            "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
                        }
                    ],
                },
                "finish_reason": "tool_calls",
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": 120,
            "completion_tokens": 30,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 100},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        "service_tier": None,
        "system_fingerprint": None,
    }


def test_an_answer_without_its_thinking_survives_being_written_and_read():
    assert read_answers(write_answers([ANSWER], model="upstream", created_s=1)) == (
        replace(ANSWER, parts=ANSWER.parts[1:]),
    )


def test_several_answers_are_the_choices_of_one_completion_and_usage_is_their_sum():
    other = Answer("chatcmpl-2", "upstream", (Text("B"),), Finish.LENGTH, Usage(1, 2, 3, 4, 5))
    body = write_answers([ANSWER, other], model="m", created_s=1)
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    first, second = read_answers(body)
    assert (first.usage, second.usage) == (Usage(121, 32, 103, 4, 10), Usage())
    assert second.parts == (Text("B"),)
    with pytest.raises(ValueError, match="at least one"):
        write_answers([], model="m", created_s=1)


@pytest.mark.parametrize(
    ("message", "word", "finish", "parts"),
    [
        ({"content": None}, "stop", Finish.STOP, ()),
        ({"content": "a"}, None, Finish.STOP, (Text("a"),)),
        ({"content": "a"}, "model_length", Finish.LENGTH, (Text("a"),)),
        ({"content": "a"}, "tool_calls", Finish.STOP, (Text("a"),)),
        ({"content": "a"}, "eos", Finish.STOP, (Text("a"),)),
        ({"content": "a"}, "function_call_filter: MALFORMED_FUNCTION_CALL", Finish.BROKEN, (Text("a"),)),
        ({"content": None, "refusal": "No."}, "stop", Finish.CONTENT_FILTER, (Text("No."),)),
        ({"content": "a", "reasoning": "b"}, "stop", Finish.STOP, (Thinking("b"), Text("a"))),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "b"}]},
                    {"type": "text", "text": "a"},
                ]
            },
            "stop",
            Finish.STOP,
            (Thinking("b"), Text("a")),
        ),
        (
            {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]},
            "stop",
            Finish.TOOL_CALLS,
            (ToolCall("c", "f", '{"a":1}'),),
        ),
        ({"tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]}, "stop", Finish.BROKEN, ()),
    ],
)
def test_answers_are_read_whatever_the_servers_habits(message, word, finish, parts):
    answer = read_answers({"choices": [{"message": message, "finish_reason": word}]})[0]
    assert (answer.finish, answer.parts) == (finish, parts)


def test_calls_without_ids_get_some_that_differ_between_calls_and_answers():
    calls = [{"function": {"name": "f", "arguments": "{}"}}] * 2
    ids = {
        part.id
        for name in ("a", "b")
        for part in read_answers({"id": name, "choices": [{"message": {"tool_calls": calls}}]})[0].parts
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}, Usage(9, 2, 4)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 16,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(9, 7, 0, 0, 5),
        ),
        ({"prompt_tokens": -1, "completion_tokens": "2", "prompt_tokens_details": None}, Usage()),
    ],
)
def test_usage_is_read_as_it_is_billed(usage, expected):
    assert read_answers({"choices": [{"message": {}}], "usage": usage})[0].usage == expected
    assert read_answers({"choices": [{"message": {}}], "x_groq": {"usage": usage}})[0].usage == expected


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [1]}, {"choices": [{}], "error": {"message": "x"}}])
def test_a_body_that_is_no_answer_is_a_value_error(body):
    with pytest.raises(ValueError, match="no choices"):
        read_answers(body)[0]


@given(st.dictionaries(st.sampled_from(["choices", "usage", "id", "error"]), ANY_JSON), ANY_JSON)
def test_any_answer_is_read_or_a_value_error(body, message):
    for choices in (body.get("choices"), [{"message": message, "finish_reason": message}]):
        try:
            answers = read_answers(body | {"choices": choices})
        except ValueError:
            continue
        assert write_answers(answers, model="m", created_s=1)["choices"]
