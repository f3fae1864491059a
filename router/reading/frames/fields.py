"""Heads and tails of `Label: value` lines: tickets, cases, profiles, editors' and agents' states around an ask.

A head counts where all its lines have labels of such programs, and two of them, or a title, are ones that no person
writes for an ask of his own. Fields that an ask may need (`Product: mug`, `Tone: warm`) make no head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.reading.frames.facts import has_no_topic, speaks_of_time
from router.reading.frames.points import ends_pointing, points_back
from router.reading.frames.prose import goes_on, is_sentence
from router.reading.frames.words import ASK_LABELS
from router.reading.program_names import FAMILIES

_STRONG = frozenset(
    "ticket case incident requester requestor reporter assignee assigned priority severity status queue sla locale "
    "timezone tz session tenant trace channel created updated opened received submitted timestamp labels milestone "
    "attachments workspace cwd directory branch open opened selection selected editor cursor mode tools allowed model "
    "sender username handle platform via account agent organization organisation plan tier department caller watchers "
    "sprint facts memory memories viewed tabs files approval sandbox effort budget turn steps iteration "
    "resolution impact urgency escalated due owner".split()
)
"""Words of labels that programs write."""

_WEAK = frozenset(
    "id no nr number name first last full user customer client contact member role email mail e-mail phone "
    "tel telephone mobile company product version service category subcategory subject title type kind date time day "
    "location city country region address language lang occupation job profession interests preferences preferred "
    "notes note since age tone source origin device browser os system app application tags tag team group site form "
    "request current local known at by on to from for of the and in is recently visible active last seen thread "
    "conversation message working git project repo repository file path line topic area component environment env "
    "suggested related subject reference ref order available enabled remaining max maximum limit "
    "cc bcc reply new old link url total about".split()
)
"""Words that labels have next to those, or that a person's own fields have too."""

_TAIL = frozenset(
    "labels label assignee assigned attachments attachment queue status priority owner due created updated milestone "
    "reporter watchers tags ticket case sla severity trace session channel tools created-by sprint resolution".split()
)
"""Labels that follow an ask."""

_GOALS = frozenset("goal objective task request assignment job to-do todo mission".split()) | frozenset({"your task"})

_TITLE = re.compile(
    r"[\W_]{0,4}(?:(?:support |service |customer |help ?desk |change )?(?:ticket|case|incident|issue|request|job"
    r"|inquiry"
    r"|work ?item|enquiry)[ \t]{1,3}(?:#|no\.? ?|nr\.? ?|id:? ?)?(?=[\w-]{0,20}\d)[\w-]{1,24}\b[^\n.?!]{0,100}"
    r"|\[(?-i:[A-Z][A-Z0-9]{1,9})-\d{1,7}\] [^\n]{1,140}"
    r"|(?:new |incoming )?(?:ticket|e-?mail|mail|message|request|case|issue|submission|form submission|inquiry"
    r"|support request|contact form|comment|pull request|lead) (?:has been )?(?:received|created|opened|submitted"
    r"|assigned|updated|filed|reported|posted)\b(?:[^\n.?!]|\.(?=\S)){0,80}"
    r"|new (?:ticket|support request|form submission|inquiry|case|lead)\b[^\n.?!]{0,60}"
    r"|(?:user|customer|contact|caller|requester|account|member|client|sender) (?:profile|info|information|details"
    r"|card|context|record|data))[\W_]{0,4}",
    re.IGNORECASE,
)
"""The first line of a record: `Ticket #4411`, `[OPS-12] Login`, `Issue opened by @kim`, `User profile`."""
_EVENT = re.compile(
    r"(?:opened|created|updated|received|submitted|reported|logged|assigned|escalated) (?=[^\n]{0,60}(?:\d|by ))"
    r"[^\n?!]{1,100}|(?:customer|member|client|user|account) since [^\n?!]{1,80}",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"[a-z]{2}[-_][A-Z]{2}|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*(?: \(?[\w/+-]{1,30}\)?)?"
    r"|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|[\w.+-]+@[\w.-]+"
    r"|\+?\d[\d ()-]{6,}\d|[^\n]{0,60}\b(?:plan|tier|since|segment) [\w-]{1,20}\b[^\n]{0,40}"
)
"""Values that programs write: a locale, a time, an id, an address, what an account has."""
_RULE = re.compile(r"[-=_*~\u2014]{2,}")
_MOST_LINES = 24
_LINE_CHARS = 300
_LABEL_CHARS = 40
_LEAST_WORDS = 3
_LEAST_CHARS = 12


@dataclass(frozen=True, slots=True)
class _Head:
    """What precedes an ask.

    score: how sure it is a program's.  n_fields: of all its lines.  end: where the ask begins.  labelled: whether a
    label names the ask.
    """

    score: int
    n_fields: int
    end: int
    labelled: bool


