"""A real model behind the budget tier: llama.cpp with SmolLM2, asked through the service in two dialects.

135 million parameters prove that a local server can be a tier, not that its answers are good.
"""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from tests.upstreams.environments import free_port, python, started

pytestmark = pytest.mark.upstreams

ASK = "What is the capital of France? Answer with one short sentence."
CHAT = {"model": "tier:budget", "max_tokens": 24, "temperature": 0, "messages": [{"role": "user", "content": ASK}]}
CONFIG = """
[[providers]]
name = "llamacpp"
adapter = "openai_compatible"
base_url = "{url}/v1"
key_required = false

[[providers]]
name = "llamacpp-messages"
adapter = "anthropic"
base_url = "{url}"
key_required = false

[[tiers]]
name = "budget"
models = [
  {{ model = "llamacpp/smollm2", input_usd_per_million = 0, output_usd_per_million = 0 }},
  {{ model = "llamacpp-messages/smollm2", input_usd_per_million = 0, output_usd_per_million = 0 }},
]
[[tiers]]
name = "production"
models = [{{ model = "echo/production", input_usd_per_million = 1, output_usd_per_million = 1 }}]
[[tiers]]
name = "frontier"
models = [{{ model = "echo/frontier", input_usd_per_million = 5, output_usd_per_million = 5 }}]

[policies.picky.cascade]
start = "budget"
self_check = {{ regex = 'echo' }}
"""


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """The address of llama.cpp."""
    port = free_port()
    command = [python("llamacpp"), Path(__file__).with_name("llamacpp_server.py"), str(port)]
    log = tmp_path_factory.mktemp("llamacpp") / "log"
    with started(command, port=port, path="/health", log=log) as url:
        yield url


@pytest.fixture(scope="module")
def client(llama, service):
    """A client of the service in front of it."""
    with service(CONFIG.format(url=llama)) as address, httpx2.Client(base_url=address, timeout=60) as http:
        yield http


def events(answer):
    """The JSON of a stream's events."""
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def deltas(answer, dialect):
    """The text of a stream."""
    if dialect == "chat":
        return "".join(choice["delta"].get("content") or "" for event in events(answer) for choice in event["choices"])
    found = [event["delta"] for event in events(answer) if event["type"] == "content_block_delta"]
    return "".join(delta["text"] for delta in found if delta["type"] == "text_delta")


def test_a_question_that_is_thought_easy_goes_to_the_local_model_and_is_answered(client):
    answer = client.post("/v1/chat/completions", json={**CHAT, "model": "auto:cheap"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-router-tier"] == "budget"
    assert answer.headers["x-router-served-by"] == "llamacpp/smollm2"
    body = answer.json()
    assert body["choices"][0]["message"]["content"].strip()
    assert body["usage"]["prompt_tokens"] > 10 and body["usage"]["completion_tokens"] > 0


def test_the_answer_is_the_one_that_the_server_gives_itself(client, llama):
    ask = {**CHAT, "cache_prompt": False, "seed": 1}
    direct = httpx2.post(f"{llama}/v1/chat/completions", json={**ask, "model": "smollm2"}, timeout=60).json()
    ours = client.post("/v1/chat/completions", json=ask).json()
    assert ours["choices"] == direct["choices"]
    assert ours["usage"]["completion_tokens"] == direct["usage"]["completion_tokens"]


def test_a_chat_stream_says_what_the_whole_answer_says(client):
    ask = {**CHAT, "cache_prompt": False, "seed": 1}
    whole = client.post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]["content"]
    answer = client.post("/v1/chat/completions", json={**ask, "stream": True})
    assert answer.text.endswith("data: [DONE]\n\n")
    assert deltas(answer, "chat") == whole


@pytest.mark.parametrize("model", ["llamacpp/smollm2", "llamacpp-messages/smollm2"])
def test_an_anthropic_client_is_answered_by_it_translated_or_in_its_own_words(client, model):
    answer = client.post("/v1/messages", json={**CHAT, "model": model})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-router-served-by"] == model
    body = answer.json()
    assert body["type"] == "message" and body["content"][0]["text"].strip()
    assert body["stop_reason"] in ("end_turn", "max_tokens")
    usage = body["usage"]
    # llama.cpp keeps the prompt of the test before; in this dialect that is no input.
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] > 10 and usage["output_tokens"] > 0


@pytest.mark.parametrize("model", ["llamacpp/smollm2", "llamacpp-messages/smollm2"])
def test_an_anthropic_stream_is_whole(client, model):
    answer = client.post("/v1/messages", json={**CHAT, "model": model, "stream": True})
    assert deltas(answer, "messages").strip()
    kinds = [event["type"] for event in events(answer) if event["type"] != "ping"]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    (end,) = [event for event in events(answer) if event["type"] == "message_delta"]
    assert end["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_cascade_leaves_the_local_model_where_its_answer_fails_the_check(client, stream):
    answer = client.post("/v1/chat/completions", json={**CHAT, "model": "auto:picky", "stream": stream})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-router-escalations"] == "budget=self_check"
    assert (answer.headers["x-router-tier"], answer.headers["x-router-reason"]) == ("production", "escalated")
    # A busy machine may break a connection on the way; what answered, in its order, stays the same.
    attempts = answer.headers["x-router-attempts"].split(", ")
    answered = [attempt.partition("=")[0] for attempt in attempts if attempt.endswith("=200")]
    assert [name.partition("/")[2] for name in answered] == ["smollm2", "production"]
    text = deltas(answer, "chat") if stream else answer.json()["choices"][0]["message"]["content"]
    assert "echo" in text
