"""Text to token ids, with a cache of words.

A BERT tokenizer first splits at white space, and so does a sentencepiece unigram one: the tokens of a chunk do not
depend on its neighbours. So the ids of a text are the ids of its chunks in a row, and a cached chunk costs one look-up:
a tenth of the time for ordinary text. Other tokenizers get the whole text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tokenizers import Tokenizer

MAX_REMEMBERED_CHUNKS = 50_000
MAX_REMEMBERED_CHARS = 40
"""The cache holds at most so many chunks of at most so many characters (a few MB), and is emptied when it is full."""

MAX_REMEMBERED_LINES = 256
MAX_REMEMBERED_LINE_CHARS = 2_000
"""Lines repeat within one request (a turn is read alone and in its window) and in the next one (its history)."""

UNKNOWN_MARKS = ("[UNK]", "<unk>")
"""How vocabularies write the token of what they do not know."""

_BATCH_TEXTS = 512

_AT_SPACES = (("BertNormalizer",), ("BertPreTokenizer",)), (("Nmt", "NFKC"), ("WhitespaceSplit", "Metaspace"))
"""Normalizers and pre-tokenizers that keep chunks apart: BERT's; those of a sentencepiece vocabulary whose pieces hold
no space but at their beginning."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenIds:
    """The token ids of texts, without special tokens. Thread-safe: at worst a chunk is tokenised twice.

    tokenizer: without padding or truncation.  unknown_id: the id of the token for what is unknown, -1 if there is none.
    """

    tokenizer: Tokenizer
    unknown_id: int
    _splits_at_spaces: bool
    _seen: dict[str, list[int]] = field(default_factory=dict)
    _lines: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> TokenIds:
        """Token ids by a tokenizer, with the cache if its chunks are independent."""
        found = [known for mark in UNKNOWN_MARKS if (known := tokenizer.token_to_id(mark)) is not None]
        return cls(tokenizer, unknown_id=found[0] if found else -1, _splits_at_spaces=_splits_at_spaces(tokenizer))

    def one(self, text: str) -> list[int]:
        """The ids of a text."""
        if not self._splits_at_spaces:
            return list(self.tokenizer.encode(text, add_special_tokens=False).ids)
        lines = self._lines
        ids: list[int] = []
        for line in text.split("\n"):
            known = lines.get(line)
            ids += self._of_line(line) if known is None else known
        return ids

    def _of_line(self, line: str) -> list[int]:
        seen = self._seen
        ids: list[int] = []
        for chunk in line.split(" "):
            if chunk:
                known = seen.get(chunk)
                ids += self._learn(chunk) if known is None else known
        if len(line) <= MAX_REMEMBERED_LINE_CHARS:
            if len(self._lines) >= MAX_REMEMBERED_LINES:
                self._lines.clear()
            self._lines[line] = ids
        return ids

    def many(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        if self._splits_at_spaces:
            return [self.one(text) for text in texts]
        out: list[list[int]] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = list(texts[start : start + _BATCH_TEXTS])
            out += [encoding.ids for encoding in self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)]
        return out

    def _learn(self, chunk: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(chunk, add_special_tokens=False).ids
        if len(chunk) <= MAX_REMEMBERED_CHARS:
            if len(self._seen) >= MAX_REMEMBERED_CHUNKS:
                self._seen.clear()
            self._seen[chunk] = ids
        return ids


def _splits_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether chunks between spaces and newlines are independent of each other.

    True for the steps of _AT_SPACES, unless an added token contains a space. What a step is, is read from its own small
    state: the whole tokenizer as JSON is megabytes of pieces.
    """
    kinds = tuple(_kinds(getattr(tokenizer, part)) for part in ("normalizer", "pre_tokenizer"))
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    return kinds in _AT_SPACES and not any(" " in text or "\n" in text for text in added)


def _kinds(part: Any) -> tuple[str, ...]:
    """The kinds of a part's steps, in order; () for no part, or for a Metaspace that does not mark every word."""
    if part is None:
        return ()
    state = json.loads(part.__getstate__())
    steps = state.get("normalizers") or state.get("pretokenizers") or [state]
    marks_all = all(step.get("prepend_scheme", "always") == "always" and step.get("split", True) for step in steps)
    return tuple(step["type"] for step in steps) if marks_all else ()
