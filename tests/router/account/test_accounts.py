"""One record per attempt over real connections: abandoned streams, retries, skipped models, cascades and judges."""

import asyncio
import logging
from dataclasses import replace

import pytest

from router.account import ANONYMOUS, Accounts, CallRecord, Listener, Outcome, Purpose, UsageSource, caller_with
from router.account.call_log import line_of
from router.dialects.conversation import FailureKind, TextDelta, UpstreamFailure, Usage
from router.dialects.shared.secret import Secret
from router.forward.cascade import run_cascade
from router.policy import Cascade, Judge, Plan
from router.providers.breaker import BreakerSettings
from router.providers.calls import Attempt, Exhausted, Settlement
from router.types import ModelSpec, Target
from tests.router.forward.parts import TIERS, Listed, decided, origin_of
from tests.router.providers.harness import ADAPTER_OF, CALL, FAST, STREAMED, harness, pieces_of
from tests.router.providers.upstream import ANSWERS, STREAMS, answer, chat_chunk, error, silent, sse, stream, upstream

SECRET = "the-password-is-swordfish"


def target(provider="a", model="m1", *, tier="budget"):
    name = f"{provider}/{model}"
    return Target.of(tier, name, ModelSpec(name, 1.0, 10.0, cache_read_usd_per_million=0.1))


async def recorded(h, call, *targets, listener=None, **origin):
    listed = listener or Listed()
    account = Accounts(listed).open(origin_of(call, **origin))
    return listed, await h.dispatcher.dispatch(targets, call, account=account)


def rows(listed):
    return [(one.attempt.target.name, one.purpose.value, one.outcome.value) for one in listed.attempts]


def test_a_whole_answer_is_one_record_with_usage_cost_times_and_the_answer(run):
    async def check():
        async with upstream(answer()) as server, harness({"a": server.url}) as h:
            listed, found = await recorded(h, CALL, target(), caller=caller_with(Secret("sk-1")))
            (record,) = listed.attempts
            assert rows(listed) == [("a/m1", "answer", "answered")]
            assert (record.usage.input_tokens, record.usage.output_tokens) == (12, 3)
            assert record.usage_source is UsageSource.REPORTED
            assert record.cost_usd == pytest.approx((12 * 1.0 + 3 * 10.0) / 1e6)
            assert record.attempt.answers == found.answers
            assert record.attempt.started_s == 1_700_000_000.0
            assert 0 <= record.attempt.first_event_ms <= record.attempt.duration_ms
            assert record.origin.request is CALL and record.origin.decision.decision_id == "dec_1"
            (call,) = listed.calls
            assert call.attempts == (record,) and call.settlement.usage == record.usage

    run(check())


@pytest.mark.parametrize("keeps_answers", [False, True])
def test_a_streams_record_comes_at_its_end_with_its_events_for_who_keeps_them(run, keeps_answers):
    async def check():
        async with upstream(stream()) as server, harness({"a": server.url}) as h:
            listed, found = await recorded(h, STREAMED, target(), listener=Listed(keeps_answers=keeps_answers))
            assert listed.attempts == [] and len(found.attempts) == 1
            pieces = await pieces_of(found.stream)
            (record,) = listed.attempts
            assert (record.outcome, record.usage_source) == (Outcome.ANSWERED, UsageSource.REPORTED)
            assert record.attempt.duration_ms >= record.attempt.first_event_ms
            told = [event for piece in pieces for event in piece.events]
            kept = [event for event in record.attempt.events if event in told]
            assert kept == (told if keeps_answers else [])

    run(check())


def begun(*events):
    """A stream that sends these events and then nothing."""

    async def step(exchange):
        await exchange.head(200, content_type="text/event-stream")
        for event in events:
            await exchange.chunk(event)
        await asyncio.sleep(30)

    return step


LONG = "word " * 40


