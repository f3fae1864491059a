"""Calls and their results: every call answered right after it, once, and no result without its call.

Providers refuse a history with anything else between a call and its result, and then every later request of the
session. Clients write such histories: Codex puts developer messages between two outputs (lidge-jun/opencodex#1292), an
interrupted call has no result, a compacted history begins with a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from router.dialects.conversation import Media, Part, Text, ToolCall, ToolResult, Turn

NO_RESULT = "(There is no result: the call was interrupted.)"
"""Text of the result that a call gets which has none."""

Entry: TypeAlias = tuple[Sequence[str], Sequence[str]]
"""The ids of the calls, and of the results, of one place in a history."""


class Place(NamedTuple):
    """A call or a result: the number of its entry, and its own among the entry's calls or results."""

    entry: int
    number: int


def in_order(entries: Iterable[Entry]) -> bool:
    """Whether every entry with calls is followed by exactly their results, in order, and no id is used twice."""
    due: Sequence[str] = ()
    seen: set[str] = set()
    for calls, results in entries:
        if list(results) != list(due):
            return False
        if calls:
            if len({*calls}) < len(calls) or not seen.isdisjoint(calls):
                return False
            seen.update(calls)
        due = calls
    return not due


def matched(entries: Sequence[Entry]) -> dict[Place, Place]:
    """The result of each call that has one: the next with its id, before another entry calls with that id again."""
    found: dict[Place, Place] = {}
    waiting: dict[str, list[Place]] = {}
    for index, (calls, results) in enumerate(entries):
        for number, call_id in enumerate(results):
            if calls_of_id := waiting.get(call_id):
                found[calls_of_id.pop(0)] = Place(index, number)
        for call_id in {*calls}:
            waiting[call_id] = []
        for number, call_id in enumerate(calls):
            waiting[call_id].append(Place(index, number))
    return found


class UniqueIds:
    """Ids of calls, each once: one that came before gets a number, the same in every request of the conversation."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def of(self, call_id: str) -> str:
        """The id, or another in its place."""
        unique, number = call_id, 2
        while unique in self._seen:
            unique, number = f"{call_id}_{number}", number + 1
        self._seen.add(unique)
        return unique


# --- Of turns ---------------------------------------------------------------------------------------------------------


def settled(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns with every result right behind its call, in the calls' order; the same ones where they are so already.

    What stood between moves behind the results; a call without a result gets one that says so; a result without a call
    becomes text.
    """
    if in_order(map(_entry, turns)):
        return turns
    turns = tuple(_joined(turns))
    entries = [_entry(turn) for turn in turns]
    answers = matched(entries)
    used, ids = {*answers.values()}, UniqueIds()
    new: list[Turn] = []
    for index, turn in enumerate(turns):
        left = tuple(_without_results(turn, index, used)) if entries[index][1] else turn.parts
        results: list[Part] = []
        if entries[index][0]:
            left, results = _answered(left, index, turns, answers, ids)
        if left or not turn.parts:
            new.append(replace(turn, parts=left))
        if results:
            new.append(Turn("user", tuple(results)))
    return tuple(new)


def _entry(turn: Turn) -> Entry:
    calls, results = [], []
    for part in turn.parts:
        if isinstance(part, ToolCall):
            calls.append(part.id)
        elif isinstance(part, ToolResult):
            results.append(part.call_id)
    return calls, results


def _joined(turns: Iterable[Turn]) -> Iterable[Turn]:
    """Neighbouring turns that both call are one: several clients send one message for each call."""
    last: Turn | None = None
    for turn in turns:
        if last is not None and _entry(last)[0] and _entry(turn)[0] and not _entry(turn)[1]:
            last = replace(last, parts=last.parts + turn.parts)
            continue
        if last is not None:
            yield last
        last = turn
    if last is not None:
        yield last


def _answered(
    parts: tuple[Part, ...], index: int, turns: Sequence[Turn], answers: dict[Place, Place], ids: UniqueIds
) -> tuple[tuple[Part, ...], list[Part]]:
    """The parts with ids that are unique, and the results of their calls."""
    left: list[Part] = []
    results: list[Part] = []
    for part in parts:
        if not isinstance(part, ToolCall):
            left.append(part)
            continue
        call_id = ids.of(part.id)
        left.append(part if call_id == part.id else replace(part, id=call_id))
        at = answers.get(Place(index, len(results)))
        if at is None:
            results.append(ToolResult(call_id, (Text(NO_RESULT),), name=part.name, is_error=True))
        else:
            results.append(replace(_results(turns[at.entry])[at.number], call_id=call_id, name=part.name))
    return tuple(left), results


def _results(turn: Turn) -> list[ToolResult]:
    return [part for part in turn.parts if isinstance(part, ToolResult)]


def _without_results(turn: Turn, index: int, used: set[Place]) -> Iterable[Part]:
    number = -1
    for part in turn.parts:
        if not isinstance(part, ToolResult):
            yield part
            continue
        number += 1
        if Place(index, number) not in used:
            text = "\n\n".join([shown.text for shown in part.parts if isinstance(shown, Text)])
            yield Text(orphan_text(text, part.name))
            yield from (shown for shown in part.parts if isinstance(shown, Media))


def orphan_text(text: str, name: str | None) -> str:
    """The text of a result whose call is not in the history."""
    return f"Result of an earlier call of {name or 'a tool'}:\n{text}"
