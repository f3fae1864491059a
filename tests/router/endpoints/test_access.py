"""Keys, names of models, pins, paths and bodies: who may call, for what, and what is said to those who may not."""

import json

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.app import create_app
from router.core import Router
from router.settings.values import with_echo
from tests.router.endpoints.service import ASK, BY_NAME, FACES, Chat, key_of, service
from tests.router.providers.upstream import answer, error, stream

KEY = "tw-client-key-9876543210"
CLIENT_KEY = {"server": {"api_key_variable": "CLIENT_KEY"}, "environ": {"CLIENT_KEY": KEY}}


def shown(how):
    forms = {
        "bearer": {"authorization": f"Bearer {KEY}"},
        "bearer in lower case": {"authorization": f"bearer  {KEY}"},
        "x-api-key": {"x-api-key": KEY},
        "api-key": {"api-key": KEY},
        "x-goog-api-key": {"x-goog-api-key": KEY},
        "beside a wrong one": {"authorization": "Bearer other", "x-api-key": KEY},
    }
    return forms[how]


FORMS = ["bearer", "bearer in lower case", "x-api-key", "api-key", "x-goog-api-key", "beside a wrong one"]


@pytest.mark.parametrize("adapter", ["openai_compatible", "anthropic", "gemini"])
def test_our_key_is_taken_in_every_form_and_never_reaches_a_provider(router, tmp_path, run, adapter):
    dialect = "openai_chat" if adapter == "openai_compatible" else adapter

    async def go():
        script = {"a": [answer(dialect=dialect)]}
        async with service(router, tmp_path, script, adapters={"a": adapter}, **CLIENT_KEY) as made:
            for face in FACES:
                for how in FORMS:
                    told = await made.post(face, headers=shown(how))
                    assert told.status_code == 200, (face.name, how, told.text)
                told = await made.post(face, query=f"key={KEY}")
                assert told.status_code == 200, (face.name, told.text)
            for request in made.upstreams["a"].seen:
                everything = f"{request.path}{request.headers}".encode() + request.body
                assert KEY.encode() not in everything
                assert key_of("a").encode() in everything
                told_names = set(request.headers)
                assert not told_names & {"api-key", "cookie", "x-router-tier"}
            logged = "".join(line for line in made.log if made.url not in line)  # the test's own client logs its URLs
            assert "served_by" in logged
            assert KEY not in logged
            assert key_of("a") not in logged
            settings = made.app.state.router.settings
            assert KEY not in repr(settings)
            assert key_of("a") not in repr(settings) + repr(made.app.state.forwarder._dispatcher.providers)

    run(go())


WRONG = [
    {},
    {"authorization": "Bearer"},
    {"authorization": f"Basic {KEY}"},
    {"authorization": KEY},
    {"x-api-key": KEY[:-1]},
    {"x-api-key": KEY + "x"},
    {"x-api-key": ""},
    {"x-api-key": "k\xe9y".encode("latin-1")},
    {"cookie": f"key={KEY}"},
]


def test_without_the_key_nothing_is_read_and_the_401_is_in_the_clients_dialect(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, **CLIENT_KEY) as made:
            for face in FACES:
                for headers in WRONG:
                    for query in ("", "key=other", "KEY=" + KEY):
                        told = await made.post(face, headers=headers, query=query)
                        assert told.status_code == 401, (face.name, headers, query)
                        assert "key is missing or wrong" in face.error(told.json())
                        assert KEY not in told.text
                told = await made.client.post(face.request()[0], content=b"not json", headers=face.headers)
                assert told.status_code == 401
            for path, named in (("/v1/messages/count_tokens", "messages"), ("/v1beta/models/m:countTokens", "gemini")):
                told = await made.client.post(path, json={}, headers=BY_NAME[named].headers)
                assert told.status_code == 401
                assert BY_NAME[named].error(told.json())
            assert made.seen() == {}

    run(go())


