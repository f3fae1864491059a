"""Reading Python literals out of data: parsed, never run, and quiet about odd escapes in other people's strings."""

from __future__ import annotations

import ast
import warnings

__all__ = ["UNREADABLE", "literal", "parse_expression"]

UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
"""What `literal` and `parse_expression` raise on text that is no literal or expression, or a hostile one."""


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of one expression."""
    with warnings.catch_warnings():
        # With warnings as errors, "\d" in a string would turn a readable text into a SyntaxError.
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def literal(text: str) -> object:
    """The value of a text that is a Python literal."""
    return ast.literal_eval(parse_expression(text.lstrip(" \t")))
