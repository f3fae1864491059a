"""The numbers in a provider's words about tokens: how long the prompt is, how long it and the answer may be."""

from __future__ import annotations

import re
from typing import NamedTuple

LEAST_ROOM = 1_024
"""Tokens of answer for which a prompt that nearly fills the window is worth sending: an agent's call needs as much."""

_NUMBER = r"[`'\"]?(\d[\d,_]*)"
_MAX = r"[`'\"]?max_?(?:completion_|output_|new_)?tokens[`'\"]?"


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace("<n>", _NUMBER), re.IGNORECASE | re.DOTALL) for pattern in patterns)


_ANSWER_LIMITS = _compiled(
    r"range of max_(?:completion_|output_)?tokens (?:is|should be)\s*[\[(]\s*\d+\s*,\s*<n>\s*[\])]",  # DeepSeek, Qwen
    r"supports? (?:at most|up to|a maximum of) <n> (?:completion|output)?\s*tokens",  # OpenAI, Azure
    rf"{_MAX}\s*[:(]?\s*\d[\d,]*\)?\s*(?:>|exceeds)[^.\d]*\(?<n>\)?(?:,? which is the maximum|[\s)]*(?:$|for|\.))",
    rf"{_MAX}.{{0,140}}?(?:less than or equal to|at most|not (?:be )?(?:exceed|larger than|greater than)|<=|≤|up to"
    rf"|no more than|maximum(?: value| allowed)?(?: is| of|:)?)\s*<n>",  # Groq, Ark, Together, xAI, AWS, z.ai
    rf"{_MAX}.{{0,140}}?exceeds? (?:the )?(?:model'?s? )?(?:model )?(?:maximum|limit)[^\d]{{0,60}}<n>",  # AWS
    rf"{_MAX}.{{0,60}}?(?:between|from|in the range|range)[^\d]{{0,20}}\d+\s*(?:,|and|to|-|\.\.)\s*<n>",
    r"maximum tokens you requested exceeds the model limit of <n>",  # AWS
    rf"{_MAX} > <n> must have stream",  # Fireworks
    r"supported range is from \d+ \(?(?:inclusive)?\)? ?to <n> \(exclusive\)",  # Google: one above the greatest
    r"(?:maximum|max) (?:allowed )?(?:number of )?(?:output|completion|new) tokens[^\d]{0,40}<n>",
)
_AFFORDABLE = re.compile(r"can only afford (\d[\d,]*)", re.IGNORECASE)
_EXCLUSIVE = "(exclusive)"

# Prompt and answer together do not fit: (prompt, answer, window) by the names of the groups.
_SUMS = _compiled(
    r"exceed context limit\D*(?P<prompt>\d+)\s*\+\s*(?P<answer>\d+)\s*>\s*(?P<window>\d+)",  # Claude
    r"context length of (?P<window>[\d,]+) tokens.{0,80}?(?P<prompt>[\d,]+) tokens from the input messages and "
    r"(?P<answer>[\d,]+) tokens for the completion",  # SGLang
    r"context length is (?P<window>[\d,]+) tokens.{0,120}?\((?P<prompt>[\d,]+) in (?:the messages|your prompt)[,;]? "
    r"(?:and )?(?P<answer>[\d,]+) (?:in|for) the completion",  # OpenAI, DeepSeek
    r"context length is (?P<window>[\d,]+) tokens.{0,120}?requested (?P<answer>[\d,]+) output tokens and your prompt "
    r"contains (?:at least )?(?P<prompt>[\d,]+) input tokens",  # vLLM
    r"context length is (?P<window>[\d,]+) tokens.{0,120}?\((?P<prompt>[\d,]+) of text input"
    r"(?:, (?P<tools>[\d,]+) of tool input)?.{0,40}?(?P<answer>[\d,]+) in the output",  # OpenRouter
    r"passed (?P<prompt>[\d,]+) input tokens and requested (?P<answer>[\d,]+) output tokens.*?context length is only "
    r"(?P<window>[\d,]+)",  # vLLM since 0.16
    r"`?inputs`? tokens \+ `?max_new_tokens`? must be <= (?P<window>[\d,]+)\D{0,40}?(?P<prompt>[\d,]+) `?inputs`? "
    r"tokens and (?P<answer>[\d,]+) `?max_new_tokens",  # TGI, Together
    r"is too large: (?P<answer>\d+).{0,60}?context length is (?P<window>\d+) tokens and your request has "
    r"(?P<prompt>\d+) input tokens",  # vLLM
    r"max_tokens: (?P<answer>\d+) > context_window: (?P<window>\d+) - input_tokens: (?P<prompt>\d+)",
)

