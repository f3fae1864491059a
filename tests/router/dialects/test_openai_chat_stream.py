"""Chat streams: the exact frames, and what is read from servers of every habit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.conversation import (
    Answer,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.openai_chat.answer import read_answers, write_answers
from router.dialects.openai_chat.stream import StreamReader, StreamWriter
from router.dialects.shared.openai_errors import write_failure
from router.dialects.shared.sse import DONE
from tests.router.dialects.cuts import pieces
from tests.router.dialects.openai_worlds import ANY_JSON, gist, streams

GOLDEN_EVENTS = [
    Started("chatcmpl-1", "upstream"),
    TextDelta("Let me check."),
    ToolCallStarted(0, "call_a", "get_weather"),
    ToolCallDelta(0, '{"city":"Paris"}'),
    ToolCallStarted(1, "call_b", "get_time"),
    ToolCallDelta(1, "{}"),
    UsageSeen(Usage(120, 30, 100)),
    Finished(Finish.TOOL_CALLS),
]
HEAD = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"tier/auto"'
GOLDEN_FRAMES = "".join(
    [
        f'data: {{{HEAD},"choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}],"usage":null}}\n\n'
        for delta, finish in [
            ('{"role":"assistant","content":""}', "null"),
            ('{"content":"Let me check."}', "null"),
            (
                '{"tool_calls":[{"index":0,"id":"call_a","type":"function",'
                '"function":{"name":"get_weather","arguments":""}}]}',
                "null",
            ),
            (r'{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Paris\"}"}}]}', "null"),
            (
                '{"tool_calls":[{"index":1,"id":"call_b","type":"function",'
                '"function":{"name":"get_time","arguments":""}}]}',
                "null",
            ),
            ('{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}', "null"),
            ("{}", '"tool_calls"'),
        ]
    ]
) + (
    f'data: {{{HEAD},"choices":[],"usage":{{"prompt_tokens":120,"completion_tokens":30,"total_tokens":150,'
    '"prompt_tokens_details":{"cached_tokens":100},"completion_tokens_details":{"reasoning_tokens":0}}}\n\n'
    "data: [DONE]\n\n"
)


def write(events, **options) -> bytes:
    writer = StreamWriter("tier/auto", 1, options.pop("include_usage", True), **options)
    return b"".join([writer.feed(event) for event in events]) + writer.finish()


def read(*chunks: bytes):
    reader = StreamReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.close()


def chunk(**fields) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(value, **fields) -> bytes:
    return chunk(id="x", model="m", choices=[{"delta": value, **fields}])


def test_a_stream_has_exactly_the_frames_that_clients_expect():
    assert write(GOLDEN_EVENTS).decode() == GOLDEN_FRAMES


def test_nobody_gets_usage_who_did_not_ask():
    frames = write(GOLDEN_EVENTS, include_usage=False)
    assert b"usage" not in frames
    assert frames.endswith(b'"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n')


@given(streams(), st.lists(st.integers(0, 9999)))
def test_a_stream_says_the_same_after_being_written_and_read(events, cuts):
    found = read(*pieces(write(events), cuts))
    assert gist(found) == gist(events)
    assert isinstance(found[0], Started)


@given(streams())
def test_thinking_is_left_out_as_the_dialect_has_no_field_for_it(events):
    assert not any(isinstance(event, ThinkingDelta) for event in read(write(events)))


@given(streams())
def test_a_stream_holds_the_same_answer_as_a_whole_one(events):
    told = gist(events)
    calls = [ToolCall(*call) for call in told["calls"].values()]
    text = [Text(told["text"])] if told["text"] else []
    answer = Answer("chatcmpl-1", "m", (*text, *calls), told["finish"][0], told["usage"][0])
    again = read_answers(write_answers([answer], model="m", created_s=1))[0]
    assert [call.arguments or "{}" for call in calls] == [
        part.arguments for part in again.parts if isinstance(part, ToolCall)
    ]
    assert (again.finish, again.usage) == (answer.finish, answer.usage)


def test_a_failure_after_the_first_byte_is_an_error_frame_and_no_done():
    writer = StreamWriter("m", 1, True)
    writer.feed(Started("x", "u"))
    frame = writer.fail(UpstreamFailure(FailureKind.CONNECTION, 0, "upstream closed the stream"))
    assert frame == (
        b'data: {"error":{"message":"upstream closed the stream","type":"upstream_error",'
        b'"param":null,"code":"upstream_disconnected"}}\n\n'
    )
    failure = UpstreamFailure(FailureKind.SERVER, 0, "again")
    assert writer.feed(TextDelta("x")) + writer.finish() + writer.fail(failure) == b""


def test_a_stream_that_did_not_finish_ends_in_an_error_and_so_does_a_failed_one():
    for events in ([Started("x", "u"), TextDelta("a")], [Started("x", "u"), Failed(FailureKind.SERVER, "boom")]):
        frames = write(events)
        assert b'"error"' in frames
        assert b"[DONE]" not in frames


def test_a_refused_key_of_ours_is_not_shown_to_the_client():
    failure = UpstreamFailure(FailureKind.AUTHENTICATION, 401, "Incorrect API key provided: sk-abc")
    assert "sk-abc" not in json.dumps(write_failure(failure))


def test_keepalive_is_a_comment():
    assert StreamWriter("m", 1, True).keepalive() == b": keepalive\n\n"


# --- ... and servers' habits

END = delta({}, finish_reason="stop")
START = Started("x", "m")
STOP = Finished(Finish.STOP)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # Azure's first chunk
        (
            chunk(id="", choices=[], prompt_filter_results=[]) + delta({"content": "a"}) + END,
            [START, TextDelta("a"), STOP],
        ),
        # llama.cpp's first delta; comments; no [DONE]
        (
            delta({"role": "assistant", "content": None}) + b": hi\n\n" + delta({"content": "a"}) + END,
            [START, TextDelta("a"), STOP],
        ),
        # usage with the last delta, and after the end
        (
            chunk(
                id="x",
                model="m",
                choices=[{"delta": {"content": "a"}, "finish_reason": "stop"}],
                usage={"prompt_tokens": 1},
            ),
            [START, TextDelta("a"), UsageSeen(Usage(1)), STOP],
        ),
        (END + chunk(choices=[], usage={"prompt_tokens": 1}), [START, STOP, UsageSeen(Usage(1))]),
        (END + chunk(x_groq={"usage": {"prompt_tokens": 1}}), [START, STOP, UsageSeen(Usage(1))]),
        # DeepSeek, OpenRouter
        (delta({"reasoning_content": "a", "content": None}) + END, [START, ThinkingDelta("a"), STOP]),
        (delta({"reasoning": "a", "content": ""}) + END, [START, ThinkingDelta("a"), STOP]),
        # vLLM names what stopped it
        (
            delta({"content": "a"}, finish_reason="stop", stop_reason="END"),
            [START, TextDelta("a"), Finished(Finish.STOP, "END")],
        ),
        # a refusal
        (delta({"refusal": "No."}) + END, [START, TextDelta("No."), Finished(Finish.CONTENT_FILTER)]),
        # other choices are not ours
        (chunk(id="x", model="m", choices=[{"index": 1, "delta": {"content": "b"}}]) + END, [START, STOP]),
        # Perplexity's whole message beside the delta; a chunk with a message alone
        (
            delta({"content": "a"}) + delta({}, message={"content": "a"}, finish_reason="stop"),
            [START, TextDelta("a"), STOP],
        ),
        (
            chunk(id="x", model="m", choices=[{"message": {"content": "a"}, "finish_reason": "stop"}]),
            [START, TextDelta("a"), STOP],
        ),
        # after the end nothing but usage counts
        (END + delta({"content": "late"}) + b"data: {broken\n\n", [START, STOP]),
    ],
)
def test_streams_are_read_whatever_the_servers_habits(raw, expected):
    assert read(raw) == read(raw + b"data: [DONE]\n\n") == expected


def call(name=None, arguments=None, **fields):
    return {**fields, "function": {key: value for key, value in [("name", name), ("arguments", arguments)] if value}}


@pytest.mark.parametrize(
    "deltas",
    [
        # by the book
        [call("f", index=0, id="a"), call(None, "1", index=0), call("g", "2", index=1, id="b")],
        # interleaved
        [call("f", index=0, id="a"), call("g", "2", index=1, id="b"), call(None, "1", index=0)],
        # the id and name again in each delta
        [call("f", index=0, id="a"), call("f", "1", index=0, id="a"), call("g", "2", index=1, id="b")],
        # no index; whole calls
        [call("f", "1", id="a"), call("g", "2", id="b")],
        # no index; the rest without an id
        [call("f", id="a"), call(None, "1"), call("g", id="b"), call(None, "2")],
        # the same index for all
        [call("f", "1", index=0, id="a"), call("g", "2", index=0, id="b")],
        # indices that begin elsewhere
        [call("f", "1", index=3, id="a"), call("g", "2", index=7, id="b")],
        # the name after the id and the first arguments
        [call(None, "1", index=0, id="a"), call("f", index=0), call("g", "2", index=1, id="b")],
    ],
)
def test_calls_are_put_together_whatever_their_deltas_lack(deltas):
    end = delta({}, finish_reason="tool_calls")
    for raw in (delta({"tool_calls": deltas}) + end, b"".join([delta({"tool_calls": [one]}) for one in deltas]) + end):
        told = gist(read(raw))
        assert told["calls"] == {0: ["a", "f", "1"], 1: ["b", "g", "2"]}
        assert told["finish"] == [Finish.TOOL_CALLS]


def test_a_call_that_never_gets_a_name_makes_the_answer_broken():
    assert read(delta({"tool_calls": [call(None, "{}", index=0, id="a")]}) + END)[-1] == Finished(Finish.BROKEN)


def test_calls_without_ids_get_some():
    told = gist(read(delta({"tool_calls": [call("f", "1"), call("g", "2")]}) + END))
    assert [name for _, name, _ in told["calls"].values()] == ["f", "g"]
    assert len({call_id for call_id, _, _ in told["calls"].values()} - {""}) == 2


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        (b"", FailureKind.BROKEN_ANSWER, "closed the stream"),
        (delta({"content": "a"}), FailureKind.BROKEN_ANSWER, "closed the stream"),
        (b"data: [DONE]\n\n", FailureKind.BROKEN_ANSWER, "closed the stream"),
        (delta({"reasoning": "a"}) + b"data: [DONE]\n\n", FailureKind.BROKEN_ANSWER, "closed the stream"),
        (
            delta({"tool_calls": [call("f", '{"a":')]}) + b"data: [DONE]\n\n",
            FailureKind.BROKEN_ANSWER,
            "closed the stream",
        ),
        (delta({"content": "a"}) + b'data: {"id": "x", "cho', FailureKind.BROKEN_ANSWER, "closed the stream"),
        (b"data: 1\n\n", FailureKind.BROKEN_ANSWER, "expected a JSON object"),
        (b"data: " + b"a" * 9_000_000, FailureKind.BROKEN_ANSWER, "larger than"),
        (chunk(error={"message": "boom", "type": "server_error"}), FailureKind.SERVER, "boom"),
        (chunk(error={"message": "slow", "code": 429}), FailureKind.RATE_LIMITED, "slow"),
        (chunk(error={"message": "x", "type": "overloaded_error"}), FailureKind.OVERLOADED, "x"),
        (chunk(error="boom"), FailureKind.SERVER, "boom"),
        (b"event: error\n" + chunk(message="boom", code="503"), FailureKind.OVERLOADED, "boom"),
        (chunk(object="error", message="boom", code=400), FailureKind.BAD_REQUEST, "boom"),
        (delta({"content": ""}, finish_reason="error"), FailureKind.SERVER, "error"),
        (delta({"content": ""}, finish_reason="network_error"), FailureKind.SERVER, "error"),
        (delta({"content": ""}, error={"message": "boom", "code": 502}), FailureKind.SERVER, "boom"),
    ],
)
def test_a_stream_that_breaks_is_one_failure_at_its_end(raw, kind, words):
    *before, last = read(raw, END) if raw.endswith(b'error"}]}\n\n') else read(raw)
    assert isinstance(last, Failed)
    assert last.kind is kind
    assert words in last.message
    assert not any(isinstance(event, Failed | Finished) for event in before)


@pytest.mark.parametrize(
    ("deltas", "finish"),
    [
        ([{"content": "Hel"}, {"content": "lo"}], Finish.STOP),
        ([{"tool_calls": [call("f", "{}")]}], Finish.TOOL_CALLS),
        (
            [{"tool_calls": [{"index": 0, **call("f", '{"a"')}]}, {"tool_calls": [{"index": 0, **call(None, ":1}")}]}],
            Finish.TOOL_CALLS,
        ),
        ([{"tool_calls": [call("f", "")]}], Finish.TOOL_CALLS),
        ([{"content": "Let me."}, {"tool_calls": [call("f", "{}")]}], Finish.TOOL_CALLS),
        ([{"refusal": "No."}], Finish.CONTENT_FILTER),
    ],
)
def test_the_marker_after_a_whole_answer_is_its_end_without_a_reason_too(deltas, finish):
    reader = StreamReader()
    events = reader.feed(b"".join(map(delta, deltas)) + DONE)
    assert [event.finish for event in events if isinstance(event, Finished)] == [finish]
    (frame,) = pieces_of_sse(reader.missing())
    assert frame["choices"][0]["finish_reason"] == finish.value
    assert frame["id"] == json.loads(delta({})[6:])["id"]
    assert reader.missing() == b"" and reader.close() == []


def test_a_reason_without_the_marker_is_an_end_that_lacks_the_marker():
    reader = StreamReader()
    assert isinstance(reader.feed(delta({"content": "a"}, finish_reason="stop"))[-1], Finished)
    assert (reader.close(), reader.missing(), reader.missing()) == ([], DONE, b"")


def pieces_of_sse(raw):
    return [json.loads(event[6:]) for event in raw.decode().split("\n\n") if event]


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b"data: ", b"\n\n", b"{}", END, chunk(error=1)]))))
def test_any_bytes_are_read_into_events_with_one_end(chunks):
    events = read(*chunks)
    ends = [event for event in events if isinstance(event, Failed | Finished)]
    assert len(ends) == 1
    assert all(isinstance(event, UsageSeen) for event in events[events.index(ends[0]) + 1 :])


@given(ANY_JSON, st.sampled_from(["tool_calls", "content", "function_call", "reasoning", "refusal"]), ANY_JSON)
def test_any_chunk_is_read_into_events(choices, key, value):
    for raw in (chunk(choices=choices, usage=value), chunk(id=value, choices=[{"delta": {key: value}}])):
        assert isinstance(read(raw, END)[-1], Failed | Finished)
