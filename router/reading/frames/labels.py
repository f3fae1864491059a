"""Who speaks, and the label of what carried the words, before an ask on one line.

`Kim Aas (@kaas) in #ops: ...` needs a mark of a machine next to the name; `Transcription: ...` is made of words for
what carries an utterance. A label of the user's own, or one that is an order about the answer, stays.
"""

from __future__ import annotations

import re

from router.reading.frames.points import is_bare_order, points_back
from router.reading.frames.remarks import is_remark

_LEAST_WORDS = 3
_LOOK_CHARS = 300

_CAPITAL = r"[A-Z\u00c0-\u00de\u0410-\u042f][^\W\d_]{1,24}"
_NAME = rf"{_CAPITAL}(?: (?:{_CAPITAL}|[A-Z]\.)){{1,2}}"
_CLOCK = r"[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?[\])]?"
_APPS = (
    r"(?:Slack|Telegram|Discord|WhatsApp|Signal|Matrix|Teams|Mattermost|Zulip|Viber|Messenger|Instagram|LINE|WeChat|SMS"
    r"|iMessage|Twitch|IRC)"
)
_CHANNEL = r"#[a-z][\w-]{1,40}"
_BYLINE = re.compile(
    # "Kim Aas (@kaas) in #ops: "
    rf"{_NAME} \(@[\w.-]{{2,40}}\)(?: (?:in|on|via|at) (?:{_CHANNEL}|{_APPS}|{_CLOCK})){{1,3}}: (?=\S)"
    # "Viber | Kim Aas | 19:02 | ", "#ops | Kim Aas [19:02]: "
    rf"|(?:{_APPS}|{_CHANNEL}) \| @?{_NAME}(?:(?: \|)? {_CLOCK}(?: \||:)| \|(?: {_CHANNEL} \|)?) (?=\S)"
    rf"|{_NAME} \| (?:{_APPS}|{_CHANNEL})(?: \| {_CLOCK})?(?: \||:) (?=\S)"
    # "User kaas asks: "
    r"|(?:User|Member) (?!(?:research|experience|feedback|test|stor|interview|base|group|guide|manual|interface|service"
    r"|support|survey|persona|input|data)\w{0,4}\b)@?[\w.-]{2,32} (?:asks|asked): (?=\S)"
)
_QUOTED = re.compile(rf"([_*]{{1,2}})(?:{_NAME}|@[\w.-]{{2,32}}) (?:asked|asks|wrote|writes|said|says):\1\n(?=> )")
"""`_Kim Aas asked:_` above a quotation."""


def ask_after_byline(text: str) -> str | None:
    """What one person says, without the name with a machine's mark before it; None without one."""
    lead = _BYLINE.match(text)
    if lead:
        ask = text[lead.end() :].strip()
        first = ask.partition("\n")[0]
        is_one = not any(_BYLINE.match(line) for line in ask.split("\n", _MOST_LINES)[1:])
        return ask if is_one and first and _is_ask(ask) else None
    if quoted := _QUOTED.match(text):
        lines = text[quoted.end() :].split("\n")
        if all(line[:1] == ">" for line in lines):
            ask = "\n".join(line[1:].removeprefix(" ") for line in lines).strip()
            return ask if _is_ask(ask) else None
    return None


_MOST_LINES = 40

_STRONG = (
    r"(?:(?:voice|audio|speech|spoken|dictated)(?: (?:message|note|memo|input|command|request|query))?"
    r"(?: transcript(?:ion)?)?|transcript(?:ion)?|transcribed (?:text|speech|audio|message)|dictation|utterance"
    r"|recogni[sz]ed (?:text|speech))"
)
_EMOJI = "(?:[\U0001f3a4\U0001f399\U0001f50a\U0001f5e3\U0001f4de\u260e]\ufe0f?[ \t]*)?"
_LABEL = re.compile(
    r"(?P<args>(?-i:ARGUMENTS|ARGS)):[ \t]+(?=\S)"
    rf"|(?P<carrier>{_EMOJI}(?:\[{_STRONG}\]|{_STRONG})(?: \((?P<remark>[^()\n]{{1,80}})\))?):[ \t]+(?=\S)"
    r"|(?P<said>(?:the |a )?(?:user|customer|caller|visitor) (?:said|says|asked|asks)(?: \((?P<how>[^()\n]{1,80})\))?):"
    r"[ \t]+(?=\S)"
    r"|(?P<piped>(?:[a-z]{2,12} ){1,3}(?:input|utterance|query|prompt|request|command)) \((?P<pairs>[^()\n]{3,120})\):"
    r"[ \t]+(?=\S)",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:speech|voice|stt|transcri\w+|dictat\w+|audio|spoken|asr|recogni[sz]\w+|confidence|may contain)\b",
    re.IGNORECASE,
)
_PAIR = re.compile(r"(?P<key>[A-Za-z][\w-]{0,24}): ?\S[^,]{0,40}")
_HEARD = frozenset("satellite area room device channel language lang locale confidence platform session".split())
_QUOTES = {'"': '"', "\u201c": "\u201d", "\u00ab": "\u00bb", "\u201e": "\u201c"}
_SPEAKER = re.compile(r"(?:^|\n)\W{0,3}[A-Z][\w .-]{0,24}: ")
_START = re.compile(r"[\u00bf\u00a1\"\u201c]?[^\W\d_a-z]|[^\x00-\x7f]")


def ask_after_label(text: str) -> str | None:
    """What follows a label made of words for what carries an utterance; None without one.

    What speaks of the label, brings several speakers or does not begin like a sentence keeps it.
    """
    lead = _LABEL.match(text)
    if not lead:
        return None
    said = text[lead.end() :].strip()
    ask = _unquoted(said)
    is_quoted = ask != said
    if said[:1] in _QUOTES and not is_quoted:
        return None
    if lead["said"] and not (lead["how"] and _HOW.search(lead["how"])):
        return None
    if lead["remark"] and not (_HOW.search(lead["remark"]) or is_remark(lead["remark"])):
        return None
    if lead["pairs"] and not _are_pairs(lead["pairs"]):
        return None
    if not (is_quoted or _START.match(ask)) or _SPEAKER.search(ask[:_LOOK_CHARS]):
        return None
    return ask if _is_ask(ask) and not points_back(ask) else None


def _are_pairs(inner: str) -> bool:
    """Whether a bracket holds at least two `key: value`, one of which says where something was heard."""
    pairs = [_PAIR.fullmatch(one) for one in inner.split(", ")]
    keys = [pair["key"] for pair in pairs if pair]
    return len(keys) == len(pairs) > 1 and any(key.lower() in _HEARD for key in keys)


def _unquoted(said: str) -> str:
    close = _QUOTES.get(said[:1], "\n")
    is_whole = said.endswith(close) and not any(mark in said[1:-1] for mark in (said[0], close))
    return said[1:-1].strip() if is_whole else said


def _is_ask(ask: str) -> bool:
    is_long = len(ask.split(None, _LEAST_WORDS)) > _LEAST_WORDS or not ask.isascii()
    return is_long and not is_bare_order(ask)
