"""Streams: what is committed to, what is not, how they end, and that nothing leaks."""

import asyncio
import gc
import gzip
import json
from dataclasses import replace

import anyio
import pytest

from router.dialects.conversation import Failed, FailureKind, Finish, Finished
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
            assert isinstance(pieces[-1].events[-1], Finished)
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
