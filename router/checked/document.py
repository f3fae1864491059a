"""Reading a decoded file into annotated values: pydantic finds the faults, this says them in our words, all at once.

A fault is one line: file and line, key, what was expected, what was found, and the cure or "did you mean".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from router.checked.kinds import NOT_IN_FILES, Kind
from router.checked.words import Place, did_you_mean, found, sentence, written
from router.errors import DataError

MOST_FAULTS = 50
"""Further faults are counted."""

_SECRET = re.compile("key|token|secret|password|credential", re.IGNORECASE)
_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument", "unknown_key")

T = TypeVar("T")


class Table(BaseModel):
    """A table of a file: no unknown keys, frozen. Dataclasses within one take no unknown keys either."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    WORDS: ClassVar[str] = "a table"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    where: file and line.  key: the whole path; "" for the file itself.  message: without a full stop.
    line: for the order; infinity where there is none.
    """

    where: str
    key: str
    message: str
    line: float = float("inf")

    def __str__(self) -> str:
        """The fault in one line."""
        return sentence(": ".join(part for part in (self.where, self.key, self.message) if part))


class Document:
    """A decoded file and the faults that were found in it.

    name: of the file, for messages.  value: what it decodes to.
    lines: on which line each place is; None for a file of JSON, where that is not known.
    private: keys whose strings are never shown; those whose name speaks of keys, tokens or passwords never are.
    """

    def __init__(
        self, value: Any, name: str, *, lines: Mapping[Place, int] | None = None, private: Collection[str] = ()
    ) -> None:
        self.value = value
        self.faults: list[Fault] = []
        self.name = name
        self._lines = {} if lines is None else lines
        self._private = private
        self._table = "an object" if lines is None else "a table"

    def read(self, kind: type[T], value: Any, *, place: Place = (), context: dict[str, Any] | None = None) -> T | None:
        """The value as `kind`, a dataclass or a model; None after adding every fault of it to `faults`.

        place: where the value is in the file.  context: names for `Known`.
        """
        try:
            read: T = adapter(cast(Hashable, kind)).validate_python(value, context=context)
            return read
        except ValidationError as exc:
            for error in exc.errors(include_url=False):
                self._translate(error, kind, value, place)
            return None

    def where(self, place: Place) -> str:
        """File and line of a place; of what it is in, where it is missing."""
        line = self._line(place)
        return self.name if line == float("inf") else f"{self.name}:{line}"

    def _line(self, place: Place) -> float:
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, float("inf"))

    def fault(self, place: Place, message: str) -> None:
        """Add a fault at a place of the file. message: the sentence, without a full stop."""
        self.faults.append(Fault(self.where(place), written(place), message, self._line(place)))

    def add(self, where: str, key: str, message: str) -> None:
        """Add a fault, also one outside the file."""
        self.faults.append(Fault(where, key, message))

    def raise_faults(self, kind: type[Exception], *, most: int = MOST_FAULTS) -> None:
        """Raise the error with all faults, if there are any, each on a line of its own; beyond `most` their number.

        A DataError names the field of the first.
        """
        if not self.faults:
            return
        kept = sorted(self.faults, key=lambda fault: fault.line)[:most]
        rest = len(self.faults) - len(kept)
        more = [f"{self.name}: {rest} more"] if rest else []
        if issubclass(kind, DataError):
            first, *others = kept
            text = "\n".join([first.message, *(str(fault).removesuffix(".") for fault in others), *more])
            raise kind(text, where=first.where, field=first.key or None)
        raise kind("\n".join([*map(str, kept), *more]))

    def _translate(self, error: ErrorDetails, kind: Any, value: Any, place: Place) -> None:
        steps = error["loc"]
        is_of_key = steps[-1:] == ("[key]",)
        steps = steps[:-1] if is_of_key else steps
        inner = _there(steps, value)
        expected = words_of(_at(kind, steps))
        if self._table != "a table":
            expected = expected.replace("a table", self._table).replace("tables", "objects")
        what = found(error["input"], is_hidden=self._hides((*place, *steps)), table=self._table)
        if error["type"] == "fault":
            context = error["ctx"]
            inner, message = _there((*steps, *context["at"]), value), context["message"]
        elif error["type"] == "value_error":
            message = str(error["ctx"]["error"])
        elif error["type"] in _UNKNOWN_KEY:
            known = list(record_fields(_at(kind, steps[:-1])))
            message = f"unknown key; the keys here are {', '.join(known)}{did_you_mean(str(steps[-1]), known)}"
        elif error["type"] == "missing":
            message = f"expected {expected}, found no such key"
        elif is_of_key:
            inner, message = inner[:-1], f"expected names that are not blank, found {what}"
        else:
            message = f"expected {expected}, found {what}"
        self.fault((*place, *inner), message)

    def _hides(self, place: Place) -> bool:
        keys = [part for part in place if isinstance(part, str)]
        return any(key in self._private or _SECRET.search(key) for key in keys)


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """The checker of a kind, built once."""
    return TypeAdapter(kind)


@cache
def record_fields(kind: Any) -> dict[str, Any]:
    """The keys of a dataclass or model with their annotations; {} for any other kind."""
    kind = bare(kind)
    if not _is_record(kind):
        return {}
    names = kind.model_fields if issubclass(kind, BaseModel) else [field.name for field in fields(kind)]
    hints = get_type_hints(kind, include_extras=True)
    keys = {name: metadata_of(hints[name]) for name in names}
    alias = {name: m.alias for name, metadata in keys.items() for m in metadata if isinstance(m, FieldInfo) and m.alias}
    return {alias.get(name, name): hints[name] for name in names if NOT_IN_FILES not in keys[name]}


def words_of(kind: Any) -> str:
    """What is expected of a value of this kind, such as `an array of tables`."""
    for metadata in metadata_of(kind):
        if isinstance(metadata, Kind):
            return metadata.words.replace("{item}", words_of((*get_args(bare(kind)), str)[0]))
    kind = bare(kind)
    if _is_record(kind):
        return str(getattr(kind, "WORDS", Table.WORDS))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if origin in (tuple, frozenset):
        return f"an array of {_plural(words_of(arguments[0]))}"
    if kind is str:
        return "a string"
    item = "" if origin is None or arguments[1] is Any else f" of {_plural(words_of(arguments[1]))}"
    return f"a table{item}"


def bare(kind: Any) -> Any:
    """The kind without metadata and without `None`."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            kind = next(argument for argument in get_args(kind) if argument is not type(None))
        else:
            return kind


