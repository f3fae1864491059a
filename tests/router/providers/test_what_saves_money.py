"""What saves money reaches the provider: marks for caches, keys of caches, limits that fit; and what it lacks."""

import json
from dataclasses import replace

import pytest

from router.dialects.conversation import Finish
from router.dialects.shared.cache import kept_marks
from router.dialects.shared.limits import limited
from router.dialects.shared.prepared import Call
from router.dialects.shared.provider import Provider
from router.dialects.table import clients, provider, read_body
from router.providers.adapters import ADAPTERS
from router.providers.registry import shipped_rows
from router.types import Capability, Dialect, JsonObject, ModelSpec, Target
from tests.router.providers.harness import PASSED, harness
from tests.router.providers.upstream import answer, upstream

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
BODIES: dict[Dialect, JsonObject] = {
    Dialect.OPENAI_CHAT: {"messages": [{"role": "user", "content": "go"}]},
    Dialect.ANTHROPIC: {"max_tokens": 50, "messages": [{"role": "user", "content": "go"}]},
    Dialect.OPENAI_RESPONSES: {"input": "go"},
    Dialect.GEMINI: {"contents": [{"parts": [{"text": "go"}]}]},
}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "port", "schema": SCHEMA}}
NAMED = {"type": "function", "function": {"name": "f"}}


def call_of(dialect, **fields):
    body = {"model": "auto", **BODIES[dialect], **fields}
    return Call(read_body(dialect, body), stream=False, dialect=dialect, raw=json.dumps(body).encode())


def sent(call, name, *, model="m", without=()):
    """(the body for a shipped provider, the names of what was dropped or changed)"""
    row = shipped_rows()[name]
    there = Provider(name, row.adapter, "https://p.test", None, row.quirks)
    made = ADAPTERS[row.adapter](there, call, model=model, without=without, now_s=0.0)
    return json.loads(made.request.body), made.dropped


# --- Marks for caches -------------------------------------------------------------------------------------------------

MARKED_CHAT = {
    "tools": [{**TOOL, "cache_control": HOUR}],
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "long", "cache_control": MARK}]},
        {"role": "user", "content": "go", "cache_control": MARK},
        {"role": "assistant", "content": None, "tool_calls": [{**TOOL, "id": "c1"}]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "out", "cache_control": MARK}]},
    ],
}


def test_marks_of_chat_clients_reach_anthropic_on_tools_system_messages_and_results():
    MARKED_CHAT["messages"][2]["tool_calls"][0]["function"]["arguments"] = "{}"
    body, dropped = sent(call_of(Dialect.OPENAI_CHAT, **MARKED_CHAT), "anthropic")
    assert body["tools"][0]["cache_control"] == HOUR
    assert body["system"] == [{"type": "text", "text": "long", "cache_control": MARK}]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "go", "cache_control": MARK}]
    (result,) = body["messages"][2]["content"]
    assert result["cache_control"] == MARK and "cache_control" not in json.dumps(result["content"])
    assert dropped == ()


def test_marks_go_to_bedrock_as_points_behind_what_they_mark():
    body, dropped = sent(call_of(Dialect.OPENAI_CHAT, **MARKED_CHAT), "bedrock", model="us.anthropic.claude-x")
    point, hour = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert body["toolConfig"]["tools"][1] == hour
    assert body["system"] == [{"text": "long"}, point]
    assert body["messages"][0]["content"] == [{"text": "go"}, point]
    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "cachePoint"]
    assert dropped == ()


@pytest.mark.parametrize(("model", "marked"), [("amazon.nova-micro-v1:0", ["system", "messages"]), ("meta.llama4", [])])
def test_models_of_bedrock_get_only_the_marks_that_they_take(model, marked):
    body, dropped = sent(call_of(Dialect.OPENAI_CHAT, **MARKED_CHAT), "bedrock", model=model)
    assert [key for key in ("toolConfig", "system", "messages") if "cachePoint" in json.dumps(body[key])] == marked
    assert "cache_control" in dropped and "ttl" not in json.dumps(body)


def test_marks_of_anthropics_clients_reach_openrouter_and_are_named_where_they_are_lost():
    system = [{"type": "text", "text": "long", "cache_control": MARK}]
    call = call_of(Dialect.ANTHROPIC, system=system, cache_control=MARK)
    body, dropped = sent(call, "openrouter")
    assert body["messages"][0]["content"] == system and body["cache_control"] == MARK
    assert body["messages"][1] == {"role": "user", "content": "go"} and "cache_control" not in dropped
    for name in ("deepseek", "google"):
        body, dropped = sent(call, name)
        assert "cache_control" not in json.dumps(body) and "cache_control" in dropped


