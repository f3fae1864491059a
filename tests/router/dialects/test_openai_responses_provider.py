"""A provider's Responses: whole answers, streams in every order that servers have, and the requests that it is sent."""

from __future__ import annotations

import json

import pytest

from router.dialects.conversation import (
    Answer,
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
    Usage,
    UsageSeen,
)
from router.dialects.openai_responses.answer import read_answer
from router.dialects.openai_responses.request_writer import write_request
from router.dialects.openai_responses.stream import StreamWriter
from router.dialects.openai_responses.stream_reader import StreamReader
from router.dialects.shared.openai_failures import read_failure
from router.dialects.shared.sse import sse_event
from router.types import Dialect
from tests.router.dialects.cuts import pieces

USAGE = {
    "input_tokens": 75,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 2},
    "output_tokens": 1186,
    "output_tokens_details": {"reasoning_tokens": 1024},
    "total_tokens": 1261,
}
REASONING = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Then."}],
    "encrypted_content": "gAAA",
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Let me look.", "annotations": []}],
}
SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "q"}}
CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": '{"q":"tide"}'}
CUSTOM = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": "*** Begin"}
OUTPUT = [REASONING, SEARCH, MESSAGE, CALL, CUSTOM]
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5.4-2026-03-05",
    "output": OUTPUT,
    "usage": USAGE,
}
PARTS = (
    Thinking("First.\n\nThen.", signature="gAAA"),
    Text("Let me look."),
    ToolCall("call_1", "lookup", '{"q":"tide"}'),
    ToolCall("call_2", "patch", '{"input":"*** Begin"}'),
)
READ_USAGE = Usage(75, 1186, 64, 2, 1024)

# --- Whole answers ----------------------------------------------------------------------------------------------------


def test_a_response_is_read_with_thinking_text_calls_and_usage():
    expected = Answer("resp_1", "gpt-5.4-2026-03-05", PARTS, Finish.TOOL_CALLS, READ_USAGE)
    assert read_answer(RESPONSE) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({**REASONING, "summary": []}, Thinking("", redacted="gAAA")),
        ({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}, Thinking("Hm.")),
        ({**CALL, "arguments": {"q": 1}}, ToolCall("call_1", "lookup", '{"q":1}')),
        ({**CALL, "call_id": None}, ToolCall("fc_1", "lookup", '{"q":"tide"}')),
        ({**MESSAGE, "content": [{"type": "refusal", "refusal": "No."}]}, Text("No.")),
    ],
)
def test_an_item_that_lacks_something_is_read_as_far_as_it_goes(item, expected):
    assert read_answer({**RESPONSE, "output": [item]}).parts == (expected,)


@pytest.mark.parametrize(
    ("changes", "finish"),
    [
        ({"output": [MESSAGE]}, Finish.STOP),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, Finish.LENGTH),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, Finish.CONTENT_FILTER),
        ({"output": [{**MESSAGE, "content": [{"type": "refusal", "refusal": "No."}]}]}, Finish.CONTENT_FILTER),
        ({"output": [{**CALL, "name": ""}]}, Finish.BROKEN),
    ],
)
def test_the_end_of_a_response_is_read_from_its_status_and_items(changes, finish):
    whole = {**RESPONSE, **changes}
    assert read_answer(whole).finish is finish
    assert read(created(), *done(*whole["output"]), end(whole))[-1] == Finished(finish)


@pytest.mark.parametrize(
    "body", [{}, {"output": "x"}, {**RESPONSE, "status": "queued"}, {**RESPONSE, "status": "failed"}]
)
def test_what_is_no_finished_response_is_no_answer(body):
    with pytest.raises(ValueError, match="answer"):
        read_answer(body)


# --- Streams ----------------------------------------------------------------------------------------------------------


def created():
    return {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}}


def end(response):
    return {"type": f"response.{response['status']}", "response": response}


def done(*items):
    return [
        {"type": "response.output_item.done", "output_index": place, "item": item} for place, item in enumerate(items)
    ]


def raw_of(*events):
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return b"".join([sse_event(event["type"], event) for event in numbered])


def read_raw(raw):
    reader = StreamReader()
    return reader.feed(raw) + reader.close()


def read(*events):
    return read_raw(raw_of(*events))