def test_decisions_and_the_models_need_the_key_too_and_what_probes_ask_does_not(router, tmp_path, run):
    asks = [
        ("POST", "/route", {"prompt": ASK}),
        ("POST", "/route/batch", [{"prompt": ASK}]),
        ("GET", "/v1/models", None),
    ]

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, **CLIENT_KEY) as made:
            for method, path, body in asks:
                for face in FACES:
                    for headers in WRONG:
                        told = await made.client.request(method, path, json=body, headers={**face.headers, **headers})
                        assert told.status_code == 401, (path, face.name, headers)
                        as_said = BY_NAME["messages" if face.name == "messages" else "chat"]
                        assert "key is missing or wrong" in as_said.error(told.json())
                    for how in FORMS:
                        told = await made.client.request(
                            method, path, json=body, headers={**face.headers, **shown(how)}
                        )
                        assert told.status_code == 200, (path, face.name, how)
                told = await made.client.request(method, path, json=body, headers={"x-goog-api-key": "other"})
                assert told.status_code == 401
                assert BY_NAME["gemini"].error(told.json())
            told = await made.client.post("/route", content=b"not json")
            assert told.status_code == 401, "nothing is read"
            for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
                assert (await made.client.get(path)).status_code == 200

    run(go())


# --- Names of models --------------------------------------------------------------------------------------------------


def test_a_model_that_is_not_configured_is_a_404_in_the_clients_dialect_or_left_to_the_router(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for face in FACES:
                told = await made.post(face, model="gpt-9" + "x" * 5_000)
                assert told.status_code == 404
                message = face.error(told.json())
                assert "gpt-9" in message
                assert "tier:budget" in message
                assert len(message) < 500
        async with service(router, tmp_path, {"a": [answer()]}, server={"unknown_models": "auto"}) as made:
            for face in FACES:
                told = await made.post(face, model="gpt-9")
                assert (told.status_code, told.headers["x-router-reason"]) == (200, "threshold")

    run(go())


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_tiers_models_and_policies_are_pinned_by_name_or_by_header(router, tmp_path, run, face):
    async def go():
        async with service(router, tmp_path, {name: [answer()] for name in "abcd"}) as made:
            for model, headers, served, reason in (
                ("tier:production", {}, "c/m3", "pinned"),
                ("b/m2", {}, "b/m2", "pinned"),
                ("m4", {}, "d/m4", "pinned"),
                ("auto", {"x-router-tier": "frontier"}, "d/m4", "pinned"),
                ("auto", {"x-router-floor": "production"}, "c/m3", "threshold"),
                ("auto:cheap", {}, "a/m1", "threshold"),
                ("auto", {"x-router-policy": "careful"}, None, "threshold"),
            ):
                told = await made.post(face, model=model, headers=headers)
                assert told.status_code == 200, told.text
                assert told.headers["x-router-reason"] == reason
                assert served in (None, told.headers["x-router-served-by"])
                sent = made.upstreams[told.headers["x-router-served-by"][0]].seen[-1]
                assert sent.json["model"] == told.headers["x-router-served-by"].partition("/")[2]
                assert not [name for name in sent.headers if name.startswith("x-router")]
            for model, headers in (("auto:nope", {}), ("tier:nope", {}), ("auto", {"x-router-tier": "nope"})):
                told = await made.post(face, model=model, headers=headers)
                assert told.status_code == 400
                assert "nope" in face.error(told.json())

    run(go())


def test_a_model_in_two_tiers_may_be_asked_for_by_its_short_name(router, tmp_path, run):
    tiers = (("budget", ("a/m1",)), ("production", ("a/m1", "a/m2")), ("frontier", ("a/m2",)))

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, tiers=tiers) as made:
            told = await made.post(BY_NAME["chat"], model="m1")
            assert (told.status_code, told.headers["x-router-tier"]) == (200, "budget")

    run(go())


