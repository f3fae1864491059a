"""Gemini bodies: parts, both spellings of keys, functions' responses."""

from __future__ import annotations

import pytest

from router.dialects.seen import seen
from router.errors import RequestError
from router.types import Dialect, Message, Needs
from tests.router.dialects.rooms import gemini


def parse_gemini(body):
    return seen(gemini.request_reader.read_request(body))


def user(*parts, **fields):
    return {"contents": [{"role": "user", "parts": list(parts)}], **fields}


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        ({"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}, [Message("user", "a\nb")]),
        ({"parts": [{"text": "a"}]}, [Message("user", "a")]),
        ({"role": None, "parts": {"text": "a"}}, [Message("user", "a")]),
        ({"role": "user"}, [Message("user", "")]),
        ({"role": "user", "parts": []}, [Message("user", "")]),
        ({"role": "model", "parts": [{"text": "a"}]}, [Message("assistant", "a")]),
        ({"role": "model", "parts": [{"text": "hm", "thought": True}]}, [Message("assistant", "", ("thinking",))]),
        ({"role": "model", "parts": [{"function_call": {"name": "f"}}]}, [Message("assistant", "", ("tool_call",))]),
        ({"parts": [{"executableCode": {"code": "1"}}]}, [Message("user", "", ("executableCode",))]),
        ({"parts": [{}, {"thoughtSignature": "x"}]}, [Message("user", "", ("unknown", "unknown"))]),
        (
            {"role": "function", "parts": [{"functionResponse": {"response": {"result": "7"}}}]},
            [Message("tool", "7")],
        ),
        (
            {
                "role": "user",
                "parts": [
                    {"text": "and now?"},
                    {"function_response": {"response": {"output": "1"}}},
                    {"functionResponse": {"response": {"a": 1, "b": "\u00e9"}}},
                    {"functionResponse": {"response": {"a": {"b": [1]}}}},
                    {"functionResponse": {"response": {}, "parts": [{"inlineData": {"mimeType": "image/png"}}]}},
                    {"functionResponse": 7},
                ],
            },
            [
                Message("tool", "1"),
                Message("tool", '{"a":1,"b":"\u00e9"}'),
                Message("tool", '{"a":{"b":[1]}}'),
                Message("tool", "{}", ("image",)),
                Message("tool", ""),
                Message("user", "and now?"),
            ],
        ),
    ],
)
def test_contents_are_read_part_by_part_and_responses_come_first(content, messages):
    assert parse_gemini({"contents": [content]}).messages == tuple(messages)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": ""}}, "image"),
        ({"inline_data": {"mime_type": "audio/wav"}}, "audio"),
        ({"fileData": {"mimeType": "video/mp4", "fileUri": "x"}, "videoMetadata": {}}, "video"),
        ({"fileData": {"mimeType": "application/pdf"}}, "document"),
        ({"file_data": {"fileUri": "x"}}, "document"),
        ({"inlineData": 7}, "document"),
        ({"inlineData": {"mimeType": 7}}, "document"),
    ],
)
def test_media_are_kept_by_kind(part, kind):
    (message,) = parse_gemini(user(part)).messages
    assert message == Message("user", "", (kind,))


@pytest.mark.parametrize("key", ["systemInstruction", "system_instruction"])
@pytest.mark.parametrize("value", ["Be brief.", {"parts": [{"text": "Be brief."}]}, {"parts": {"text": "Be brief."}}])
def test_the_system_instruction_comes_first(key, value):
    assert parse_gemini(user({"text": "a"}, **{key: value})).messages[0] == Message("system", "Be brief.")


DECLARED = [{"functionDeclarations": [{"name": "f"}]}]


@pytest.mark.parametrize(
    ("fields", "needs"),
    [
        ({}, Needs()),
        ({"tools": DECLARED}, Needs(tools=True)),
        ({"tools": DECLARED, "toolConfig": {"functionCallingConfig": {"mode": "NONE"}}}, Needs()),
        ({"tools": DECLARED, "tool_config": {"function_calling_config": {"mode": "ANY"}}}, Needs(tools=True)),
        ({"generationConfig": {"candidateCount": 2}}, Needs(n=2)),
        ({"generation_config": {"candidate_count": 2}}, Needs(n=2)),
        ({"generationConfig": {"responseMimeType": "application/json"}}, Needs(json_mode=True)),
        ({"generationConfig": {"responseMimeType": "text/plain"}}, Needs()),
        (
            {"generationConfig": {"responseMimeType": "application/json", "responseSchema": {}}},
            Needs(json_schema=True),
        ),
        ({"generationConfig": {"responseJsonSchema": {}}}, Needs(json_schema=True)),
        ({"generationConfig": {"responseLogprobs": True}}, Needs(logprobs=True)),
        ({"generationConfig": {"logprobs": 3}}, Needs(logprobs=True)),
        ({"generationConfig": 7, "tools": {}, "toolConfig": "x"}, Needs()),
    ],
)
def test_needs_are_what_the_body_says_outright(fields, needs):
    assert parse_gemini(user({"text": "a"}, **fields)).needs == needs


def test_the_rest_of_the_body_is_read():
    fields = {"model": "models/gemini-3-pro", "labels": {"team": "blue"}, "generation_config": {"maxOutputTokens": 5}}
    request = parse_gemini(user({"text": "a"}, **fields))
    assert (request.model, request.max_output_tokens) == ("models/gemini-3-pro", 5)
    assert request.metadata == {"team": "blue"}
    assert request.dialect is Dialect.GEMINI


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "contents"),
        ({"contents": 7}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": ["hi"]}, "contents[0]"),
        ({"contents": [{"role": 7}]}, "contents[0].role"),
        ({"contents": [{"parts": "hi"}]}, "contents[0].parts"),
        (user("hi"), "contents[0].parts[0]"),
        (user({"text": "a"}, {"text": 7}), "contents[0].parts[1].text"),
        (user({"text": "a"}, systemInstruction=7), "systemInstruction"),
        (user({"text": "a"}, system_instruction={"parts": 7}), "system_instruction.parts"),
        (user({"text": "a"}, model=7), "model"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_field(body, field):
    with pytest.raises(RequestError) as caught:
        parse_gemini(body)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: expected")
