"""Text to token ids, with a cache of words.

A BERT tokenizer first splits at white space, and the tokens of a chunk do not depend on its neighbours. So the ids of a
text are the ids of its chunks in a row, and a cached chunk costs one look-up: a tenth of the time for ordinary text.
Other tokenizers get the whole text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from tokenizers import Tokenizer

MAX_REMEMBERED_CHUNKS = 50_000
MAX_REMEMBERED_CHARS = 40
"""The cache holds at most so many chunks of at most so many characters (a few MB), and is emptied when it is full."""

MAX_REMEMBERED_LINES = 256
MAX_REMEMBERED_LINE_CHARS = 2_000
"""Lines repeat within one request (a turn is read alone and in its window) and in the next one (its history)."""

_BATCH_TEXTS = 512


@dataclass(frozen=True, slots=True, eq=False)
class TokenIds:
    """The token ids of texts, without special tokens. Thread-safe: at worst a chunk is tokenised twice.

    tokenizer: without padding or truncation.  unknown_id: the id of [UNK], -1 if there is none.
    """

    tokenizer: Tokenizer
    unknown_id: int
    _splits_at_spaces: bool
    _seen: dict[str, list[int]] = field(default_factory=dict)
    _lines: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> TokenIds:
        """Token ids by a tokenizer, with the cache if its chunks are independent."""
        found = tokenizer.token_to_id("[UNK]")
        return cls(tokenizer, unknown_id=-1 if found is None else found, _splits_at_spaces=_is_bert(tokenizer))

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


def _is_bert(tokenizer: Tokenizer) -> bool:
    """Whether chunks between spaces and newlines are independent of each other.

    True for BERT's normalizer and pre-tokenizer, unless an added token contains a space.
    """
    parts = json.loads(tokenizer.to_str())
    kinds = [(parts.get(key) or {}).get("type") for key in ("normalizer", "pre_tokenizer")]
    added = [token["content"] for token in parts.get("added_tokens", [])]
    return kinds == ["BertNormalizer", "BertPreTokenizer"] and not any(" " in text or "\n" in text for text in added)
