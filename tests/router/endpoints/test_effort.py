"""A tier's model at an effort of its own: one model at three efforts, over every client's and provider's dialect."""

import json

import pytest

from tests.router.endpoints.service import BY_NAME, DIALECT_OF, FACES, fine, service

LADDER = (
    ("budget", (("a/claude-m", "low"),)),
    ("production", (("a/claude-m", "medium"),)),
    ("frontier", (("a/claude-m", "high"), "a/other")),
)
ADAPTERS = {
    "openai_compatible": lambda body: body.get("reasoning_effort"),
    "anthropic": lambda body: body.get("output_config", {}).get("effort"),
    "gemini": lambda body: body.get("generationConfig", {}).get("thinkingConfig", {}).get("thinkingLevel", "").lower(),
    "bedrock": lambda body: body.get("outputConfig", {}).get("effort"),
}
CLIENTS_OWN = {
    "chat": {"reasoning_effort": "xhigh", "reasoning": {"effort": "xhigh"}},
    "responses": {"reasoning": {"effort": "xhigh"}},
    "messages": {"output_config": {"effort": "max"}, "thinking": {"type": "enabled", "budget_tokens": 1_024}},
    "gemini": {"generationConfig": {"thinkingConfig": {"thinkingBudget": 512}, "temperature": 0.5}},
}


def asked(one, name="a"):
    return json.loads(one.upstreams[name].seen[-1].body)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_every_provider_is_asked_at_the_effort_of_the_tier_whatever_the_client_says(
    run, router, tmp_path, face, adapter
):
    async def main():
        adapters, steps = {"a": adapter}, [fine(DIALECT_OF[adapter])] * 2
        async with service(router, tmp_path, {"a": steps}, adapters=adapters, tiers=LADDER) as one:
            for tier, effort in (("budget", "low"), ("frontier", "high")):
                answer = await one.post(face, headers={"x-router-tier": tier}, **CLIENTS_OWN[face.name])
                assert answer.status_code == 200, answer.text
                assert answer.headers["x-router-effort"] == effort
                body = asked(one)
                assert ADAPTERS[adapter](body) == effort
                assert "xhigh" not in json.dumps(body)
                assert "budget_tokens" not in json.dumps(body)

    run(main())


def test_a_client_that_names_the_model_keeps_its_own_effort(run, router, tmp_path):
    async def main():
        async with service(router, tmp_path, {"a": [fine()] * 2}, tiers=LADDER) as one:
            answer = await one.post(BY_NAME["chat"], model="a/claude-m", reasoning_effort="xhigh")
            assert asked(one)["reasoning_effort"] == "xhigh"
            assert "x-router-effort" not in answer.headers
            await one.post(BY_NAME["chat"], model="a/other")
            assert "reasoning_effort" not in asked(one)

    run(main())


def test_the_decision_names_the_effort_and_its_cost_counts_what_is_thought(run, router, tmp_path):
    async def main():
        async with service(router, tmp_path, {"a": []}, tiers=LADDER) as one:
            body = {"messages": [{"role": "user", "content": "hi"}]}
            answer = await one.client.post("/route", json=body, headers={"x-router-tier": "production"})
            decision = answer.json()
            assert decision["effort"] == "medium"
            assert decision["candidates"][0] == {"tier": "production", "model": "a/claude-m", "effort": "medium"}
            costs = decision["estimated_cost_usd"]
            assert costs["budget"] < costs["production"] < costs["frontier"]

    run(main())


def test_an_effort_of_none_turns_thinking_off_at_anthropic(run, router, tmp_path):
    async def main():
        tiers = (("budget", (("a/m", "none"),)), ("production", ("a/m",)), ("frontier", ("a/m",)))
        adapters, steps = {"a": "anthropic"}, [fine("anthropic")] * 2
        async with service(router, tmp_path, {"a": steps}, adapters=adapters, tiers=tiers) as one:
            for face in ("messages", "chat"):
                await one.post(BY_NAME[face], headers={"x-router-tier": "budget"}, **CLIENTS_OWN[face])
                assert asked(one)["thinking"] == {"type": "disabled"}
                assert "effort" not in asked(one).get("output_config", {})

    run(main())
