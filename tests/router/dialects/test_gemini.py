import base64
import json
from dataclasses import replace

import pytest

from router.dialects.conversation import (
    Answer,
    AnswerFormat,
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
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
    Turn,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.gemini.answer import read_answer, write_answer
from router.dialects.gemini.failure import failure_status, read_failure, write_failure
from router.dialects.gemini.request_fields import json_schema
from router.dialects.gemini.request_writer import NO_SIGNATURE, write_request
from router.dialects.gemini.stream import StreamReader, StreamWriter
from router.errors import RequestError
from router.types import Dialect
from tests.router.dialects.rooms import gemini

PNG = base64.b64encode(b"\x89PNG").decode()
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("get_weather", "The weather.", SCHEMA)
GOLDEN_HISTORY = [
    {
        "role": "model",
        "parts": [
            {"text": "Let me check."},
            {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}, "thoughtSignature": NO_SIGNATURE},
            {"functionCall": {"name": "get_time", "args": {}}},
        ],
    },
    {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "get_weather", "response": {"result": "18C"}}},
            {"functionResponse": {"name": "get_time", "response": {"result": "10:00"}}},
        ],
    },
]
CALLS = Turn(
    "assistant",
    (
        Text("Let me check."),
        ToolCall("call_a", "get_weather", '{"city":"Paris"}'),
        ToolCall("call_b", "get_time", "{}"),
    ),
)
NEUTRAL_HISTORY = (
    Turn("user", (Text("Weather and time?"),)),
    CALLS,
    Turn("user", (ToolResult("call_a", (Text("18C"),)),)),
    Turn("user", (ToolResult("call_b", (Text("10:00"),)),)),
)


def read_request(body, **options):
    """As a provider of another dialect is told: the first problem is raised."""
    return gemini.request_reader.read_request(body, **options).translatable()


def ask(*turns, **fields):
    return Conversation(turns or (Turn("user", (Text("hi"),)),), **fields)


def written(conversation, model="gemini-3-pro", **options):
    return write_request(conversation, model=model, **options)


def config_of(conversation, **options):
    return written(conversation, **options).body.get("generationConfig", {})


def contents(*parts, role="user"):
    return {"contents": [{"role": role, "parts": list(parts)}]}


def frames(*bodies):
    return b"".join(b"data: " + json.dumps(body).encode() + b"\r\n\r\n" for body in bodies)


def frame(*parts, finish=None, **fields):
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **fields}


