"""Every form in which providers ask to wait."""

from __future__ import annotations

import json

import pytest

from router.dialects.shared.openai_failures import read_failure
from router.dialects.shared.waits import wait_of_headers, wait_of_resets, wait_of_text

NOW_S = 1_796_000_000.0


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-reset-tokens": "6ms"}, 0.006),
        ({"x-ratelimit-reset-requests": "2m59.56s"}, 179.56),
        ({"x-ratelimit-reset-requests": "1h2m3s"}, 3723.0),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": f"{NOW_S + 40:.0f}"}, 40.0),
        ({"x-ratelimit-reset": f"{(NOW_S + 40) * 1000:.0f}"}, 40.0),
        ({"x-ratelimit-reset": f"{NOW_S - 40:.0f}"}, 0.0),
        ({"anthropic-ratelimit-tokens-reset": "2026-11-30T00:54:00Z"}, 1_796_000_040.0 - NOW_S),
        ({"x-ratelimit-reset-requests": "soon"}, None),
        ({"x-ratelimit-reset-requests": "9" * 400}, None),
        ({}, None),
    ],
)
def test_the_reset_of_a_limit_is_read_in_each_of_its_forms(headers, wait_s):
    found = wait_of_resets(headers, now_s=NOW_S)
    assert found == (wait_s if wait_s is None else pytest.approx(wait_s, abs=0.01))


def test_the_limit_with_nothing_left_is_the_one_that_is_waited_for():
    headers = {
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-reset-tokens": "7s",
        "x-ratelimit-remaining-tokens": "0",
    }
    assert wait_of_resets(headers, now_s=NOW_S) == 7.0
    headers = {
        "anthropic-ratelimit-requests-reset": "2026-11-30T00:53:30Z",
        "anthropic-ratelimit-requests-remaining": "50",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-30T00:54:20Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
    }
    assert wait_of_resets(headers, now_s=NOW_S) == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("Rate limit reached. Please try again in 1.5s. Visit https://x", 1.5),
        ("Please try again in 6ms.", 0.006),
        ("Please try again in 1m30.5s.", 90.5),
        ("Please retry after 20 seconds.", 20.0),
        ("please try again after 1 seconds", 1.0),
        ("Please retry in 26.9s.", 26.9),
        ("slow down; Retry-After: 2 seconds", 2.0),
        ("Your limit resets in 2 hours", 7200.0),
        ("Please wait 3 minutes and try again", 180.0),
        ("Try again later. See page 12 s.", None),
        ("Limit 30000, Requested 40000", None),
        ("", None),
    ],
)
def test_a_wait_in_the_words_of_an_error_is_read(text, wait_s):
    assert wait_of_text(text) == (wait_s if wait_s is None else pytest.approx(wait_s))


def test_a_header_is_believed_before_words_and_words_before_resets():
    body = json.dumps({"error": {"message": "Please try again in 3s."}}).encode()
    resets = {"x-ratelimit-reset-tokens": "9s"}
    assert read_failure(429, {"retry-after": "1", **resets}, body, now_s=0).retry_after_s == 1.0
    assert read_failure(429, resets, body, now_s=0).retry_after_s == 3.0
    assert read_failure(429, resets, b"{}", now_s=0).retry_after_s == 9.0
    assert read_failure(500, resets, b"{}", now_s=0).retry_after_s is None
    assert wait_of_headers({"retry-after-ms": "250", "retry-after": "7"}, now_s=0) == 0.25


def test_headers_that_openrouter_quotes_in_its_body_are_read():
    error = {"code": 429, "message": "x", "metadata": {"headers": {"X-RateLimit-Reset": "1796000040000"}}}
    found = read_failure(429, {}, json.dumps({"error": error}).encode(), now_s=NOW_S)
    assert found.retry_after_s == pytest.approx(40.0)
