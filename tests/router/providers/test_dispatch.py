"""For every fault of an upstream the right outcome, over real connections on loopback."""

import asyncio
import json
import socket
from dataclasses import replace

import pytest

from router.dialects.conversation import FailureKind, Finish
from router.dialects.shared.prepared import Call
from router.providers.calls import Answered, Exhausted
from router.providers.exchange import Opened
from router.types import Dialect
from tests.router.providers.harness import (
    ADAPTER_OF,
    CALL,
    FAST,
    HELLO,
    IMPATIENT,
    PASSED,
    RAW,
    STREAMED,
    harness,
    kinds,
    target,
)
from tests.router.providers.upstream import (
    ANSWERS,
    answer,
    error,
    reset_mid_body,
    reset_mid_headers,
    silent,
    stream,
    upstream,
    zipped,
)

K = FailureKind


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.parametrize("dialect", ADAPTER_OF)
def test_a_whole_answer_comes_back_from_each_dialect(run, dialect):
    async def check():
        async with (
            upstream(answer(dialect=dialect)) as server,
            harness({"a": server.url}, adapters={"a": ADAPTER_OF[dialect]}) as h,
        ):
            found = await h.dispatch(CALL, target())
            assert isinstance(found, Answered)
            assert found.answer.parts[0].text == "Hi."
            assert found.answer.finish is Finish.STOP
            assert found.raw is None
            assert kinds(found) == [("a/m1", 200, None)]
            (settled,) = h.settled
            assert (settled.usage.input_tokens, settled.usage.output_tokens) == (12, 3)
            assert settled.finish is Finish.STOP and not settled.cancelled

    run(check())


def test_a_body_of_the_same_dialect_goes_out_and_comes_back_byte_for_byte(run):
    async def check():
        odd = json.dumps(ANSWERS["openai_chat"], indent=3).encode() + b"\n"
        async with upstream(answer(raw=odd)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED, target(model="gpt"))
            assert found.raw == odd
            assert server.seen[0].body == RAW.replace(b'"auto"', b'"gpt"')
            assert server.seen[0].headers["authorization"] == "Bearer sk-secret"

    run(check())


RETRYABLE = {
    "408": (error(408), 408, K.TIMEOUT),
    "409": (error(409), 409, None),
    "424": (error(424), 424, None),
    "425": (error(425), 425, None),
    "429": (error(429), 429, K.RATE_LIMITED),
    "500": (error(500), 500, K.SERVER),
    "503": (error(503), 503, K.OVERLOADED),
    "529": (error(529), 529, K.OVERLOADED),
    "reset mid-headers": (reset_mid_headers, 0, K.CONNECTION),
    "reset mid-body": (reset_mid_body, 200, K.CONNECTION),
    "malformed JSON": (answer(raw=b'{"choices": ['), 200, K.BROKEN_ANSWER),
    "an array": (answer(raw=b"[]"), 200, K.BROKEN_ANSWER),
    "no choices": (answer({"choices": []}), 200, K.BROKEN_ANSWER),
    "wrong content type": (answer(raw=b"<html>hi</html>", content_type="text/html"), 200, K.BROKEN_ANSWER),
    "empty 200": (answer(raw=b""), 200, K.BROKEN_ANSWER),
    "empty answer": (
        answer({"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}]}),
        200,
        K.BROKEN_ANSWER,
    ),
    "an error in a 200": (answer({"error": {"message": "overloaded", "code": "overloaded"}}), 200, K.OVERLOADED),
    "broken gzip": (answer(raw=b"not gzip", content_encoding="gzip"), 200, K.BROKEN_ANSWER),
}


@pytest.mark.parametrize("fault", RETRYABLE)
def test_trouble_before_the_first_byte_is_tried_again_and_then_goes_up_a_tier(run, fault):
    step, status, kind = RETRYABLE[fault]

    async def check():
        async with upstream(step) as bad, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": good.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b", tier="frontier"))
                assert isinstance(found, Answered) and found.target.provider == "b"
                assert [attempt.status for attempt in found.attempts] == [status] * 3 + [200]
                assert kind is None or found.attempts[0].kind is kind
                assert h.clock.slept == [0.25, 0.5]  # full jitter with rng 0.5: half of 0.5 s, half of 1 s
                assert len(h.settled) == 1

    run(check())


