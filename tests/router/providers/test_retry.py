import pytest

from router.dialects.bedrock.eventstream import FrameSplitter
from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.sse import SseSplitter
from router.providers.retry import (
    DispatchSettings,
    Remedy,
    failures_needed,
    is_healthy,
    most_useful,
    remedy_for,
    wait_s,
)
from tests.router.providers.upstream import frame

K = FailureKind


def failure(kind, status=500, **more):
    return UpstreamFailure(kind, status, "x", **more)


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_has_a_next_step(kind):
    assert isinstance(remedy_for(failure(kind, 400)), Remedy)
    assert is_healthy(failure(kind, 400)) == (
        kind in (K.CONTEXT_TOO_LONG, K.TOO_LARGE, K.REFUSED_PARAMETER, K.UNSUPPORTED, K.FLAGGED, K.BAD_REQUEST)
    )


@pytest.mark.parametrize("status", [409, 424, 425, 429, 500, 503, 529])
def test_a_status_that_is_worth_another_try_gets_one_whatever_the_body_says(status):
    assert remedy_for(failure(K.BAD_REQUEST, status)) is Remedy.RETRY


@pytest.mark.parametrize("status", [400, 405, 413, 422])
def test_other_client_errors_are_put_to_another_vendor(status):
    assert remedy_for(failure(K.BAD_REQUEST, status)) is Remedy.OTHER_VENDOR


def test_waits_double_up_to_the_longest_and_are_fully_jittered():
    settings = DispatchSettings(base_wait_s=1.0, longest_wait_s=5.0)
    waits = [wait_s(failure(K.SERVER), attempt=n, settings=settings, rng=lambda: 0.5) for n in range(5)]
    assert waits == [0.5, 1.0, 2.0, 2.5, 2.5]
    assert wait_s(failure(K.SERVER), attempt=3, settings=settings, rng=lambda: 0.0) == 0.0
    asked = failure(K.RATE_LIMITED, retry_after_s=5.0)
    assert wait_s(asked, attempt=0, settings=settings, rng=lambda: 0.5) == 5.0
    assert wait_s(failure(K.SERVER, retry_after_s=5.1), attempt=0, settings=settings, rng=lambda: 0.5) is None


def test_what_the_client_can_act_on_is_told_first():
    down, bad = failure(K.SERVER, 500, retry_after_s=2.0), failure(K.BAD_REQUEST, 400)
    failures = [failure(K.AUTHENTICATION, 401), down, bad]
    assert most_useful([*failures, failure(K.BAD_REQUEST, 422)]) == bad
    assert most_useful([failure(K.NOT_FOUND, 404), bad]) == bad
    assert most_useful(failures) == down, "the second vendor did not get to judge"
    assert most_useful([*failures, failure(K.CONTEXT_TOO_LONG, 400)]).kind is K.CONTEXT_TOO_LONG
    assert most_useful([down, failure(K.RATE_LIMITED, 429, retry_after_s=0.5)]).retry_after_s == 0.5
    assert most_useful(failures[:1]).retry_after_s is None


@pytest.mark.parametrize(
    ("kind", "status", "needed"),
    [
        (K.AUTHENTICATION, 401, 1),
        (K.AUTHENTICATION, 403, 2),
        (K.QUOTA, 402, 2),
        (K.NOT_FOUND, 404, 2),
        (K.SERVER, 500, 1_000),
    ],
)
def test_what_would_fail_for_everyone_needs_few_failures_to_open_the_breaker(kind, status, needed):
    assert failures_needed(failure(kind, status)) == needed


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
