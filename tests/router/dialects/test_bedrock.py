import base64
import json

import pytest

from router.dialects.bedrock.answer import read_answer
from router.dialects.bedrock.failure import read_failure
from router.dialects.bedrock.request import write_request
from router.dialects.bedrock.stream import StreamReader
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
    Usage,
    UsageSeen,
)
from router.errors import RequestError
from tests.router.dialects.frames import encode_frame

CLAUDE = "eu.anthropic.claude-x-v1:0"
NOVA = "amazon.nova-pro-v1:0"
PNG = base64.b64encode(b"\x89PNG").decode()
WEATHER = Tool("get_weather", "The weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
NEUTRAL_HISTORY = (
    Turn("user", (Text("Weather and time?"),)),
    Turn(
        "assistant",
        (
            Text("Let me check."),
            ToolCall("call_a", "get_weather", '{"city":"Paris"}'),
            ToolCall("call_b", "get_time", ""),
        ),
    ),
    Turn("user", (ToolResult("call_a", (Text("18C"),)),)),
    Turn("user", (ToolResult("call_b", (Text("10:00"),)),)),
)
GOLDEN_HISTORY = [
    {
        "role": "assistant",
        "content": [
            {"text": "Let me check."},
            {"toolUse": {"toolUseId": "call_a", "name": "get_weather", "input": {"city": "Paris"}}},
            {"toolUse": {"toolUseId": "call_b", "name": "get_time", "input": {}}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "call_a", "content": [{"text": "18C"}]}},
            {"toolResult": {"toolUseId": "call_b", "content": [{"text": "10:00"}]}},
        ],
    },
]


def ask(*turns, **fields):
    return Conversation(turns or (Turn("user", (Text("hi"),)),), **fields)


def written(conversation, model=NOVA, **options):
    return write_request(conversation, model=model, **options)


def fits_the_service(body):
    """Whether botocore's own model of Converse takes the body; bytes are put where it has blobs."""
    loaders = pytest.importorskip("botocore.loaders")
    from botocore.model import ServiceModel
    from botocore.validate import ParamValidator

    model = ServiceModel(loaders.Loader().load_service_model("bedrock-runtime", "service-2"))
    report = ParamValidator().validate({"modelId": "m", **body}, model.operation_model("Converse").input_shape)
    return report.generate_report() or True


# --- A provider's request ---------------------------------------------------------------------------------------------


def test_the_golden_history_is_written_with_both_results_in_one_user_turn():
    assert written(Conversation(NEUTRAL_HISTORY)).body["messages"][1:] == GOLDEN_HISTORY


def test_a_full_request_fits_the_service_model():
    conversation = Conversation(
        (
            Turn("system", (Text("Be brief."),)),
            *NEUTRAL_HISTORY,
            Turn("assistant", (ToolCall("odd id! " * 20, "f", "nonsense"),)),
            Turn("user", (ToolResult("odd id! " * 20, (), is_error=True), Media("image", "image/png", data=PNG))),
            Turn("user", (Media("document", "application/pdf", data=PNG, name="a_b.pdf"),)),
        ),
        tools=(WEATHER,),
        tool_choice=ToolChoice("required"),
        answer_format=AnswerFormat("schema", schema=WEATHER.schema),
        max_output_tokens=100,
        temperature=0.5,
        top_p=0.9,
        stop=("END",),
        effort="high",
    )
    assert fits_the_service(written(conversation).body) is True


def test_a_choice_of_none_drops_the_tools_only_while_nothing_was_called():
    fresh = written(ask(tools=(WEATHER,), tool_choice=ToolChoice("none")))
    assert "toolConfig" not in fresh.body
    called = written(Conversation(NEUTRAL_HISTORY, tools=(WEATHER,), tool_choice=ToolChoice("none")))
    assert "toolChoice" not in called.body["toolConfig"]
    assert called.dropped == ("tool_choice",)
    assert "tool" in called.body["system"][0]["text"]


