"""A cascade asks the next tier up after a poor answer, and no more often than it may."""

import asyncio
import json
from dataclasses import replace

import pytest

from router.account import ANONYMOUS, Accounts
from router.core import Router
from router.dialects.conversation import Answer, Conversation, Finish, Text, Turn, Usage
from router.dialects.row import AnswerInfo
from router.dialects.shared.endpoint import PathInfo
from router.dialects.shared.prepared import Call
from router.dialects.table import clients
from router.errors import ConfigError
from router.forward.cascade import can_buffer, run_cascade, whole
from router.forward.forwarder import Forwarder
from router.forward.headers import cascade_headers
from router.forward.judge import says_fail
from router.forward.relay import relay_whole
from router.policy import CHECKS, JUDGE_PROMPT, Cascade, Judge, Limits, Plan
from router.providers.calls import Answered, Exhausted
from router.settings import load_settings
from router.settings.cascade import CascadeTable, JudgeTable
from router.settings.values import CHEAPEST, SHIPPED_POLICIES
from router.types import Dialect, ModelSpec, Reason, Target
from tests.router.forward.parts import TIERS, Listed, decided, origin_of
from tests.router.providers.harness import FAST, harness
from tests.router.providers.upstream import ANSWERS, answer, error, silent, upstream

PLAN = tuple(Target.of(tier, f"{tier[0]}/m", ModelSpec(f"{tier[0]}/m", 1.0, 2.0)) for tier in TIERS)
JUDGE = Target.of("judge", "j/m", ModelSpec("j/m", 3.0, 4.0))
HELLO = Conversation((Turn("user", (Text("Hello"),)),), model="auto:cascade")
BODY = {"model": "auto:cascade", "messages": [{"role": "user", "content": "Hello"}]}
DEFAULT = Cascade()
REFUSAL = "I'm sorry, but I can't help with that."


def for_body(dialect, body, **path):
    row = clients()[dialect]
    return row.for_request(row, body, PathInfo(**path))