def ask_in_fields(text: str) -> str | None:
    """The ask after a head of fields, without those that follow it; None where there are none, or it speaks of them."""
    if text[:1] in _LONE_FIRST and (named := _after_label(text)) is not None:
        return named
    head = _head(text)
    if head is None:
        ask = _without_tail(text, least=2)
        return None if ask == text or points_back(ask) or _RECORDED.search(ask) or has_no_topic(ask) else ask
    said = text[head.end :].strip()
    ask = _without_tail(said, least=1 if head.score > 1 else 2, is_open=head.labelled and not head.n_fields)
    if head.score < _SURE and ask == said:
        return None
    if head.n_fields < 1 and not head.labelled and ask == said:
        return None
    ask = ask.strip("\n -=_")
    if not head.labelled and (has_no_topic(ask) or _holds_content(text[: head.end], ask)):
        return None
    is_pointing = ends_pointing(ask) if head.labelled else points_back(ask) or ends_pointing(ask)
    return ask if _is_ask(ask) and not is_pointing else None


def _holds_content(head: str, ask: str) -> bool:
    """Whether a value is more than a program's: a state in a person's words, a thing, a date that the ask needs."""
    for line in head.split("\n"):
        label, value = _field(line.strip())
        if not value:
            continue
        if label == "status" and not _STATES.match(value):
            return True
        if label == "model" and not _MODELS.search(value):
            return True
        if label in _OF_TIME and speaks_of_time(ask):
            return True
    return False


_OF_TIME = frozenset("locale timezone tz due date time deadline".split())
_STATES = re.compile(
    r"\W{0,3}(?:open|closed?|new|pending|active|inactive|resolved|solved|done|in[ _-]|to[ -]?do|blocked|waiting"
    r"|awaiting|on[ -]hold"
    r"|assigned|unassigned|triage|backlog|ready|review|escalated|online|offline|away|idle|ok|draft|read|unread|queued"
    r"|running|reopened|under|not started|started|accepted|confirmed|received|submitted|trial|paid|premium|busy"
    r"|available"
    r"|work|customer|first|needs|needed|unresolved|ongoing|live|scheduled|acknowledged|overdue|late|clean|modified)",
    re.IGNORECASE,
)
_MODELS = re.compile(
    rf"{'|'.join(FAMILIES)}|auto|opus|sonnet|haiku|qwen|deepseek|\bo\d|large|small|mini|fast|default"
    r"|grok|command",
    re.IGNORECASE,
)


def _after_label(text: str) -> str | None:
    """What follows a first line that only says that a message follows, if no other label does; None otherwise."""
    first, _, rest = text.partition("\n")
    if (
        len(first) > _LABEL_CHARS
        or first.strip(" *_#:\uff1a").lower() not in _LONE
        or first.strip()[-1:] not in ":*\uff1a"
    ):
        return None
    return rest.strip() if _is_ask(rest.strip()) and not _ANY_LABEL.search(rest) else None


_LONE_FIRST = frozenset("mucnMUCN*_#")
_LONE = frozenset(("message", "user message", "customer message", "user's message", "new message", "user says"))
_ANY_LABEL = re.compile(r"^[^\n:]{1,40}:[ \t]*(?:\n|$)|^(?:assistant|bot|answer|reply|response):", re.MULTILINE | re.I)
_SURE = 2
_RECORDED = re.compile(
    r"\b(?:tickets?|issues?|jira|cards?|tasks?|template|form|invoice|fields?|labels?|record|card)\b", re.IGNORECASE
)
"""Words of an ask that may be about such fields."""


def _is_ask(ask: str) -> bool:
    is_long = len(ask) >= _LEAST_CHARS or not ask.isascii()
    return (
        is_long and not ask.endswith((":", "\uff1a")) and (len(ask.split(None, 2)) >= _LEAST_WORDS or not ask.isascii())
    )


def is_plain_field(bare: str) -> bool:
    """Whether a line is a field that a person may write for an ask of his own too: `Tone: warm`, `Location: Bergen`."""
    label, value = _field(bare)
    return bool(label) and label not in ASK_LABELS and bool(value) and not _STRONG.intersection(label.split())


def is_about_records(ask: str) -> bool:
    """Whether an ask may be about fields such as those after it: "Create a ticket", "fill in the form"."""
    return bool(_RECORDED.search(ask))


