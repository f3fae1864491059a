"""What must hold for any conversation and any answer: nothing is lost that both sides can say, and nothing crashes."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.dialects.conversation import (
    Answer,
    Conversation,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Media,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolResult,
    Turn,
    Usage,
    UsageSeen,
)
from router.dialects.shared.parts import arguments_object, arguments_text, clean_id, made_up_id
from router.dialects.table import TABLE, row
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import JsonObject
from tests.router.dialects.frames import encode_frame
from tests.router.dialects.rooms import anthropic, bedrock, gemini, openai_chat, openai_responses

for _dialect in TABLE:
    row(_dialect)  # loads its modules

FEW = settings(max_examples=60, deadline=None)

# --- Values -----------------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), max_size=12)
said = words.filter(lambda text: text.strip())
whole = st.integers(0, 10**6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
arguments = st.one_of(
    st.dictionaries(words, json_values, max_size=3).map(lambda value: encode_json(value).decode()),
    st.sampled_from(["", " ", "{", "[1]", '"x"', "nul", "{'a': 1}", '{"a": NaN}', '{"a": 1e999}', "{} {}", "é" * 5]),
    words,
)
calls = st.lists(
    st.builds(ToolCall, id=said, name=said, arguments=arguments), min_size=1, max_size=4, unique_by=lambda call: call.id
)


def same_arguments(text: str) -> object:
    """What must survive: the value of an object, the text of anything else; no text is an empty object."""
    return arguments_object(text)


def conversation_of(made: list[ToolCall]) -> Conversation:
    results = tuple(ToolResult(call.id, (Text(f"result {n}"),), name=call.name) for n, call in enumerate(made))
    return Conversation((Turn("user", (Text("go"),)), Turn("assistant", tuple(made)), Turn("user", results)))


def bedrock_history(body: JsonObject) -> tuple[list[ToolCall], list[tuple[str, str]]]:
    """Bedrock is no client's dialect: its history is read as an answer's content is."""
    answer = bedrock.answer.read_answer({"output": {"message": body["messages"][1]}})
    results = [block["toolResult"] for block in body["messages"][2]["content"]]
    return list(answer.parts), [(result["toolUseId"], result["content"][0]["text"]) for result in results]


def read_history(conversation: Conversation) -> tuple[list[ToolCall], list[tuple[str, str]]]:
    made, results = conversation.turns[1].parts, conversation.turns[2].parts
    return list(made), [(result.call_id, result.parts[0].text) for result in results]


HISTORIES = {
    "anthropic": (anthropic.request_writer, lambda body: read_history(anthropic.request_reader.read_request(body))),
    "gemini": (gemini.request_writer, lambda body: read_history(gemini.request_reader.read_request(body))),
    "bedrock": (bedrock.request, bedrock_history),
}


@pytest.mark.parametrize("dialect", HISTORIES)
@FEW
@given(made=calls)
def test_tool_calls_and_their_results_survive_the_dialect(dialect, made):
    writer, read_back = HISTORIES[dialect]
    written = writer.write_request(conversation_of(made), model="m")
    read, results = read_back(written.body)
    assert [written.names.get(call.name, call.name) for call in read] == [call.name for call in made]
    assert [same_arguments(call.arguments) for call in read] == [same_arguments(call.arguments) for call in made]
    assert [call_id for call_id, _ in results] == [call.id for call in read]
    assert [text for _, text in results] == [f"result {n}" for n in range(len(made))]
    assert len({call.id for call in read}) == len(made)


@FEW
@given(text=arguments)
def test_arguments_survive_the_way_to_an_object_and_back(text):
    again = arguments_text(arguments_object(text))
    assert arguments_object(again) == arguments_object(text)
    json.loads(encode_json(arguments_object(text)))


@FEW
@given(ids=st.lists(words, unique=True, max_size=20))
def test_clean_ids_are_clean_stay_apart_and_stay_clean(ids):
    clean = [clean_id(call_id) for call_id in ids]
    assert len(set(clean)) == len(ids)
    assert all(clean_id(call_id) == call_id and 0 < len(call_id) <= 64 for call_id in clean)


def test_made_up_ids_are_the_same_for_the_same_place_only():
    assert made_up_id(seed="r", index=0) == made_up_id(seed="r", index=0)
    assert len({made_up_id(seed=seed, index=index) for seed in ("r", "s") for index in (0, 1)}) == 4


# --- Whole answers ----------------------------------------------------------------------------------------------------

usages = st.builds(
    lambda fresh, read, out, thought: Usage(fresh + read, out + thought, cache_read_tokens=read),
    whole,
    whole,
    whole,
    whole,
)
signatures = st.none() | st.sampled_from(["c2ln", "YWJj"])


@st.composite
def answers(draw):
    parts = draw(st.lists(st.builds(Text, said) | st.builds(Thinking, said), max_size=4))
    made = draw(st.just([]) | calls)
    endings = [Finish.TOOL_CALLS] if made else [Finish.STOP, Finish.LENGTH, Finish.CONTENT_FILTER]
    return Answer(draw(said), "m", (*parts, *made), draw(st.sampled_from(endings)), draw(usages))


def in_essence(answer: Answer) -> tuple[object, ...]:
    """An answer without how its arguments are spelt."""
    parts = [(p.id, p.name, same_arguments(p.arguments)) if isinstance(p, ToolCall) else p for p in answer.parts]
    return (answer.id, answer.model, parts, answer.finish, answer.usage)


@pytest.mark.parametrize("dialect", [anthropic, gemini], ids=["anthropic", "gemini"])
@FEW
@given(answer=answers())
def test_an_answer_that_a_client_gets_reads_as_the_one_that_was_written(dialect, answer):
    assert in_essence(dialect.answer.read_answer(dialect.answer.write_answer(answer, model="m"))) == in_essence(answer)


# --- Streams ----------------------------------------------------------------------------------------------------------


@st.composite
def streams(draw):
    """Events as providers send them: text and thinking, then calls whose arguments interleave, finish and usage."""
    usage = draw(usages.filter(lambda drawn: drawn.input_tokens > 0))  # no request has none: 0 says "not counted"
    events = [Started(draw(said), "m", draw(st.none() | st.just(Usage(usage.input_tokens, 1))))]
    events += draw(st.lists(st.builds(TextDelta, words) | st.builds(ThinkingDelta, words, signatures), max_size=5))
    made = draw(st.just([]) | calls)
    queues = []
    for index, call in enumerate(made):
        cut = draw(st.integers(0, len(call.arguments)))
        pieces = [ToolCallDelta(index, call.arguments[:cut]), ToolCallDelta(index, call.arguments[cut:])]
        queues.append([ToolCallStarted(index, call.id, call.name), *pieces])
    started = 0
    while any(queues):
        ready = [n for n, queue in enumerate(queues) if queue and n <= started]
        chosen = draw(st.sampled_from(ready))
        started = max(started, chosen + 1)
        events.append(queues[chosen].pop(0))
    endings = [Finish.TOOL_CALLS] if made else [Finish.STOP, Finish.LENGTH, Finish.CONTENT_FILTER]
    last = [Finished(draw(st.sampled_from(endings))), UsageSeen(usage)]
    return events + (last if draw(st.booleans()) else last[::-1])


def summary(events: list[object]) -> dict[str, object]:
    """What a stream said, however it was cut into events."""
    made: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event, ToolCallStarted):
            made[event.index] = [event.id, event.name, ""]
        elif isinstance(event, ToolCallDelta):
            made[event.index][2] += event.arguments
    return {
        "text": "".join(event.text for event in events if isinstance(event, TextDelta)),
        "thinking": "".join(event.text for event in events if isinstance(event, ThinkingDelta)),
        "calls": [(call[0], call[1], same_arguments(call[2])) for _, call in sorted(made.items())],
        "usage": [event.usage for event in events if isinstance(event, UsageSeen)][-1:],
        "finish": [event.finish for event in events if isinstance(event, Finished)],
        "id": [event.id for event in events if isinstance(event, Started)],
    }


STREAM_WRITERS = {
    "anthropic": (lambda: anthropic.stream.StreamWriter("m", 5), anthropic.stream.StreamReader),
    "gemini": (lambda: gemini.stream.StreamWriter("m"), gemini.stream.StreamReader),
}


@pytest.mark.parametrize("dialect", STREAM_WRITERS)
@FEW
@given(events=streams(), data=st.data())
def test_a_stream_that_a_client_gets_says_what_the_provider_said(dialect, events, data):
    make_writer, make_reader = STREAM_WRITERS[dialect]
    writer, reader = make_writer(), make_reader()
    raw = b"".join(writer.feed(event) + writer.keepalive() for event in events) + writer.finish()
    read = []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        read += reader.feed(raw[start:end])
    assert summary(read + reader.close()) == summary(events)


@pytest.mark.parametrize(
    "usage", [Usage(7, 0), Usage(100, 3, cache_read_tokens=100), Usage(5, 0, cache_read_tokens=5)], ids=str
)
def test_a_count_of_none_is_told_from_one_that_was_not_made(usage):
    writer, reader = anthropic.stream.StreamWriter("m", 5), anthropic.stream.StreamReader()
    events = [Started("1", "m", None), Finished(Finish.STOP), UsageSeen(usage)]
    raw = b"".join(writer.feed(event) for event in events) + writer.finish()
    assert summary(reader.feed(raw) + reader.close())["usage"] == [usage]


@FEW
@given(events=streams())
def test_geminis_array_form_says_the_same_as_its_frames(events):
    as_frames, as_array = gemini.stream.StreamWriter("m"), gemini.stream.StreamWriter("m", as_array=True)
    raw = b"".join(as_frames.feed(event) for event in events) + as_frames.finish()
    array = b"".join(as_array.feed(event) for event in events) + as_array.finish()
    assert json.loads(array) == [json.loads(line[6:]) for line in raw.splitlines() if line]


@FEW
@given(events=streams())
def test_anthropics_blocks_are_numbered_in_order_and_never_overlap(events):
    writer = anthropic.stream.StreamWriter("m", 5)
    raw = b"".join(writer.feed(event) for event in events) + writer.finish()
    items = [json.loads(line[6:]) for line in raw.splitlines() if line.startswith(b"data: ")]
    opened, begun = None, 0
    for item in items:
        if item["type"] == "content_block_start":
            assert opened is None
            assert item["index"] == begun
            opened, begun = begun, begun + 1
        elif item["type"] == "content_block_delta":
            assert item["index"] == opened
        elif item["type"] == "content_block_stop":
            assert item["index"] == opened
            opened = None
    assert opened is None
    assert [items[0]["type"], items[-2]["type"], items[-1]["type"]] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]


# --- Hostile bodies ---------------------------------------------------------------------------------------------------

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}
ANTHROPIC_BODY: JsonObject = {
    "model": "m",
    "max_tokens": 5,
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "x"}, IMAGE]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "a", "content": [IMAGE], "is_error": True}],
        },
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "document", "title": "t", "source": {"type": "text", "data": "d"}}]},
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "stop_sequences": ["x"],
    "metadata": {"user_id": "u"},
    "temperature": 1,
    "top_k": 1,
    "stream": True,
}
GEMINI_BODY: JsonObject = {
    "contents": [
        {"role": "user", "parts": [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": "eA=="}}]},
        {"role": "model", "parts": [{"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "s"}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "r"}, "parts": []}}]},
        {"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": "https://x/y.png"}}]},
    ],
    "systemInstruction": {"parts": [{"text": "s"}]},
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"a": {}}}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "temperature": 1,
        "stopSequences": ["x"],
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT"},
        "thinkingConfig": {"thinkingBudget": 5},
        "candidateCount": 1,
    },
}
ANTHROPIC_ANSWER: JsonObject = {
    "id": "i",
    "model": "m",
    "content": [
        {"type": "text", "text": "x"},
        {"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 2, "output_tokens_details": {"thinking_tokens": 1}},
}
GEMINI_ANSWER: JsonObject = {
    "candidates": [
        {
            "content": {"parts": [{"text": "x", "thoughtSignature": "s"}, {"functionCall": {"name": "f", "args": {}}}]},
            "finishReason": "STOP",
        }
    ],
    "promptFeedback": {"blockReason": "SAFETY"},
    "usageMetadata": {"promptTokenCount": 1},
    "responseId": "r",
}
BEDROCK_ANSWER: JsonObject = {
    "output": {
        "message": {
            "content": [
                {"text": "x"},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
                {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}},
                {"citationsContent": {"content": [{"text": "c"}]}},
            ]
        }
    },
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1},
}
ERRORS: JsonObject = {
    "error": {
        "type": "invalid_request_error",
        "status": "RESOURCE_EXHAUSTED",
        "code": 400,
        "message": "temperature is not supported",
        "details": [{"retryDelay": "3s", "reason": "x", "violations": [{"quotaId": "perDay"}]}],
    },
    "message": "m",
    "__type": "a#B",
}


def paths(value: object, so_far: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every value inside a value, itself included."""
    found = [so_far]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += paths(inner, (*so_far, key))
    return found


