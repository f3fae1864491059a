"""The service never calls itself: neither directly nor through another of its kind."""

from __future__ import annotations

import socket

import pytest

from router.app import create_app
from router.commands.addresses import refuse_open_address, refuse_own_address
from router.commands.server import bind
from router.core import Router
from router.dialects.shared.provider import Provider
from router.errors import ConfigError
from router.forward.hops import MOST_HOPS
from router.providers.own_address import calls_itself
from router.settings import load_settings
from tests.router.endpoints.service import BY_NAME, FACES, service, serving, toml_of
from tests.router.providers.upstream import answer

TIERS = (("budget", ("a/auto",)), ("production", ("a/m3",)), ("frontier", ("a/m4",)))


def at(host, port):
    return Provider("one", "openai_compatible", f"http://{host}:{port}/v1")


@pytest.mark.parametrize(
    ("called", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("[::1]", "::1"),
        ("127.0.0.1", "0.0.0.0"),
        ("localhost", "0.0.0.0"),
        ("[::1]", "::"),
        ("127.0.0.1", "localhost"),
        (socket.gethostname(), "0.0.0.0"),
    ],
)
def test_an_address_of_the_service_is_known_by_every_name(called, host):
    assert calls_itself([at(called, 8080)], host=host, port=8080)
    assert not calls_itself([at(called, 8081)], host=host, port=8080)


@pytest.mark.parametrize(
    ("called", "host"), [("192.0.2.1", "0.0.0.0"), ("127.0.0.2", "127.0.0.1"), ("::1", "127.0.0.1")]
)
def test_another_address_with_the_same_port_is_none_of_the_services(called, host):
    assert not calls_itself([at(called if ":" not in called else f"[{called}]", 8080)], host=host, port=8080)


def test_a_model_at_the_own_address_is_refused_with_the_cure_and_an_unused_row_is_not(tmp_path):
    path = tmp_path / "tierwise.toml"
    own = 'safe_tier = "frontier"\n[[tiers]]\nname = "budget"\nmodels = [{ model = "llamacpp/x", '
    own += "input_usd_per_million = 1, output_usd_per_million = 1 }]\n"
    own += '[[tiers]]\nname = "frontier"\nmodels = ["anthropic/claude-opus-4-7"]\n'
    path.write_text(own)
    with pytest.raises(ConfigError, match=r"llamacpp\.base_url.*8080.*--port 8081"):
        refuse_own_address(load_settings({}, config=path), 8080)
    refuse_own_address(load_settings({}, config=path), 8081)
    refuse_own_address(load_settings({}), 8080)


def test_an_address_that_others_reach_needs_a_key_or_the_word_insecure(tmp_path):
    path = tmp_path / "tierwise.toml"
    path.write_text('[server]\napi_key_variable = "KEY"')
    for host in ("0.0.0.0", "::", "192.168.1.5", "tierwise.lan"):
        with pytest.raises(ConfigError, match=r"api_key_variable.*--insecure"):
            refuse_open_address(load_settings({"TIERWISE_HOST": host}))
        refuse_open_address(load_settings({"TIERWISE_HOST": host, "TIERWISE_INSECURE": "1"}))
        refuse_open_address(load_settings({"TIERWISE_HOST": host, "KEY": "tw-key-0123456789"}, config=path))
    for host in ("127.0.0.1", "::1", "localhost"):
        refuse_open_address(load_settings({"TIERWISE_HOST": host}))
    with pytest.raises(ConfigError, match=r"TIERWISE_INSECURE.*expected 1 or 0"):
        load_settings({"TIERWISE_INSECURE": "yes"})
    path.write_text('[server]\ncors_origins = ["*"]')
    with pytest.raises(ConfigError, match="every page"):
        load_settings({}, config=path)


def test_a_request_that_has_been_here_is_a_508_in_its_dialect(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            own = made.app.state.own_id
            for face in FACES:
                for hops in (own, f"other, {own}", f"{own},other", ", ".join(["x"] * MOST_HOPS)):
                    told = await made.post(face, headers={"x-tierwise-hops": hops})
                    assert (told.status_code, told.headers["x-should-retry"]) == (508, "false")
                    assert "base_url" in face.error(told.json())
            assert made.seen() == {}
            assert (await made.post(BY_NAME["chat"], headers={"x-tierwise-hops": "one, two"})).status_code == 200
            assert made.upstreams["a"].seen[-1].headers["x-tierwise-hops"] == f"one, two, {own}"
            assert (await made.post(BY_NAME["chat"], headers={b"x-tierwise-hops": b"\xff"})).status_code == 400

    run(go())


def test_a_circle_of_two_services_ends_and_a_chain_of_two_answers(router, tmp_path, run):
    def configured(url, name):
        path = tmp_path / f"{name}.toml"
        path.write_text(toml_of({"a": url}, adapters={}, dispatch={}, server={}, tiers=TIERS))
        return Router(router.bundle, load_settings({"A_KEY": "sk-a-0123456789"}, config=path))

    async def go():
        listener = bind("127.0.0.1", 0)  # its port is known before the service that gets it
        port = listener.getsockname()[1]
        listener.close()
        first = configured(f"http://127.0.0.1:{port}/v1", "first")
        async with serving(create_app(first)) as (url, client):
            second = configured(f"{url}/v1", "second")
            async with serving(create_app(second), port=port):
                body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
                told = await client.post("/v1/chat/completions", json=body)
                assert told.status_code == 508 and "base_url" in told.text
                attempts = told.headers["x-router-attempts"].split(", ")
                assert len(attempts) == len(set(attempts)), "no retry ends a circle"
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            async with serving(create_app(configured(f"{made.url}/v1", "third"))) as (_, client):
                told = await client.post("/v1/chat/completions", json={**body, "model": "tier:budget"})
                assert told.status_code == 200
                assert len(made.upstreams["a"].seen[-1].headers["x-tierwise-hops"].split(",")) == 2

    run(go())


def test_every_worker_has_the_same_id_when_it_is_given(router):
    assert create_app(router, own_id="one").state.own_id == "one"
    assert create_app(router).state.own_id != create_app(router).state.own_id
