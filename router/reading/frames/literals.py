"""The one string literal with words in an assignment, a call or a statement that takes a person's words.

`prompt = "..."`, `ask("...", user="kim")`, `client.complete({ prompt: "..." })`, `INSERT ... VALUES ($b$...$b$)`. What
is around the literal must be code of a statement or two without other words: programs, code with several strings and
code with a remark stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic_core import from_json

from router.reading.frames.asking import begins_asking, is_asking
from router.reading.frames.metadata import are_metadata
from router.reading.frames.names import ASK_CALLS, is_about_frame, is_meta_name, is_query, takes_ask, takes_words
from router.reading.frames.words import is_words, tag_words

_LIMIT_CHARS = 32_000
_CODE_LIMIT_CHARS = 320
_MOST_LITERALS = 40


@dataclass(frozen=True, slots=True)
class Literal:
    """A string literal with words in a text.

    before, after: the code around it.  is_block: whether it has the marks of one of several lines.
    """

    before: str
    value: str
    after: str
    is_block: bool = False


def one_literal(text: str) -> Iterator[Literal]:
    """For each kind of quotation marks that a text has, its one literal with words, if there is one."""
    if len(text) > _LIMIT_CHARS:
        return
    for opening, closing in (('"""', '"""'), ("'''", "'''"), ('r#"', '"#')):
        start = text.find(opening, 0, _CODE_LIMIT_CHARS) + len(opening)
        end = text.rfind(closing) if start >= len(opening) else -1
        if end >= start and is_words(text[start:end]):
            yield Literal(
                text[: start - len(opening)], text[start:end].strip(), text[end + len(closing) :], is_block=True
            )
    tag = _DOLLAR.search(text, 0, _CODE_LIMIT_CHARS) if "$" in text else None
    if tag and (end := text.rfind(tag[0])) > tag.end() and is_words(text[tag.end() : end]):
        yield Literal(text[: tag.start()], text[tag.end() : end].strip(), text[end + len(tag[0]) :])
    for mark, pattern in _QUOTED.items():
        if mark in text and (found := _only(text, pattern)):
            yield Literal(text[: found.start()], _decoded(found[0]), text[found.end() :])


_DOLLAR = re.compile(r"\$[A-Za-z_]{0,20}\$")
_QUOTED = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL),
    "`": re.compile(r"`[^`]*`"),
}


def _only(text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """The one literal with words among those in the marks of a pattern; None if there is none, or several."""
    found = None
    for n_before, one in enumerate(pattern.finditer(text)):
        if n_before > _MOST_LITERALS:
            return None
        if is_words(one[0][1:-1]):
            if found:
                return None
            found = one
    return found


def _decoded(literal: str) -> str:
    inner = literal[1:-1]
    if "\\" not in inner:
        return inner.strip()
    try:
        return str(from_json('"' + inner.replace("\\'", "'").replace("\n", "\\n") + '"')).strip()
    except ValueError:
        return inner.replace("\\" + literal[0], literal[0]).replace("\\n", "\n").replace("\\\\", "\\").strip()


def ask_in_literal(text: str) -> str | None:
    """The words of the one literal of a statement that takes a person's words; None for any other text."""
    for found in one_literal(text):
        if _is_code(found) and _takes(found):
            value = found.value
            is_other = (
                is_query(value) or is_about_frame(value) or bool(_INVITES.match(value)) or bool(_HOLE.search(value))
            )
            return None if is_other or value.endswith(":") else value
    return None


_INVITES = re.compile(
    r"(?:please )?(?:enter|type|press|input) (?:in )?(?:a|an|your|the|any)\b|are you sure\b|%\w", re.IGNORECASE
)
"""What programs write where a person is to type."""

_HOLE = re.compile(r"\{[A-Za-z_][\w.]{1,30}\}|\$\{|\$[A-Za-z_]{3,30}\b(?!\$)|%[sd]\b|%\(\w{1,20}\)s|\{\}|\{\{")
"""Where a program puts its own words into a text."""