# What was asked for, or the prompt, and the most: (asked, most) by the names of the groups.
_OVERFLOWS = _compiled(
    r"(?P<asked>[\d,]+) tokens? > (?P<most>[\d,]+)",  # Claude
    r"token count[^\d]{0,10}(?P<asked>[\d,]+)\)? exceeds the (?:maximum number of tokens allowed|limit of)\D{0,5}"
    r"(?P<most>[\d,]+)",  # Google, Copilot
    r"prompt length is (?P<most>[\d,]+) but the request contains (?P<asked>[\d,]+)",  # xAI
    r"(?:prompt|request|input|messages)\D{0,20}?\(?(?P<asked>[\d,]+)(?: tokens)?\)?[^.\d]{0,60}?context (?:length|size|"
    r"window)\D{0,20}?(?P<most>[\d,]+)",  # llama.cpp, Together, LM Studio
    r"input length\D{0,3}(?P<asked>[\d,]+)\)? exceeds\D{0,60}?(?P<most>[\d,]+)",  # OpenRouter, vLLM
    r"contains (?P<asked>[\d,]+) tokens?.{0,60}?model with (?P<most>[\d,]+) maximum",  # Mistral
    r"token limit\D{0,5}(?P<most>[\d,]+) \(requested: (?P<asked>[\d,]+)",  # Moonshot
    r"(?:context length|context window|model length|context limit)(?: is| of)?:? (?:only )?(?P<most>[\d,]+)\D{0,120}?"
    r"(?:requested|resulted in|contains?|provided|has|used)\D{0,30}?(?P<asked>[\d,]+)",  # OpenAI, vLLM, DeepSeek
    r"length is (?P<asked>[\d,]+) while limit is (?P<most>[\d,]+)",  # Cerebras
    r"\(length (?P<asked>[\d,]+)\) is longer than the maximum model length of (?P<most>[\d,]+)",  # vLLM
    r"cannot exceed (?P<most>[\d,]+)[^\d]{0,20}received (?P<asked>[\d,]+)",  # Cohere
)


class Overflow(NamedTuple):
    """A request that is too long. asked, most: in tokens."""

    asked: int
    most: int


def answer_limit(message: str) -> int | None:
    """The most output tokens that a model writes, by a refusal of `max_tokens`; None where it names none."""
    for pattern in _ANSWER_LIMITS:
        if (match := pattern.search(message)) is not None:
            limit = _int(match[1]) - (_EXCLUSIVE in match[0].lower())
            return limit if limit >= 1 else None
    return None


def room(message: str) -> int | None:
    """Output tokens that a prompt leaves of the window; None where the words do not say, or it is too little to ask.

    Two numbers and a window: the prompt fits alone, and the request with a smaller limit would be taken.
    """
    for pattern in _SUMS:
        if (match := pattern.search(message)) is not None:
            left = _int(match["window"]) - _prompt(match)
            return left if LEAST_ROOM <= left < _int(match["answer"]) else None
    return None


def affordable(message: str) -> int | None:
    """Output tokens that the money left pays for, as OpenRouter says; None where it does not, or they are too few."""
    match = _AFFORDABLE.search(message)
    return _int(match[1]) if match is not None and _int(match[1]) >= LEAST_ROOM else None


def overflow(message: str) -> Overflow | None:
    """How long the request was and might have been, where a refusal names both."""
    for pattern in _SUMS:
        if (match := pattern.search(message)) is not None:
            prompt, most = _prompt(match), _int(match["window"])
            return Overflow(prompt if prompt > most else prompt + _int(match["answer"]), most)
    for pattern in _OVERFLOWS:
        if (match := pattern.search(message)) is not None:
            found = Overflow(_int(match["asked"]), _int(match["most"]))
            return found if found.asked > found.most else None
    return None


def _prompt(match: re.Match[str]) -> int:
    tools = match.groupdict().get("tools")
    return _int(match["prompt"]) + (_int(tools) if tools else 0)


def _int(digits: str) -> int:
    return int(digits.replace(",", "").replace("_", ""))
