"""The HTTP contract: exact shapes, bounded bodies, and never a 5xx for what a client sends."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import quote_from_bytes

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from router.app import create_app
from router.core import Router
from router.settings import Settings, load_settings, with_echo

TIERS = ["budget", "production", "frontier"]
ANSWER = {
    "decision_id",
    "dialect",
    "policy",
    "requested",
    "task",
    "tier",
    "model",
    "candidates",
    "effort",
    "p_adequate",
    "expected_quality_loss",
    "threshold",
    "promise",
    "reason",
    "estimated_cost_usd",
    "value_of_an_answer_usd",
    "turn",
    "bundle",
    "latency_ms",
}


def assert_error(answer, status, *, param=None, code=None):
    """An error in the OpenAI shape, with a message that says something."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert len(body["error"]["message"]) > 10
    if code is not None:
        assert (body["error"]["param"], body["error"]["code"]) == (param, code)
    return body["error"]


# --- /route ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "Translate 'good morning' to French."},
        {"messages": [{"role": "user", "content": "What is a monad?"}], "model": "auto", "stream": True},
    ],
)
def test_route_answers_with_exactly_the_contracts_keys(client, body):
    answer = client.post("/route", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    decision = answer.json()
    assert set(decision) == ANSWER
    assert decision["tier"] in TIERS
    assert (decision["policy"], decision["reason"]) == ("auto", "threshold")
    assert decision["turn"] == "user"
    assert all(set(candidate) == {"tier", "model", "effort"} for candidate in decision["candidates"])
    for key in ("p_adequate", "expected_quality_loss", "estimated_cost_usd"):
        assert list(decision[key]) == TIERS
        assert all(isinstance(value, float) for value in decision[key].values())
    assert set(decision["bundle"]) == {"id", "sha256"}
    assert 0 <= decision["threshold"] <= 1
    assert decision["latency_ms"] > 0


def test_route_says_the_same_in_headers(client):
    answer = client.post("/route", json={"prompt": "hi"})
    headers = {name: value for name, value in answer.headers.items() if name.startswith("x-router-")}
    decision = answer.json()
    assert headers == {
        "x-router-decision-id": decision["decision_id"],
        "x-router-tier": decision["tier"],
        "x-router-model": decision["model"],
        "x-router-reason": decision["reason"],
        "x-router-policy": decision["policy"],
        "x-router-turn": decision["turn"],
    }


def test_an_explanation_says_what_was_taken_off_the_ask(client):
    body = {"prompt": "Question: how far is the moon?\nAnswer:", "router": {"explain": True}}
    explanation = client.post("/route", json=body).json()["explanation"]
    assert explanation["ask"] == "how far is the moon?"
    assert explanation["peeled"] == [{"form": "template", "n_chars": 18}]


def test_an_explanation_comes_when_asked_for(client):
    decision = client.post("/route", json={"prompt": "hi there", "router": {"explain": True}}).json()
    assert set(decision) == ANSWER | {"explanation", "steps"}
    assert all(set(step) == {"step", "tier", "note"} for step in decision["steps"])
    assert set(decision["explanation"]) == {"ask", "window", "peeled", "heads"}
    assert [head["tier"] for head in decision["explanation"]["heads"]] == [*TIERS[:-1], "unsolved"]
    for head in decision["explanation"]["heads"]:
        total = head["intercept"] + sum(item["logit"] for item in head["contributions"])
        assert total == pytest.approx(head["logit"], abs=1e-9)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; x"]
)
def test_the_content_type_does_not_matter(client, content_type):
    headers = {} if content_type is None else {"content-type": content_type}
    assert client.post("/route", content=b'{"prompt": "hi"}', headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("raw", "param", "code"),
    [
        (b"", None, "invalid_json"),
        (b"{", None, "invalid_json"),
        (b'{"prompt": NaN}', None, "invalid_json"),
        (b'{"prompt": "a", "x": 1e999}', None, "invalid_json"),
        (b'{"prompt": "\xff"}', None, "invalid_json"),
        (b"\xef\xbb\xbf{}", None, "invalid_json"),
        (b'{"prompt": "a"} x', None, "invalid_json"),
        (b'{"prompt": "a", "prompt": "b"}', None, "invalid_json"),
        (b'{"prompt": "a", "n": 18446744073709551616}', None, "invalid_json"),
        (b"[" * 100_000, None, "invalid_json"),
        (b"null", None, "wrong_type"),
        (b"[]", None, "wrong_type"),
        (b'"hi"', None, "wrong_type"),
        (b"{}", "messages", "missing_field"),
        (b'{"prompt": 7}', "prompt", "wrong_type"),
        (b'{"prompt": "a", "messages": []}', "prompt", "ambiguous"),
        (b'{"messages": []}', "messages", "empty"),
        (b'{"input": []}', "input", "empty"),
        (b'{"input": [{"role": "user", "content": 7}]}', "input[0].content", "wrong_type"),
        (b'{"system": 7, "messages": [{"role": "user", "content": "a"}]}', "system", "wrong_type"),
        (b'{"messages": [{"role": "user", "content": 7}]}', "messages[0].content", "wrong_type"),
        (b'{"prompt": "a", "router": {"tiers": ["huge"]}}', "router.tiers[0]", "unknown_tier"),
        (b'{"prompt": "a", "router": {"max_quality_loss": 0}}', "router.max_quality_loss", "target_too_small"),
        (b'{"prompt": "a", "router": {"max_quality_loss": 2}}', "router.max_quality_loss", "out_of_range"),
        (b'{"prompt": "a", "router": {"tier": "budget"}}', "router.tier", "unknown_field"),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else None,
)
def test_a_body_that_cannot_be_used_gets_a_400_that_names_the_field(client, raw, param, code):
    error = assert_error(client.post("/route", content=raw), 400, param=param, code=code)
    assert error["type"] == "invalid_request_error"
    assert param is None or param in error["message"]


@pytest.mark.parametrize(
    "raw",
    [b'{\n"prompt": "a",\n "prompt": "b"}', b'{\n\n "prompt": 1e999}', b"[\n1,\n NaN]"],
    ids=["twice", "1e999", "NaN"],
)
def test_what_is_wrong_with_the_json_is_said_with_line_and_column(client, raw):
    error = assert_error(client.post("/route", content=raw), 400)
    assert re.search(r"at line 3 column \d+", error["message"])


USER = {"role": "user", "content": "What is a monad?"}
BY_DIALECT = {
    "prompt": {"prompt": "What is a monad?"},
    "openai_chat": {"messages": [USER]},
    "openai_responses": {"input": [USER]},
    "anthropic": {"messages": [USER], "max_tokens": 64, "system": ""},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "What is a monad?"}]}]},
}