def summary(kind, index, **more):
    place = {"item_id": "rs_1", "output_index": 0, "summary_index": index}
    return {"type": f"response.reasoning_summary_{kind}", **place, **more}


IN_MESSAGE = {"item_id": "msg_1", "output_index": 2, "content_index": 0}
IN_CALL = {"item_id": "fc_1", "output_index": 3}
IN_CUSTOM = {"item_id": "ctc_1", "output_index": 4}
OPENAI_STREAM = (
    created(),
    {"type": "response.in_progress", "response": created()["response"]},
    {"type": "response.output_item.added", "output_index": 0, "item": {**REASONING, "summary": []}},
    summary("part.added", 0, part={"type": "summary_text", "text": ""}),
    summary("text.delta", 0, delta="Fir", obfuscation="x"),
    summary("text.delta", 0, delta="st."),
    summary("text.done", 0, text="First."),
    summary("part.done", 0, part=REASONING["summary"][0]),
    summary("part.added", 1, part={"type": "summary_text", "text": ""}),
    summary("text.delta", 1, delta="Then."),
    summary("text.done", 1, text="Then."),
    summary("part.done", 1, part=REASONING["summary"][1]),
    {"type": "response.output_item.done", "output_index": 0, "item": REASONING},
    {"type": "response.output_item.added", "output_index": 1, "item": {**SEARCH, "status": "in_progress"}},
    {"type": "response.web_search_call.searching", "item_id": "ws_1", "output_index": 1},
    {"type": "response.output_item.done", "output_index": 1, "item": SEARCH},
    {"type": "response.output_item.added", "output_index": 2, "item": {**MESSAGE, "content": []}},
    {"type": "response.content_part.added", **IN_MESSAGE, "part": {"type": "output_text", "text": ""}},
    {"type": "response.output_text.delta", **IN_MESSAGE, "delta": "Let me "},
    {"type": "keepalive"},
    {"type": "response.output_text.delta", **IN_MESSAGE, "delta": "look."},
    {"type": "response.output_text.annotation.added", **IN_MESSAGE, "annotation": {"type": "url_citation"}},
    {"type": "response.output_text.done", **IN_MESSAGE, "text": "Let me look."},
    {"type": "response.content_part.done", **IN_MESSAGE, "part": MESSAGE["content"][0]},
    {"type": "response.output_item.done", "output_index": 2, "item": MESSAGE},
    {"type": "response.output_item.added", "output_index": 3, "item": {**CALL, "arguments": ""}},
    {"type": "response.function_call_arguments.delta", **IN_CALL, "delta": '{"q":'},
    {"type": "response.function_call_arguments.delta", **IN_CALL, "delta": '"tide"}'},
    {"type": "response.function_call_arguments.done", **IN_CALL, "arguments": '{"q":"tide"}'},
    {"type": "response.output_item.done", "output_index": 3, "item": CALL},
    {"type": "response.output_item.added", "output_index": 4, "item": {**CUSTOM, "input": ""}},
    {"type": "response.custom_tool_call_input.delta", **IN_CUSTOM, "delta": "*** Begin"},
    {"type": "response.custom_tool_call_input.done", **IN_CUSTOM, "input": "*** Begin"},
    {"type": "response.output_item.done", "output_index": 4, "item": CUSTOM},
    end(RESPONSE),
)
EVENTS = [
    Started("resp_1", "gpt-5.4-2026-03-05"),
    ThinkingDelta("Fir"),
    ThinkingDelta("st."),
    ThinkingDelta("\n\nThen."),
    ThinkingDelta("", signature="gAAA"),
    TextDelta("Let me "),
    TextDelta("look."),
    ToolCallStarted(0, "call_1", "lookup"),
    ToolCallDelta(0, '{"q":'),
    ToolCallDelta(0, '"tide"}'),
    ToolCallStarted(1, "call_2", "patch"),
    ToolCallDelta(1, '{"input":"*** Begin"}'),
    UsageSeen(READ_USAGE),
    Finished(Finish.TOOL_CALLS),
]


