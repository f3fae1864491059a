import base64
import json

import pytest

from router.dialects.anthropic.answer import read_answer, write_answer
from router.dialects.anthropic.failure import failure_status, read_failure, write_failure
from router.dialects.anthropic.request_writer import write_request
from router.dialects.anthropic.stream import StreamReader, StreamWriter
from router.dialects.conversation import (
    Answer,
    AnswerFormat,
    Conversation,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Media,
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
from router.errors import RequestError
from router.types import Dialect
from tests.router.dialects.rooms import anthropic

PNG = base64.b64encode(b"\x89PNG").decode()
WEATHER = Tool("get_weather", "The weather.", {"type": "object", "properties": {"city": {"type": "string"}}})

GOLDEN_STREAM = rb"""event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"tier/auto","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":20,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me check."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_a","name":"get_weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Paris\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_b","name":"get_time","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":30}}

event: message_stop
data: {"type":"message_stop"}

"""  # noqa: E501
GOLDEN_EVENTS = [
    Started("msg_1", "tier/auto", usage=Usage(input_tokens=120, output_tokens=1, cache_read_tokens=100)),
    TextDelta("Let me check."),
    ToolCallStarted(0, "toolu_a", "get_weather"),
    ToolCallDelta(0, '{"city":"Paris"}'),
    ToolCallStarted(1, "toolu_b", "get_time"),
    ToolCallDelta(1, "{}"),
    UsageSeen(Usage(input_tokens=120, output_tokens=30, cache_read_tokens=100)),
    Finished(Finish.TOOL_CALLS),
]
GOLDEN_HISTORY = [
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Let me check."},
            {"type": "tool_use", "id": "call_a", "name": "get_weather", "input": {"city": "Paris"}},
            {"type": "tool_use", "id": "call_b", "name": "get_time", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "call_a", "content": "18C"},
            {"type": "tool_result", "tool_use_id": "call_b", "content": "10:00"},
        ],
    },
]
NEUTRAL_HISTORY = (
    Turn("user", (Text("Weather and time?"),)),
    Turn(
        "assistant",
        (
            Text("Let me check."),
            ToolCall("call_a", "get_weather", '{"city":"Paris"}'),
            ToolCall("call_b", "get_time", "{}"),
        ),
    ),
    Turn("user", (ToolResult("call_a", (Text("18C"),), name="get_weather"),)),
    Turn("user", (ToolResult("call_b", (Text("10:00"),), name="get_time"),)),
)


def read_request(body, **options):
    """As a provider of another dialect is told: the first problem is raised."""
    return anthropic.request_reader.read_request(body, **options).translatable()


def ask(*turns, **fields):
    return Conversation(turns or (Turn("user", (Text("hi"),)),), **fields)


def written(conversation, **options):
    return write_request(conversation, model="claude-x", **options)


def blocks(*content, role="user"):
    return {"model": "auto", "max_tokens": 10, "messages": [{"role": role, "content": list(content)}]}


def events_of(writer, events):
    return b"".join(writer.feed(event) for event in events) + writer.finish()


# --- A client's request -----------------------------------------------------------------------------------------------


def test_a_clients_body_becomes_a_conversation():
    conversation = read_request(
        {
            "model": "auto",
            "max_tokens": 100,
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "Weather and time?"}, *GOLDEN_HISTORY],
            "tools": [{"name": "get_weather", "description": "The weather.", "input_schema": WEATHER.schema}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            "temperature": 0.5,
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u"},
            "stream": True,
        }
    )
    results = Turn("user", NEUTRAL_HISTORY[2].parts + NEUTRAL_HISTORY[3].parts)
    assert conversation == Conversation(
        turns=(Turn("system", (Text("Be brief."),)), *NEUTRAL_HISTORY[:2], results),
        model="auto",
        tools=(WEATHER,),
        tool_choice=ToolChoice("required"),
        parallel_tools=False,
        max_output_tokens=100,
        temperature=0.5,
        stop=("END",),
        user="u",
        stream=True,
        include_usage=True,
    )


def test_a_system_message_in_the_middle_keeps_its_place():
    body = {"messages": [{"role": "user", "content": "hi"}, {"role": "system", "content": "# Environment"}]}
    assert read_request(body).turns[1] == Turn("system", (Text("# Environment"),))