def saying(text, *, finish="stop"):
    body = json.loads(json.dumps(ANSWERS["openai_chat"]))
    body["choices"][0] |= {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return answer(body)


class World:
    """Three upstreams, one a tier, and one for the judge."""

    def __init__(self, budget, production, frontier, judge, h):
        self.seen = {"budget": budget, "production": production, "frontier": frontier, "judge": judge}
        self.h = h
        self.listed = Listed()

    async def climb(self, cascade=DEFAULT, *, call=None, plan=PLAN):
        self.climbed = await run_cascade(
            Plan(decided(), plan, cascade, JUDGE if cascade.judge else None),
            cascade,
            origin=origin_of(call or Call(HELLO, stream=False)),
            dispatcher=self.h.dispatcher,
            accounts=Accounts(self.listed),
            tiers=TIERS,
        )
        return self.climbed

    @property
    def headers(self):
        return cascade_headers(self.climbed.rejected, self.climbed.findings)

    @property
    def settled(self):
        """(tier, reason, settlement) of each dispatch."""
        return [(one.origin.decision.tier, one.origin.decision.reason, one.settlement) for one in self.listed.calls]

    @property
    def recorded(self):
        return [(one.attempt.target.name, str(one.purpose), str(one.outcome)) for one in self.listed.attempts]

    @property
    def asked(self):
        return {name: len(server.seen) for name, server in self.seen.items() if server.seen}

    @property
    def text(self):
        return self.climbed.outcome.answer.parts[0].text


def climbing(run, budget, production=None, frontier=None, *, judge=None, check, policy=FAST):
    """Run a check in a world of scripted upstreams."""
    fine = saying("Hi.")

    async def go():
        async with (
            upstream(budget) as b,
            upstream(production or fine) as p,
            upstream(frontier or fine) as f,
            upstream(judge or fine) as j,
            harness({"b": b.url, "p": p.url, "f": f.url, "j": j.url}, policy=policy) as h,
        ):
            await check(World(b, p, f, j, h))

    run(go())


def test_an_answer_in_which_nothing_is_found_is_the_only_one_that_is_asked_for(run):
    async def check(world):
        climbed = await world.climb()
        assert world.asked == {"budget": 1}
        assert (climbed.decision.tier, climbed.decision.reason) == ("budget", Reason.THRESHOLD)
        assert world.headers == {}

    climbing(run, saying("Hi."), check=check)


def test_after_a_refusal_the_next_tier_up_answers_and_both_are_settled_with_their_usage(run):
    async def check(world):
        climbed = await world.climb()
        assert world.text == "Hi."
        assert (climbed.decision.tier, climbed.decision.model) == ("production", "p/m")
        assert climbed.decision.reason is Reason.ESCALATED
        assert [one.tier for one in climbed.decision.candidates] == ["production", "frontier"]
        assert [attempt.target.name for attempt in climbed.outcome.attempts] == ["b/m", "p/m"]
        assert world.headers == {"x-router-escalations": "budget=refusal"}
        assert [(tier, reason) for tier, reason, _ in world.settled] == [
            ("budget", Reason.THRESHOLD),
            ("production", Reason.ESCALATED),
        ]
        assert [(end.usage.input_tokens, end.usage.output_tokens) for *_, end in world.settled] == [(12, 3), (12, 3)]

    climbing(run, saying(REFUSAL), check=check)


def test_the_last_answer_is_returned_whatever_it_is(run):
    async def check(world):
        climbed = await world.climb()
        assert world.asked == {"budget": 1, "production": 1, "frontier": 1}
        assert world.text == "cut"
        assert climbed.decision.tier == "frontier"
        assert world.headers == {
            "x-router-escalations": "budget=refusal, production=empty",
            "x-router-findings": "truncated",
        }

    climbing(run, saying(REFUSAL), saying(" "), saying("cut", finish="length"), check=check)


@pytest.mark.parametrize(("most", "asked"), [(0, ["budget"]), (1, ["budget", "production"])])
def test_no_more_escalations_are_made_than_are_allowed(run, most, asked):
    async def check(world):
        climbed = await world.climb(Cascade(escalations=most))
        assert list(world.asked) == asked
        assert climbed.findings

    climbing(run, saying(REFUSAL), saying(REFUSAL), check=check)


def test_a_plan_of_one_tier_as_of_a_pin_is_never_left(run):
    async def check(world):
        await world.climb(plan=PLAN[:1])
        assert world.asked == {"budget": 1}
        assert world.headers == {"x-router-findings": "refusal"}

    climbing(run, saying(REFUSAL), check=check)


def test_where_the_stronger_tiers_fail_the_answer_in_hand_is_returned(run):
    async def check(world):
        climbed = await world.climb()
        assert isinstance(climbed.outcome, Answered) and world.text == REFUSAL
        assert (climbed.decision.tier, climbed.decision.reason) == ("budget", Reason.THRESHOLD)
        assert [attempt.status for attempt in climbed.outcome.attempts] == [200, 401, 401]
        assert [end.usage is None for *_, end in world.settled] == [False, True]

    climbing(run, saying(REFUSAL), error(401), error(401), check=check)


def test_a_tier_that_fails_is_a_fallback_and_its_stand_in_is_escalated_from(run):
    async def check(world):
        climbed = await world.climb()
        assert list(world.asked) == ["budget", "production", "frontier"]
        assert climbed.rejected[0][0] == "production"
        assert climbed.decision.tier == "frontier"

    climbing(run, error(401), saying(REFUSAL), check=check)


def test_where_no_tier_answers_the_failure_is_told(run):
    async def check(world):
        climbed = await world.climb()
        assert isinstance(climbed.outcome, Exhausted) and climbed.outcome.failure.status == 401
        assert len(world.settled) == 1

    climbing(run, error(401), error(401), error(401), check=check)


def test_escalations_end_with_the_deadline_of_the_call(run):
    async def check(world):
        climbed = await world.climb()
        assert world.text == REFUSAL
        assert [end.cancelled for *_, end in world.settled] == [False, True]
        assert climbed.findings

    climbing(run, saying(REFUSAL), silent, check=check, policy=replace(FAST, deadline_s=0.3))


# --- The judge --------------------------------------------------------------------------------------------------------

JUDGED = Cascade(judge=Judge("j/m"))


def test_a_judge_that_says_fail_sends_the_request_up_and_is_charged(run):
    async def check(world):
        await world.climb(JUDGED)
        assert world.text == "Hi."
        assert world.asked == {"budget": 1, "production": 1, "judge": 2}
        assert world.headers["x-router-escalations"].startswith("budget=judge")
        assert [end.target.name for *_, end in world.settled] == ["b/m", "j/m", "p/m", "j/m"]
        system, user = world.seen["judge"].seen[0].json["messages"]
        assert system["content"] == JUDGE_PROMPT
        assert json.loads(user["content"]) == {"request": "Hello", "answer": "Perhaps."}

    async def once_failing(exchange):
        first = not failing
        failing.append(1)
        await saying("FAIL: it hedges" if first else "PASS")(exchange)

    failing = []
    climbing(run, saying("Perhaps."), judge=once_failing, check=check)


@pytest.mark.parametrize("judge", [saying("PASS"), saying("I would fail it"), error(401), saying("")])
def test_a_judge_that_does_not_say_fail_changes_nothing(run, judge):
    async def check(world):
        await world.climb(JUDGED)
        assert world.asked == {"budget": 1, "judge": 1}
        assert world.climbed.findings == ()

    climbing(run, saying("Hi."), judge=judge, check=check)


@pytest.mark.parametrize(("budget", "plan"), [(saying(REFUSAL), PLAN[:2]), (saying("Hi."), PLAN[:1])])
def test_no_judge_is_asked_where_its_word_would_change_nothing(run, budget, plan):
    async def check(world):
        await world.climb(JUDGED, plan=plan)
        assert "judge" not in world.asked

    climbing(run, budget, check=check)


@pytest.mark.parametrize(
    ("text", "fails"),
    [("FAIL", True), ("**Fail.** It is wrong", True), ("PASS", False), ("It fails", False), ("", False)],
)
def test_the_first_word_is_the_verdict(text, fails):
    assert says_fail(Answer("a", "m", (Text(text),), Finish.STOP, Usage())) is fails


# --- Streams ----------------------------------------------------------------------------------------------------------


def test_a_streamed_call_is_made_whole_and_nothing_else_of_its_bytes_changes():
    raw = b'{"stream": true,  "temperature": 1.0, "stream_options": {"include_usage": true}, "messages": []}'
    call = whole(Call(replace(HELLO, stream=True), True, Dialect.OPENAI_CHAT, raw))
    assert not call.stream and not call.conversation.stream
    assert call.raw == b'{"temperature": 1.0, "messages": []}'


def test_several_answers_at_once_cannot_be_buffered():
    assert can_buffer(replace(HELLO, n=2))
    assert not can_buffer(replace(HELLO, n=2, stream=True))


async def streamed(world, body, dialect, *, heartbeat_s=5.0, stop_after=None):
    face = for_body(dialect, body, model="auto:cascade", stream=True)
    call = Call(face.read(body), True, face.passed_to, json.dumps(body).encode())
    task = asyncio.create_task(world.climb(call=call))
    pieces = relay_whole(
        task,
        heartbeat_s=heartbeat_s,
        writer=lambda model: face.writer(call.conversation, AnswerInfo(model, 1, "req", 5)),
        model="b/m",
    )
    got = []
    async for piece in pieces:
        got.append(piece)
        if stop_after == len(got):
            await pieces.aclose()
    return got


@pytest.mark.parametrize(
    ("dialect", "body", "ends"),
    [
        (Dialect.OPENAI_CHAT, {**BODY, "stream": True}, b"data: [DONE]\n\n"),
        (Dialect.ANTHROPIC, {**BODY, "stream": True, "max_tokens": 50}, b'"message_stop"'),
        (Dialect.OPENAI_RESPONSES, {"model": "auto", "input": "Hello", "stream": True}, b"response.completed"),
        (Dialect.GEMINI, {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}, b'"STOP"'),
    ],
)
def test_a_streaming_client_gets_the_good_answer_as_a_stream_of_its_dialect(run, dialect, body, ends):
    async def check(world):
        got = b"".join(await streamed(world, body, dialect))
        assert b"can't help" not in got and b"Hi." in got and ends in got
        assert b"p/m" in got
        assert "stream" not in world.seen["budget"].seen[0].json or not world.seen["budget"].seen[0].json["stream"]

    climbing(run, saying(REFUSAL), check=check)


def test_while_tiers_are_asked_the_stream_shows_signs_of_life(run):
    async def slow(exchange):
        await asyncio.sleep(0.2)
        await saying(REFUSAL)(exchange)

    async def check(world):
        got = await streamed(world, {**BODY, "stream": True}, Dialect.OPENAI_CHAT, heartbeat_s=0.05)
        assert got[0] == b": keepalive\n\n" and got.count(b": keepalive\n\n") >= 3
        assert b"Hi." in got[-1]

    climbing(run, slow, check=check)


def test_where_nothing_answers_the_stream_ends_in_the_error_of_its_dialect(run):
    async def check(world):
        got = b"".join(await streamed(world, {**BODY, "stream": True, "max_tokens": 5}, Dialect.ANTHROPIC))
        assert b"event: error" in got and b"message_stop" not in got

    climbing(run, error(401), error(401), error(401), check=check)


def test_a_client_that_leaves_ends_the_cascade_and_closes_the_connection(run):
    async def check(world):
        got = await streamed(world, {**BODY, "stream": True}, Dialect.OPENAI_CHAT, heartbeat_s=0.05, stop_after=2)
        assert len(got) == 2
        await world.seen["production"].all_closed()
        assert [end.cancelled for *_, end in world.settled] == [False, True]
        assert "frontier" not in world.asked

    climbing(run, saying(REFUSAL), silent, check=check)


def test_tool_calls_and_thinking_survive_the_buffer(run):
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
    ]

    async def check():
        value = ANSWERS["anthropic"] | {"content": content, "stop_reason": "tool_use"}
        body = {**BODY, "stream": True, "max_tokens": 50}
        async with upstream(answer(value)) as b, harness({"b": b.url}, adapters={"b": "anthropic"}) as h:
            world = World(b, b, b, b, h)
            got = b"".join(await streamed(world, body, Dialect.ANTHROPIC)).decode()
        for part in ('"sig"', '"hm"', "I look.", "toolu_1", "Rome", '"tool_use"'):
            assert part in got

    run(check())


