"""What a value of a file may be, as metadata of annotations: `Annotated[int, whole(0, 10)]`.

Each kind is strict where a silent conversion would hurt ("5" is not 5, true is not 1) and has its words for errors and
for the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError
from pydantic_core import core_schema as schemas
from pydantic_core.core_schema import CoreSchema, ValidationInfo

from router.checked.words import found, not_one_of

Build: TypeAlias = Callable[[Any, GetCoreSchemaHandler], CoreSchema]


@dataclass(frozen=True, slots=True)
class Kind:
    """Metadata of an annotation.

    words: what is expected, with `{item}` for the words of an array's items.
    build: makes the schema from the bare annotation and pydantic's handler.
    """

    words: str
    build: Build

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.build(source, handler)


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """The error for a check of ours. message: the sentence, without a full stop.  at: where, from the value checked."""
    return PydanticCustomError("fault", "{message}", {"message": message, "at": at})


def names_of(info: ValidationInfo, what: str) -> tuple[str, ...]:
    """The names that the context of a check has under `what`, such as `a tier`."""
    context: dict[str, tuple[str, ...]] = info.context or {}
    return context[what]


def number(
    low: float = float("-inf"),
    high: float = float("inf"),
    *,
    above: float | None = None,
    what: str = "a number",
    note: str = "",
) -> Kind:
    """A finite number in [low, high]. above: a lower bound that is not in it.  what, note: words around the range."""

    def build(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return schemas.float_schema(strict=True, ge=low, le=high, gt=above, allow_inf_nan=False)

    return Kind(_range(what, low, high, above) + note, build)


def whole(low: int, high: int | None = None, *, is_float_allowed: bool = False) -> Kind:
    """A whole number in [low, high]. is_float_allowed: whether 8.0 counts as 8."""

    def build(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        strict = schemas.int_schema(strict=True, ge=low, le=high)
        if not is_float_allowed:
            return strict
        from_float = schemas.chain_schema([schemas.float_schema(strict=True), schemas.int_schema(ge=low, le=high)])
        return schemas.custom_error_schema(
            schemas.union_schema([strict, from_float], mode="left_to_right"), "not_whole", custom_error_message="-"
        )

    return Kind(_range("a whole number", low, float("inf") if high is None else high, None), build)


def as_is() -> Kind:
    """A value that is checked elsewhere."""
    return Kind("a value", lambda *_: schemas.any_schema())


def matching(pattern: str, words: str) -> Kind:
    """A string in which a regular expression is found. A lone surrogate, which is not Unicode text, is refused too."""
    return Kind(words, lambda source, handler: schemas.str_schema(strict=True, pattern=pattern))


def known(what: str, names: Iterable[str] | None = None) -> Kind:
    """A name among some, converted to the annotation (a string or an enumeration).

    what: with its article.  names: the known ones; None for those that the context has under `what`.
    """
    fixed = None if names is None else tuple(names)

    def build(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: str, info: ValidationInfo) -> Any:
            there = names_of(info, what) if fixed is None else fixed
            if value not in there:
                raise fault(not_one_of(value, there, what))
            return source(value)

        return schemas.with_info_after_validator_function(check, schemas.str_schema(strict=True))

    return Kind(f"the name of {what}" if fixed is None else f"one of {', '.join(fixed)}", build)


def some(words: str) -> Kind:
    """An array or a table that is not empty."""
    return Kind(words, _after(_not_empty))


def one_or_more() -> Kind:
    """A string, which counts as an array of one, or an array that is not empty."""

    def build(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        array = _then(_not_empty, handler(source))
        return schemas.no_info_before_validator_function(lambda v: (v,) if isinstance(v, str) else v, array)

    return Kind("{item}, or an array of some", build)


def names(at_least: int = 0) -> Kind:
    """An array of different names; for `tuple[Name, ...]`."""

    def different(values: tuple[str, ...]) -> tuple[str, ...]:
        if len(values) < at_least:
            raise _another()
        for index, value in enumerate(values):
            if value in values[:index]:
                raise fault(f"expected each name once, found {found(value)} again", index)
        return values

    return Kind(
        f"an array of {at_least} or more different names" if at_least else "an array of different names",
        _after(different),
    )


def converted(convert: Callable[[Any], Any], words: str, *, takes: Any = Any) -> Kind:
    """What a function makes of a value of the kind `takes`.

    convert: raises what `fault` makes; of any other ValueError the words are not shown, but `words`.
    """

    def checked(value: Any) -> Any:
        try:
            return convert(value)
        except PydanticCustomError:
            raise
        except ValueError as exc:
            raise _another() from exc

    return Kind(words, lambda source, handler: _then(checked, handler.generate_schema(takes)))


def _then(check: Callable[[Any], Any], schema: CoreSchema) -> CoreSchema:
    return schemas.no_info_after_validator_function(check, schema)


def _after(check: Callable[[Any], Any]) -> Build:
    return lambda source, handler: _then(check, handler(source))


def _another() -> PydanticCustomError:
    """The error for another value than the kind's words say."""
    return PydanticCustomError("another", "another value")


def _not_empty(value: Any) -> Any:
    if not value:
        raise _another()
    return value


def _range(kind: str, low: float, high: float, above: float | None) -> str:
    if high != float("inf"):
        return f"{kind} in {f'[{_plain(low)}' if above is None else f'({_plain(above)}'}, {_plain(high)}]"
    return kind if low == float("-inf") else f"{kind} at or above {_plain(low)}"


def _plain(bound: float) -> str:
    return f"{bound:g}" if bound != int(bound) else str(int(bound))


def _refuse(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return schemas.custom_error_schema(
        schemas.literal_schema([object()]), custom_error_type="unknown_key", custom_error_message="unknown key"
    )


NOT_IN_FILES = Kind("no such key", _refuse)
"""A field that only code sets: in a file it is an unknown key."""

Flag: TypeAlias = Annotated[bool, Kind("true or false", lambda *_: schemas.bool_schema(strict=True))]
Text: TypeAlias = Annotated[str, matching("(?s).", "a string that is not empty")]
# What Python's `str.strip` leaves something of: the engine's \s lacks the four separators.
Name: TypeAlias = Annotated[str, matching(r"[^\s\x1c-\x1f]", "a string that is not blank")]
Sha256: TypeAlias = Annotated[str, matching("^[0-9a-f]{64}$", "a sha256 in hex")]
Share: TypeAlias = Annotated[float, number(0, 1)]
Seconds: TypeAlias = Annotated[float, number(0, 86_400)]
Patience: TypeAlias = Annotated[float, number(0.01, 86_400)]
"""Seconds to wait, never none: with no patience at all every call fails, and a heartbeat would never rest."""
