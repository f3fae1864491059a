"""Names of models as clients write them, brought to one form, so that two spellings of one model are equal.

claude-sonnet-4-6-20260217          dated, as Anthropic's listing has it
claude-sonnet-4-6[1m]               Claude Code's mark for a window of a million tokens
anthropic/claude-sonnet-4.6:free    OpenRouter's spelling and variants
us.anthropic.claude-sonnet-4-6-20260217-v1:0, claude-sonnet-4-6@20260217    Bedrock's, Vertex AI's
arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-...    Bedrock's in full
models/gemini-3-flash, openai/gpt-5.5-2026-04-01, GPT-5.5
"""

from __future__ import annotations

import re
from functools import lru_cache

from router.policy.setup import DEFAULT_POLICY
from router.types import Dialect

PICKED_PREFIX = "claude-"
"""Before our own names: the picker of Claude Code shows only names that begin with claude or anthropic."""

_VENDORS = (
    *("ai21", "amazon", "anthropic", "azure", "bedrock", "cohere", "databricks", "deepseek", "deepseek-ai"),
    *("fireworks", "gemini", "google", "groq", "litellm", "meta", "meta-llama", "minimax", "mistral", "mistralai"),
    *("models", "moonshot", "moonshotai", "nvidia", "openai", "openrouter", "perplexity", "qwen", "tierwise"),
    *("together", "vertex_ai", "vertex-ai", "x-ai", "xai", "z-ai", "zai"),
)
_PREFIX = re.compile(rf"(?:{'|'.join(map(re.escape, _VENDORS))})/")
_BEDROCK = re.compile(
    r"(?:arn:[\w-]+:bedrock:[\w-]*:\d*:(?:inference-profile|foundation-model)/)?"
    r"(?:(?:us|us-gov|eu|apac|au|ca|jp|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|openai)\."
)
_MARK = re.compile(r"\[\w+\]$")
_VARIANT = re.compile(r":(?:beta|exacto|extended|floor|free|nitro|online|thinking|v?\d+(?::\w+)?)$")
_BEDROCK_VERSION = re.compile(r"-v\d+(?::\d+(?::\w+)?)?$")
_DATE = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest|default)$")
_DOT = re.compile(r"(?<=\d)\.(?=\d)")

LONGEST_NAME = 200
"""Characters that are compared; names of models are shorter."""


@lru_cache(maxsize=1_024)
def plain_name(name: str) -> str:
    """The name without what only says where, when or in which variant: `claude-sonnet-4-6`."""
    name = bare_name(name.lower()[:LONGEST_NAME])
    name = _BEDROCK.sub("", name, count=1) if _BEDROCK.match(name) else name
    name = _BEDROCK_VERSION.sub("", name)
    return _DOT.sub("-", _DATE.sub("", name))


def bare_name(name: str) -> str:
    """The name without the vendors before it and the marks and variants after it, in its own letters."""
    name = _VARIANT.sub("", _MARK.sub("", name.strip()))
    while (found := _PREFIX.match(name.lower())) is not None:
        name = name[found.end() :]
    return name


def own_name(name: str) -> str | None:
    """A name of ours (`auto`, `auto:NAME`, `tier:NAME`) as clients write it; None for any other."""
    if name.startswith(_OWN):
        return name
    bare = _MARK.sub("", name.strip())
    while (found := _PREFIX.match(bare.lower())) is not None:
        bare = bare[found.end() :]
    if bare.lower().startswith(PICKED_PREFIX):
        bare = bare[len(PICKED_PREFIX) :]
    start, colon, rest = bare.partition(":")
    if start.lower() == DEFAULT_POLICY or (start.lower() == "tier" and colon):
        return f"{start.lower()}{colon}{rest}"
    return None


_OWN = (f"{DEFAULT_POLICY}:", "tier:")


def is_named_by_clients(name: str, dialect: Dialect) -> bool:
    """Whether clients of a dialect ask for this model by themselves: Claude Code for those of Claude."""
    return dialect is Dialect.ANTHROPIC and plain_name(name).startswith("claude")


def is_small(name: str) -> bool:
    """Whether it is of the cheapest family of those, which Claude Code names for its background calls."""
    return "haiku" in plain_name(name)