# --- In the service ---------------------------------------------------------------------------------------------------


TIERS = {"budget": "deepseek/deepseek-v4-flash", "production": "openai/gpt-5.4", "frontier": "openai/gpt-5.5"}


@pytest.fixture(scope="module")
def router(shipped, tmp_path_factory):
    """A model for each tier: the first at a provider of its own."""
    config = tmp_path_factory.mktemp("cascade") / "tierwise.toml"
    config.write_text("".join(f'[[tiers]]\nname = "{tier}"\nmodels = ["{model}"]\n' for tier, model in TIERS.items()))
    return Router.load(shipped, config=config, environ={})


def forwarded(run, router, script, check, *, production=None, **more):
    """Run a check with a forwarder whose budget tier is a scripted DeepSeek and whose next tier an OpenAI."""

    async def go():
        async with (
            upstream(*script) as budget,
            upstream(production or saying("Hi.")) as stronger,
            harness({"deepseek": budget.url, "openai": stronger.url}, **more) as h,
        ):
            await check(Forwarder(router, h.dispatcher, Accounts(), wall_clock=lambda: 1.0, own_id="here"))

    run(go())


async def posted(forwarder, **more):
    body = {**BODY, **more}
    face = for_body(Dialect.OPENAI_CHAT, body)
    answer = await forwarder.forward(face, body, json.dumps(body).encode(), {}, ANONYMOUS)
    if isinstance(answer.body, bytes):
        return answer, answer.body
    return answer, b"".join([piece async for piece in answer.body])


