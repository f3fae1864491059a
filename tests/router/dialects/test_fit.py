"""Requests as agents really send them, in the form that each provider takes: histories, tools, ids."""

import json

import pytest

from router.dialects.conversation import (
    Answer,
    Conversation,
    Finish,
    Text,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolResult,
    Turn,
    Usage,
)
from router.dialects.conversation import Finished as FinishedEvent
from router.dialects.shared import history
from router.dialects.shared.parts import turns_for
from router.dialects.shared.prepared import Call
from router.dialects.shared.provider import Provider
from router.dialects.shared.schemas import filled_schema, inlined_schema, is_strict, object_schema
from router.dialects.shared.users import fitting_user
from router.errors import RequestError
from router.providers.adapters import ADAPTERS
from router.providers.registry import shipped_rows
from router.types import Dialect
from tests.router.dialects.rooms import anthropic, bedrock, gemini, openai_chat, openai_responses

LONG = "mcp__plugin_harbour-master_tide-tables__get_predicted_high_and_low_water_for_port"
DOTTED = "docs.search"
USER = Turn("user", (Text("go"),))
GO = {"role": "user", "content": "go"}


def sent(call, name="openai"):
    """The request to a shipped provider."""
    row = shipped_rows()[name]
    provider = Provider(name, row.adapter, "https://p.test", quirks=row.quirks)
    return ADAPTERS[row.adapter](provider, call, model="m", without=(), now_s=0.0)


def chat(messages, name="openai", **fields):
    """The request that a provider gets of a chat client."""
    return sent(passed({"messages": messages, **fields}, Dialect.OPENAI_CHAT), name)


def passed(body, dialect):
    rows = {Dialect.OPENAI_CHAT: openai_chat, Dialect.ANTHROPIC: anthropic}
    conversation = rows[dialect].request_reader.read_request(body)
    return Call(conversation, stream=False, dialect=dialect, raw=json.dumps(body).encode())


def json_of(prepared):
    return json.loads(prepared.request.body)


def asked(messages, dialect=anthropic, **fields):
    return Call(dialect.request_reader.read_request({"messages": messages, "max_tokens": 9, **fields}), stream=False)


def tool_use(call_id, name="lookup", **given):
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def tool_result(call_id, text="found"):
    return {"type": "tool_result", "tool_use_id": call_id, "content": text}


def chat_call(call_id, name="lookup"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


# --- Thinking ---------------------------------------------------------------------------------------------------------

CLAUDES_LOOP = [
    {"role": "user", "content": "Look up the tide."},
    {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "I should look.", "signature": ""}, tool_use("a")],
    },
    {"role": "user", "content": [tool_result("a")]},
]


@pytest.mark.parametrize(
    ("provider", "field"),
    [("deepseek", "reasoning_content"), ("vllm", "reasoning_content"), ("openrouter", "reasoning"), ("groq", None)],
)
def test_thinking_goes_back_in_the_field_that_the_provider_reads(provider, field):
    prepared = sent(asked(CLAUDES_LOOP), provider)
    called = json_of(prepared)["messages"][1]
    assert {key: value for key, value in called.items() if "reason" in key} == (
        {field: "I should look."} if field else {}
    )
    assert prepared.dropped == (() if field else ("thinking",))


@pytest.mark.parametrize(("provider", "field"), [("cerebras", "reasoning"), ("openai", None), ("moonshot", None)])
def test_a_chat_clients_thinking_goes_to_the_field_of_another_provider(provider, field):
    field = "reasoning_content" if provider == "moonshot" else field
    called = {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [chat_call("a")]}
    messages = [{"role": "user", "content": "go"}, called, {"role": "tool", "tool_call_id": "a", "content": "7"}]
    message = json_of(chat(messages, provider))["messages"][1]
    assert {key: value for key, value in message.items() if "reason" in key} == ({field: "Hm."} if field else {})


