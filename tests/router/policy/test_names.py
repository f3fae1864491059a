"""Names of models as clients write them."""

import pytest

from router.policy.names import own_name, plain_name


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-6",
        "claude-sonnet-4-6-20260217",
        "claude-sonnet-4-6[1m]",
        "claude-sonnet-4-6-20260217[1m]",
        "Claude-Sonnet-4.6",
        "anthropic/claude-sonnet-4.6:free",
        "openrouter/anthropic/claude-sonnet-4-6:thinking",
        "anthropic.claude-sonnet-4-6-v1:0",
        "us.anthropic.claude-sonnet-4-6-20260217-v1:0",
        "bedrock/global.anthropic.claude-sonnet-4-6-20260217-v1:0:200k",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6-20260217-v1:0",
        "bedrock/arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-6-v1:0",
        "claude-sonnet-4-6@20260217",
        "claude-sonnet-4-6-latest",
        "vertex_ai/claude-sonnet-4-6@20260217",
    ],
)
def test_spellings_of_one_model_are_one_name(name):
    assert plain_name(name) == "claude-sonnet-4-6"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("openai/gpt-5.5-2026-04-01", "gpt-5-5"),
        ("models/gemini-3.5-flash", "gemini-3-5-flash"),
        ("deepseek/deepseek-chat:nitro", "deepseek-chat"),
        ("qwen3:8b", "qwen3:8b"),  # a size of Ollama's is another model
        ("gpt-4-0613", "gpt-4-0613"),
        ("gpt-5.5-mini", "gpt-5-5-mini"),
        ("acme/claude-like", "acme/claude-like"),
        ("us.mail", "us.mail"),
    ],
)
def test_other_names_keep_what_makes_them_another_model(name, plain):
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("auto", "auto"),
        ("AUTO", "auto"),
        ("auto[1m]", "auto"),
        ("claude-auto", "auto"),
        ("claude-auto[1m]", "auto"),
        ("openai/auto", "auto"),
        ("anthropic/claude-auto:Careful", "auto:Careful"),
        ("models/tier:budget", "tier:budget"),
        ("claude-tier:budget", "tier:budget"),
        ("automatic", None),
        ("tier", None),
        ("claude-opus-4-7", None),
        ("acme/auto", None),
    ],
)
def test_our_own_names_are_known_behind_what_clients_put_around_them(name, own):
    assert own_name(name) == own