def test_an_abandoned_streams_tokens_are_estimated_from_what_came(run):
    events = sse(chat_chunk({"role": "assistant"}), chat_chunk({"content": LONG}))
    n_input, n_output = 7, 50

    async def check():
        async with upstream(begun(*events)) as server, harness({"a": server.url}) as h:
            listed, found = await recorded(h, STREAMED, target())
            async for piece in found.stream:
                if any(isinstance(event, TextDelta) for event in piece.events):
                    break
            found.stream.close()
            found.stream.close()
            (record,), (call,) = listed.attempts, listed.calls
            assert (record.outcome, record.usage_source) == (Outcome.CANCELLED, UsageSource.ESTIMATED)
            assert record.usage == Usage(n_input, n_output)
            assert record.cost_usd == pytest.approx((n_input * 1.0 + n_output * 10.0) / 1e6)
            assert call.settlement.cancelled and call.settlement.usage is None
            line = line_of(call)
            assert (line["input_tokens"], line["output_tokens"], line["usage_source"]) == (7, 50, "estimated")
            await server.all_closed()

    run(check())


def test_what_a_provider_reported_before_a_stream_was_abandoned_is_kept(run):
    start, *rest = STREAMS["anthropic"]

    async def check():
        async with (
            upstream(begun(start, *rest[:2])) as server,
            harness({"a": server.url}, adapters={"a": ADAPTER_OF["anthropic"]}) as h,
        ):
            listed, found = await recorded(h, STREAMED, target())
            await anext(found.stream)
            found.stream.close()
            (record,) = listed.attempts
            assert record.outcome is Outcome.CANCELLED
            assert record.usage.input_tokens == 12 and record.usage.output_tokens >= 1

    run(check())


def test_a_provider_that_reports_no_usage_has_an_estimate(run):
    body = {**ANSWERS["openai_chat"]}
    del body["usage"]

    async def check():
        async with upstream(answer(body)) as server, harness({"a": server.url}) as h:
            listed, _ = await recorded(h, replace(CALL, input_tokens=lambda: 7), target())
            usage = Usage(7, 1, estimated=True)
            assert (listed.attempts[0].usage, listed.attempts[0].usage_source) == (usage, UsageSource.ESTIMATED)


def test_what_the_provider_says_an_answer_cost_counts_before_its_list_price(run):
    body = {**ANSWERS["openai_chat"], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "cost": 0.25}}

    async def check():
        async with upstream(answer(body)) as server, harness({"a": server.url}) as h:
            listed, _ = await recorded(h, CALL, target())
            assert (listed.attempts[0].cost_usd, listed.attempts[0].usage_source) == (0.25, UsageSource.REPORTED)

    run(check())


def test_retries_and_failovers_are_records_of_their_own(run):
    async def check():
        steps = [error(503), error(503), error(503)]
        async with upstream(*steps) as bad, upstream(answer()) as good, harness({"a": bad.url, "b": good.url}) as h:
            listed, _ = await recorded(h, CALL, target(), target("b", tier="production"))
            assert rows(listed) == [
                ("a/m1", "answer", "failed"),
                ("a/m1", "retry", "failed"),
                ("a/m1", "retry", "failed"),
                ("b/m1", "failover", "answered"),
            ]
            failed = listed.attempts[0]
            assert (failed.usage, failed.usage_source, failed.cost_usd) == (None, UsageSource.UNKNOWN, None)
            assert (failed.attempt.status, failed.attempt.kind) == (503, FailureKind.OVERLOADED)
            assert len(listed.calls) == 1 and len(listed.calls[0].attempts) == 4

    run(check())


def test_a_model_whose_breaker_is_open_is_recorded_as_skipped(run):
    async def check():
        async with (
            upstream(error(503)) as bad,
            upstream(answer()) as good,
            harness({"a": bad.url, "b": good.url}, breaker=BreakerSettings(failures=1)) as h,
        ):
            await recorded(h, CALL, target(), target("b"))
            listed, _ = await recorded(h, CALL, target(), target("b"))
            assert rows(listed) == [("a/m1", "answer", "skipped"), ("b/m1", "failover", "answered")]
            assert len(bad.seen) == 1

    run(check())