def test_the_same_ask_gets_the_same_scores_in_every_dialect_and_the_answer_names_it(client):
    answers = {dialect: client.post("/route", json=body).json() for dialect, body in BY_DIALECT.items()}
    assert {dialect: answer["dialect"] for dialect, answer in answers.items()} == {name: name for name in BY_DIALECT}
    assert len({json.dumps(answer["p_adequate"]) for answer in answers.values()}) == 1
    batch = client.post("/route/batch", json=list(BY_DIALECT.values())).json()
    assert [answer["dialect"] for answer in batch] == list(BY_DIALECT)


def test_the_version_header_makes_a_plain_body_anthropics(client):
    answer = client.post("/route", json={"messages": [USER]}, headers={"anthropic-version": "2026-10-21"})
    assert answer.json()["dialect"] == "anthropic"


# --- Headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", TIERS)
def test_a_pinned_tier_is_taken_and_said(client, tier):
    answer = client.post("/route", json={"prompt": "hi"}, headers={"x-router-tier": tier}).json()
    assert (answer["tier"], answer["reason"]) == (tier, "pinned")
    assert answer["requested"]["tier"] == tier


def test_headers_hold_for_every_item_of_a_batch(client):
    answers = client.post("/route/batch", json=[{"prompt": "hi"}] * 3, headers={"X-Router-Tier": "frontier"}).json()
    assert [answer["tier"] for answer in answers] == ["frontier"] * 3


