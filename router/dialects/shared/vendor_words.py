"""What vendors say for troubles that every one of them knows: one row for each code or wording, with its source.

To add a vendor's words, add a row where the others of its kind are, and the message as it came to
tests/router/dialects/test_vendor_words.py.
The first row that fits decides, codes before words; so the false friends are first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from router.dialects.conversation import FailureKind as K
from router.dialects.shared.unsupported_words import UNSUPPORTED
from router.dialects.shared.vendor_row import (
    ANTHROPIC_DOCS,
    AZURE_DOCS,
    BEDROCK_DOCS,
    GOOGLE_DOCS,
    LITELLM_DOCS,
    MINIMAX_DOCS,
    MOONSHOT_DOCS,
    OPENAI_DOCS,
    OPENROUTER_DOCS,
    PI_DOCS,
    QWEN_DOCS,
    ZAI_DOCS,
    Row,
    coded,
    worded,
)

# Sound like another trouble, and are a limit of a minute: the prompt fits, only not now.
_FALSE_FRIENDS = (
    *worded(
        K.TOO_LARGE,
        ("openai, groq", OPENAI_DOCS, "request too large for .{0,200}(?:per min|TPM)"),
    ),
    *worded(
        K.RATE_LIMITED,
        ("everyone", PI_DOCS, "rate[ _-]?limit|too many requests|(?:tokens|requests) per (?:min|day|hour)"),
        ("bedrock", PI_DOCS, "throttling|too many tokens,? please wait|quota exceeded for .{0,60}per minute"),
        ("mistral", LITELLM_DOCS, "service tier capacity exceeded"),
    ),
)

_OVERFLOW = (
    *coded(
        K.CONTEXT_TOO_LONG,
        ("openai", OPENAI_DOCS, "context_length_exceeded context_window_exceeded"),
        ("llamacpp", "https://github.com/ggml-org/llama.cpp", "exceed_context_size_error"),
        ("copilot", "https://github.com/microsoft/vscode/issues/289219", "model_max_prompt_tokens_exceeded"),
        ("zai", ZAI_DOCS, "1261 model_context_window_exceeded"),
        ("minimax", MINIMAX_DOCS, "minimax:1039"),
    ),
    *worded(
        K.CONTEXT_TOO_LONG,
        ("anthropic, ollama", PI_DOCS, "(?:prompt|input|conversation|request) (?:is )?too long"),
        ("anthropic", ANTHROPIC_DOCS, "exceed context limit"),
        ("bedrock", PI_DOCS, "input is too long for requested model|input length and .{0,40}exceed"),
        ("bedrock", BEDROCK_DOCS, r"expected maxlength: [\d,]+, actual"),
        ("openai, vllm, deepseek, mistral, sglang", PI_DOCS, "maximum context (?:length|limit|window)"),
        ("openai, lmstudio", PI_DOCS, r"exceed\w* (?:the |this |your )?(?:model'?s? )?context"),
        (
            "llamacpp, lmstudio, together, sglang",
            PI_DOCS,
            r"(?:exceed|larger|longer|greater|more)\w* (?:than )?(?:the |this "
            "|its |available )*(?:model'?s? )?(?:available |maximum |allowed )*context",
        ),
        (
            "lmstudio, minimax, ollama",
            PI_DOCS,
            "context (?:length|window|size|limit) (?:of only|(?:is |was |has been )?(?:exceed"
            r"|reached|overflow))|exceed\w* (?:max )?context (?:length|window)"
            "|the configured context size|context overflow",
        ),
        ("litellm", LITELLM_DOCS, "context ?window ?exceeded|contextwindowexceedederror"),
        ("lmstudio", "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/237", "n_keep.{0,20}n_ctx"),
        ("vllm", PI_DOCS, "maximum model length|max_model_len|prompt contains .{0,40}input tokens"),
        ("xai, vllm", PI_DOCS, "maximum (?:prompt|input|allowed input) (?:token )?(?:length|count|size)"),
        ("google", PI_DOCS, "input token count.{0,80}exceeds|exceeds the maximum number of tokens allowed"),
        (
            "openai",
            LITELLM_DOCS,
            "(?:input|prompt) tokens? exceeds? the (?:configured |model )?limit|input tokens limit",
        ),
        ("tgi, together, huggingface", LITELLM_DOCS, r"`?inputs`? tokens \+ `?max_new_tokens`? must be"),
        ("groq", PI_DOCS, "reduce (?:the length of|your) (?:the |your )?(?:messages|prompt|input|context)"),
        ("mistral", PI_DOCS, r"too large for model with|prompt contains [\d,]+ tokens"),
        ("cerebras", LITELLM_DOCS, "current length is .{0,40}while limit is"),
        ("copilot", PI_DOCS, r"token count of [\d,]+ exceeds the limit"),
        ("moonshot", MOONSHOT_DOCS, "exceeded model token limit|token length too long"),
        ("zai", ZAI_DOCS, "prompt (?:exceeds max length|超长)|输入.{0,10}超(?:长|过)"),
        ("qwen", QWEN_DOCS, "range of input length should be|input length should be"),
        ("cohere", "https://docs.cohere.com/docs/tokens-and-tokenizers", "too many (?:input )?tokens"),
        ("everyone", PI_DOCS, "token limit exceeded|exceeds? (?:the )?(?:max(?:imum)? )?token limit"),
    ),
    *coded(
        K.TOO_LARGE,
        ("anthropic", ANTHROPIC_DOCS, "request_too_large"),
    ),
)

_GONE = (
    *coded(
        K.NOT_FOUND,
        (
            "openai, groq, xai",
            OPENAI_DOCS,
            "model_not_found model_not_available model_decommissioned model_terms_required",
        ),
        ("mistral", "https://docs.mistral.ai/api/", "invalid_model model_not_supported"),
        ("azure_openai", AZURE_DOCS, "deploymentnotfound operationnotsupported modelnotfound"),
        ("zai", ZAI_DOCS, "1211 1220 1221 1222 1311"),
        ("moonshot", MOONSHOT_DOCS, "resource_not_found_error"),
        ("qwen", QWEN_DOCS, "model.accessdenied modelunavailable model_not_exist"),
    ),
    *worded(
        K.NOT_FOUND,
        ("huggingface", "https://huggingface.co/docs/inference-providers", "not supported by any provider"),
        ("deepseek, minimax", "https://github.com/decolua/9router/issues/205", "model not exist|unknown model"),
        (
            "mistral, openrouter, together, nvidia",
            OPENROUTER_DOCS,
            r"^invalid model\b(?! (?:input|parameter))|(?:is )?not a valid model"
            "|invalid model (?:name|id|identifier)",
        ),
        (
            "bedrock",
            BEDROCK_DOCS,
            "model identifier is invalid|on-demand throughput isn|end of its life|marked by provider as legacy",
        ),
        (
            "openai, vllm, groq, xai, perplexity",
            "https://github.com/ItzCrazyKns/Vane/issues/969",
            r"(?:model|deployment)\b.{0,120}?(?:does ?n[o']t exist|do not exist"
            "|not found|not exist|decommissioned|retired|been (?:deprecated"
            "|removed|shut ?down|discontinued)|no longer (?:available|supported"
            "|served|exists?)|is not available(?! in (?:streaming|batch))|is not (?:a )?(?:known"
            "|served|deployed))",
        ),
        ("openrouter", OPENROUTER_DOCS, r"no endpoints found for [\w./:-]+$"),
        ("openai", OPENAI_DOCS, "organization must be verified"),
        ("bedrock", BEDROCK_DOCS, r"^operation not allowed\.?$"),
        ("zai", ZAI_DOCS, "模型不存在|该模型.{0,6}已下线"),
        ("xai, others", OPENROUTER_DOCS, "(?:no such|cannot find|can't find|could not find|unrecognized) model"),
    ),
)

_NO_MONEY = (
    *coded(
        K.QUOTA,
        (
            "openai",
            OPENAI_DOCS,
            "insufficient_quota billing_hard_limit_reached billing_not_active account_deactivated "
            "billing_error insufficient_balance insufficient_balance_error insufficient_credits "
            "credit_balance_too_low not_enough_balance payment_required spend_limit_reached budget_exceeded",
        ),
        ("moonshot", MOONSHOT_DOCS, "exceeded_current_quota_error exceeded_current_quota"),
        ("qwen", QWEN_DOCS, "arrearage allocationquota.freetieronly commoditynotpurchased"),
        ("zai", ZAI_DOCS, "1112 1113 1304 1308 1309 1310"),
        ("minimax", "https://github.com/MiniMax-AI/MiniMax-M2/issues/62", "minimax:1008 minimax:2056"),
    ),
    *worded(
        K.QUOTA,
        (
            "anthropic",
            "https://github.com/BerriAI/litellm/issues/37592",
            "specified API usage limits|credit balance is too low|regain access on|usage limits? (?:reached|exceeded)",
        ),
        (
            "deepseek, minimax, everyone",
            "https://api-docs.deepseek.com/quick_start/error_codes",
            r"insufficient[ _](?:\w+ )?(?:balance|credit|fund|quota)|(?:credit"
            "|account) balance|not[ _]enough[ _](?:balance|credit)|out of (?:credits"
            "|funds)|requires more credits|余额不足|欠费",
        ),
        (
            "xai",
            "https://docs.x.ai/docs/key-information/debugging",
            "used all available credits|(?:monthly |account )?spend(?:ing)? limit"
            "|no credits (?:remaining|left)|any credits",
        ),
        (
            "openai, google",
            OPENAI_DOCS,
            "exceeded your current (?:token )?quota|billing (?:hard )?limit|check your plan",
        ),
        ("qwen", QWEN_DOCS, "account is in good standing|overdue payment|free tier .{0,40}exhausted|in arrears"),
        (
            "huggingface",
            "https://github.com/huggingface/agents-course/issues/386",
            "exceeded your (?:monthly )?(?:included )?credits|(?:purchase|add|buy) (?:pre-paid |more )?credits",
        ),
        ("anthropic", ANTHROPIC_DOCS, "organization has been (?:disabled|suspended)"),
        ("fireworks, together", "https://docs.fireworks.ai", "account .{0,60}(?:suspended|not active|past due)"),
    ),
)

_FLAGGED = (
    *coded(
        K.FLAGGED,
        (
            "azure_openai, openai",
            AZURE_DOCS,
            "content_filter responsibleaipolicyviolation content_policy_violation moderation_blocked",
        ),
        ("qwen", QWEN_DOCS, "data_inspection_failed datainspectionfailed"),
        ("zai", ZAI_DOCS, "1301"),
        ("minimax", MINIMAX_DOCS, "minimax:1026 minimax:1027"),
        ("google", GOOGLE_DOCS, "safety prohibited_content blocklist"),
    ),
    *worded(
        K.FLAGGED,
        ("azure_openai", LITELLM_DOCS, "content management policy|filtered due to the prompt"),
        ("openrouter", OPENROUTER_DOCS, "requires moderation on|your input was flagged|flagged_input"),
        ("openai", LITELLM_DOCS, "violating our usage policy|rejected as a result of (?:our|the) safety system"),
        ("qwen", QWEN_DOCS, "inappropriate content|data[_ ]?inspection[_ ]?failed"),
        ("moonshot", MOONSHOT_DOCS, "considered high risk|content_filter"),
        ("deepseek", "https://api-docs.deepseek.com", "content exists risk"),
        ("minimax", MINIMAX_DOCS, "(?:input|output) new_sensitive|sensitive (?:content|words?)"),
        ("zai", ZAI_DOCS, "unsafe or sensitive content|敏感内容"),
        (
            "anthropic, xai, google",
            ANTHROPIC_DOCS,
            "output blocked by content filtering|blocked by (?:the )?(?:content"
            "|safety)|content (?:policy|safety) violation|violates? (?:our "
            "|the )?(?:usage|content|safety) (?:guidelines|polic)|usage guidelines",
        ),
    ),
)

FIRM: tuple[Row, ...] = (*_FALSE_FRIENDS, *_FLAGGED, *_NO_MONEY, *_OVERFLOW)
"""What is said in words that nothing else is said in, in the order in which the rows are asked."""

LOOSE: tuple[Row, ...] = (*UNSUPPORTED, *_GONE)
"""What is said in words that may also be about one parameter: asked where none is named."""

SPOKEN_UNDER = frozenset((0, 200, 400, 402, 403, 404, 406, 412, 413, 422, 429, 500))
"""HTTP statuses under which words say more than the status: older servers answer 500 to a prompt that is too long."""

_ALLOWED = {
    K.CONTEXT_TOO_LONG: frozenset((0, 200, 400, 413, 422, 500)),
    K.UNSUPPORTED: frozenset((0, 200, 400, 404, 406, 413, 422, 500)),
    K.NOT_FOUND: frozenset((0, 200, 400, 403, 404, 406, 422)),
    K.FLAGGED: frozenset((0, 200, 400, 403, 422, 500)),
    K.RATE_LIMITED: frozenset((0, 200, 400, 403, 429, 500)),
}
"""Statuses under which a row of the kind may speak; every one of SPOKEN_UNDER for the others."""

EMPTY_BODIES: Mapping[str, tuple[int, ...]] = {"cerebras": (400, 413)}
"""Vendors whose refusal of a prompt that is too long has no body, with its statuses; as pi's overflow.ts has it."""


def kind_of_codes(codes: Collection[str], status: int) -> K | None:
    """The kind that a vendor's codes say; None where no row has one. codes: in lower case.  status: 0 in a stream."""
    fitting = (row.kind for row in (*FIRM, *LOOSE) if not row.codes.isdisjoint(codes))
    return next((kind for kind in fitting if _may_speak(kind, status)), None)


def kind_of_words(message: str, status: int, rows: Sequence[Row]) -> K | None:
    """The kind that the message says by one of the rows; None where none fits. status: 0 in a stream."""
    spoken = (row for row in rows if row.words and _may_speak(row.kind, status))
    return next((row.kind for row in spoken if _pattern(row.words).search(message)), None)


def _may_speak(kind: K, status: int) -> bool:
    return status in _ALLOWED.get(kind, SPOKEN_UNDER)


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.DOTALL)