def test_the_billing_block_of_claude_code_is_shown_to_nobody_else():
    system = [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1;"}, {"type": "text", "text": "Hi."}]
    assert read_request({**blocks(), "system": system}).turns[0] == Turn("system", (Text("Hi."),))


def test_images_and_documents_are_read_by_bytes_and_by_url():
    body = blocks(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "document", "title": "T", "source": {"type": "base64", "media_type": "application/pdf", "data": PNG}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
    )
    assert read_request(body).turns[0].parts == (
        Media("image", media_type="image/png", data=PNG),
        Media("image", url="https://x/y.png"),
        Media("document", media_type="application/pdf", data=PNG, name="T"),
        Text("plain"),
    )


def test_thinking_keeps_its_signature():
    body = blocks(
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "eA=="},
        role="assistant",
    )
    assert read_request(body).turns[0].parts == (Thinking("hm", signature="c2ln"), Thinking("", redacted="eA=="))


@pytest.mark.parametrize(
    ("fields", "effort", "tokens"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, None, 2048),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}, "none", None),
        ({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}}, "max", None),
        ({"thinking": {"type": "adaptive"}}, None, None),
    ],
)
def test_effort_and_budget_are_read_and_at_most_one_is_given(fields, effort, tokens):
    conversation = read_request({**blocks(), **fields})
    assert (conversation.effort, conversation.thinking_tokens) == (effort, tokens)


def test_what_is_bound_to_the_provider_goes_silently_and_what_was_asked_for_is_named():
    body = {
        **blocks({"type": "text", "text": "hi"}, {"type": "hologram"}, {"type": "server_tool_use"}),
        "context_management": {},
        "service_tier": "auto",
        "mcp_servers": [],
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
    }
    conversation = read_request(body)
    assert set(conversation.dropped) == {"mcp_servers", "tools[0]", "messages[0].content[1]"}
    assert conversation.tools == ()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        (blocks({"type": "text"}), "messages[0].content[0].text"),
        (blocks({"type": "image", "source": {"type": "file", "file_id": "f"}}), "messages[0].content[0].source"),
        (
            blocks({"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}}),
            "messages[0].content[0].source.url",
        ),
        (
            blocks({"type": "image", "source": {"type": "base64", "data": "%%%"}}),
            "messages[0].content[0].source.data",
        ),
        (blocks({"type": "tool_use", "id": "a", "name": "b", "input": {}}), "messages[0].content[0]"),
        ({**blocks(), "max_tokens": 0}, "max_tokens"),
        ({**blocks(), "tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({**blocks(), "output_config": {"effort": "heroic"}}, "output_config.effort"),
        ({**blocks(), "tools": [{"input_schema": {}}]}, "tools[0].name"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        read_request(body)
    assert caught.value.field == field


# --- A provider's request ---------------------------------------------------------------------------------------------


def test_the_golden_history_is_written_with_both_results_in_one_user_turn():
    assert written(Conversation(NEUTRAL_HISTORY)).body["messages"][1:] == GOLDEN_HISTORY


def test_results_come_first_and_in_the_order_of_their_calls():
    later = Turn("user", (Text("and quickly"), *NEUTRAL_HISTORY[3].parts, *NEUTRAL_HISTORY[2].parts))
    content = written(Conversation((*NEUTRAL_HISTORY[:2], later))).body["messages"][2]["content"]
    assert [block.get("tool_use_id", block["type"]) for block in content] == ["call_a", "call_b", "text"]


def test_ids_that_the_api_refuses_are_replaced_alike_in_call_and_result():
    odd = "functions.get:0__thought__" + "x" * 200
    turns = (
        NEUTRAL_HISTORY[0],
        Turn("assistant", (ToolCall(odd, "f", "{}"), ToolCall("functions.get:1", "f", "{}"))),
        Turn("user", (ToolResult(odd, (Text("1"),)), ToolResult("functions.get:1", (Text("2"),)))),
    )
    calls, results = (message["content"] for message in written(Conversation(turns)).body["messages"][1:])
    assert [call["id"] for call in calls] == [result["tool_use_id"] for result in results]
    assert len({call["id"] for call in calls}) == 2
    assert all(len(call["id"]) <= 64 and set(call["id"]) <= set(map(chr, range(48, 123))) for call in calls)


def test_a_history_that_the_api_would_refuse_is_mended():
    turns = (
        Turn("system", (Text("A."),)),
        Turn("system", (Text("B."),)),
        Turn("assistant", (Text("Hello."), Text("  "))),
        Turn("system", (Text("Be careful."),)),
        Turn("user", (Text(""),)),
        Turn("user", (Text("hi"),)),
        Turn("assistant", (Text("I say "),)),
    )
    body = written(Conversation(turns)).body
    assert body["system"] == "A.\n\nB."
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user", "assistant"]
    assert body["messages"][2]["content"][0]["text"] == "<system>\nBe careful.\n</system>"
    assert body["messages"][3]["content"] == [{"type": "text", "text": "I say"}]


def test_arguments_that_are_no_object_are_kept_as_text():
    call = ToolCall("a", "f", '{"city": ')
    body = written(ask(Turn("user", (Text("x"),)), Turn("assistant", (call,)))).body
    assert body["messages"][1]["content"][0]["input"] == {"_raw_arguments": '{"city": '}
    assert read_request({**body, "messages": body["messages"]}).turns[1].parts == (call,)


def test_sampling_is_clamped():
    wish = ask(temperature=1.7, top_p=0.9, top_k=5, stop=("END", " \n"))
    body = written(wish)
    assert (body.body["temperature"], body.body["top_p"], body.body["top_k"]) == (1.0, 0.9, 5)
    assert body.body["stop_sequences"] == ["END"]
    assert body.dropped == ("stop",)


def test_what_the_dialect_lacks_is_named():
    wish = ask(n=2, seed=1, presence_penalty=0.5, frequency_penalty=0.0, logprobs=True, user="u" * 300)
    assert written(wish).dropped == ("n", "seed", "presence_penalty", "logprobs")
    assert len(written(wish).body["metadata"]["user_id"]) == 32  # a hash: the API takes 256 characters


def test_max_tokens_is_always_written():
    assert written(ask()).body["max_tokens"] == 8192
    assert written(ask(max_output_tokens=7)).body["max_tokens"] == 7


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"tool_choice": ToolChoice("named", "get_weather")}, {"type": "tool", "name": "get_weather"}),
        ({"tool_choice": ToolChoice("required")}, {"type": "any"}),
        ({"parallel_tools": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tool_choice": ToolChoice("none"), "parallel_tools": False}, {"type": "none"}),
        ({}, None),
    ],
)
def test_tool_choice_is_written_with_its_flag(wish, expected):
    assert written(ask(tools=(WEATHER,), **wish)).body.get("tool_choice") == expected


def test_a_choice_without_tools_is_left_out():
    assert "tool_choice" not in written(ask(tool_choice=ToolChoice("auto"), parallel_tools=False)).body


def test_json_is_asked_for_by_schema_or_by_an_instruction():
    by_schema = written(ask(answer_format=AnswerFormat("schema", schema={"type": "object"}))).body
    closed = {"type": "object", "additionalProperties": False}
    assert by_schema["output_config"] == {"format": {"type": "json_schema", "schema": closed}}
    assert "JSON" in written(ask(answer_format=AnswerFormat("json"))).body["system"]


def test_a_schema_is_closed_and_what_the_api_refuses_is_left_out_and_named():
    inner = {"type": "object", "properties": {"maximum": {"type": "integer", "maximum": 5}}}
    schema = {"type": "object", "properties": {"x": {"type": "array", "items": inner, "minItems": 1}}}
    body = written(ask(answer_format=AnswerFormat("schema", schema=schema)))
    assert body.body["output_config"]["format"]["schema"] == {
        "type": "object",
        "properties": {
            "x": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"maximum": {"type": "integer"}},
                    "additionalProperties": False,
                },
                "minItems": 1,
            }
        },
        "additionalProperties": False,
    }
    assert body.dropped == ("answer_format",)


