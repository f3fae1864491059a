"""What vendors said, as they said it, and what it means; the sources are in the table."""

# ruff: noqa: E501 - messages stand as they came
from __future__ import annotations

import json
import re

import pytest

from router.dialects.conversation import FailureKind as K
from router.dialects.shared.vendor_words import FIRM, LOOSE
from router.dialects.table import provider
from router.types import Dialect

CHAT, CLAUDE, GOOGLE, AWS = Dialect.OPENAI_CHAT, Dialect.ANTHROPIC, Dialect.GEMINI, Dialect.BEDROCK
MESSAGES: list[tuple[K, Dialect, int, str]] = [
    # Too long.
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Invalid request: Your request exceeded model token limit: 262144 (requested: 265801)"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "invalid params, context window exceeds limit (2013)"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "prompt too long; exceeded max context length by 523 tokens"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Input length 131393 exceeds the maximum allowed input length of 131040 tokens."),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Range of input length should be [1, 30720]"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "prompt token count of 146270 exceeds the limit of 128000"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "tokens to keep from the initial prompt is greater than the context length"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Prompt has 32769 tokens, but the configured context size is 32768 tokens"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Please reduce the length of the messages or completion."),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "too many tokens: total number of tokens in the prompt cannot exceed 8192"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Input tokens exceed the configured limit of 272000 tokens."),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "Cannot truncate prompt with n_keep (9000) >= n_ctx (4096)"),
    (K.CONTEXT_TOO_LONG, CHAT, 400, "litellm.ContextWindowExceededError: x"),
    (K.CONTEXT_TOO_LONG, CHAT, 413, "Current length is 9000 while limit is 8192"),
    (K.CONTEXT_TOO_LONG, CHAT, 500, "the input length exceeds the context length"),
    (K.CONTEXT_TOO_LONG, CLAUDE, 400, "prompt is too long: 213462 tokens > 200000 maximum"),
    (K.CONTEXT_TOO_LONG, GOOGLE, 400, "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)."),
    (K.CONTEXT_TOO_LONG, AWS, 400, "Input is too long for requested model."),
    # Sounds like it, and is a limit of a minute, or one request above it.
    (K.RATE_LIMITED, CHAT, 429, "Rate limit reached for gpt-x on tokens per min (TPM): Limit 30000. Please try again in 6s."),
    (K.RATE_LIMITED, CHAT, 400, "Rate limit reached: too many tokens per minute"),
    (K.RATE_LIMITED, AWS, 429, "Too many tokens, please wait before trying again."),
    (K.TOO_LARGE, CHAT, 429, "Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 40000."),
    (K.TOO_LARGE, CHAT, 413, "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000"),
    # The model is gone.
    (K.NOT_FOUND, CHAT, 400, "Model Not Exist"),
    (K.NOT_FOUND, CHAT, 400, "Invalid model: mistral-old"),
    (K.NOT_FOUND, CHAT, 400, "foo/bar is not a valid model ID"),
    (K.NOT_FOUND, CHAT, 400, "The model `x` has been decommissioned and is no longer supported."),
    (K.NOT_FOUND, CHAT, 400, "The requested model 'x' is not supported by any provider you have enabled."),
    (K.NOT_FOUND, CHAT, 404, "The model `x` does not exist or you do not have access to it."),
    (K.NOT_FOUND, CHAT, 406, "Not Acceptable"),
    (K.NOT_FOUND, CHAT, 410, "The model has reached its end of life"),
    (K.NOT_FOUND, AWS, 400, "The provided model identifier is invalid."),
    # No money.
    (K.QUOTA, CLAUDE, 400, "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."),
    (K.QUOTA, CLAUDE, 400, "Your credit balance is too low to access the API. Please go to Plans & Billing."),
    (K.QUOTA, CHAT, 400, "Access denied, please make sure your account is in good standing."),
    (K.QUOTA, CHAT, 402, "Insufficient Balance"),
    (K.QUOTA, CHAT, 403, "Your team has either used all available credits or reached its monthly spending limit."),
    (K.QUOTA, CHAT, 500, "insufficient balance (1008)"),
    (K.QUOTA, CHAT, 429, "You exceeded your current quota, please check your plan and billing details."),
    (K.QUOTA, CHAT, 402, "You have exceeded your monthly included credits for Inference Providers."),
    # Flagged.
    (K.FLAGGED, CHAT, 400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
    (K.FLAGGED, CHAT, 400, "Output data may contain inappropriate content."),
    (K.FLAGGED, CHAT, 403, 'x/y requires moderation on Azure. Your input was flagged for "violence".'),
    (K.FLAGGED, CHAT, 400, "The request was rejected because it was considered high risk"),
    (K.FLAGGED, CHAT, 400, "Content Exists Risk"),
    (K.FLAGGED, CLAUDE, 400, "Output blocked by content filtering policy"),
    # Not here, or not together.
    (K.UNSUPPORTED, CHAT, 400, "Thinking mode does not support this tool_choice"),
    (K.UNSUPPORTED, CHAT, 400, "tool_choice 'required' is incompatible with thinking enabled"),
    (K.UNSUPPORTED, CHAT, 400, "This response_format type is unavailable now"),
    (K.UNSUPPORTED, CHAT, 404, "No endpoints found that support tool use."),
    (K.UNSUPPORTED, CHAT, 400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    (K.UNSUPPORTED, CHAT, 500, "image input is not supported - hint: you may need to provide the mmproj"),
    (K.UNSUPPORTED, CHAT, 400, "The reasoning_content in the thinking mode must be passed back to the API."),
    (K.UNSUPPORTED, CHAT, 400, "Not the same number of function calls and responses"),
    (K.UNSUPPORTED, CHAT, 400, "Unexpected role 'user' after role 'tool'"),
    (K.UNSUPPORTED, CHAT, 400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    (K.UNSUPPORTED, CHAT, 400, "`tool calling` is not supported with this model"),
    (K.UNSUPPORTED, CHAT, 400, "json mode cannot be combined with tool/function calling"),
    (K.UNSUPPORTED, CHAT, 400, "Invalid request content: Image inputs are not supported by this model."),
    (K.UNSUPPORTED, CHAT, 400, "At most 0 image(s) may be provided in one prompt."),
    (K.UNSUPPORTED, CHAT, 422, "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, expected `system`"),
    (K.UNSUPPORTED, CHAT, 400, "The tool_choice parameter does not support being set to required or object in thinking mode"),
    (K.UNSUPPORTED, CHAT, 500, "tools param requires --jinja flag"),
    (K.UNSUPPORTED, GOOGLE, 400, "Function calling with a response mime type: 'application/json' is unsupported"),
    (K.UNSUPPORTED, GOOGLE, 400, "Function call is missing a thought_signature in functionCall parts."),
    (K.UNSUPPORTED, GOOGLE, 400, "Developer instruction is not enabled for models/gemma-3-27b-it"),
    (K.UNSUPPORTED, GOOGLE, 400, "The specified schema produces a constraint that has too many states for serving."),
    (K.UNSUPPORTED, AWS, 400, "This model doesn't support system messages. Try again without a system message."),
    (K.UNSUPPORTED, AWS, 400, "This model doesn't support the image content block that you provided."),
    (K.UNSUPPORTED, CLAUDE, 400, "tools.0: Input tag 'web_search_20250305' found using 'type' does not match any of the expected tags"),
    (K.NOT_FOUND, CHAT, 404, "No endpoints found for x/y."),
    (K.NOT_FOUND, CHAT, 400, "Your organization must be verified to stream this model."),
    (K.QUOTA, CHAT, 412, "Account x is suspended, possibly due to reaching the monthly spending limit"),
    # Adapted to.
    (K.REFUSED_PARAMETER, CHAT, 400, "Requests with max_tokens > 4096 must have stream=true"),
    (K.REFUSED_PARAMETER, CHAT, 400, "Model grok-4 does not support parameter reasoningEffort."),
    (K.REFUSED_PARAMETER, CHAT, 400, "Function tools with reasoning_effort are not supported for gpt-x in /v1/chat/completions."),
    (K.REFUSED_PARAMETER, CHAT, 400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
    (K.REFUSED_PARAMETER, CLAUDE, 400, "max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for x"),
    (K.REFUSED_PARAMETER, CLAUDE, 400, "Thinking may not be enabled when tool_choice forces tool use."),
    # The client's own, as far as one vendor can tell.
    (K.BAD_REQUEST, CHAT, 400, "messages.0: expected a string"),
    (K.BAD_REQUEST, CHAT, 400, "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 200."),
    (K.BAD_REQUEST, CLAUDE, 400, "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after"),
    # What the status says, whatever the type does.
    (K.AUTHENTICATION, CLAUDE, 401, "Incorrect API key provided"),
    (K.AUTHENTICATION, CLAUDE, 403, "no"),
    (K.QUOTA, CLAUDE, 402, "no"),
    (K.NOT_FOUND, CLAUDE, 404, "no"),
    (K.RATE_LIMITED, CLAUDE, 429, "no"),
    (K.OVERLOADED, CLAUDE, 529, "no"),
    (K.SERVER, CLAUDE, 500, "no"),
    (K.AUTHENTICATION, GOOGLE, 401, "no"),
    (K.RATE_LIMITED, GOOGLE, 429, "no"),
    (K.OVERLOADED, GOOGLE, 503, "no"),
    (K.AUTHENTICATION, CHAT, 401, "no"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "dialect", "status", "message"), MESSAGES)
def test_a_vendors_words_mean_one_kind_of_trouble(kind, dialect, status, message):
    error = {"type": "invalid_request_error", "status": "INVALID_ARGUMENT", "message": message}
    if dialect is not GOOGLE:
        del error["status"]
    body = {"message": message} if dialect is AWS else {"error": error}
    found = provider(dialect).read_failure(status, {}, json.dumps(body).encode(), now_s=0)
    assert (found.kind, found.message) == (kind, message)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (K.CONTEXT_TOO_LONG, 400, {"error": {"code": "1261", "message": "x"}}),
        (K.NOT_FOUND, 400, {"error": {"code": "1211", "message": "x"}}),
        (K.QUOTA, 429, {"error": {"code": "1113", "message": "x"}}),
        (K.FLAGGED, 400, {"error": {"code": "1301", "message": "x"}}),
        (K.FLAGGED, 400, {"error": {"code": "content_filter", "message": "x", "innererror": {"code": "y"}}}),
        (K.FLAGGED, 400, {"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        (K.FLAGGED, 400, {"error": {"code": "data_inspection_failed", "message": "x"}}),
        (K.QUOTA, 400, {"error": {"code": "Arrearage", "message": "x"}}),
        (K.QUOTA, 429, {"error": {"type": "exceeded_current_quota_error", "message": "x"}}),
        (K.QUOTA, 200, {"base_resp": {"status_code": 1008, "status_msg": "x"}}),
        (K.CONTEXT_TOO_LONG, 200, {"base_resp": {"status_code": 1039, "status_msg": "x"}}),
        (K.CONTEXT_TOO_LONG, 400, {"error": {"type": "exceed_context_size_error", "code": 400, "message": "x"}}),
        (K.QUOTA, 429, {"error": {"code": "insufficient_quota", "message": "x"}}),
        (K.REFUSED_PARAMETER, 400, {"error": {"code": "string_above_max_length", "param": "user", "message": "x"}}),
        (K.CONTEXT_TOO_LONG, 400, {"error": {"code": "string_above_max_length", "param": "messages[1].content", "message": "x"}}),
        (K.UNSUPPORTED, 400, {"error": {"code": "string_above_max_length", "param": "messages[1].tool_calls[0].id", "message": "x"}}),
        (K.UNSUPPORTED, 400, {"error": {"code": "string_above_max_length", "param": "tools[0].function.name", "message": "x"}}),
        (K.UNSUPPORTED, 400, {"code": "3230", "type": "invalid_request_message_order", "message": "x"}),
        (K.UNSUPPORTED, 400, {"error": {"code": "invalid_function_parameters", "message": "x"}}),
        (K.BROKEN_ANSWER, 400, {"error": {"code": "tool_use_failed", "message": "x"}}),
        (K.QUOTA, 403, {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "x"}),
        (K.CONTEXT_TOO_LONG, 400, {"success": False, "errors": [{"code": 5021, "message": "tokens (9000) exceeded this model context window limit (7968)."}]}),
        (K.OVERLOADED, 503, {"error": {"code": "1261", "message": "the status decides"}}),
    ],
)  # fmt: skip
def test_a_vendors_codes_mean_one_kind_of_trouble(kind, status, body):
    assert provider(CHAT).read_failure(status, {}, json.dumps(body).encode(), now_s=0).kind is kind


@pytest.mark.parametrize("status", [400, 413])
def test_an_empty_refusal_is_an_overflow_where_the_vendor_is_known_for_it(status):
    read = provider(CHAT).read_failure
    assert read(status, {}, b"", now_s=0, vendor="cerebras").kind is K.CONTEXT_TOO_LONG
    assert read(400, {}, b"", now_s=0, vendor="groq").kind is K.BAD_REQUEST


def test_plain_text_is_read_for_its_words_too():
    read = provider(CHAT).read_failure
    assert read(400, {}, b"prompt is too long: 9 tokens > 8 maximum", now_s=0).kind is K.CONTEXT_TOO_LONG


def test_every_row_has_a_source_and_says_something():
    for row in (*FIRM, *LOOSE):
        assert row.source.startswith("https://") and row.vendor
        assert bool(row.words) != bool(row.codes)
        assert all(code == code.lower() for code in row.codes)
        re.compile(row.words)


@pytest.mark.parametrize("raw", ['{"error": {"message": "%s"}}', '{"message": "%s"}', "%s"])
def test_the_words_of_a_vendor_behind_a_reseller_are_read(raw):
    said = "tool_choice 'specified' is incompatible with thinking enabled"
    error = {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw % said, "provider_name": "x"}}
    found = provider(CHAT).read_failure(400, {}, json.dumps({"error": error}).encode(), now_s=0)
    assert (found.kind, found.message) == (K.UNSUPPORTED, f"Provider returned error: {said}")


def test_money_for_a_shorter_answer_is_money():
    words = "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford {}."
    read = provider(CHAT).read_failure
    for n, limit in ((2105, 2105), (12, None)):
        found = read(402, {}, json.dumps({"error": {"code": 402, "message": words.format(n)}}).encode(), now_s=0)
        assert (found.kind, found.output_limit) == (K.QUOTA, limit)


NOT_EXPECTED = "Extra inputs are not permitted"
REFUSED: list[tuple[Dialect, str, str]] = [
    # The place that the words name; an item's index and pydantic's names of kinds are no part of it.
    (CHAT, f"{NOT_EXPECTED}, field: 'store'", "store"),
    (CHAT, f"{NOT_EXPECTED}, field: 'messages[2].reasoning_content'", "messages.reasoning_content"),
    (CHAT, f"[{{'type': 'extra_forbidden', 'loc': ('body', 'reasoning'), 'msg': '{NOT_EXPECTED}'}}]", "reasoning"),
    (CLAUDE, f"tools.0.custom.strict: {NOT_EXPECTED}", "tools.strict"),
    (CLAUDE, f"tools.3.custom.defer_loading: {NOT_EXPECTED}", "tools.defer_loading"),
    (CLAUDE, f"system.0.cache_control.scope: {NOT_EXPECTED}", "system.cache_control.scope"),
    (CLAUDE, f"messages.1.content.0.text.citations: {NOT_EXPECTED}", "messages.content.citations"),
    (AWS, f"The model returned the following errors: tools.0.custom.strict: {NOT_EXPECTED}", "tools.strict"),
    # The name that the words say.
    (CHAT, "'messages.2' : for 'role:assistant' (property 'reasoning_content' is unsupported)", "messages.reasoning_content"),
    (CHAT, "reasoning_effort is not supported with this model", "reasoning_effort"),
    (CHAT, "`reasoning_effort` must be one of `none` or `default`", "reasoning_effort"),
    (CHAT, "Failed to deserialize the JSON body into the target type: reasoning_effort: unknown variant `xhigh`, expected one of `low`, `high`", "reasoning_effort"),
    (CHAT, "Reasoning is mandatory for this endpoint and cannot be disabled.", "reasoning_effort"),
    (CHAT, '"qwen3" does not support thinking', "reasoning_effort"),
    (CHAT, 'think value "xhigh" is not supported for this model', "reasoning_effort"),
    (CHAT, "Model 'gpt-4' does not support stream_options", "stream_options"),
    (CHAT, "Invalid temperature: only 1 is allowed for this model", "temperature"),
    (CHAT, "Encrypted content is not supported with this model.", "include"),
    (CLAUDE, f"system.0.cache_control.ephemeral.scope: {NOT_EXPECTED}", "system.cache_control.scope"),
    (GOOGLE, "Invalid JSON payload received. Unknown name \"mediaResolution\" at 'generation_config': Cannot find field.", "generationConfig.mediaResolution"),
    (GOOGLE, "Invalid JSON payload received. Unknown name \"x\" at 'tools[0].function_declarations[1]': Cannot find field.", "tools.functionDeclarations.x"),
    (GOOGLE, "Budget 0 is invalid. This model only works in thinking mode.", "generationConfig.thinkingConfig"),
    (GOOGLE, "The thinking budget 65536 is invalid. Please choose a value between 128 and 32768.", "generationConfig.thinkingConfig"),
    (GOOGLE, "Thinking_config.include_thoughts is only enabled when thinking is enabled.", "generationConfig.thinkingConfig"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "message", "path"), REFUSED)
def test_a_parameter_that_is_refused_is_found_in_the_words(dialect, message, path):
    body = {"message": message} if dialect is AWS else {"error": {"message": message}}
    found = provider(dialect).read_failure(400, {}, json.dumps(body).encode(), now_s=0)
    assert (found.kind, found.parameter) == (K.REFUSED_PARAMETER, path)


@pytest.mark.parametrize("holder", [("message", "detail"), ("detail",)])
def test_a_list_of_unexpected_fields_names_the_first(holder):
    """Mistral, and the same inside a message."""
    place = ["body", "messages", 2, "assistant", "reasoning_content"]
    body: object = [{"type": "extra_forbidden", "loc": place, "msg": NOT_EXPECTED}]
    for name in reversed(holder):
        body = {name: body}
    found = provider(CHAT).read_failure(422, {}, json.dumps(body).encode(), now_s=0)
    assert (found.kind, found.parameter) == (K.REFUSED_PARAMETER, "messages.reasoning_content")


@pytest.mark.parametrize("message", [f"messages.0.content: {NOT_EXPECTED}", f"tools.0.input_schema: {NOT_EXPECTED}"])
def test_what_a_request_needs_is_not_left_out(message):
    body = json.dumps({"error": {"message": message}}).encode()
    assert provider(CLAUDE).read_failure(400, {}, body, now_s=0).parameter is None