def test_a_client_that_leaves_before_an_answer_is_one_cancelled_record(run):
    async def check():
        async with upstream(silent) as server, harness({"a": server.url}) as h:
            listed = Listed()
            asking = asyncio.create_task(recorded(h, CALL, target(), listener=listed))
            while not server.seen:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            (record,) = listed.attempts
            assert (record.outcome, record.usage, record.cost_usd) == (Outcome.CANCELLED, None, None)
            assert listed.calls[0].settlement.cancelled
            await server.all_closed()

    run(check())


# --- Cascades ---------------------------------------------------------------------------------------------------------


def saying(text):
    body = {**ANSWERS["openai_chat"]}
    choice = {**body["choices"][0], "message": {"role": "assistant", "content": text}}
    return answer({**body, "choices": [choice]})


def cascaded(run, budget, *, judge=None, cascade):
    listed = Listed()

    async def go():
        async with (
            upstream(budget) as b,
            upstream(saying("Hi.")) as p,
            upstream(judge or saying("PASS")) as j,
            harness({"b": b.url, "p": p.url, "j": j.url}) as h,
        ):
            plan = Plan(
                decided(), (target("b"), target("p", tier="production")), cascade, target("j", "m", tier="judge")
            )
            await run_cascade(
                plan,
                cascade,
                origin=origin_of(CALL),
                dispatcher=h.dispatcher,
                accounts=Accounts(listed),
                tiers=TIERS,
            )

    run(go())
    return listed


def test_a_cascades_rejected_attempt_is_recorded_as_such_with_its_cost(run):
    listed = cascaded(run, saying("I'm sorry, but I can't help with that."), cascade=Cascade())
    assert rows(listed) == [("b/m1", "answer", "rejected"), ("p/m1", "escalation", "answered")]
    assert all(one.cost_usd == pytest.approx(42 / 1e6) for one in listed.attempts)
    assert [one.origin.decision.reason.value for one in listed.attempts] == ["threshold", "escalated"]
    assert [one.origin.decision.decision_id for one in listed.attempts] == ["dec_1", "dec_1"]
    assert len(listed.calls) == 2


@pytest.mark.parametrize(("verdict", "outcome"), [("PASS", "answered"), ("FAIL", "rejected")])
def test_a_judge_is_recorded_with_its_purpose_its_cost_and_what_it_was_asked(run, verdict, outcome):
    listed = cascaded(run, saying("Perhaps."), judge=saying(verdict), cascade=Cascade(judge=Judge("j/m")))
    judged, judging, *_ = listed.attempts
    assert (judging.purpose, judging.attempt.target.tier, judging.outcome) == (Purpose.JUDGE, "judge", Outcome.ANSWERED)
    assert judging.cost_usd == pytest.approx(42 / 1e6)
    assert judging.origin.request is not CALL
    assert (judged.attempt.target.name, judged.purpose, judged.outcome.value) == ("b/m1", Purpose.ANSWER, outcome)


# --- Listeners --------------------------------------------------------------------------------------------------------


class Ledger(Listener):
    """Reserves before each attempt, as far as its budget goes, and settles after it."""

    def __init__(self, budget):
        self.left = budget
        self.reserved = []

    def begins(self, origin, target, purpose):
        if self.left < 1:
            return UpstreamFailure(FailureKind.QUOTA, 0, "The budget is spent.")
        self.left -= 1
        self.reserved.append((origin.caller.id, target.name, purpose.value))
        return None

    def attempt_ended(self, record):
        if record.outcome is not Outcome.SKIPPED:
            self.reserved.append("settled")


def test_a_listener_may_reserve_before_each_attempt_and_forbid_it(run):
    async def check():
        async with upstream(error(503)) as bad, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": good.url}) as h:
                ledger = Ledger(1)
                _, found = await recorded(h, CALL, target(), target("b"), listener=ledger)
                assert isinstance(found, Exhausted)
                assert ledger.reserved == [("anonymous", "a/m1", "answer"), "settled"]
                assert [one.skipped for one in found.attempts] == [False, True]
                assert good.seen == []
                _, found = await recorded(h, CALL, target("b"), listener=Ledger(1))
                assert found.answers

    run(check())


