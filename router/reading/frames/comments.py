"""An ask that is a comment in a program's text, after a line that says which file or program it is for."""

from __future__ import annotations

import re

from router.reading.frames.asking import is_asking
from router.reading.frames.remarks import is_remark
from router.reading.frames.words import is_words

_FOR = re.compile(
    r"(?=[^\n]{0,80}(?:[\w-][/.][\w-]|\d|\bfor\b))(?:for |file |prompt )?[\w./@-]{1,60}"
    r"(?:,? (?:for|of|by|rev|revision|v|version) "
    r"[\w./@-]{1,40}|, [\w./@-]{1,30}){1,4}:?",
)
_SIGNED = re.compile(r"(?:--|\u2014|-) ?[^\n?]{1,60}|end(?: of)?[ \w]{0,30}", re.IGNORECASE)
_LEAST_LINES = 2


def ask_in_comment(text: str) -> str | None:
    """The words of the comment that a text is, without its first and last lines; None for any other text."""
    if text.startswith("/*"):
        if not text.endswith("*/") or text.find("*/") < len(text) - 2:
            return None
        first, _, rest = text[2:-2].strip("* \t\n").partition("\n")
        lines = rest.split("\n")
        is_starred = all(line.lstrip().startswith("*") for line in lines)
        body = "\n".join(line.lstrip()[1:].removeprefix(" ") for line in lines) if is_starred else rest
        return body.strip() if _is_head(first) and _is_ask(body.strip(), first) else None
    mark = "//" if text.startswith("//") else text[:1]
    lines = text.split("\n")
    if len(lines) < _LEAST_LINES or not all(line.startswith(mark) for line in lines):
        return None
    said = [line[len(mark) :].removeprefix(" ") for line in lines]
    if not _is_head(said[0].strip()):
        return None
    last = len(said) - 1 if len(said) > _LEAST_LINES and _SIGNED.fullmatch(said[-1].strip()) else len(said)
    body = "\n".join(said[1:last]).strip()
    return body if _is_ask(body, said[0].strip()) else None


_FOR_NAME = re.compile(r"[^\n]{0,60}\bfor [A-Za-z][\w-]{0,30}(?:[ ,:]|$)")
"""A head that names whom the comment is for, not a file."""


def _is_ask(body: str, head: str) -> bool:
    """Whether a comment asks something: code is described by comments far more often."""
    return is_words(body) and (is_asking(body) or (bool(_FOR_NAME.match(head)) and not _DESCRIBES.match(body)))


_DESCRIBES = re.compile(r"(?:this|these|the|a|an|it|here|see|todo|fixme|note|we|[a-z]{3,20}s)\b", re.IGNORECASE)
"""How a comment on code begins: "this function", "sorts a list"."""


def _is_head(line: str) -> bool:
    return bool(_FOR.fullmatch(line.strip())) or is_remark(line)
