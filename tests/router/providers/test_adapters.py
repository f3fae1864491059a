import json
from dataclasses import replace

import pytest

from router.dialects.conversation import Conversation, Text, ToolCall, ToolResult, Turn
from router.dialects.openai_chat.request_messages import alnum9
from router.dialects.openai_responses.reasoning import MARK
from router.dialects.shared.prepared import Call, without_paths
from router.dialects.shared.provider import Provider, Quirks
from router.dialects.shared.secret import Secret
from router.errors import RequestError
from router.providers.adapters import ADAPTERS
from router.providers.registry import shipped_rows
from router.types import Dialect
from tests.router.providers.harness import CALL, HELLO, PASSED, RAW, STREAMED


def provider(adapter="openai_compatible", base_url="https://p.test/v1", **more):
    return Provider("p", adapter, base_url, key=Secret("sk-1"), **more)


def prepare(call, *, adapter="openai_compatible", without=(), **more):
    return ADAPTERS[adapter](provider(adapter, **more), call, model="the-model", without=without, now_s=0.0)


def passed(body, *, stream=False, dialect=Dialect.OPENAI_CHAT):
    return Call(
        HELLO, stream=stream, dialect=dialect, raw=body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def test_a_translated_chat_asks_for_usage_in_a_stream_only():
    streamed, whole = (json.loads(prepare(call).request.body) for call in (STREAMED, CALL))
    assert streamed["model"] == whole["model"] == "the-model"
    assert streamed["stream"] is True and streamed["stream_options"] == {"include_usage": True}
    assert not whole.get("stream") and "stream_options" not in whole


def test_azure_puts_deployment_and_version_in_the_url_and_the_key_in_api_key():
    request = prepare(CALL, adapter="azure_openai", base_url="https://me.openai.azure.com").request
    assert request.url == (
        "https://me.openai.azure.com/openai/deployments/the-model/chat/completions?api-version=2024-10-21"
    )
    assert request.headers["api-key"].reveal() == "sk-1" and "authorization" not in request.headers


def test_azures_responses_are_under_its_v1_path_which_wants_no_version():
    request = prepare(CALL, adapter="azure_openai_responses", base_url="https://me.openai.azure.com").request
    assert request.url == "https://me.openai.azure.com/openai/v1/responses"
    assert request.headers["api-key"].reveal() == "sk-1" and "authorization" not in request.headers
    assert json.loads(request.body)["model"] == "the-model"


def test_a_responses_body_goes_on_byte_for_byte_but_for_the_models_name_and_what_was_refused():
    raw = b'{"model": "auto", "input": "Hi", "reasoning": {"effort": "low"}, "store": true, "x": 1.50, "router": {}}'
    made = prepare(passed(raw, dialect=Dialect.OPENAI_RESPONSES), adapter="openai_responses")
    assert made.passthrough and made.request.url == "https://p.test/v1/responses"
    assert made.request.body == (
        b'{"model": "the-model", "input": "Hi", "reasoning": {"effort": "low"}, "store": true, "x": 1.50}'
    )
    again = prepare(
        passed(raw, dialect=Dialect.OPENAI_RESPONSES), adapter="openai_responses", without=("reasoning.effort",)
    )
    assert json.loads(again.request.body)["reasoning"] == {}


def test_another_providers_thinking_is_no_reasoning_item_of_openai():
    theirs = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAABn"}
    body = {"model": "auto", "input": [theirs, theirs | {"encrypted_content": MARK + "aGk="}, "x"]}
    made = prepare(passed(body, dialect=Dialect.OPENAI_RESPONSES), adapter="openai_responses")
    assert json.loads(made.request.body)["input"] == [theirs, "x"]


def test_an_answer_that_is_to_be_fetched_later_is_refused_as_no_request_would_fetch_it():
    raw = b'{"model": "auto", "input": "Hi", "background": true}'
    with pytest.raises(RequestError, match="stream instead"):
        prepare(passed(raw, dialect=Dialect.OPENAI_RESPONSES), adapter="openai_responses")


def test_a_translated_request_to_responses_is_not_stored():
    sent = json.loads(prepare(STREAMED, adapter="openai_responses").request.body)
    assert (sent["store"], sent["stream"], sent["model"]) == (False, True, "the-model")


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("wanted", ["max_tokens", "max_completion_tokens"])
def test_the_limit_on_output_goes_under_the_name_that_the_provider_wants(field, wanted):
    quirks = Quirks(max_tokens_field=wanted)
    sent = json.loads(prepare(passed({"model": "auto", field: 7}), quirks=quirks).request.body)
    assert {key: value for key, value in sent.items() if "max" in key} == {wanted: 7}
    written = json.loads(prepare(Call(replace(HELLO, max_output_tokens=7), stream=False), quirks=quirks).request.body)
    assert {key: value for key, value in written.items() if "max" in key} == {wanted: 7}


def test_what_a_provider_refuses_is_left_out_and_renamed():
    quirks = Quirks(strip=("user",), rename={"seed": "random_seed"})
    raw = b'{"user": "me", "model": "auto", "seed": 1, "router": {"session": "s"}, "x": 1.50}'
    assert prepare(passed(raw), quirks=quirks).request.body == b'{"model": "the-model", "random_seed": 1, "x": 1.50}'
    written = prepare(Call(replace(HELLO, user="me", seed=1), stream=False), quirks=quirks)
    assert "user" not in json.loads(written.request.body) and "user" in written.dropped
    assert json.loads(written.request.body)["random_seed"] == 1


def test_the_role_developer_becomes_system_where_it_is_not_known():
    body = {"model": "auto", "messages": [{"role": "developer", "content": "a developer"}]}
    assert json.loads(prepare(passed(body)).request.body)["messages"][0]["role"] == "system"
    kept = prepare(passed(body), quirks=Quirks(developer_role=True)).request.body
    assert json.loads(kept)["messages"] == body["messages"]


def test_mistrals_tool_ids_have_nine_letters_and_digits_the_same_for_call_and_result():
    quirks = shipped_rows()["mistral"].quirks
    conversation = Conversation(
        turns=(
            Turn("user", (Text("Go"),)),
            Turn("assistant", (ToolCall("toolu_01A", "f", "{}"), ToolCall("abcDEF123", "f", "{}"))),
            Turn("user", (ToolResult("toolu_01A", (Text("1"),)), ToolResult("abcDEF123", (Text("2"),)))),
        )
    )
    sent = json.loads(prepare(Call(conversation, stream=False), quirks=quirks).request.body)["messages"]
    calls = [call["id"] for message in sent for call in message.get("tool_calls", [])]
    results = [message["tool_call_id"] for message in sent if message["role"] == "tool"]
    assert calls == results == [alnum9("toolu_01A"), "abcDEF123"]
    assert all(len(call) == 9 and call.isalnum() for call in calls)
    raw = json.dumps({"model": "the-model", "messages": sent}).encode()
    assert prepare(passed(raw), quirks=quirks).request.body == raw


def test_refused_paths_are_taken_out_wherever_they_lead():
    body = {"a": {"b": 1, "c": 2}, "tools": [{"f": {"strict": True}}, {"f": {}}], "t": 1}
    assert without_paths(body, ["a.b", "tools[0].f.strict", "t", "nowhere.x"]) == {
        "a": {"c": 2},
        "tools": [{"f": {}}, {"f": {}}],
    }
    assert without_paths(body, ["tools.f"])["tools"] == [{}, {}]
    assert json.loads(prepare(PASSED, without=("temperature", "a.b")).request.body).keys() == {"model", "messages"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_no_adapter_shows_a_key_or_a_body(adapter):
    prepared = prepare(CALL, adapter=adapter)
    assert "sk-1" not in repr(prepared) and "Hello" not in repr(prepared)
    assert repr(PASSED).count("Hello") == repr(CALL).count("Hello")


@pytest.mark.parametrize("adapter", ["openai_responses", "azure_openai_responses", "anthropic", "gemini", "bedrock"])
def test_a_body_that_was_not_read_goes_to_its_own_dialect_only(adapter):
    with pytest.raises(ValueError, match="was not read"):
        prepare(Call(None, stream=False, dialect=Dialect.OPENAI_CHAT, raw=RAW), adapter=adapter)


def test_bedrock_has_no_model_in_the_body():
    prepared = prepare(CALL, adapter="bedrock", base_url="https://b.test")
    assert prepared.request.url == "https://b.test/model/the-model/converse"
    assert "model" not in json.loads(prepared.request.body)
    assert prepared.request.headers["authorization"].reveal() == "Bearer sk-1"
