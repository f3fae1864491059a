"""Lines that a chat program or an editor puts before an ask: who speaks and when, the code that is open, a set-up."""

from __future__ import annotations

import re

_TIME = r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
_DAY = r"(?:\d{4}-\d{2}-\d{2}[T ,]{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4},? |(?:today|yesterday|heute|hoy)(?: at|,)? )"
_STAMP = rf"[\[(]?{_DAY}?{_TIME}(?: ?(?:UTC|GMT|Z|[A-Z]{{3,4}}))?[\])]?"
_NICK = r"[@~+%&]?[^\W\d_][\w.-]{1,30}(?:#\d{4})?"
_CAPITAL = r"(?-i:[A-Z\u00c0-\u00de\u0410-\u042f])[^\W\d_]{1,24}"
_NAMES = rf"{_CAPITAL}(?: (?:{_CAPITAL}|(?-i:[A-Z])\.)){{1,2}}|[\u3040-\u9fff\uac00-\ud7a3]{{2,10}}"
_NAME = rf"(?:{_NAMES}|{_NICK})"
_HANDLE = (
    r"(?:@[\w.-]{2,40}|[UWC][0-9A-Z]{6,12}|\+?\d[\d -]{4,20}|id:[\w:-]{1,40}|[\w.+-]{1,60}@[\w.-]{1,60}"
    r"|<@[UW]\w{5,14}>)"
)

_APP = (
    r"(?:slack|telegram|discord|whatsapp|signal|matrix|teams|microsoft teams|mattermost|zulip|irc|sms|google chat"
    r"|imessage|messenger|instagram|line|wechat|viber|rocket\.chat|twitch|webchat|e-?mail|chat|voice|web|group|direct)"
)

SPEAKER = re.compile(
    # "[10:42] alice: ", "10:42 <alice> ", "(10:42) Alice Smith: ", "2026-11-24 10:42 - Alice: "
    rf"{_STAMP} (?:[-\u2013|] )?(?:<{_NAME}>|\*?{_NAME}\*?(?: \([^()\n]{{1,40}}\))?:)[ \t]+(?=\S)"
    # "#general | @alice | 2026-11-24T10:42Z" on a line of its own, "<alice> "
    rf"|[#@][\w-]{{1,40}} [|/\u00b7\u2022] @?{_NAME}(?: [|/\u00b7\u2022] [^\n]{{1,60}})?[ \t]*\n(?=\S)"
    rf"|<(?=[\w]{{0,30}}[._\d-]"
    rf"|[a-z]{{2,30}}> (?-i:[A-Z\u00bf\u00a1\u3040-\u9fff])){_NICK}>[ \t]+(?=\S)(?![^\n]{{0,2000}}</)"
    # "alice (U0123456): ", "Alice Smith (+49 151 234567): ", "<@U0123456>: ", "alice#1234: ", "alice@example.com: "
    rf"|{_NAME} [(\[<]{_HANDLE}[)\]>]:[ \t]+(?=\S)"
    r"|<@[UW][0-9A-Z]{5,14}(?:\|[^<>\n]{1,40})?>[:,]?[ \t]+(?=\S)"
    r"|[\w.-]{2,32}#\d{4}:[ \t]+(?=\S)|[\w.+-]{1,60}@[\w.-]{3,60}:[ \t]+(?=\S)|@[\w.-]{2,32}[:,][ \t]+(?=\S)"
    # "alice [10:42]: ", "Alice (today at 10:42): "; "Alice Smith 10:42", "Alice  10:42 AM", "**Alice** 10:42" on a line
    rf"|\*{{0,2}}{_NAME}\*{{0,2}},? [\[(]{_DAY}?{_TIME}[\])](?::[ \t\n]+(?=\S)|[ \t]*\n)"
    rf"|(?:{_NAMES}|\*\*{_NAME}\*\*|{_NAME}(?= [^\n]{{0,30}}[0-9] ?[AaPp]\.?[Mm]))(?: ?(?:APP|BOT))?"
    rf",? {{1,3}}(?:[-\u2013\u2014|\u2022\u00b7] )?{_STAMP}:?[ \t]*\n"
    # "[Alice | Slack | 10:42] ", "[#general] Alice: ", "[alice@telegram] ", "[@alice] ", "[Alice (Slack)] "
    # "[Slack Alice Smith 2026-11-24T10:42:11Z] "
    rf"|\[{_APP} [^\[\]\n]{{1,80}}\d{{1,2}}:\d{{2}}[^\[\]\n]{{0,20}}\][ \t]*(?:(?-i:{_NAMES}): )?(?=\S)"
    rf"|\[[^\[\]\n]{{1,60}}[|,\u00b7] ?{_STAMP}\][ \t]*(?:{_NAME}: )?(?=\S)|\[#[\w-]{{1,40}}\] {_NAME}: (?=\S)"
    rf"|\[(?:[\w.-]{{1,40}}@[\w.-]{{1,40}}|@[\w.-]{{1,40}}|{_NAME} \((?:@?[\w +.-]{{1,40}})\))\]:? (?=\S)"
    # "Message from Alice (Slack): ", "New message from Alice in #general: ", "Alice says: ", "Alice wrote:"
    rf"|(?:new |incoming )?(?:{_APP} )?(?:message|dm|text|sms|question"
    rf"|request)(?: in [^\n:]{{1,40}})? from [^\n:]{{1,80}}:"
    r"[ \t\n]+(?=\S)"
    rf"|(?-i:[A-Z])[^\W\d_]{{1,24}}(?: (?-i:[A-Z])[^\W\d_]{{1,24}})? (?:says|said|asks|wrote|writes|schreibt"
    rf"|fragt)(?: in [#\w-]{{1,40}})?:[ \t\n]+(?=\S)",
    re.IGNORECASE,
)
"""What a chat program puts before the words of a person: a name with a time, a handle or a channel."""