@pytest.mark.parametrize("provider", ["deepseek", "moonshot"])
@pytest.mark.parametrize("given", [{}, {"reasoning_content": ""}, {"reasoning_content": None}])
def test_calls_whose_thinking_is_lost_get_a_placeholder_that_is_named(provider, given):
    called = {"role": "assistant", "content": None, **given, "tool_calls": [chat_call("a")]}
    messages = [{"role": "user", "content": "go"}, called, {"role": "tool", "tool_call_id": "a", "content": "7"}]
    prepared = chat(messages, provider)
    assert json_of(prepared)["messages"][1]["reasoning_content"]
    assert prepared.dropped == ("thinking",)
    off = chat(messages, provider, thinking={"type": "disabled"})
    assert json_of(off)["messages"][1] == called and off.dropped == ()


def test_thinking_comes_back_from_a_responses_client_that_keeps_its_encrypted_content_only():
    answer = Answer(
        "1", "m", (Thinking("I should "), Thinking("look."), ToolCall("a", "f", "{}")), Finish.STOP, Usage()
    )
    item, call = openai_responses.answer.write_answer(answer, model="m", created_s=0)["output"]
    assert (item["type"], item["content"]) == ("reasoning", [{"type": "reasoning_text", "text": "I should look."}])
    kept = {"type": "reasoning", "summary": [], "encrypted_content": item["encrypted_content"]}
    output = {"type": "function_call_output", "call_id": "a", "output": "7"}
    read = openai_responses.request_reader.read_request({"input": [GO, kept, call, output]})
    assert json_of(sent(Call(read, stream=False), "deepseek"))["messages"][1]["reasoning_content"] == "I should look."


@pytest.mark.parametrize(
    ("item", "part"),
    [
        ({"content": [{"type": "reasoning_text", "text": "Hm."}]}, Thinking("Hm.")),
        ({"summary": [{"type": "summary_text", "text": "Hm."}]}, Thinking("Hm.")),
        ({"summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "tierwise.!"}, Thinking("Hm.")),
        ({"summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAA"}, None),
        ({"summary": []}, None),
    ],
)
def test_reasoning_items_are_thinking_unless_only_openai_can_read_them(item, part):
    read = openai_responses.request_reader.read_request({"input": [{"type": "reasoning", **item}]})
    (found,) = read.turns[0].parts
    assert found == part if part else found.kind == "thinking"


def test_a_stream_hands_thinking_out_as_a_reasoning_item():
    writer = openai_responses.stream.StreamWriter("m", 0)
    events = [ThinkingDelta("I should "), ThinkingDelta("look."), ToolCallStarted(0, "a", "f"), ToolCallDelta(0, "{}")]
    frames = b"".join([*map(writer.feed, [*events, FinishedEvent(Finish.TOOL_CALLS)]), writer.finish()])
    found = [json.loads(line[6:]) for line in frames.decode().splitlines() if line.startswith("data: ")]
    kinds = [event["type"].removeprefix("response.") for event in found]
    assert kinds[2:9] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
    ]
    done = found[8]["item"]
    assert done == found[-1]["response"]["output"][0]
    assert openai_responses.reasoning.read_reasoning(done) == Thinking("I should look.")


# --- Calls and results ------------------------------------------------------------------------------------------------

CODEX = [
    {"type": "function_call", "call_id": "a", "name": "lookup", "arguments": "{}"},
    {"type": "function_call", "call_id": "b", "name": "lookup", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "b", "output": "B"},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "resized"}]},
    {"type": "function_call_output", "call_id": "a", "output": "A"},
]


@pytest.mark.parametrize("provider", ["deepseek", "google", "bedrock", "anthropic"])
def test_what_stands_between_a_call_and_its_results_moves_behind_them(provider):
    read = openai_responses.request_reader.read_request({"input": [GO, *CODEX]})
    body = json.dumps(json_of(sent(Call(read, stream=False), provider)))
    places = [body.index(text) for text in ('"A"', '"B"', "resized")]
    assert places == sorted(places)


def test_a_chat_clients_results_are_moved_right_behind_their_calls():
    call = {"role": "assistant", "content": None, "tool_calls": [chat_call("a"), chat_call("b")]}
    one, other = ({"role": "tool", "tool_call_id": name, "content": name} for name in "ab")
    notice = {"role": "system", "content": "resized"}
    body = json_of(chat([{"role": "user", "content": "go"}, call, other, notice, one]))
    assert body["messages"][1:] == [call, one, other, notice]


