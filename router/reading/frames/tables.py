"""The one cell with words of a table with one row of data: Markdown, CSV, a spreadsheet's line."""

from __future__ import annotations

import re

from router.reading.frames.asking import is_asking
from router.reading.frames.metadata import are_metadata
from router.reading.frames.names import is_about_frame, is_meta_name, orders, takes_words
from router.reading.frames.words import is_words

_LIMIT_CHARS = 32_000
_CELL_CHARS = 60
_MOST_CELLS = 16


def ask_in_table(text: str) -> str | None:
    """The one cell with words, where the table is all of the text and the other cells are metadata; None otherwise."""
    if len(text) > _LIMIT_CHARS:
        return None
    first = text[:1]
    if first == "|":
        ask = _in_pipes(text)
    elif first == "+":
        ask = _in_box(text)
    else:
        ask = _in_cell(text) or _in_lines(text)
    return ask if ask and is_words(ask) and not is_about_frame(ask) else None


_SPLIT = re.compile(r"(?<!\\)\|")
_ROWS = re.compile(r"\(1 rows?\)")


def _in_pipes(text: str) -> str | None:
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and _ROWS.fullmatch(lines[-1].strip()):
        lines = lines[:-1]
    if len(lines) != len(("names", "rule", "row")) or not set(lines[1]) <= set("|:- \t"):
        return None
    names, row = (_SPLIT.split(line.strip().strip("|")) for line in (lines[0], lines[2]))
    cells = [cell.strip() for cell in row]
    ask = _one_of([name.strip() for name in names], cells)
    return _as_lines(ask) if ask else None


def _as_lines(cell: str) -> str:
    return cell.replace("<br>", "\n").replace("\\|", "|").strip()


def _one_of(names: list[str], cells: list[str]) -> str | None:
    """The one cell with words, if its column's name is one for them and the others are metadata."""
    if len(names) != len(cells) or not 1 < len(names) <= _MOST_CELLS:
        return None
    at = [place for place, cell in enumerate(cells) if is_words(cell)]
    if len(at) > 1:
        at = [place for place in at if takes_words(names[place])]
    if len(at) != 1 or not takes_words(names[at[0]]):
        return None
    others = [place for place in range(len(names)) if place != at[0]]
    if any(orders(names[place]) for place in others) or not all(_is_small(cells[place]) for place in others):
        return None
    return cells[at[0]] if are_metadata([(names[place], cells[place]) for place in others], cells[at[0]]) else None


def _is_small(cell: str) -> bool:
    return len(cell) <= _CELL_CHARS and "?" not in cell


def _in_box(text: str) -> str | None:
    """The value with words in lines of `| label | value`, between two lines of dashes."""
    lines = text.split("\n")
    if len(lines) < len(("rule", "row", "row", "rule")) or not all(
        set(line) <= set("+-= ") for line in (lines[0], lines[-1])
    ):
        return None
    rows = [_SPLIT.split(line.strip().strip("|"), 1) for line in lines[1:-1]]
    if not all(len(row) > 1 and line.startswith("|") for row, line in zip(rows, lines[1:-1], strict=True)):
        return None
    ask = _one_of([row[0].strip() for row in rows], [row[1].strip() for row in rows])
    return _as_lines(ask) if ask else None


_CELL = re.compile(r"(?:[Cc]ell|CELL) [A-Z]{1,2}\d{1,6}(?: of [^\n:]{1,40})?: ?(?=\S)")
_ROW_OF = re.compile(r"Row \d{1,6} of (?:sheet|table|tab|file) [^\n]{1,60}\n")
_COLUMNS = re.compile(r"(?:[Cc]olumn [A-Z]{1,2} \([^()\n]{1,40}\), ){1,8}[Cc]olumn [A-Z]{1,2}:[ \t\n]")


