"""Passages of a program before or after an ask: what a search has found, and documents that it attached.

They are between marks (`[webpage 1 begin]..[webpage 1 end]`, `[CONTEXT 0]:..[END CONTEXT 0]`), or a list or a
fence right under a caption. An ask about them keeps them, and a fence without a caption stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.reading.frames.points import points_back

_LIMIT_CHARS = 120_000
_CAPTION_CHARS = 400
_BETWEEN_CHARS = 1_500
_LEAST_CHARS = 12

_OPEN = re.compile(
    r"\[(?P<name>[A-Za-z][A-Za-z ]{1,24}(?: \d{1,3})?) (?:begin|start)\]"
    r"|\[(?P<upper>(?:CONTEXT|DOCUMENT|DOC|SOURCE|PASSAGE|CHUNK|RESULT|SNIPPET)[ _]\d{1,3})\]:?[ \t]*\n"
)
_FILE = re.compile(r"\[file(?: ?name)?\]: [^\n]{1,200}\n(?=\[)")
_SEARCH = re.compile(
    r"\b(?:(?:search|knowledge[ -]?base|web) (?:results?|hits?|articles?|passages?|context|entries|excerpts?)"
    r"|results? (?:of|from) (?:a|the) (?:web )?search|retrieved(?: (?:documents?|passages?|context|sources?|results?"
    r"|articles?|snippets?|excerpts?|chunks?|memories))?"
    r"|(?:from|in) (?:the |our )?(?:knowledge[ -]?base|web search|search index|vector store))"
    r"(?: (?:for|from|of|about|related|relevant|on|above|below|found|in|are|is)\b[^\n]{0,300})?(?: \([^()\n]{1,80}\))?"
    r"[*:. ]{1,4}$",
    re.IGNORECASE,
)
"""How the caption of what a search has found ends."""
_BARE = re.compile(
    r"[#*_ ]{0,6}(?:relevant |related |matching |top )?(?:sources?|context|documents?|passages?|results?|snippets?"
    r"|excerpts?|chunks?|references?|quellen|fuentes|fonti|fontes):?[*_ ]{0,4}:?",
    re.IGNORECASE,
)
"""A caption that a person may write too: what is under it must be numbered like passages."""
_ATTACHED = re.compile(
    r"[#*_ ]{0,6}(?:(?:attached|uploaded|referenced|included) (?:documents?|files?|attachments?)(?:\(s\))?"
    r"(?: contents?)?"
    r"|(?:terminal|shell|console|command) output|output of the (?:last|previous) command)(?: \([^()\n]{1,60}\))?"
    r":[*_ ]{0,4}",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"(?:recent|previous|earlier|latest|last(?: \d{1,3})?|thread|channel) (?:messages|context|conversation|posts|chat)"
    r"(?: (?:in|from|of) [^\n:]{1,60})?:",
    re.IGNORECASE,
)
_CAPTION_FIRST = frozenset(
    "the here relevant related search web retrieved knowledge top results context sources source documents passages "
    "snippets excerpts articles references chunks found matching internal following answer use using".split()
)
_OF_PERSON = re.compile(r"\b(?:i|i've|my|me|we|our|us)\b", re.IGNORECASE)
_ITEM = re.compile(
    r"[ \t]*(?:\d{1,2}[.)][ \t]|\[\d{1,3}\]|\(\d{1,3}\)|[-*\u2022>][ \t]?\S|[ \t]{2}\S"
    r"|(?:title|url|link|source|snippet|content|date|score|published):[ \t]*\S)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[ \t]*(?:\[\d{1,3}\]|\d{1,2}[.)] \(\d?\.\d+\))")

_LABEL = re.compile(
    r"(?:^|(?<=\n)|(?<=\. ))(?:#{1,4} |\*\*)?(?:now answer|q|(?:(?:the|my) )?(?:(?:new|current|latest|actual|original"
    r"|follow-?up|user|user's|customer|customer's) ){0,3}(?:question|query|message|request|input)(?: is"
    r"| from [^\n:.]{1,60})?)(?:\*\*)?:(?:\*\*)?[ \t\n]+(?=\S)",
    re.IGNORECASE,
)
_OF_PASSAGES = re.compile(
    r"\b(?:sources?|results?|documents?|passages?|articles?|snippets?|excerpts?|chunks?|pages?|context|list|rank|sort"
    r"|cite|citations?|which (?:one|of)|one of|ones|each|both|summar\w+|the (?:first|second|third|last|text|list)"
    r"|(?:the|last|their|his|her|recent|new) (?:messages?|thread)|they say|said)\b",
    re.IGNORECASE,
)
_OF_DOCUMENT = re.compile(
    r"\b(?:files?|attach\w+|findings?|conclusions?|sections?|chapters?|paragraphs?|authors?|points|takeaways?|tables?"
    r"|figures?|fail\w*|errors?|exceptions?|warnings?|outputs?|logs?|traces?|tests?|commands?|terminal|bugs?|code"
    r"|function|class|script|fix|@\S+)\b|@[\w./]",
    re.IGNORECASE,
)
_COMMON = frozenset(
    "with what that this from have does when which your should would could about between into than then them their "
    "there where while under over without show tell give make write explain please para como que una".split()
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_FILES = re.compile(r"\n-{3} ?Content from referenced files ?-{3}\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """The text next to passages and the passages. is_search: whether they come from a search, not from the user."""

    ask: str
    passages: str
    is_search: bool
    needs_label: bool = False


def ask_beside_passages(text: str) -> str | None:
    """The ask before or after passages; None where there are none, or the ask may be about them."""
    if len(text) > _LIMIT_CHARS:
        return None
    found = _before(text) or _after(text)
    if found is None:
        return None
    ask = found.ask.strip()
    label = _LABEL.search(ask, 0, _BETWEEN_CHARS)
    if label and not _LABEL.search(ask, label.end()):
        ask = ask[label.end() :].strip()
        ask = ask.removesuffix("\nA:").removesuffix("\nAnswer:").strip()
    elif found.needs_label:
        return None
    if len(ask) < _LEAST_CHARS or ask.endswith((":", "\uff1a")) or len(ask.split(None, 2)) < 3 - (not ask.isascii()):
        return None
    return None if _is_about(ask, found) else ask


def _is_about(ask: str, found: _Found) -> bool:
    """Whether an ask may need the passages: it points at them, or shares words with a document."""
    first = ask[:_CAPTION_CHARS]
    if points_back(ask) or _OF_PASSAGES.search(first):
        return True
    if found.is_search:
        return False
    words = set(_WORD.findall(ask.lower())) - _COMMON
    is_of_document = "```" not in ask and bool(_OF_DOCUMENT.search(first))
    return is_of_document or not words.isdisjoint(_WORD.findall(found.passages[:20_000].lower()))


def _before(text: str) -> _Found | None:
    """The passages at the start of a text, under a caption or between marks."""
    end = text.find("\n", 0, _CAPTION_CHARS)
    caption = text[:end].strip() if end > 0 else ""
    is_caption = _is_caption(caption)
    place = _skip(text, end + 1) if is_caption else 0
    stop = _blocks_end(text, place)
    if stop:
        return _Found(text[stop:], text[place:stop], is_search=not text.startswith("[file", place))
    if not is_caption:
        return None
    if text.startswith("```", place):
        close = text.find("\n```", place)
        stop = close + 4 if close > 0 else 0
        is_fence = bool(stop) and text[stop : stop + 1] in ("\n", "")
        return _Found(text[stop:], text[place:stop], is_search=False) if is_fence and _ATTACHED.match(caption) else None
    stop, is_numbered = _list_end(text, place)
    if not stop or _ATTACHED.match(caption) or not (is_numbered or not _BARE.fullmatch(caption)):
        return None
    return _Found(text[stop:], text[place:stop], is_search=True, needs_label=True)


def _after(text: str) -> _Found | None:
    """The passages at the end of a text, under a caption, or between marks."""
    files = _FILES.search(text)
    if files and text.rstrip().endswith("---"):
        return _Found(text[: files.start()], text[files.end() :], is_search=False)
    at = text.rfind("\n\n")
    while at > 0:
        start = at + 2
        end = text.find("\n", start, start + _CAPTION_CHARS)
        caption = text[start:end].strip() if end > 0 else ""
        if _SEARCH.search(caption) and _is_caption(caption):
            place = _skip(text, end + 1)
            stop = _blocks_end(text, place) or _list_end(text, place)[0]
            return _Found(text[:at], text[place:], is_search=True) if stop and not text[stop:].strip() else None
        at = text.rfind("\n\n", 0, at) if text.startswith(("[", "- ", "* ", "\u2022", "1")) or at == len(text) else -1
    return None


def _is_caption(line: str) -> bool:
    """Whether a line says that passages follow, and is a program's: not an order on them, not of "me"."""
    if _BARE.fullmatch(line) or _ATTACHED.fullmatch(line) or _TALK.fullmatch(line):
        return True
    words = line.lstrip("#* ").split(None, 1)
    is_first = bool(words) and words[0].lower() in _CAPTION_FIRST
    is_open = line.endswith((":", ".", "**"))
    return is_first and is_open and bool(_SEARCH.search(line)) and not _OF_PERSON.search(line)


