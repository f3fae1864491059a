"""A provider with both of OpenAI's endpoints, through the whole service: who is sent where, and what comes back."""

import json

import pytest

from tests.router.endpoints.service import BY_NAME, FACES, service
from tests.router.providers.upstream import ANSWERS, STREAMS, answer, broken_stream, responses_stream, stream

EFFORTS = {
    "chat": {"reasoning_effort": "high"},
    "responses": {"reasoning": {"effort": "high"}},
    "messages": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    "gemini": {"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}},
}
ITEM = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Oslo"}',
}
THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
WHOLE = ANSWERS["openai_responses"] | {"output": [THOUGHT, ITEM]}
EVENTS = responses_stream(
    {"type": "response.output_item.added", "output_index": 0, "item": THOUGHT | {"summary": []}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Hm."},
    {"type": "response.output_item.done", "output_index": 0, "item": THOUGHT},
    {"type": "response.output_item.added", "output_index": 1, "item": ITEM | {"arguments": ""}},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"city":"Oslo"}'},
    {"type": "response.output_item.done", "output_index": 1, "item": ITEM},
    whole=WHOLE,
)


def tiers(*models):
    return (("budget", models), ("production", models), ("frontier", models))


OPENAI = {"tiers": tiers("openai/gpt-5.4"), "dispatch": {"retries": 0}}


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_tools_with_an_effort_are_answered_by_responses_in_every_clients_dialect(router, tmp_path, run, face):
    asked = {"model": "tier:budget", "tools": True, **EFFORTS[face.name]}

    async def go():
        async with service(router, tmp_path, {"openai": [answer(WHOLE), stream(EVENTS)]}, **OPENAI) as made:
            told = await made.post(face, **asked)
            assert told.status_code == 200, told.text
            assert face.call(told.json()) == ("get_weather", {"city": "Oslo"})
            assert face.usage(told.json()) == (12, 3)
            streamed = await made.post(face, stream=True, **asked)
            got = face.streamed(streamed.content)
            assert (got["names"], got["usage"], got["ended"], got["error"]) == (["get_weather"], (12, 3), True, None)
            shows = face.name != "chat"  # which has no field for thinking
            assert (b"Hm." in told.content, b"Hm." in streamed.content) == (shows, shows)
            for seen in made.upstreams["openai"].seen:
                assert (seen.path, seen.json["reasoning"]["effort"]) == ("/responses", "high")
                assert seen.json["model"] == "gpt-5.4"
            assert [call["finish"] for call in made.calls] == ["tool_calls"] * 2

    run(go())


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_a_stream_of_responses_that_breaks_ends_in_an_error_of_the_clients(router, tmp_path, run, face):
    async def go():
        script = {"openai": [broken_stream(STREAMS["openai_responses"][:5])]}
        async with service(router, tmp_path, script, **OPENAI) as made:
            told = await made.post(face, model="tier:budget", stream=True, tools=True, **EFFORTS[face.name])
            got = face.streamed(told.content)
            assert got["text"] == "Hi" and got["error"] and not got["ended"]

    run(go())


NATIVE = {
    "model": "tier:budget",
    "input": [
        {"role": "user", "content": "Look."},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "call_id": "a", "name": "f", "namespace": "mcp__x", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "high"},
    ],
    "tools": [
        {"type": "namespace", "name": "mcp__x", "tools": [{"type": "function", "name": "f", "parameters": {}}]},
        {"type": "web_search"},
    ],
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "s-1",
    "store": False,
}


@pytest.mark.parametrize("wants_stream", [False, True])
def test_a_responses_client_gets_through_what_only_openai_understands(router, tmp_path, run, wants_stream):
    body = NATIVE | {"stream": wants_stream}
    script = [stream(dialect="openai_responses") if wants_stream else answer(dialect="openai_responses")]

    async def go():
        async with service(router, tmp_path, {"openai": script}, **OPENAI) as made:
            told = await made.client.post("/v1/responses", json=body)
            assert told.status_code == 200, told.text
            (seen,) = made.upstreams["openai"].seen
            assert (seen.path, seen.json) == ("/responses", body | {"model": "gpt-5.4"})
            assert "x-router-dropped" not in told.headers
            expected = b"".join(STREAMS["openai_responses"])
            assert told.content == (expected if wants_stream else json.dumps(ANSWERS["openai_responses"]).encode())

    run(go())


def test_an_earlier_response_is_known_to_the_provider_that_kept_it_and_to_no_other(router, tmp_path, run):
    body = {"model": "tier:budget", "input": "And now?", "previous_response_id": "resp_1"}
    script = {"a": [answer()], "openai": [answer(dialect="openai_responses")]}

    async def go():
        async with service(router, tmp_path, script, tiers=tiers("a/m1", "openai/gpt-5.4")) as made:
            told = await made.client.post("/v1/responses", json=body)
            assert (told.status_code, made.seen()) == (200, {"openai": 1})
            told = await made.client.post("/v1/responses", json=body | {"model": "a/m1"})
            assert (told.status_code, told.json()["error"]["param"]) == (400, "previous_response_id")
            told = await made.client.post("/v1/responses", json={"input": "Hi", "background": True})
            assert (told.status_code, told.json()["error"]["param"]) == (400, "background")
            assert made.seen() == {"openai": 1}

    run(go())


def test_where_the_address_of_openai_is_a_server_without_responses_its_clients_are_translated(router, tmp_path, run):
    missing = answer({"detail": "Not Found"}, status=404)

    async def go():
        async with service(router, tmp_path, {"openai": [missing, answer()]}, **OPENAI) as made:
            for _ in range(2):
                told = await made.post(BY_NAME["responses"], model="tier:budget")
                assert (told.status_code, BY_NAME["responses"].text(told.json())) == (200, "Hi.")
            paths = [seen.path for seen in made.upstreams["openai"].seen]
            assert paths == ["/responses", "/chat/completions", "/chat/completions"]

    run(go())
