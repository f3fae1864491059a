"""Forms that a person filled in: the one field of prose among the facts that a site or a desk asks for.

`Name: Kim`, `*From:* <@U1>`, `ProfileName=Kim`, `### Version`, `|E-mail|kim@x|`, a label over its value. A field
that an ask may need (`Product: mug`, `Tone: warm`) keeps the whole text, and so does an ask about who sent it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from router.reading.frames.points import is_bare_order, points_at_record
from router.reading.frames.words import is_words, tag_words

_LIMIT_CHARS = 32_000
_MOST_FIELDS = 40
_KEY_CHARS = 60
_VALUE_CHARS = 90
_MOST_VALUE_WORDS = 8
_LEAST_FIELDS = 3

_PERSON = frozenset(
    "name names first last full given family surname vorname nachname nom pr\u00e9nom nombre apellido apellidos nome "
    "cognome sobrenome company firma organisation organization email e-mail mail correo courriel phone tel telephone "
    "mobile telefon tel\u00e9fono telefono telefone handle username sender requester requestor reporter caller from "
    "profile account timestamp submitted created received sent sid consent privacy datenschutz newsletter captcha "
    "conduct environment transferred handoff assignee cwd shell priority impact severity urgency queue agent channel "
    "contact".split()
)
"""Words of keys that a program asks for, or writes itself."""
_FACTS = _PERSON | frozenset(
    "operating id no nr number user customer client member date time datum fecha data address website web url page "
    "link ip browser device os system platform source form to cc reply language locale timezone status state "
    "category type "
    "kind ticket case incident request ref reference project component labels label tags tag team sla opened closed "
    "updated work notes terms gdpr agree detected sentiment confidence reason message media num hear heard found "
    "department plan tier environment version current working directory owner group expected output via score "
    "code created-by priorit\u00e4t area shop store branch site".split()
)
_ASKS = frozenset(
    "question message request query inquiry enquiry description body comment comments details prompt ask problem help "
    "happened nachricht frage anliegen mensaje pregunta consulta demande messaggio domanda richiesta mensagem pergunta "
    "bericht vraag task issue original".split()
)
"""Words of the key of a person's words."""
_SMALL = frozenset(
    "what is your the a an how did do you we us our can with about of for in on and please are which where who "
    "may i my ihre ihr deine votre su tu il la le el der die das short spoken user user's customer customer's this s "
    "would like new original's any".split()
)
_GENERIC = frozenset("question inquiry enquiry help request query general other support none n/a message frage".split())
"""Words of a title that says nothing: `Subject: Question`."""