def _blocks_end(text: str, place: int) -> int:
    """Where the passages between marks end that begin at a place; 0 without one."""
    end = 0
    while True:
        named = _FILE.match(text, place)
        opening = _OPEN.match(text, named.end() if named else place)
        if not opening:
            return end
        name = opening["name"]
        close = f"[{name} end]" if name else f"[END {opening['upper']}]"
        at = text.find(close, opening.end())
        if at < 0:
            return 0
        end = at + len(close)
        place = _skip(text, end)


def _list_end(text: str, place: int) -> tuple[int, bool]:
    """(where a list that begins at a place ends, whether all its items are numbered like passages); (0, ...) else."""
    end = n_items = n_numbered = 0
    while place < len(text):
        stop = text.find("\n", place)
        stop = stop if stop >= 0 else len(text)
        line = text[place:stop]
        if line.strip():
            if not _ITEM.match(line):
                break
            is_inner = line.startswith(("  ", "\t"))
            n_items += not is_inner
            n_numbered += bool(_NUMBERED.match(line))
            end = stop
        place = stop + 1
    return (end, n_numbered == n_items) if n_items > 1 else (0, False)


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


_FIRST_WORDS = (
    *(
        "source",
        "context",
        "document",
        "passage",
        "result",
        "snippet",
        "excerpt",
        "chunk",
        "reference",
        "search",
        "file",
    ),
    *("retrieved", "knowledge", "output", "messages", "conversation", "posts", "chat", "quellen", "fuentes", "fonti"),
    *("fontes", "attachment", " begin]", " start]", "[doc"),
)


def may_have_passages(text: str) -> bool:
    """Whether a text may begin or end with passages: a quick look."""
    first = text[:_CAPTION_CHARS].partition("\n")[0].rstrip()
    if (text[0] == "[" or first.endswith(_CAPTION_ENDS)) and any(word in first.lower() for word in _FIRST_WORDS):
        return True
    return text[-1] in "]-." and any(mark in text for mark in _LAST_MARKS)


_CAPTION_ENDS = (":", ".", "*")
_LAST_MARKS = (" end]", "--- End of", "nowledge base", "earch results", "etrieved ")
