"""Names of models at the door: spellings, Claude Code's own names, one name's object, and paths below /route."""

from __future__ import annotations

import pytest

from tests.router.endpoints.service import ASK, BY_NAME, FACES, service
from tests.router.providers.upstream import answer

TIERS = (
    ("budget", ("a/m1", "a/openrouter-auto")),
    ("production", ("anthropic/claude-sonnet-4-6", "openai/gpt-5.4")),
    ("frontier", ("anthropic/claude-opus-4-7",)),
)
SCRIPT = {"a": [answer()], "anthropic": [answer(dialect="anthropic")], "openai": [answer()]}
ADAPTERS = {"anthropic": "anthropic"}
CONFIGURED = {"tiers": TIERS, "adapters": ADAPTERS}

SAME = [
    ("claude-sonnet-4-6-20260217", "anthropic/claude-sonnet-4-6"),
    ("claude-sonnet-4-6[1m]", "anthropic/claude-sonnet-4-6"),
    ("anthropic/claude-sonnet-4.6:thinking", "anthropic/claude-sonnet-4-6"),
    ("us.anthropic.claude-opus-4-7-20260401-v1:0", "anthropic/claude-opus-4-7"),
    ("GPT-5.4", "openai/gpt-5.4"),
    ("openai/gpt-5.4-2026-03-05", "openai/gpt-5.4"),
    ("models/gpt-5.4", "openai/gpt-5.4"),
]


@pytest.mark.parametrize(("name", "model"), SAME)
def test_a_spelling_of_a_configured_model_is_that_model_in_every_dialect(router, tmp_path, run, name, model):
    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            for face in FACES:
                if face.name == "responses" and model.startswith("openai/"):
                    continue  # OpenAI's second endpoint answers those, in another dialect than this script's
                told = await made.post(face, model=name)
                assert told.status_code == 200, (face.name, told.text)
                assert told.headers["x-router-reason"] == "pinned"
                assert told.headers["x-router-served-by"] == model

    run(go())


def test_claudes_names_that_are_not_configured_go_to_auto_for_its_own_clients_only(router, tmp_path, run):
    hard = "Prove that every finite integral domain is a field, and that the converse of Wedderburn's theorem fails."

    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            messages, chat = BY_NAME["messages"], BY_NAME["chat"]
            for name in ("claude-haiku-4-5-20251001", "claude-opus-9-9", "claude-3-5-sonnet-latest"):
                told = await made.post(messages, model=name)
                assert (told.status_code, told.headers["x-router-reason"]) == (200, "threshold"), name
                assert (await made.post(chat, model=name)).status_code == 404
            small = await made.post(messages, model="claude-haiku-4-5-20251001", ask=hard)
            other = await made.post(messages, model="claude-opus-9-9", ask=hard)
            ranks = ["budget", "production", "frontier"]
            assert ranks.index(small.headers["x-router-tier"]) <= ranks.index("production")
            assert other.headers["x-router-tier"] == "frontier"
            floor = {"x-router-floor": "frontier"}  # what the caller says itself counts
            told = await made.post(messages, model="claude-haiku-4-5-20251001", headers=floor)
            assert told.headers["x-router-tier"] == "frontier"
            told = await made.post(messages, model="gpt-9")
            assert told.status_code == 404

    run(go())


def test_auto_is_known_by_the_names_that_pickers_and_gateways_give_it(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            for name in ("claude-auto", "claude-auto[1m]", "anthropic/auto", "Auto", "openai/auto"):
                told = await made.post(BY_NAME["messages"], model=name)
                assert (told.status_code, told.headers["x-router-reason"]) == (200, "threshold"), name
            told = await made.post(BY_NAME["messages"], model="claude-tier:frontier")
            assert told.headers["x-router-tier"] == "frontier"

    run(go())


def test_one_name_has_an_object_in_each_clients_shape(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            anthropic = {"anthropic-version": "2023-06-01"}
            for name in (
                "auto",
                "claude-auto",
                "tier:budget",
                "anthropic/claude-opus-4-7",
                *(name for name, _ in SAME),
            ):
                told = await made.client.get(f"/v1/models/{name}")
                assert (told.status_code, told.json()["id"], told.json()["object"]) == (200, name, "model")
                told = await made.client.get(f"/v1/models/{name}", headers=anthropic)
                assert (told.json()["id"], told.json()["type"]) == (name, "model")
                assert told.json()["display_name"]
                told = await made.client.get(f"/v1beta/models/{name}")
                assert told.json()["name"] == f"models/{name}"
            listed = (await made.client.get("/v1beta/models")).json()["models"]
            assert listed[0]["name"] == "models/auto"
            for headers in ({}, anthropic):
                told = await made.client.get("/v1/models/nothing", headers=headers)
                assert told.status_code == 404
                assert "nothing" in told.text
            told = await made.client.get("/v1/models/a/m1")
            assert "context_length" not in told.json()  # nothing is known of this model

    run(go())


def test_listings_carry_the_window_that_auto_can_use(client):
    data = {one["id"]: one for one in client.get("/v1/models").json()["data"]}
    windows = [one["context_length"] for name, one in data.items() if "/" in name]
    assert data["auto"]["context_length"] == max(windows)
    told = client.get("/v1/models/auto", headers={"anthropic-version": "2023-06-01"}).json()
    assert told["max_input_tokens"] == max(windows)


def test_a_gateway_may_append_its_own_path_to_route(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            for face in FACES:
                path, body = face.request()
                for below in {path, path.removeprefix("/v1/") if path.startswith("/v1/") else path}:
                    told = await made.client.post(f"/route/{below.lstrip('/')}", json=body)
                    assert told.status_code == 200, (below, told.text)
                    assert told.json()["dialect"] == {"chat": "openai_chat", "responses": "openai_responses"}.get(
                        face.name, face.own
                    )
                    assert told.headers["x-router-tier"] == told.json()["tier"]
                told = await made.client.post(f"/route{path}", json={})
                assert told.status_code == 400
                face.error(told.json())
            assert made.seen() == {}

    run(go())


def test_a_base_url_without_v1_works(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, SCRIPT, **CONFIGURED) as made:
            for name in ("chat", "responses", "messages"):
                path, body = BY_NAME[name].request(ask=ASK)
                told = await made.client.post(path.removeprefix("/v1"), json=body)
                assert BY_NAME[name].text(told.json()) == "Hi."

    run(go())
