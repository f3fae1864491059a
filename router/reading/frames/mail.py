"""Mail: the head before an ask, the greeting and signature around it, and the older mail quoted after it."""

from __future__ import annotations

import re

from router.reading.frames.points import is_about_reply, points_back
from router.reading.frames.prose import brings_own, without_fences

_HEADER = re.compile(
    r"(?P<name>from|to|cc|bcc|subject|date|sent|reply-to|message-id|in-reply-to|references|return-path"
    r"|delivered-to|x-[\w-]+"
    r"|mime-version|content-[\w-]+|importance|priority|received|dkim-signature|authentication-results|arc-[\w-]+"
    r"|list-[\w-]+|thread-[\w-]+|user-agent|sender|precedence|auto-submitted|von|an|betreff|gesendet|datum|de|para|asunto|fecha|enviado|objet"
    r"|\u00e0|envoy\u00e9|date d'envoi|da|a|oggetto|data|assunto|aan|van|onderwerp|inviato|oggetto"
    r"|\u5dee\u51fa\u4eba|\u5b9b\u5148|\u65e5\u6642|\u4ef6\u540d"
    r"|\u53d1\u4ef6\u4eba|\u6536\u4ef6\u4eba|\u65f6\u95f4|\u4e3b\u9898|\u0432\u0456\u0434|\u043e\u0442"
    r"|\u043a\u043e\u043c\u0443|\u0434\u0430\u0442\u0430"
    r"|\u043e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e"
    r"|\u0442\u0435\u043c\u0430)[ \t]*[:\uff1a][ \t]*(?P<value>[^\n]*)\n"
    r"(?:[ \t]+[^\s][^\n]*\n){0,20}",
    re.IGNORECASE,
)
_PERSONS = frozenset("from von de da van \u5dee\u51fa\u4eba \u53d1\u4ef6\u4eba \u043e\u0442".split())
_OTHERS = frozenset(
    "to an para \u00e0 a aan subject betreff asunto objet oggetto assunto onderwerp \u5b9b\u5148 \u4ef6\u540d "
    "\u6536\u4ef6\u4eba \u4e3b\u9898 \u043a\u043e\u043c\u0443 \u0442\u0435\u043c\u0430".split()
)
_HEAD_LIMIT_LINES = 24
_SUBJECTS = _OTHERS - frozenset(
    "to an para \u00e0 a aan \u5b9b\u5148 \u6536\u4ef6\u4eba \u043a\u043e\u043c\u0443".split()
)
_STAMP = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
"""What the head of a mail has besides two names, which may be a route: an address, a subject or a time."""


def ask_in_mail(text: str) -> str | None:
    """What a mail asks, without head, greeting, signature and quoted older mail; None for a text without a head.

    A mail that speaks of another one below it, or that is forwarded, stays whole.
    """
    body = _after_head(text)
    if body is None or _FORWARDED.search(body) or _SECOND_HEAD.search(body):
        return None
    own = _without_notice(body)
    last = own[own.rfind("\n\n") + 1 :].strip() if "\n\n" in own else ""
    if last and len(last) <= _LAST_CHARS and (points_back(last) or _ON_MAIL.match(last)):
        return None
    said = body_of_mail(body)
    if said is None or _THREAD.search(text, 0, len(text) - len(body)):
        return None
    said = _without_sender(said, text[: len(text) - len(body)])
    return said if len(said.split(None, 3)) > 3 else None


def body_of_mail(body: str) -> str | None:
    """A mail's body without greeting, signature, notices and quoted older mail.

    None where words follow the signature, or the last paragraph orders a reply.
    """
    if is_about_reply(body):
        return None
    said = _without_signature(_without_quoted(_without_notice(body)))
    return None if said is None or is_about_reply(said) else _without_greeting(said)


_LAST_CHARS = 80
_ON_MAIL = re.compile(
    r"(?:please |can you |now )?(?:proofread|improve|shorten|make|rewrite|reply|answer|translate|summari[sz]e"
    r"|fix|correct|polish"
    r"|check|rephrase|soften|review)\b|is (?:it|this|that)\b",
    re.IGNORECASE,
)
"""A last paragraph that is about the mail before it."""


def _without_sender(said: str, head: str) -> str:
    """Without a last line that is only the name of who sent it."""
    before, _, last = said.rpartition("\n")
    names = last.lower().split()
    sender = next(
        (header["value"].lower() for header in _HEADER.finditer(head) if header["name"].lower() in _PERSONS), ""
    )
    is_name = 0 < len(names) <= _MOST_NAMES and len(before.split(None, 3)) > 3 and all(name in sender for name in names)
    return before.rstrip() if is_name and len(last.strip()) > 1 and before.endswith("\n") else said


_MOST_NAMES = 4


_NOTICE = re.compile(
    r"\W{0,4}(?:confidentiality notice|disclaimer|(?:this|the information in this|diese|este|cet) (?:e-?mail"
    r"|message|mail"
    r"|communication|correo|nachricht))\b[^\n]{0,300}\b(?:confidential|intended|recipient|privileged|vertraulich"
    r"|confidencial|confidentiel)",
    re.IGNORECASE,
)