def test_a_provider_that_refuses_marks_gets_none_of_a_chat_client_and_others_get_its_bytes():
    call = call_of(Dialect.OPENAI_CHAT, **MARKED_CHAT)
    body, dropped = sent(call, "groq")
    assert "cache_control" not in json.dumps(body) and dropped == ("cache_control",)
    assert body["messages"][1] == {"role": "user", "content": "go"}
    assert sent(call, "vllm") == (json.loads(call.raw.replace(b'"auto"', b'"m"')), ())


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ([["5m"], ["5m"], ["5m", "5m"]], [["5m"], ["5m"], ["5m", "5m"]]),
        ([["1h", "1h"], ["1h", "1h"], ["5m", "5m", "5m"]], [[None, "1h"], [None, "1h"], [None, "5m", "5m"]]),
        ([[], [], ["5m"] * 6], [[], [], [None, None, "5m", "5m", "5m", "5m"]]),
        ([["5m"], ["1h"], ["1h"]], [["5m"], ["5m"], ["5m"]]),  # a later one may not live longer
    ],
)
def test_no_more_marks_are_sent_than_are_taken_and_none_outlives_an_earlier_one(asked, kept):
    assert kept_marks(asked) == kept


def test_a_turn_more_leaves_the_bytes_before_it_as_they_were():
    turns = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "went"}]
    fields = {"tools": [TOOL], "response_format": FORMAT, "tool_choice": "required"}
    for name in ("anthropic", "deepseek", "openrouter", "bedrock"):
        first, second = (
            sent(replace(call_of(Dialect.OPENAI_CHAT, messages=turns * n, **fields), raw=None), name)[0] for n in (1, 2)
        )
        assert json.dumps(second["messages"])[:-1].startswith(json.dumps(first["messages"])[:-1]), name
        assert {**first, "messages": 0} == {**second, "messages": 0}


# --- OpenAI's own parameters ------------------------------------------------------------------------------------------

OWN = {
    "prompt_cache_key": "s-1",
    "prompt_cache_retention": "24h",
    "service_tier": "flex",
    "safety_identifier": "u-1",
}


def test_parameters_of_responses_reach_chat_at_openai_and_only_what_they_take_at_others():
    call = replace(call_of(Dialect.OPENAI_RESPONSES, text={"verbosity": "low"}, **OWN), raw=None)
    body, dropped = sent(call, "openai")
    assert {**OWN, "verbosity": "low"}.items() <= body.items() and "user" not in body and dropped == ()
    body, dropped = sent(call, "moonshot")
    assert body["prompt_cache_key"] == "s-1" and "verbosity" not in body
    assert set(dropped) == {"prompt_cache_retention", "service_tier", "verbosity"}
    body, dropped = sent(call, "deepseek")
    assert body["user"] == "u-1" and not {*OWN, "verbosity"} & {*body}
    assert set(dropped) == {"prompt_cache_key", "prompt_cache_retention", "service_tier", "verbosity"}
    assert set(sent(call, "anthropic")[1]) == set(dropped)


# --- Limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "fields", "expected"),
    [
        (Dialect.OPENAI_CHAT, {"max_tokens": 64_000}, {"max_tokens": 8_192}),
        (Dialect.OPENAI_CHAT, {"max_completion_tokens": 64_000}, {"max_completion_tokens": 8_192}),
        (Dialect.ANTHROPIC, {"max_tokens": 64_000}, {"max_tokens": 8_192}),
        (
            Dialect.ANTHROPIC,
            {"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 31_999}},
            {"max_tokens": 8_192, "thinking": {"type": "enabled", "budget_tokens": 4_096}},
        ),
        (
            Dialect.GEMINI,
            {"generationConfig": {"maxOutputTokens": 64_000, "topK": 1}},
            {"generationConfig": {"maxOutputTokens": 8_192, "topK": 1}},
        ),
        (Dialect.ANTHROPIC, {"max_tokens": 100}, {"max_tokens": 100}),
    ],
)
def test_a_limit_is_lowered_in_the_clients_own_bytes_and_named(dialect, fields, expected):
    call = call_of(dialect, **fields)
    lowered, names = limited(call, 8_192, clients()[dialect].lowered)
    body = json.loads(lowered.raw)
    assert {key: body[key] for key in expected} == expected
    assert names == tuple(key for key in expected if expected[key] != fields[key])


