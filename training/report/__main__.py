"""The command that writes the report of an evaluation.

python -m training.report models/default/evaluation.json --out models/default/report
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from router.errors import DataError, TierwiseError
from router.jsontext import decode_json
from router.types import JsonObject
from training.report import write_report


def main(arguments: Sequence[str] | None = None) -> int:
    """Write report.html and figures/. Returns 0, or 1 with the error on stderr; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description="Write the report of an evaluation.")
    parser.add_argument("evaluation", type=Path, help="an evaluation.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for report.html and figures/")
    options = parser.parse_args(arguments)
    try:
        write_report(_read(options.evaluation), options.out)
    except (OSError, TierwiseError) as exc:
        sys.stderr.write(f"tierwise: {exc}\n")
        return 1
    return 0


def _read(path: Path) -> JsonObject:
    try:
        evaluation = decode_json(path.read_bytes())
    except ValueError as exc:
        raise DataError(f"expected JSON; {exc}", where=str(path)) from exc
    if not isinstance(evaluation, dict):
        raise DataError(f"expected a JSON object, found {type(evaluation).__name__}", where=str(path))
    return evaluation


if __name__ == "__main__":
    raise SystemExit(main())
