"""Which requests go to a provider's Responses endpoint: by its row, by what Chat Completions refused, or by neither."""

import json
from dataclasses import replace

import pytest

from router.dialects.conversation import FailureKind, Thinking, Tool
from router.dialects.shared.prepared import Call
from router.dialects.shared.provider import Quirks, ResponsesEndpoint
from router.dialects.table import clients
from router.providers.breaker import BreakerSettings
from router.providers.calls import Answered, Exhausted
from router.providers.exchange import Opened
from router.providers.registry import shipped_rows
from router.types import Dialect
from tests.router.providers.harness import CALL, HELLO, PASSED, RAW, harness, kinds, pieces_of, target, text_of
from tests.router.providers.upstream import answer, error, stream, upstream

OPENAI = shipped_rows()["openai"].quirks
WITH_TOOLS = replace(HELLO, tools=(Tool("lookup"),), dialect=Dialect.ANTHROPIC)
WITH_BOTH = replace(WITH_TOOLS, effort="high")
CHAT, RESPONSES = "/chat/completions", "/responses"
TOOLS_REFUSED = (
    "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
    "Please use /v1/responses instead."
)
OR_NONE = (
    "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
)
ONLY = "This model is only supported in v1/responses and not in v1/chat/completions."


def called(conversation, *, stream=False):
    return Call(replace(conversation, stream=stream), stream=stream)


def own(body):
    raw = json.dumps(body).encode()
    return Call(clients()[Dialect.OPENAI_CHAT].read(body), stream=False, dialect=Dialect.OPENAI_CHAT, raw=raw)


def fine(path):
    return answer(dialect="openai_responses" if path == RESPONSES else "openai_chat")


def paths(server):
    return [seen.path for seen in server.seen]


@pytest.mark.parametrize(
    ("model", "conversation", "path"),
    [
        ("gpt-5.4", WITH_BOTH, RESPONSES),
        ("gpt-5.4-mini", WITH_BOTH, RESPONSES),
        ("gpt-5.4", replace(WITH_TOOLS, thinking_tokens=4096), RESPONSES),
        ("gpt-5.4", replace(WITH_TOOLS, effort="none"), CHAT),
        ("gpt-5.4", WITH_TOOLS, CHAT),
        ("gpt-5.4", replace(HELLO, effort="high"), CHAT),
        ("gpt-5.5", WITH_TOOLS, RESPONSES),
        ("gpt-5.6-terra", WITH_BOTH, RESPONSES),
        ("gpt-5.5", HELLO, CHAT),
        ("gpt-5.5", replace(WITH_TOOLS, effort="none"), CHAT),
        ("gpt-5.2", WITH_BOTH, CHAT),
        ("gpt-5.2-pro", HELLO, RESPONSES),
        ("gpt-5.1-codex-max", HELLO, RESPONSES),
        ("gpt-4o", WITH_BOTH, CHAT),
    ],
)
def test_the_row_of_openai_says_what_goes_to_responses_at_once(run, model, conversation, path):
    async def check():
        async with upstream(fine(path)) as server, harness({"a": server.url}, quirks={"a": OPENAI}) as h:
            found = await h.dispatch(called(conversation), target(model=model))
            assert isinstance(found, Answered), found
            assert paths(server) == [path]

    run(check())


@pytest.mark.parametrize("message", [TOOLS_REFUSED, OR_NONE])
@pytest.mark.parametrize("quirks", [Quirks(responses=ResponsesEndpoint()), Quirks()], ids=["with a row", "without"])
@pytest.mark.parametrize("wants_stream", [False, True])
def test_what_chat_refuses_naming_responses_goes_there_and_the_next_request_at_once(run, message, quirks, wants_stream):
    make = stream if wants_stream else answer

    async def check():
        script = (error(400, message), make(dialect="openai_responses"))
        async with upstream(*script) as server, harness({"a": server.url}, quirks={"a": quirks}) as h:
            call = called(WITH_BOTH, stream=wants_stream)
            first = await h.dispatch(call, target())
            if isinstance(first, Opened):
                assert text_of(await pieces_of(first.stream)) == "Hi."
            assert kinds(first) == [("a/m1", 400, FailureKind.REFUSED_PARAMETER), ("a/m1", 200, None)]
            assert first.dropped == ()
            second = await h.dispatch(call, target())
            if isinstance(second, Opened):
                await second.stream.aclose()
            assert paths(server) == [CHAT, RESPONSES, RESPONSES]
            assert server.seen[1].json["reasoning"]["effort"] == "high"

    run(check())


