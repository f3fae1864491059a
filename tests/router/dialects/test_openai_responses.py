"""Responses, without a memory: what is read, what is refused with its cure, and the order of the events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.conversation import (
    Answer,
    AnswerFormat,
    Conversation,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Media,
    Opaque,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
    Turn,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.openai_responses.answer import write_answer
from router.dialects.openai_responses.request_reader import free_text_tools
from router.dialects.openai_responses.stream import StreamWriter
from router.dialects.shared.sse import SseReader
from router.errors import RequestError
from router.types import Dialect
from tests.router.dialects.openai_worlds import ANY_JSON, gist, streams
from tests.router.dialects.rooms import openai_responses

# --- Requests ---------------------------------------------------------------------------------------------------------


def read_request(body):
    """As a provider of another dialect is told: the first problem is raised."""
    return openai_responses.request_reader.read_request(body).translatable()


def message(role, *parts):
    return {"type": "message", "role": role, "content": list(parts)}


def said(text):
    return {"type": "output_text", "text": text}


def asked(text):
    return {"type": "input_text", "text": text}


CODEX_TURN = {
    "model": "auto",
    "instructions": "You are an agent.",
    "input": [
        message("developer", asked("Be careful.")),
        message("user", asked("<environment_context>x</environment_context>")),
        message("user", asked("Fix it.")),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        message("assistant", said("Looking.")),
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "shell", "arguments": '{"cmd":"ls"}'},
        {"type": "custom_tool_call", "call_id": "b", "name": "apply_patch", "input": "*** Begin"},
        {"type": "function_call_output", "call_id": "a", "output": "README"},
        {"type": "custom_tool_call_output", "call_id": "b", "output": [asked("done")]},
    ],
    "tools": [
        {
            "type": "function",
            "name": "shell",
            "description": "Runs.",
            "parameters": {"type": "object"},
            "strict": False,
        },
        {
            "type": "custom",
            "name": "apply_patch",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
        },
        {"type": "namespace", "name": "multi_agent_v1", "tools": []},
        {"type": "web_search"},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "high", "summary": "auto"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "session",
    "stream": True,
}


def test_a_turn_of_codex_is_read_whole():
    conversation = read_request(CODEX_TURN)
    assert conversation.turns == (
        Turn("system", (Text("You are an agent."),)),
        Turn("system", (Text("Be careful."),)),
        Turn("user", (Text("<environment_context>x</environment_context>"),)),
        Turn("user", (Text("Fix it."),)),
        Turn(
            "assistant",
            (
                Opaque(Dialect.OPENAI_RESPONSES, "thinking", CODEX_TURN["input"][3]),
                Text("Looking."),
                ToolCall("a", "shell", '{"cmd":"ls"}'),
                ToolCall("b", "apply_patch", '{"input":"*** Begin"}'),
            ),
        ),
        Turn("user", (ToolResult("a", (Text("README"),), "shell"), ToolResult("b", (Text("done"),), "apply_patch"))),
    )
    assert [tool.name for tool in conversation.tools] == ["shell", "apply_patch"]
    assert conversation.tools[0] == Tool("shell", "Runs.", {"type": "object"}, False)
    assert "start: x" in (conversation.tools[1].description or "")
    assert free_text_tools(conversation) == {"apply_patch"}
    assert conversation.dropped == (
        "include",
        "tools[3] (web_search)",
        "reasoning.summary",
        "input[3] (reasoning)",
    )
    assert (conversation.effort, conversation.stream, conversation.include_usage) == ("high", True, True)


def test_a_text_alone_is_one_turn_of_the_user():
    assert read_request({"input": "Hello"}).turns == (Turn("user", (Text("Hello"),)),)


def test_items_without_a_type_are_messages():
    turns = read_request({"input": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}).turns
    assert turns == (Turn("user", (Text("a"),)), Turn("assistant", (Text("b"),)))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
            Media("image", url="https://a/b.png", detail="low"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            Media("image", media_type="image/png", data="AAAA"),
        ),
        ({"type": "input_file", "file_url": "https://a/b.pdf"}, Media("document", url="https://a/b.pdf")),
        (
            {"type": "input_file", "file_data": "data:text/plain;base64,AAAA", "filename": "a.txt"},
            Media("document", media_type="text/plain", data="AAAA", name="a.txt"),
        ),
        ({"type": "refusal", "refusal": "No."}, Text("No.")),
    ],
)
def test_parts_of_messages_and_results_are_read_alike(part, expected):
    result = {"type": "function_call_output", "call_id": "a", "output": [part]}
    turns = read_request({"input": [message("user", part), result]}).turns
    assert turns == (Turn("user", (expected,)), Turn("user", (ToolResult("a", (expected,)),)))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, AnswerFormat("json")),
        ({"type": "json_schema", "name": "n", "schema": {}, "strict": True}, AnswerFormat("schema", {}, "n", True)),
    ],
)
def test_the_answers_format_is_read(wanted, expected):
    conversation = read_request({"input": "a", "text": {"format": wanted, "verbosity": "low"}})
    assert (conversation.answer_format, conversation.dropped) == (expected, ())
    assert conversation.openai == (("verbosity", "low"),)


TOOLS = [{"type": "function", "name": "f"}, {"type": "function", "name": "g"}, {"type": "web_search"}]


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, None, "fg"),
        ("required", ToolChoice("required"), "fg"),
        ({"type": "function", "name": "f"}, ToolChoice("named", "f"), "fg"),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "g"}]},
            ToolChoice("auto"),
            "g",
        ),
        ({"type": "web_search"}, None, "fg"),
        ({"type": "custom", "name": "h"}, None, "fg"),
    ],
)
def test_the_choice_of_tools_is_read_and_dropped_with_the_tool_it_names(choice, expected, names):
    conversation = read_request({"input": "a", "tools": TOOLS, "tool_choice": choice})
    assert conversation.tool_choice == expected
    assert "".join([tool.name for tool in conversation.tools]) == names
    assert ("tool_choice" in conversation.dropped) == (choice is not None and expected is None)


def first(item):
    return {"input": [item]}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "input", "expected a string or an array"),
        ({"input": []}, "input", "at least one"),
        ({"input": "a", "previous_response_id": "resp_1"}, "previous_response_id", "Send the whole conversation"),
        ({"input": "a", "conversation": {"id": "c"}}, "conversation", "Send the whole conversation"),
        ({"input": "a", "background": True}, "background", "stream instead"),
        ({"input": "a", "prompt": {"id": "p"}}, "prompt", "Send their text"),
        (first({"type": "item_reference", "id": "msg_1"}), "input[0]", "Send the item itself"),
        (first(message("judge")), "input[0].role", "expected one of user"),
        (first(message("user", {"type": "input_video"})), "input[0].content[0].type", "input_text"),
        (
            first(message("user", {"type": "input_file", "file_id": "f"})),
            "input[0].content[0].file_id",
            "Send file_data",
        ),
        (
            first(message("user", {"type": "input_image", "file_id": "f"})),
            "input[0].content[0].file_id",
            "Send image_url",
        ),
        (first(message("system", {"type": "input_image", "image_url": "https://a"})), "input[0].content", "text only"),
        (first({"type": "function_call", "name": "f", "arguments": ""}), "input[0].call_id", "expected a string"),
        (first({"type": "function_call_output", "output": ""}), "input[0].call_id", "expected a string"),
        ({"input": "a", "max_output_tokens": 0}, "max_output_tokens", "in [1, "),
        ({"input": "a", "tools": [{"type": "function"}]}, "tools[0].name", "expected a string"),
        ({"input": "a", "tool_choice": "maybe"}, "tool_choice", "expected none"),
        ({"input": "a", "text": {"format": {"type": "xml"}}}, "text.format.type", "expected text"),
        ({"input": "a", "reasoning": {"effort": "huge"}}, "reasoning.effort", "expected one of"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place_and_cure(body, field, words):
    with pytest.raises(RequestError) as caught:
        read_request(body)
    assert caught.value.field == field
    assert words in caught.value.message


KEYS = st.sampled_from(["tools", "tool_choice", "text", "reasoning", "instructions", "stream", "top_logprobs"])
TYPES = st.sampled_from(["message", "function_call", "custom_tool_call_output", "reasoning", "unheard_of"])


@given(st.dictionaries(KEYS, ANY_JSON), TYPES, ANY_JSON)
def test_any_json_is_read_or_refused(body, kind, value):
    item = {
        "type": kind,
        "role": "user",
        "call_id": "a",
        "name": "f",
        "arguments": "",
        "content": value,
        "output": value,
    }
    for content in (value, [value], [item]):
        try:
            read_request(body | {"input": content})
        except RequestError as error:
            assert error.message


# --- Whole answers ----------------------------------------------------------------------------------------------------

ANSWER = Answer(
    id="chatcmpl-1",
    model="upstream",
    parts=(Thinking("Hm."), Text("Let me "), Text("check."), ToolCall("a", "shell", "{}")),
    finish=Finish.TOOL_CALLS,
    usage=Usage(120, 30, 100, 7, 5),
)
REASONING = {
    "id": "rs_chatcmpl-1_0",
    "type": "reasoning",
    "status": "completed",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "Hm."}],
    "encrypted_content": "tierwise.SG0u",
}
MESSAGE = {
    "id": "msg_chatcmpl-1_1",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Let me check.", "annotations": [], "logprobs": []}],
}
CALL = {
    "id": "fc_chatcmpl-1_2",
    "type": "function_call",
    "status": "completed",
    "call_id": "a",
    "name": "shell",
    "arguments": "{}",
}


def test_an_answer_is_written_with_its_items_and_usage():
    body = write_answer(ANSWER, model="auto", created_s=1)
    assert body["output"] == [REASONING, MESSAGE, CALL]
    assert body["usage"] == {
        "input_tokens": 120,
        "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 7},
        "output_tokens": 30,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 150,
    }
    facts = {key: body[key] for key in ("id", "object", "created_at", "status", "model", "error", "incomplete_details")}
    assert facts == {
        "id": "resp_chatcmpl-1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "auto",
        "error": None,
        "incomplete_details": None,
    }


def test_neighbouring_parts_of_a_kind_are_one_item():
    parts = (Thinking("H"), Thinking("m."), Text("a"), Text("b"), Thinking("Oh."), Text("c"))
    items = write_answer(Answer("x", "m", parts, Finish.STOP, Usage()), model="m", created_s=1)["output"]
    assert [item["content"][0]["text"] for item in items] == ["Hm.", "ab", "Oh.", "c"]
    assert [item["type"] for item in items] == ["reasoning", "message"] * 2


def test_a_call_of_a_custom_tool_is_text_again():
    call = ToolCall("b", "apply_patch", '{"input": "*** Bégin"}')
    answer = Answer("x", "m", (call,), Finish.TOOL_CALLS, Usage())
    [item] = write_answer(answer, model="m", created_s=1, free_text=frozenset({"apply_patch"}))["output"]
    assert (item["type"], item["input"], item["id"]) == ("custom_tool_call", "*** Bégin", "ctc_x_0")
    assert "arguments" not in item
    again = read_request({"input": [item]}).turns[0].parts[0]
    assert json.loads(again.arguments) == json.loads(call.arguments)


@pytest.mark.parametrize(
    ("finish", "status", "reason", "error"),
    [
        (Finish.STOP, "completed", None, None),
        (Finish.LENGTH, "incomplete", "max_output_tokens", None),
        (Finish.CONTENT_FILTER, "incomplete", "content_filter", None),
        (Finish.BROKEN, "failed", None, "server_error"),
    ],
)
def test_the_end_of_an_answer_is_its_status(finish, status, reason, error):
    answer = Answer("x", "m", (Text("a"),), finish, Usage())
    events = [Started("x", "m"), TextDelta("a"), Finished(finish)]
    for body in (write_answer(answer, model="m", created_s=1), read(write(events))[-1]["response"]):
        assert body["status"] == status
        assert (body["incomplete_details"] or {}).get("reason") == reason
        assert (body["error"] or {}).get("code") == error
        assert body["output"][-1]["status"] == ("incomplete" if reason else "completed")


@given(st.text(max_size=99), st.booleans())
def test_ids_of_items_are_such_that_openai_takes_them_back(answer_id, free):
    parts = (Text("a"), ToolCall("b", "f", "{}"))
    names = frozenset({"f"}) if free else frozenset()
    body = write_answer(Answer(answer_id, "m", parts, Finish.STOP, Usage()), model="m", created_s=1, free_text=names)
    ids = [item["id"] for item in body["output"]]
    assert all(len(name) <= 64 and name.isascii() and name.replace("_", "").replace("-", "").isalnum() for name in ids)
    assert [name.partition("_")[0] for name in ids] == ["msg", "ctc" if free else "fc"]


# --- Streams ----------------------------------------------------------------------------------------------------------


def write(events, **options) -> bytes:
    writer = StreamWriter("auto", 1, **options)
    return b"".join([writer.feed(event) for event in events]) + writer.finish()


def read(raw: bytes) -> list[dict]:
    reader = SseReader()
    frames = reader.feed(raw)
    assert reader.close() == []
    events = [json.loads(frame.data) for frame in frames]
    assert [frame.event for frame in frames] == [event["type"] for event in events]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def kinds(raw: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in read(raw)]


TEXT_AND_CALL = [
    Started("chatcmpl-1", "upstream"),
    ThinkingDelta("Hm."),
    TextDelta("Let me "),
    TextDelta("check."),
    ToolCallStarted(0, "a", "shell"),
    ToolCallDelta(0, "{}"),
    Finished(Finish.TOOL_CALLS),
    UsageSeen(ANSWER.usage),
]
THINKING_KINDS = [
    "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done",
    "output_item.done",
]  # fmt: skip
TEXT_KINDS = [
    "output_item.added", "content_part.added", "output_text.delta", "output_text.delta", "output_text.done",
    "content_part.done", "output_item.done",
]  # fmt: skip
CALL_KINDS = [
    "output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
]  # fmt: skip


def test_events_come_in_the_order_that_clients_expect():
    items = [*THINKING_KINDS, *TEXT_KINDS, *CALL_KINDS]
    assert kinds(write(TEXT_AND_CALL)) == ["created", "in_progress", *items, "completed"]


def test_the_last_event_holds_the_same_response_as_a_whole_answer():
    streamed = read(write(TEXT_AND_CALL))[-1]["response"]
    assert streamed == write_answer(ANSWER, model="auto", created_s=1)


def test_the_first_frames_are_exactly_these():
    frames = write(TEXT_AND_CALL).decode().split("\n\n")
    assert frames[8:11] == [
        'event: response.output_item.added\ndata: {"type":"response.output_item.added","sequence_number":8,'
        '"output_index":1,"item":{"id":"msg_chatcmpl-1_1","type":"message","status":"in_progress","role":"assistant",'
        '"content":[]}}',
        'event: response.content_part.added\ndata: {"type":"response.content_part.added","sequence_number":9,'
        '"item_id":"msg_chatcmpl-1_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"",'
        '"annotations":[],"logprobs":[]}}',
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":10,'
        '"item_id":"msg_chatcmpl-1_1","output_index":1,"content_index":0,"delta":"Let me ","logprobs":[]}',
    ]
    created = json.loads(frames[0].partition("data: ")[2])["response"]
    assert (created["status"], created["output"], created["usage"]) == ("in_progress", [], None)


def test_a_call_is_done_as_soon_as_the_next_begins_if_its_arguments_are_complete():
    writer = StreamWriter("m", 1)
    for event in (Started("x", "m"), ToolCallStarted(0, "a", "f"), ToolCallDelta(0, '{"a":'), ToolCallDelta(0, "1}")):
        writer.feed(event)
    frames = writer.feed(ToolCallStarted(1, "b", "g")).decode()
    assert frames.index("function_call_arguments.done") < frames.index("output_item.done")
    assert frames.index("output_item.done") < frames.index("output_item.added")


def test_calls_that_interleave_are_told_one_after_the_other():
    events = [
        Started("x", "m"),
        ToolCallStarted(0, "a", "f"),
        ToolCallStarted(1, "b", "g"),
        ToolCallDelta(1, "{}"),
        ToolCallDelta(0, '{"a":1}'),
        Finished(Finish.TOOL_CALLS),
    ]
    assert kinds(write(events))[2:-1] == CALL_KINDS * 2
    arguments = [item["arguments"] for item in read(write(events))[-1]["response"]["output"]]
    assert arguments == ['{"a":1}', "{}"]


def test_a_custom_call_is_told_as_text_once_its_json_is_whole():
    events = [
        Started("x", "m"),
        ToolCallStarted(0, "a", "patch"),
        ToolCallDelta(0, '{"inp'),
        ToolCallDelta(0, 'ut":"x\\ny"}'),
        Finished(Finish.TOOL_CALLS),
    ]
    told = read(write(events, free_text=frozenset({"patch"})))[2:-1]
    assert [event["type"].removeprefix("response.") for event in told] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert told[0]["item"]["input"] == ""
    assert [told[1]["delta"], told[2]["input"], told[3]["item"]["input"]] == ["x\ny"] * 3


@given(streams())
def test_a_stream_says_what_its_events_say_and_its_items_never_overlap(events):
    told, expected = read(write(events)), gist(events)
    opened: list[str] = []
    texts: dict[str, str] = {}
    for event in told:
        if event["type"] == "response.output_item.added":
            assert opened == []
            opened.append(event["item"]["id"])
        elif event["type"] == "response.output_item.done":
            assert opened.pop() == event["item"]["id"]
        elif event["type"].endswith(".delta"):
            assert opened == [event["item_id"]]
            texts[event["item_id"]] = texts.get(event["item_id"], "") + event["delta"]
    output = told[-1]["response"]["output"]
    messages = [item for item in output if item["type"] == "message"]
    calls = [item for item in output if item["type"] == "function_call"]
    assert "".join([item["content"][0]["text"] for item in messages]) == expected["text"]
    assert "".join([texts[item["id"]] for item in messages]) == expected["text"]
    assert [item["name"] for item in calls] == [name for _, name, _ in expected["calls"].values()]
    assert [texts.get(item["id"], "") for item in calls] == [item["arguments"] for item in calls]
    assert {item["type"] for item in output} <= {"reasoning", "message", "function_call"}


@given(streams())
def test_arguments_are_whole_although_calls_interleave(events):
    """Whatever comes after a complete JSON object is not: only then may the rest be left out."""
    calls = [item for item in read(write(events))[-1]["response"]["output"] if item["type"] == "function_call"]
    for item, (_, _, arguments) in zip(calls, gist(events)["calls"].values(), strict=True):
        if item["arguments"] != arguments:
            assert arguments.startswith(item["arguments"])
            assert isinstance(json.loads(item["arguments"]), dict)


def test_a_failure_is_the_last_event_and_holds_what_was_said():
    writer = StreamWriter("m", 1)
    raw = writer.feed(Started("x", "m")) + writer.feed(TextDelta("a"))
    raw += writer.fail(UpstreamFailure(FailureKind.CONNECTION, 0, "upstream closed the stream"))
    assert writer.finish() + writer.feed(TextDelta("b")) == b""
    last = read(raw)[-1]
    assert last["type"] == "response.failed"
    assert last["sequence_number"] == 5
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "server_error", "message": "upstream closed the stream"}
    assert last["response"]["output"][0]["content"][0]["text"] == "a"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FailureKind.RATE_LIMITED, "rate_limit_exceeded"),
        (FailureKind.CONTEXT_TOO_LONG, "context_length_exceeded"),
        (FailureKind.TOO_LARGE, "context_length_exceeded"),
        (FailureKind.SERVER, "server_error"),
        (FailureKind.OVERLOADED, "server_is_overloaded"),
        (FailureKind.AUTHENTICATION, "invalid_prompt"),
    ],
)
def test_an_event_that_failed_ends_the_stream_with_the_code_of_its_kind(kind, code):
    last = read(write([Started("x", "m"), Failed(kind, "sk-secret")]))[-1]
    assert (last["type"], last["response"]["error"]["code"]) == ("response.failed", code)
    assert ("sk-secret" in json.dumps(last)) == (kind is not FailureKind.AUTHENTICATION)


def test_a_stream_that_did_not_finish_ends_as_failed():
    assert kinds(write([Started("x", "m"), TextDelta("a")]))[-1] == "failed"
    assert kinds(write([])) == ["created", "in_progress", "failed"]


@pytest.mark.parametrize("kind", [FailureKind.OVERLOADED, FailureKind.RATE_LIMITED, FailureKind.SERVER])
def test_a_failure_that_waiting_cures_says_how_long_in_the_words_that_codex_waits_by(kind):
    raw = StreamWriter("m", 1).fail(UpstreamFailure(kind, 503, "Every model is left alone.", retry_after_s=29.4))
    assert read(raw)[-1]["response"]["error"] == {
        "code": "rate_limit_exceeded",
        "message": "Every model is left alone. Please try again in 30s.",
    }


def test_keepalive_is_a_comment():
    assert StreamWriter("m", 1).keepalive() == b": keepalive\n\n"


def test_nothing_is_asked_of_a_conversation_without_custom_tools():
    assert free_text_tools(Conversation(turns=(), tools=(Tool("f"),))) == frozenset()
