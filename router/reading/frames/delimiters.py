"""The text between two marks: `<<<...>>>`, a fence, `<|ask|>...<|end|>`, `*** INCOMING *** ... *** END ***`.

Outside the marks only lines of metadata and sentences about the text itself may be: an order to do something with what
is between them keeps the whole text.
"""

from __future__ import annotations

import re

from router.reading.frames.asking import is_asking
from router.reading.frames.names import is_about_frame
from router.reading.frames.remarks import is_remark
from router.reading.frames.rules import is_setup
from router.reading.frames.words import is_words

_LIMIT_CHARS = 64_000
_MOST_LINES = 3
_OUTSIDE_CHARS = 400

_WORD = r"(?:START|BEGIN|TEXT|INPUT|USER|MESSAGE|REQUEST|QUESTION|PROMPT|ASK|QUERY|start|begin|text|input|user)?"
_OPENS = re.compile(
    rf"(?:(?P<angle><{{3,6}})(?!<){_WORD}|(?P<tilde>~{{3,6}})\w{{0,10}}(?=\n)"
    r"|(?P<fence>`{3,4})(?:text|txt|plain|plaintext|user|prompt|input|question|message)?(?=\n)"
    r"|(?P<quote>\"{3}|'{3})|(?P<square>\[{3,6})(?!\[)|(?P<curly>\{{3,6}(?!\{)|\{ \{ \{)"
    r"|(?P<pipe><\|(?P<name>[a-z_]{2,16})\|>)"
    rf"|(?P<french>\u00ab{{2,4}}))[ \t]*\n?"
)
_CLOSES = {"angle": ">", "tilde": "~", "fence": "`", "square": "]", "curly": "}", "french": "\u00bb"}
_ASKED = frozenset("ask text user question prompt message input query request content human task body".split())
_META = re.compile(r"<\|(meta|context|info|system|locale|time)\|>[^\n<]{0,120}<\|/\1\|>\n?")
_REPLY = re.compile(r"\s*(?:<\|(?:reply|assistant|answer|response|bot|output)\|>)?\s*")


def ask_between_marks(text: str) -> str | None:
    """What is between two marks, where the rest is about the text itself; None for any other text."""
    if len(text) > _LIMIT_CHARS:
        return None
    place = 0
    meta = _META.match(text) if text.startswith("<|") else None
    place = meta.end() if meta else 0
    for n_before in range(_MOST_LINES):
        opening = _OPENS.match(text, place)
        found = _closed(text, opening, is_alone=not n_before) if opening else None
        if found is None:
            found = _titled(text, place)
        if found is not None:
            return found if is_words(found) and not is_about_frame(found) else None
        end = text.find("\n", place, place + _OUTSIDE_CHARS)
        if opening or end < 0 or not _is_outside(text[place:end]):
            return None
        place = end + 1
    return None


def _is_outside(line: str) -> bool:
    return not line.strip() or is_remark(line)


def _closed(text: str, opening: re.Match[str], *, is_alone: bool) -> str | None:
    """What is between a mark and the last one that closes it."""
    kind = opening.lastgroup or ""
    if opening["pipe"]:
        return _between_pipes(text, opening)
    kind = next(name for name in (*_CLOSES, "quote") if opening[name])
    mark = opening[kind]
    closing = _CLOSES[kind] * len(mark) if kind in _CLOSES else mark
    closing = "} } }" if " " in mark else closing
    end = text.rfind(closing)
    if end < opening.end():
        return None
    inside, after = text[opening.end() : end], text[end + len(closing) :]
    if kind in ("fence", "tilde") and not inside.endswith("\n"):
        return None
    if len(after) > _OUTSIDE_CHARS or not _is_after(after, inside.strip()):
        return None
    is_lone = is_alone and not after.strip()
    if is_lone and not inside.rstrip().endswith(("?", "\uff1f")):
        # a docstring, and a name that a template puts a value for
        if kind == "quote" or (kind == "curly" and " " not in mark and not is_asking(inside.strip())):
            return None
    is_bare = kind in ("fence", "tilde") and is_alone and not after.strip() and opening[0].strip() == mark
    if is_bare or (kind == "fence" and "\n```" in inside and text.count("\n```") % 2 == 0):
        return None
    is_many = kind in ("square", "curly", "angle", "french", "tilde") and mark in inside
    return None if is_many else _END.sub("", inside).strip()