def _in_cell(text: str) -> str | None:
    """What follows `Cell B12:`, or the name of a row and of its last column."""
    if text[:5].lower() == "cell ":
        cell = _CELL.match(text)
        ask = text[cell.end() :].strip() if cell else ""
        return ask if ask and is_asking(ask) and not _OF_SHEET.search(ask[:_LOOK_CHARS]) else None
    row = _ROW_OF.match(text) if text.startswith("Row ") else None
    columns = _COLUMNS.match(text, row.end()) if row else None
    ask = text[columns.end() :].strip() if columns else ""
    return None if _OF_SHEET.search(ask[:_LOOK_CHARS]) else ask


_LOOK_CHARS = 200
_OF_SHEET = re.compile(
    r"\b(?:[Cc]ells?|[Ff]ormulas?|[Ee]xcel|[Ss]heets?|[Ss]preadsheets?|[Rr]ows?|[Cc]olumns?|the (?:sum|total|average"
    r"|mean|table)s?)\b|=[A-Z]{2,}\(|^=|#(?:REF|VALUE|N/A|NAME|DIV)"
)
"""Words of an ask about the sheet that the cell is in."""

_SHEET = re.compile(
    r"\b(?:[Cc]ells?|[Ff]ormulas?|[Ee]xcel|[Ss]heets?|[Ss]preadsheets?)\b|=[A-Z]{2,}\(|#(?:REF|VALUE|N/A|NAME|DIV)"
)
"""Words of an ask about the sheet that the cell is in."""

_SHEET = re.compile(r"(?:Spreadsheet|Sheet|Workbook): [^\n?]{1,80}\n")
_FIELD = {
    mark: re.compile(
        rf'[ \t]*"((?:[^"]|"")*)"[ \t]*(?={re.escape(mark)}|\n|$)|([^{re.escape(mark)}"\n]*)(?={re.escape(mark)}|\n|$)'
    )
    for mark in ",;"
}


def _in_lines(text: str) -> str | None:
    """The cell with words in two lines with commas or semicolons, or in a line of a sheet with tabs."""
    sheet = _SHEET.match(text)
    if sheet:
        return _of_sheet(text[sheet.end() :])
    head, _, row = text.partition("\n")
    mark = "\t" if "\t" in head else ";" if ";" in head else ","
    names = [name.strip(' "') for name in head.split(mark)]
    if len(names) < 2 or not all(takes_words(name) or is_meta_name(name) for name in names):
        return None
    if mark == "\t":
        return _one_of(names, [cell.strip() for cell in row.split("\t")])
    cells = _cells(row, _FIELD[mark])
    return _one_of(names, cells) if cells else None


def _of_sheet(row: str) -> str | None:
    cells = [cell.strip() for cell in row.split("\t")]
    at = [place for place, cell in enumerate(cells) if is_words(cell)]
    if not 1 < len(cells) <= _MOST_CELLS or len(at) != 1:
        return None
    others = [cell for place, cell in enumerate(cells) if place != at[0]]
    n_numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in others)
    is_data = n_numbers > 1 or any(cell.startswith("=") or cell in _STATES for cell in others)
    return _as_lines(cells[at[0]]) if not is_data and all(map(_is_small, others)) else None


_NUMBER = re.compile(r"[^\w\n]{0,2}\d[\d.,]*[^\w\n]{0,2}")
_STATES = frozenset("ERROR WARN WARNING FATAL CRITICAL FAIL FAILED Error error Warning warning".split())


def _cells(row: str, field: re.Pattern[str]) -> list[str] | None:
    """The cells of one row, quoted or not; None where the text does not end with it."""
    cells: list[str] = []
    place = 0
    while len(cells) <= _MOST_CELLS and (cell := field.match(row, place)):
        cells.append((cell[1].replace('""', '"') if cell[1] is not None else cell[2]).strip())
        place = cell.end() + 1
        if cell.end() >= len(row) or row[cell.end()] == "\n":
            return cells if not row[cell.end() :].strip() else None
    return None
