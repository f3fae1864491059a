"""Templates: sections under titles, one of which is the task or the question.

Only titles that templates use part a text: other headings belong to the section that they are in. What a person may
need for the ask (requirements, data, a context that no search has found) is never taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from router.reading.frames.facts import needs_facts, speaks_of_time
from router.reading.frames.orders_on_sources import answers_user, found_after_orders
from router.reading.frames.prose import is_bare_name
from router.reading.frames.rule_content import requires
from router.reading.frames.rules import FROM_SOURCES, begins_as_setup, is_setup
from router.reading.frames.words import ANSWER_TITLES, ASK_TITLES, FORM_TITLES, PASSAGE_TITLES, PAST_TITLES

_TITLE = re.compile(
    r"[ \t]{0,8}(?:(?P<mark>#{1,6} |\*\*|__|\[|={2,6} ?|-{3,6} ?|<{2,3})[ \t]*)?"
    r"(?P<title>[^\W\d_][\w' /-]{0,40}?)"
    r"(?: \(\d{1,4}[^()\n]{0,20}\))?[ \t]*(?:(?P<close>:?\*\*:?|:?__:?|\]:?|:? ?={2,6}|:? ?-{3,6}|>{2,3}:?|:"
    r"|\uff1a| ?#{1,6})(?=\s|$)|(?=\n|$))",
)
_CLOSES = {"*": "*", "_": "_", "[": "]", "=": "=", "-": "-", "<": ">"}


_LEADS_ASK = re.compile(
    r"[ \t]{0,8}(?P<mark>)(?P<title>(?:using|based on|given|from|with|considering|in light of) (?:the|this"
    r"|these) [^\n:]{3,90}?"
    r"\b(?:answer|respond|reply)\b[^\n:]{0,40})(?P<close>:)(?=\s)",
    re.IGNORECASE,
)
"""An order to answer from the passages, with the ask after it: "Using the context above, answer: ..."."""
_LEAD_WORDS = ("using ", "based o", "given t", "from th", "with th", "conside", "in ligh")


_LEAD_FIRST = frozenset("ubgfwciUBGFWCI")


class _Kind(Enum):
    """What a title says of its section."""

    ASK = auto()
    FORM = auto()
    PASSAGES = auto()
    PAST = auto()
    ANSWER = auto()
    NEEDS = auto()
    OTHER = auto()


_NEEDS_TITLES = (
    *("constraints", "notes", "requirements", "conditions", "limits", "remarks", "restrictions", "notas", "consignes"),
    *("contraintes", "anforderungen", "einschr\u00e4nkungen", "requisitos", "restricciones", "vincoli", "\u8981\u6c42"),
)
"""Titles under which a person has what the ask needs, and a program the rules on the answer."""

_KINDS = {
    **dict.fromkeys(_NEEDS_TITLES, _Kind.NEEDS),
    **dict.fromkeys(PASSAGE_TITLES, _Kind.PASSAGES),
    **dict.fromkeys(PAST_TITLES, _Kind.PAST),
    **dict.fromkeys(FORM_TITLES, _Kind.FORM),
    **dict.fromkeys(ANSWER_TITLES, _Kind.ANSWER),
    **dict.fromkeys(ASK_TITLES, _Kind.ASK),
}
_KINDS["output"] = _Kind.FORM


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a template. start: of its title; body: of what is under it; is_heading: not a label with a colon."""

    kind: _Kind
    start: int
    body: int
    is_heading: bool


_MOST_SECTIONS = 40
_LEAD_CHARS = 1_500
_FORM_LIMIT_CHARS = 2_000


def ask_in_template(text: str) -> str | None:
    """The body of the one section that is the ask, if all the others are frame; None otherwise."""
    if text.startswith(_HUMAN) and begins_as_setup(text[len(_HUMAN) :]):
        text = text[len(_HUMAN) :]
    first = _title_at(text, 0)
    if not (first and _kind(first)) and ("\n" not in text or not begins_as_setup(text)):
        return None
    if first and first["mark"] and "</" in text and (found := found_after_orders(text)) and _are_orders(found[0]):
        return found[1] or None
    sections = _without_needs(text, _sections(text))
    asks = [section for section in sections if section.kind is _Kind.ASK]
    if len(asks) != 1 or any(section.kind is _Kind.OTHER for section in sections):
        return None
    lead = text[: sections[0].start].strip(" \n\t-=*")
    if not _is_lead(lead):
        return None
    ends = [*(section.start for section in sections[1:]), len(text)]
    bodies = [text[section.body : end].strip(_EDGES) for section, end in zip(sections, ends, strict=True)]
    at = sections.index(asks[0])
    rest = [(section.kind, body) for section, body in zip(sections, bodies, strict=True) if section is not asks[0]]
    if not all(_is_frame(kind, body) for kind, body in rest):
        return None
    if not asks[0].is_heading and at + 1 < len(sections) and _is_fact(bodies[at], bodies[-1]):
        return None
    if answers_user(bodies[at]):
        return None
    ask = _unquoted(bodies[at])
    is_marked = asks[0].is_heading or ask != bodies[at]
    if not _is_ask(ask, alone=len(sections) == 1 and not lead, marked=is_marked):
        return None
    is_found = any(_FOUND.match(text, section.start) for section in sections) or any(
        title.re is _LEADS_ASK for title in _titles(text)
    )
    if any(kind is _Kind.PASSAGES for kind, _ in rest) and not is_found and not _has_found(lead, rest, ask):
        return None
    titles = [text[section.start : section.body].lower() for section in sections if section is not asks[0]]
    return None if _is_message(text, ask) or (not lead and _needs(titles, rest, ask)) else ask


