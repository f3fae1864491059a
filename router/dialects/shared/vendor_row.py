"""One row of the tables of vendors' words, and where the rows were read."""

from __future__ import annotations

from typing import NamedTuple

from router.dialects.conversation import FailureKind as K


class Row(NamedTuple):
    """One way to say it.

    words: a pattern of the message, in any case; "" for none.  codes: of the error's code, type, status or reason, in
    lower case.
    vendor: who says it; the row holds for everyone.  source: where it was read.
    """

    kind: K
    vendor: str
    source: str
    words: str = ""
    codes: frozenset[str] = frozenset()


def worded(kind: K, *said: tuple[str, str, str]) -> tuple[Row, ...]:
    """Rows of words. said: (vendor, source, words)."""
    return tuple(Row(kind, vendor, source, words) for vendor, source, words in said)


def coded(kind: K, *said: tuple[str, str, str]) -> tuple[Row, ...]:
    """Rows of codes. said: (vendor, source, codes with spaces between them)."""
    return tuple(Row(kind, vendor, source, codes=frozenset(codes.split())) for vendor, source, codes in said)


PI_DOCS = "https://github.com/earendil-works/pi/blob/main/packages/ai/src/utils/overflow.ts"
LITELLM_DOCS = "https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/exception_mapping_utils.py"
OPENAI_DOCS = "https://platform.openai.com/docs/guides/error-codes"
ANTHROPIC_DOCS = "https://platform.claude.com/docs/en/api/errors"
ZAI_DOCS = "https://docs.z.ai/api-reference/api-code"
MINIMAX_DOCS = "https://platform.minimax.io/docs/api-reference/errorcode"
QWEN_DOCS = "https://www.alibabacloud.com/help/en/model-studio/error-code"
MOONSHOT_DOCS = "https://platform.moonshot.ai/docs/api/chat"
OPENROUTER_DOCS = "https://openrouter.ai/docs/api-reference/errors"
AZURE_DOCS = "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter"
BEDROCK_DOCS = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"
GOOGLE_DOCS = "https://ai.google.dev/gemini-api/docs/troubleshooting"