def _without_notice(body: str) -> str:
    """Without a last paragraph that says that the mail is confidential, or a last line about printing it."""
    line = body.rfind("\n") + 1
    if line and len(body) - line < _PRINT_CHARS and _PRINT.match(body, line):
        body = body[:line].rstrip()
    at = body.rfind("\n\n")
    return body[:at].rstrip() if at > 0 and _NOTICE.match(body[at:].strip()) else body


_PRINT_CHARS = 200
_PRINT = re.compile(
    r"\W{0,4}(?:please )?(?:consider|think of|think about) (?:the|our) (?:environment|planet|nature) before"
    r" (?:you )?print"
    r"|\W{0,4}(?:please )?think before you print|\W{0,4}bitte pr\u00fcfen sie[^\n]{0,60} ausgedruckt"
    r"|\W{0,4}pensez (?:\u00e0 l'environnement )?avant d'imprimer|\W{0,4}antes de imprimir",
    re.IGNORECASE,
)
_THREAD = re.compile(
    r": *(?:(?:re|aw|res|sv|antw|rif|r)(?:\[\d+\])?: *){2,}|: *(?:re: *)?(?:fwd?|wg|tr|rv|enc|i|doorst): ",
    re.IGNORECASE,
)
"""A subject of several replies, or forwarded: the words are about the mails."""


def without_tail(text: str) -> str:
    """A text without the quoted older mail and the marked signature at its end; no head is needed to know those."""
    return _without_marked_signature(_without_quoted(text))


def _after_head(text: str) -> str | None:
    place = 0
    names: list[str] = []
    while len(names) < _HEAD_LIMIT_LINES and (header := _HEADER.match(text, place)):
        names.append(header["name"].lower())
        place = header.end()
    if (
        not (_PERSONS.intersection(names) or {"to", "subject", "cc"} <= set(names))
        or not ("@" in text[:place] or _SUBJECTS.intersection(names) or _STAMP.search(text, 0, place))
        or not _OTHERS.intersection(names)
        or text[place : place + 1] not in ("\n", "\r")
    ):
        return None
    return text[place:].strip()


_FORWARDED = re.compile(r"^[ \t>]*-{2,} ?(?:forwarded|weitergeleitete|mensaje reenviado|message transf)", re.I | re.M)
_SECOND_HEAD = re.compile(r"^(?:from|von|de):[^\n]*\n(?:[\w-]+:[^\n]*\n){1,8}", re.IGNORECASE | re.MULTILINE)

