"""When a model is left alone, for how long, and what is no reason for it."""

import asyncio
import logging
from dataclasses import replace

import pytest

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.providers.breaker import Breaker, BreakerSettings
from router.providers.calls import Answered, Exhausted
from router.providers.connection_settings import ConnectionSettings
from router.providers.retry import ANY_NUMBER
from tests.router.providers.harness import CALL, FAST, PASSED, STREAMED, harness, kinds, target
from tests.router.providers.upstream import STREAMS, answer, error, silent, stalling_stream, upstream

K = FailureKind
DOWN = UpstreamFailure(K.SERVER, 500, "the words of a prompt")
ONCE = replace(FAST, retries=0)
PATIENT = replace(FAST, first_event_s=60.0, deadline_s=60.0)


class Time:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Rig:
    """A breaker of one model, whose attempts may overlap."""

    def __init__(self, **settings):
        self.clock = Time()
        self.breaker = Breaker(BreakerSettings(**settings), self.clock)
        self.n_requests = 0

    def fail(self, stamp=None, failure=DOWN, *, request=None, needed=ANY_NUMBER):
        self.n_requests += 1
        stamp = self.breaker.allow("k") if stamp is None else stamp
        number = self.n_requests if request is None else request
        return self.breaker.failure("k", stamp, failure, request=number, needed=needed)


def test_a_breaker_lets_one_trial_through_after_its_cooldown_and_waits_twice_as_long_each_time():
    rig = Rig(failures=2, cooldown_s=10.0, longest_cooldown_s=25.0)
    assert not rig.fail()
    assert rig.fail()
    assert rig.breaker.state("k") == "open" and rig.breaker.allow("k") is None
    assert rig.breaker.allow("other") is not None
    for now_s, cooldown_s in ((10.0, 20.0), (30.0, 25.0), (55.0, 25.0)):
        rig.clock.now_s = now_s
        assert rig.breaker.state("k") == "half_open"
        trial = rig.breaker.allow("k")
        assert trial is not None and rig.breaker.allow("k") is None
        assert rig.fail(trial)
        assert rig.breaker.retry_after_s("k") == cooldown_s
    rig.clock.now_s = 80.0
    trial = rig.breaker.allow("k")
    rig.breaker.release("k", trial)
    trial = rig.breaker.allow("k")
    rig.breaker.success("k", trial)
    assert rig.breaker.state("k") == "closed" and rig.breaker.allow("k") is not None
    assert not rig.fail()
    assert rig.fail()
    assert rig.breaker.retry_after_s("k") == 10.0, "an answer starts the count of cooldowns anew"


def test_trials_before_the_cooldown_is_over_make_it_no_longer_unless_the_provider_asks_for_more():
    rig = Rig(failures=1, cooldown_s=10.0)
    assert rig.fail()
    for _ in range(20):  # an agent that retries while nothing else is left
        assert not rig.fail(rig.breaker.allow("k", anyway=True))
    assert rig.breaker.retry_after_s("k") == 10.0
    rig.fail(rig.breaker.allow("k", anyway=True), replace(DOWN, retry_after_s=40.0))
    assert rig.breaker.retry_after_s("k") == 40.0


def test_a_success_starts_the_count_anew():
    rig = Rig(failures=2)
    for _ in range(5):
        rig.fail()
        rig.breaker.success("k", rig.breaker.allow("k"))
    assert rig.breaker.state("k") == "closed"


def test_failures_of_attempts_that_ran_together_count_once():
    rig = Rig(failures=2)
    stamps = [rig.breaker.allow("k") for _ in range(20)]
    assert not any([rig.fail(stamp) for stamp in stamps])
    assert rig.fail()


def test_a_failure_of_an_attempt_that_began_before_the_last_success_does_not_count():
    rig = Rig(failures=1)
    old = rig.breaker.allow("k")
    rig.breaker.success("k", rig.breaker.allow("k"))
    assert not rig.fail(old)