def test_effort_is_written_as_the_api_names_it():
    body = written(ask(effort="minimal", temperature=0.2))
    assert body.body["output_config"] == {"effort": "low"}
    assert body.body["thinking"] == {"type": "adaptive"}
    assert body.dropped == ("temperature",)
    assert written(ask(effort="none")).body["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    ("wish", "thinking", "max_tokens"),
    [
        ({"thinking_tokens": 2000}, 2000, 2000 + 8192),
        ({"thinking_tokens": 10}, 1024, 1024 + 8192),
        ({"thinking_tokens": 5000, "max_output_tokens": 3000}, 2999, 3000),
        ({"thinking_tokens": 5000, "max_output_tokens": 1000}, None, 1000),
        ({"thinking_tokens": 5000, "tools": (WEATHER,), "tool_choice": ToolChoice("required")}, None, 8192),
    ],
)
def test_a_budget_of_thinking_stays_below_max_tokens_or_is_dropped(wish, thinking, max_tokens):
    body = written(ask(**wish))
    assert body.body.get("thinking", {}).get("budget_tokens") == thinking
    assert body.body["max_tokens"] == max_tokens
    assert ("thinking_tokens" in body.dropped) == (thinking is None)


def test_a_budget_is_dropped_amid_a_tool_loop_whose_thinking_was_anothers():
    assert "thinking" not in written(Conversation(NEUTRAL_HISTORY, thinking_tokens=2000)).body


