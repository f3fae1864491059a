"""Reading training rows from files: JSON Lines, the same gzipped, or Parquet. The I/O shell around `training.rows.row`.

Everything is read in bounded memory, a line or a batch at a time, in file order. What cannot be used is refused with
file and line; a wrong row may be skipped and counted (`skip_bad`), a broken file never.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeAlias

from router.errors import DataError
from router.jsontext import decode_json
from training.rows.parquet import parquet_rows
from training.rows.row import TrainingRow, parse_row
from training.rows.table import SHARED, Table

__all__ = ["DATA_VARIABLE", "Fingerprint", "RowSet", "data_folder", "read_rows"]

DATA_VARIABLE = "TIERWISE_DATA"
MAX_LINE_BYTES = 16 * 1024 * 1024
MOST_UNPACKED = 200
"""Times its size that a gzipped file may unpack to: rows of real text come to 3 to 20."""
MOST_UNPACKED_BYTES = 256 * 1024 * 1024
"""What a gzipped file of any size may unpack to."""
SUFFIXES = (".jsonl.gz", ".jsonl", ".parquet")

_BOM = b"\xef\xbb\xbf"

_Stream: TypeAlias = BufferedReader | gzip.GzipFile


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file as it was read: sha256 (hex) and size in bytes as it lies on disk, and how many rows it gave."""

    sha256: str
    n_rows: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class RowSet(Table):
    """The rows of some files.

    rows: in the order of the files and lines; at least one.  n_bad: rows skipped.  bad: why, one message each.
    fingerprints: by file name, with its folder's where two files share a name; never a machine's path.
    """

    rows: tuple[TrainingRow, ...]
    n_bad: int = field(metadata=SHARED)
    bad: tuple[str, ...] = field(metadata=SHARED)
    fingerprints: Mapping[str, Fingerprint] = field(metadata=SHARED)


def read_rows(paths: Sequence[Path], *, skip_bad: int = 0) -> RowSet:
    """Read all rows of the files, and of the data files in the folders (at any depth, sorted), that `paths` names.

    skip_bad: how many wrong rows to skip and count before giving up, >= 0.
    Raises DataError for a file that is missing, broken, empty or of another kind, and for the first wrong row beyond
    `skip_bad`: not JSON, not a row, or a second row of one source and id.
    Raises MissingExtra for Parquet without pyarrow.
    """
    collector = _Collector(skip_bad)
    files = _expand(paths)
    fingerprints = {name: _read_file(path, collector) for name, path in zip(_names(files), files, strict=True)}
    if not collector.rows:
        message = f"expected rows, found none that can be used ({len(collector.bad)} skipped)"
        raise DataError(message, where=_list(paths))
    return RowSet(tuple(collector.rows), len(collector.bad), tuple(collector.bad), fingerprints)


