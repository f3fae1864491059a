"""Errors of compatible providers: their kinds, by status, code or wording; the refused parameter; the wait."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.openai_errors import write_failure
from router.dialects.shared.openai_failures import read_failure
from tests.router.dialects.openai_worlds import ANY_JSON


def failure(status, error=None, *, headers=None, now_s=0.0, **body) -> UpstreamFailure:
    raw = json.dumps(body if error is None else {"error": error}).encode()
    return read_failure(status, headers or {}, raw, now_s=now_s)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0, FailureKind.SERVER),
        (200, FailureKind.SERVER),
        (302, FailureKind.NOT_FOUND),
        (400, FailureKind.BAD_REQUEST),
        (401, FailureKind.AUTHENTICATION),
        (402, FailureKind.QUOTA),
        (403, FailureKind.AUTHENTICATION),
        (404, FailureKind.NOT_FOUND),
        (408, FailureKind.TIMEOUT),
        (409, FailureKind.SERVER),
        (413, FailureKind.TOO_LARGE),
        (422, FailureKind.BAD_REQUEST),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.SERVER),
        (502, FailureKind.SERVER),
        (503, FailureKind.OVERLOADED),
        (504, FailureKind.TIMEOUT),
        (524, FailureKind.TIMEOUT),
        (529, FailureKind.OVERLOADED),
    ],
)
def test_without_words_the_status_says_the_kind(status, kind):
    assert read_failure(status, {}, b"<html>no</html>", now_s=0) == UpstreamFailure(kind, status, "<html>no</html>")


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            429,
            {"message": "You exceeded your quota", "type": "insufficient_quota", "code": "insufficient_quota"},
            "quota",
        ),
        (429, {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}, "rate_limited"),
        (400, {"message": "Insufficient Balance"}, "quota"),
        (404, {"message": "The model does not exist", "code": "model_not_found"}, "not_found"),
        (400, {"message": "x", "code": "model_decommissioned"}, "not_found"),
        (400, {"message": "API key not valid. Please pass a valid API key.", "code": 400}, "authentication"),
        (
            413,
            {"message": "Request too large for model on tokens per minute", "code": "rate_limit_exceeded"},
            "too_large",
        ),
        (503, {"message": "x", "type": "overloaded_error"}, "overloaded"),
        (500, {"message": "x", "code": "server_is_overloaded"}, "overloaded"),
        (400, {"message": "messages.0: expected a string", "type": "invalid_request_error"}, "bad_request"),
        (
            400,
            {
                "message": "Unsupported parameter: 'messages' is odd",
                "param": "messages[0]",
                "code": "unsupported_parameter",
            },
            "bad_request",
        ),
    ],
)
def test_codes_and_words_say_more_than_the_status(status, error, kind):
    assert failure(status, error).kind == FailureKind(kind)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "x", "code": "context_length_exceeded"}),
        (400, {"message": "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"}),
        (400, {"message": "The decoder prompt (length 9) is longer than the maximum model length of 8."}),
        (400, {"message": "the request exceeds the available context size. try increasing the context size"}),
        (
            400,
            {
                "message": "request (9 tokens) exceeds the available context size (8)",
                "type": "exceed_context_size_error",
            },
        ),
        (400, {"message": "The input (9 tokens) is longer than the model's context length (8 tokens)."}),
        (400, {"message": "Your input exceeds the context window of this model."}),
        (400, {"message": "This model's maximum prompt length is 8 but the request contains 9 tokens."}),
        (400, {"message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}),
        (422, {"message": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8."}),
        (
            400,
            {"message": "Prompt contains 9 tokens, too large for model with 8 maximum context length"},
        ),
        (400, {"message": "Please reduce the length of the messages or completion."}),
        (400, {"message": "prompt is too long: 9 tokens > 8 maximum"}),
        (400, {"message": "the model is loaded with context length of only 8 tokens"}),
        (500, {"message": "input length exceeds the context length"}),
    ],
)
def test_a_prompt_that_is_too_long_is_known_by_its_wordings(status, error):
    assert failure(status, error).kind is FailureKind.CONTEXT_TOO_LONG


@pytest.mark.parametrize(
    ("error", "parameter"),
    [
        (
            {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            },
            "max_tokens",
        ),
        (
            {
                "message": "Unsupported value: 'temperature' does not support 0.2 with this model.",
                "param": "temperature",
                "code": "unsupported_value",
            },
            "temperature",
        ),
        ({"message": "Unsupported value: 'temperature' does not support 0.2 with this model."}, "temperature"),
        ({"message": "Unrecognized request argument supplied: top_k"}, "top_k"),
        ({"message": "Unknown parameter: 'seed'."}, "seed"),
        ({"message": "property 'logprobs' is unsupported"}, "logprobs"),
        ({"message": "Argument not supported on this model: presencePenalty"}, "presence_penalty"),
        ({"message": "openai does not support parameters: ['reasoning_effort'], for model=x"}, "reasoning_effort"),
        ({"message": "`temperature` is deprecated for this model."}, "temperature"),
        ({"message": "Parameter top_p is not supported"}, "top_p"),
    ],
)
def test_a_refused_parameter_is_named(error, parameter):
    found = failure(400, error)
    assert (found.kind, found.parameter) == (FailureKind.REFUSED_PARAMETER, parameter)


def test_a_field_that_pydantic_did_not_expect_is_named():
    details = [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]
    for body in ({"detail": details}, {"object": "error", "message": {"detail": details}}):
        found = failure(422, **body)
        assert (found.kind, found.parameter) == (FailureKind.REFUSED_PARAMETER, "seed")
        assert found.message == "Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "Retry-After-Ms": "250"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_the_wait_is_read_in_each_of_its_forms(headers, seconds):
    assert failure(429, {"message": "x"}, headers=headers, now_s=60).retry_after_s == seconds


@given(st.integers(0, 999), st.one_of(st.binary(), ANY_JSON.map(lambda value: json.dumps({"error": value}).encode())))
def test_any_error_body_is_read(status, body):
    found = read_failure(status, {"retry-after": body.decode("latin-1")}, body, now_s=0)
    assert len(found.message) <= 2000
    json.dumps(write_failure(found))
