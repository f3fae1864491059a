"""Streams: what is committed to, what is not, how they end, and that nothing leaks."""

import asyncio
import gc
import gzip
import json
from dataclasses import replace

import anyio
import pytest

from router.dialects.anthropic.request_fit import NAMES
from router.dialects.conversation import Failed, FailureKind, Finish, Finished, Tool, ToolCallStarted, Usage, UsageSeen
from router.dialects.shared.names import COMMON
from router.dialects.shared.prepared import Call
from router.dialects.shared.provider import Quirks
from router.providers.breaker import BreakerSettings
from router.providers.calls import Exhausted
from router.providers.connection_settings import ConnectionSettings
from router.providers.exchange import Opened
from router.types import Dialect
from tests.router.providers.harness import (
    ADAPTER_OF,
    FAST,
    HELLO,
    IMPATIENT,
    PASSED_STREAM,
    RAW,
    STREAMED,
    harness,
    kinds,
    pieces_of,
    target,
    text_of,
)
from tests.router.providers.upstream import (
    STREAMS,
    answer,
    broken_stream,
    chat_chunk,
    error,
    frame,
    silent,
    sse,
    stalling_stream,
    stream,
    upstream,
)

K = FailureKind
START = STREAMS["openai_chat"][:2]


@pytest.mark.parametrize("dialect", ADAPTER_OF)
def test_a_stream_comes_through_from_each_dialect(run, dialect):
    async def check():
        async with (
            upstream(stream(dialect=dialect)) as server,
            harness({"a": server.url}, adapters={"a": ADAPTER_OF[dialect]}) as h,
        ):
            found = await h.dispatch(STREAMED, target())
            assert isinstance(found, Opened) and not found.passthrough
            assert h.settled == []
            pieces = await pieces_of(found.stream)
            assert text_of(pieces) == "Hi."
            assert all(piece.raw is None for piece in pieces)
            (settled,) = h.settled
            assert (settled.usage.input_tokens, settled.usage.output_tokens) == (12, 3)
            assert settled.finish is Finish.STOP and settled.failure is None and not settled.cancelled
            found.stream.close()
            assert len(h.settled) == 1

    run(check())


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_the_streams_bytes_pass_as_they_are_however_they_are_cut(run, size):
    events = b"".join(STREAMS["openai_chat"])

    async def check():
        cut = [events[at : at + size] for at in range(0, len(events), size)]
        async with upstream(stream(cut)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED_STREAM, target(model="gpt"))
            pieces = await pieces_of(found.stream)
            assert b"".join(piece.raw for piece in pieces) == events
            assert text_of(pieces) == "Hi."
            assert h.settled[0].usage.output_tokens == 3
            assert server.seen[0].body == PASSED_STREAM.raw.replace(b'"auto"', b'"gpt"')

    run(check())