_END = re.compile(r"\n(?:END|STOP|end)[ \t]*$")


def _is_after(after: str, inside: str) -> bool:
    """Whether the lines after a mark are about the text, or about the form of the answer to an ask in it.

    "Write in Spanish." after a text that asks nothing is the ask.
    """
    lines = [line for line in after.split("\n") if line.strip()]
    orders = [line for line in lines if not is_remark(line)]
    return len(lines) <= _MOST_LINES and all(map(is_setup, orders)) and (not orders or is_asking(inside))


def _between_pipes(text: str, opening: re.Match[str]) -> str | None:
    if opening["name"] not in _ASKED:
        return None
    for closing in (
        f"<|/{opening['name']}|>",
        f"<|end_{opening['name']}|>",
        f"<|end_of_{opening['name']}|>",
        "<|end|>",
    ):
        end = text.rfind(closing)
        if end >= 0:
            is_last = bool(_REPLY.fullmatch(text, end + len(closing)))
            return text[opening.end() : end].strip() if is_last and "<|" not in text[opening.end() : end] else None
    return None


_LINE = re.compile(
    r"(?P<mark>\*{3,}|#{3,}|={3,}|-{3,}|~(?: ~){2,}|[\u2554\u250c\u256d][\u2550\u2500]{2,}|<!--)"
    r"[ \t]*(?P<title>[^\n]{0,80}?)[ \t]*"
    r"(?P<end>\*{3,}|#{3,}|={3,}|-{3,}|~(?: ~){2,}|[\u2550\u2500]{2,}[\u2557\u2510\u256e]|-->)?"
)
_FIRST = frozenset("*#=-~\u2554\u250c\u256d<")
_BOX_END = re.compile(
    r"[\u255a\u2514\u2570][\u2550\u2500]{2,}"
    r"(?:[ \t]*(?P<title>[^\n]{1,60}?)[ \t]*[\u2550\u2500]{2,})?[\u255d\u2518\u256f]?"
)
_BOX_RULE = re.compile(r"[\u251c\u2560][\u2550\u2500]{2,}[\u2524\u2563]?")
_TITLE_WORDS = 3


def _titled(text: str, place: int) -> str | None:
    """What is between a line of marks with a title and the line that answers it at the end."""
    if text[place : place + 1] not in _FIRST:
        return None
    first_end = text.find("\n", place)
    last_start = text.rfind("\n") + 1
    if first_end < 0 or last_start <= first_end + 1:
        return None
    first, last = text[place:first_end], text[last_start:]
    opening = _LINE.fullmatch(first.rstrip())
    if not opening:
        return None
    inside = text[first_end + 1 : last_start - 1]
    if opening["mark"][0] in "\u2554\u250c\u256d":
        return _boxed(opening, inside, last.rstrip())
    closing = _LINE.fullmatch(last.rstrip())
    if not closing or closing["mark"] != opening["mark"] or not (opening["end"] and closing["end"]):
        return None
    titles = (opening["title"], closing["title"])
    are_same = bool(titles[0]) and titles[0] == titles[1] and any(map(str.isdigit, titles[0]))
    are_remarks = all(titles) and is_remark(titles[0]) and (_is_end(titles[1]) or is_remark(titles[1]))
    return inside.strip() if (are_same or are_remarks) and f"\n{opening['mark']}" not in f"\n{inside}" else None


def _is_end(title: str) -> bool:
    return title.upper() in ("END", "STOP", "EOF", "FIN") or any(map(str.isdigit, title))


def _boxed(opening: re.Match[str], inside: str, last: str) -> str | None:
    """The words in a box of lines, without the box's own first lines."""
    closing = _BOX_END.fullmatch(last)
    title = opening["title"]
    if not closing or "?" in title or is_words(title):
        return None
    lines = inside.split("\n")
    at = next((at for at, line in enumerate(lines[: _MOST_LINES + 1]) if _BOX_RULE.fullmatch(line.rstrip())), -1)
    heads = lines[: max(at, 0)]
    are_heads = all(line[:1] in "\u2502\u2551" and not _ASKS.search(line) for line in heads)
    if at < 0 and all(line.strip()[:1] in "\u2502\u2551" for line in lines):
        return None
    return "\n".join(lines[at + 1 :]).strip() if are_heads else None


_ASKS = re.compile(r"\?|\b[^\W\d_]{2,} [a-z]{2,} [a-z]{2,}\b")
