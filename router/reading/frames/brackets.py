"""Brackets of a program before and after an ask: `[cron:6f1f... brief]`, `[voice, 6s]`, `[Replying to Kim id:8] ...`.

What is in them must be a machine's: an id, `Key: value` with a key of metadata, fields between "|", a duration. Words
in brackets of the user's own (`[Draft]`, `[Bug: login]`) stay, and so does a message replied to that the ask speaks of.
"""

from __future__ import annotations

import re

from router.reading.frames.notices import is_notice
from router.reading.frames.points import points_at_record, points_back
from router.reading.frames.words import is_meta_key, is_words

_LEAST_CHARS = 6
_MOST_BLOCK_CHARS = 6_000

_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_JOBS = r"(?:cron|automation|scheduled (?:task|job)|trigger|hook|webhook|routine|heartbeat)"
_VOICE = r"(?:voice(?: (?:message|note|memo))?|audio|video|speech|dictation|sms|call|voicemail|transcript(?:ion)?)"
_LEAD = re.compile(
    rf"\[(?:(?P<job>{_JOBS}:[ \t]?(?:{_UUID}[^\[\]\n]{{0,80}}|[^\[\]\n]{{1,60}}\][ \t]*\[run"
    r"[ #:]{1,2}[\w-]{1,40}))"
    rf"|(?P<voice>{_VOICE}(?:, [^\[\],\n]{{1,40}}){{1,5}})"
    r"|(?P<fields>[^\[\]|\n]{1,80}(?: \| [^\[\]|\n]{1,80}){1,7}))\][ \t]*\n?[ \t]*(?=\S)",
    re.IGNORECASE,
)
_DATUM = re.compile(r"\d+(?:[.:]\d+)*(?: ?(?:s|sec|seconds|min|m|ms|%))?|\w+[ :=]{1,2}\d+(?:\.\d+)?%?", re.IGNORECASE)
_PAIR = re.compile(r"(?P<key>[A-Za-z][\w -]{0,24}): ?\S[^\n]*")

_LAST = re.compile(
    r"[ \t]+\[(?:[a-z]+ )?(?:message|thread|chat|channel|reply|event)[ _-]?(?:id|ts): ?"
    r"(?=[\w.:@-]{0,60}\d)[\w.:@-]{1,60}"
    r"(?: [a-z_]{1,20}: ?[\w.:@#-]{1,60}){0,5}\]$",
    re.IGNORECASE,
)
_MEDIA = re.compile(
    r"\[(?:Audio|Video|Voice)(?: \d/\d)?\]\n(?:User text:\n(?:\[[^\[\]\n]{1,200}\][ \t]*)?<media:\w{1,12}>[^\w\n]*\n)?"
    r"Transcript(?:ion)?:\n\s*(?=\S)"
)
"""OpenClaw's, before what was heard in a recording that came without words."""
_TASK = re.compile(r"\[(?P<who>[A-Z][\w-]{0,20}) Context\] [^\n]{1,1000}\n\s*\[(?P=who) Task\]:?[ \t\n]+(?=\S)")
"""OpenClaw's, before what an agent hands to another."""

_SPEAKER = re.compile(r"(?:^|\n)[A-Z][\w .-]{0,24}: ")
"""A name before what is said: a talk of several."""

_BLOCK = re.compile(
    r"\[(?P<name>Replying|Reply|Forwarded|Thread|Quoted message|Context|Metadata)(?: to| from)?\b[^\[\]\n]{0,100}\]\n"
)
_STARTER = re.compile(
    r"\[(?:Thread (?:starter|root|parent)|(?:Replied|Parent|Quoted|Original) message) - for context\][ \t]*\n",
    re.IGNORECASE,
)

_NOW = re.compile(r"\nCurrent (?:date and )?time: [^\n]{1,80}$")
_DELIVERY = re.compile(
    r"(?:return|deliver|give|report|write) your (?:summary|result|answer|reply|response|output|report) as (?:plain text"
    r"|markdown|text)\b[^\n]{0,20}; it will be (?:delivered|sent|posted)\b[^\n]{0,400}",
    re.IGNORECASE,
)
"""OpenClaw's, after what a job is to do."""