@pytest.mark.parametrize("path", ["/route", "/route/batch"])
@pytest.mark.parametrize(
    ("name", "value"), [("x-router-tier", ""), ("x-router-off", "yes"), ("x-router-policy", "%ff")]
)
def test_a_header_that_cannot_be_read_is_a_400_that_names_it(client, path, name, value):
    body = {"prompt": "hi"} if path == "/route" else [{"prompt": "hi"}]
    assert_error(client.post(path, json=body, headers={name: value}), 400, param=name, code="invalid_header")


def test_a_header_that_comes_twice_is_not_half_obeyed(client):
    answer = client.post("/route", json={"prompt": "hi"}, headers=[("x-router-tier", "budget")] * 2)
    assert_error(answer, 400)


# --- Errors in the caller's dialect -----------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"messages": []}', b'{"contents": []}'])
def test_an_anthropic_client_gets_anthropics_shape(client, raw):
    answer = client.post("/route", content=raw, headers={"anthropic-version": "2023-06-01"})
    body = answer.json()
    assert (answer.status_code, body["type"], body["error"]["type"]) == (400, "error", "invalid_request_error")
    assert body["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "headers"),
    [(b"{", {"x-goog-api-key": "k"}), (b'{"contents": []}', {}), (b'{"contents": [{"parts": 7}]}', {})],
)
def test_a_gemini_client_gets_geminis_shape(client, raw, headers):
    answer = client.post("/route", content=raw, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["message"]


def test_a_missing_page_is_told_in_the_callers_dialect_too(client):
    body = client.get("/nothing", headers={"anthropic-version": "2023-06-01"}).json()
    assert body["error"]["type"] == "not_found_error"
    body = client.get("/nothing", headers={"x-goog-api-key": "k"}).json()
    assert (body["error"]["code"], body["error"]["status"]) == (404, "NOT_FOUND")


def test_a_bad_item_of_a_batch_is_told_in_its_own_dialect(client):
    chat, gemini = client.post("/route/batch", json=[{"messages": []}, {"contents": []}]).json()
    assert chat["error"]["param"] == "messages"
    assert gemini["error"]["status"] == "INVALID_ARGUMENT"


def test_a_lone_surrogate_is_no_reason_to_refuse(client):
    answer = client.post("/route", content=rb'{"prompt": "\ud83d hi", "router": {"explain": true}}')
    assert answer.json()["explanation"]["ask"] == "? hi"


def test_a_field_name_of_any_letters_is_named_in_the_error(client):
    error = assert_error(client.post("/route", json={"prompt": "a", "router": {"\u6f22\n\x00": 1}}), 400)
    assert error["param"] == "router.\u6f22\n\x00"


# --- Anything at all ------------------------------------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=()), max_size=40)
FIELDS = "prompt messages input contents parts system router role content type text model tools max_tokens".split()
OPTIONS = "tiers max_quality_loss max_cost_usd_per_1k explain".split()
keys = any_text | st.sampled_from(FIELDS + OPTIONS)
words = any_text | st.sampled_from(["user", "assistant", "system", "tool", "text", "image_url", *TIERS])
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**400), 10**400) | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)
messages = st.lists(
    st.fixed_dictionaries({"role": words, "content": words | st.none() | st.lists(any_json, max_size=3)}) | any_json,
    max_size=4,
)
options = st.fixed_dictionaries(
    {},
    optional={
        "tiers": st.lists(st.sampled_from(TIERS) | any_text, max_size=3) | any_json,
        "max_quality_loss": st.floats(0, 1) | any_json,
        "explain": st.booleans() | any_json,
    },
)
near_bodies = st.fixed_dictionaries(
    {}, optional={"prompt": words | any_json, "messages": messages | any_json, "router": options | any_json}
)


