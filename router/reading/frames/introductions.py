"""Sentences in which a person says a name, a place or an employer, where the ask does not need it.

What a person does for a living stays, but for a remark "by the way" at the end: an answer may depend on it.
"""

from __future__ import annotations

import re

_N = r"(?:[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f\u0130][\w.'\u2019-]{1,24})"
_NAMES = rf"{_N}(?:[ ]{_N}){{0,2}}"
_OF = rf"{_NAMES}(?: (?:&|and|und|et|y|e) {_N})?"
_NAME = re.compile(
    rf"(?:(?:hi[,!]? )?(?:my name is|my name's|i am|i'm|i\u2019m|this is|name's|call me)"
    rf"|mein name ist|ich hei(?:\u00df|ss)e|hier (?:schreibt|ist|spricht)|ich bin|je m'appelle|je m\u2019appelle"
    rf"|je suis|ici|soy|me llamo|mi nombre es|sono|mi chiamo|eu sou|sou|meu nome \u00e9|me chamo|ik ben|mijn naam is"
    rf"|ik heet|jestem|nazywam si\u0119|mam na imi\u0119|\u043c\u0435\u043d\u044f \u0437\u043e\u0432\u0443\u0442"
    rf"|\u044f|ben|ad\u0131m|benim ad\u0131m"
    rf"|jag heter|jag \u00e4r|jeg heter|jeg er|nimeni on|jmenuji se|nume(?:le)? meu este) (?-i:{_NAMES})"
    rf"(?P<place>,? (?:from|in|of|at|aus|von|de|d'|di|da|uit|z|\u0438\u0437|\u0433\u043e\u0440\u043e\u0434"
    rf"|fr\u00e5n|fra|i) (?-i:{_OF})"
    rf"|, (?-i:{_OF})(?: \u015fehrindenim)?)?[.!]+|new account, (?-i:{_NAMES}) is my name[.!]"
    rf"|(?-i:{_NAMES}) here[.!,]?",
    re.IGNORECASE,
)
_NAME_UNSPACED = re.compile(
    rf"\u6211(?:\u662f|\u53eb){_N}(?P<place>[\uff0c,]\u6765\u81ea{_N})?[\u3002.]"
    rf"|(?P<city>{_N}\u306e)?{_N}(?:\u3068\u7533\u3057\u307e\u3059|\u3067\u3059)[\u3002.]"
    rf"|\uc800\ub294 {_N}(?:\ub77c\uace0 \ud569\ub2c8\ub2e4|\uc785\ub2c8\ub2e4)\."
    rf"|(?P<firm>{_OF}\uc5d0\uc11c) \uc77c\ud558\ub294 {_N}\uc785\ub2c8\ub2e4\."
)
_PLACE = re.compile(
    rf"(?:i work|i'm working|i am working|we work) (?:in (?-i:{_OF}) )?(?:at|for) (?-i:{_OF})"
    rf"|(?:we are|we're) an? (?:small |tiny |young |big |large )?(?:team|company|shop|office|group"
    rf"|startup) (?:in|from|at) (?-i:{_OF})"
    rf"|ich arbeite (?:\u00fcbrigens )?(?:bei|f\u00fcr) (?-i:{_OF})|je travaille chez (?-i:{_OF})"
    rf"|trabajo en (?-i:{_OF})"
    rf"|lavoro (?:alla|da|per|in) (?-i:{_OF})|trabalho (?:na|no|em) (?-i:{_OF})|ik werk bij (?-i:{_OF})"
    rf"|pracuj\u0119 w (?-i:{_OF})|\u044f \u0440\u0430\u0431\u043e\u0442\u0430\u044e \u0432 (?-i:{_OF})"
    rf"|\u6211\u5728{_OF}\u5de5\u4f5c|{_OF}\u3067\u50cd\u3044\u3066\u3044\u307e\u3059",
    re.IGNORECASE,
)
_JOB_REMARK = re.compile(
    r"(?:by the way,? |btw,? )?i(?:'m|\u2019m| am) (?:an? )?[a-z]+(?: [a-z]+){0,2}, (?:by the way|btw|incidentally)"
    r"|(?:by the way|btw),? i(?:'m|\u2019m| am) (?:an? )?[a-z]+(?: [a-z]+){0,2}"
    rf"|about me: [a-z]+(?: [a-z]+){{0,2}}, (?-i:{_OF})",
    re.IGNORECASE,
)
FIRST_OF_INTRODUCTION = frozenset(
    (
        "my i i'm this name's call mein ich hier je ici soy me mi sono eu sou meu ik mijn jestem nazywam mam "
        "\u043c\u0435\u043d\u044f \u044f ben "
        "ad\u0131m benim jag jeg nimeni jmenuji we we're trabajo lavoro trabalho pracuj\u0119 new \uc800\ub294"
    ).split()
)