def ask_next_to_brackets(text: str) -> str | None:
    """The ask without a program's brackets before it and after it; None where there are none."""
    ask = _without_last(text)
    if ask[:1] == "[":
        ask = _without_first(ask)
    is_ask = ask != text and len(ask) >= _LEAST_CHARS and (is_words(ask) or len(ask.split(None, 1)) > 1)
    return ask if is_ask and not ask.endswith((":", "\uff1a")) else None


def _without_first(text: str) -> str:
    if found := _MEDIA.match(text) or _TASK.match(text):
        ask = text[found.end() :].strip()
        return text if _SPEAKER.search(ask) else ask
    if starter := _STARTER.match(text):
        at = text.find("\n\n", starter.end(), _MOST_BLOCK_CHARS)
        return _alone(text, text[at:].strip()) if at > 0 else text
    if (block := _BLOCK.match(text)) and (end := _block_end(text, block)):
        return _alone(text, text[end:].strip())
    lead = _LEAD.match(text)
    if not lead or not _is_machines(lead):
        return text
    ask = text[lead.end() :].strip()
    return _without_delivery(ask) if lead["job"] else ask


def _is_machines(lead: re.Match[str]) -> bool:
    """Whether the fields of a bracket are a machine's."""
    if lead["voice"]:
        return any(map(_DATUM.fullmatch, lead["voice"].split(", ")[1:]))
    if lead["fields"]:
        pairs = [_PAIR.fullmatch(field.strip()) for field in lead["fields"].split("|")]
        return all(pair and is_meta_key(pair["key"].rpartition(" ")[2]) for pair in pairs)
    return True


def _without_delivery(ask: str) -> str:
    """Without the time and the paragraph on how a job's answer is delivered, which follow what it is to do."""
    at = ask.rfind("\n\n")
    if at > 0 and _DELIVERY.match(ask[at:].strip()):
        ask = ask[:at].rstrip()
    now = _NOW.search(ask, max(0, len(ask) - _NOW_CHARS))
    return ask[: now.start()].rstrip() if now else ask


_NOW_CHARS = 120


def _without_last(text: str) -> str:
    if text[-1:] != "]":
        return text
    if last := _LAST.search(text, max(0, len(text) - _LAST_CHARS)):
        ask = text[: last.start()].rstrip()
        return ask if ask.endswith(_ENDS) and not points_at_record(ask) else text
    at = text.rfind("\n[", 0, text.rfind("\n[/") if "\n[/" in text else 0) + 1
    block = _BLOCK.match(text, at) if at else None
    if block and _block_end(text, block) == len(text):
        return _alone(text, text[:at].strip())
    return text


_LAST_CHARS = 260
_ENDS = (".", "?", "!", "`", ")", "\u2026", "\u3002", "\uff1f", "\uff01")
"""What a sentence ends with: an id after a word is part of it."""


def _block_end(text: str, block: re.Match[str]) -> int:
    """End of `[Name ...] ... [/Name]`; 0 for one that is not closed."""
    mark = f"\n[/{block['name']}]"
    end = text.find(mark, block.end() - 1, block.end() + _MOST_BLOCK_CHARS)
    return end + len(mark) if end >= 0 else 0


def _alone(text: str, ask: str) -> str:
    """The ask next to an earlier message; all of the text where it speaks of that, or only orders something."""
    is_own = len(ask.split(None, _LEAST_WORDS)) >= _LEAST_WORDS and not is_notice(ask)
    is_short = len(ask.split(None, _FEW_WORDS)) <= _FEW_WORDS
    is_about = points_back(ask) or (is_short and _ITS.search(ask))
    return ask if ask[:1] != "[" and is_own and not is_about else text


_FEW_WORDS = 8
_ITS = re.compile(r"\b(?:that|this|it|its|they|them|he|she|his|her|him|so|there|these|those|again)\b", re.IGNORECASE)
"""What a short ask may say of the message that it answers."""

_LEAST_WORDS = 3