def as_bytes(value):
    return json.dumps(value).encode()


def assert_answered(answer):
    """A decision, or an error that says something: never a 5xx."""
    if answer.status_code == 200:
        assert ANSWER <= set(answer.json())
    else:
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


@settings(max_examples=200)
@given(near_bodies.map(as_bytes) | any_json.map(as_bytes))
@example(b'{"messages": [{"role": "user", "content": [{"type": [], "text": "a"}]}]}')
@example(b'{"prompt": "\\ud800", "x": ' + b"[" * 600 + b"]" * 600 + b"}")
@example(b'{"prompt": "a", "x": ' + b"9" * 4_300 + b"}")
def test_any_json_gets_a_decision_or_an_error_that_names_something(client, raw):
    assert_answered(client.post("/route", content=raw))


@settings(max_examples=150)
@given(st.binary(max_size=200) | any_text.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_get_a_decision_or_an_error_that_names_something(client, raw):
    assert_answered(client.post("/route", content=raw))


@settings(max_examples=150)
@given(any_text, any_text, st.booleans())
def test_any_unicode_is_decided(client, prompt, earlier, explain):
    body = {"messages": [{"role": "assistant", "content": earlier}, {"role": "user", "content": prompt}]}
    answer = client.post("/route", content=as_bytes(body | {"router": {"explain": explain}}))
    assert answer.status_code == 200


@settings(max_examples=100)
@given(st.lists(near_bodies | any_json, max_size=5))
def test_a_batch_of_anything_gets_an_answer_or_an_error_each(client, items):
    answer = client.post("/route/batch", content=as_bytes(items))
    if answer.status_code != 200:
        assert_error(answer, 400, code="invalid_json")  # a number beyond a double, or NaN
        return
    assert len(answer.json()) == len(items)
    for one in answer.json():
        assert ANSWER <= set(one) or (set(one) == {"error"} and one["error"]["message"])


@settings(max_examples=100)
@given(any_json.map(as_bytes) | st.binary(max_size=100))
def test_a_batch_that_is_none_is_refused(client, raw):
    answer = client.post("/route/batch", content=raw)
    assert answer.status_code == 200 or (answer.status_code == 400 and answer.json()["error"]["message"])


@settings(max_examples=60)
@given(st.binary(max_size=30).map(quote_from_bytes), st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]))
def test_any_path_gets_an_answer_below_500(client, path, method):
    answer = client.request(method, f"/{path}", follow_redirects=False)
    assert answer.status_code < 500


# --- /route/batch ---------------------------------------------------------------------------------------------------


def test_a_batch_of_a_thousand_is_answered_in_order(client):
    prompts = [f"What is {number} plus {number}?" if number % 2 else "hi " * (number % 7) for number in range(1_000)]
    answer = client.post("/route/batch", json=[{"prompt": prompt} for prompt in prompts])
    assert answer.status_code == 200
    found = answer.json()
    assert len(found) == 1_000
    assert all(set(one) == ANSWER for one in found)
    for position in (0, 1, 2, 500, 999):
        single = client.post("/route", json={"prompt": prompts[position]}).json()
        assert found[position]["p_adequate"] == single["p_adequate"]
        assert found[position]["tier"] == single["tier"]


def test_a_batch_of_more_is_refused(client):
    error = assert_error(client.post("/route/batch", json=[{"prompt": "hi"}] * 1_001), 400)
    assert error["code"] == "too_many"
    assert "1000" in error["message"].replace(",", "")


def test_an_empty_batch_has_no_answers(client):
    assert client.post("/route/batch", json=[]).json() == []


def test_a_bad_item_gets_its_own_error_and_the_others_their_decisions(client):
    items = [{"prompt": "a"}, {"prompt": 7}, "hi", {"prompt": "b", "router": {"tiers": ["huge"]}}, {"prompt": "c"}]
    found = client.post("/route/batch", json=items).json()
    assert [one.get("error", {}).get("code") for one in found] == [
        None,
        "wrong_type",
        "wrong_type",
        "unknown_tier",
        None,
    ]
    assert found[3]["error"]["param"] == "router.tiers[0]"