_ABOUT_NAME = re.compile(
    r"\b(?:(?:who|which|what) (?:\w+ ){1,3}(?:it|that|this|so)|movie|film|show|quote|names?|letters?|e-?mails?"
    r"|a message|message to|bio|biography|cv|resume|r\u00e9sum\u00e9|introduc\w+"
    r"|sign|signature|acrostic|anagram|initials|nickname|rhym\w+|pronounc\w+|spell\w*|say (?:that|this|it)|monogram"
    r"|speech|invit\w+|profile|application|about me|who am i|write (?:to|me)|brief an|lettre|carta|lettera|nome"
    r"|nombre|nom"
    r"|imi\u0119|\u0438\u043c\w+|\u043f\u0438\u0441\u044c\u043c\w+|isim|ad\u0131m)\b|\u540d\u5b57|\u4fe1"
    r"|\u90ae\u4ef6|\u540d\u524d|\u624b\u7d19|\uc774\ub984",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    r"\b(?:we|us|our|ours|we're|we've|here|near\w*|local\w*|weather|today|tonight|tomorrow|sun\w*|seasons?"
    r"|holidays?|time ?zone|where|should|ich|mir|mich|mein\w*|wir|uns\w*"
    r"|je|moi|mon"
    r"|ma|mes|nous|notre|yo|m\u00ed|mi|mis|nuestr\w*|pago|debo|puedo|tengo|io|mio|mia|devo|posso|ho|eu|meu|minha"
    r"|ik|mij|mijn|wij|ons"
    r"|ja|mnie|m\u00f3j|moja|mam|\u044f|\u043c\u043d\u0435|\u043c\u0435\u043d\u044f|\u043c\u043e\u0439"
    r"|\u043c\u043e\u044f|\u043c\u043e\u0438|\u043c\u044b|\u043d\u0430\u043c|ben|bana|benim|company|employer|team|"
    r"boss|job|work|colleague\w*|office)\b|[\u6211\u79c1\u50d5\u4ffa]|\u3053\u3053|\uc800\ub294|\uc81c |\ub0b4 "
    r"|\uc6b0\ub9ac",
    re.IGNORECASE,
)


_OF_KIND = re.compile(
    r"(?:i am|i.m|ich bin|je suis|soy|sono|eu sou|sou|ik ben|jestem|\u044f|ben|jag \u00e4r|jeg er) ", re.IGNORECASE
)
"""Before what may be a nation or a trade as well as a name: "Ich bin Arzt"."""


_TRADE = re.compile(
    r"(?:arzt|\u00e4rztin|lehrer|sch\u00fcler|rentner|student|anwalt|anw\u00e4ltin|pfleger|mutter|vater)", re.IGNORECASE
)


_OWN_PLACE = re.compile(
    r"\b(?:tax\w*|laws?|legal\w*|rights?|visa|permit|rent\w*|landlord|tenan\w+|insur\w+|doctor|hospital|clinic"
    r"|pharmac\w+|school"
    r"|police|court|price\w*|costs?|cheap\w*|buy|shops?|store|restaurant|hotel|flights?|trains?|bus|trip"
    r"|travel\w*|visit|drive"
    r"|driving|event|holidays?|government|vote|voting|election|embassy|passport|licen[cs]e|pension|benefits?"
    r"|salary|wages?"
    r"|notice|contract|plant\w*|garden|grow\w*|emergency|ambulance|call|weekend|tonight|parking|bank|pay|paid"
    r"|paying|marr\w+"
    r"|divorc\w+|inherit\w*|university|study|citizen\w*|move|moving|house|flat|apartment|power|electric\w*|water"
    r"|heating"
    r"|book|booking|recommend|language|accent|country|city|town|home|claim|fine|refund|appointment|tablets"
    r"|prescription)\b",
    re.IGNORECASE,
)
"""With a person's own ask, what may differ from place to place."""
_OF_WORK = re.compile(
    r"\b(?:laws?|legal\w*|staff|employees?|notice|wages?|salar\w+|overtime|shifts?|unions?|dismiss\w*|resign\w*"
    r"|contracts?"
    r"|rivals?|competitors?|customers?|clients?)\b",
    re.IGNORECASE,
)
"""What may differ from employer to employer."""
_OWN = re.compile(r"\b(?:i|me|my|mine|i'm|i'd|i've|i'll)\b", re.IGNORECASE)


def _needs_person(ask: str) -> bool:
    """Whether the ask may depend on where or for whom the person works."""
    return bool(_FIRST_PERSON.search(ask) or _OF_WORK.search(ask)) or (
        bool(_OWN.search(ask)) and bool(_OWN_PLACE.search(ask))
    )


def is_idle_introduction(sentence: str, ask: str) -> bool:
    """Whether a sentence says who or where the person is, and the ask needs neither."""
    named = _NAME.fullmatch(sentence) or _NAME_UNSPACED.fullmatch(sentence)
    if named:
        is_name_only = not any(named.groupdict().values())
        if _ABOUT_NAME.search(ask) or (_OF_KIND.match(sentence) and (is_name_only or _TRADE.search(sentence))):
            return False
        return is_name_only or not _needs_person(ask)
    return is_idle_remark(sentence, ask)


def is_idle_remark(sentence: str, ask: str) -> bool:
    """Whether a sentence says a place, an employer or, by the way, a job, and the ask needs none."""
    said = sentence.rstrip(".!\u3002 ")
    if _JOB_REMARK.fullmatch(said) and _OWN.search(ask):
        return False
    is_remark = _PLACE.fullmatch(said) or _JOB_REMARK.fullmatch(said)
    return bool(is_remark) and not _needs_person(ask) and not _ABOUT_NAME.search(ask)