_LEAST_CHARS = 6


def ask_after_speaker(text: str) -> str | None:
    """What one person says, without his name and the time before it; None if there is none, or several speak."""
    lead = SPEAKER.match(text)
    if not lead or _is_said_after(text, lead.end()) or (lead[0][-1] == "\n" and SPEAKER.match(text, lead.end())):
        return None
    said = text[lead.end() :].strip()
    return said if len(said) >= _LEAST_CHARS and not _is_about_speaker(lead[0], said[:_SAID_CHARS]) else None


def _is_about_speaker(lead: str, said: str) -> bool:
    """Whether what follows is said to another than the speaker: it names him, or orders an answer to him."""
    if _ANSWERS.search(said) or ("@" in said and _CALL.search(said)):
        return True
    if "@" in lead and _ADDRESS.search(said):
        return True
    first = _NAME_WORD.search(lead)
    return first is not None and bool(re.search(rf"[.!?\n] ?{re.escape(first[0])}\b", said))


_SAID_CHARS = 400
_NAME_WORD = re.compile(r"[A-Z\u00c0-\u00de][^\W\d_]{2,24}")
_CALL = re.compile(r"(?:^|[ \n])@[\w.-]{2,32}: ")
_ADDRESS = re.compile(r"\b(?:that|this) (?:address|domain|e-?mail|prompt|host)\b|@ and\b", re.IGNORECASE)
_ANSWERS = re.compile(
    r"(?:[.!?\n]|[|\u2013\u2014] ) ?(?:please |can you |now )?(?:(?:write|draft|suggest|compose|give|send"
    r"|propose) (?:me |us )?(?:a|an|the"
    r"|my|some)(?: [\w-]+){0,4} (?:answer|reply|response|comeback)|answer (?:for me|him|her|them|in)|reply\b"
    r"|respond\b"
    r"|explain (?:it|this|that|what)|what does (?:she|he|it|this|that) mean|what (?:do|should|can|must) (?:i|we)"
    r" (?:answer|reply|say|do)\b|how (?:do|should|can) (?:i|we) (?:push back|answer|reply|respond|react|decline)"
    r"|is (?:it|he|she|this) (?:a|an|true|right|angry|joking|serious)\b|(?:he|she) is\b|translate (?:it|this|that))",
    re.IGNORECASE,
)
"""A further sentence about what was said."""