def test_a_stream_of_openai_is_read_in_its_order():
    assert read(*OPENAI_STREAM) == EVENTS


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_how_the_bytes_are_cut_makes_no_difference(size):
    raw, reader = raw_of(*OPENAI_STREAM), StreamReader()
    cut = pieces(raw, list(range(size, len(raw), size)))
    assert [event for piece in cut for event in reader.feed(piece)] + reader.close() == EVENTS


def joined(events):
    """What the pieces add up to, whatever their number."""
    return {
        "text": "".join(event.text for event in events if isinstance(event, TextDelta)),
        "thinking": "".join(event.text for event in events if isinstance(event, ThinkingDelta)),
        "names": [event.name for event in events if isinstance(event, ToolCallStarted)],
        "arguments": [
            "".join(e.arguments for e in events if isinstance(e, ToolCallDelta) and e.index == i) for i in (0, 1)
        ],
        "end": events[-2:],
    }


@pytest.mark.parametrize(
    "events",
    [
        [created(), *done(*OUTPUT), end(RESPONSE)],
        [created(), end(RESPONSE)],
        [event for event in OPENAI_STREAM if not event["type"].endswith(".delta")],
        [event for event in OPENAI_STREAM if not event["type"].endswith("done") or event.get("output_index") == 4],
    ],
    ids=["items at their end only", "all in the last event", "no pieces", "pieces alone"],
)
def test_a_server_may_send_the_pieces_the_whole_or_both(events):
    ended = [event for event in events if event["type"] != "response.completed"]
    assert joined(read(*ended, end(RESPONSE))) == joined(EVENTS)


