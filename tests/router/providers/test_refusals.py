"""What a refusal by one vendor costs and who is asked next: adapted to, put to another vendor, or told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.dialects.conversation import FailureKind
from router.errors import RequestError
from router.providers.calls import Answered, Exhausted
from tests.router.providers.harness import CALL, HELLO, PASSED, RAW, STREAMED, harness, kinds, target
from tests.router.providers.upstream import answer, error, raw_bytes, upstream

K = FailureKind
BAD = error(400, "messages: wrong")


def test_an_unexplained_refusal_is_put_to_one_other_vendor_and_no_more(run):
    async def check():
        async with upstream(BAD) as one, upstream(BAD) as two, upstream(answer()) as good:
            async with harness({"a": one.url, "b": two.url, "c": good.url}) as h:
                plan = (target("a"), target("a", model="m2"), target("b"), target("c"))
                found = await h.dispatch(CALL, *plan)
                assert isinstance(found, Exhausted) and found.failure.kind is K.BAD_REQUEST
                assert kinds(found) == [("a/m1", 400, K.BAD_REQUEST), ("b/m1", 400, K.BAD_REQUEST)]
                alone = await h.dispatch(CALL, *plan[:2])
                assert (alone.failure.status, len(alone.attempts)) == (400, 1)
                answered = await h.dispatch(CALL, target("a"), target("c"))
                assert isinstance(answered, Answered)
                assert h.dispatcher.breaker.state("a/m1") == "closed"

    run(check())


def test_a_reseller_of_several_vendors_is_asked_for_another_vendors_model(run):
    async def check():
        async with upstream(BAD, answer()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(
                CALL, target("a", model="x/one"), target("a", model="x/two"), target("a", model="y/z")
            )
            assert kinds(found) == [("a/x/one", 400, K.BAD_REQUEST), ("a/y/z", 200, None)]

    run(check())


def test_one_vendors_refusal_is_not_told_where_the_other_only_failed_for_now(run):
    async def check():
        async with upstream(BAD) as bad, upstream(error(503, retry_after="20")) as down:
            async with harness({"a": bad.url, "b": down.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b"))
                assert (found.failure.status, found.failure.retry_after_s) == (503, 20.0)

    run(check())


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (error(400, "Model Not Exist"), K.NOT_FOUND),
        (error(400, "You have reached your specified API usage limits."), K.QUOTA),
        (error(400, "flagged", "content_filter"), K.FLAGGED),
        (error(400, "Thinking mode does not support this tool_choice"), K.UNSUPPORTED),
        (error(413, "Request Entity Too Large"), K.TOO_LARGE),
    ],
)
def test_a_refusal_that_is_one_vendors_own_sends_the_request_to_the_next(run, refusal, kind):
    async def check():
        async with upstream(refusal) as bad, upstream(BAD) as second, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": second.url, "c": good.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b"), target("c"))
                assert kinds(found) == [
                    ("a/m1", found.attempts[0].status, kind),
                    ("b/m1", 400, K.BAD_REQUEST),
                    ("c/m1", 200, None),
                ]

    run(check())


def test_a_body_that_is_malformed_in_its_own_dialect_is_put_to_nobody_else(run):
    async def check():
        problem = RequestError("messages[0].role: expected a string.", field="messages[0].role", code="wrong_type")
        call = replace(PASSED, conversation=replace(HELLO, problems=(problem,)))
        async with upstream(BAD) as bad, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": good.url}) as h:
                found = await h.dispatch(call, target("a"), target("b"))
                assert isinstance(found, Exhausted) and kinds(found) == [("a/m1", 400, K.BAD_REQUEST)]
                fine = replace(problem_free(call), raw=RAW)
                assert isinstance(await h.dispatch(fine, target("a"), target("b")), Answered)

    run(check())


def test_the_wait_is_until_a_model_that_waiting_helps_may_answer(run):
    async def check():
        async with upstream(error(402)) as poor, upstream(error(429, retry_after="60")) as busy:
            async with harness({"a": poor.url, "b": busy.url}) as h:
                found = await h.dispatch(CALL, target("a"), target("b"))
                assert h.dispatcher.breaker.retry_after_s("a/m1") == 0.0, "one 402 may be of one request"
                assert (found.failure.kind, found.failure.retry_after_s) == (K.RATE_LIMITED, 60.0)

    run(check())


def problem_free(call):
    problem = RequestError("no form elsewhere", code="unsupported")
    return replace(call, conversation=replace(HELLO, problems=(problem,)))


def test_an_account_that_pays_for_a_shorter_answer_is_asked_for_one_and_stays_in_use(run):
    async def check():
        poor = error(402, "This requires more credits, or fewer max_tokens. You can only afford 2105.")
        async with upstream(poor, answer()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(CALL, target())
            assert isinstance(found, Answered) and found.dropped == ("max_tokens (lowered to 2105)",)
            assert h.dispatcher.breaker.state("a/m1") == "closed"

    run(check())


SUM = "maximum context length of 262144 tokens. You requested a total of 262462 tokens: 230462 tokens from the input "


@pytest.mark.parametrize(
    ("refusal", "limit"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        (SUM + "messages and 32000 tokens for the completion.", 31682),
    ],
)
def test_a_limit_of_output_that_the_refusal_names_is_tried_once_and_named(run, refusal, limit):
    async def check():
        raw = RAW.replace(b'"model"', b'"max_tokens": 64000, "model"')
        call = replace(PASSED, raw=raw, conversation=replace(HELLO, max_output_tokens=64_000))
        async with upstream(error(400, refusal), answer()) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(call, target())
            assert isinstance(found, Answered) and found.dropped == (f"max_tokens (lowered to {limit})",)
            assert server.seen[1].body == server.seen[0].body.replace(b"64000", str(limit).encode())
        async with upstream(error(400, refusal)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(call, target())
            assert isinstance(found, Exhausted) and len(server.seen) == 2

    run(check())


@pytest.mark.parametrize("where", ["whole", "stream", "inside a stream"])
def test_no_failure_quotes_the_key_that_was_sent(run, where):
    async def check():
        words = "no to Bearer sk-secret, sk-s***ret"
        step = error(400, words)
        if where == "inside a stream":
            frame = b'data: {"error": {"message": "%s", "code": 400}}\n\n' % words.encode()
            step = raw_bytes(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + frame)
        async with upstream(step) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(CALL if where == "whole" else STREAMED, target())
            assert isinstance(found, Exhausted) and found.failure.message == "no to Bearer ***, ***"

    run(check())


def test_the_code_type_and_parameter_of_an_error_do_not_quote_the_key_either(run):
    async def check():
        words = {"message": "no", "type": "sk-secret", "code": "bad_sk-secret", "param": "sk-secret"}
        async with upstream(answer({"error": words}, status=400)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(CALL, target())
            assert isinstance(found, Exhausted) and found.failure.own is not None
            own = found.failure.own
            assert (own.type, own.code, own.param) == ("***", "bad_***", "***")

    run(check())