def test_a_listener_that_breaks_breaks_no_call_and_is_logged_without_text(run, caplog):
    class Broken(Listener):
        def begins(self, *_):
            raise ValueError(SECRET)

        def attempt_ended(self, record):
            raise ValueError(SECRET)

        def call_settled(self, record):
            raise ValueError(SECRET)

    async def check():
        async with upstream(answer()) as server, harness({"a": server.url}) as h:
            listed = Listed()
            account = Accounts(Broken(), listed).open(origin_of(CALL))
            assert (await h.dispatcher.dispatch([target()], CALL, account=account)).answers
            assert len(listed.attempts) == len(listed.calls) == 1

    run(check())
    assert [record.getMessage() for record in caplog.records if "Broken" in record.getMessage()] == [
        "the listener Broken failed: ValueError"
    ] * 3
    assert SECRET not in caplog.text


def test_without_a_listener_no_record_is_made(run, monkeypatch):
    class Off(Listener):
        def is_listening(self):
            return False

    monkeypatch.setattr("router.account.accounts.AttemptRecord", lambda **_: pytest.fail("made"))

    async def check():
        async with upstream(answer()) as server, harness({"a": server.url}) as h:
            account = Accounts(Off()).open(origin_of(CALL))
            assert (await h.dispatcher.dispatch([target()], CALL, account=account)).answers

    run(check())


def test_no_record_prints_what_was_said_or_a_key(run):
    raw = b'{"model": "auto", "messages": [{"role": "user", "content": "' + SECRET.encode() + b'"}]}'
    call = replace(CALL, raw=raw)

    async def check():
        steps = [answer(raw=b"{" + SECRET.encode()), saying(SECRET)]
        async with upstream(*steps) as server, harness({"a": server.url}, policy=replace(FAST, retries=1)) as h:
            caller = caller_with(Secret("sk-caller-0123456789"))
            origin = {"caller": caller, "decision": decided(requested={"model": SECRET})}
            listed, _ = await recorded(h, call, target(), listener=Listed(keeps_answers=True), **origin)
            assert len(listed.attempts) == 2
            printed = repr(listed.attempts) + repr(listed.calls) + repr([line_of(one) for one in listed.calls])
            assert SECRET not in printed and "sk-" not in printed and "a/m1" in printed

    run(check())


def test_a_caller_has_an_id_that_is_not_its_key():
    one, other = caller_with(Secret("sk-1")), caller_with(Secret("sk-2"))
    assert one == caller_with(Secret(" sk-1 ")) and one != other
    assert one.id.startswith("key-") and len(one.id) == 12 and "sk" not in repr(one)
    assert ANONYMOUS.id == "anonymous"


def test_a_line_sums_the_known_costs_of_its_attempts_and_says_how_its_tokens_are_known():
    listed = Listed()
    account = Accounts(listed).open(origin_of(CALL))
    failed = Attempt(target(), 503, FailureKind.SERVER, 1.0, 2.0)
    answered = Attempt(target("b"), 200, None, 1.0, 2.0, usage=Usage(10, 1), finish="stop", has_begun=True)
    for attempt in (failed, answered):
        account.ended(attempt)
    account.settled(Settlement(answered.target, (failed, answered), answered.usage, None, None, False, 1.0, 4.0))
    (call,) = listed.calls
    assert isinstance(call, CallRecord)
    line = line_of(call)
    assert (line["attempts"], line["served_by"], line["caller"]) == (2, "b/m1", "anonymous")
    assert line["cost_usd"] == pytest.approx(20 / 1e6)
    assert [one["purpose"] for one in line["each_attempt"]] == ["answer", "failover"]


@pytest.fixture(autouse=True)
def _logged(caplog):
    caplog.set_level(logging.ERROR)
