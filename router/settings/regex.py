"""Regular expressions of a configuration: of a linear-time engine, as the texts that they see come from outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeAlias

from router.checked.kinds import Text, converted, fault
from router.jsontext import replace_surrogates
from router.policy import Regex
from router.settings.unicode_regex import LETTERS, MARK, SINGLES, Untranslatable, translated


def _compiled(source: str) -> Regex:
    plain = _pattern(source, source)
    try:
        pattern, is_marked = translated(source)
    except Untranslatable as exc:
        raise fault(f"{source!r}: {exc}") from exc
    if pattern == source:
        return Regex(source, lambda text: plain.search(replace_surrogates(text)) is not None)
    everywhere = _pattern(pattern, source)
    marked = _marker() if is_marked else _as_it_is

    def matches(text: str) -> bool:
        # A text in Python may hold lone surrogates, which RE2, an engine on UTF-8, cannot take.
        text = replace_surrogates(text)
        found = plain.search(text) if text.isascii() else everywhere.search(marked(text))
        return found is not None

    return Regex(source, matches)


def _pattern(pattern: str, source: str) -> Any:
    import re2  # here, as only configurations with such a rule need it

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        reason = exc.args[0].decode("utf-8", "replace") if isinstance(exc.args[0], bytes) else exc.args[0]
        raise fault(
            f"{source!r} is not a regular expression of RE2 ({reason}); RE2 has no lookaround or backreferences"
        ) from exc


@cache
def _marker() -> Callable[[str], str]:
    """Puts marks around each word, two outside: a pattern may ask for a boundary twice at one place."""
    words = _pattern(f"([{LETTERS}]+)", LETTERS)
    singles = _pattern(rf"([{SINGLES}]\p{{M}}*)", SINGLES)

    def marked(text: str) -> str:
        text = words.sub(rf"{MARK}{MARK}\1{MARK}{MARK}", text.replace(MARK, ""))
        return str(singles.sub(rf"{MARK}\1{MARK}", text))

    return marked


def _as_it_is(text: str) -> str:
    return text


Expression: TypeAlias = Annotated[Regex, converted(_compiled, "a regular expression of RE2", takes=Text)]
"""A regular expression, compiled when the file is read."""
