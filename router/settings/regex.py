"""Regular expressions of a configuration: of a linear-time engine, as what they look at comes from outside."""

from __future__ import annotations

from router.jsontext import replace_surrogates
from router.policy import Regex
from router.settings.toml_table import Table


def compiled(row: Table, key: str, source: str) -> Regex:
    """The expression that stands under a key. Raises ConfigError naming it."""
    import re2  # here, as only configurations with such a rule need it

    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(source, options)
    except re2.error as exc:
        reason = exc.args[0].decode("utf-8", "replace") if isinstance(exc.args[0], bytes) else exc.args[0]
        raise row.problem(
            key, f"{source!r} is no regular expression of RE2 ({reason}); it has no lookaround or backreferences."
        ) from exc
    # A text in Python may hold lone surrogates, which RE2, an engine on UTF-8, cannot take.
    return Regex(source, lambda text: pattern.search(replace_surrogates(text)) is not None)