def test_a_stream_that_began_may_still_fail():
    rig = Rig(failures=1)
    stamp = rig.breaker.success("k", rig.breaker.allow("k"))
    assert rig.fail(stamp)


def test_a_request_that_is_sent_again_and_again_opens_no_breaker():
    rig = Rig(failures=3)
    assert not any([rig.fail(request=7) for _ in range(50)])
    assert not rig.fail(request=8)
    assert rig.fail(request=9)


@pytest.mark.parametrize("asked_s", [1.0, 0.25, 4_000.0])
def test_a_rate_limit_costs_what_the_provider_asks_for_and_no_trial_is_needed_after_it(asked_s):
    rig = Rig(cooldown_s=30.0)
    limited = UpstreamFailure(K.RATE_LIMITED, 429, "slow down", retry_after_s=asked_s)
    stamps = [rig.breaker.allow("k") for _ in range(10)]
    assert [rig.fail(stamp, limited) for stamp in stamps] == [True] + [False] * 9
    assert rig.breaker.retry_after_s("k") == min(asked_s, 300.0)
    assert rig.breaker.allow("k") is None
    rig.clock.now_s = asked_s
    assert [rig.breaker.allow("k") is not None for _ in range(10)] == [True] * 10


def test_a_rate_limit_without_a_hint_counts_like_any_failure():
    rig = Rig(failures=2, cooldown_s=0.5)
    limited = UpstreamFailure(K.RATE_LIMITED, 429, "slow down")
    assert not rig.fail(None, limited)
    assert rig.fail(None, limited)
    assert rig.breaker.retry_after_s("k") == 0.5


def test_an_old_attempt_that_answers_does_not_end_a_pause_that_was_asked_for():
    rig = Rig()
    old = rig.breaker.allow("k")
    rig.fail(None, UpstreamFailure(K.RATE_LIMITED, 429, "", retry_after_s=9.0))
    rig.breaker.success("k", old)
    assert rig.breaker.state("k") == "open"


def test_changes_are_logged_with_their_cause_and_counted_and_nothing_that_was_said_is_in_them(caplog):
    rig = Rig(failures=1, cooldown_s=2.0)
    with caplog.at_level(logging.WARNING):
        rig.fail()
        rig.clock.now_s = 2.0
        rig.breaker.success("k", rig.breaker.allow("k"))
    assert [record.getMessage() for record in caplog.records] == [
        "k is left alone for 2 s: server, status 500",
        "k answers again (it was left alone: server, status 500)",
    ]
    assert rig.breaker.report() == {
        "k": {"state": "closed", "retry_after_s": 0.0, "opened": 1, "cause": "server, status 500"}
    }


# --- Over real connections --------------------------------------------------------------------------------------------


def asks(number):
    return replace(PASSED, raw=PASSED.raw.replace(b"Hello", f"Hello {number}".encode()))


async def open_it(h, model="a", *, n=5):
    for number in range(n):
        await h.dispatch(asks(number), target(model))
    assert h.breaker.state(f"{model}/m1") == "open"


def test_a_burst_of_failures_leaves_the_model_to_the_next_request(run):
    async def check():
        async with upstream(*[error(500)] * 20, answer()) as server, harness({"a": server.url}, policy=ONCE) as h:
            await asyncio.gather(*(h.dispatch(asks(number), target()) for number in range(20)))
            assert isinstance(await h.dispatch(CALL, target()), Answered)

    run(check())


def test_one_poisoned_request_never_shuts_a_model_for_others(run):
    async def poisoned(exchange):
        await (error(500) if b"poison" in exchange.request.body else answer())(exchange)

    poison = replace(PASSED, raw=PASSED.raw.replace(b"Hello", b"poison"))

    async def check():
        async with upstream(poisoned) as server, harness({"a": server.url}) as h:
            for _ in range(10):
                assert isinstance(await h.dispatch(poison, target()), Exhausted)
            assert h.breaker.state("a/m1") == "closed"
            assert isinstance(await h.dispatch(CALL, target()), Answered)

    run(check())