def test_thinking_is_sent_back_only_where_it_is_known_to_be_this_providers():
    turns = (
        Turn("user", (Text("hi"),)),
        Turn("assistant", (Thinking("hm", signature="c2ln"), Thinking("unsigned"), Text("yes"))),
    )
    assert written(ask(*turns)).body["messages"][1]["content"] == [{"type": "text", "text": "yes"}]
    assert written(ask(*turns, dialect=Dialect.ANTHROPIC)).body["messages"][1]["content"][:-1] == [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    ]


def test_media_are_written_and_sound_is_refused():
    image = Media("image", url="https://x/y.png")
    text = Media("document", media_type="text/plain", data=base64.b64encode(b"abc").decode(), name="notes.txt")
    content = written(ask(Turn("user", (image, text)))).body["messages"][0]["content"]
    assert content[0] == {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    assert content[1]["source"] == {"type": "text", "media_type": "text/plain", "data": "abc"}
    with pytest.raises(RequestError, match="sound"):
        written(ask(Turn("user", (Media("audio", data=PNG),))))


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_written_with_its_nullable_keys_and_anthropics_counting():
    answer = Answer(
        "msg_1",
        "gpt-x",
        (Thinking("hm"), Text("Let me check."), ToolCall("a", "f", '{"x":1}')),
        Finish.TOOL_CALLS,
        Usage(input_tokens=120, output_tokens=30, cache_read_tokens=100, cache_write_tokens=5),
    )
    assert write_answer(answer, model="auto") == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "auto",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "Let me check.", "citations": None},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": {
            "input_tokens": 15,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 5,
            "output_tokens": 30,
            "output_tokens_details": {"thinking_tokens": 0},
            **dict.fromkeys(("cache_creation", "inference_geo", "server_tool_use", "service_tier")),
        },
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("pause_turn", Finish.STOP),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("refusal", Finish.CONTENT_FILTER),
        ("something_new", Finish.STOP),
    ],
)
def test_stop_reasons_are_read(reason, finish):
    assert read_answer({"content": [], "stop_reason": reason}).finish is finish


def test_a_body_that_is_no_message_is_a_value_error():
    with pytest.raises(ValueError, match="content"):
        read_answer({"type": "message"})


# --- Streams ----------------------------------------------------------------------------------------------------------


def test_the_golden_stream_is_written_to_the_byte():
    assert events_of(StreamWriter("tier/auto", 0), GOLDEN_EVENTS) == GOLDEN_STREAM


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_golden_stream_is_read_whatever_the_chunks(size):
    reader = StreamReader()
    events = []
    for start in range(0, len(GOLDEN_STREAM), size):
        events += reader.feed(GOLDEN_STREAM[start : start + size])
    assert events + reader.close() == GOLDEN_EVENTS


def test_interleaved_calls_become_whole_blocks_in_order():
    events = [
        Started("m", "x"),
        ToolCallStarted(0, "a", "f"),
        ToolCallDelta(0, '{"x":'),
        ToolCallStarted(1, "b", "g"),
        ToolCallDelta(1, '{"y":'),
        TextDelta("And"),
        ToolCallDelta(0, "1}"),
        ToolCallDelta(1, "2}"),
        TextDelta(" so."),
        Finished(Finish.TOOL_CALLS),
    ]
    raw = events_of(StreamWriter("auto", 3), events)
    read = StreamReader().feed(raw)
    assert [event for event in read if isinstance(event, ToolCallStarted | ToolCallDelta | TextDelta)] == [
        ToolCallStarted(0, "a", "f"),
        ToolCallDelta(0, '{"x":'),
        ToolCallDelta(0, "1}"),
        ToolCallStarted(1, "b", "g"),
        ToolCallDelta(1, '{"y":'),
        ToolCallDelta(1, "2}"),
        TextDelta("And"),
        TextDelta(" so."),
    ]


def test_the_estimate_at_the_start_is_corrected_once_usage_is_known():
    events = [Started("m", "x"), TextDelta("hi"), Finished(Finish.STOP, "END"), UsageSeen(Usage(9, 4, 2))]
    writer = StreamWriter("auto", 7)
    start = writer.feed(events[0])
    assert b'"input_tokens":7' in start
    assert b"message_delta" not in b"".join(writer.feed(event) for event in events[1:])
    end = json.loads(writer.finish().split(b"data: ")[1].split(b"\n")[0])
    assert end["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    assert end["usage"] == {
        "input_tokens": 7,
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 0,
        "output_tokens": 4,
    }
    assert writer.finish() == b""


