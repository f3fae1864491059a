"""The reference of the configuration file, made from its models: what the documentation shows is what is checked."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from router.checked.document import bare, metadata_of, record_fields, words_of
from router.checked.kinds import Kind
from router.checked.words import found
from router.providers.registry import ProviderRow
from router.settings.file import ConfigFile

# `name: meaning`, at the start of a line or after two spaces; a meaning runs to the next one.
_ENTRY = re.compile(r"(?:^|(?<=\s\s))(\w+(?:, \w+)*): ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One key of the configuration file.

    key: with its tables, such as `server.port`, `tiers[].name` or `policies.NAME.floor`.
    allowed: kind and range of its value.  default: as written in a file; "" where there is none.
    meaning: in words, without a full stop.
    """

    key: str
    allowed: str
    default: str
    meaning: str


def settings_reference() -> list[ReferenceRow]:
    """Every key of the configuration file, in the order of the models; a table comes before its keys."""
    return list(_rows(ConfigFile, ""))


def _rows(record: Any, prefix: str) -> Iterator[ReferenceRow]:
    meanings, defaults = _meanings(record), _defaults(record)
    for name, kind in record_fields(record).items():
        key = f"{prefix}{name}"
        yield ReferenceRow(key, words_of(kind), defaults[name], meanings[name])
        inner, mark = _inner(kind)
        is_made = any(isinstance(metadata, Kind) for metadata in metadata_of(inner))
        inner = ProviderRow if key == "providers" else bare(inner)
        if record_fields(inner) and not is_made:
            yield from _rows(inner, f"{key}{mark}.")


def _inner(kind: Any) -> tuple[Any, str]:
    """The kind of a table's keys, and how the table is written: `[]` in an array, `.NAME` under names."""
    origin, arguments = get_origin(bare(kind)), get_args(bare(kind))
    if origin is tuple:
        return arguments[0], "[]"
    return (arguments[1], ".NAME") if origin is dict else (kind, "")


def _defaults(record: Any) -> dict[str, str]:
    if issubclass(record, BaseModel):
        return {name: _written(field.default) for name, field in record.model_fields.items()}
    return {field.name: _written(field.default) for field in fields(record)}


def _written(default: Any) -> str:
    if default is None or default is MISSING or default is PydanticUndefined or default == () or default == "":
        return ""
    if isinstance(default, tuple):
        return f"[{', '.join(map(found, default))}]"
    return found(default) if isinstance(default, str | bool | int | float) else ""


def _meanings(record: Any) -> dict[str, str]:
    """What the docstrings of a record and of its bases say of each key."""
    meanings: dict[str, str] = {}
    for base in reversed(record.__mro__):
        parts = _ENTRY.split(inspect.cleandoc(base.__doc__ or ""))[1:]
        for names, meaning in zip(parts[::2], parts[1::2], strict=True):
            meanings |= dict.fromkeys(names.split(", "), " ".join(meaning.split()).rstrip("."))
    return meanings