def test_a_tier_without_a_provider_is_served_by_the_nearest_stronger_one_and_a_pin_on_it_is_a_503(
    router, tmp_path, run
):
    async def go():
        scripts = {name: [answer()] for name in "abcd"}
        async with service(router, tmp_path, scripts, keys="d") as made:
            for face in FACES:
                told = await made.post(face)
                assert told.headers["x-router-served-by"] == "d/m4"
                for model in ("tier:budget", "a/m1"):
                    told = await made.post(face, model=model)
                    assert told.status_code == 503
                    assert told.headers["x-should-retry"] == "false"
                    assert "set A_KEY" in face.error(told.json())
            assert made.seen().keys() == {"d"}
        async with service(router, tmp_path, scripts, keys="b") as made:
            told = await made.post(BY_NAME["chat"], headers={"x-router-floor": "production"})
            assert told.status_code == 503, "a floor is a floor"
            told = await made.post(BY_NAME["chat"], ask="Prove the Riemann hypothesis. " * 20)
            assert told.headers["x-router-served-by"] == "b/m2", "down where there is nothing above"

    run(go())


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_without_a_key_a_chat_is_a_503_that_says_what_to_set_in_every_dialect(router, tmp_path, run, face):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, keys="") as made:
            for streamed in (False, True):
                told = await made.post(face, stream=streamed)
                fails_in_stream = streamed and face.name == "responses"  # Codex asks 30 times after a 503
                assert (told.status_code, told.headers["x-should-retry"]) == (200 if fails_in_stream else 503, "false")
                said = told.text if fails_in_stream else face.error(told.json())
                assert "set A_KEY" in said and "tierwise init" in said and "--echo" in said
                assert told.headers["x-router-attempts"].startswith("a/m1=no_key, ")
            assert made.upstreams["a"].seen == []
            assert {one["failure"] for one in made.calls} == {"no_key"}
            assert made.calls[0]["each_attempt"][0]["target"] == "a/m1"
            assert made.calls[0]["each_attempt"][0]["outcome"] == "skipped"

    run(go())


def test_a_model_without_a_key_stands_before_the_one_that_answers(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"b": [answer()]}, urls={"a": "http://127.0.0.1:1"}, keys="b") as made:
            told = await made.post(BY_NAME["chat"])
            assert told.headers["x-router-served-by"] == "b/m2"
            assert told.headers["x-router-attempts"] == "a/m1=no_key, b/m2=200"
            assert [one["failure"] for one in made.calls[0]["each_attempt"]] == ["no_key", None]

    run(go())


def test_the_echo_answers_where_a_tier_names_it_and_nowhere_else(router, tmp_path, run):
    tiers = (("budget", ("echo/m1",)), ("production", ("c/m3",)), ("frontier", ("d/m4",)))

    async def go():
        async with service(router, tmp_path, {"c": [error(500)], "d": [error(500)]}, tiers=tiers) as made:
            for face in FACES:
                for streamed in (False, True):
                    told = await made.post(face, stream=streamed)
                    assert told.headers["x-router-served-by"] == "echo/m1"
                    text = face.streamed(told.content)["text"] if streamed else face.text(told.json())
                    assert "No model was called" in text
            told = await made.post(BY_NAME["chat"], headers={"x-router-floor": "production"})
            assert told.status_code == 500

    run(go())


# --- Paths ------------------------------------------------------------------------------------------------------------


