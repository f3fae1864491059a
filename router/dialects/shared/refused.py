"""Which parameter a provider's error refuses: by the place that it names, or by a name in its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_REFUSAL = re.compile(
    r"not (?:be )?(?:supported|permitted|allowed|available|enabled)|unsupported|does(?: not|n't) support|deprecated"
    r"|unknown (?:name|field|parameter)|unrecognized|extra (?:inputs|fields)|extraneous key|cannot both|no longer"
    r"|removed|may only be (?:set|used)|must be (?:unset|omitted)"
    # Of thinking also a value: which efforts and budgets there are is each vendor's own.
    r"|(?:budget|effort|level|thinking|thinking_config|think value|reasoning)\b.{0,80}?(?:(?:is|are) invalid|mandatory"
    r"|out of range|must be one of|only (?:works|enabled)|is only|cannot be disabled)|only works in thinking mode",
    re.IGNORECASE | re.DOTALL,
)
_EXTRA = "extra (?:inputs|fields) (?:are|is) not permitted"
_UNKNOWN_NAME = re.compile(r"unknown name \\?\"(?P<name>\w+)\\?\"(?: at '?(?P<at>[\w.\[\]]*))?", re.IGNORECASE)
_PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:^|[\s:])(?P<place>[a-z_]\w*(?:[.\[]\w+\]?)*): {_EXTRA}",  # tools.0.custom.strict: Extra ...
        rf"{_EXTRA}, field: ['\"](?P<place>[\w.\[\]]+)['\"]",  # Fireworks
        # Mistral, vLLM: pydantic's list as a text
        r"extra_forbidden['\"], ['\"]loc['\"]: [\[(]['\"]body['\"], (?P<place>[^)\]]+)[\])]",
    )
)
# Names that pydantic gives to the kinds of a union: no steps of a body.
_KINDS = frozenset(
    "custom text image document tool_use tool_result thinking enabled adaptive function assistant user system tool"
    " base64 file bash_20250124 any auto ephemeral".split()
)
# Without these an item is refused, or another one.
_NEEDED = frozenset(
    "type role content name id input input_schema parameters text source data url arguments function tool_calls"
    " tool_call_id tool_use_id thinking signature messages tools model system".split()
)


def refused_by_words(message: str, parameters: Mapping[str, str]) -> str | None:
    """The path of the parameter that is refused: the one named first, by the longest word of those that begin there.

    parameters: the words for those that a request can do without, each with its path.
    """
    if not _REFUSAL.search(message):
        return None
    found = []
    for word, path in parameters.items():
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
        if match:
            found.append((match.start(), -len(word), path))
    return min(found)[2] if found else None


def extra_in_words(message: str) -> str | None:
    """The path of a field that a provider did not expect, where the message names its place."""
    match = next((match for pattern in _PLACES if (match := pattern.search(message))), None)
    return None if match is None else extra_at(re.findall(r"\w+", match["place"]))


def unknown_name(message: str) -> str | None:
    """The path that Google's `Unknown name "x" at 'generation_config'` means: in camelCase, as all bodies may be."""
    match = _UNKNOWN_NAME.search(message)
    if match is None:
        return None
    steps = [re.sub(r"_([a-z])", lambda one: one[1].upper(), step) for step in re.findall(r"\w+", match["at"] or "")]
    return extra_at([*steps, match["name"]])


def extra_at(place: Iterable[object]) -> str | None:
    """The path of a field by its place (`tools`, 0, `custom`, `strict`), in every item; None for one that is needed."""
    steps = [text for step in place if not (text := str(step)).isdigit()]
    if not steps or steps[-1] in _NEEDED:
        return None
    return ".".join([step for at, step in enumerate(steps) if at in (0, len(steps) - 1) or step not in _KINDS])
