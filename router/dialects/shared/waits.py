"""How long a provider asks to wait: in its headers, in every form that they have, or in the text of its error."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

LONGEST_WAIT_S = 31 * 86_400.0
"""A longer wait is taken for a misread number."""

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)\s*)+")
_TEXT = re.compile(
    r"(?:try again|retry|retrying|wait|reset|resets)\b[^\d\n.]{0,40}?"
    r"(?P<wait>(?:\d+\s*h(?:ours?)?\s*)?(?:\d+\s*m(?:in(?:ute)?s?)?\s*)?\d+(?:\.\d+)?\s*"
    r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h))\b",
    re.IGNORECASE,
)
_WORDS = (("milliseconds?", "ms"), ("seconds?|secs?", "s"), ("minutes?|mins?", "m"), ("hours?", "h"))
_RESET = re.compile(r"(?:x-)?ratelimit-reset(?P<limit>-.+)?|(?P<vendor>[a-z]+)-ratelimit-(?P<what>.+)-reset")
_MILLISECONDS = 1e11
"""From here on a point in time is in milliseconds; a point in seconds stays below it until the year 5138."""
_POINT_IN_TIME = 1e8
"""From here on a bare number is a point in time, no duration: as one it would be three years."""


def seconds(value: str | None) -> float | None:
    """A text such as `31`, `0.5` or `31s` as a number of 0 or more; None for any other text."""
    try:
        number = float((value or "").strip().removesuffix("s"))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def wait_of_headers(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after` (seconds or an HTTP date); None where neither is given.

    headers: names in lower case.  now_s: Unix time.
    """
    millis = seconds(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    value = headers.get("retry-after")
    if value is None or seconds(value) is not None:
        return seconds(value)
    from email.utils import parsedate_to_datetime  # it loads much, and few providers send a date

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def wait_of_resets(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds until a limit is free again, by `x-ratelimit-reset-*` and its kin; None where no header says so.

    The longest of the limits with nothing left; where none says that, the shortest of all. headers, now_s: as above.
    """
    used_up: list[float] = []
    others: list[float] = []
    for name, value in headers.items():
        if "reset" not in name or (match := _RESET.fullmatch(name)) is None:
            continue
        wait_s = _until(value, now_s=now_s)
        if wait_s is not None:
            (used_up if headers.get(_remaining(name, match)) == "0" else others).append(wait_s)
    return max(used_up) if used_up else min(others, default=None)


def _remaining(name: str, match: re.Match[str]) -> str:
    place = name.find("-reset") if match["vendor"] is None else len(name) - len("-reset")
    return f"{name[:place]}-remaining{name[place + len('-reset') :]}"


def _until(value: str, *, now_s: float) -> float | None:
    """Seconds until a reset: `1m30s`, `6ms`, `60`, Unix seconds or milliseconds, RFC 3339."""
    value = value.strip().lower()
    number = seconds(value)
    if number is not None and number >= _POINT_IN_TIME:
        number = (number / 1000 if number >= _MILLISECONDS else number) - now_s
    elif _DURATION.fullmatch(value):
        number = _sum_s(value)
    elif number is None:
        try:
            number = datetime.fromisoformat(value.upper()).timestamp() - now_s
        except (ValueError, OverflowError):
            return None
    return max(0.0, number) if number <= LONGEST_WAIT_S else None


def _sum_s(duration: str) -> float:
    return sum([float(number) * _UNIT_S[unit] for number, unit in _PIECE.findall(duration)])


def wait_of_text(message: str) -> float | None:
    """Seconds that an error's text asks to wait, such as `Please try again in 1m30.5s`; None where it does not."""
    match = _TEXT.search(message)
    if match is None:
        return None
    wait = match["wait"].lower()
    for words, unit in _WORDS:
        wait = re.sub(rf"(?<![a-z])(?:{words})", unit, wait)
    return min(_sum_s(wait), LONGEST_WAIT_S)