def test_what_was_learnt_holds_for_that_model_and_such_requests_only(run):
    async def check():
        script = (error(400, TOOLS_REFUSED), fine(RESPONSES), fine(CHAT))
        async with upstream(*script) as server, harness({"a": server.url}) as h:
            await h.dispatch(called(WITH_BOTH), target())
            await h.dispatch(called(WITH_TOOLS), target())
            await h.dispatch(called(WITH_BOTH), target(model="m2"))
            assert paths(server) == [CHAT, RESPONSES, CHAT, CHAT]

    run(check())


@pytest.mark.parametrize(
    "message",
    [
        ONLY,
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
        "v1/completions?",
        "model m1 is not accessible via the /chat/completions endpoint",
    ],
)
def test_a_model_that_chat_does_not_know_is_asked_at_responses_and_no_breaker_opens(run, message):
    async def check():
        breaker = BreakerSettings(failures=1)
        script = (error(404, message), fine(RESPONSES))
        async with upstream(*script) as server, harness({"a": server.url}, breaker=breaker) as h:
            for _ in range(2):
                assert isinstance(await h.dispatch(CALL, target()), Answered)
            assert paths(server) == [CHAT, RESPONSES, RESPONSES]

    run(check())


@pytest.mark.parametrize(
    "missing", [error(404, "Not Found"), error(405, "Method Not Allowed"), answer(raw=b"", status=404)]
)
@pytest.mark.parametrize("call", [called(WITH_BOTH), None], ids=["translated", "its own"])
def test_without_a_responses_endpoint_the_effort_is_none_and_named(run, missing, call):
    body = {
        "model": "auto",
        "messages": [{"role": "user", "content": "Hello"}],
        "tools": [{"type": "function", "function": {"name": "lookup"}}],
        "reasoning_effort": "high",
    }

    async def check():
        asked = call or own(body)
        script = (error(400, OR_NONE), missing, fine(CHAT))
        async with upstream(*script) as server, harness({"a": server.url}) as h:
            for _ in range(2):
                found = await h.dispatch(asked, target())
                assert isinstance(found, Answered), found
                assert found.dropped == ("reasoning_effort",)
                assert server.seen[-1].json["reasoning_effort"] == "none"
            assert paths(server) == [CHAT, RESPONSES, CHAT, CHAT]

    run(check())


def test_a_model_that_a_responses_endpoint_does_not_know_is_no_missing_endpoint(run):
    async def check():
        script = (error(404, "The model `gpt-5.4` does not exist", code="model_not_found"), fine(RESPONSES))
        async with upstream(*script) as server, harness({"a": server.url}, quirks={"a": OPENAI}) as h:
            found = await h.dispatch(called(WITH_BOTH), target(model="gpt-5.4"))
            assert isinstance(found, Exhausted) and found.failure.kind is FailureKind.NOT_FOUND
            assert paths(server) == [RESPONSES]

    run(check())


def test_the_same_refusal_from_both_endpoints_ends_after_one_try_without_the_effort(run):
    async def check():
        async with upstream(error(400, TOOLS_REFUSED)) as server, harness({"a": server.url}) as h:
            found = await h.dispatch(called(WITH_BOTH), target())
            assert isinstance(found, Exhausted)
            assert paths(server) == [CHAT, RESPONSES, RESPONSES]

    run(check())


def test_words_about_responses_in_a_request_without_tools_are_an_ordinary_refusal(run):
    async def check():
        async with upstream(error(400, OR_NONE)) as server, harness({"a": server.url}) as h:
            assert isinstance(await h.dispatch(PASSED, target()), Exhausted)
            assert paths(server) == [CHAT, CHAT], "once more without the effort that the words name"
            assert server.seen[0].body == RAW.replace(b'"auto"', b'"m1"')

    run(check())


def test_thinking_comes_back_from_a_summary(run):
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAA"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]},
    ]
    body = {"id": "resp_1", "status": "completed", "model": "m", "output": output, "usage": {"output_tokens": 3}}

    async def check():
        async with upstream(answer(body)) as server, harness({"a": server.url}, quirks={"a": OPENAI}) as h:
            found = await h.dispatch(called(WITH_BOTH), target(model="gpt-5.4"))
            assert found.answer.parts[0] == Thinking("Hm.")
            assert server.seen[0].json["reasoning"] == {"effort": "high", "summary": "auto"}

    run(check())