def test_a_history_with_calls_declares_its_tools():
    tools = written(Conversation(NEUTRAL_HISTORY)).body["toolConfig"]["tools"]
    assert [tool["toolSpec"]["name"] for tool in tools] == ["get_time", "get_weather"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("named", "get_weather"), {"tool": {"name": "get_weather"}}),
    ],
)
def test_tool_choice_is_written(choice, expected):
    assert written(ask(tools=(WEATHER,), tool_choice=choice)).body["toolConfig"]["toolChoice"] == expected


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (Media("image", url="https://x/secret.png"), "secret.png"),
        (Media("document", url="https://x/y.pdf"), "no URL"),
        (Media("image", media_type="image/tiff", data=PNG), "image/tiff"),
    ],
)
def test_media_that_bedrock_cannot_take_are_an_error_that_names_them(media, words):
    with pytest.raises(RequestError, match=words):
        written(ask(Turn("user", (media,))))


def test_documents_have_plain_names_each_of_its_own_and_a_text_beside_them():
    document = Media("document", media_type="text/plain", data=PNG, name="my_file.v2.txt")
    content = written(ask(Turn("user", (document, document)))).body["messages"][0]["content"]
    assert [block["document"]["name"] for block in content[:2]] == ["my file v2 txt", "my file v2 txt 2"]
    assert "text" in content[2]


def test_parameters_are_written_where_converse_has_them():
    wish = ask(max_output_tokens=9, temperature=1.8, top_p=0.5, stop=("END", " "), top_k=4, effort="minimal", n=2)
    body = written(wish)
    assert body.body["inferenceConfig"] == {"maxTokens": 9, "temperature": 1.0, "topP": 0.5, "stopSequences": ["END"]}
    assert body.body["outputConfig"] == {"effort": "low"}
    assert body.dropped == ("n", "stop", "top_k")
    assert written(ask(top_k=4), model=CLAUDE).body["additionalModelRequestFields"] == {"top_k": 4}


def test_a_budget_of_thinking_goes_to_claude_only():
    wish = ask(thinking_tokens=2000, temperature=0.1)
    body = written(wish, model=CLAUDE)
    assert body.body["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert body.body["inferenceConfig"] == {"maxTokens": 2000 + 8192}
    assert body.dropped == ("temperature",)
    assert written(wish).dropped == ("thinking_tokens",)


def test_json_is_asked_for_by_schema_or_by_an_instruction():
    by_schema = written(ask(answer_format=AnswerFormat("schema", schema={"type": "object"}, name="n"))).body
    structure = by_schema["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert structure == {"schema": '{"type":"object","additionalProperties":false}', "name": "n"}
    assert "JSON" in written(ask(answer_format=AnswerFormat("json"))).body["system"][0]["text"]


def test_thinking_of_clients_is_never_sent_as_no_client_speaks_this_dialect():
    turns = (Turn("user", (Text("x"),)), Turn("assistant", (Thinking("hm", "c2ln"), Thinking("", redacted="eA=="))))
    assert len(written(ask(*turns)).body["messages"]) == 1


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_read_with_its_cached_tokens():
    body = {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
                    {"text": "Ok."},
                    {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
                ],
            }
        },
        "stopReason": "tool_use",
        "usage": {"inputTokens": 20, "outputTokens": 30, "totalTokens": 150, "cacheReadInputTokens": 100},
    }
    assert read_answer(body, model=NOVA, request_id="r") == Answer(
        "r",
        NOVA,
        (Thinking("hm", "c2ln"), Text("Ok."), ToolCall("a", "f", '{"x":1}')),
        Finish.TOOL_CALLS,
        Usage(input_tokens=120, output_tokens=30, cache_read_tokens=100),
    )


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("guardrail_intervened", Finish.CONTENT_FILTER),
        ("malformed_tool_use", Finish.BROKEN),
        ("model_context_window_exceeded", Finish.LENGTH),
    ],
)
def test_stop_reasons_are_read(reason, finish):
    assert read_answer({"output": {"message": {"content": []}}, "stopReason": reason}).finish is finish


def test_a_body_that_is_no_answer_is_a_value_error():
    with pytest.raises(ValueError, match="content"):
        read_answer({"output": []})


# --- Streams ----------------------------------------------------------------------------------------------------------


def frame(name, payload, *, message="event"):
    header = ":exception-type" if message == "exception" else ":event-type"
    return encode_frame({header: name, ":message-type": message}, payload)