def _is_message(text: str, ask: str) -> bool:
    """Whether what is under a title is a message in quotation marks, with an order behind it."""
    return (
        ask[:1] == '"' and 0 < ask.find('"', 1) < len(ask) - _LEAST_CHARS and "message" in text[:_TITLE_CHARS].lower()
    )


def _needs(titles: list[str], rest: list[tuple[_Kind, str]], ask: str) -> bool:
    """Whether the ask needs what is in the other sections: facts, requirements, a date, what to work with."""
    if _INNER_TITLE.search(ask):
        return True
    for title, (kind, body) in zip(titles, rest, strict=True):
        if kind in (_Kind.PASSAGES, _Kind.PAST):
            is_needed = bool(body) and needs_facts(body, ask)
        elif kind is _Kind.FORM and any(word in title for word in ("date", "today", "time")):
            is_needed = speaks_of_time(ask)
        elif kind is _Kind.FORM and any(word in title for word in _WITH):
            is_needed = len(body) <= _TITLE_CHARS and bool(body) and not _OF_AGENT.search(body)
        else:
            is_needed = kind is _Kind.FORM and requires(body)
        if is_needed:
            return True
    return False


_INNER_TITLE = re.compile(r"^\[\w+\]$", re.MULTILINE)
_WITH = ("environment", "tools")
_OF_AGENT = re.compile(
    r"[_/`]|\b(?:bash|shell|read|write|edit|search|browser|python repl|grep|none|terminal|sandbox)\b", re.I
)
"""The tools and the environment of an agent, not of a person."""


def _are_orders(text: str) -> bool:
    """Whether a text is a program's sections of orders, with the task to answer the user from the sources."""
    sections = _sections(text)
    ends = [*(section.start for section in sections[1:]), len(text)][: len(sections)]
    bodies = [
        (section.kind, text[section.body : end].strip(_EDGES)) for section, end in zip(sections, ends, strict=True)
    ]
    tasks = [body for kind, body in bodies if kind is _Kind.ASK]
    are_known = all(kind in (_Kind.ASK, _Kind.FORM, _Kind.NEEDS, _Kind.ANSWER, _Kind.PASSAGES) for kind, _ in bodies)
    return len(tasks) == 1 and are_known and answers_user(tasks[0])


def _is_fact(value: str, last: str) -> bool:
    """Whether the value of a label is a bare name, and a later paragraph may be the ask."""
    return "\n\n" in last and is_bare_name(value)


_HUMAN = "Human: "
"""What a chat library writes before the set-up of a template."""


def _without_needs(text: str, sections: list[_Section]) -> list[_Section]:
    """The sections, those of notes and constraints as part of the one before where they hold more than rules."""
    ends = [*(section.start for section in sections[1:]), len(text)][: len(sections)]
    return [
        section if section.kind is not _Kind.NEEDS else replace(section, kind=_Kind.FORM)
        for section, end in zip(sections, ends, strict=True)
        if section.kind is not _Kind.NEEDS or is_setup(text[section.body : end].strip(_EDGES))
    ]


def _unquoted(body: str) -> str:
    """A body without the marks of a quotation around all of it."""
    marks = next((marks for marks in _QUOTES[:2] if body.startswith(marks) and body.endswith(marks)), "")
    inner = body[len(marks) : len(body) - len(marks)].strip()
    return inner if marks and inner and marks not in inner else body


def _is_lead(lead: str) -> bool:
    """Whether what precedes the first title is about the answer, with passages under it where it speaks of them."""
    if len(lead) <= _LEAD_CHARS and is_setup(lead):
        return True
    first = _FIRST_LINES.match(lead)
    return bool(first and FROM_SOURCES.search(first[0]) and is_setup(first[0].strip(_EDGES)))


_FIRST_LINES = re.compile(r"[^\n]{1,600}(?:\n|$)(?=[-=\s\"'`\[]|$)")
_EDGES = " \n\t-="


def _is_ask(body: str, *, alone: bool, marked: bool) -> bool:
    """Whether a body is an ask: words, and more than a field's value where nothing else tells a template."""
    if not body or (alone and not marked and (_SPEAKS.search(body) or "\n" in body)):
        return False
    return len(body.split(None, 3)) > (3 if alone else 1) or len(body) >= _LEAST_CHARS


