"""One reader: the decision and a translation see the same roles and the same text of every body, odd ones included.

Each case states what is seen, and the field of the 400 that a provider of another dialect would bring; None where the
body can be translated.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.core import Router
from router.dialects.conversation import Opaque
from router.dialects.seen import seen
from router.dialects.shared.parts import turns_for
from router.errors import RequestError
from router.types import Message
from tests.router.dialects.rooms import anthropic, gemini, openai_chat, openai_responses
from tests.router.processes import ROOT

DIALECTS = {"chat": openai_chat, "responses": openai_responses, "anthropic": anthropic, "gemini": gemini}
HELLO = [{"role": "user", "content": "hi"}]
HI = [Message("user", "hi")]
DOCUMENT = {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}
VIDEO = {"type": "video_url", "video_url": {"url": "https://v.test/a"}}


def said(*content, role="user", **fields):
    return {"messages": [{"role": role, "content": list(content), **fields}]}


def contents(*parts, role="user", **fields):
    return {"contents": [{"role": role, "parts": list(parts)}], **fields}


CASES = {
    # Text that only one of the two readers saw: it is seen by both.
    "a text document": ("anthropic", said(DOCUMENT), [Message("user", "T\nplain")], None),
    "a document of blocks": (
        "anthropic",
        said({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}]}}),
        [Message("user", "a")],
        None,
    ),
    "a search result": (
        "anthropic",
        said({"type": "search_result", "title": "T", "source": "s", "content": [{"type": "text", "text": "a"}]}),
        [Message("user", "T\ns\na")],
        None,
    ),
    "a refusal beside the content": (
        "chat",
        {"messages": [{"role": "assistant", "content": None, "refusal": "No."}, *HELLO]},
        [Message("assistant", "No."), *HI],
        None,
    ),
    "a refusal as a block": (
        "chat",
        said({"type": "refusal", "refusal": "No."}, role="assistant"),
        [Message("assistant", "No.")],
        None,
    ),
    "a refusal of Responses": (
        "responses",
        {"input": [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}]},
        [Message("assistant", "No.")],
        None,
    ),
    "the result of a tool that Anthropic ran": (
        "anthropic",
        said(
            {"type": "mcp_tool_use", "id": "m", "name": "f", "server_name": "s", "input": {}},
            {"type": "mcp_tool_result", "tool_use_id": "m", "content": [{"type": "text", "text": "42"}]},
            {"type": "text", "text": "It is 42."},
            role="assistant",
        ),
        [Message("tool", "42"), Message("assistant", "It is 42.", ("tool_call",))],
        None,
    ),
    "the result of a tool that OpenAI ran": (
        "responses",
        {"input": [{"type": "local_shell_call_output", "call_id": "c", "output": "README"}]},
        [Message("tool", "README")],
        None,
    ),
    "a response of several values": (
        "gemini",
        contents({"functionResponse": {"name": "f", "response": {"a": 1, "b": [2]}}}),
        [Message("tool", '{"a":1,"b":[2]}')],
        None,
    ),
    "contents that are one object": ("gemini", {"contents": {"parts": [{"text": "hi"}]}}, HI, None),
    "contents that are a string": ("gemini", {"contents": "hi"}, HI, None),
    "a system instruction that is a string": (
        "gemini",
        contents({"text": "hi"}, systemInstruction="Be brief."),
        [Message("system", "Be brief."), *HI],
        "systemInstruction",
    ),
    "instructions that are blocks": (
        "responses",
        {"input": "hi", "instructions": [{"type": "input_text", "text": "Be brief."}]},
        [Message("system", "Be brief."), *HI],
        "instructions",
    ),
    # Roles.
    "a role with a capital": ("chat", {"messages": [{"role": "User", "content": "hi"}]}, HI, "messages[0].role"),
    "a role that is not known": (
        "chat",
        {"messages": [{"role": "critic", "content": "hi"}]},
        [Message("critic", "hi")],
        "messages[0].role",
    ),
    "the role tool of another dialect": (
        "anthropic",
        {"messages": [{"role": "tool", "content": "hi"}]},
        [Message("tool", "hi")],
        "messages[0].role",
    ),
    "the role function in Responses": (
        "responses",
        {"input": [{"role": "function", "content": "7"}]},
        [Message("tool", "7")],
        "input[0].role",
    ),
    "a role of Gemini with capitals": (
        "gemini",
        contents({"text": "hi"}, role="MODEL"),
        [Message("assistant", "hi")],
        "contents[0].role",
    ),
    "a developer": (
        "chat",
        {"messages": [{"role": "developer", "content": "Be brief."}, *HELLO]},
        [Message("developer", "Be brief."), *HI],
        None,
    ),
    # Parts.
    "a text block without a type in chat": ("chat", said({"text": "hi"}), HI, "messages[0].content[0].type"),
    "a text block without a type in Anthropic": ("anthropic", said({"text": "hi"}), HI, "messages[0].content[0].type"),
    "a string among Anthropic's blocks": ("anthropic", said("hi"), HI, "messages[0].content[0]"),
    "a string among the parts of chat": ("chat", said("hi"), HI, None),
    "an item that is a string": ("responses", {"input": ["hi"]}, HI, "input[0]"),
    "a text block of OpenAI's in Anthropic": ("anthropic", said({"type": "input_text", "text": "hi"}), HI, None),
    "content that is null in Anthropic": (
        "anthropic",
        {"messages": [*HELLO, {"role": "assistant", "content": None}]},
        [*HI, Message("assistant", "")],
        "messages[1].content",
    ),
    "a video": ("chat", said(VIDEO), [Message("user", "", ("video",))], "messages[0].content[0].type"),
    "an image of Responses in chat": (
        "chat",
        said({"type": "input_image", "image_url": "https://a.test/b.png"}),
        [Message("user", "", ("image",))],
        None,
    ),
    "an image that is kept at OpenAI": (
        "responses",
        {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
        [Message("user", "", ("image",))],
        "input[0].content[0].file_id",
    ),
    "an image whose bytes are not base64": (
        "anthropic",
        said({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%%%"}}),
        [Message("user", "", ("image",))],
        "messages[0].content[0].source.data",
    ),
    "a block of next year in Anthropic": (
        "anthropic",
        said({"type": "text", "text": "hi"}, {"type": "hologram", "x": 1}),
        [Message("user", "hi", ("hologram",))],
        None,
    ),
    "code that Google ran": (
        "gemini",
        contents({"text": "hi"}, {"executableCode": {"code": "1"}}),
        [Message("user", "hi", ("executableCode",))],
        None,
    ),
    "a reference to an item": (
        "responses",
        {"input": [{"type": "item_reference", "id": "x"}]},
        [Message("unknown", "", ("item_reference",))],
        "input[0]",
    ),
    "a reasoning item": (
        "responses",
        {"input": [{"type": "reasoning", "summary": []}, {"role": "assistant", "content": "a"}]},
        [Message("assistant", "a", ("thinking",))],
        None,
    ),
    "a call without an id": (
        "chat",
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, *HELLO]},
        [Message("assistant", "", ("tool_call",)), *HI],
        "messages[0].tool_calls[0].id",
    ),
    "a call of the user's": (
        "anthropic",
        said({"type": "tool_use", "id": "a", "name": "f", "input": {}}),
        [Message("user", "", ("tool_call",))],
        "messages[0].content[0]",
    ),
    # Fields of the wrong type or out of range.
    "a limit below zero": ("chat", {"messages": HELLO, "max_tokens": -1}, HI, "max_tokens"),
    "a limit that is a string": ("chat", {"messages": HELLO, "max_tokens": "5"}, HI, "max_tokens"),
    "500 answers": ("chat", {"messages": HELLO, "n": 500}, HI, "n"),
    "logprobs that is a string": ("chat", {"messages": HELLO, "logprobs": "true"}, HI, "logprobs"),
    "the limit's name of Responses in chat": ("chat", {"messages": HELLO, "max_output_tokens": 9}, HI, None),
    "tools that are not an array": ("anthropic", {"messages": HELLO, "tools": 7}, HI, "tools"),
    "a configuration that is a number": (
        "gemini",
        contents({"text": "hi"}, generationConfig=7),
        HI,
        "generationConfig",
    ),
}  # fmt: skip


def read(name):
    dialect, body, *expected = CASES[name]
    return DIALECTS[dialect], DIALECTS[dialect].request_reader.read_request(body), *expected


def texts(chat):
    return [message.text for message in chat.messages if message.text]


@pytest.mark.parametrize("name", CASES)
def test_the_decision_sees_roles_and_texts_and_nothing_but_missing_text_is_refused(name):
    _, conversation, messages, _ = read(name)
    assert list(seen(conversation).messages) == messages


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3] is None])
def test_a_translation_has_the_same_texts_as_the_decision(name):
    _, conversation, _, _ = read(name)
    carried = replace(conversation.translatable(), turns=turns_for(conversation, None))
    said = "\n".join(texts(seen(carried)))
    assert said.removeprefix("Result of an earlier call of f:\n") == "\n".join(texts(seen(conversation)))
    for other in DIALECTS.values():
        written = json.dumps(other.request_writer.write_request(replace(carried, dialect=None), model="m").body)
        for text in texts(seen(conversation)):
            assert all(json.dumps(line)[1:-1] in written for line in text.split("\n"))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3] is not None])
def test_a_fault_is_kept_and_raised_with_its_field_where_another_dialect_is_written(name):
    _, conversation, _, field = read(name)
    assert conversation.complete().problems[0].field == field
    with pytest.raises(RequestError) as caught:
        conversation.translatable()
    assert caught.value.field == field
    assert caught.value.status == 400


@pytest.mark.parametrize("name", CASES)
def test_a_body_that_is_read_written_in_its_own_dialect_and_read_again_is_the_same_conversation(name):
    dialect, conversation, _, _ = read(name)
    first = conversation.complete()
    again = dialect.request_reader.read_request(dialect.request_writer.write_request(first, model="m").body)
    assert again.turns == first.turns
    assert [message.text for message in seen(again).messages] == [message.text for message in seen(first).messages]


def test_the_decision_and_a_translation_have_the_same_limit_on_the_answer():
    body = {"messages": HELLO, "max_output_tokens": 9}
    conversation = openai_chat.request_reader.read_request(body)
    assert seen(conversation).max_output_tokens == conversation.translatable().max_output_tokens == 9
    assert conversation.translatable().dropped == ()
    assert (
        seen(openai_chat.request_reader.read_request({"messages": HELLO, "max_tokens": "5"})).max_output_tokens is None
    )


def test_what_no_other_dialect_can_carry_is_kept_as_it_came_and_named():
    block = {"type": "hologram", "x": {"y": [1]}}
    conversation = anthropic.request_reader.read_request(said({"type": "text", "text": "hi"}, block))
    part = conversation.turns[0].parts[1]
    assert isinstance(part, Opaque)
    assert part.raw == block
    assert conversation.translatable().dropped == ("messages[0].content[1]",)
    assert "hologram" not in json.dumps(
        openai_chat.request_writer.write_request(conversation.translatable(), model="m").body
    )
    assert block in anthropic.request_writer.write_request(conversation, model="m").body["messages"][0]["content"]


PROOF = (
    "Prove that the scheduler cannot deadlock when every worker takes its locks in the same order, "
    "and show where the proof breaks if one worker may release and take a lock again."
)


def test_a_proof_in_a_text_document_is_decided_like_the_same_words_as_text():
    router = Router.load(ROOT / "models" / "fast")
    plain = router.route({**said({"type": "text", "text": PROOF}), "system": "Be brief."})
    source = {"type": "text", "media_type": "text/plain", "data": PROOF}
    document = router.route({**said({"type": "document", "source": source}), "system": "Be brief."})
    assert (document.tier, document.reason) == (plain.tier, plain.reason)
    assert document.expected_quality_loss == plain.expected_quality_loss