def test_a_limit_too_small_to_think_in_switches_thinking_off():
    asked = {"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 31_999}}
    lowered, _ = limited(call_of(Dialect.ANTHROPIC, **asked), 1_000, clients()[Dialect.ANTHROPIC].lowered)
    assert json.loads(lowered.raw)["thinking"] == {"type": "disabled"}
    body, _ = sent(replace(lowered, raw=None), "anthropic")
    assert (body["max_tokens"], body["thinking"]) == (1_000, {"type": "disabled"})


def test_a_lowered_limit_reaches_a_provider_of_another_dialect_with_its_budget():
    asked = {"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 31_999}}
    lowered, names = limited(replace(call_of(Dialect.ANTHROPIC, **asked), raw=None), 8_192, None)
    body, _ = sent(lowered, "bedrock", model="us.anthropic.claude-x")
    assert body["inferenceConfig"]["maxTokens"] == 8_192 and names == ("max_output_tokens",)
    assert body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 4_096


def test_dispatch_sends_the_lowered_limit_and_names_it(run):
    async def check():
        async with upstream(answer()) as server, harness({"a": server.url}) as h:
            call = replace(PASSED, raw=PASSED.raw[:-1] + b', "max_tokens": 64000}')
            found = await h.dispatch(call, Target("budget", "a", "m1", output_limit=8_192))
            assert server.seen[0].json["max_tokens"] == 8_192
            assert found.dropped == ("max_tokens",) and found.answer.finish is Finish.STOP

    run(check())


# --- What providers lack ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [True, False], ids=["passed on", "translated"])
def test_a_schema_is_asked_for_in_words_where_the_provider_knows_none(raw):
    call = call_of(Dialect.OPENAI_CHAT, response_format=FORMAT)
    body, dropped = sent(call if raw else replace(call, raw=None), "deepseek")
    assert body["response_format"] == {"type": "json_object"}
    words = body["messages"][0]
    assert words["role"] == "system" and json.dumps(SCHEMA, separators=(",", ":")) in words["content"]
    assert body["messages"][1]["content"] == "go" and "response_format.json_schema" in dropped
    assert sent(call, "openai")[0]["response_format"] == FORMAT


def test_a_schema_is_asked_for_in_words_where_the_models_row_has_none(run):
    spec = ModelSpec("a/m1", 1.0, 1.0, capabilities=frozenset({Capability.TOOLS}))

    async def check():
        async with upstream(answer()) as server, harness({"a": server.url}) as h:
            await h.dispatch(call_of(Dialect.OPENAI_CHAT, response_format=FORMAT), Target("budget", "a", "m1", spec))
            assert "response_format" not in server.seen[0].json
            assert "JSON Schema" in server.seen[0].json["messages"][0]["content"]

    run(check())


def test_a_schema_is_asked_for_in_words_of_a_model_of_anthropic_or_bedrock_without_one():
    call = replace(
        call_of(Dialect.OPENAI_CHAT, response_format=FORMAT), raw=None, lacks=frozenset({Capability.JSON_SCHEMA})
    )
    body, _ = sent(call, "anthropic")
    assert "JSON Schema" in body["system"] and "output_config" not in body
    body, _ = sent(call, "bedrock")
    assert "JSON Schema" in body["system"][0]["text"] and "outputConfig" not in body


def test_any_json_is_asked_for_with_the_word_that_openai_wants():
    config = {"responseMimeType": "application/json"}
    body, _ = sent(replace(call_of(Dialect.GEMINI, generationConfig=config), raw=None), "openai")
    assert body["response_format"] == {"type": "json_object"} and "JSON" in body["messages"][0]["content"]


@pytest.mark.parametrize("raw", [True, False], ids=["passed on", "translated"])
@pytest.mark.parametrize("choice", ["required", NAMED], ids=["required", "named"])
@pytest.mark.parametrize(
    ("name", "model", "expected", "named"),
    [
        ("deepseek", "deepseek-v4-flash", {"thinking": {"type": "disabled"}}, "thinking"),
        ("moonshot", "kimi-k2.5", {"thinking": {"type": "disabled"}}, "thinking"),
        ("qwen", "qwen3.5-plus", {"enable_thinking": False}, "thinking"),
        ("moonshot", "kimi-k2-thinking", {"tool_choice": "auto"}, "tool_choice"),
        ("zai", "glm-5", {"tool_choice": "auto"}, "tool_choice"),
        ("openai", "gpt", {"reasoning_effort": "high"}, None),
    ],
)
def test_a_forced_call_is_fitted_to_a_model_that_thinks(raw, choice, name, model, expected, named):
    call = call_of(Dialect.OPENAI_CHAT, tools=[TOOL], tool_choice=choice, reasoning_effort="high")
    body, dropped = sent(call if raw else replace(call, raw=None), name, model=model)
    assert expected.items() <= body.items() and (named in dropped if named else not dropped)
    assert ("reasoning_effort" in body) is (named != "thinking")
    if named != "tool_choice":
        assert body["tool_choice"] == choice


def test_a_choice_that_is_left_to_the_model_changes_nothing():
    call = call_of(Dialect.OPENAI_CHAT, tools=[TOOL], tool_choice="auto")
    assert sent(call, "deepseek") == (json.loads(call.raw.replace(b'"auto", "m', b'"m", "m')), ())


# --- Usage in odd places ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}}, (9, 2, 4, 0, None)),
        ({"x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 2}}}, (9, 2, 0, 0, None)),
        ({"choice": {"usage": {"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 3}}}, (9, 2, 3, 0, None)),
        ({"usage": {"input_tokens": 9, "output_tokens": 2}}, (9, 2, 0, 0, None)),
        ({"usage": {"prompt_tokens": 9, "total_tokens": 11}}, (9, 2, 0, 0, None)),
        (
            {
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 2,
                    "cost": 0.5,
                    "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 7},
                }
            },
            (9, 2, 1, 7, 0.5),
        ),
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "cache_creation_input_tokens": 5}}, (9, 2, 0, 5, None)),
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "cost": {"total_cost": 0.1}}}, (9, 2, 0, 0, 0.1)),
    ],
)
def test_usage_is_found_wherever_servers_put_it_in_answers_and_chunks(fields, expected):
    fields = dict(fields)
    choice = {"index": 0, "finish_reason": "stop", **fields.pop("choice", {})}
    chat = provider(Dialect.OPENAI_CHAT)
    whole = chat.read_answers({"id": "c", "choices": [{**choice, "message": {"content": "a"}}], **fields}, "", "")[0]
    chunk = {"id": "c", "choices": [{**choice, "delta": {"content": "a"}}], **fields}
    streamed = [
        event.usage
        for event in chat.reader("", "").feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        if hasattr(event, "usage") and event.usage
    ]
    for usage in (whole.usage, *streamed):
        shown = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
        assert (*shown, usage.cost_usd) == expected
    assert streamed