@pytest.mark.parametrize("raw", [b'{"prompt": "hi"}', b'"hi"', b"null", b"7"])
def test_a_batch_is_an_array(client, raw):
    error = assert_error(client.post("/route/batch", content=raw), 400)
    assert error["code"] == "wrong_type"
    assert "expected an array" in error["message"]


# --- Limits ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow_client(router):
    limited: Settings = replace(router.settings, max_body_bytes=2_048)
    with TestClient(create_app(Router(router.bundle, limited)), base_url="http://127.0.0.1") as test_client:
        yield test_client


@pytest.mark.parametrize("path", ["/route", "/route/batch"])
@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(2_048, 400), (2_049, 413), (100_000, 413)])
def test_a_body_over_the_limit_is_refused_whether_its_size_is_declared_or_not(
    narrow_client, path, chunked, size, status
):
    raw = b" " * size
    sent = (raw[start : start + 500] for start in range(0, size, 500)) if chunked else raw
    error = assert_error(narrow_client.post(path, content=sent), status)
    if status == 413:
        assert (error["type"], error["code"]) == ("request_too_large", "body_too_large")
        assert "2,048 bytes" in error["message"]
        assert "max_body_bytes" in error["message"]


def test_reading_stops_at_the_limit(narrow_client):
    sent = []

    def endless():
        while len(sent) < 10_000:
            sent.append(1)
            yield b" " * 1_000

    assert narrow_client.post("/route", content=endless()).status_code == 413


@pytest.mark.parametrize("declared", ["9" * 30, "9" * 5_000])
def test_a_declared_size_beyond_all_measure_is_refused(narrow_client, declared):
    answer = narrow_client.post("/route", content=b"{}", headers={"content-length": declared})
    assert_error(answer, 413)


@pytest.mark.parametrize("declared", ["-1", "x", "\u0661", "1e9"])
def test_a_declared_size_that_is_no_number_is_left_to_the_server(narrow_client, declared):
    answer = narrow_client.post("/route", content=b'{"prompt": "hi"}', headers={"content-length": declared.encode()})
    assert answer.status_code == 200


# --- The rest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing", "/route/batch/x", "/%ff%00", "/\u6f22"])
def test_an_unknown_path_is_a_404_in_the_same_shape(client, method, path):
    error = assert_error(client.request(method, path), 404)
    assert (error["type"], error["code"]) == ("not_found_error", "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/route"), ("DELETE", "/route/batch"), ("POST", "/healthz"), ("PUT", "/v1/models")]
)
def test_a_wrong_method_is_a_405_in_the_same_shape(client, method, path):
    error = assert_error(client.request(method, path), 405)
    assert error["code"] == "method_not_allowed"
    assert method in error["message"]
    assert path in error["message"]


@pytest.mark.parametrize("host", [b"[", b"a b", b"x]", b"\xff", b"", b"a:99999999"])
@pytest.mark.parametrize("path", ["/nothing", "/route/", "/healthz"])
def test_a_malformed_host_header_is_no_server_error(client, host, path):
    assert client.get(path, headers={b"host": host}, follow_redirects=False).status_code < 500


def test_healthz_says_that_the_process_is_alive(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert set(answer.json()) == {"status", "version"}


def test_readyz_says_which_bundle_decides_and_which_providers_answer(router):
    settings = load_settings({"OPENAI_API_KEY": "sk-1"})
    with TestClient(create_app(Router(router.bundle, settings)), base_url="http://127.0.0.1") as keyed:
        answer = keyed.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "bundle": {
            "id": router.bundle.manifest.id,
            "sha256": router.bundle.sha256,
            "golden": router.bundle.n_golden,
        },
        "tiers": TIERS,
        "breakers": {},
        "providers": ["openai"],
    }


