"""The tokens of a model's chat template around a conversation that a program has written out: `<|im_start|>user`.

The text must begin with a token, and all of it must be in turns that open and close as the template wants; then what
the only turn of the user holds is the ask. Several such turns, or one that is answered, stay whole.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from router.reading.frames.words import is_words

ROLE_FIRST = (
    "<|im_start|>",
    "<|start",
    "<|user|>",
    "<|system|>",
    "<|begin",
    "<start_of_turn>",
    "<bos>",
    "<s>",
    "[INST]",
)
"""What every such text begins with."""

_LIMIT_CHARS = 64_000
_MOST_TURNS = 8
_ROLE = r"(?P<role>system|developer|user|human|assistant|model)"


class _Template(NamedTuple):
    """first: before the first turn.  opening: of a turn.  closing: its end.  is_open: whether the next turn ends it."""

    first: re.Pattern[str]
    opening: re.Pattern[str]
    closing: str
    is_open: bool = False


_TEMPLATES = (
    _Template(re.compile(r"(?=<\|im_start\|>)"), re.compile(rf"<\|im_start\|>{_ROLE}[ \t]*(?:\n|$)"), "<|im_end|>"),
    _Template(
        re.compile(r"(?:<\|begin_of_text\|>\s*)?(?=<\|start_header_id\|>)"),
        re.compile(rf"<\|start_header_id\|>{_ROLE}<\|end_header_id\|>\s*"),
        "<|eot_id|>",
    ),
    _Template(re.compile(r"(?=<\|start\|>)"), re.compile(rf"<\|start\|>{_ROLE}(?:<\|message\|>|$)"), "<|end|>"),
    _Template(
        re.compile(r"(?:<bos>\s*)?(?=<start_of_turn>)"),
        re.compile(rf"<start_of_turn>{_ROLE}[ \t]*(?:\n|$)"),
        "<end_of_turn>",
    ),
    _Template(re.compile(r"(?:<s>\s*)?(?=<\|\w)"), re.compile(rf"<\|{_ROLE}\|>[ \t]*\n?"), "<|end|>", is_open=True),
)
_INST = re.compile(r"(?:<s>[ \t]*)?\[INST\]\s*(?:<<SYS>>(?:[^<]|<(?!</?SYS>>))*<</SYS>>)?")
_INST_END = "[/INST]"
_SAID = frozenset({"user", "human"})
_TOKENS = ("<|", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>", "<end_of_turn>", "</s>")
_ABOUT = re.compile(r"\b(?:tokens?|templates?|tags?|markers?|special (?:strings?|marks?)|chatml)\b", re.IGNORECASE)


def ask_in_roles(text: str) -> str | None:
    """What the one turn of the user holds; None for a text that is not all turns, or has more of them."""
    if not text.startswith(ROLE_FIRST) or len(text) > _LIMIT_CHARS:
        return None
    ask = _in_inst(text) or next((ask for one in _TEMPLATES if (ask := _in_template(text, one))), None)
    is_ask = ask and is_words(ask) and not any(token in ask for token in _TOKENS)
    return ask if ask and is_ask and not _ABOUT.search(ask[:_LOOK_CHARS]) else None


_LOOK_CHARS = 300


def _in_inst(text: str) -> str | None:
    opening = _INST.match(text)
    end = text.rstrip().removesuffix("</s>").rstrip()
    if not opening or not end.endswith(_INST_END):
        return None
    return end[opening.end() : -len(_INST_END)].strip()


def _in_template(text: str, form: _Template) -> str | None:
    """The words of the user's turn, where all of the text is turns and those after it are empty."""
    first = form.first.match(text)
    place = first.end() if first else -1
    asks: list[str] = []
    for _ in range(_MOST_TURNS):
        if not 0 <= place < len(text):
            break
        opening = form.opening.match(text, place)
        if not opening:
            return None
        end, place = _end_of(text, opening, form)
        said = text[opening.end() : end].strip()
        if opening["role"] in _SAID:
            if place <= end and not form.is_open:
                return None
            asks.append(said)
        elif said and (asks or opening["role"] in ("assistant", "model")):
            return None
        while place < len(text) and text[place].isspace():
            place += 1
    return asks[0] if len(asks) == 1 and place >= len(text) else None


def _end_of(text: str, opening: re.Match[str], form: _Template) -> tuple[int, int]:
    """(end of a turn's words, where the next turn may begin); the same place twice for one that nothing closes."""
    end = text.find(form.closing, opening.end())
    if form.is_open:
        later = form.opening.search(text, opening.end())
        if later and not 0 <= end < later.start():
            return later.start(), later.start()
    return (end, end + len(form.closing)) if end >= 0 else (len(text), len(text))