_KEYWORDS = re.compile(
    r"\b(?:const|let|var|final|static|public|private|auto|await|async|return|new|export|String|string|str|val|def|fn"
    r"|func|function|INSERT INTO|insert into|VALUES|values|mut)\b"
)
_PROGRAM = re.compile(
    r"\b(?:import|from|for|while|if|elif|else|class|struct|require|include|package|using|use|try|catch|raise|throw|print"
    r"|println|printf|assert|select|where|lambda|read|input|logger|logging|console|expect|test|it|describe)\b|#include|//|/\*"
)
"""What code has that is a program, or is about its text."""
_PROSE = re.compile(r"[^\W\d_]+[ \t]+[^\W\d_]+|\?\s*$|[^\x00-\x7f]")
_MOST_LINES = 10
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]{0,60}'")


def _is_code(found: Literal) -> bool:
    """Whether what is around a literal is code of a statement or two, without other words."""
    around = f"{found.before}\x01{found.after}"
    if len(around) > _CODE_LIMIT_CHARS or around.count("\n") > _MOST_LINES or around.isspace():
        return False
    strings = [one[1:-1] for one in _STRING.findall(around)]
    if any(map(is_words, strings)) or "#" in _STRING.sub("", around).replace("'#", ""):
        return False
    bare = _STRING.sub("0", around)
    is_open = any(found.before.count(one) > found.before.count(other) for one, other in ("()", "[]", "{}"))
    return (
        not _PROGRAM.search(bare)
        and not _PROSE.search(_KEYWORDS.sub(" ;", bare))
        and _are_statements(found.after, is_open=is_open)
    )


_SENT = re.compile(r"[)\]}\s;,'\"]*(?:(?:await )?[\w.:]{1,40}\([^()\n\"]{0,80}\);?)?[)\]};\s]*")


def _are_statements(after: str, *, is_open: bool) -> bool:
    """Whether the lines after that of a literal end its statement, or send what it has been given to."""
    return is_open or bool(_SENT.fullmatch(after))


_KEY = re.compile(
    r"([A-Za-z_$][\w.$-]{0,60})[\"']?(?:: ?[\w&'\[\]<>. ]{1,30})?[ \t]*(?::=|=>|[:=])[ \t\n]*[a-z]?[ (]*$"
)
_CALLED = re.compile(r"([A-Za-z_][\w.:!-]{0,80})[ \t]*\([\s\[{]*[frbu]?$")
_LISP = re.compile(r"\(\s*(\w[\w-]{0,30})(?:\s+['\w:-]{1,30}){0,3}\s+$")
_DEF = re.compile(r"(?:def|fn|func|function)[ \t]+(\w{1,60})[ \t]*\([^()]{0,60}\)[^\n\"]{0,40}[:{]\s*(?:return )?\(?$")
_INSERTS = re.compile(r"INSERT INTO ([\w.\"]{1,60}) \(([^()]{1,160})\)\s+VALUES \(([^()]{0,200})$", re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z_]\w{0,40})[\"']? ?[=:](?![=:])")
_ALONE = re.compile(r"\s*(?:\w{1,30} ?:?= ?)?[A-Za-z_][\w.]{0,60}\([\s]*$")