def test_usage_is_asked_for_and_kept_from_a_client_that_did_not_ask(run):
    call = replace(PASSED_STREAM, raw=RAW[:-1] + b',"stream":true}')

    async def check():
        async with upstream(stream()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(call, target())
            raw = b"".join(piece.raw for piece in await pieces_of(found.stream))
            assert raw == b"".join(STREAMS["openai_chat"][:4] + STREAMS["openai_chat"][5:])
            assert server.seen[0].json["stream_options"] == {"include_usage": True}
            assert h.settled[0].usage.output_tokens == 3

    run(check())


LONG = "mcp__plugin_harbour-master_tide-tables__get_predicted_high_and_low_water_for_port"


@pytest.mark.parametrize("dialect", ADAPTER_OF)
@pytest.mark.parametrize("size", [5, 100_000])
def test_a_tools_long_name_is_short_for_the_provider_and_the_clients_own_in_its_stream(run, dialect, size):
    """Another dialect's stream is translated; the same dialect's bytes are changed."""
    name = f"{LONG}.{LONG}"  # Anthropic takes 128 characters
    conversation = replace(HELLO, tools=(Tool(name),), stream=True)
    raw = {"messages": [], "tools": [{"type": "function", "function": {"name": name}}]}
    own = replace(PASSED_STREAM, conversation=conversation, raw=json.dumps(raw).encode())
    calls = [own, Call(conversation, stream=True)] if dialect == "openai_chat" else [Call(conversation, stream=True)]

    async def check():
        for call in calls:
            frames = b"".join(call_stream(dialect, short_name(name, dialect)))
            cut = [frames[at : at + size] for at in range(0, len(frames), size)]
            async with (
                upstream(stream(cut, dialect=dialect)) as server,
                harness({"a": server.url}, adapters={"a": ADAPTER_OF[dialect]}) as h,
            ):
                pieces = await pieces_of((await h.dispatch(call, target())).stream)
                assert f'"{short_name(name, dialect)}"' in server.seen[0].body.decode()
                started = [
                    event.name for piece in pieces for event in piece.events if isinstance(event, ToolCallStarted)
                ]
                assert started == [name]
                if call is own:
                    assert b"".join(piece.raw for piece in pieces).count(json.dumps(name).encode()) == 1

    run(check())


@pytest.mark.parametrize("own", [True, False])
def test_a_whole_answer_has_the_clients_own_name_of_a_tool_too(run, own):
    call = {"id": "c", "type": "function", "function": {"name": COMMON.name(LONG), "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    value = {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    conversation = replace(HELLO, tools=(Tool(LONG),))
    raw = json.dumps({"messages": [], "tools": [{"type": "function", "function": {"name": LONG}}]}).encode()
    asked = Call(conversation, stream=False, dialect=Dialect.OPENAI_CHAT if own else None, raw=raw if own else None)

    async def check():
        async with upstream(answer(value)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(asked, target())
            assert [part.name for part in found.answer.parts] == [LONG]
            assert (found.raw is not None) is own
            assert (
                not own or json.loads(found.raw)["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == LONG
            )

    run(check())


def short_name(name, dialect):
    return (NAMES if dialect == "anthropic" else COMMON).name(name)


def call_stream(dialect, name):
    """A stream that calls a tool of this name."""
    if dialect == "openai_chat":
        call = {"index": 0, "id": "c", "function": {"name": name, "arguments": "{}"}}
        return sse(chat_chunk({"role": "assistant", "tool_calls": [call]}), chat_chunk({}, "tool_calls"), "[DONE]")
    if dialect == "gemini":
        content = {"role": "model", "parts": [{"functionCall": {"name": name, "args": {}}}]}
        return sse({"candidates": [{"content": content, "finishReason": "STOP"}]})
    if dialect == "bedrock":
        start = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "c", "name": name}}}
        delta = {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}
        events = [("messageStart", {"role": "assistant"}), ("contentBlockStart", start), ("contentBlockDelta", delta)]
        events += [("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": "tool_use"})]
        return [frame(kind, value) for kind, value in events]
    if dialect == "openai_responses":
        call = {"type": "function_call", "id": "fc", "call_id": "c", "name": name, "arguments": "{}"}
        whole = {"id": "r", "status": "completed", "model": "m", "output": [call], "usage": {"output_tokens": 1}}
        events = [
            {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**call, "arguments": ""}},
            {"type": "response.output_item.done", "output_index": 0, "item": call},
            {"type": "response.completed", "response": whole},
        ]
        return [b"event: %b\ndata: %b\n\n" % (one["type"].encode(), json.dumps(one).encode()) for one in events]
    block = {"type": "tool_use", "id": "c", "name": name, "input": {}}
    events = [
        {"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return [b"event: %b\ndata: %b\n\n" % (one["type"].encode(), json.dumps(one).encode()) for one in events]


def test_a_provider_that_refuses_stream_options_is_sent_none(run):
    async def check():
        quirks = {"a": Quirks(stream_options=False)}
        async with upstream(stream()) as server, harness({"a": server.url}, quirks=quirks) as h:
            for call in (PASSED_STREAM, STREAMED):
                await pieces_of((await h.dispatch(call, target())).stream)
            assert not any("stream_options" in seen.json for seen in server.seen)

    run(check())


BEFORE_CONTENT = {
    "an error status": (error(503), K.OVERLOADED),
    "a reset after the first, empty event": (broken_stream(START[:1]), K.CONNECTION),
    "a close after the first, empty event": (broken_stream(START[:1], reset=False), K.CONNECTION),
    "an end without a finish": (stream(START[:1]), K.BROKEN_ANSWER),
    "nothing at all": (stream([]), K.BROKEN_ANSWER),
    "an error event": (stream(sse({"error": {"message": "overloaded", "code": "overloaded"}})), K.OVERLOADED),
    "malformed events": (stream([b"data: {no\n\n"]), K.BROKEN_ANSWER),
    "a finish with nothing before it": (
        stream(sse(chat_chunk({"role": "assistant"}), chat_chunk({}, "stop"), "[DONE]")),
        K.BROKEN_ANSWER,
    ),
    "an HTML page": (answer(raw=b"<html>", content_type="text/html"), K.BROKEN_ANSWER),
}


@pytest.mark.parametrize("call", [STREAMED, PASSED_STREAM], ids=["translated", "passed on"])
@pytest.mark.parametrize("fault", BEFORE_CONTENT)
def test_what_breaks_before_any_content_goes_elsewhere_unseen(run, fault, call):
    step, kind = BEFORE_CONTENT[fault]

    async def check():
        async with upstream(step) as bad, upstream(stream()) as good:
            async with harness({"a": bad.url, "b": good.url}) as h:
                found = await h.dispatch(call, target("a"), target("b"))
                assert isinstance(found, Opened) and found.target.provider == "b"
                assert [k for _, _, k in kinds(found)] == [kind, None]
                assert text_of(await pieces_of(found.stream)) == "Hi."
                assert len(h.settled) == 1

    run(check())


def test_a_stream_that_never_begins_is_given_up(run):
    async def check():
        async with upstream(stalling_stream([])) as slow, upstream(silent) as silent_one, upstream(stream()) as good:
            async with harness({"a": slow.url, "b": silent_one.url, "c": good.url}, policy=IMPATIENT) as h:
                found = await h.dispatch(STREAMED, target("a"), target("b"), target("c"))
                assert [k for _, _, k in kinds(found)] == [K.TIMEOUT, K.TIMEOUT, None]
                await found.stream.aclose()
            await slow.all_closed()
            await silent_one.all_closed()

    run(check())


AFTER_CONTENT = {
    "a reset": (broken_stream(START), K.CONNECTION),
    "a close": (broken_stream(START, reset=False), K.CONNECTION),
    "an end without a finish": (stream(START), K.BROKEN_ANSWER),
    "silence": (stalling_stream(START), K.TIMEOUT),
    "an error event": (stream([*START, *sse({"error": {"message": "no", "code": "overloaded"}})]), K.OVERLOADED),
    "malformed JSON": (stream([*START, b"data: {no\n\n"]), K.BROKEN_ANSWER),
    "half an event": (broken_stream([*START, b'data: {"choices": [{"index": 0, "de']), K.CONNECTION),
}


@pytest.mark.parametrize("call", [STREAMED, PASSED_STREAM], ids=["translated", "passed on"])
@pytest.mark.parametrize("fault", AFTER_CONTENT)
def test_what_breaks_after_content_is_a_failed_event_and_never_a_clean_end(run, fault, call):
    step, kind = AFTER_CONTENT[fault]

    async def check():
        policy = IMPATIENT if fault == "silence" else FAST
        # What came whole leaves its connection for the next, a little while.
        settings = ConnectionSettings(idle_s=0.1)
        async with upstream(step) as server, harness({"a": server.url}, policy=policy, settings=settings) as h:
            found = await h.dispatch(call, target())
            pieces = await pieces_of(found.stream)
            last = pieces[-1].events[-1]
            assert isinstance(last, Failed) and last.kind is kind
            assert pieces[-1].raw is None
            assert not any(isinstance(event, Finished) for piece in pieces for event in piece.events)
            if found.passthrough:
                assert b"".join(piece.raw or b"" for piece in pieces) == b"".join(START)
            (settled,) = h.settled
            assert settled.failure.kind is kind and settled.finish is None and not settled.cancelled
            await server.all_closed()

    run(check())


def test_an_exception_frame_of_bedrock_is_a_failed_event(run):
    events = [*STREAMS["bedrock"][:2], frame("throttlingException", {"message": "slow"}, message="exception")]

    async def check():
        async with (
            upstream(stream(events, dialect="bedrock")) as server,
            harness({"a": server.url}, adapters={"a": "bedrock"}) as h,
        ):
            pieces = await pieces_of((await h.dispatch(STREAMED, target())).stream)
            assert pieces[-1].events[-1].kind is K.RATE_LIMITED

    run(check())


def test_a_break_after_the_finish_is_no_failure(run):
    async def check():
        async with upstream(broken_stream(STREAMS["openai_chat"][:4])) as server, harness({"a": server.url}) as h:
            pieces = await pieces_of((await h.dispatch(STREAMED, target())).stream)
            events = [event for piece in pieces for event in piece.events]
            assert any(isinstance(event, Finished) for event in events)
            assert not any(isinstance(event, Failed) for event in events)
            assert h.settled[0].finish is Finish.STOP and h.settled[0].failure is None

    run(check())


def test_silence_inside_a_stream_is_told_so_that_the_caller_can_keep_its_connection(run):
    async def check():
        policy = replace(FAST, heartbeat_s=0.05)
        async with upstream(stream(pause_s=0.12)) as server, harness({"a": server.url}, policy=policy) as h:
            pieces = await pieces_of((await h.dispatch(STREAMED, target())).stream)
            assert any(piece.is_silence for piece in pieces)
            assert text_of(pieces) == "Hi."

    run(check())


def test_a_huge_chunk_is_one_event_like_any_other(run):
    big = "x" * 3_000_000
    events = sse(chat_chunk({"content": big}), chat_chunk({}, "stop"), "[DONE]")

    async def check():
        async with upstream(stream(events)) as server, harness({"a": server.url}) as h:
            for call in (STREAMED, PASSED_STREAM):
                assert text_of(await pieces_of((await h.dispatch(call, target())).stream)) == big

    run(check())


def test_bytes_without_an_event_in_them_are_bounded(run):
    async def check():
        policy = replace(FAST, max_event_bytes=10_000, retries=0)
        async with (
            upstream(stream([b"data: " + b"x" * 50_000])) as server,
            harness({"a": server.url}, policy=policy) as h,
        ):
            for call in (STREAMED, PASSED_STREAM):
                found = await h.dispatch(call, target())
                assert isinstance(found, Exhausted) and found.failure.kind is K.BROKEN_ANSWER

    run(check())


@pytest.mark.parametrize("call", [STREAMED, PASSED_STREAM], ids=["translated", "passed on"])
def test_a_consumer_that_is_cancelled_closes_the_connection_within_a_second_and_settles_once(run, call):
    async def check():
        policy = replace(FAST, between_bytes_s=30.0)
        async with upstream(stalling_stream(START)) as server, harness({"a": server.url}, policy=policy) as h:
            found = await h.dispatch(call, target())
            task = asyncio.create_task(pieces_of(found.stream))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.all_closed()
            found.stream.close()
            (settled,) = h.settled
            assert settled.cancelled and settled.target == target()

    run(check())


def test_a_scope_of_anyio_that_is_cancelled_closes_the_connection_too(run):
    """Starlette cancels a response this way: every await of the task fails from then on, those of `finally` too."""

    async def check():
        policy = replace(FAST, between_bytes_s=30.0, whole_answer_s=30.0)
        for step, streamed in ((stalling_stream(START), True), (silent, False)):
            async with upstream(step) as server, harness({"a": server.url}, policy=policy) as h:
                with anyio.move_on_after(0.3):
                    found = await h.dispatch(STREAMED if streamed else replace(STREAMED, stream=False), target())
                    await pieces_of(found.stream)
                await server.all_closed()
                assert len(h.settled) == 1 and h.settled[0].cancelled

    run(check())


def test_a_stream_that_is_dropped_unread_is_closed_and_settled(run):
    async def check():
        async with upstream(stalling_stream(START)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(STREAMED, target())
            del found
            gc.collect()
            await server.all_closed()
            assert len(h.settled) == 1 and h.settled[0].cancelled

    run(check())


def test_a_slow_reader_holds_the_provider_back(run):
    sent = []

    async def flood(exchange):
        await exchange.head(200, content_type="text/event-stream")
        for number in range(2_000):
            await exchange.chunk(sse(chat_chunk({"content": "x" * 50_000}))[0])
            sent.append(number)

    async def check():
        async with upstream(flood) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(STREAMED, target())
            await asyncio.sleep(0.5)
            assert len(sent) < 1_000
            await found.stream.aclose()

    run(check())


def test_connections_are_used_again_after_a_stream(run):
    async def check():
        async with upstream(stream()) as server, harness({"a": server.url}) as h:
            for _ in range(5):
                await pieces_of((await h.dispatch(STREAMED, target())).stream)
            assert server.n_connections == 1

    run(check())


def test_a_gemini_body_passes_with_the_model_in_the_url(run):
    raw = b'{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}'
    call = Call(HELLO, stream=True, dialect=Dialect.GEMINI, raw=raw)

    async def check():
        async with (
            upstream(stream(dialect="gemini")) as server,
            harness({"a": f"{server.url}/v1beta"}, adapters={"a": "gemini"}) as h,
        ):
            found = await h.dispatch(call, target(model="gemini-x"))
            assert b"".join(piece.raw for piece in await pieces_of(found.stream)) == b"".join(STREAMS["gemini"])
            assert server.seen[0].path == "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
            assert server.seen[0].body == raw
            assert json.loads(server.seen[0].body)

    run(check())


def test_an_answer_that_only_thinks_out_of_sight_is_committed_to_after_a_while(run, monkeypatch):
    monkeypatch.setattr("router.providers.stream.HOLD_S", 0.05)

    async def thinking(exchange):
        await exchange.head(200, content_type="text/event-stream")
        await exchange.chunk(START[0])
        await asyncio.sleep(0.3)
        for event in STREAMS["openai_chat"][1:]:
            await exchange.chunk(event)
        await exchange.end()

    async def check():
        async with upstream(thinking) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED_STREAM, target())
            first = await anext(found.stream)
            assert first.raw == START[0]
            assert text_of(await pieces_of(found.stream)) == "Hi."

    run(check())


def test_what_was_billed_before_the_client_left_is_settled(run):
    async def check():
        stalled = stalling_stream(STREAMS["anthropic"][:3])
        async with upstream(stalled) as server, harness({"a": server.url}, adapters={"a": "anthropic"}) as h:
            found = await h.dispatch(STREAMED, target())
            await anext(found.stream)
            found.stream.close()
            assert h.settled[0].cancelled and h.settled[0].usage.input_tokens == 12

    run(check())


def test_failures_inside_streams_count_for_the_breaker(run):
    async def check():
        breaker = BreakerSettings(failures=1)
        async with upstream(broken_stream(START)) as server, harness({"a": server.url}, breaker=breaker) as h:
            await pieces_of((await h.dispatch(STREAMED, target())).stream)
            assert h.breaker.state("a/m1") == "open"

    run(check())


def test_a_compressed_stream_is_passed_on_decoded(run):
    async def zipped_stream(exchange):
        await exchange.head(200, content_type="text/event-stream", content_encoding="gzip")
        await exchange.chunk(gzip.compress(b"".join(STREAMS["openai_chat"])))
        await exchange.end()

    async def check():
        async with upstream(zipped_stream) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED_STREAM, target())
            raw = b"".join(piece.raw for piece in await pieces_of(found.stream))
            assert raw == b"".join(STREAMS["openai_chat"])
            assert server.seen[0].headers["accept-encoding"] == "identity"

    run(check())


def test_a_task_that_is_cancelled_at_once_still_closes_its_connection(run):
    async def check():
        async with upstream(stalling_stream(START)) as server, harness({"a": server.url}) as h:
            for _ in range(20):
                task = asyncio.create_task(h.dispatch(STREAMED, target()))
                while not server.open_connections:
                    await asyncio.sleep(0)
                for _ in range(server.n_connections % 7):
                    await asyncio.sleep(0.001)
                task.cancel()
                await asyncio.wait({task})
                if not task.cancelled():
                    task.result().stream.close()
                await server.all_closed()
            assert len(h.settled) == 20

    run(check())


def test_a_defect_of_ours_is_not_a_clean_end(run, monkeypatch, caplog):
    def broken(_self, _data):
        raise KeyError("what was said")

    async def check():
        async with upstream(stream()) as server, harness({"a": server.url}, policy=replace(FAST, retries=0)) as h:
            monkeypatch.setattr("router.dialects.openai_chat.stream.StreamReader.feed", broken)
            found = await h.dispatch(STREAMED, target())
            assert isinstance(found, Exhausted) and found.failure.kind is K.BROKEN_ANSWER

    run(check())
    assert "KeyError" in caplog.text and "what was said" not in caplog.text


HELLO_CHUNK = sse(chat_chunk({"role": "assistant", "content": "Hi."}))
STOP_CHUNK = sse(chat_chunk({}, "stop"))


def test_half_an_event_after_the_answers_end_is_left_out_and_the_marker_put_in_its_place(run):
    whole = [*HELLO_CHUNK, *STOP_CHUNK]

    async def check():
        for rest in (b'data: {"id": "c", "choices": [], "us', b"data: [DO", b"event: message", b": p"):
            async with upstream(stream([*whole, rest])) as server, harness({"a": server.url}) as h:
                pieces = await pieces_of((await h.dispatch(PASSED_STREAM, target())).stream)
                assert b"".join(piece.raw for piece in pieces) == b"".join(whole) + b"data: [DONE]\n\n"
                assert h.settled[0].failure is None

    run(check())


def test_a_last_event_without_its_empty_line_comes_through_with_it(run):
    async def check():
        last = b"".join(STREAMS["openai_chat"]).rstrip(b"\n")
        async with upstream(stream([last])) as server, harness({"a": server.url}) as h:
            pieces = await pieces_of((await h.dispatch(PASSED_STREAM, target())).stream)
            assert b"".join(piece.raw for piece in pieces) == b"".join(STREAMS["openai_chat"])

    run(check())


def test_a_client_that_gets_the_bytes_gets_the_reason_that_the_provider_left_out(run):
    async def check():
        async with upstream(stream([*HELLO_CHUNK, b"data: [DONE]\n\n"])) as server, harness({"a": server.url}) as h:
            pieces = await pieces_of((await h.dispatch(PASSED_STREAM, target())).stream)
            raw = b"".join(piece.raw for piece in pieces)
            assert raw.startswith(HELLO_CHUNK[0]) and raw.endswith(b"data: [DONE]\n\n")
            assert json.loads(raw.split(b"\n\n")[1][6:])["choices"][0]["finish_reason"] == "stop"
            assert h.settled[0].finish is Finish.STOP

    run(check())


@pytest.mark.parametrize("call", [STREAMED, PASSED_STREAM], ids=["translated", "passed on"])
@pytest.mark.parametrize(
    "sign", [b": still there\n\n", *sse(chat_chunk({"content": ""}))], ids=["a comment", "an empty delta"]
)
def test_signs_of_life_alone_do_not_keep_a_stream_open(run, call, sign):
    policy = replace(FAST, between_content_s=0.3)

    async def check():
        # Far more signs than are read until the limit.
        dripping = stream([*START, *[sign] * 400], pause_s=0.02)
        async with upstream(dripping) as server, harness({"a": server.url}, policy=policy) as h:
            pieces = await pieces_of((await h.dispatch(call, target())).stream)
            failed = pieces[-1].events[-1]
            assert isinstance(failed, Failed) and failed.kind is K.TIMEOUT and "signs of life" in failed.message
            assert not any(isinstance(event, Finished) for piece in pieces for event in piece.events)

    run(check())


def test_a_stream_without_usage_has_an_estimate_at_its_end(run):
    events = [*sse(chat_chunk({"content": "x" * 40})), *STOP_CHUNK, b"data: [DONE]\n\n"]

    async def check():
        for call in (STREAMED, PASSED_STREAM):
            async with upstream(stream(events)) as server, harness({"a": server.url}) as h:
                found = await h.dispatch(replace(call, input_tokens=lambda: 7), target())
                (*_, last) = (await pieces_of(found.stream))[-1].events
                assert last == UsageSeen(Usage(7, 10, estimated=True)) == UsageSeen(h.settled[0].usage)

    run(check())


def test_usage_that_is_reported_twice_is_kept_from_a_client_that_did_not_ask(run):
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    finish = sse(chat_chunk({}, "stop", usage=usage))
    again = sse({"id": "c", "choices": [], "usage": usage})
    call = replace(PASSED_STREAM, raw=RAW[:-1] + b',"stream":true,"stream_options":{"include_usage":false}}')

    async def check():
        done = [b"data: [DONE]\n\n"]
        async with upstream(stream([*HELLO_CHUNK, *finish, *again, *done])) as server, harness({"a": server.url}) as h:
            pieces = await pieces_of((await h.dispatch(call, target())).stream)
            assert b"".join(piece.raw for piece in pieces) == b"".join([*HELLO_CHUNK, *finish, *done])
            assert server.seen[0].json["stream_options"] == {"include_usage": True}

    run(check())
