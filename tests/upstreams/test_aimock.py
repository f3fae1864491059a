"""Every client dialect against an upstream that somebody else wrote, in every dialect that it speaks.

aimock (MIT) decides nothing about what is right where it is known to be wrong: its Gemini ends a call with
FUNCTION_CALL, which Google's list does not have, and it counts no tokens for a call.
"""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from tests.upstreams.environments import free_port, node, npm_packages, started

pytestmark = pytest.mark.upstreams

HERE = Path(__file__).parent
SAID = "Paris is the capital of France, and has long been."
ASK = "What is the capital of France?"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PROVIDERS = {"openai": ("openai_compatible", "/v1"), "anthropic": ("anthropic", ""), "gemini": ("gemini", "/v1beta")}
CLIENTS = ("chat", "responses", "messages", "gemini")
MATRIX = [(client, upstream, stream) for client in CLIENTS for upstream in PROVIDERS for stream in (False, True)]


def tier(name, *models):
    usd = {"budget": 1, "production": 10, "frontier": 30}[name]
    prices = f"input_usd_per_million = {usd}, output_usd_per_million = {usd}"
    rows = ", ".join(f'{{ model = "{one}", {prices} }}' for one in models)
    return f'[[tiers]]\nname = "{name}"\nmodels = [{rows}]\n'


def config(url):
    providers = "".join(
        f'[[providers]]\nname = "aim-{name}"\nadapter = "{adapter}"\nbase_url = "{url}{path}"\nkey_required = false\n'
        for name, (adapter, path) in PROVIDERS.items()
    )
    budget = [f"aim-{name}/{model}" for name in PROVIDERS for model in ("timid", "busy", "cut", "fine")]
    return providers + "".join(
        (
            tier("budget", *budget),
            tier("production", "aim-openai/strong"),
            tier("frontier", "aim-anthropic/strongest"),
            "[dispatch]\nretries = 0\n",
        )
    )


@pytest.fixture(scope="module")
def client(service, tmp_path_factory):
    port = free_port()
    cli = npm_packages() / "@copilotkit" / "aimock" / "dist" / "cli.js"
    command = [node(), cli, "-p", str(port), "-f", HERE / "aimock.json", "--strict", "--log-level", "warn"]
    with (
        started(command, port=port, path="/health", log=tmp_path_factory.mktemp("aimock") / "log") as url,
        service(config(url)) as address,
        httpx2.Client(base_url=address, timeout=30) as http,
    ):
        yield http


# --- What clients send and read ---------------------------------------------------------------------------------------


def send(client, dialect, model, ask=ASK, *, stream=False, tool=False):
    """One request in a dialect."""
    function = {"name": "weather", "description": "Of a city.", "parameters": CITY}
    path, body = {
        "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": ask}]}),
        "responses": ("/v1/responses", {"input": ask}),
        "messages": ("/v1/messages", {"max_tokens": 100, "messages": [{"role": "user", "content": ask}]}),
        "gemini": (
            f"/v1beta/models/{model}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}",
            {"contents": [{"role": "user", "parts": [{"text": ask}]}]},
        ),
    }[dialect]
    tools = {
        "chat": [{"type": "function", "function": function}],
        "responses": [{"type": "function", **function}],
        "messages": [{"name": "weather", "description": "Of a city.", "input_schema": CITY}],
        "gemini": [{"functionDeclarations": [function]}],
    }[dialect]
    if tool:
        body["tools"] = tools
    if dialect != "gemini":
        body |= {"model": model, "stream": stream}
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer


def events(answer):
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def whole(dialect, answer, *, stream):
    """The answer's body; of a stream, one that holds what its events hold."""
    if not stream:
        return answer.json()
    found = events(answer)
    if dialect == "responses":
        return found[-1]["response"]
    if dialect == "gemini":
        parts = [part for event in found for part in event["candidates"][0]["content"].get("parts", [])]
        return {"candidates": [{**found[-1]["candidates"][0], "content": {"parts": parts}}]}
    return (_chat if dialect == "chat" else _message)(found)


def _chat(found):
    message, finish = {"content": "", "tool_calls": []}, None
    for choice in (choice for event in found for choice in event["choices"]):
        message["content"] += choice["delta"].get("content") or ""
        for call in choice["delta"].get("tool_calls", ()):
            if call["index"] == len(message["tool_calls"]):
                message["tool_calls"].append({"id": call["id"], "function": {"name": "", "arguments": ""}})
            for key in ("name", "arguments"):
                message["tool_calls"][call["index"]]["function"][key] += call["function"].get(key) or ""
        finish = choice["finish_reason"] or finish
    return {"choices": [{"message": message, "finish_reason": finish}]}


