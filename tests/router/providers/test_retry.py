import pytest

from router.dialects.bedrock.eventstream import FrameSplitter
from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.sse import SseSplitter
from router.providers.breaker import Breaker, BreakerSettings
from router.providers.retry import DispatchSettings, Remedy, is_healthy, most_useful, opens_at_once, remedy_for, wait_s
from tests.router.providers.upstream import frame

K = FailureKind


def failure(kind, status=500, **more):
    return UpstreamFailure(kind, status, "x", **more)


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_has_a_next_step(kind):
    assert isinstance(remedy_for(failure(kind, 400)), Remedy)
    assert is_healthy(failure(kind, 400)) == (
        remedy_for(failure(kind, 400)) in (Remedy.LARGER, Remedy.WITHOUT, Remedy.STOP)
    )


@pytest.mark.parametrize("status", [409, 424, 425, 429, 500, 503, 529])
def test_a_status_that_is_worth_another_try_gets_one_whatever_the_body_says(status):
    assert remedy_for(failure(K.BAD_REQUEST, status)) is Remedy.RETRY


@pytest.mark.parametrize("status", [400, 405, 413, 422])
def test_other_client_errors_end_the_call(status):
    assert remedy_for(failure(K.BAD_REQUEST, status)) is Remedy.STOP


def test_waits_double_up_to_the_longest_and_are_fully_jittered():
    settings = DispatchSettings(base_wait_s=1.0, longest_wait_s=5.0)
    waits = [wait_s(failure(K.SERVER), attempt=n, settings=settings, rng=lambda: 0.5) for n in range(5)]
    assert waits == [0.5, 1.0, 2.0, 2.5, 2.5]
    assert wait_s(failure(K.SERVER), attempt=3, settings=settings, rng=lambda: 0.0) == 0.0
    asked = failure(K.RATE_LIMITED, retry_after_s=5.0)
    assert wait_s(asked, attempt=0, settings=settings, rng=lambda: 0.5) == 5.0
    assert wait_s(failure(K.SERVER, retry_after_s=5.1), attempt=0, settings=settings, rng=lambda: 0.5) is None


def test_what_the_client_can_act_on_is_told_first():
    failures = [failure(K.AUTHENTICATION, 401), failure(K.SERVER, 500, retry_after_s=2.0), failure(K.BAD_REQUEST, 400)]
    assert most_useful(failures).kind is K.BAD_REQUEST
    assert most_useful(failures[:2]) == failure(K.SERVER, 500, retry_after_s=2.0)
    assert most_useful(failures[:1]).retry_after_s is None


@pytest.mark.parametrize("kind", [K.AUTHENTICATION, K.QUOTA, K.NOT_FOUND])
def test_what_would_fail_for_everyone_opens_the_breaker_at_once(kind):
    assert opens_at_once(failure(kind, 401)) and not opens_at_once(failure(K.SERVER))


class Time:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def test_a_breaker_lets_one_probe_through_after_its_cooldown():
    clock = Time()
    breaker = Breaker(BreakerSettings(failures=2, cooldown_s=10.0, longest_cooldown_s=60.0), clock)
    assert breaker.allow("k") and breaker.state("k") == "closed"
    breaker.failure("k")
    assert breaker.allow("k")
    breaker.failure("k")
    assert breaker.state("k") == "open" and not breaker.allow("k") and breaker.retry_after_s("k") == 10.0
    assert breaker.allow("other")
    clock.now_s = 10.0
    assert breaker.state("k") == "half_open"
    assert breaker.allow("k") and not breaker.allow("k")
    breaker.failure("k", cooldown_s=999.0)
    assert breaker.retry_after_s("k") == 60.0
    clock.now_s = 70.0
    assert breaker.allow("k")
    breaker.release("k")
    assert breaker.allow("k")
    breaker.success("k")
    assert breaker.state("k") == "closed" and breaker.allow("k") and breaker.allow("k")


def test_a_success_starts_the_count_anew():
    breaker = Breaker(BreakerSettings(failures=2), Time())
    for _ in range(5):
        breaker.failure("k")
        breaker.success("k")
    assert breaker.state("k") == "closed"


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_events_are_split_at_empty_lines_of_every_kind(end, size):
    events = [b"data: a" + end, b": comment" + end, b"event: x" + end[: len(end) // 2] + b"data: b" + end]
    data = b"".join(events) + b"data: half"
    splitter = SseSplitter()
    assert [e for at in range(0, len(data), size) for e in splitter.feed(data[at : at + size])] == events
    assert splitter.rest() == b"data: half"


def test_frames_are_split_by_their_length():
    one, two = frame("messageStart", {"role": "assistant"}), frame("messageStop", {"stopReason": "end_turn"})
    splitter = FrameSplitter()
    assert splitter.feed(one + two[:5]) == [one] and splitter.rest() == two[:5]
    assert splitter.feed(two[5:]) == [two] and splitter.rest() == b""
    with pytest.raises(ValueError, match="of 1 bytes"):
        splitter.feed(b"\0\0\0\1\0\0\0\0XB\xf6\xd9")
