"""The texts of rows, for what is learned from words alone."""

from __future__ import annotations

from collections.abc import Iterator

from training.rows.readers import RowSet


def texts_of(rows: RowSet) -> Iterator[str]:
    """Every text of the rows that a reading may hold: those of all messages but the system's."""
    return (message.text for row in rows.rows for message in row.messages if message.role != "system")