def test_a_stream_of_llama_cpp_has_no_numbers():
    item = {"type": "function_call", "status": "in_progress", "call_id": "fc_a", "name": "lookup", "arguments": ""}
    message = {"id": "chatcmpl-1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    events = [
        {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
        {"type": "response.in_progress", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
        {"type": "response.output_item.added", "item": message},
        {"type": "response.output_text.delta", "item_id": "chatcmpl-1", "delta": "Hi"},
        {"type": "response.output_text.done", "item_id": "chatcmpl-1", "text": "Hi"},
        {"type": "response.output_item.done", "item": {**message, "content": [{"type": "output_text", "text": "Hi"}]}},
        {"type": "response.output_item.added", "item": item},
        {"type": "response.function_call_arguments.delta", "item_id": "fc_a", "delta": "{}"},
        {"type": "response.output_item.done", "item": {**item, "arguments": "{}"}},
        {
            "type": "response.completed",
            "response": {"id": "resp_1", "status": "completed", "output": [], "usage": USAGE},
        },
    ]
    raw = b"".join([sse_event(event["type"], event) for event in events])
    assert read_raw(raw) == [
        Started("resp_1", ""),
        TextDelta("Hi"),
        ToolCallStarted(0, "fc_a", "lookup"),
        ToolCallDelta(0, "{}"),
        UsageSeen(READ_USAGE),
        Finished(Finish.TOOL_CALLS),
    ]


@pytest.mark.parametrize(
    ("last", "kind", "message"),
    [
        (
            end(
                {
                    **RESPONSE,
                    "status": "failed",
                    "usage": None,
                    "error": {"code": "rate_limit_exceeded", "message": "Slow."},
                }
            ),
            FailureKind.RATE_LIMITED,
            "Slow.",
        ),
        (
            end({**RESPONSE, "status": "failed", "usage": None, "error": {"code": "server_error", "message": "Oh."}}),
            FailureKind.SERVER,
            "Oh.",
        ),
        (
            {"type": "error", "code": "context_length_exceeded", "message": "Too long.", "param": None},
            FailureKind.CONTEXT_TOO_LONG,
            "Too long.",
        ),
        (
            {
                "type": "error",
                "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "No money."},
            },
            FailureKind.QUOTA,
            "No money.",
        ),
    ],
)
def test_an_error_in_a_stream_is_a_failure_of_its_kind(last, kind, message):
    assert read(created(), last)[1:] == [Failed(kind, message)]


def test_an_error_without_a_name_is_one_too():
    assert read_raw(b'data: {"error": {"message": "Oh.", "code": "server_error"}}\n\n') == [
        Failed(FailureKind.SERVER, "Oh.")
    ]


def test_a_stream_that_ends_before_its_last_event_failed():
    events = read(*OPENAI_STREAM[:-1])
    assert isinstance(events[-1], Failed)
    assert events[:-1] == EVENTS[:-2]


def test_what_our_writer_writes_our_reader_reads():
    events = [event for event in EVENTS if not isinstance(event, ThinkingDelta)]
    writer = StreamWriter("m", 1)
    raw = b"".join([writer.feed(event) for event in events]) + writer.finish()
    assert joined(read_raw(raw)) == joined(events)


def test_a_refused_parameter_is_found_by_its_path():
    error = {
        "message": "Your organization must be verified to generate reasoning summaries.",
        "type": "invalid_request_error",
        "param": "reasoning.summary",
        "code": "unsupported_value",
    }
    failure = read_failure(400, {}, json.dumps({"error": error}).encode(), now_s=0.0)
    assert (failure.kind, failure.parameter) == (FailureKind.REFUSED_PARAMETER, "reasoning.summary")


# --- Requests ---------------------------------------------------------------------------------------------------------

LOOKUP = Tool("lookup", "Looks up.", {"type": "object", "properties": {}})
ASK = (Turn("user", (Text("Look."),)),)


def written(dialect=Dialect.ANTHROPIC, turns=ASK, **fields):
    made = write_request(Conversation(turns=turns, dialect=dialect, **fields), model="m")
    return made.body, made.dropped


def test_a_tool_of_another_dialect_is_not_made_strict():
    """Left out, OpenAI takes it for true and makes every argument required."""
    [tool] = written(tools=(LOOKUP,))[0]["tools"]
    assert tool == {
        "type": "function",
        "name": "lookup",
        "description": "Looks up.",
        "parameters": LOOKUP.schema,
        "strict": False,
    }
    assert "strict" not in written(Dialect.OPENAI_RESPONSES, tools=(LOOKUP,))[0]["tools"][0]


@pytest.mark.parametrize(
    ("dialect", "fields", "expected"),
    [
        (Dialect.ANTHROPIC, {"effort": "high"}, {"effort": "high", "summary": "auto"}),
        (Dialect.GEMINI, {"thinking_tokens": 3000}, {"effort": "medium", "summary": "auto"}),
        (Dialect.ANTHROPIC, {"effort": "none"}, {"effort": "none"}),
        (Dialect.OPENAI_CHAT, {"effort": "low"}, {"effort": "low"}),
        (Dialect.ANTHROPIC, {}, None),
    ],
)
def test_thinking_is_asked_for_with_a_summary_where_the_client_shows_it(dialect, fields, expected):
    assert written(dialect, **fields)[0].get("reasoning") == expected


def test_limits_users_and_choices_are_such_that_openai_takes_them():
    body, _ = written(max_output_tokens=1, user="u" * 100, tool_choice=ToolChoice("named", "lookup"), tools=(LOOKUP,))
    assert (body["max_output_tokens"], len(body["safety_identifier"])) == (16, 32)
    assert body["tool_choice"] == {"type": "function", "name": "lookup"}
    assert "tool_choice" not in written(tool_choice=ToolChoice("auto"), parallel_tools=True)[0]


def test_what_the_dialect_has_no_field_for_is_named():
    turns = (*ASK, Turn("assistant", (Thinking("Hm."), Text("a"))))
    _, dropped = written(turns=turns, stop=("x",), seed=1, logprobs=True, top_k=3, thinking_tokens=9)
    assert set(dropped) == {"seed", "logprobs", "top_k", "stop", "thinking_tokens", "thinking"}


def test_a_loop_keeps_the_ids_of_its_calls_and_shows_the_images_of_results():
    long = "gemini-" + "x" * 90
    turns = (
        *ASK,
        Turn("assistant", (ToolCall("call_1", "lookup", "{}"), ToolCall(long, "lookup", "{}"))),
        Turn(
            "user", (ToolResult("call_1", (Text("high"),)), ToolResult(long, (Media("image", url="https://a/b.png"),)))
        ),
    )
    first, second, one, other = written(turns=turns)[0]["input"][1:]
    assert (first["call_id"], one["call_id"], one["output"]) == ("call_1", "call_1", "high")
    assert second["call_id"] == other["call_id"] and len(other["call_id"]) <= 64
    assert other["output"] == [{"type": "input_image", "image_url": "https://a/b.png"}]