def test_no_stronger_tier_is_asked_where_none_has_a_key(run, shipped, tmp_path):
    keyless = {"budget": TIERS["budget"], "production": "anthropic/claude-sonnet-5-5", "frontier": "xai/grok-4.7"}
    config = tmp_path / "tierwise.toml"
    config.write_text("".join(f'[[tiers]]\nname = "{tier}"\nmodels = ["{one}"]\n' for tier, one in keyless.items()))

    async def check(forwarder):
        answer, _ = await posted(forwarder)
        assert answer.headers["x-router-attempts"] == "deepseek/deepseek-v4-flash=200"
        assert "x-router-escalations" not in answer.headers
        assert answer.headers["x-router-findings"] == "refusal"

    forwarded(run, Router.load(shipped, config=config, environ={}), [saying(REFUSAL)], check)


def test_a_whole_answer_goes_out_with_the_headers_of_its_way(run, router):
    async def check(forwarder):
        answer, body = await posted(forwarder)
        assert json.loads(body)["choices"][0]["message"]["content"] == "Hi."
        assert answer.headers["x-router-escalations"] == "budget=refusal"
        assert answer.headers["x-router-tier"] == "production"
        assert answer.headers["x-router-reason"] == "escalated"
        assert answer.headers["x-router-served-by"] == "openai/gpt-5.4"
        assert answer.headers["x-router-attempts"] == "deepseek/deepseek-v4-flash=200, openai/gpt-5.4=200"

    forwarded(run, router, [saying(REFUSAL)], check)