def test_readyz_is_not_ready_without_a_provider_and_on_the_echo_alone(client, router):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["providers"]) == (503, "not_ready", [])
    assert "set OPENAI_API_KEY or " in answer.json()["why"]
    echo = create_app(Router(router.bundle, with_echo(router.settings)))
    with TestClient(echo, base_url="http://127.0.0.1") as echoing:
        answer = echoing.get("/readyz")
    assert (answer.status_code, answer.json()["providers"]) == (503, ["echo"])
    assert answer.json()["why"].startswith("Only the echo answers")


def test_models_are_listed_in_openais_shape(client, router):
    body = client.get("/v1/models").json()
    assert set(body) == {"object", "data"}
    assert body["object"] == "list"
    names = [model["id"] for model in body["data"]]
    assert names[0] == "auto"
    for tier in router.settings.tiers:
        assert {f"tier:{tier.name}", *(model.model for model in tier.models)} <= set(names)
    for model in body["data"]:
        assert set(model) >= {"id", "object", "created", "owned_by"}
        assert set(model) <= {"id", "object", "created", "owned_by", "name", "context_length", "max_output_tokens"}
        assert model["object"] == "model"


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_openapi_document_is_whole_and_describes_every_endpoint(client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["info"]) >= {"title", "version"}
    assert set(document["paths"]) == {
        "/",
        "/v1/models/{name}",
        "/route", "/route/batch", "/v1/models", "/healthz", "/readyz", "/v1/chat/completions", "/v1/responses",
        "/v1/messages", "/v1/messages/count_tokens", "/v1beta/models/{call}",
    }  # fmt: skip
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert "200" in operation["responses"]
    for reference in references(document):
        node = document
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]


def test_the_openapi_document_describes_the_bodies_as_they_are(client):
    route = client.get("/openapi.json").json()["paths"]["/route"]["post"]
    assert set(route["responses"]) >= {"200", "400", "413"}
    answer = route["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(answer["properties"]) == ANSWER | {"explanation", "steps"}
    assert set(answer["required"]) <= ANSWER
    bodies = route["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert [body["required"][0] for body in bodies] == ["prompt", "messages", "input", "messages", "contents"]
    for body in bodies:
        assert set(body["properties"]["router"]["properties"]) == {
            "tiers",
            "max_quality_loss",
            "max_cost_usd_per_1k",
            "explain",
        }
    assert {parameter["name"] for parameter in route["parameters"]} == {
        f"x-router-{name}" for name in ("tier", "floor", "ceiling", "policy", "off")
    }


def test_the_openapi_document_is_valid(client):
    jsonschema = pytest.importorskip("jsonschema")
    schemas = [
        media["schema"]
        for operations in client.get("/openapi.json").json()["paths"].values()
        for operation in operations.values()
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for media in part.get("content", {}).values()
    ]
    assert schemas
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)
    decision = client.post("/route", json={"prompt": "hi", "router": {"explain": True}}).json()
    errors = [
        client.post("/route", content=b"{", headers=headers).json()
        for headers in ({}, {"anthropic-version": "x"}, {"x-goog-api-key": "x"})
    ]
    paths = client.get("/openapi.json").json()["paths"]
    described = paths["/route"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator(described).validate(decision)
    described = paths["/route"]["post"]["responses"]["400"]["content"]["application/json"]["schema"]
    for error in errors:
        jsonschema.Draft202012Validator(described).validate(error)


def test_every_body_that_is_described_is_one_that_is_read(client):
    jsonschema = pytest.importorskip("jsonschema")
    route = client.get("/openapi.json").json()["paths"]["/route"]["post"]
    schema = route["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(schema)
    assert [dialect for dialect, body in BY_DIALECT.items() if not validator.is_valid(body)] == []


def test_head_and_the_documentation_are_answered(client):
    assert client.get("/docs").status_code == 200


def test_a_router_is_all_that_an_app_needs(router):
    first, second = create_app(router), create_app(router)
    assert first is not second
    assert first.state.router is router