def test_a_refused_connection_goes_to_another_of_the_same_tier_at_once(run):
    async def check():
        async with upstream(answer()) as good:
            async with harness({"a": f"http://127.0.0.1:{free_port()}", "b": good.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b"))
                assert kinds(found) == [("a/m1", 0, K.CONNECTION), ("b/m1", 200, None)]
                assert h.clock.slept == []

    run(check())


def test_a_slow_first_byte_is_not_waited_for_a_second_time(run):
    async def check():
        async with upstream(silent) as slow, upstream(answer()) as good:
            async with harness({"a": slow.url, "b": good.url}, policy=IMPATIENT) as h:
                found = await h.dispatch(CALL, target("a"), target("b", tier="frontier"))
                assert kinds(found) == [("a/m1", 0, K.TIMEOUT), ("b/m1", 200, None)]
            await slow.all_closed()

    run(check())


def test_a_slow_drip_is_an_answer_as_long_as_no_pause_is_too_long(run):
    async def drip(exchange):
        body = json.dumps(ANSWERS["openai_chat"]).encode()
        await exchange.head(200, length=len(body))
        for at in range(0, len(body), 40):
            await exchange.send(body[at : at + 40])
            await asyncio.sleep(0.02)

    async def check():
        async with upstream(drip) as server, harness({"a": server.url}) as h:
            assert isinstance(await h.dispatch(CALL, target()), Answered)

    run(check())


def test_a_compressed_answer_is_read_and_passed_on_decoded(run):
    async def check():
        async with upstream(zipped()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED, target())
            assert json.loads(found.raw) == ANSWERS["openai_chat"]

    run(check())


def test_an_answer_over_the_bound_is_broken(run):
    async def check():
        policy = replace_policy(max_answer_bytes=1_000, retries=0)
        async with upstream(answer(raw=b" " * 5_000)) as server, harness({"a": server.url}, policy=policy) as h:
            found = await h.dispatch(CALL, target())
            assert found.failure.kind is K.BROKEN_ANSWER and "larger than 1,000 bytes" in found.failure.message

    run(check())


def test_retry_after_is_waited_for_up_to_the_longest_wait(run):
    async def check():
        async with upstream(error(429, retry_after="3"), answer()) as server, harness({"a": server.url}) as h:
            assert isinstance(await h.dispatch(CALL, target()), Answered)
            assert h.clock.slept == [3.0]

    run(check())


def test_a_longer_retry_after_is_told_to_the_client_instead(run):
    async def check():
        async with upstream(error(429, retry_after="30")) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(CALL, target())
            assert isinstance(found, Exhausted)
            assert (found.failure.kind, found.failure.retry_after_s) == (K.RATE_LIMITED, 30.0)
            assert h.clock.slept == [] and len(server.seen) == 1
            assert h.settled[0].failure == found.failure and h.settled[0].usage is None

    run(check())


def test_the_shortest_retry_after_of_several_providers_is_told(run):
    async def check():
        async with upstream(error(429, retry_after="40")) as one, upstream(error(503, retry_after="20")) as two:
            async with harness({"a": one.url, "b": two.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b"))
                assert (found.failure.status, found.failure.retry_after_s) == (429, 20.0)

    run(check())


def test_too_long_a_context_goes_to_the_next_larger_window(run):
    async def check():
        too_long = error(400, "maximum context length is 8192 tokens", "context_length_exceeded")
        async with upstream(too_long) as small, upstream(answer()) as large:
            async with harness({"a": small.url, "b": large.url}) as h:
                plan = (
                    target("a", window=8_000),
                    target("a", model="m2", window=8_000),
                    target("b", tier="frontier", window=200_000),
                )
                found = await h.dispatch(CALL, *plan)
                assert kinds(found) == [("a/m1", 400, K.CONTEXT_TOO_LONG), ("b/m1", 200, None)]
                alone = await h.dispatch(CALL, *plan[:2])
                assert alone.failure.kind is K.CONTEXT_TOO_LONG and len(alone.attempts) == 1

    run(check())


REFUSED = error(400, "Unsupported parameter: 'temperature' is not supported with this model.", "unsupported_parameter")


def test_a_refused_parameter_is_dropped_once_and_named(run):
    async def check():
        async with upstream(REFUSED, answer()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED, target())
            assert isinstance(found, Answered) and found.dropped == ("temperature",)
            assert "temperature" in server.seen[0].json and "temperature" not in server.seen[1].json

    run(check())


def test_a_parameter_that_stays_refused_ends_the_call(run):
    async def check():
        async with upstream(REFUSED) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(PASSED, target())
            assert found.failure.kind is K.REFUSED_PARAMETER and len(server.seen) == 2

    run(check())


def test_a_refused_parameter_stays_where_dropping_is_off(run):
    async def check():
        policy = replace_policy(drop_refused_parameters=False)
        async with upstream(REFUSED) as server, harness({"a": server.url}, policy=policy) as h:
            found = await h.dispatch(PASSED, target())
            assert found.failure.kind is K.REFUSED_PARAMETER and len(server.seen) == 1

    run(check())


@pytest.mark.parametrize(
    ("step", "kind"),
    [(error(401), K.AUTHENTICATION), (error(429, "no money", "insufficient_quota"), K.QUOTA)],
)
def test_trouble_with_our_account_passes_over_the_whole_provider(run, step, kind):
    async def check():
        async with upstream(step) as bad, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": good.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("a", model="m2"), target("b", tier="frontier"))
                assert [(t, k) for t, _, k in kinds(found)] == [("a/m1", kind), ("b/m1", None)]
                assert h.breaker.is_open("a/m1") == (kind is K.AUTHENTICATION), (
                    "money may be short for one request only"
                )

    run(check())


def test_a_missing_model_leaves_the_providers_other_models(run):
    async def check():
        async with upstream(error(404), answer()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(CALL, target("a"), target("a", model="m2"))
            assert kinds(found) == [("a/m1", 404, K.NOT_FOUND), ("a/m2", 200, None)]

    run(check())


def test_a_redirect_is_not_followed(run):
    async def check():
        async with upstream(answer()) as elsewhere, upstream(answer(status=307, location=elsewhere.url)) as server:
            async with harness({"a": server.url}) as h:
                found = await h.dispatch(CALL, target())
                assert found.failure.kind is K.NOT_FOUND and "redirect" in found.failure.message
                assert elsewhere.seen == []

    run(check())


def test_one_deadline_covers_attempts_and_waits(run):
    async def check():
        policy = replace_policy(deadline_s=2.0, retries=9)
        async with upstream(error(500, retry_after="0.9")) as server, harness({"a": server.url}, policy=policy) as h:
            found = await h.dispatch(CALL, target())
            assert isinstance(found, Exhausted)
            assert h.clock.slept == [0.9, 0.9] and len(server.seen) == 3

    run(check())


def test_a_cancelled_call_closes_its_connection_and_settles_once(run):
    async def check():
        async with upstream(silent) as server, harness({"a": server.url}) as h:
            task = asyncio.create_task(h.dispatch(CALL, target()))
            while not server.seen:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.all_closed()
            (settled,) = h.settled
            assert settled.cancelled and settled.usage is None and settled.target is None

    run(check())


def test_an_unknown_provider_and_an_empty_plan_are_answers_not_errors(run):
    async def check():
        async with harness({}) as h:
            found = await h.dispatch(CALL, target("nobody"))
            assert found.failure.kind is K.NO_KEY and found.attempts[0].skipped
            assert "[[providers]] for nobody" in found.failure.message
            assert isinstance(await h.dispatch(CALL), Exhausted)
            assert len(h.settled) == 2

    run(check())


def test_a_model_without_a_key_stands_among_the_attempts_and_counts_as_no_other_model(run):
    async def check():
        async with upstream(error(503), answer()) as up:
            async with harness({"a": up.url}, policy=replace(FAST, retries=1)) as h:
                found = await h.dispatch(CALL, target("keyless"), target("a"), target("other"))
                assert isinstance(found, Answered), "it is tried again: the keyless one is no other model to turn to"
                kinds = [(one.target.provider, one.kind, one.skipped) for one in found.attempts]
                assert kinds == [("keyless", K.NO_KEY, True), ("a", K.OVERLOADED, False), ("a", None, False)]

    run(check())


def test_without_any_key_the_failure_says_what_to_set_and_how_to_do_without(run):
    async def check():
        async with harness({}) as h:
            found = await h.dispatch(CALL, target("keyless"), target("other"), target("keyless"))
            assert found.failure.kind is K.NO_KEY and len(found.attempts) == 2
            said = found.failure.message
            assert "set KEYLESS_API_KEY or OTHER_KEY and OTHER_ENDPOINT" in said
            assert "tierwise init" in said and "--echo" in said

    run(check())


def test_several_answers_go_only_to_who_can_give_them(run):
    async def check():
        async with upstream(answer(dialect="anthropic")) as one, upstream(answer()) as two:
            async with harness({"a": one.url, "b": two.url}, adapters={"a": "anthropic"}) as h:
                found = await h.dispatch(Call(replace(HELLO, n=2), stream=False), target("a"), target("b"))
                assert found.target.provider == "b" and one.seen == []

    run(check())


def test_a_stream_that_is_answered_with_a_document_is_an_error(run):
    async def check():
        async with upstream(answer(), stream()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(STREAMED, target())
            assert isinstance(found, Opened) and found.attempts[0].kind is K.BROKEN_ANSWER
            await found.stream.aclose()

    run(check())


def test_an_anthropic_body_passes_with_its_version_and_betas(run):
    async def check():
        raw = b'{"model":"auto","max_tokens":5,"messages":[{"role":"user","content":"Hello"}]}'
        headers = {"anthropic-version": "2026-10-21", "anthropic-beta": "x-1", "cookie": "no"}
        call = Call(HELLO, stream=False, dialect=Dialect.ANTHROPIC, raw=raw, headers=headers)
        async with (
            upstream(answer(dialect="anthropic")) as server,
            harness({"a": server.url}, adapters={"a": "anthropic"}) as h,
        ):
            found = await h.dispatch(call, target(model="claude"))
            seen = server.seen[0]
            assert json.loads(found.raw) == ANSWERS["anthropic"]
            assert seen.body == raw.replace(b'"auto"', b'"claude"') and seen.path == "/v1/messages"
            assert seen.headers["anthropic-version"] == "2026-10-21" and seen.headers["anthropic-beta"] == "x-1"
            assert seen.headers["x-api-key"] == "sk-secret" and "cookie" not in seen.headers

    run(check())


def replace_policy(**changes):
    return replace(FAST, **changes)
