"""What the maintainers' commands share: progress on stderr, errors as one line and exit code 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from router.errors import TierwiseError


def say(line: str) -> None:
    """Write one line of progress."""
    sys.stderr.write(f"tierwise: {line}\n")


def exit_code_of(work: Callable[[], object]) -> int:
    """Do the work of a command: 0, or 1 with its TierwiseError on stderr."""
    # Tokenizers warn when their threads meet joblib's processes; training never needs both at once.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        work()
    except TierwiseError as exc:
        say(str(exc))
        return 1
    return 0