def test_a_history_that_is_in_order_stays_as_it_is_byte_for_byte():
    call = {"role": "assistant", "content": None, "tool_calls": [chat_call("a")]}
    messages = [{"role": "user", "content": "go"}, call, {"role": "tool", "tool_call_id": "a", "content": "7"}]
    raw = b'{"model": "m",  "messages": %s, "x": 1.50}' % json.dumps(messages).encode()
    assert sent(Call(None, stream=False, dialect=Dialect.OPENAI_CHAT, raw=raw)).request.body == raw


TWICE = (
    USER,
    Turn("assistant", (ToolCall("a", "f", "{}"),)),
    Turn("user", (ToolResult("a", (Text("1"),)), ToolResult("lost", (Text("old"),), name="g"))),
    Turn("assistant", (ToolCall("a", "f", "{}"), ToolCall("open", "f", "{}"))),
    Turn("user", (Text("Never mind."), ToolResult("a", (Text("2"),)))),
)


def test_every_call_gets_one_result_and_every_result_has_a_call():
    turns = history.settled(TWICE)
    assert history.in_order(map(history._entry, turns))
    assert [
        [part.id for part in turn.parts if isinstance(part, ToolCall)] for turn in turns if turn.role == "assistant"
    ] == [
        ["a"],
        ["a_2", "open"],
    ]
    results = [part for turn in turns for part in turn.parts if isinstance(part, ToolResult)]
    assert [result.parts[0].text for result in results] == ["1", "2", history.NO_RESULT]
    texts = [part.text for turn in turns for part in turn.parts if isinstance(part, Text)]
    assert texts == ["go", "Result of an earlier call of g:\nold", "Never mind."]
    assert history.settled(turns) is turns


def test_neighbouring_messages_that_each_make_one_call_are_one_turn():
    turns = (USER, *(Turn("assistant", (ToolCall(name, "f", "{}"),)) for name in "ab"))
    turns = (*turns, Turn("user", (ToolResult("b", ()), ToolResult("a", ()))))
    assert [len(turn.parts) for turn in history.settled(turns)] == [1, 2, 2]


@pytest.mark.parametrize("dialect", [Dialect.OPENAI_CHAT, Dialect.ANTHROPIC])
def test_a_clients_own_body_gets_the_results_that_it_lacks(dialect):
    if dialect is Dialect.OPENAI_CHAT:
        calls = [{"role": "assistant", "content": None, "tool_calls": [chat_call(name)]} for name in ("a", "a", "c")]
        result = {"role": "tool", "tool_call_id": "a", "content": "7"}
        messages = [
            calls[0],
            result,
            calls[1],
            {"role": "user", "content": "no"},
            {**result, "tool_call_id": "x"},
            calls[2],
        ]
        new = json_of(chat(messages))["messages"]
        assert [message.get("tool_call_id") for message in new] == [None, "a", None, "a_2", None, None, None, "c"]
        assert new[5] == {"role": "user", "content": "Result of an earlier call of a tool:\n7"}
        return
    calls = [{"role": "assistant", "content": [tool_use(name)]} for name in ("a", "a", "c")]
    users = [[tool_result("a")], [{"type": "text", "text": "no"}, tool_result("x", "7")]]
    messages = [
        calls[0],
        {"role": "user", "content": users[0]},
        calls[1],
        {"role": "user", "content": users[1]},
        calls[2],
    ]
    new = json_of(sent(passed({"messages": messages}, dialect), "anthropic"))["messages"]
    ids = [[block.get("id") or block.get("tool_use_id") for block in message["content"]] for message in new]
    assert ids == [["a"], ["a"], ["a_2"], ["a_2"], [None, None], ["c"], ["c"]]
    assert new[4]["content"][1]["text"] == "Result of an earlier call of a tool:\n7"


def test_results_in_one_message_stay_as_claude_code_sends_them():
    messages = [{"role": "assistant", "content": [tool_use("a"), tool_use("b")]}]
    messages.append(
        {"role": "user", "content": [tool_result("b"), tool_result("a"), {"type": "text", "text": "go on"}]}
    )
    call = passed({"model": "m", "messages": messages}, Dialect.ANTHROPIC)
    assert sent(call, "anthropic").request.body == call.raw


