"""Reading Python literals out of data: parsed, never run, without warnings about odd escapes in strings."""

from __future__ import annotations

import ast
import warnings

UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
"""What `literal` and `parse_expression` raise on text that is not a literal or expression, or is hostile."""


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of one expression."""
    with warnings.catch_warnings():
        # With warnings as errors, "\d" in a string would turn a readable text into a SyntaxError.
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def literal(text: str) -> object:
    """The value of a text that is a Python literal."""
    return ast.literal_eval(parse_expression(text.lstrip(" \t")))
