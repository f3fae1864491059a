"""The forms that a text like a program's may have, by a few looks at its beginning and its end."""

from __future__ import annotations

import re

_HEAD_CHARS = 160
_MARK_FIRST = frozenset("<~`\"'[{\u00ab*#=-\u2554\u250c\u256d")
_NEAR_MARK = re.compile(r"\n(?:<<<|~~~|\"\"\"|\[\[\[|'''|```)")
_SEPARATED = re.compile(r"\"?[A-Za-z]\w{0,20}\"?[,;\t]\"?[A-Za-z]\w{0,20}\"?[,;\t\n]")
_OF_SHEETS = ("Row ", "Spreadsheet: ", "Sheet: ", "Workbook: ", "Cell ", "cell ", "CELL ")
_CODE = re.compile(
    r"[;#(\[]|(?:\w[\w.:]{0,40}[ \t]+){0,4}\$?\w[\w.:<>&-]{0,60}(?: ?[(=]|[ \t]*(?::=|->|=>))|INSERT INTO "
)
_SHELL_FIRST = frozenset("$%>[\u276f\u279c(")
_COMMAND = re.compile(
    r"PS [A-Z]:|[A-Za-z]:\\|[\w.-]+@[^\n]{1,60}[$%#] |[\w./-]{1,30} (?:[\w-]{1,20} ){0,3}(?:-{1,2}\w{1,12} )?[\"'<]"
    r"|[\w.+-]{1,30} (?:v|version )?\d+\.\d"
)


def forms_of_programs(text: str) -> list[str]:
    """The names of the forms, those of the outer marks first."""
    first, head = text[:1], text[:_HEAD_CHARS]
    lines = "\n" in text
    forms = []
    if first in _MARK_FIRST or (lines and _NEAR_MARK.search(head)):
        forms.append("delimiters")
    if lines and first in "/#":
        forms.append("comment")
    if first in "|+" or text.startswith(_OF_SHEETS) or (lines and _SEPARATED.match(text)):
        forms.append("table")
    if _CODE.match(text):
        forms += ("settings", "literal") if lines else ("literal",)
    if first in _SHELL_FIRST or _COMMAND.match(text):
        forms.append("command")
    return forms
