"""Rows of a Parquet file in bounded memory: pages are compressed, and one cell may unpack to gigabytes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from router.errors import DataError, MissingExtra

MOST_BATCH_ROWS = 1024
BATCH_BYTES = 64 * 1024 * 1024
"""About what is unpacked at once, by the sizes that the file states."""

MOST_CHUNK_BYTES = 4 * 1024 * 1024 * 1024
"""Unpacked, of one column in one row group, as the file states it. Writers begin a new group far below that."""


def parquet_rows(path: Path, *, max_row_bytes: int) -> Iterator[dict[str, Any] | None]:
    """Each row in its order; None for one that unpacks to more than `max_row_bytes`.

    Raises DataError for a broken file or one whose columns are too large, MissingExtra without pyarrow.
    """
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as exc:
        raise MissingExtra("Reading Parquet files", extra="train") from exc
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            n_rows = _batch_rows(file.metadata, where=str(path))
            texts = [field.name for field in file.schema_arrow if _is_text(arrow, field.type)]
        # As dictionaries: a long text that many rows share is unpacked once, not once a row.
        with parquet.ParquetFile(path, read_dictionary=texts) as file:
            for batch in file.iter_batches(batch_size=n_rows):
                for row in _rows(batch, max_row_bytes):
                    number += 1
                    yield row
    except arrow.ArrowException as exc:
        message = f"expected Parquet data, found it broken or cut off after row {number} ({str(exc).splitlines()[0]})"
        raise DataError(message, where=str(path)) from exc


def _is_text(arrow: Any, kind: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_binary(kind))


def _batch_rows(metadata: Any, *, where: str) -> int:
    """Rows to unpack at once, by the bytes a row that the groups state. Raises DataError for too large a column."""
    most = MOST_BATCH_ROWS
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        for number in range(group.num_columns):
            column = group.column(number)
            if column.total_uncompressed_size > MOST_CHUNK_BYTES:
                message = f"expected at most {MOST_CHUNK_BYTES:,} bytes of a column in a row group, found more"
                raise DataError(f"{message}; write it with smaller groups", where=where, field=column.path_in_schema)
        row_bytes = group.total_byte_size // max(group.num_rows, 1)
        most = min(most, max(BATCH_BYTES // max(row_bytes, 1), 1))
    return most


def _rows(batch: Any, max_row_bytes: int) -> Iterator[dict[str, Any] | None]:
    if _unpacked_bytes(batch) <= max_row_bytes:
        yield from batch.to_pylist(maps_as_pydicts="strict")
        return
    for place in range(batch.num_rows):
        row = batch.slice(place, 1)
        is_small = _unpacked_bytes(row) <= max_row_bytes
        yield row.to_pylist(maps_as_pydicts="strict")[0] if is_small else None


def _unpacked_bytes(batch: Any) -> int:
    """Bytes of the batch's cells, each text counted as often as it is used."""
    return sum(map(_column_bytes, batch.columns))


def _column_bytes(column: Any) -> int:
    if not hasattr(column, "dictionary"):
        return int(column.nbytes)
    compute = importlib.import_module("pyarrow.compute")
    lengths = compute.take(compute.binary_length(column.dictionary), column.indices)
    return int(compute.sum(lengths.cast("int64")).as_py() or 0)
