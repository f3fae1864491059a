"""The tokenizer of a bundle, from its file: what it makes of a text stays in proportion to the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenizers import Tokenizer

from router.errors import BundleCorrupt
from router.jsontext import decode_json

PROBE = "zqxj \u6f22 \U0001f600 \x00"
"""Text that no vocabulary holds: a tokenizer that fails on it is refused at load, not while serving."""

MOST_TOKENS = 1_000_000
"""Of a vocabulary; the largest in use have a quarter of that."""

MOST_GROWTH = 64
"""Characters that the rules of a tokenizer may make of one, all of them together."""

MOST_RULES = 64
"""Steps of a normalizer and a pre-tokenizer; those in use have fewer than ten."""


def load_tokenizer(raw: bytes, *, where: str) -> Tokenizer:
    """The tokenizer of a bundle, without padding or truncation. Raises BundleCorrupt for one that cannot be used."""
    _check(raw, where=where)
    try:
        parsed = Tokenizer.from_buffer(raw)
        parsed.no_padding()
        parsed.no_truncation()
        parsed.encode(PROBE, add_special_tokens=False)
    except BaseException as exc:
        # Broad on purpose: the library reports some bad files as a Rust panic, which is not a subclass of Exception.
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        raise BundleCorrupt(f"{where}: not a tokenizer ({exc}).") from exc
    n_tokens = parsed.get_vocab_size()
    if max(parsed.get_vocab().values(), default=0) >= n_tokens:
        raise BundleCorrupt(f"{where}: expected token ids below {n_tokens}, one per row of the table.")
    return parsed


def _check(raw: bytes, *, where: str) -> None:
    """Raise BundleCorrupt for a tokenizer that would make gigabytes of a request, or hold them."""
    try:
        document = decode_json(raw)
    except ValueError as exc:
        raise BundleCorrupt(f"{where}: not a tokenizer ({exc}).") from exc
    if not isinstance(document, dict):
        raise BundleCorrupt(f"{where}: not a tokenizer (expected an object).")
    model = document.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(vocabulary, dict | list) and len(vocabulary) > MOST_TOKENS:
        raise BundleCorrupt(f"{where}: expected at most {MOST_TOKENS:,} tokens, found {len(vocabulary):,}.")
    rules = [rule for key in ("normalizer", "pre_tokenizer") for rule in _rules(document.get(key))]
    if len(rules) > MOST_RULES:
        raise BundleCorrupt(f"{where}: expected at most {MOST_RULES} rules, found {len(rules)}.")
    growth = 1
    for rule in rules:
        growth *= max(1, *(len(rule[key]) for key in ("content", "prepend") if isinstance(rule.get(key), str)), 1)
    if growth > MOST_GROWTH:
        message = f"expected rules that make at most {MOST_GROWTH} characters of one, found {growth:,}"
        raise BundleCorrupt(f"{where}: {message}.")


def _rules(value: Any) -> Iterator[dict[str, Any]]:
    """The rule and those inside it, of a sequence; without recursion, as a file may nest them deeply."""
    waiting = [value]
    while waiting:
        rule = waiting.pop()
        if isinstance(rule, dict):
            yield rule
            for key in ("normalizers", "pretokenizers"):
                inner = rule.get(key)
                waiting += inner if isinstance(inner, list) else []