@pytest.mark.parametrize(
    ("start", "deltas", "expected"),
    [
        ({"input_tokens": 9, "output_tokens": 1}, [{"output_tokens": 5}, {"output_tokens": 12}], (9, 12)),
        ({"input_tokens": 9, "output_tokens": 1}, [{"output_tokens": 5}, {"output_tokens": 3}], (9, 8)),
        ({"input_tokens": 9}, [{"input_tokens": 0, "output_tokens": 5}], (9, 5)),
        ({"input_tokens": 0}, [{"input_tokens": 9, "output_tokens": 5}], (9, 5)),
    ],
)
def test_anthropics_usage_counts_whether_it_is_of_all_or_of_what_is_new(start, deltas, expected):
    reader = provider(Dialect.ANTHROPIC).reader("", "")
    frames = [{"type": "message_start", "message": {"id": "m", "usage": start}}]
    frames += [{"type": "message_delta", "delta": {}, "usage": usage} for usage in deltas]
    events = [event for item in frames for event in reader.feed(b"data: " + json.dumps(item).encode() + b"\n\n")]
    assert (events[-1].usage.input_tokens, events[-1].usage.output_tokens) == expected


# --- Anthropic's ends -------------------------------------------------------------------------------------------------


def anthropic_events(*items):
    reader = provider(Dialect.ANTHROPIC).reader("", "")
    events = [event for item in items for event in reader.feed(b"data: " + json.dumps(item).encode() + b"\n\n")]
    return [*events, *reader.close()], reader.missing()


ANTHROPIC_START = [
    {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 9}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hi."}},
]
BLOCK_STOP = {"type": "content_block_stop", "index": 0}
STOP = {"type": "message_stop"}


def test_a_message_ends_with_its_reason_or_with_its_marker():
    reason = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    events, missing = anthropic_events(*ANTHROPIC_START, BLOCK_STOP, reason)
    assert events[-1].finish is Finish.STOP and missing.startswith(b"event: message_stop\n")
    events, missing = anthropic_events(*ANTHROPIC_START, BLOCK_STOP, STOP)
    assert events[-1].finish is Finish.STOP and b'"stop_reason":"end_turn"' in missing
    assert anthropic_events(*ANTHROPIC_START, BLOCK_STOP, reason, STOP)[1] == b""


@pytest.mark.parametrize(
    "rest", [[STOP], [BLOCK_STOP], [], [{"error": {"message": "boom", "type": "overloaded_error"}}]]
)
def test_a_message_that_breaks_off_is_a_failure(rest):
    events, missing = anthropic_events(*ANTHROPIC_START, *rest)
    assert hasattr(events[-1], "kind") and missing == b""