def _message(found):
    assert found[-1]["type"] == "message_stop"
    content, stop = [], None
    for event in found:
        if event["type"] == "content_block_start":
            content.append({**event["content_block"], "json": ""})
        elif event["type"] == "content_block_delta":
            delta, block = event["delta"], content[event["index"]]
            block["text"] = block.get("text", "") + delta.get("text", "")
            block["json"] += delta.get("partial_json", "")
        elif event["type"] == "message_delta":
            stop = event["delta"]["stop_reason"]
    for block in content:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["json"])
    return {"content": content, "stop_reason": stop}


def text_of(dialect, body):
    if dialect == "chat":
        return body["choices"][0]["message"]["content"]
    if dialect == "responses":
        return "".join(part["text"] for item in body["output"] for part in item["content"])
    parts = body["content"] if dialect == "messages" else body["candidates"][0]["content"]["parts"]
    return "".join(part["text"] for part in parts)


def call_of(dialect, body):
    """(name, arguments, why the answer ended) of the only call."""
    if dialect == "chat":
        (choice,) = body["choices"]
        (call,) = choice["message"]["tool_calls"]
        return call["function"]["name"], json.loads(call["function"]["arguments"]), choice["finish_reason"]
    if dialect == "responses":
        (call,) = body["output"]
        return call["name"], json.loads(call["arguments"]), body["status"]
    if dialect == "messages":
        (call,) = body["content"]
        return call["name"], call["input"], body["stop_reason"]
    (part,) = body["candidates"][0]["content"]["parts"]
    return part["functionCall"]["name"], part["functionCall"]["args"], body["candidates"][0]["finishReason"]


ENDS = {"chat": "tool_calls", "responses": "completed", "messages": "tool_use", "gemini": "STOP"}


# --- What must hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dialect", "upstream", "stream"), MATRIX)
def test_a_text_comes_through_whole(client, dialect, upstream, stream):
    answer = send(client, dialect, f"aim-{upstream}/fine", stream=stream)
    assert answer.headers["x-router-served-by"] == f"aim-{upstream}/fine"
    assert text_of(dialect, whole(dialect, answer, stream=stream)) == SAID


@pytest.mark.parametrize(("dialect", "upstream", "stream"), MATRIX)
def test_a_tool_call_comes_through_whole(client, dialect, upstream, stream):
    answer = send(client, dialect, f"aim-{upstream}/fine", "How is the weather in Rome?", stream=stream, tool=True)
    name, arguments, end = call_of(dialect, whole(dialect, answer, stream=stream))
    assert (name, arguments) == ("weather", {"city": "Rome"})
    # Gemini to Gemini goes through as it comes, aimock's own word with it.
    assert end == ("FUNCTION_CALL" if dialect == upstream == "gemini" else ENDS[dialect])


@pytest.mark.parametrize("upstream", PROVIDERS)
@pytest.mark.parametrize("dialect", ["chat", "messages"])
def test_a_rate_limit_is_told_in_the_clients_dialect_with_the_time_to_wait(client, dialect, upstream):
    path = "/v1/chat/completions" if dialect == "chat" else "/v1/messages"
    body = {"model": f"aim-{upstream}/busy", "max_tokens": 9, "messages": [{"role": "user", "content": ASK}]}
    answer = client.post(path, json=body)
    assert answer.status_code == 429
    assert "Slow down" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", CLIENTS)
def test_a_cascade_leaves_a_refusal_for_the_next_tier_in_every_dialect(client, dialect, stream):
    answer = send(client, dialect, "auto:cascade", stream=stream)
    assert text_of(dialect, whole(dialect, answer, stream=stream)) == SAID
    assert answer.headers["x-router-escalations"] == "budget=refusal"
    assert answer.headers["x-router-attempts"] == "aim-openai/timid=200, aim-openai/strong=200"
    assert (answer.headers["x-router-tier"], answer.headers["x-router-reason"]) == ("production", "escalated")


@pytest.mark.parametrize("dialect", ["chat", "messages", "gemini"])
def test_an_upstream_that_hangs_up_in_the_middle_is_an_error_of_the_clients_dialect(client, dialect):
    with pytest.raises(AssertionError, match='"error"'):
        send(client, dialect, "aim-openai/cut")