def _is_said_after(text: str, place: int) -> bool:
    """Whether a later line begins with a speaker too."""
    while place := text.find("\n", place) + 1:
        if SPEAKER.match(text, place):
            return True
    return False


NAMED = re.compile(rf"(?:\[(?P<tag>{_NAME})\]:?|(?P<nick>{_NICK}):)[ \t]+(?=\S)")
"""A bare name before the words: "[Alice] ", "alice: ". Only where another message of the conversation has one too."""


def ask_after_name(text: str) -> str | None:
    """What follows a bare name at the start; None without one."""
    lead = NAMED.match(text)
    return text[lead.end() :].strip() if lead and len(text) - lead.end() >= _LEAST_CHARS else None


_OPEN_CODE = re.compile(
    # Continue: "```src/app.py (12-30)", "```ts src/app.ts"; others: "```12:30:src/app.py", "```title=src/app.py"
    # "Current file: src/app.py" above a fence
    r"(?:(?:current|active|opened|open|visible) (?:file|editor|buffer|tab"
    r"|document): ?(?P<named>[^\n]{1,200})\n```[^\n]{0,40}\n)"
    r"|```(?:[\w+#-]{1,20}[ \t]+)?(?:\d{1,6}:\d{1,6}:)?(?:title=|file=|path=)?[\"']?"
    r"(?=[^\n]{0,200}[/.(])(?P<path>[\w./\\@~-]{0,200}(?:/[\w.@-]{1,80}|\.[A-Za-z]\w{0,8}))[\"']?"
    r"(?: ?\(\d{1,6}(?: ?[-\u2013:] ?\d{1,6})?\))?[ \t]*\n",
    re.IGNORECASE,
)
_MOST_FENCES = 16


def ask_after_open_code(text: str) -> str | None:
    """What follows the fenced code of named files that an editor puts before an ask; None without any."""
    place = 0
    for _ in range(_MOST_FENCES):
        fence = _OPEN_CODE.match(text, place)
        end = text.find("\n```", fence.end() - 1) if fence else -1
        if end < 0:
            break
        place = end + 4
        while place < len(text) and text[place].isspace():
            place += 1
    said = text[place:].strip() if place else ""
    is_ask = len(said.split(None, 3)) > 3 and "```" not in said and not _ABOUT_CODE.search(said[:_LOOK_CHARS])
    return said if is_ask else None


_LOOK_CHARS = 300
_ABOUT_CODE = re.compile(
    r"\b(?:this|these|above|here|selected|highlighted|the (?:code|file|function|class|method|snippet|script|query|test"
    r"|config|selection|lines?))\b|^(?:\S+ ){0,3}(?:it|that|its)\b",
    re.IGNORECASE,
)
"""Words of an ask that may be about the code: then the code is part of what is asked."""

_SET_UP = re.compile(
    r"this is (?:the )?[A-Z][\w .-]{1,40}\. we are setting up the context for our chat\b", re.IGNORECASE
)
"""The first message of some terminal agents: date, system, folders. No ask."""


def is_set_up(text: str) -> bool:
    """Whether a message only tells the model where it runs, before the first ask."""
    return bool(_SET_UP.match(text)) and ask_after_set_up(text) is None


def ask_after_set_up(text: str) -> str | None:
    """What follows the folders of a set-up after an empty line; None where nothing does."""
    if not _SET_UP.match(text):
        return None
    last = max(text.rfind("\u251c\u2500"), text.rfind("\u2514\u2500"))
    end = text.find("\n\n", last) if last > 0 else -1
    ask = text[end:].strip() if end > 0 else ""
    return ask if len(ask.split(None, 2)) > 1 or not ask.isascii() else None
