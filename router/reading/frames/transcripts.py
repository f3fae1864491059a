"""Transcripts of two speakers where one only greets and the other asks once: that turn is the ask.

`Agent: Good morning, how can I help?` / `Caller: ...`. Several turns with words stay whole, and so does a text that
speaks of the talk itself.
"""

from __future__ import annotations

import re

from router.reading.frames.points import ends_pointing, points_at_record
from router.reading.frames.words import is_words

_LIMIT_CHARS = 16_000
_MOST_TURNS = 12

_STAMP = r"(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?[\])]?[ \t]*(?:[|-][ \t]*)?)"
_AGENTS = r"(?:agent|ai|assistant|bot|operator|representative|receptionist|support(?: agent)?|virtual agent|ivr|system)"
_USERS = r"(?:caller|user|customer|client|human|guest|visitor|patient|member|subscriber)(?: #?\d{1,8})?"
_TURN = re.compile(
    rf"{_STAMP}?(?:(?P<agent>{_AGENTS})|(?P<user>{_USERS})|(?P<one>speaker [0-9AB])):[ \t]*(?P<said>.*)",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"{_STAMP}(?P<one>[^\W\d_][\w .'-]{{1,40}}):[ \t]*(?P<said>.*)")
"""A name, where a title and a time tell that it is one."""
_EVENT = re.compile(
    rf"{_STAMP}?(?:\[(?:silence|inaudible|music|noise|pause|beep|hold|crosstalk|end(?: of call)?)\]"
    r"|[^\n:]{1,40} (?:joined|left|entered|has joined|has left)(?: the (?:chat|call|room|conversation))?\.?"
    r"|-{3,}|exported (?:from|by|at|on) [^\n]{1,80})",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:(?:live |phone |voice |web )?(?:chat|call|voicemail|conversation) (?:transcript|log|with|recording|on)\b"
    r"|transcript\b|started (?:on|at) )[^\n?!]{0,140}",
    re.IGNORECASE,
)
_GREETS = re.compile(
    r"(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|welcome|thank you for (?:calling|contacting)|thanks for"
    r"|how (?:can|may) i (?:help|assist)|what can i do|guten (?:tag|morgen)|hallo|hola|bonjour|buenos|buongiorno"
    r"|ol\u00e1|ciao)\b",
    re.IGNORECASE,
)
_GREETED = re.compile(
    r"\b(?:hello|hi|good (?:morning|afternoon|evening)|how (?:can|may) i (?:help|assist))\b", re.IGNORECASE
)
_MOST_GREETING_CHARS = 140
_MOST_GREETING_SENTENCES = 4
_OF_TALK = re.compile(
    r"\b(?:agent|caller|transcript|call|talk|conversation|dialogue|chat log|reply|respond|said|speakers?|continue"
    r"|next line|summari[sz]e)\b",
    re.IGNORECASE,
)


def ask_in_transcript(text: str) -> str | None:
    """The one turn with an ask, where the other speaker only greets; None for any other text."""
    if len(text) > _LIMIT_CHARS:
        return None
    turns, is_titled = _turns(text.split("\n"))
    if not turns:
        return None
    speakers = {who for who, _ in turns}
    asking = [(who, said) for who, said in turns if said and not _is_greeting(said)]
    if len(asking) != 1 or len(speakers) > 2:
        return None
    who, ask = asking[0]
    is_pair = len(speakers) == 2 and sum(other == who for other, _ in turns) == 1
    is_user = who != "agent" and (is_pair or is_titled)
    is_last = all(not said for other, said in turns[turns.index((who, ask)) + 1 :])
    if not (is_user and is_last and is_words(ask)) or points_at_record(ask) or ends_pointing(ask):
        return None
    return None if _OF_TALK.search(ask) else ask


def _turns(lines: list[str]) -> tuple[list[tuple[str, str]], bool]:
    """((who, what is said) of each turn, whether a title precedes them); no turns for a text that is another text."""
    turns: list[tuple[str, list[str]]] = []
    is_titled = False
    for line in lines:
        bare = line.strip()
        if not turns and bare and _TITLE.fullmatch(bare):
            is_titled = True
            continue
        if _EVENT.fullmatch(bare):
            continue
        found = _TURN.fullmatch(bare) or (_NAMED.fullmatch(bare) if is_titled else None)
        if found:
            kind = next(kind for kind, name in found.groupdict().items() if name)
            turns.append(("agent" if kind == "agent" else found[kind].lower(), [found["said"]]))
        elif turns:
            turns[-1][1].append(line)
        elif bare:
            return [], False
        if len(turns) > _MOST_TURNS:
            return [], False
    return [(who, "\n".join(said).strip()) for who, said in turns], is_titled


def _is_greeting(said: str) -> bool:
    """Whether a turn is a greeting and no more: "Acme support, good morning.", "Hello."."""
    if len(said) > _MOST_GREETING_CHARS or "\n" in said:
        return False
    sentences = [one for one in re.split(r"(?<=[.!?])\s+", said) if one]
    return len(sentences) <= _MOST_GREETING_SENTENCES and all(map(_greets, sentences))


def _greets(sentence: str) -> bool:
    is_named = len(sentence.split()) <= _MOST_WORDS and bool(_GREETED.search(sentence) or _NAMES.match(sentence))
    return (bool(_GREETS.match(sentence)) and (len(sentence.split()) <= _MOST_WORDS)) or is_named


_MOST_WORDS = 12
_NAMES = re.compile(r"(?:this is|you're (?:speaking|talking) (?:to|with)|my name is) [^\n?]{1,40}$", re.IGNORECASE)
_FIRST = (
    *("agent", "ai:", "assistant", "bot", "operator", "represent", "reception", "support", "virtual", "ivr", "system"),
    *(
        "caller",
        "user",
        "customer",
        "client",
        "human",
        "guest",
        "visitor",
        "patient",
        "member",
        "subscriber",
        "speaker",
    ),
    *("live ", "phone ", "voice", "web ", "chat ", "call ", "conversation ", "transcript", "(", "["),
)


def may_be_transcript(text: str) -> bool:
    """Whether a text may be a transcript: a quick look at its first characters."""
    return text[:16].lower().startswith(_FIRST)