def data_folder(environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The folder of public data: what TIERWISE_DATA names, else `../shared/data` seen from `cwd` if it is there.

    Raises DataError if TIERWISE_DATA names no folder.
    """
    named = environ.get(DATA_VARIABLE)
    if named:
        folder = cwd / named
        if not folder.is_dir():
            raise DataError(f"expected a folder, found none at {named}; correct or unset it", where=DATA_VARIABLE)
        return folder
    default = cwd.parent / "shared" / "data"
    return default if default.is_dir() else None


@dataclass(slots=True)
class _Collector:
    """Takes decoded rows, keeps the good ones, counts the bad ones and stops at the first beyond `skip_bad`."""

    skip_bad: int
    rows: list[TrainingRow] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, value: object, *, where: str, default_source: str) -> None:
        try:
            row = parse_row(value, where=where, default_source=default_source)
            first = self.seen.setdefault((row.source, row.id), where)
            if first != where:
                message = f"expected each id once in a source, found {row.id!r} of {row.source!r} again, as at {first}"
                raise DataError(message, where=where, field="id")
        except DataError as exc:
            self.refuse(exc)
        else:
            self.rows.append(row)

    def refuse(self, error: DataError) -> None:
        self.bad.append(str(error))
        if len(self.bad) <= self.skip_bad:
            return
        place = error.where if error.field is None else f"{error.where}: {error.field}"
        message = str(error).removeprefix(f"{place}: ")
        skipped = f"{self.skip_bad} skipped before it; " if self.skip_bad else ""
        cure = f"{skipped}--skip-bad {len(self.bad)} or more would pass over it"
        raise DataError(f"{message} ({cure})", where=error.where, field=error.field) from error


def _expand(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files.extend(_folder_files(path) if path.is_dir() else [_checked(path)])
    twice = [path for path, n in Counter(path.resolve() for path in files).items() if n > 1]
    if twice:
        raise DataError("expected each file once, found it named twice", where=str(twice[0]))
    if not files:
        raise DataError("expected files of rows, found no path", where="rows")
    return files


def _folder_files(folder: Path) -> list[Path]:
    inside = (path for path in folder.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())
    files = sorted(inside, key=lambda path: path.relative_to(folder).as_posix())
    if not files:
        raise DataError(f"expected files ending in {_list(SUFFIXES)}, found none in the folder", where=str(folder))
    return files


def _checked(path: Path) -> Path:
    if not path.exists():
        raise DataError("expected a file, found none there", where=str(path))
    if not path.name.endswith(SUFFIXES):
        raise DataError(f"expected a name ending in {_list(SUFFIXES)}", where=str(path))
    return path


def _names(files: Sequence[Path]) -> list[str]:
    """A short name a file: its own, with its folder's before it where several files share one."""
    counts = Counter(path.name for path in files)
    names = [p.name if counts[p.name] == 1 else f"{p.absolute().parent.name}/{p.name}" for p in files]
    again = [name for name, n in Counter(names).items() if n > 1]
    if again:
        raise DataError("expected one file of this name and folder, found several; rename one", where=again[0])
    return names


def _read_file(path: Path, collector: _Collector) -> Fingerprint:
    """Read one file into the collector; its fingerprint counts the rows kept."""
    before, n_bad = len(collector.rows), len(collector.bad)
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            n_bytes = file.tell()
        read = _read_parquet if path.suffix == ".parquet" else _read_lines
        read(path, collector, default_source=_stem(path))
    except OSError as exc:
        raise DataError(f"the file cannot be read: {exc.strerror or exc}", where=str(path)) from exc
    n_rows = len(collector.rows) - before
    if n_rows == 0 and len(collector.bad) == n_bad:
        raise DataError("expected rows, found an empty file", where=str(path))
    return Fingerprint(sha256=sha256, n_rows=n_rows, n_bytes=n_bytes)


def _stem(path: Path) -> str:
    return next(path.name.removesuffix(suffix) for suffix in SUFFIXES if path.name.endswith(suffix)) or path.name


def _read_lines(path: Path, collector: _Collector, *, default_source: str) -> None:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(_lines(stream, _most_bytes(path)), start=1):
                _add_line(line, collector, where=f"{path}:{number}", default_source=default_source)
    except _UnpacksTooFar as exc:
        message = (
            f"expected gzipped text, found a file that {exc} ({MOST_UNPACKED} times its size), after line {number}"
        )
        raise DataError(message, where=str(path)) from exc
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        message = f"expected gzip data, found it broken or cut off after line {number} ({exc}); fetch the file again"
        raise DataError(message, where=str(path)) from exc


def _most_bytes(path: Path) -> int:
    """What the file may unpack to."""
    n_bytes = path.stat().st_size
    return max(MOST_UNPACKED_BYTES, n_bytes * MOST_UNPACKED) if path.suffix == ".gz" else n_bytes


def _lines(stream: _Stream, most_bytes: int) -> Iterator[bytes]:
    """The stream's lines without their ends; of a line longer than MAX_LINE_BYTES only so much that it shows.

    Raises _UnpacksTooFar where more than `most_bytes` come.
    """
    n_bytes = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        rest = line
        n_bytes += len(rest)
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n") and n_bytes <= most_bytes:
            rest = stream.readline(MAX_LINE_BYTES + 1)
            n_bytes += len(rest)
        if n_bytes > most_bytes:
            raise _UnpacksTooFar(f"unpacks to more than {most_bytes:,} bytes")
        yield line if len(line) > MAX_LINE_BYTES else line.rstrip(b"\r\n")


class _UnpacksTooFar(EOFError):
    """A small file that would fill memory and hours."""


def _add_line(line: bytes, collector: _Collector, *, where: str, default_source: str) -> None:
    if len(line) <= MAX_LINE_BYTES and not line.strip():
        return
    try:
        value = _decode_line(line.removeprefix(_BOM), where)
    except DataError as exc:
        collector.refuse(exc)
    else:
        collector.add(value, where=where, default_source=default_source)


def _decode_line(line: bytes, where: str) -> object:
    if len(line) > MAX_LINE_BYTES:
        raise DataError(f"expected at most {MAX_LINE_BYTES:,} bytes a line, found more", where=where)
    try:
        line.decode()
        return decode_json(line)
    except UnicodeDecodeError as exc:
        message = f"expected UTF-8, found byte 0x{line[exc.start]:02x} at column {exc.start + 1}"
        raise DataError(message, where=where) from exc
    except ValueError as exc:
        fault = str(exc).replace(" at line 1 column ", " at column ")  # the file's line is in `where`
        raise DataError(f"expected one JSON object, found invalid JSON: {fault}", where=where) from exc


def _read_parquet(path: Path, collector: _Collector, *, default_source: str) -> None:
    for number, value in enumerate(parquet_rows(path, max_row_bytes=MAX_LINE_BYTES), start=1):
        where = f"{path}:{number}"
        if value is None:
            collector.refuse(DataError(f"expected at most {MAX_LINE_BYTES:,} bytes a row, found more", where=where))
        else:
            collector.add(_without_nulls(value), where=where, default_source=default_source)


def _without_nulls(value: Any) -> Any:
    """The value without the nulls in its objects: Parquet gives every row every model's key, null where unknown."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _list(names: Sequence[object]) -> str:
    return ", ".join(map(str, names))
