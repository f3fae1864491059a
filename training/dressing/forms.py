"""The wrappers and dresses by kind, read from forms/*.toml; which kinds training may use, and which it may not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from training.dressing.slips import SLIPS
from training.dressing.slots import fill

__all__ = [
    "DRESSES",
    "HELD_OUT",
    "PHRASE_FILES",
    "SEEN",
    "SLOT_TABLES",
    "WRAPPERS",
    "WRAPPER_FILES",
    "Form",
    "Kinds",
    "base_language",
]

_FORMS = Path(__file__).with_name("forms")

WRAPPER_FILES: Mapping[str, bool] = MappingProxyType(
    {
        "wrappers_seen.toml": False,
        "wrappers_seen_code.toml": False,
        "wrappers_seen_office.toml": False,
        "wrappers_seen_prompts.toml": False,
        "wrappers_held_out.toml": True,
    }
)
"""Files of wrappers below forms/, in the order of a report, and whether their kinds are held out."""

PHRASE_FILES: Mapping[str, bool] = MappingProxyType(
    {"phrases_seen.toml": False, "phrases_seen_more.toml": False, "phrases_held_out.toml": True}
)
"""Files of dresses made of phrases, likewise."""

_OWN_LANGUAGE = 0.5
"""How often a wrapper in the row's own language is drawn, where there is one."""


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of wrapper or dress.

    kind: its name.  held_out: whether training never uses it.
    put_on: the ask, its language ("" unknown) and the draws, to the ask in one of the kind's forms.
    """

    kind: str
    held_out: bool
    put_on: Callable[[str, str, np.random.Generator], str]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Names of kinds: `wrappers` and `dresses`, in the order of a report."""

    wrappers: tuple[str, ...]
    dresses: tuple[str, ...]


def base_language(lang: str | None) -> str:
    """`zh` of `zh-TW`; "" of None."""
    return re.split(r"[-_]", (lang or "").lower())[0]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FORMS / name).read_text(encoding="utf-8"))


SLOT_TABLES: Mapping[str, Sequence[str]] = MappingProxyType(_table("slots.toml"))
"""What slots are filled with."""


def _wrapped(
    ask: str, lang: str, rng: np.random.Generator, *, general: Sequence[str], of: Mapping[str, Sequence[str]]
) -> str:
    own = of.get(lang)
    templates = own if own and rng.random() < _OWN_LANGUAGE else general
    return fill(templates[int(rng.integers(len(templates)))], ask, SLOT_TABLES, rng)


_JOINTS = (" ", " ", "\n", "\n\n")
_PLAIN_START = re.compile(r"\w|[\"'(\u00a1\u00bf\u201c\u00ab]")


def _phrased(ask: str, lang: str, rng: np.random.Generator, *, place: str, phrases: Mapping[str, Sequence[str]]) -> str:
    """The ask with a phrase in its language, or in English; on a line of its own next to code, lists and headings."""
    choices = phrases.get(lang) or phrases["en"]
    phrase = choices[int(rng.integers(len(choices)))]
    joint = _JOINTS[int(rng.integers(len(_JOINTS)))]
    if "{{ask" not in phrase:
        if (place == "before" and not _PLAIN_START.match(ask)) or (place == "after" and "```" in ask) or "\n" in phrase:
            joint = "\n"
        phrase = f"{phrase}{joint}{{{{ask}}}}" if place == "before" else f"{{{{ask}}}}{joint}{phrase}"
    return fill(phrase, ask, SLOT_TABLES, rng)


def _new_kinds(name: str, known: Mapping[str, Form]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The kinds of one file, by name.

    Raises ValueError where an earlier file has one of them: the later one would hide it, seen behind held out.
    """
    for kind, table in _table(name).items():
        if kind in known:
            raise ValueError(f"{name}: kind {kind!r} is in an earlier file of forms too; give it another name")
        yield kind, table


def _wrappers() -> Mapping[str, Form]:
    forms: dict[str, Form] = {}
    for name, held_out in WRAPPER_FILES.items():
        for kind, table in _new_kinds(name, forms):
            put_on = partial(_wrapped, general=table["templates"], of=table.get("of", {}))
            forms[kind] = Form(kind, held_out, put_on)
    return MappingProxyType(forms)


def _dresses() -> Mapping[str, Form]:
    forms = {kind: Form(kind, False, slip) for kind, slip in SLIPS.items()}
    for name, held_out in PHRASE_FILES.items():
        for kind, table in _new_kinds(name, forms):
            forms[kind] = Form(kind, held_out, partial(_phrased, place=table["place"], phrases=table["phrases"]))
    return MappingProxyType(forms)


WRAPPERS: Mapping[str, Form] = _wrappers()
"""Forms around an ask, by kind."""

DRESSES: Mapping[str, Form] = _dresses()
"""Changes of the words that ask nothing else, by kind."""


def _kinds(*, held_out: bool) -> Kinds:
    return Kinds(*(tuple(f.kind for f in forms.values() if f.held_out == held_out) for forms in (WRAPPERS, DRESSES)))


SEEN = _kinds(held_out=False)
"""Kinds that training rows may wear."""

HELD_OUT = _kinds(held_out=True)
"""Kinds that no training row ever wears."""