def test_a_quick_stream_has_these_headers_too(run, router):
    async def check(forwarder):
        answer, body = await posted(forwarder, stream=True)
        assert answer.headers["x-router-escalations"] == "budget=refusal"
        assert (answer.media_type, answer.headers["cache-control"]) == ("text/event-stream", "no-cache")
        assert b"Hi." in body and body.endswith(b"data: [DONE]\n\n")

    forwarded(run, router, [saying(REFUSAL)], check)


def test_a_slow_stream_begins_before_its_way_is_known(run, router):
    async def slow(exchange):
        await asyncio.sleep(0.2)
        await saying(REFUSAL)(exchange)

    async def check(forwarder):
        answer, body = await posted(forwarder, stream=True)
        assert "x-router-escalations" not in answer.headers and answer.headers["x-router-tier"] == "budget"
        assert body.startswith(b": keepalive") and b"Hi." in body

    forwarded(run, router, [slow], check, policy=replace(FAST, heartbeat_s=0.05))


def test_a_policy_without_a_cascade_takes_the_first_answer(run, router):
    async def check(forwarder):
        answer, body = await posted(forwarder, model="tier:budget")
        assert json.loads(body)["choices"][0]["message"]["content"] == REFUSAL
        assert "x-router-escalations" not in answer.headers

    forwarded(run, router, [saying(REFUSAL)], check)


def test_where_no_tier_answers_the_client_gets_the_failure_as_an_answer(run, router):
    async def check(forwarder):
        answer, body = await posted(forwarder, stream=True)
        assert answer.status == 502 and json.loads(body)["error"]["message"]

    forwarded(run, router, [error(401)], check, production=error(401))


@pytest.mark.parametrize("streams", [False, True])
def test_a_client_that_leaves_before_the_answer_ends_the_cascade(run, router, streams):
    async def go():
        async with upstream(silent) as server, harness({"deepseek": server.url, "openai": server.url}) as h:
            forwarder = Forwarder(router, h.dispatcher, Accounts(), wall_clock=lambda: 1.0, own_id="here")
            asking = asyncio.create_task(posted(forwarder, stream=streams))
            while not server.seen:
                await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await server.all_closed()
            assert len(server.seen) == 1

    run(go())