# --- Names of tools ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LONG, DOTTED, "1st", "näme"])
@pytest.mark.parametrize("provider", ["openai", "google", "bedrock", "anthropic"])
def test_names_that_a_provider_refuses_are_changed_everywhere_and_known_afterwards(provider, name):
    turns = (
        USER,
        Turn("assistant", (ToolCall("a", name, "{}"),)),
        Turn("user", (ToolResult("a", (Text("7"),), name),)),
    )
    conversation = Conversation(turns, tools=(Tool(name), Tool("lookup")))
    prepared = sent(Call(conversation, stream=False), provider)
    body = prepared.request.body.decode()
    longest = 128 if provider == "anthropic" else 64
    if provider == "anthropic" and name in (LONG, "1st"):
        assert prepared.names == {} and body.count(f'"{name}"') == 2
        return
    ((short, own),) = prepared.names.items()
    assert own == name and len(short) <= longest and short.isascii() and "." not in short
    assert body.count(f'"{short}"') == (3 if provider == "google" else 2) and json.dumps(name) not in body
    assert prepared == sent(Call(conversation, stream=False), provider)


def test_a_chat_clients_long_names_are_changed_in_tools_choice_and_calls():
    call = {"role": "assistant", "content": None, "tool_calls": [chat_call("a", LONG)]}
    result = {"role": "tool", "tool_call_id": "a", "content": "7", "name": LONG}
    tool = {"type": "function", "function": {"name": LONG, "parameters": {"type": "object", "properties": {}}}}
    choice = {"type": "function", "function": {"name": LONG}}
    prepared = chat([{"role": "user", "content": "go"}, call, result], tools=[tool], tool_choice=choice)
    ((short, own),) = prepared.names.items()
    assert own == LONG and len(short) <= 64
    assert prepared.request.body.decode().count(f'"{short}"') == 4 and LONG not in prepared.request.body.decode()


# --- Schemas ----------------------------------------------------------------------------------------------------------

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}


@pytest.mark.parametrize(
    "schema", [{"type": "object"}, {}, {"type": ["object", "null"]}, {"$schema": "x", "title": "y"}]
)
@pytest.mark.parametrize("own", [True, False])
def test_an_object_without_properties_gets_them_for_compatible_providers(schema, own):
    tool = {"type": "function", "function": {"name": "list", "parameters": schema}}
    if own:
        body = json_of(chat([{"role": "user", "content": "go"}], tools=[tool]))
    else:
        body = json_of(sent(Call(Conversation((USER,), tools=(Tool("list", schema=schema),)), stream=False)))
    parameters = body["tools"][0]["function"]["parameters"]
    assert parameters["type"] == "object" and parameters["properties"] == {}


