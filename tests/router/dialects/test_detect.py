"""Which dialect a body is in, above all where it could be two."""

from __future__ import annotations

import pytest

from router.dialects.detect import detect, parse_request
from router.errors import RequestError
from router.types import Dialect

PLAIN = [{"role": "user", "content": "hi"}]
VERSION = {"anthropic-version": "2023-06-01"}


def blocks(**block):
    return [{"role": "user", "content": [block]}]


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        ({"prompt": "hi"}, "prompt"),
        ({"prompt": "hi", "messages": None}, "prompt"),
        ({"messages": PLAIN}, "openai_chat"),
        ({"messages": PLAIN, "max_tokens": 9, "metadata": {"user_id": "u"}}, "openai_chat"),
        ({"messages": PLAIN, "thinking": {"type": "enabled"}, "top_k": 5}, "openai_chat"),
        ({"messages": PLAIN, "system": None}, "openai_chat"),
        ({"messages": PLAIN, "tools": [{"type": "function", "function": {"name": "f"}}]}, "openai_chat"),
        ({"messages": blocks(type="image_url", image_url={"url": "x"})}, "openai_chat"),
        ({"messages": blocks(type="image")}, "openai_chat"),
        ({"messages": blocks(type=[])}, "openai_chat"),
        ({"messages": 7, "tools": "x"}, "openai_chat"),
        ({"messages": PLAIN, "system": "Be brief."}, "anthropic"),
        ({"messages": PLAIN, "stop_sequences": ["x"]}, "anthropic"),
        ({"messages": PLAIN, "anthropic_version": "bedrock-2023-05-31"}, "anthropic"),
        ({"messages": PLAIN, "tools": [{"name": "f", "input_schema": {}}]}, "anthropic"),
        ({"messages": blocks(type="tool_result", content="7")}, "anthropic"),
        ({"messages": blocks(type="image", source={"type": "url"})}, "anthropic"),
        ({"input": "hi"}, "openai_responses"),
        ({"input": "hi", "prompt": {"id": "pmpt_1"}}, "openai_responses"),
        ({"input": "hi", "max_output_tokens": 9}, "openai_responses"),
        ({"input": "hi", "max_tokens": 9}, "openai_chat"),
        ({"input": "hi", "response_format": {"type": "text"}}, "openai_chat"),
        ({"contents": []}, "gemini"),
        ({"contents": [{"parts": []}], "system": "x"}, "gemini"),
    ],
)
def test_the_dialect_is_seen_by_the_body(body, dialect):
    assert detect(body) is Dialect(dialect)


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        ({"messages": PLAIN}, "anthropic"),
        ({"prompt": "hi"}, "prompt"),
        ({"contents": []}, "gemini"),
        ({"input": "hi"}, "openai_responses"),
    ],
)
def test_the_version_header_decides_between_the_two_that_have_messages(body, dialect):
    assert detect(body, headers=VERSION) is Dialect(dialect)


def test_a_body_that_fits_two_dialects_reads_the_same_in_both():
    chat, anthropic = (parse_request({"messages": PLAIN, "max_tokens": 9}, headers=given) for given in ({}, VERSION))
    assert (chat.dialect, anthropic.dialect) == (Dialect.OPENAI_CHAT, Dialect.ANTHROPIC)
    assert (chat.messages, chat.max_output_tokens) == (anthropic.messages, anthropic.max_output_tokens)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "messages", "missing_field"),
        ({"model": "auto", "text": "hi"}, "messages", "missing_field"),
        ({"prompt": "a", "messages": []}, "prompt", "ambiguous"),
        ({"messages": PLAIN, "input": "hi"}, "input", "ambiguous"),
        ({"contents": [], "messages": PLAIN}, "contents", "ambiguous"),
        ({"prompt": None}, "prompt", "wrong_type"),
        ({"messages": None}, "messages", "wrong_type"),
        ({"input": None}, "input", "wrong_type"),
        ({"contents": None}, "contents", "wrong_type"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "wrong_type"),
        ({"prompt": ["a", "b"]}, "prompt", "wrong_type"),
    ],
)
def test_a_body_with_nothing_to_read_or_too_much_is_refused(body, field, code):
    with pytest.raises(RequestError) as caught:
        parse_request(body)
    assert (caught.value.field, caught.value.code) == (field, code)


def test_the_original_bytes_are_kept():
    raw = b'{"prompt": "hi",   "x": 1}'
    assert parse_request({"prompt": "hi", "x": 1}, raw=raw).raw is raw
    assert parse_request({"prompt": "hi"}).raw == b""