_SPEAKS = re.compile(r"\b(?:assistant|ai|bot|user|human|answer): ", re.IGNORECASE)
"""Another speaker on the same line."""
_LEAST_CHARS = 12


def _is_frame(kind: _Kind, body: str) -> bool:
    if kind is _Kind.ANSWER:
        return not body or (len(body) <= _FORM_LIMIT_CHARS and is_setup(body))
    return kind is not _Kind.FORM or (len(body) <= _FORM_LIMIT_CHARS and not _AFTER_ELEMENT.search(body))


_AFTER_ELEMENT = re.compile(r"</[\w-]{1,40}>[ \t]*\n\n+(?=[^\s<])")
"""Words behind an element: they are not of the section before it."""


_PASSAGE = re.compile(
    r"^[ \t>]*(?:\[\d{1,3}\]|\[(?:doc|source|chunk|passage|document)[ #:]?\d{1,3}[^\]\n]{0,80}\]|\(\d{1,3}\)"
    r"|(?:document|doc|source|passage|chunk|excerpt|article|result|snippet|dokument|quelle|documento)[ #]{0,2}\d{1,3}\b"
    r"|<(?:document|doc|passage|source|chunk|result)\b|source: |title: |url: )",
    re.IGNORECASE | re.MULTILINE,
)


def _has_found(lead: str, rest: list[tuple[_Kind, str]], ask: str) -> bool:
    """Whether passages come from a search: it says so, they are numbered, or a place for the answer follows."""
    if FROM_SOURCES.search(ask, 0, _LOOK_CHARS):
        return False
    if FROM_SOURCES.search(lead):
        return True
    for kind, body in rest:
        if kind is _Kind.ANSWER or (kind is _Kind.FORM and FROM_SOURCES.search(body)):
            return True
        if kind is _Kind.PASSAGES and is_setup(body):
            return True
        if kind is _Kind.PASSAGES and (_PASSAGE.search(body) or body.startswith(_QUOTES)):
            return True
    return False


_FOUND = re.compile(
    r"[^\w\n]{0,6}(?:search|web|retrieved|relevant|top) (?:results|documents|passages|context)\b", re.IGNORECASE
)
"""A title that says where passages are from."""
_LOOK_CHARS = 1_000
_QUOTES = ('"""', "'''", "```", "<<<")


def _titles(text: str) -> Iterator[re.Match[str]]:
    """The lines that may begin with a title: with a mark, or with a colon near the start."""
    place = 0
    while place >= 0:
        if title := _title_at(text, place):
            yield title
        place = text.find("\n", place) + 1 or -1


def _title_at(text: str, place: int) -> re.Match[str] | None:
    head = text[place : place + _TITLE_CHARS]
    if head[:1] in _LEAD_FIRST and head[:7].lower().startswith(_LEAD_WORDS) and (lead := _LEADS_ASK.match(text, place)):
        return lead
    may_be = head[:1] in _MARKS or ":" in head or "\uff1a" in head or head[:4].isupper()
    return _TITLE.match(text, place) if may_be else None


_TITLE_CHARS = 48
_MARKS = frozenset("#*_[=-< \t")


def _sections(text: str) -> list[_Section]:
    """The sections under the titles of templates, up to a title that none has at the level of a frame's."""
    sections: list[_Section] = []
    level = 0
    for title in _titles(text):
        mark = title["mark"] or ""
        kind = _kind(title)
        if kind is None:
            depth = mark.count("#")
            is_after_frame = bool(sections) and sections[-1].kind is not _Kind.ASK and mark.startswith("#")
            if is_after_frame and sections[-1].kind is not _Kind.PASSAGES and depth <= level:
                return [*sections, _Section(_Kind.OTHER, title.start(), title.end(), is_heading=True)]
            continue
        if sections and sections[-1].kind is _Kind.PAST and title["title"].lower() in _ROLES:
            continue
        level = mark.count("#") or level
        sections.append(_Section(kind, title.start(), title.end(), is_heading=bool(mark)))
        if len(sections) > _MOST_SECTIONS:
            return []
    return sections


_ROLES = frozenset("user human assistant ai bot system".split())
"""Who speaks in earlier turns."""


_LEAST_CAPITALS = 4


def _kind(title: re.Match[str]) -> _Kind | None:
    """What a title says; None for a line that is not a title of a template."""
    if title.re is _LEADS_ASK:
        return _Kind.ASK
    mark, close = title["mark"] or "", title["close"] or ""
    if not mark and not close and title["title"].isupper() and len(title["title"]) >= _LEAST_CAPITALS:
        kind = _KINDS.get(title["title"].lower())
        return _Kind.NEEDS if kind is _Kind.FORM else kind
    if not mark and not close:
        return None
    if mark and mark[0] in _CLOSES and _CLOSES[mark[0]] not in close:
        return None
    if not mark and close not in (":", "\uff1a"):
        return None
    return _KINDS.get(title["title"].lower())
