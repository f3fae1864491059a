"""Numbers of tokens in vendors' words; each message is one that a vendor sent."""

# ruff: noqa: E501 - messages stand as they came
from __future__ import annotations

import pytest

from router.dialects.shared.token_limits import answer_limit, overflow, room


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        ("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 65536]", 65536),
        ("max_tokens is too large: 64000. This model supports at most 4096 completion tokens, whereas you", 4096),
        ("max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for claude-x", 32000),
        ("max_tokens (384000) exceeds model's maximum output tokens (65536) for model deepseek", 65536),
        ("max_completion_tokens must be less than or equal to 40960, the maximum value for it", 40960),
        ("`max_tokens` must be less than or equal to `16384`", 16384),
        ("max_tokens must be at most 8192, got 64000", 8192),
        ("the parameter `max_tokens` specified is not valid: expected a value <= 32,768, but got 65536", 32768),
        ("The maximum tokens you requested exceeds the model limit of 4096. Try again with a lower one.", 4096),
        (
            "Unable to submit: maxOutputTokens value of 9 but the supported range is from 1 (inclusive) to 65537 (exclusive).",
            65536,
        ),
        ("max_tokens should be between 1 and 4096", 4096),
        ("Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.", None),
        ("Invalid 'n': integer above maximum value. Expected a value <= 1, but got 5 instead.", None),
        ("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.", None),
        ("temperature must be less than or equal to 2", None),
        ("A maximum of 4 blocks with cache_control may be provided. Found 5.", None),
        ("prompt is too long: 205000 tokens > 200000 maximum", None),
    ],
)
def test_the_most_output_that_a_model_writes_is_read_from_its_refusal(message, limit):
    assert answer_limit(message) == limit


SUMS = [
    ("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease", 188240, 21333, 200000),
    (
        "model's maximum context length of 262144 tokens. You requested a total of 262462 tokens: 230462 tokens from the "
        "input messages and 32000 tokens for the completion.",
        230462,
        32000,
        262144,
    ),
    (
        "maximum context length is 8192 tokens. However, you requested 10256 tokens (2256 in the messages, 8000 in the "
        "completion).",
        2256,
        8000,
        8192,
    ),
    (
        "maximum context length is 131072 tokens. However, you requested 65536 output tokens and your prompt contains at "
        "least 65537 input tokens, for a total of at least 131073 tokens.",
        65537,
        65536,
        131072,
    ),
    (
        "maximum context length is 200000 tokens. However, you requested about 205000 tokens (150000 of text input, 40000 "
        "of tool input, 15000 in the output).",
        190000,
        15000,
        200000,
    ),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 8192 tokens "
        "and your request has 500 input tokens (32000 > 8192 - 500).",
        500,
        32000,
        8192,
    ),
    (
        "`inputs` tokens + `max_new_tokens` must be <= 32769. Given: 30000 `inputs` tokens and 4096 `max_new_tokens`",
        30000,
        4096,
        32769,
    ),
]


@pytest.mark.parametrize(("message", "prompt", "answer", "window"), SUMS)
def test_a_prompt_that_fits_alone_leaves_room_for_an_answer(message, prompt, answer, window):
    assert room(message) == window - prompt
    assert overflow(message) == (prompt + answer, window)


def test_a_prompt_that_leaves_too_little_room_is_too_long():
    assert room("exceed context limit: 199500 + 4096 > 200000") is None
    assert room("exceed context limit: 205000 + 4096 > 200000") is None
    assert overflow("exceed context limit: 205000 + 4096 > 200000") == (205000, 200000)


@pytest.mark.parametrize(
    ("message", "asked", "most"),
    [
        ("prompt is too long: 213462 tokens > 200000 maximum", 213462, 200000),
        ("The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).", 1196265, 1048575),
        ("This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 537812, 131072),
        ("prompt token count of 146270 exceeds the limit of 128000", 146270, 128000),
        ("Your request exceeded model token limit: 262144 (requested: 265801)", 265801, 262144),
        ("Input length 131393 exceeds the maximum allowed input length of 131040 tokens.", 131393, 131040),
        ("Input length (265330) exceeds model's maximum context length (262144).", 265330, 262144),
        ("the request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it", 9000, 8192),
        ("The input (210000 tokens) is longer than the model's context length (200000 tokens).", 210000, 200000),
        (
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            40000,
            32768,
        ),
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            9000,
            8192,
        ),
        ("Current length is 9000 while limit is 8192", 9000, 8192),
    ],
)
def test_what_was_asked_and_what_is_allowed_are_read_from_an_overflow(message, asked, most):
    assert overflow(message) == (asked, most)
    assert room(message) is None


@pytest.mark.parametrize("message", ["invalid params, context window exceeds limit (2013)", "", "9" * 2000, "too long"])
def test_words_without_both_numbers_have_no_overflow(message):
    assert overflow(message) is None and room(message) is None