@st.composite
def spoilt(draw, body: JsonObject):
    """The body with one to three of its values replaced by anything."""
    changed = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(paths(changed)[1:] or [()]))
        if not way:
            break
        place = changed
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = draw(json_values)
    return changed


CLIENTS = {
    "anthropic": (ANTHROPIC_BODY, anthropic.request_reader.read_request),
    "gemini": (GEMINI_BODY, gemini.request_reader.read_request),
}
WRITERS = [
    lambda c: anthropic.request_writer.write_request(c, model="m"),
    lambda c: gemini.request_writer.write_request(c, model="gemini-2.5-flash"),
    lambda c: bedrock.request.write_request(c, model="anthropic.claude"),
    lambda c: openai_chat.request_writer.write_request(c, model="m"),
    lambda c: openai_responses.request_writer.write_request(c, model="m"),
]


@pytest.mark.parametrize("dialect", CLIENTS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_hostile_request_is_a_request_error_or_can_be_sent_on(dialect, data):
    body, read = CLIENTS[dialect]
    try:
        conversation = read(data.draw(spoilt(body))).translatable()
    except RequestError as exc:
        assert exc.field
        return
    for write in WRITERS:
        try:
            encode_json(write(conversation).body)
        except RequestError as exc:
            assert exc.code == "unsupported_media"


@pytest.mark.parametrize("dialect", CLIENTS)
def test_the_unspoilt_requests_are_read_and_sent_on(dialect):
    body, read = CLIENTS[dialect]
    conversation = read(copy.deepcopy(body)).translatable()
    for write in (WRITERS[0], WRITERS[3]):
        assert write(conversation).body["messages"]


PROVIDERS = {
    "anthropic": (ANTHROPIC_ANSWER, anthropic.answer.read_answer),
    "gemini": (GEMINI_ANSWER, gemini.answer.read_answer),
    "bedrock": (BEDROCK_ANSWER, bedrock.answer.read_answer),
}


@pytest.mark.parametrize("dialect", PROVIDERS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_hostile_answer_is_a_value_error_or_can_be_handed_on(dialect, data):
    body, read = PROVIDERS[dialect]
    try:
        answer = read(data.draw(spoilt(body)))
    except ValueError:
        return
    for client in (anthropic, gemini):
        assert encode_json(client.answer.write_answer(answer, model="m")).startswith(b"{")


@pytest.mark.parametrize("dialect", [anthropic, gemini, bedrock], ids=["anthropic", "gemini", "bedrock"])
@settings(max_examples=150, deadline=None)
@given(body=spoilt(ERRORS).map(encode_json) | json_values.map(encode_json) | st.binary(max_size=30), wait=words)
def test_a_hostile_error_is_a_failure(dialect, body, wait):
    failure = dialect.failure.read_failure(400, {"Retry-After": wait, "x-amzn-errortype": wait}, body, now_s=0.0)
    assert isinstance(failure.kind, FailureKind)
    assert failure.retry_after_s is None or failure.retry_after_s >= 0
    assert len(failure.message) <= 2000


ANTHROPIC_FRAMES: JsonObject = {
    "frames": [
        {"type": "message_start", "message": ANTHROPIC_ANSWER},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "x"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
        {"type": "error", "error": {"type": "api_error", "message": "m"}},
    ]
}
GEMINI_FRAMES: JsonObject = {"frames": [GEMINI_ANSWER, {"error": {"code": 500, "message": "m"}}]}
BEDROCK_FRAMES: JsonObject = {
    "frames": [
        ["messageStart", {"role": "assistant"}],
        ["contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}],
        ["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}],
        ["contentBlockStop", {"contentBlockIndex": 0}],
        ["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"reasoningContent": {"text": "t"}}}],
        ["messageStop", {"stopReason": "tool_use"}],
        ["metadata", {"usage": {"inputTokens": 1}}],
    ]
}


def handed_on(events: list[object]) -> None:
    for writer in (anthropic.stream.StreamWriter("m", 1), gemini.stream.StreamWriter("m")):
        b"".join(writer.feed(event) for event in events) + writer.finish()


@pytest.mark.parametrize(
    ("frames", "make_reader"),
    [(ANTHROPIC_FRAMES, anthropic.stream.StreamReader), (GEMINI_FRAMES, gemini.stream.StreamReader)],
    ids=["anthropic", "gemini"],
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_hostile_stream_ends_in_a_finish_or_a_failure(frames, make_reader, data):
    body = data.draw(spoilt(frames))
    frames_list = body["frames"] if isinstance(body["frames"], list) else [body["frames"]]
    reader = make_reader()
    raw = b"".join(b"data: " + encode_json(frame) + b"\n\n" for frame in frames_list)
    events = reader.feed(raw) + reader.close()
    assert any(isinstance(event, Failed | Finished) for event in events)
    handed_on(events)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_frames_end_in_a_finish_or_a_failure(data):
    body = data.draw(spoilt(BEDROCK_FRAMES))
    reader = bedrock.stream.StreamReader()
    events = []
    for frame in body["frames"] if isinstance(body["frames"], list) else []:
        name, item = frame if isinstance(frame, list) and len(frame) == 2 else ("metadata", frame)
        events += reader.feed(encode_frame({":event-type": str(name), ":message-type": "event"}, encode_json(item)))
    events += reader.close()
    assert any(isinstance(event, Failed | Finished) for event in events)
    handed_on(events)


@FEW
@given(raw=st.binary(max_size=60))
def test_random_bytes_are_a_failure_at_the_end(raw):
    for reader in (anthropic.stream.StreamReader(), gemini.stream.StreamReader()):
        events = reader.feed(b"data: " + raw + b"\n\n") + reader.close()
        assert isinstance(events[-1], Failed)


def test_chats_follow_up_history_is_written_alike_from_any_client():
    """The third wire sample of the contract, from OpenAI's dialect and from Anthropic's."""

    def call(call_id, name, arguments):
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}

    chat = {
        "messages": [
            {"role": "user", "content": "Weather and time?"},
            {
                "role": "assistant",
                "content": "Let me check.",
                "tool_calls": [call("call_a", "get_weather", '{"city":"Paris"}'), call("call_b", "get_time", "{}")],
            },
            {"role": "tool", "tool_call_id": "call_a", "content": "18C"},
            {"role": "tool", "tool_call_id": "call_b", "content": "10:00"},
        ]
    }
    conversation = openai_chat.request_reader.read_request(chat)
    again = anthropic.request_reader.read_request(anthropic.request_writer.write_request(conversation, model="m").body)
    for write in WRITERS[:3]:
        written = write(conversation).body
        turns = written.get("messages") or written["contents"]
        assert [turn["role"] for turn in turns] in (["user", "assistant", "user"], ["user", "model", "user"])
        assert (write(again).body.get("messages") or write(again).body["contents"]) == turns


def test_deep_nesting_is_kept_as_text():
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    assert arguments_text(arguments_object(deep)) == deep


def test_media_by_a_place_that_is_no_url_are_refused_by_every_writer():
    turn = Turn("user", (Media("image", url="file:///etc/passwd"),))
    for write in WRITERS[:3]:
        with pytest.raises(RequestError, match="passwd"):
            write(Conversation((turn,)))