def test_doubled_paths_prefixes_and_queries_lead_to_the_same_place(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for path, face in (
                ("/v1/v1/chat/completions", "chat"),
                ("/v1/chat/completions?api-version=2", "chat"),
                ("/v1/v1/responses", "responses"),
                ("/v1/v1/messages?beta=true", "messages"),
                ("/anthropic/v1/messages", "messages"),
                ("/v1/models/auto:generateContent", "gemini"),
                ("/v1beta/models/models/auto:generateContent", "gemini"),
                ("/v1beta/models/a/m1:generateContent", "gemini"),
                ("/v1beta/models/a%2Fm1:generateContent", "gemini"),
                ("/v1beta/models/tier:budget:generateContent", "gemini"),
            ):
                told = await made.client.post(path, json=BY_NAME[face].request()[1], headers=BY_NAME[face].headers)
                assert told.status_code == 200, (path, told.text)
                assert BY_NAME[face].text(told.json()) == "Hi."

    run(go())


def test_what_is_no_call_is_a_404_or_405_in_the_paths_dialect(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for call in ("auto", "auto:embedContent", ":generateContent", "auto:", "x" * 3_000):
                told = await made.client.post(f"/v1beta/models/{call}", json={})
                assert told.status_code == 404, call
                assert len(BY_NAME["gemini"].error(told.json())) < 400
            for method in ("GET", "HEAD", "PUT"):
                for path in ("/v1beta/models/auto:generateContent", "/v1/messages", "/v1/chat/completions"):
                    told = await made.client.request(method, path)
                    assert told.status_code == 405
            assert (await made.client.request("HEAD", "/v1/models")).status_code < 500

    run(go())


def test_what_is_not_there_is_said_in_the_dialect_of_its_path_and_elsewhere_of_the_headers(router, tmp_path, run):
    anthropic, google = BY_NAME["messages"].headers, {"x-goog-api-key": "k"}
    cases = [
        ("POST", "/v1/messages/batches", {}, 404, "messages"),
        ("POST", "/anthropic/v1/nothing", google, 404, "messages"),
        ("GET", "/v1beta/files", {}, 404, "gemini"),
        ("POST", "/v1beta/nothing", anthropic, 404, "gemini"),
        ("POST", "/v1/chat/nothing", anthropic, 404, "chat"),
        ("GET", "/v1/responses/resp_1", google, 404, "chat"),
        ("GET", "/v1/messages", {}, 405, "messages"),
        ("PUT", "/anthropic/v1/messages", {}, 405, "messages"),
        ("GET", "/v1beta/models/auto:generateContent", {}, 405, "gemini"),
        ("GET", "/v1/chat/completions", anthropic, 405, "chat"),
        ("DELETE", "/v1/responses", anthropic, 405, "chat"),
        ("POST", "/v1/nothing", anthropic, 404, "messages"),
        ("POST", "/v1/embeddings", {}, 404, "chat"),
        ("PUT", "/v1/models", google, 405, "gemini"),
    ]

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for method, path, headers, status, face in cases:
                told = await made.client.request(method, path, headers=headers)
                assert told.status_code == status, path
                assert path in BY_NAME[face].error(told.json())
                assert ("allow" in told.headers) == (status == 405)

    run(go())


def test_tokens_are_counted_here_in_both_dialects(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            body = {"model": "claude", "system": "s", "messages": [{"role": "user", "content": ASK}]}
            for path in ("/v1/messages/count_tokens?beta=true", "/v1/v1/messages/count_tokens"):
                told = await made.client.post(path, json=body, headers=BY_NAME["messages"].headers)
                n_anthropic = told.json()["input_tokens"]
                assert set(told.json()) == {"input_tokens"}
                assert 5 < n_anthropic < 200
            gemini = BY_NAME["gemini"].request()[1]
            for sent in (gemini, {"generateContentRequest": gemini}):
                told = await made.client.post("/v1beta/models/auto:countTokens", json=sent)
                assert 5 < told.json()["totalTokens"] < 200
            assert made.seen() == {}

    run(go())


def test_models_are_listed_for_both_kinds_of_clients(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            names = [model["id"] for model in (await made.client.get("/v1/models")).json()["data"]]
            assert {"auto", "auto:cheap", "tier:budget", "a/m1", "d/m4"} <= set(names)
            told = (await made.client.get("/v1/models?limit=3", headers={"anthropic-version": "2023-06-01"})).json()
            picked = [model["id"] for model in told["data"]]
            assert [name for name in picked if not name.startswith("claude-")] == names
            assert {"claude-auto", "claude-auto:cheap", "claude-tier:budget"} <= set(picked)
            assert (told["has_more"], told["first_id"], told["last_id"]) == (False, picked[0], picked[-1])
            assert told["data"][0]["display_name"] == "Auto (tierwise decides)"

    run(go())


def test_a_body_over_the_limit_is_a_413_in_the_clients_dialect(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, server={"max_body_bytes": 2_048}) as made:
            for face in FACES:
                told = await made.post(face, ask="x" * 3_000)
                assert told.status_code == 413
                assert "2,048 bytes" in face.error(told.json())
            assert made.seen() == {}

    run(go())


def test_a_header_that_cannot_be_passed_on_is_a_400(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer(dialect="anthropic")]}, adapters={"a": "anthropic"}) as made:
            face = BY_NAME["messages"]
            told = await made.post(face, headers={"anthropic-beta": "\xe9".encode("latin-1")})
            assert told.status_code == 400
            assert "anthropic-beta" in face.error(told.json())
            told = await made.post(face, headers={"anthropic-beta": "one,two", "anthropic-version": "2026-10-21"})
            assert told.status_code == 200
            sent = made.upstreams["a"].seen[0].headers
            assert (sent["anthropic-beta"], sent["anthropic-version"]) == ("one,two", "2026-10-21")

    run(go())


# --- The account ------------------------------------------------------------------------------------------------------


def test_each_call_is_one_record_of_ids_sizes_and_times_and_never_of_what_was_said(router, tmp_path, run):
    secret = "the-password-is-swordfish"

    async def go():
        async with service(router, tmp_path, {"a": [answer(), stream(), error(400, secret)]}) as made:
            for streamed in (False, True, False):
                await made.post(BY_NAME["chat"], stream=streamed, ask=f"{ASK} {secret}", model="a/m1")
            assert len(made.calls) == 3
            for call in made.calls:
                assert set(call) == {
                    "decision_id", "tier", "reason", "stream", "body_bytes", "served_by", "attempts", "failure",
                    "finish", "cancelled", "input_tokens", "output_tokens", "first_event_ms", "duration_ms",
                    "caller", "policy", "usage_source", "cost_usd", "each_attempt",
                }  # fmt: skip
                assert call["decision_id"].startswith("dec_")
                assert call["body_bytes"] > len(secret)
                assert call["duration_ms"] > 0
            assert [call["served_by"] for call in made.calls] == ["a/m1", "a/m1", None]
            assert [call["finish"] for call in made.calls] == ["stop", "stop", None]
            assert [(call["input_tokens"], call["output_tokens"]) for call in made.calls[:2]] == [(12, 3)] * 2
            assert secret not in "".join(made.log)
            assert "'Hi" not in "".join(made.log)

    run(go())


# --- Anything at all --------------------------------------------------------------------------------------------------

FIELDS = """model messages input contents role content type text parts tools tool_calls tool_choice max_tokens stream
system stop n temperature router metadata thinking response_format function name arguments id generationConfig
stream_options instructions tool_use_id source data image_url url file functionCall functionResponse""".split()
words = st.sampled_from([*FIELDS, "auto", "user", "assistant", "tool", "tier:budget"]) | st.text(max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)


@pytest.fixture(scope="module")
def echoing(router):
    """The service with the echo in place of every model."""
    with TestClient(create_app(Router(router.bundle, with_echo(router.settings))), base_url="http://127.0.0.1") as made:
        yield made


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_no_body_makes_a_5xx(echoing, face):
    @settings(max_examples=120, suppress_health_check=list(HealthCheck), database=None)
    @given(st.dictionaries(words, anything, max_size=4), st.dictionaries(words, anything, max_size=3), st.booleans())
    def holds(over, inside, streamed):
        path, body = face.request(stream=streamed)
        key = next(name for name in ("messages", "input", "contents") if name in body)
        body[key] = [{**body[key][0], **inside}]
        told = echoing.post(path, content=json.dumps({**body, **over}).encode(), headers=face.headers)
        assert told.status_code in (200, 400, 404), told.text
        if told.status_code != 200:
            assert face.error(told.json())

    holds()


def test_deep_and_doubled_bodies_are_refused_below_500(client):
    for raw in (b'{"messages":' + b"[" * 100_000, b'{"messages":[],"messages":[]}', b"\xff", b"", b"null", b"[]"):
        told = client.post(Chat().request()[0], content=raw)
        assert told.status_code == 400
        assert Chat().error(told.json())