def test_a_signature_closes_its_thinking():
    events = [
        Started("m", "x"),
        ThinkingDelta("hm"),
        ThinkingDelta("", "c2ln"),
        TextDelta("yes"),
        Finished(Finish.STOP),
    ]
    read = StreamReader().feed(events_of(StreamWriter("auto", 0), events))
    assert read[1:4] == [ThinkingDelta("hm"), ThinkingDelta("", "c2ln"), TextDelta("yes")]


def test_a_keepalive_is_a_ping():
    assert StreamWriter("auto", 0).keepalive() == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_a_failure_after_the_first_byte_is_the_golden_error_event():
    writer = StreamWriter("auto", 0, request_id="req_1")
    writer.feed(Started("m", "x"))
    raw = writer.fail(UpstreamFailure(FailureKind.CONNECTION, 0, "upstream closed the stream"))
    assert raw == (
        b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"upstream closed the stream"},'
        b'"request_id":"req_1"}\n\n'
    )
    assert writer.finish() == b""


def test_an_error_inside_a_providers_stream_ends_it():
    reader = StreamReader()
    raw = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    assert reader.feed(raw) == [Failed(FailureKind.OVERLOADED, "busy")]
    assert reader.feed(GOLDEN_STREAM) == [] == reader.close()


def test_a_stream_that_ends_early_is_a_failure():
    reader = StreamReader()
    reader.feed(GOLDEN_STREAM[:900])
    assert [event.kind for event in reader.close()] == [FailureKind.CONNECTION]


def test_a_call_without_arguments_is_an_empty_object():
    raw = (
        b'data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"a","name":"f"}}\n\n'
        b'data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}\n\n'
        b'data: {"type":"content_block_stop","index":4}\n\n'
    )
    assert StreamReader().feed(raw) == [ToolCallStarted(0, "a", "f"), ToolCallDelta(0, "{}")]


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error_type", "message", "kind", "parameter"),
    [
        (429, "rate_limit_error", "slow down", FailureKind.RATE_LIMITED, None),
        (529, "overloaded_error", "busy", FailureKind.OVERLOADED, None),
        (401, "authentication_error", "bad key", FailureKind.AUTHENTICATION, None),
        (404, "not_found_error", "model: x", FailureKind.NOT_FOUND, None),
        (400, "invalid_request_error", "Your credit balance is too low", FailureKind.QUOTA, None),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", FailureKind.CONTEXT_TOO_LONG, None),
        (400, "invalid_request_error", "`top_k` is not supported", FailureKind.REFUSED_PARAMETER, "top_k"),
        (
            400,
            "invalid_request_error",
            "output_config.effort: Extra inputs are not permitted",
            FailureKind.REFUSED_PARAMETER,
            "output_config.effort",
        ),
        (400, "invalid_request_error", "messages.0: text is empty", FailureKind.BAD_REQUEST, None),
        (403, "permission_error", "no", FailureKind.AUTHENTICATION, None),
        (413, "request_too_large", "too large", FailureKind.TOO_LARGE, None),
    ],
)
def test_errors_are_read_for_what_to_do_next(status, error_type, message, kind, parameter):
    body = json.dumps({"type": "error", "error": {"type": error_type, "message": message}}).encode()
    failure = read_failure(status, {"Retry-After": "7"}, body, now_s=0)
    assert failure == UpstreamFailure(kind, status, message, parameter, 7.0)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[1]", b'{"error":5}', b"\xff\xfe", b'{"error":{"type":[]}}'])
def test_an_error_without_a_usable_body_is_read_by_its_status(body):
    assert read_failure(502, {}, body, now_s=0).kind is FailureKind.SERVER


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 50.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_the_wait_is_read_in_seconds_or_as_a_date(headers, expected):
    assert read_failure(429, headers, b"", now_s=10).retry_after_s == expected


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_an_error_of_the_dialect(kind):
    failure = UpstreamFailure(kind, 0, "m")
    assert 400 <= failure_status(failure) < 600
    assert write_failure(failure)["error"]["type"].endswith(("_error", "_large"))


def test_what_a_provider_says_about_our_key_is_not_passed_on():
    failure = UpstreamFailure(FailureKind.AUTHENTICATION, 401, "Incorrect API key: sk-1234")
    assert "sk-1234" not in str(write_failure(failure))
    assert failure_status(failure) == 502