def _head(text: str) -> _Head | None:
    """The fields at the start of a text and where the ask after them begins; None for any other text."""
    place = score = n_fields = 0
    has_gap = is_titled = is_mail = has_empty = is_said = False
    are_contacts = True
    for n_before in range(_MOST_LINES):
        end = text.find("\n", place, place + _LINE_CHARS)
        bare = text[place : end if end >= 0 else place + _LINE_CHARS].strip()
        label, value = _field(bare)
        start = -1
        is_named = label in ASK_LABELS and (n_before > 0 or label in _GOALS) and (label != "user" or has_gap)
        worth = _worth(bare, label, value, first=n_before == 0)
        if is_named:
            start = text.find(value, place) if value else end + 1
        elif n_before and _RULE.fullmatch(bare):
            start = end + 1
        elif worth < 0 and bare:
            if not n_before or (not has_gap and (_LIKE_FIELD.match(bare) or n_fields < _SURE or has_empty)):
                return None
            start = place
        if (not is_named and is_said and start >= 0 and goes_on(text, start)) or (
            label in _SPEAKERS and is_sentence(value)
        ):
            return None
        if start >= 0:
            is_form = (
                is_named and n_fields > 0 and are_contacts and is_sentence(value) and goes_on(text, start + len(value))
            )
            found = _Head(max(score, _SURE) if is_form else score, n_fields, start, labelled=is_named)
            return _checked(found, is_first=not n_before, is_mail=is_mail and not is_titled)
        are_contacts = are_contacts and label in _CONTACTS
        is_titled = is_titled or worth > 1
        has_gap = has_gap or not bare
        score += max(worth, 0)
        n_fields += bool(label)
        has_empty = has_empty or (bool(label) and not value)
        is_mail = is_mail or label in _OF_MAIL
        is_said = is_sentence(value) if bare else is_said
        if end < 0:
            return None
        place = end + 1
    return None


_CONTACTS = frozenset(
    "name e-mail email phone company nombre correo nom vorname nachname telefon nome cognome".split()
) | {"full name", "first name", "last name", "your name", "email address", "e-mail address", "your email"}
"""Labels of a form with which a person writes a message."""
_SPEAKERS = frozenset("agent caller customer client visitor member operator support bot".split())
"""Labels before what a person says, where it is a sentence: a talk, not a record."""
_OF_MAIL = frozenset({"from", "to", "subject", "cc"})


def _checked(head: _Head, *, is_first: bool, is_mail: bool) -> _Head | None:
    """A head, if it is surely a program's. A mail's head has rules of its own."""
    return head if is_first or (head.score >= _SURE and not is_mail) else None


def _worth(bare: str, label: str, value: str, *, first: bool) -> int:
    """How sure a line is a program's: 2 a title, 1 what programs write, 0 another field; -1 no field."""
    if first and _TITLE.fullmatch(bare):
        return 2
    if label:
        return int(bool(_STRONG.intersection(label.split())) or bool(_MACHINE.fullmatch(value)))
    return 1 if not first and _EVENT.fullmatch(bare) else -1


def _field(bare: str) -> tuple[str, str]:
    """(label in lower case, value) of a line of a program's metadata or an ask's label; ("", "") of any other."""
    at = bare.find(":", 0, _LABEL_CHARS)
    wide = bare.find("\uff1a", 0, _LABEL_CHARS)
    at = wide if at < 0 else at
    if at <= 0:
        return "", ""
    label = bare[:at].strip("*_-\u2022>#[` \t").lower()
    value = bare[at + 1 :].lstrip("*_] \t")
    if label in ASK_LABELS:
        return label, value
    words = label.split()
    if not words or len(words) > _MOST_WORDS or bare[at + 1 : at + 2] == "/":
        return "", ""
    return (label, value) if all(word in _STRONG or word in _WEAK for word in words) else ("", "")


_MOST_WORDS = 5
_LIKE_FIELD = re.compile(r"[\w '/-]{1,40}:(?:\s|$)")


def _without_tail(text: str, *, least: int, is_open: bool = False) -> str:
    """Without the last lines of fields, if there are `least` of them.

    is_open: whether they may follow the ask without an empty line or a rule between.
    """
    last = text.rfind("\n") + 1
    if ":" not in text[last : last + _LABEL_CHARS] and not _RULE.match(text, last):
        return text
    cut = at = len(text)
    n_fields = 0
    for _ in range(_MOST_LINES):
        start = text.rfind("\n", max(0, at - _LINE_CHARS), at) + 1
        bare = text[start:at].strip()
        if not start:
            break
        label, value = _field(bare) if bare else ("", "")
        if bare and not _RULE.fullmatch(bare) and not (value and _TAIL.intersection(label.split())):
            break
        n_fields += bool(label)
        before = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)].strip()
        if n_fields >= least and (not before or _RULE.fullmatch(before) or is_open):
            cut = start
        at = start - 1
    ask = text[:cut].rstrip(" \t\r\n-=_")
    return ask if cut < len(text) and _is_ask(ask) else text
