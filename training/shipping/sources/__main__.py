"""The command of the public sources: `list` shows them, `rebuild` makes their rows again.

    python -m training.shipping.sources list
    python -m training.shipping.sources rebuild --repos DIR --out DIR [SOURCE ...]

Each SOURCE is a name of the registry. A clone is looked for in `--repos` before anything is fetched.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from router.errors import TierwiseError
from training.shipping.sources.rebuild import rebuild_source
from training.shipping.sources.registry import PUBLIC_SOURCES, find_source


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 done, 1 could not; wrong use exits with 2."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "list":
            _list()
        else:
            _rebuild(options.sources, options.repos, options.out)
    except TierwiseError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.shipping.sources", description="Public sources of outcome rows."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the sources, their origins and licences")
    rebuild = commands.add_parser("rebuild", help="clone, convert and write sources")
    rebuild.add_argument("--repos", type=Path, required=True, help="folder of clones, <owner>+<name>; made as needed")
    rebuild.add_argument("--out", type=Path, required=True, help="folder for <source>.jsonl.gz")
    rebuild.add_argument("sources", nargs="*", metavar="SOURCE", help="which sources; all if none is named")
    return parser


def _list() -> None:
    for source in PUBLIC_SOURCES:
        ships = "may ship" if source.may_ship else "measure only"
        origin = f"{source.repository} @ {source.commit}"
        sys.stdout.write(f"{source.name:18}{source.n_rows:>7,} rows  {source.licence:13}{ships:14}{origin}\n")


def _rebuild(names: Sequence[str], repos: Path, out: Path) -> None:
    for source in [find_source(name) for name in names] or PUBLIC_SOURCES:
        n_rows = rebuild_source(source, repos=repos, out=out)
        sys.stdout.write(f"{source.name}: {n_rows:,} rows\n")


if __name__ == "__main__":
    sys.exit(main())