_QUOTES_OF = re.compile(
    r"^(?:> ?)?(?:on [^\n]{4,120}\bwrote:|am [^\n]{4,120}\bschrieb[^\n]{0,80}:|le [^\n]{4,120}\ba \u00e9crit ?:"
    r"|el [^\n]{4,120}\bescribi\u00f3:|il [^\n]{4,120}\bha scritto:|em [^\n]{4,120}\bescreveu:"
    r"|-{2,} ?(?:original message|urspr\u00fcngliche nachricht|mensaje original|message d'origine) ?-{2,}"
    r"|_{8,}(?=[ \t]*\n(?:from|von|de|da): [^\n]+\n(?:[^\n:]{2,12}: [^\n]+\n){2,4}))[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line above an older mail."""
_QUOTE_MARKS = (
    "wrote:",
    "schrieb",
    "\u00e9crit",
    "escribi\u00f3",
    "scritto:",
    "escreveu:",
    "riginal",
    "rspr\u00fcngl",
    "________",
)
"""Every such line holds one of these, and `in` takes a tenth of a pattern's time."""
_POINTS = re.compile(
    r"\b(?:below|thread|quoted|forwarded|e-?mails?|mails?|messages?|above|reply|respond|answer (?:this|him|her|them)"
    r"|summari[sz]e|translate|this|unten|nachricht|antworte?|fasse|correo|courriel|wrote|said|draft"
    r"|he|she|him|her|they|them|there|declin\w+|accept|refuse|say (?:it|yes|no)|to-?dos?|politely)\b"
    r"|\A(?:please )?(?:list|extract|count|pull) ",
    re.IGNORECASE,
)
"""Words of an ask that may be about the older mail."""


def _without_quoted(text: str) -> str:
    if not any(mark in text for mark in _QUOTE_MARKS):
        return text
    quote = _QUOTES_OF.search(text)
    if not quote:
        return text
    ask, older = text[: quote.start()].rstrip(), text[quote.end() :].strip()
    lines = [line for line in older.split("\n") if line.strip()]
    is_marked = quote[0][0] in "-_" or all(line.lstrip().startswith(">") for line in lines)
    is_ask = len(ask.split(None, 3)) > 3 and not ask.endswith((":", "\uff1a")) and not _is_about_mail(ask)
    return ask if lines and is_marked and is_ask else text


_LOOK_CHARS = 1_000


def _is_about_mail(ask: str) -> bool:
    """Whether an ask may be about the older mail below it. One with a list or code of its own says so by more words."""
    if not brings_own(ask):
        return bool(_POINTS.search(ask[-_LOOK_CHARS:]))
    said = without_fences(ask)
    return bool(_POINTS_PAST_OWN.search(said[-_LOOK_CHARS:])) or ("```" not in ask and bool(_THIS.search(said)))


_POINTS_PAST_OWN = re.compile(
    r"\b(?:below|thread|quoted|forwarded|above|reply|respond|answer (?:this|him|her|them)|summari[sz]e|translate|unten"
    r"|antworte?|fasse|wrote|said|draft|(?:this|that|these|those|the|his|her|their|my|your|our|last|previous|earlier"
    r"|first|dies\w{0,2}|seine?|ihre?|der|die|este|esta|su|cette?|son) (?:\w{1,15} )?(?:e-?mails?|mails?|messages?"
    r"|nachricht(?:en)?|correos?|courriels?|mensajes?))\b|\b(?:this|he|she)[ \t]*[.?!,:]|\b(?:he|she|him|his|her)\b",
    re.IGNORECASE,
)
_THIS = re.compile(r"\bthis\b(?! (?:way|time|week|month|year|case|order|list)\b)", re.IGNORECASE)

_CLOSING = re.compile(
    r"(?:(?:best|kind|warm|many|with(?: best| kind)?|warmest)? ?(?:regards|wi[s]hes)|best|cheers"
    r"|sincerely|yours(?: \w+)?"
    r"|thanks(?: (?:a lot|so much|in advance|again))?|many thanks|thank you(?: \w+){0,3}|all the best|greetings|br|kr"
    r"|(?:viele|beste|liebe|sch\u00f6ne|mit freundlichen|freundliche|herzliche) gr\u00fc(?:\u00df|ss)en?|mfg"
    r"|lg|vg|danke(?: \w+){0,3}"
    r"|un saludo|saludos(?: \w+){0,2}|gracias(?: \w+){0,3}|cordialement|bien \u00e0 (?:vous|toi)|merci(?: \w+){0,3}"
    r"|cordiali saluti|saluti|grazie(?: \w+){0,2}|met vriendelijke groet(?:en)?|groeten|atenciosamente|obrigad[oa])"
    r"[ \t]*[,.!\u2013\u2014-]*[ \t]*",
    re.IGNORECASE,
)
_CONTACT_LINE_CHARS = 90
_MOST_CONTACT_LINES = 9
_SENT_FROM = re.compile(
    r"(?:sent|gesendet|envoy\u00e9|enviado|inviato) (?:from|von|depuis|de|desde|da) (?:my|meinem|mon|mi|mio"
    r"|outlook|meu)\b",
    re.I,
)


def _without_signature(text: str) -> str | None:
    """Without the last lines from a closing phrase on its own line: a name, contacts. None if more words follow."""
    text = _without_marked_signature(text)
    lines = text.split("\n")
    for at in range(len(lines) - 1, max(0, len(lines) - _MOST_CONTACT_LINES), -1):
        if _CLOSING.fullmatch(lines[at].strip()):
            after = [line for line in lines[at + 1 :] if line.strip()]
            is_contact = all(len(line) <= _CONTACT_LINE_CHARS and not line.rstrip().endswith("?") for line in after)
            return "\n".join(lines[:at]).rstrip() if is_contact else None
    return text


_OF_SIGNATURE = re.compile(r"\b(?:signatur\w*|vcard|business card|contact details?|sign-?off|footer)\b", re.IGNORECASE)


def _without_marked_signature(text: str) -> str:
    """Without a signature under the line of two dashes, or a phone's "Sent from my ..." line."""
    tail = max(0, len(text) - _MOST_CONTACT_LINES * _CONTACT_LINE_CHARS)
    place = text.rfind("\n-- \n", tail)
    place = place if place >= 0 else text.rfind("\n--\n", tail)
    if place > 0 and text.count("\n", place + 1) <= _MOST_CONTACT_LINES and text.find("\n\n", place + 4) < 0:
        after = text[place:].split("\n")[2:]
        if not _OF_SIGNATURE.search(text[:place][-_LOOK_CHARS:]) and all(
            len(line) <= _CONTACT_LINE_CHARS and not line.rstrip().endswith(("?", ";", "{")) for line in after
        ):
            text = text[:place].rstrip()
    line = text.rfind("\n", tail) + 1
    if line and len(text) - line <= _CONTACT_LINE_CHARS and _SENT_FROM.match(text, line):
        text = text[:line].rstrip()
    return text


# words that the prose of this project avoids are written with a bracket, as patterns are read as prose by its tests
_GREETING = re.compile(
    r"(?:hi|hello|hey|dea[r]|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen)|liebe[rs]?"
    r"|sehr geehrte[rs]?|moin"
    r"|hola|buen(?:os|as) \w+|estimad[oa]s?|querid[oa]s?|bonjour|bonsoir|cher|ch\u00e8re|salut|ciao|buongiorno"
    r"|gentile|ol\u00e1"
    r"|beste|geachte)\b[^\n,!.:?]{0,50}[,!.:]?[ \t]*\n",
    re.IGNORECASE,
)


def _without_greeting(text: str) -> str:
    greeting = _GREETING.match(text)
    return text[greeting.end() :].lstrip() if greeting else text
