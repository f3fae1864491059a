"""What clients are told: words on which their agents compact, and a provider's own where it speaks their dialect."""

from __future__ import annotations

import json

import pytest

from router.dialects.conversation import FailureKind, OwnWords, UpstreamFailure
from router.dialects.errors import render_error
from router.dialects.table import clients, provider
from router.errors import ContextTooLong
from router.types import Dialect

CHAT, CLAUDE, GOOGLE, RESPONSES = Dialect.OPENAI_CHAT, Dialect.ANTHROPIC, Dialect.GEMINI, Dialect.OPENAI_RESPONSES
COPILOT = "prompt token count of 146270 exceeds the limit of 128000"
WITH_NUMBERS = {
    CHAT: "This model's maximum context length is 128000 tokens. However, your messages resulted in 146270 tokens.",
    RESPONSES: "This model's maximum context length is 128000 tokens. However, your messages resulted in 146270",
    CLAUDE: "prompt is too long: 146270 tokens > 128000 maximum",
    GOOGLE: "The input token count (146270) exceeds the maximum number of tokens allowed (128000).",
}
WITHOUT = {
    CHAT: "Your input exceeds the context window of this model: it is longer than the maximum context length.",
    RESPONSES: "Your input exceeds the context window of this model: it is longer than the maximum context length.",
    CLAUDE: "prompt is too long",
    GOOGLE: "The input token count exceeds the maximum number of tokens allowed.",
}


@pytest.mark.parametrize("kind", [FailureKind.CONTEXT_TOO_LONG, FailureKind.TOO_LARGE])
@pytest.mark.parametrize("dialect", WITH_NUMBERS)
def test_an_overflow_is_told_in_the_words_and_with_the_status_on_which_agents_compact(dialect, kind):
    client = clients()[dialect]
    for said, words in ((COPILOT, WITH_NUMBERS), ("context window exceeds limit (2013)", WITHOUT), ("", WITHOUT)):
        failure = UpstreamFailure(kind, 413, said)
        error = client.write_failure(failure)["error"]
        assert client.failure_status(failure) == 400, "413 ends a turn of Claude Code"
        assert error["message"].startswith(words[dialect])
        assert said in error["message"]
        assert dialect not in (CHAT, RESPONSES) or error["code"] == "context_length_exceeded"
        assert dialect is not CLAUDE or error["type"] == "invalid_request_error"


@pytest.mark.parametrize("dialect", WITH_NUMBERS)
def test_the_routers_own_overflow_is_told_in_the_same_words(dialect):
    error = render_error(ContextTooLong("No model fits.", needed_tokens=146270, window_tokens=128000), dialect)["error"]
    assert error["message"].startswith(WITH_NUMBERS[dialect]) and "No model fits." in error["message"]
    assert dialect not in (CHAT, RESPONSES) or error["code"] == "context_length_exceeded"


def test_a_dialects_own_words_for_an_overflow_stay_as_they_are():
    said = "prompt is too long: 213462 tokens > 200000 maximum"
    failure = UpstreamFailure(FailureKind.CONTEXT_TOO_LONG, 400, said)
    assert clients()[CLAUDE].write_failure(failure)["error"]["message"] == said


def test_a_provider_of_the_clients_dialect_keeps_its_type_code_and_param():
    own = {"message": "x", "type": "some_error", "param": "temperature", "code": "decimal_above_max_value"}
    failure = provider(CHAT).read_failure(400, {}, json.dumps({"error": own}).encode(), now_s=0)
    assert clients()[CHAT].write_failure(failure)["error"] == own
    told = clients()[CLAUDE].write_failure(failure)["error"]
    assert told == {"type": "invalid_request_error", "message": "x"}, "another dialect's words mean nothing here"
    bare = provider(CHAT).read_failure(400, {}, b'{"error": {"message": "x"}}', now_s=0)
    assert clients()[CHAT].write_failure(bare)["error"]["code"] == "invalid_value"


def test_a_refused_key_is_ours_and_none_of_the_providers_words_about_it_are_told():
    own = OwnWords(CHAT, "invalid_request_error", "invalid_api_key")
    failure = UpstreamFailure(FailureKind.AUTHENTICATION, 401, "Incorrect API key provided: sk", own=own)
    told = clients()[CHAT].write_failure(failure)["error"]
    assert (told["type"], told["code"]) == ("upstream_error", "upstream_authentication")
    assert "sk" not in told["message"]