FRAMES = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2ln"}}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Ok."}, "p": "abcd"}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    ("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"x":'}}}),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": "1}"}}}),
    ("contentBlockStop", {"contentBlockIndex": 2}),
    ("contentBlockStart", {"contentBlockIndex": 3, "start": {"toolUse": {"toolUseId": "b", "name": "g"}}}),
    ("contentBlockStop", {"contentBlockIndex": 3}),
    ("messageStop", {"stopReason": "tool_use"}),
    ("metadata", {"usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}, "metrics": {"latencyMs": 1}}),
]
EVENTS = [
    Started("r", NOVA),
    ThinkingDelta("hm"),
    ThinkingDelta("", "c2ln"),
    TextDelta("Ok."),
    ToolCallStarted(0, "a", "f"),
    ToolCallDelta(0, '{"x":'),
    ToolCallDelta(0, "1}"),
    ToolCallStarted(1, "b", "g"),
    ToolCallDelta(1, "{}"),
    Finished(Finish.TOOL_CALLS),
    UsageSeen(Usage(9, 4)),
]


def test_a_stream_of_frames_is_read():
    reader = StreamReader(model=NOVA, request_id="r")
    events = [event for name, item in FRAMES for event in reader.feed(frame(name, json.dumps(item).encode()))]
    assert events + reader.close() == EVENTS


def test_an_exception_inside_the_stream_ends_it():
    reader = StreamReader()
    assert reader.feed(frame("throttlingException", b'{"message":"slow"}', message="exception")) == [
        Failed(FailureKind.RATE_LIMITED, "slow")
    ]
    assert reader.feed(frame("messageStart", b"{}")) == [] == reader.close()


@pytest.mark.parametrize("payload", [b"{", b"[]", b"\xff", b'"x"'])
def test_a_frame_that_makes_no_sense_is_a_broken_answer(payload):
    events = StreamReader().feed(frame("contentBlockDelta", payload))
    assert [event.kind for event in events] == [FailureKind.BROKEN_ANSWER]


def test_a_stream_that_ends_early_is_a_failure():
    reader = StreamReader()
    reader.feed(frame("messageStart", b"{}"))
    assert [event.kind for event in reader.close()] == [FailureKind.CONNECTION]


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "parameter"),
    [
        (429, "ThrottlingException:http://internal.amazon.com/coral/", "m", FailureKind.RATE_LIMITED, None),
        (429, "ModelNotReadyException", "m", FailureKind.OVERLOADED, None),
        (408, "ModelTimeoutException", "m", FailureKind.TIMEOUT, None),
        (424, "ModelErrorException", "m", FailureKind.SERVER, None),
        (424, "NewException", "m", FailureKind.SERVER, None),
        (400, "ServiceQuotaExceededException", "m", FailureKind.QUOTA, None),
        (403, "AccessDeniedException", "m", FailureKind.AUTHENTICATION, None),
        (404, "ResourceNotFoundException", "m", FailureKind.NOT_FOUND, None),
        (400, "ValidationException", "The provided model identifier is invalid.", FailureKind.NOT_FOUND, None),
        (400, "ValidationException", "Input is too long for requested model.", FailureKind.CONTEXT_TOO_LONG, None),
        (
            400,
            "ValidationException",
            "The model returned the following errors: `temperature` is deprecated for this model.",
            FailureKind.REFUSED_PARAMETER,
            "inferenceConfig.temperature",
        ),
        (400, "ValidationException", "messages must alternate", FailureKind.BAD_REQUEST, None),
    ],
)
def test_errors_are_read_by_the_exceptions_name(status, name, message, kind, parameter):
    body = json.dumps({"message": message}).encode()
    failure = read_failure(status, {"X-Amzn-ErrorType": name}, body, now_s=0)
    assert (failure.kind, failure.parameter, failure.message) == (kind, parameter, message)


def test_the_name_may_stand_in_the_body():
    body = b'{"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow"}'
    failure = read_failure(400, {}, body, now_s=0)
    assert (failure.kind, failure.message) == (FailureKind.RATE_LIMITED, "slow")