# --- The configuration ------------------------------------------------------------------------------------------------


@pytest.fixture
def policies(tmp_path):
    def read(text):
        path = tmp_path / "tierwise.toml"
        path.write_text(text)
        return load_settings({}, config=path).policies

    return read


def test_the_shipped_cascade_begins_at_the_cheapest_tier_and_checks_everything_that_needs_no_telling():
    shipped = SHIPPED_POLICIES["cascade"]
    assert shipped.target == CHEAPEST
    assert shipped.cascade == Cascade(start=None, escalations=2, checks=CHECKS, judge=None)
    assert [name for name, policy in SHIPPED_POLICIES.items() if policy.cascade] == ["cascade"]


def test_the_shipped_cascade_begins_with_budget_in_the_service(router):
    asked = {"model": "auto:cascade", "messages": [{"role": "user", "content": "Prove the four colour theorem."}]}
    assert router.route({**asked, "model": "auto"}).tier != "budget"
    assert (router.route(asked).tier, router.route(asked).policy) == ("budget", "cascade")


def test_every_key_of_a_cascade_is_read(policies):
    found = policies(
        """
        [policies.mine.cascade]
        start = "production"
        escalations = 1
        checks = ["json", "refusal"]
        self_check = { regex = '^Answer', forbid = 'not sure' }
        judge = { model = "openai/gpt-5.4", prompt = "Say PASS or FAIL." }
        """
    )["mine"]
    cascade = found.cascade
    assert (cascade.start, cascade.escalations, cascade.checks) == ("production", 1, ("json", "refusal"))
    assert cascade.self_check.regex.found("Answer: 7") and cascade.self_check.forbid.found("I am not sure")
    assert cascade.judge == JudgeTable("openai/gpt-5.4", "Say PASS or FAIL.")
    assert (found.target, found.limits) == (CHEAPEST, Limits(floor="production"))


def test_a_cascade_without_a_start_begins_where_the_policy_says(policies):
    found = policies("[policies.auto]\ncascade = { escalations = 1 }\n")["auto"]
    assert found.target is None and found.cascade == CascadeTable(escalations=1)


def test_a_policy_that_says_nothing_of_the_shipped_cascade_keeps_it(policies):
    found = policies("[policies.cascade]\nceiling = 'production'\n")["cascade"]
    assert found.cascade == Cascade() and found.limits == Limits(ceiling="production")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start = 'buget'", r"cascade\.start: 'buget' is not a tier.*Did you mean 'budget'"),
        ("escalations = 9", r"cascade\.escalations: expected a whole number in \[0, 5\]"),
        ("checks = ['jsn']", r"cascade\.checks\[0\]: 'jsn' is not a check.*Did you mean 'json'"),
        ("chekcs = []", r"cascade\.chekcs: unknown key"),
        ("self_check = { regex = '(' }", r"self_check\.regex: '\(' is not a regular expression of RE2"),
        ("self_check = { match = 'a' }", r"self_check\.match: unknown key"),
        ("judge = { model = 'gpt' }", r"judge\.model: expected provider/model"),
        ("judge = { prompt = 'a' }", r"judge\.model: expected provider/model, found no such key"),
    ],
)
def test_a_mistake_in_a_cascade_is_named_with_its_key(policies, text, message):
    with pytest.raises(ConfigError, match=message):
        policies(f"[policies.mine.cascade]\n{text}\n")


@pytest.mark.parametrize("key", ["floor = 'budget'", "max_quality_loss = 0.1"])
def test_a_start_and_what_says_the_same_exclude_each_other(policies, key):
    with pytest.raises(ConfigError, match=r"start: both it and \w+ say where the policy begins"):
        policies(f"[policies.mine]\n{key}\ncascade = {{ start = 'budget' }}\n")


def test_a_start_above_the_ceiling_is_refused(policies):
    with pytest.raises(ConfigError, match=r"start: 'frontier' is not one of the tiers"):
        policies("[policies.mine]\nceiling = 'production'\ncascade = { start = 'frontier' }\n")
