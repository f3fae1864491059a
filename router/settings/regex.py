"""Regular expressions of a configuration: of a linear-time engine, as the texts that they see come from outside."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from router.checked.kinds import Text, converted, fault
from router.jsontext import replace_surrogates
from router.policy import Regex


def _compiled(source: str) -> Regex:
    import re2  # here, as only configurations with such a rule need it

    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(source, options)
    except re2.error as exc:
        reason = exc.args[0].decode("utf-8", "replace") if isinstance(exc.args[0], bytes) else exc.args[0]
        raise fault(
            f"{source!r} is not a regular expression of RE2 ({reason}); RE2 has no lookaround or backreferences"
        ) from exc
    # A text in Python may hold lone surrogates, which RE2, an engine on UTF-8, cannot take.
    return Regex(source, lambda text: pattern.search(replace_surrogates(text)) is not None)


Expression: TypeAlias = Annotated[Regex, converted(_compiled, "a regular expression of RE2", takes=Text)]
"""A regular expression, compiled when the file is read."""