def _takes(found: Literal) -> bool:
    """Whether the name, the key or the function that a literal is given to is one for a person's words."""
    before, after = found.before, found.after
    if inserts := _INSERTS.fullmatch(before):
        names = [one.strip(' "`') for one in inserts[2].split(",")]
        at = inserts[3].count(",")
        is_for_asks = takes_ask(inserts[1].strip('"').removesuffix("s")) or is_asking(found.value)
        are_meta = all(map(is_meta_name, names[:at] + names[at + 1 :]))
        return is_for_asks and at < len(names) and takes_words(names[at]) and are_meta
    if defined := _DEF.search(before):
        return found.is_block and takes_ask(defined[1]) and not after.strip(" \n\t;)}")
    if key := _KEY.search(before):
        is_in_call = "(" in before[: key.start()]
        if not is_in_call:
            declared = _DECLARES.fullmatch(before[: key.start()])
            is_free = bool(declared) or not before[: key.start()].strip(" \n\t{;")
            is_alone = bool(declared or ":=" in key[0] or key[1][0] == "$") and not after.strip("; \n")
            is_text = is_alone and not _is_long(found.value) and not begins_asking(found.value)
            is_text = is_text and not found.value.endswith(("?", "\uff1f"))
            return takes_ask(key[1]) and is_free and not is_text and "," not in after.split("\n")[0]
        return takes_words(key[1]) and _is_asking(before, after, is_named=takes_ask(key[1]))
    called = _CALLED.search(before) or _LISP.search(before)
    if not called:
        return False
    words = tag_words(called[1].rpartition(".")[2].rpartition(":")[2]).split("_")
    options = _OPTIONS.findall(after)
    if (options and not are_metadata(options, "")) or _NUMBER.search(after):
        return False
    if ASK_CALLS.intersection(words):
        is_of_programs = not ASK_CALLS.intersection(words) - _OF_PROGRAMS and "?" not in found.value
        return called[1].lower() != "prompt" and not is_of_programs
    return bool(options) and bool(_ALONE.fullmatch(before)) and not _DOES.intersection(words)


_MOST_WORDS = 16


def _is_long(value: str) -> bool:
    """Whether a text is longer than those that programs have as strings."""
    return len(value.split(None, _MOST_WORDS)) > _MOST_WORDS


_OF_PROGRAMS = frozenset({"query", "request", "invoke"})
"""Calls that are of databases and servers as often as of bots."""
_OPTIONS = re.compile(r"([A-Za-z_]\w{0,40})[\"']? ?[=:](?![=:])\s{0,2}[\"']?([^,\"'\s)}]*)")
_NUMBER = re.compile(r"^\s*(?:,\s*[\w\"']{1,20}){0,3},\s*-?\d+(?:\.\d+)?\s*[,)]")


_DECLARES = re.compile(
    r"\s*(?:(?:const|let|var|final|static|public|private|auto|val|export|mut|String|string|str|my) ?){1,4}\$?"
)


def _is_asking(before: str, after: str, *, is_named: bool) -> bool:
    """Whether a call that has a person's words under a key has metadata as all the rest."""
    around = before + " " + after
    names = [one for one in _NAMED.findall(around) if not takes_words(one)]
    function = before.partition("(")[0]
    words = tag_words(function.rpartition(".")[2]).split("_")
    is_sure = not _DOES.intersection(words) or (words == ["create"] and bool(_OF_CHAT.search(function)))
    given = function.rpartition("=")[0].strip()
    others = [one for one in names if not re.search(rf"\b{re.escape(one)}\b", given)]
    is_ask = is_named or "role" in names or bool(ASK_CALLS.intersection(words))
    options = [(name, said) for name, said in _OPTIONS.findall(around) if name in others and name not in _OBJECTS]
    are_meta = "to" not in names and (not options or are_metadata(options, ""))
    return is_sure and is_ask and are_meta


_OF_CHAT = re.compile(r"\b(?:messages|completions?|chat|responses|generations?)\.")


_OBJECTS = frozenset("messages options input params".split())


_DOES = frozenset(
    "translate summarize summarise classify print log format render parse write open echo alert show display "
    "assert warn error raise throw test check validate rewrite correct fix explain extract convert encode "
    "decode count split replace tokenize embed index detect label tag set add append insert update delete "
    "create find search get read gettext input save load compare score rate grade speak sing draw paint match "
    "compile eval execute exec sql run notify toast title header heading text label button div span p h1".split()
)
"""Words of functions that do something other than answer."""
