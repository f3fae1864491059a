"""A tokenizer from outside makes of a text what is in proportion to it, or is refused at load."""

import json

import pytest

from router.brain.bundle.tokenizer import MOST_TOKENS, load_tokenizer
from router.errors import BundleCorrupt
from tests.router.tiny_bundle import tiny_tokenizer


def changed(**parts):
    return json.dumps({**json.loads(tiny_tokenizer().to_str()), **parts}).encode()


def replaced(content):
    return {"type": "Replace", "pattern": {"String": "a"}, "content": content}


def nested(depth):
    rule = {"type": "Sequence", "normalizers": []}
    for _ in range(depth):
        rule = {"type": "Sequence", "normalizers": [rule]}
    return rule


def test_a_tokenizer_in_use_is_taken():
    assert load_tokenizer(changed(), where="x").encode("hello").ids
    marks = {"type": "Sequence", "normalizers": [{"type": "NFC"}, replaced("\u2581"), {"type": "Lowercase"}]}
    assert load_tokenizer(changed(normalizer=marks), where="x").encode("hello").ids


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (changed(normalizer=replaced("x" * 100_000)), "at most 64 characters of one, found 100,000"),
        (changed(normalizer={"type": "Prepend", "prepend": "x" * 65}), "at most 64 characters of one, found 65"),
        (changed(normalizer={"type": "Sequence", "normalizers": [replaced("aa")] * 30}), "found 1,073,741,824"),
        (changed(normalizer=nested(80)), "at most 64 rules, found 82"),
        (changed(model={"type": "WordLevel", "vocab": {str(n): n for n in range(MOST_TOKENS + 1)}}), "1,000,001"),
        (b"[" * 100_000, "not a tokenizer"),
        (b"[]", "expected an object"),
    ],
    ids=["replacement", "prefix", "doubling", "nested", "vocabulary", "deep", "array"],
)
def test_a_tokenizer_that_would_fill_memory_is_refused_with_its_file(raw, said):
    with pytest.raises(BundleCorrupt, match=f"x/tokenizer.json: .*{said}"):
        load_tokenizer(raw, where="x/tokenizer.json")