def metadata_of(kind: Any) -> tuple[Any, ...]:
    """The metadata of an annotation, also where it may be `None`."""
    if get_origin(kind) in (Union, UnionType):
        return tuple(found for argument in get_args(kind) for found in metadata_of(argument))
    return (*get_args(kind)[1:], *metadata_of(get_args(kind)[0])) if get_origin(kind) is Annotated else ()


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel))


def _plural(words: str) -> str:
    """`strings that are not empty` for `a string that is not empty`."""
    if words.startswith("one of "):
        return f"words, each {words}"
    if " or " in words:
        return f"values, each {words}"
    first, _, rest = re.sub("^(a whole|an?|the) ", "", words).partition(" ")
    return f"{first}s {rest.replace('that is', 'that are')}".rstrip()


def _at(kind: Any, steps: tuple[str | int, ...]) -> Any:
    """The kind of what is at a place within a kind."""
    for step in steps:
        arguments = get_args(bare(kind))
        if _is_record(bare(kind)):
            record = bare(kind)
            extra = get_type_hints(record, include_extras=True).get("__pydantic_extra__")
            kind = record_fields(record).get(str(step)) or (get_args(bare(extra))[1] if extra is not None else Any)
        elif arguments:
            kind = arguments[0] if isinstance(step, int) else arguments[-1]
    return kind


def _there(steps: Place, value: Any) -> Place:
    """The place as far as the file has it: a string that counts as an array of one has no index."""
    for depth, step in enumerate(steps):
        if not isinstance(value, list | tuple if isinstance(step, int) else dict):
            return steps[:depth]
        container: Any = value
        value = container.get(step) if isinstance(step, str) else container[step]
    return steps
