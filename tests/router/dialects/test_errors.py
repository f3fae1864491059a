"""Errors in each dialect's shape, and which one a caller gets."""

from __future__ import annotations

import json

import pytest

from router.dialects.errors import error_dialect, path_dialect, render_error
from router.errors import BodyTooLarge, RequestError
from router.jsontext import encode_json
from router.types import CLIENT_DIALECTS, Dialect

ERROR = RequestError("messages[0].role: expected a string.", field="messages[0].role", code="wrong_type")


@pytest.mark.parametrize(
    ("headers", "body", "dialect"),
    [
        ({}, None, Dialect.OPENAI_CHAT),
        ({}, [], Dialect.OPENAI_CHAT),
        ({}, {"messages": []}, Dialect.OPENAI_CHAT),
        ({"anthropic-version": "2026-10-21"}, None, Dialect.ANTHROPIC),
        ({"anthropic-version": "2026-10-21"}, {"contents": []}, Dialect.ANTHROPIC),
        ({"x-goog-api-key": "k"}, None, Dialect.GEMINI),
        ({}, {"contents": 7}, Dialect.GEMINI),
    ],
)
def test_the_caller_is_answered_in_its_own_dialect(headers, body, dialect):
    assert error_dialect(headers, body) is dialect


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/messages", Dialect.ANTHROPIC),
        ("/v1/messages/batches", Dialect.ANTHROPIC),
        ("/v1/v1/messages/nothing", Dialect.ANTHROPIC),
        ("/anthropic/v1/nothing", Dialect.ANTHROPIC),
        ("/v1beta/files", Dialect.GEMINI),
        ("/v1/chat/nothing", Dialect.OPENAI_CHAT),
        ("/v1/responses/resp_1", Dialect.OPENAI_RESPONSES),
        ("/v1/models", None),
        ("/v1/messagesx", None),
        ("/v1beta2/files", None),
        ("/route", None),
        ("", None),
    ],
)
def test_a_path_of_one_dialect_is_known_by_its_beginning(path, dialect):
    assert path_dialect(path) is dialect


@pytest.mark.parametrize("dialect", [Dialect.PROMPT, Dialect.OPENAI_CHAT, Dialect.OPENAI_RESPONSES])
def test_openais_shape_has_the_field_as_param(dialect):
    assert render_error(ERROR, dialect) == {
        "error": {
            "message": "messages[0].role: expected a string.",
            "type": "invalid_request_error",
            "param": "messages[0].role",
            "code": "wrong_type",
        }
    }


def test_anthropics_shape_has_a_type_of_its_own():
    assert render_error(ERROR, Dialect.ANTHROPIC) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "messages[0].role: expected a string.",
            "details": {"error_code": "wrong_type", "field": "messages[0].role"},
        },
    }
    assert render_error(BodyTooLarge(5), Dialect.ANTHROPIC)["error"]["type"] == "request_too_large"


def test_geminis_shape_has_a_status_and_the_violated_field():
    body = render_error(ERROR, Dialect.GEMINI)
    assert {key: body["error"][key] for key in ("code", "status", "message")} == {
        "code": 400,
        "status": "INVALID_ARGUMENT",
        "message": "messages[0].role: expected a string.",
    }
    assert body["error"]["details"][0]["fieldViolations"][0]["field"] == "messages[0].role"


@pytest.mark.parametrize(
    ("status", "word"), [(400, "INVALID_ARGUMENT"), (413, "INVALID_ARGUMENT"), (404, "NOT_FOUND"), (500, "INTERNAL")]
)
def test_a_status_has_its_word_at_google(status, word):
    error = RequestError("something is wrong")
    error.status = status
    assert render_error(error, Dialect.GEMINI) == {
        "error": {"code": status, "status": word, "message": "something is wrong"}
    }


@pytest.mark.parametrize("dialect", CLIENT_DIALECTS)
def test_every_shape_is_json(dialect):
    body = render_error(ERROR, dialect)
    assert json.loads(encode_json(body)) == body
