"""Docstrings, comments and messages use plain, standard English: an odd word or idiom has a limit per room."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ODD = {
    "told": r"\btold\b",
    "stand for, in, beside": r"\bstands?\b(?!-ins?\b| in where\b| in:)",
    "beside": r"\bbeside\b",
    "persons for programs": r"\b(?:nobody|somebody|whoever|everybody|anybody)\b",
    "dear for expensive": r"\bdear(?:er|est)?\b",
    "wish for limit": r"\bwish(?:es)?\b",
    "anew": r"\banew\b",
    "is no X": r"(?<!there )\b(?:is|are|be) no (?!longer\b|more\b|less\b)[a-z]+",
    "one X a Y": r"\bone (?:(?!(?:is|with|of|when|that|for|in|has"
    r"|beside|adds|against|where|at|kind)\b)[a-z]+ )?an? [a-z]+",
    "as good as": r"\bas good as\b",
    "in vain": r"\bin vain\b",
}
"""Idioms that readers stumbled over, with what finds them. Plain words: returned, is, next to, expensive, limit, again,
`is not a X`, `one X per Y`; the client, the provider, the caller."""

LIMITS = {
    "router/reading/": 0,
    "router/brain/": 0,
    "router/errors.py": 0,
    "router/jsontext.py": 0,
    "router/endpoints/models.py": 0,
    "router/endpoints/admin.py": 0,
    "router/endpoints/route.py": 0,
    "docs/": 0,
    "README.md": 0,
    "CHANGELOG.md": 0,
    "data/README.md": 0,
    "models/README.md": 0,
    "tests/README.md": 0,
    "router/": 1,  # the prompt of the judge, which stays as it was measured
    "training/": 1,  # a row of the log of experiments
}
"""The most that a file or folder may hold. A limit only goes down."""


def files(place: str) -> Iterator[Path]:
    path = ROOT / place
    if path.is_file():
        yield path
        return
    yield from (found for ending in ("*.py", "*.md") for found in sorted(path.rglob(ending)))


def prose(path: Path) -> str:
    """What people read in a file: a page whole; of a module its comments and strings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    comments = [
        word.string for word in tokenize.generate_tokens(io.StringIO(text).readline) if word.type == tokenize.COMMENT
    ]
    return "\n".join([*(string for string in strings if isinstance(string, str)), *comments])


def found_in(text: str) -> list[str]:
    return [found.lower() for pattern in ODD.values() for found in re.findall(pattern, text, flags=re.IGNORECASE)]


@pytest.mark.parametrize("place", LIMITS)
def test_no_room_holds_more_odd_words_than_its_limit(place):
    found = Counter(
        (path.relative_to(ROOT).as_posix(), word) for path in files(place) for word in found_in(prose(path))
    )
    assert found.total() <= LIMITS[place], "\n".join(f"{name}: {word} ({n})" for (name, word), n in found.most_common())


@pytest.mark.parametrize(
    "text",
    [
        "The client is told nothing.",
        "what stands in the body",
        "'x' is no tier",
        "one line a call",
        "one a request",
        "Nobody asked for it.",
        "the dearest model",
        "written anew",
    ],
)
def test_an_odd_word_is_found(text):
    assert found_in(text)


@pytest.mark.parametrize(
    "text", ["This is no longer read.", "one line per call", "'x' is not a tier", "standard output"]
)
def test_plain_words_pass(text):
    assert found_in(text) == []