def test_where_every_model_is_shut_one_is_tried_and_its_answer_opens_the_way(run):
    async def check():
        async with upstream(*[error(500)] * 10, answer()) as server:
            async with harness({"a": server.url, "b": server.url}, policy=ONCE) as h:
                await open_it(h)
                await open_it(h, "b")
                found = await h.dispatch(CALL, target("a"), target("b", tier="frontier"))
                assert isinstance(found, Answered)
                assert kinds(found)[:2] == [("a/m1", 0, K.OVERLOADED), ("b/m1", 0, K.OVERLOADED)]
                assert [one.breaker for one in found.attempts] == ["open", "open", "trial"]
                assert h.breaker.state(found.target.name) == "closed"
                assert len(server.seen) == 11, "one is tried, not each"

    run(check())


def test_one_request_at_a_time_tries_a_model_that_is_shut_and_the_others_wait_for_its_answer(run):
    async def slow(exchange):
        await asyncio.sleep(0.3)
        await answer()(exchange)

    async def check():
        async with upstream(*[error(500)] * 5, slow, answer()) as server:
            async with harness({"a": server.url}, policy=ONCE) as h:
                await open_it(h)
                h.dispatcher.policy = replace(FAST, base_wait_s=0.3)
                h.dispatcher.sleep = asyncio.sleep
                h.dispatcher.clock = asyncio.get_running_loop().time
                found = await asyncio.gather(*(h.dispatch(asks(number), target()) for number in range(5)))
                assert all(isinstance(one, Answered) for one in found)

    run(check())


def test_a_model_of_the_next_tier_is_asked_before_one_that_is_shut(run):
    async def check():
        async with upstream(error(500)) as bad, upstream(answer()) as good:
            async with harness({"a": bad.url, "b": good.url}, policy=ONCE) as h:
                await open_it(h)
                found = await h.dispatch(CALL, target("a"), target("b", tier="frontier"))
                assert kinds(found) == [("a/m1", 0, K.OVERLOADED), ("b/m1", 200, None)]
                assert len(bad.seen) == 5

    run(check())


def test_a_thousand_held_streams_leave_room_for_more_requests(run):
    async def held(exchange):
        step = stalling_stream(STREAMS["openai_chat"][:2]) if exchange.request.json.get("stream") else answer()
        await step(exchange)

    async def check():
        settings = ConnectionSettings(connect_s=30.0)
        async with upstream(held) as server, harness({"a": server.url}, policy=PATIENT, settings=settings) as h:
            opened = []
            for _ in range(101):
                opened += await asyncio.gather(*(h.dispatch(STREAMED, target()) for _ in range(10)))
            assert isinstance(await h.dispatch(CALL, target()), Answered)
            for one in opened:
                await one.stream.aclose()

    run(check(), within_s=60)


def test_our_own_want_of_connections_is_said_at_once_and_held_against_nobody(run):
    async def check():
        settings = ConnectionSettings(max_connections=1)
        async with upstream(silent) as slow, upstream(answer()) as good:
            breaker = BreakerSettings(failures=1)
            async with harness({"a": slow.url, "b": good.url}, settings=settings, breaker=breaker) as h:
                waiting = asyncio.create_task(h.dispatch(CALL, target("a")))
                while not slow.seen:
                    await asyncio.sleep(0.01)
                found = await h.dispatch(CALL, target("b"), target("b", model="m2"))
                assert kinds(found) == [("b/m1", 0, K.ROUTER_BUSY)]
                assert found.failure.retry_after_s == 1.0
                assert "max_connections" in found.failure.message
                assert h.clock.slept == []
                assert h.breaker.state("b/m1") == "closed"
                waiting.cancel()
                await asyncio.wait({waiting})
                assert isinstance(await h.dispatch(CALL, target("b")), Answered)

    run(check())
