"""llm-katan checks keys and says what it was sent: our headers of authentication, and what happens to a wrong key.

Its Bedrock stream is no event stream (boto3 refuses it), so of Bedrock only whole answers are asked for.
"""

from __future__ import annotations

import httpx2
import pytest

from tests.upstreams.environments import free_port, python, started

pytestmark = pytest.mark.upstreams

KEYS = {"KATAN_OPENAI": "sk-openai", "KATAN_ANTHROPIC": "sk-anthropic", "KATAN_WRONG": "sk-wrong"}
AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
CONFIG = """
[[providers]]
name = "wrong"
adapter = "openai_compatible"
base_url = "{url}/v1"
key_variable = "KATAN_WRONG"

[[providers]]
name = "katan-openai"
adapter = "openai_compatible"
base_url = "{url}/v1"
key_variable = "KATAN_OPENAI"

[[providers]]
name = "katan-anthropic"
adapter = "anthropic"
base_url = "{url}"
key_variable = "KATAN_ANTHROPIC"

[[providers]]
name = "bedrock"
base_url = "{url}"

[[tiers]]
name = "budget"
models = [
  {{ model = "wrong/katan", input_usd_per_million = 1, output_usd_per_million = 1 }},
  {{ model = "wrong/other", input_usd_per_million = 1, output_usd_per_million = 1 }},
  {{ model = "katan-openai/katan", input_usd_per_million = 1, output_usd_per_million = 1 }},
]
[[tiers]]
name = "production"
models = [{{ model = "katan-anthropic/katan", input_usd_per_million = 1, output_usd_per_million = 1 }}]
[[tiers]]
name = "frontier"
models = [{{ model = "bedrock/katan", input_usd_per_million = 1, output_usd_per_million = 1 }}]
"""
ASK = {"max_tokens": 77, "messages": [{"role": "user", "content": "Say something."}]}


@pytest.fixture(scope="module")
def client(service, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("katan"), free_port()
    keys = f"openai={KEYS['KATAN_OPENAI']},anthropic={KEYS['KATAN_ANTHROPIC']},bedrock={AWS['AWS_ACCESS_KEY_ID']}"
    command = [python("katan").with_name("llm-katan"), "--model", "katan", "--backend", "echo", "--disable-dashboard"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--providers", "openai,anthropic,bedrock"]
    command += ["--validate-keys", "--api-keys", keys, "--stats-file", str(folder / "stats")]
    with (
        pytest.MonkeyPatch.context() as patch,
        started(command, port=port, path="/health", log=folder / "log") as url,
    ):
        for name, value in (KEYS | AWS).items():
            patch.setenv(name, value)
        with service(CONFIG.format(url=url)) as address, httpx2.Client(base_url=address, timeout=30) as http:
            yield http


@pytest.mark.parametrize("model", ["katan-openai/katan", "katan-anthropic/katan", "bedrock/katan"])
def test_the_right_key_is_shown_in_each_dialect_and_the_limit_arrives(client, model):
    answer = client.post("/v1/chat/completions", json={**ASK, "model": model})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    said = body["choices"][0]["message"]["content"]
    assert "User: Say something." in said and "max_tokens=77" in said
    assert body["usage"]["prompt_tokens"] > 0


@pytest.mark.parametrize("model", ["katan-openai/katan", "katan-anthropic/katan"])
def test_its_streams_are_whole_for_an_anthropic_client(client, model):
    answer = client.post("/v1/messages", json={**ASK, "model": model, "stream": True})
    assert "event: message_stop" in answer.text and '"end_turn"' in answer.text


def test_a_provider_that_refuses_our_key_is_passed_over(client):
    answer = client.post("/v1/chat/completions", json={**ASK, "model": "tier:budget"})
    assert answer.status_code == 200
    assert answer.headers["x-router-attempts"] == "wrong/katan=authentication, katan-openai/katan=200"


def test_a_refusal_of_our_key_does_not_show_it_to_the_client(client):
    answer = client.post("/v1/chat/completions", json={**ASK, "model": "wrong/other"})
    assert answer.status_code == 502
    assert not any(key in answer.text for key in KEYS.values()), answer.text