def test_what_is_missing_within_a_schema_is_filled_in():
    schema = {"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "object"}, "c": True, "d": False}}
    assert filled_schema(schema)["properties"] == {
        "a": {"type": "array", "items": {}},
        "b": {"type": "object", "properties": {}},
        "c": {},
        "d": {"not": {}},
    }
    assert filled_schema(NUMBER) is NUMBER
    assert filled_schema({"items": [{"type": "string"}]}) == {"items": {"anyOf": [{"type": "string"}]}}


@pytest.mark.parametrize(
    ("schema", "properties", "required"),
    [
        ({"anyOf": [NUMBER, {"type": "object", "properties": {"m": {}}, "required": ["m"]}]}, {"n", "m"}, None),
        ({"oneOf": [NUMBER, NUMBER]}, {"n"}, ["n"]),
        ({"allOf": [NUMBER, {"properties": {"m": {}}}], "type": "object"}, {"n", "m"}, ["n"]),
        ({"$ref": "#/$defs/N", "$defs": {"N": NUMBER}}, {"n"}, ["n"]),
        ({"anyOf": [{"$ref": "#/$defs/N"}], "$defs": {"N": NUMBER}}, {"n"}, ["n"]),
        ({"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a"}, None),
    ],
)
def test_a_choice_at_the_top_becomes_one_object(schema, properties, required):
    found = object_schema(schema)
    assert found["type"] == "object" and not {"anyOf", "oneOf", "allOf", "$ref"} & found.keys()
    assert {*found["properties"]} == properties and found.get("required") == required


def test_anthropic_gets_no_choice_at_the_top_of_a_clients_own_schema():
    tool = {"name": "f", "input_schema": {"anyOf": [NUMBER, NUMBER]}}
    call = passed({"messages": [{"role": "user", "content": "go"}], "tools": [tool]}, Dialect.ANTHROPIC)
    assert json_of(sent(call, "anthropic"))["tools"][0]["input_schema"] == NUMBER


def test_gemini_gets_schemas_without_references():
    schema = {
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/N", "description": "d"}, "tree": {"$ref": "#/$defs/T"}},
        "$defs": {"N": NUMBER, "T": {"type": "object", "properties": {"kids": {"items": {"$ref": "#/$defs/T"}}}}},
    }
    body = gemini.request_writer.write_request(Conversation((USER,), tools=(Tool("f", schema=schema),)), model="m").body
    found = body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert "$ref" not in json.dumps(found) and "$defs" not in found
    assert found["properties"]["n"] == {**NUMBER, "description": "d"}
    assert found["properties"]["tree"]["properties"]["kids"] == {"items": {}}


def test_references_that_multiply_end():
    defs = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10} for n in range(12)}
    assert len(json.dumps(inlined_schema({"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs}))) < 1_000_000


CLOSED = {**NUMBER, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "openai", "claude"),
    [
        (CLOSED, True, True),
        (NUMBER, False, False),
        ({**CLOSED, "required": []}, False, True),
        ({**CLOSED, "properties": {"n": NUMBER}}, False, False),
        ({**CLOSED, "properties": {"n": {"allOf": []}}}, False, False),
    ],
)
def test_strict_mode_is_kept_where_the_schema_allows_it(schema, openai, claude):
    assert (is_strict(schema, all_required=True), is_strict(schema, all_required=False)) == (openai, claude)
    conversation = Conversation((USER,), tools=(Tool("f", schema=schema, strict=True),))
    prepared = sent(Call(conversation, stream=False))
    assert ("strict" in json_of(prepared)["tools"][0]["function"], "strict" in prepared.dropped) == (openai, not openai)
    for writer in (anthropic.request_writer, bedrock.request):
        written = writer.write_request(conversation, model="m")
        assert ('"strict"' in json.dumps(written.body), "strict" in written.dropped) == (claude, not claude)


# --- Namespaces -------------------------------------------------------------------------------------------------------


def namespace(name, *tools):
    return {"type": "namespace", "name": name, "description": "d", "tools": list(tools)}


def function(name):
    return {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("name", "flat"),
    [("mcp__docs__", "mcp__docs__search"), ("multi_agent_v1", "multi_agent_v1__search"), ("functions", "search")],
)
def test_a_tool_in_a_namespace_is_a_function_and_its_calls_come_back_in_the_namespace(name, flat):
    call = {"type": "function_call", "call_id": "c", "name": "search", "namespace": name, "arguments": "{}"}
    body = {
        "input": [GO, call, {"type": "function_call_output", "call_id": "c", "output": "7"}],
        "tools": [namespace(name, function("search"), {"type": "custom", "name": "run"}, {"type": "web_search"})],
        "tool_choice": {"type": "function", "name": "search", "namespace": name},
    }
    read = openai_responses.request_reader.read_request(body).translatable()
    assert read.tools[0].name == read.tool_choice.name == read.turns[1].parts[0].name == flat
    assert read.tools[1].free_text and read.dropped == ("tools[0].tools[2] (web_search)",)
    answer = Answer("1", "m", (ToolCall("a", flat, "{}"),), Finish.TOOL_CALLS, Usage())
    names = openai_responses.namespaces.own_names(read)
    (item,) = openai_responses.answer.write_answer(answer, model="m", created_s=0, own_names=names)["output"]
    assert (item["name"], item.get("namespace")) == ("search", None if name == "functions" else name)
    writer = openai_responses.stream.StreamWriter("m", 0, own_names=names)
    events = [ToolCallStarted(0, "a", flat), ToolCallDelta(0, "{}"), FinishedEvent(Finish.TOOL_CALLS)]
    frames = b"".join([*map(writer.feed, events), writer.finish()])
    found = [json.loads(line[6:]) for line in frames.decode().splitlines() if line.startswith("data: ")]
    assert {event["item"]["name"] for event in found if "item" in event} == {"search"}
    assert next(event["name"] for event in found if event["type"].endswith("arguments.done")) == "search"
    assert found[-1]["response"]["output"][0] == {**item, "id": found[-1]["response"]["output"][0]["id"]}


@pytest.mark.parametrize(
    "tools",
    [
        [function("docs__search"), namespace("docs", function("search"))],
        [namespace("docs", function("search")), namespace("docs__", function("search"))],
        [namespace("docs", function("search"), function("search"))],
    ],
)
def test_names_that_collide_are_refused_with_the_field(tools):
    with pytest.raises(RequestError, match=r"docs__search.*Rename") as caught:
        openai_responses.request_reader.read_request({"input": "go", "tools": tools}).translatable()
    assert caught.value.field.startswith("tools[")


# --- Users, stops, speakers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "longest"), [("openai", 64), ("openrouter", 128), ("vllm", 64), ("anthropic", 256)]
)
def test_a_users_id_that_is_too_long_is_a_hash_the_same_each_time(provider, longest):
    def user(text):
        body = json_of(sent(Call(Conversation((USER,), user=text), stream=False), provider))
        return body["metadata"]["user_id"] if provider == "anthropic" else body["user"]

    assert user("u" * longest) == "u" * longest
    assert len(user("u" * (longest + 1))) == 32 and user("u" * 300) == user("u" * 300) != user("u" * 301)


def test_ids_in_a_clients_own_body_are_hashed_too():
    body = json_of(chat([{"role": "user", "content": "go"}], user="u" * 65, safety_identifier="jane@example.com"))
    assert body["user"] == fitting_user("u" * 65, longest=64) and body["safety_identifier"] == "jane@example.com"
    call = {"messages": [{"role": "user", "content": "go"}], "metadata": {"user_id": "u" * 257}}
    assert len(json_of(sent(passed(call, Dialect.ANTHROPIC), "anthropic"))["metadata"]["user_id"]) == 32


@pytest.mark.parametrize(
    ("provider", "most"), [("openai", 4), ("groq", 4), ("deepseek", 16), ("google", 5), ("vllm", 20), ("anthropic", 20)]
)
def test_stop_sequences_above_the_limit_are_left_out_and_named(provider, most):
    stops = tuple(f"s{n}" for n in range(20))
    prepared = sent(Call(Conversation((USER,), stop=stops), stream=False), provider)
    body = json_of(prepared)
    found = body.get("stop") or body.get("stop_sequences") or body["generationConfig"]["stopSequences"]
    assert found == list(stops[:most])
    assert prepared.dropped == (("stop",) if most < 20 else ())


def test_a_clients_own_stop_sequences_are_cut_too():
    prepared = chat([{"role": "user", "content": "go"}], stop=list("abcdef"))
    assert (json_of(prepared)["stop"], prepared.dropped) == (list("abcd"), ("stop",))


@pytest.mark.parametrize(("model", "most"), [("amazon.nova-pro-v1:0", 4), ("mistral.large", 10), ("anthropic.x", 20)])
def test_bedrocks_families_take_different_numbers_of_stop_sequences(model, most):
    written = bedrock.request.write_request(Conversation((USER,), stop=tuple("abcdefghijklmnopqrst")), model=model)
    assert len(written.body["inferenceConfig"]["stopSequences"]) == most
    assert written.dropped == (("stop",) if most < 20 else ())


GROUP = [
    {"role": "user", "name": "Ann Lee", "content": "Tea?"},
    {"role": "assistant", "name": "bot", "content": "Yes."},
    {"role": "user", "name": "bob", "content": [{"type": "text", "text": "Me too."}]},
]


def test_names_of_speakers_are_kept_where_the_provider_takes_them():
    assert [message["name"] for message in json_of(chat(GROUP))["messages"]] == ["Ann_Lee", "bot", "bob"]
    assert [message.get("name") for message in json_of(chat(GROUP, "xai"))["messages"]] == ["Ann_Lee", None, "bob"]


@pytest.mark.parametrize("provider", ["mistral", "groq"])
def test_names_that_tell_people_apart_are_said_in_the_text_elsewhere(provider):
    prepared = chat(GROUP, provider)
    assert json_of(prepared)["messages"] == [
        {"role": "user", "content": "Ann Lee: Tea?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": [{"type": "text", "text": "bob:"}, {"type": "text", "text": "Me too."}]},
    ]
    assert prepared.dropped == ("name",)
    alone = chat(GROUP[:1], provider)
    assert json_of(alone)["messages"] == [{"role": "user", "content": "Tea?"}] and alone.dropped == ("name",)


def test_other_dialects_say_names_in_the_text_where_there_are_several():
    read = openai_chat.request_reader.read_request({"messages": GROUP})
    texts = [part.text for turn in turns_for(read, Dialect.ANTHROPIC) for part in turn.parts]
    assert texts == ["Ann Lee: Tea?", "Yes.", "bob: Me too."]
    alone = openai_chat.request_reader.read_request({"messages": GROUP[:2]})
    assert [part.text for turn in turns_for(alone, None) for part in turn.parts] == ["Tea?", "Yes."]


@pytest.mark.parametrize("provider", ["mistral", "groq", "cerebras"])
def test_fields_that_a_client_sends_back_do_not_reach_a_provider_that_refuses_them(provider):
    """The whole message of an answer comes back from several clients: `property 'annotations' is unsupported`."""
    echoed = {"role": "assistant", "content": "Hi.", "refusal": None, "annotations": [], "reasoning_details": [1]}
    prepared = chat([GO, echoed, GO], provider)
    assert json_of(prepared)["messages"] == [GO, {"role": "assistant", "content": "Hi."}, GO]
    assert prepared.dropped == ("reasoning_details",)
    assert json_of(chat([GO, echoed, GO], "openrouter"))["messages"][1] == echoed


def test_mistral_gets_a_word_of_the_assistant_between_results_and_a_user():
    called = {"role": "assistant", "content": "", "tool_calls": [chat_call("abcDEF123")]}
    result = {"role": "tool", "tool_call_id": "abcDEF123", "content": "7"}
    messages = json_of(chat([GO, called, result, GO], "mistral"))["messages"]
    assert messages == [GO, called, result, {"role": "assistant", "content": "OK."}, GO]
    assert json_of(chat([GO, called, result], "mistral"))["messages"] == [GO, called, result]


@pytest.mark.parametrize("own", [True, False])
def test_open_models_get_one_system_message_at_the_start(own):
    """Codex sends instructions, and then a developer's message (vllm-project/vllm#41114)."""
    system, developer = ({"role": role, "content": role} for role in ("system", "developer"))
    messages = [system, developer, GO, {**developer, "content": [{"type": "text", "text": "resized"}]}]
    if own:
        new = json_of(chat(messages, "vllm"))["messages"]
    else:
        read = openai_responses.request_reader.read_request({"instructions": "system", "input": messages[1:]})
        new = json_of(sent(Call(read, stream=False), "vllm"))["messages"]
    late = {"role": "user", "content": "<system>\nresized\n</system>"}
    assert new == [{"role": "system", "content": "system\n\ndeveloper"}, GO, late]
    assert json_of(chat([GO, system], "vllm"))["messages"] == [GO, {**late, "content": "<system>\nsystem\n</system>"}]
    kept = [{**message, "role": message["role"].replace("developer", "system")} for message in messages]
    assert json_of(chat(messages, "deepseek"))["messages"] == kept


@pytest.mark.parametrize("provider", ["openai", "google", "bedrock", "anthropic"])
def test_of_several_tools_with_one_name_the_first_is_sent(provider):
    tools = (Tool("f", "first"), Tool("g", "other"), Tool("f", "second"))
    body = sent(Call(Conversation((USER,), tools=tools), stream=False), provider).request.body
    assert b"first" in body and b"other" in body and b"second" not in body


def test_a_clients_own_tools_are_sent_once_too():
    one, other = ({"type": "function", "function": {**function("f"), "description": word}} for word in ("a", "b"))
    assert len(json_of(chat([GO], tools=[one, other]))["tools"]) == 1
    tools = [{"name": "f", "input_schema": NUMBER}, {"name": "f", "input_schema": NUMBER}]
    assert len(json_of(sent(passed({"messages": [GO], "tools": tools}, Dialect.ANTHROPIC), "anthropic"))["tools"]) == 1