# --- A client's request -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("snake", [False, True])
def test_a_clients_body_becomes_a_conversation_in_either_spelling_of_keys(snake):
    body = {
        "contents": [{"parts": [{"text": "hi"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"},
        "tools": [{"functionDeclarations": [{"name": "get_weather", "description": "The weather.", "parameters": {
            "type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}},
        "generationConfig": {"temperature": 0.2, "maxOutputTokens": 5, "stopSequences": ["END"], "seed": 3,
            "topK": 4, "candidateCount": 2, "thinkingConfig": {"thinkingLevel": "LOW"}},
    }  # fmt: skip
    if snake:
        text = json.dumps(body)
        for camel, plain in {
            "systemInstruction": "system_instruction",
            "functionDeclarations": "function_declarations",
            "toolConfig": "tool_config",
            "functionCallingConfig": "function_calling_config",
            "allowedFunctionNames": "allowed_function_names",
            "generationConfig": "generation_config",
            "maxOutputTokens": "max_output_tokens",
            "stopSequences": "stop_sequences",
            "thinkingConfig": "thinking_config",
            "thinkingLevel": "thinking_level",
        }.items():
            text = text.replace(camel, plain)
        body = json.loads(text)
    assert read_request(body, model="auto", stream=True) == Conversation(
        turns=(Turn("system", (Text("Be brief."),)), Turn("user", (Text("hi"),))),
        model="auto",
        tools=(WEATHER,),
        tool_choice=ToolChoice("named", "get_weather"),
        max_output_tokens=5,
        temperature=0.2,
        top_k=4,
        stop=("END",),
        effort="low",
        n=2,
        seed=3,
        stream=True,
        include_usage=True,
    )


def test_calls_without_ids_are_paired_with_their_responses_in_order():
    parts = [{"functionCall": {"name": "f", "args": {"x": n}}} for n in (1, 2)]
    replies = [{"functionResponse": {"name": "f", "response": {"output": str(n)}}} for n in (1, 2)]
    turns = read_request(
        {"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": parts},
                      {"role": "user", "parts": replies}]}
    ).turns  # fmt: skip
    assert [call.id for call in turns[1].parts] == [result.call_id for result in turns[2].parts]
    assert turns[1].parts[0].id != turns[1].parts[1].id
    assert [result.parts for result in turns[2].parts] == [(Text("1"),), (Text("2"),)]


def test_a_response_is_text_an_error_or_a_json_object():
    parts = [
        {"functionResponse": {"id": "a", "name": "f", "response": {"error": "no"}}},
        {"functionResponse": {"id": "b", "name": "f", "response": {"x": 1, "y": 2}}},
    ]
    assert read_request(contents(*parts)).turns[0].parts == (
        ToolResult("a", (Text("no"),), name="f", is_error=True),
        ToolResult("b", (Text('{"x":1,"y":2}'),), name="f"),
    )


def test_a_signature_is_thinking_before_its_part_and_the_dummy_is_none():
    parts = [
        {"text": "hm", "thought": True},
        {"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "b", "name": "f", "args": {}}, "thoughtSignature": NO_SIGNATURE},
    ]
    read = read_request(contents(*parts, role="model")).turns[0].parts
    assert read == (Thinking("hm"), Thinking("", "c2ln"), ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}"))


def test_media_are_read_by_bytes_and_by_url():
    parts = [
        {"inline_data": {"mime_type": "image/png", "data": PNG}},
        {"inlineData": {"mimeType": "audio/wav", "data": "-_8"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x/y.pdf"}},
    ]
    assert read_request(contents(*parts)).turns[0].parts == (
        Media("image", media_type="image/png", data=PNG),
        Media("audio", media_type="audio/wav", data="+/8="),
        Media("document", media_type="application/pdf", url="https://x/y.pdf"),
    )


def test_googles_schemas_become_json_schema():
    google = {
        "type": "OBJECT",
        "properties": {"type": {"type": "STRING", "nullable": True, "enum": ["a"]}, "n": {"type": "ARRAY", "items": {
            "type": "INTEGER"}}},
        "propertyOrdering": ["n"],
        "required": ["n"],
    }  # fmt: skip
    assert json_schema(google) == {
        "type": "object",
        "properties": {
            "type": {"type": ["string", "null"], "enum": ["a", None]},
            "n": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["n"],
    }


def test_what_has_no_neutral_form_is_named():
    body = {
        **contents({"text": "hi"}, {"executableCode": {}}),
        "safetySettings": [],
        "tools": [{"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"speechConfig": {}},
    }
    assert set(read_request(body).dropped) == {
        "safetySettings",
        "generationConfig.speechConfig",
        "tools[0].googleSearch",
        "contents[0].parts[1]",
        "toolConfig",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "contents"),
        ({"contents": 5}, "contents"),
        ({"contents": [{"role": "tool"}]}, "contents[0].role"),
        (contents({"text": 5}), "contents[0].parts[0].text"),
        (contents({"functionCall": {"name": "f"}}), "contents[0].parts[0]"),
        (contents({"functionCall": {"args": {}}}, role="model"), "contents[0].parts[0].functionCall.name"),
        (contents({"inlineData": {"mimeType": "video/mp4", "data": PNG}}), "contents[0].parts[0].inlineData.mimeType"),
        (
            contents({"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}}),
            "contents[0].parts[0].fileData.fileUri",
        ),
        ({**contents({"text": "x"}), "cachedContent": "c"}, "cachedContent"),
        ({**contents({"text": "x"}), "generationConfig": {"topP": 2}}, "generationConfig.topP"),
        (
            {**contents({"text": "x"}), "generationConfig": {"responseMimeType": "image/png"}},
            "generationConfig.responseMimeType",
        ),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        read_request(body)
    assert caught.value.field == field


# --- A provider's request ---------------------------------------------------------------------------------------------


def test_the_golden_history_is_written_with_names_looked_up_and_the_first_call_signed():
    body = written(Conversation(NEUTRAL_HISTORY)).body
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Weather and time?"}]}, *GOLDEN_HISTORY]}


def test_responses_are_in_the_order_of_their_calls():
    turns = (*NEUTRAL_HISTORY[:2], NEUTRAL_HISTORY[3], NEUTRAL_HISTORY[2])
    assert written(Conversation(turns)).body["contents"][2] == GOLDEN_HISTORY[1]


def test_a_signature_of_this_provider_goes_back_onto_its_call():
    turn = Turn("assistant", (Thinking("hm", "c2ln"), ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")))
    conversation = ask(Turn("user", (Text("x"),)), turn)
    own = replace(conversation, dialect=Dialect.GEMINI)
    kept = written(own).body["contents"][1]["parts"]
    assert [(part.get("text"), part.get("thoughtSignature")) for part in kept] == [
        ("hm", None),
        (None, "c2ln"),
        (None, None),
    ]
    stripped = written(conversation).body["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in stripped] == [NO_SIGNATURE, None]


def test_results_keep_their_error_and_their_images():
    result = ToolResult("a", (Text("no"), Media("image", media_type="image/png", data=PNG)), name="f", is_error=True)
    called = Turn("assistant", (ToolCall("a", "f", "{}"),))
    assert written(ask(called, Turn("user", (Text("and?"), result)))).body["contents"][-1]["parts"] == [
        {"functionResponse": {"name": "f", "response": {"error": "no"}}},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"text": "and?"},
    ]


def test_parameters_are_written_as_gemini_names_them():
    wish = ask(
        temperature=1.5,
        top_p=0.9,
        top_k=3,
        max_output_tokens=9,
        stop=("END",),
        seed=1,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        n=2,
        logprobs=True,
        answer_format=AnswerFormat("schema", schema=SCHEMA),
    )
    assert config_of(wish) == {
        "temperature": 1.5,
        "topP": 0.9,
        "topK": 3,
        "maxOutputTokens": 9,
        "stopSequences": ["END"],
        "seed": 1,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    assert written(wish).dropped == ("n", "logprobs")
    assert config_of(ask(answer_format=AnswerFormat("json"))) == {"responseMimeType": "application/json"}


@pytest.mark.parametrize(
    ("model", "wish", "expected"),
    [
        ("gemini-3-pro", {"effort": "high"}, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3-pro", {"effort": "none"}, {"thinkingLevel": "MINIMAL"}),
        ("gemini-2.5-flash", {"effort": "medium"}, {"thinkingBudget": 8192, "includeThoughts": True}),
        ("gemini-2.5-flash", {"effort": "none"}, {"thinkingBudget": 0}),
        ("gemini-2.5-pro", {"effort": "none"}, {"thinkingBudget": 128}),
        ("gemini-3-pro", {"thinking_tokens": 500}, {"thinkingBudget": 500, "includeThoughts": True}),
        ("gemini-3-pro", {"thinking_tokens": 64_000}, {"thinkingBudget": 24_576, "includeThoughts": True}),
    ],
)
def test_effort_is_a_level_or_a_budget_by_the_models_generation(model, wish, expected):
    assert config_of(ask(**wish), model=model)["thinkingConfig"] == expected


def test_tools_are_written_with_json_schema_and_their_choice():
    body = written(ask(tools=(WEATHER,), tool_choice=ToolChoice("named", "get_weather"), parallel_tools=False))
    assert body.body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "get_weather", "description": "The weather.", "parametersJsonSchema": SCHEMA}
            ]
        }
    ]
    assert body.body["toolConfig"] == {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}
    }
    assert body.dropped == ("parallel_tools",)


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_read_with_thinking_calls_and_the_whole_output():
    body = frame(
        {"text": "hm", "thought": True},
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
        finish="STOP",
        usageMetadata={
            "promptTokenCount": 120,
            "cachedContentTokenCount": 100,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": 10,
        },
        modelVersion="gemini-3-pro",
        responseId="r",
    )
    parts = (Thinking("hm"), Thinking("", "c2ln"), ToolCall("a", "f", '{"x":1}'))
    usage = Usage(input_tokens=120, output_tokens=30, cache_read_tokens=100, reasoning_tokens=10)
    assert read_answer(body) == Answer("r", "gemini-3-pro", parts, Finish.TOOL_CALLS, usage)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.BROKEN),
        ("MISSING_THOUGHT_SIGNATURE", Finish.BROKEN),
        ("SOMETHING_NEW", Finish.STOP),
    ],
)
def test_finish_reasons_are_read(reason, finish):
    assert read_answer({"candidates": [{"finishReason": reason}]}).finish is finish


def test_a_blocked_prompt_is_an_answer_that_was_filtered():
    body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    answer = read_answer(body)
    assert (answer.parts, answer.finish, answer.usage.input_tokens) == ((), Finish.CONTENT_FILTER, 4)
    assert StreamReader().feed(frames(body))[-1] == Finished(Finish.CONTENT_FILTER)


def test_a_body_that_is_no_answer_is_a_value_error():
    with pytest.raises(ValueError, match="candidates"):
        read_answer({"candidates": []})


def test_an_answer_is_written_with_signatures_on_their_parts():
    parts = (Thinking("hm", "c2ln"), Text("Ok."), ToolCall("a", "f", "[1]"), Thinking("", "not base64!"))
    usage = Usage(input_tokens=120, output_tokens=30, cache_read_tokens=100, reasoning_tokens=10)
    assert write_answer(Answer("r", "x", parts, Finish.TOOL_CALLS, usage), model="auto") == {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "hm", "thought": True},
                        {"text": "Ok.", "thoughtSignature": "c2ln"},
                        {"functionCall": {"id": "a", "name": "f", "args": {"_raw_arguments": "[1]"}}},
                    ],
                    "role": "model",
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 120,
            "candidatesTokenCount": 20,
            "totalTokenCount": 150,
            "cachedContentTokenCount": 100,
            "thoughtsTokenCount": 10,
        },
        "modelVersion": "auto",
        "responseId": "r",
    }


# --- Streams ----------------------------------------------------------------------------------------------------------

STREAM = frames(
    frame({"text": "hm", "thought": True}, responseId="r", modelVersion="gemini-3-pro"),
    frame({"text": "Let me "}, usageMetadata={"promptTokenCount": 9}),
    frame({"text": "check."}, {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"}),
    frame({"text": ""}, finish="STOP", usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 4}),
)
EVENTS = [
    Started("r", "gemini-3-pro"),
    ThinkingDelta("hm"),
    TextDelta("Let me "),
    UsageSeen(Usage(9)),
    TextDelta("check."),
    ThinkingDelta("", "c2ln"),
    ToolCallStarted(0, "a", "f"),
    ToolCallDelta(0, '{"x":1}'),
    UsageSeen(Usage(9, 4)),
    Finished(Finish.TOOL_CALLS),
]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_stream_is_read_whatever_the_chunks(size):
    reader = StreamReader()
    events = []
    for start in range(0, len(STREAM), size):
        events += reader.feed(STREAM[start : start + size])
    assert events + reader.close() == EVENTS


def test_a_stream_is_written_in_frames_with_calls_and_usage_at_the_end():
    writer = StreamWriter("auto")
    raw = b"".join(writer.feed(event) for event in EVENTS) + writer.finish()
    bodies = [json.loads(line[6:]) for line in raw.splitlines() if line]
    assert [body["candidates"][0]["content"]["parts"] for body in bodies] == [
        [{"text": "hm", "thought": True}],
        [{"text": "Let me "}],
        [{"text": "check."}],
        [{"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"}],
    ]
    assert bodies[-1]["candidates"][0]["finishReason"] == "STOP"
    assert bodies[-1]["usageMetadata"]["candidatesTokenCount"] == 4
    assert {body["modelVersion"] for body in bodies} == {"auto"}


def test_without_sse_the_stream_is_one_json_array():
    writer = StreamWriter("auto", as_array=True)
    raw = writer.keepalive() + b"".join(writer.feed(event) + writer.keepalive() for event in EVENTS) + writer.finish()
    assert [len(body["candidates"]) for body in json.loads(raw)] == [1, 1, 1, 1]
    failed = StreamWriter("auto", as_array=True)
    raw = failed.feed(TextDelta("x")) + failed.fail(UpstreamFailure(FailureKind.SERVER, 0, "m")) + failed.finish()
    assert json.loads(raw)[1]["error"]["status"] == "INTERNAL"


def test_a_keepalive_is_a_comment():
    assert StreamWriter("auto").keepalive() == b": keepalive\n\n"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'data: {"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}\n\n', FailureKind.OVERLOADED),
        (b'data: {"error":{"code":500,"message":"m"}}\n\n', FailureKind.SERVER),
        (b"data: {nonsense\n\n", FailureKind.BROKEN_ANSWER),
        (b"data: [1]\n\n", FailureKind.BROKEN_ANSWER),
        (b'data: {"candidates":[{"content":{"parts":[{"text":"x"}]}}]}\n\n', FailureKind.CONNECTION),
        (b"", FailureKind.CONNECTION),
    ],
)
def test_a_stream_that_breaks_or_ends_early_is_a_failure(raw, kind):
    reader = StreamReader()
    events = reader.feed(raw) + reader.close()
    assert isinstance(events[-1], Failed)
    assert events[-1].kind is kind
    assert reader.close() == []


# --- Errors -----------------------------------------------------------------------------------------------------------


def error(**fields):
    return json.dumps({"error": fields}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "parameter"),
    [
        (429, error(status="RESOURCE_EXHAUSTED", message="m"), FailureKind.RATE_LIMITED, None),
        (
            429,
            error(
                status="RESOURCE_EXHAUSTED",
                message="m",
                details=[{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}],
            ),
            FailureKind.QUOTA,
            None,
        ),
        (503, error(status="UNAVAILABLE", message="m"), FailureKind.OVERLOADED, None),
        (
            400,
            error(status="INVALID_ARGUMENT", message="m", details=[{"reason": "API_KEY_INVALID"}]),
            FailureKind.AUTHENTICATION,
            None,
        ),
        (400, error(status="FAILED_PRECONDITION", message="m"), FailureKind.AUTHENTICATION, None),
        (404, error(status="NOT_FOUND", message="models/x is not found"), FailureKind.NOT_FOUND, None),
        (
            400,
            error(
                status="INVALID_ARGUMENT",
                message="The input token count (9) exceeds the maximum number of tokens allowed (8).",
            ),
            FailureKind.CONTEXT_TOO_LONG,
            None,
        ),
        (
            400,
            error(status="INVALID_ARGUMENT", message="Thinking level is not supported for this model."),
            FailureKind.REFUSED_PARAMETER,
            "generationConfig.thinkingConfig",
        ),
        (
            400,
            error(
                status="INVALID_ARGUMENT",
                message='Invalid JSON payload received. Unknown name "responseJsonSchema" at generation_config',
            ),
            FailureKind.REFUSED_PARAMETER,
            "generationConfig.responseJsonSchema",
        ),
        (400, error(status="INVALID_ARGUMENT", message="Please use a valid role"), FailureKind.BAD_REQUEST, None),
        (500, b"", FailureKind.SERVER, None),
    ],
)
def test_errors_are_read_for_what_to_do_next(status, body, kind, parameter):
    for raw in (body, b"[" + body + b"]"):
        failure = read_failure(status, {}, raw, now_s=0)
        assert (failure.kind, failure.parameter) == (kind, parameter)


def test_the_wait_is_read_from_retry_info_before_the_header():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31s"}]
    raw = error(status="RESOURCE_EXHAUSTED", message="m", details=details)
    assert read_failure(429, {"retry-after": "9"}, raw, now_s=0).retry_after_s == 31.0
    assert read_failure(429, {"retry-after": "9"}, error(message="m"), now_s=0).retry_after_s == 9.0


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_an_error_of_the_dialect(kind):
    failure = UpstreamFailure(kind, 0, "m", retry_after_s=1.5)
    assert write_failure(failure)["error"]["code"] == failure_status(failure)
    assert write_failure(failure)["error"]["details"][0]["retryDelay"] == "1.5s"
