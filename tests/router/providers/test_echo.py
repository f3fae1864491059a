from dataclasses import replace

import pytest

from router.dialects.conversation import Failed, FailureKind, Finish, Text, Tool, ToolCall, Turn
from router.providers.calls import Answered, Exhausted
from router.providers.echo import behaviour_of
from router.providers.exchange import Opened
from tests.router.providers.harness import CALL, FAST, HELLO, STREAMED, Call, harness, pieces_of, target, text_of

ECHO = {"echo": "echo://offline"}


def echo(model="echo"):
    return target("echo", model=model)


def asked(text, *, stream=False, **more):
    return Call(replace(HELLO, turns=(Turn("user", (Text(text),)),), **more), stream=stream)


async def ask(call, *targets, policy=FAST, clock=None):
    async with harness(ECHO, adapters={"echo": "echo"}, policy=policy, clock=clock) as h:
        return await h.dispatch(call, *targets), h


def test_it_says_that_it_is_an_echo_and_says_the_same_every_time(run):
    one, _ = run(ask(asked("How are you?"), echo()))
    two, _ = run(ask(asked("How are you?"), echo()))
    assert isinstance(one, Answered) and one.answers == two.answers
    said = one.answer.parts[0].text
    assert "[echo] No model was called" in said and "How are you?" in said
    assert one.answer.usage.output_tokens > 0


def test_a_stream_says_what_the_whole_answer_says(run):
    async def check():
        async with harness(ECHO, adapters={"echo": "echo"}) as h:
            found = await h.dispatch(STREAMED, echo())
            assert isinstance(found, Opened)
            pieces = await pieces_of(found.stream)
            whole = await h.dispatch(CALL, echo())
            assert text_of(pieces) == whole.answer.parts[0].text and len(pieces) > 3
            assert h.settled[0].usage.output_tokens == h.settled[1].usage.output_tokens

    run(check())


@pytest.mark.parametrize("call", [asked("x"), asked("x", stream=True)], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("fail-429", 429, FailureKind.RATE_LIMITED),
        ("fail-500", 500, FailureKind.SERVER),
        ("fail-401", 401, FailureKind.AUTHENTICATION),
        ("empty", 200, FailureKind.BROKEN_ANSWER),
        ("malformed", 200, FailureKind.BROKEN_ANSWER),
    ],
)
def test_it_fails_as_asked(run, call, model, status, kind):
    found, _ = run(ask(call, echo(model)))
    assert isinstance(found, Exhausted)
    assert (found.failure.status, found.failure.kind) == (status, kind)


def test_a_marker_in_the_request_works_like_one_in_the_model(run):
    found, _ = run(ask(asked("Please [echo fail-429-after-30]"), echo()))
    assert (found.failure.kind, found.failure.retry_after_s) == (FailureKind.RATE_LIMITED, 30.0)


def test_a_failing_echo_fails_over(run):
    found, _ = run(ask(CALL, echo("fail-503"), echo()))
    assert isinstance(found, Answered) and found.target.model == "echo"


def test_it_waits_as_asked_on_the_clock_that_it_was_given(run):
    found, h = run(ask(CALL, echo("slow-2s")))
    assert isinstance(found, Answered) and h.clock.slept == [2.0]


def test_a_cut_stream_ends_in_a_failure(run):
    async def check():
        async with harness(ECHO, adapters={"echo": "echo"}) as h:
            pieces = await pieces_of((await h.dispatch(STREAMED, echo("cut"))).stream)
            assert isinstance(pieces[-1].events[-1], Failed)

    run(check())


def test_it_calls_a_tool_as_asked(run):
    found, _ = run(ask(asked("x", tools=(Tool("get_time"),)), echo("tool")))
    assert found.answer.finish is Finish.TOOL_CALLS
    assert isinstance(found.answer.parts[0], ToolCall) and found.answer.parts[0].name == "get_time"


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        ("echo", "", {}),
        ("slow-250ms,drip-5ms", "", {"slow_s": 0.25, "drip_s": 0.005}),
        ("slow-9999s", "", {"slow_s": 30.0}),
        ("fail-700", "", {"status": 599}),
        ("fail-429", "[echo fail-503]", {"status": 503}),
        ("echo", "fail-429 without brackets", {}),
        ("long-999999", "", {"words": 20_000}),
        ("échec-42", "[echo nonsense]", {}),
    ],
)
def test_markers_are_read_and_bounded(model, text, expected):
    behaviour = behaviour_of(model, text)
    assert behaviour == type(behaviour)(**expected)