_LINE = re.compile(
    r"(?P<mark>[*_]{0,2})(?P<key>[^\W\d_][^\n:=*_|]{0,58}?\??)(?:[*_]{0,2}: ?[*_]{0,2}:?|=)[ \t]*(?P<value>[^\n]*)"
)
_HEADING = re.compile(r"(?:#{1,4}|h[1-5]\.) (?P<key>[^\n:]{2,58}?\??):?(?P<value>)")
_NUMBERED = re.compile(r"\d{1,2}[.)] (?P<key>[^\n:]{2,58}?\??):?(?P<value>)")
_ROW = re.compile(r"\|[ \t]*(?P<key>[^|\n]{1,58}?)[ \t]*\|[ \t]*(?P<value>[^\n]*?)[ \t]*\|")
_PAIR = re.compile(r"(?:Q|F|P): (?P<key>[^\n]{2,58}?\??)(?P<value>)")
_BARE = re.compile(r"(?P<key>[^\W\d_a-z][^\n:.!?]{1,40}\??)(?P<value>)")
_RULE = re.compile(r"-{3,}|={3,}|\|[-: |]+\|?|\|field\|value\||", re.IGNORECASE)
_TITLE = re.compile(
    r"[\W_]{0,3}(?:(?:new|incoming|incident|handoff|hand-off|ticket|case|request|form|transferred"
    r"|\[[A-Z]{2,9}-\d{1,6}\])"
    r"(?![^\n]{0,20}:)[^\n.?!]{0,80})[\W_]{0,3}",
    re.IGNORECASE,
)
_AGREES = re.compile(r"[-*] \[[xX ]\] (?:I|Yes|You)\b[^\n]{0,160}")
_FOOTER = re.compile(
    r"\n(?:-- ?|-{5,})\n(?=[^\n]{0,40}\bthis (?:is an? (?:auto\w+|notification)|message|notification|e-?mail|mail)\b"
    r"[^\n]{0,60}\b(?:sent|generated|submitted|service|notification|delivered|created|automatic\w*|form)\b)",
    re.IGNORECASE,
)
_REPLY_LINE = re.compile(r"##- [^\n]{1,100} -##\n+(?:[^\n]{1,60}\d{1,2}:\d{2}[^\n]{0,12}:\n+)?")
"""A desk's line above what a person has replied to, with who and when."""
_USES = re.compile(
    r"\b(?:letters?|signatures?|bio|biograph\w+|resume|r\u00e9sum\u00e9|cv|invitations?|introduc\w+"
    r"|my (?:name|company|e-?mail|address|phone|account|profile)|(?:e-?mail|message|reply|greet\w*) (?:to|for|from)"
    r"|address(?:es)? (?:him|her|them)"
    r"|sign (?:it|off)|forms?|fields?|ticket|submission)\b",
    re.IGNORECASE,
)
"""What an ask may need a person's name for, or is about the form."""


@dataclass(slots=True)
class _Field:
    """A key and the lines of its value."""

    key: str
    lines: list[str] = field(default_factory=list)

    @property
    def value(self) -> str:
        return "\n".join(self.lines).strip()


def ask_in_submission(text: str) -> str | None:
    """The one value of prose in a form; the text without its footer where only that is a program's; None otherwise."""
    if len(text) > _LIMIT_CHARS or _ROUTE.search(text, 0, _ROUTE_CHARS):
        return None
    footer = _FOOTER.search(text, max(0, len(text) - _FOOTER_CHARS))
    body = text[: footer.start()].rstrip() if footer else text
    if body.startswith("##-") and (line := _REPLY_LINE.match(body)):
        return body[line.end() :].strip() or None
    for form in _forms(body):
        fields = _fields(body.split("\n"), form)
        ask = _ask_of(fields, _LEAST_FIELDS - (form is _PAIR or body[:1] == "h")) if fields else None
        if ask is not None:
            return ask
    return body if footer and is_words(body) and not points_at_record(body) else None


_FOOTER_CHARS = 500
_ROUTE_CHARS = 400
_ROUTE = re.compile(r"^from: ?[^\s@<>]{2,20}[ \t]*\nto: ?[^\s@<>]{2,20}[ \t]*$", re.IGNORECASE | re.MULTILINE)
"""Where from and where to: places, languages or currencies, not who writes to whom."""


def _forms(text: str) -> Iterator[re.Pattern[str]]:
    """The forms of keys that a text may have: the first two lines tell."""
    first = text[:1]
    if first == "|":
        yield _ROW
    elif first in "#h" and _HEADING.match(text):
        yield _HEADING
    elif first.isdigit():
        yield _NUMBERED
    elif text.startswith(("Q: ", "F: ", "P: ")):
        yield _PAIR
    else:
        yield _LINE
        if "\n\n" in text[:_VALUE_CHARS]:
            yield _BARE


def _fields(lines: list[str], form: re.Pattern[str]) -> list[_Field] | None:
    """The fields of a text in one form, after one line of a title; None for any other text."""
    fields: list[_Field] = []
    has_title = False
    for at, line in enumerate(lines):
        bare = line.strip()
        is_free = not fields or form is not _BARE or not lines[at - 1].strip()
        found = form.fullmatch(bare) if is_free and len(bare) > 2 else None
        is_ask_open = bool(fields) and _is_ask_key(fields[-1].key) and not _is_generic(fields[-1].value)
        if found and _is_key(found["key"]) and not (is_ask_open and _is_ask_key(found["key"])):
            fields.append(_Field(_plain(found["key"]), [found["value"]]))
        elif is_ask_open:
            fields[-1].lines.append(line)
        elif _RULE.fullmatch(bare):
            if bare[:3] == "---" and len(fields) > 1:
                fields.append(_Field("message"))
        elif not fields and not has_title and _TITLE.fullmatch(bare):
            has_title = True
        elif found and form is _LINE:
            return None
        elif fields and (not fields[-1].value or _AGREES.fullmatch(bare)):
            fields[-1].lines.append(line.removeprefix("A: ") if form is _PAIR else line)
        else:
            return None
        if len(fields) > _MOST_FIELDS:
            return None
    return [*fields, *([_Field("reporter")] if has_title else [])]


def _plain(key: str) -> str:
    return key.strip(" \t*_?:")


def _words(key: str) -> list[str]:
    """The words of a key: those of "ProfileName" too."""
    joined = tag_words(key).replace("_", " ") if key[:1].isupper() and " " not in key else _plain(key).lower()
    return [word.strip("?,.()'") for word in joined.replace("e mail", "email").split()]


def _is_key(key: str) -> bool:
    words = [word for word in _words(key) if word not in _SMALL]
    return 0 < len(words) <= _MOST_KEY_WORDS and all(
        word in _FACTS or word in _ASKS or word in _TITLES for word in words
    )


_MOST_KEY_WORDS = 4
_TITLES = ("subject", "title", "betreff", "asunto", "objet", "oggetto", "assunto")


def _is_ask_key(key: str) -> bool:
    """Whether a key names a person's words: "Message", "What can we help you with?"."""
    words = [word for word in _words(key) if word not in _SMALL]
    return bool(words) and not _ASKS.isdisjoint(words) and "type" not in words and "sid" not in words


def _ask_of(fields: list[_Field], least: int) -> str | None:
    """The value of the one key that names a person's words, if all others are facts, one of them a program's."""
    asks = [one for one in fields if _is_ask_key(one.key) and not _is_generic(one.value)]
    others = [one for one in fields if one not in asks]
    if len(asks) != 1 or len(fields) < least or not all(map(_is_fact, others)):
        return None
    if not any(map(_is_programs, others)):
        return None
    ask = asks[0].value.strip(" \t\n|").removeprefix("A: ")
    if ask[:1] == '"' == ask[-1:] and '"' not in ask[1:-1]:
        ask = ask[1:-1].strip()
    return None if not is_words(ask) or is_bare_order(ask) or points_at_record(ask) or _USES.search(ask) else ask


def _is_programs(one: _Field) -> bool:
    """Whether a field is one that a site asks for or writes: not `name: get_weather`, the name of a thing."""
    words = _words(one.key)
    is_thing = words == ["name"] and not one.value[:1].isupper() and one.value.isascii()
    return _is_title(one) or (not is_thing and not _PERSON.isdisjoint(words))


def _is_generic(value: str) -> bool:
    return bool(value) and _GENERIC.issuperset(value.lower().replace("/", " ").split())


def _is_title(one: _Field) -> bool:
    return one.key.lower() in _TITLES


def _is_fact(one: _Field) -> bool:
    """Whether a field holds a short fact; a subject only one that says nothing."""
    if _is_title(one):
        return _is_generic(one.value) or one.value.startswith("[")
    if "language" in _words(one.key) and len(one.value) > len("pt-BR"):
        return False
    lines = [line for line in one.lines if line.strip()]
    if all(_AGREES.fullmatch(line.strip()) for line in lines):
        return True
    is_short = len(one.value) <= _VALUE_CHARS and len(one.value.split()) <= _MOST_VALUE_WORDS
    return len(lines) <= 1 and is_short and "?" not in one.value
