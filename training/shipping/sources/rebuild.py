"""Make the rows of public sources again: clone what is missing, convert, write. `__main__` is its command."""

from __future__ import annotations

import csv
import gzip
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from router.errors import DataError
from training.shipping.sources import alpaca_eval, bfcl, llmrouter, mmlu_pro, routellm, workbench, zeroeval
from training.shipping.sources.literals import UNREADABLE
from training.shipping.sources.outcome_json import JsonRow, encode_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository, run_git

CONVERTERS: Mapping[str, Callable[[PublicSource, Repository], Iterator[JsonRow]]] = {
    module.__name__.rpartition(".")[2]: module.rows_of
    for module in (alpaca_eval, bfcl, llmrouter, mmlu_pro, routellm, workbench, zeroeval)
}
"""By the registry's converter name."""

_UNEXPECTED_SHAPE = (LookupError, TypeError, AttributeError, csv.Error, zipfile.BadZipFile, *UNREADABLE)


def rebuild_source(source: PublicSource, *, repos: Path, out: Path) -> int:
    """Write `out/<source>.jsonl.gz` from the repository's clone in `repos`, cloned first if it is missing.

    Returns the number of rows. Raises DataError if git fails, the files are not in the shape that the converter knows,
    or the number of rows is not the registry's; the file is then as it was before.
    """
    rows = list(convert(source, open_repository(source, repos)))
    if len(rows) != source.n_rows:
        raise DataError(f"expected {source.n_rows:,} rows, found {len(rows):,}; nothing is written", where=source.name)
    write_rows(rows, out / f"{source.name}.jsonl.gz")
    return len(rows)


def convert(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """The source's rows, in their fixed order. Raises DataError if the files are not in the shape expected."""
    place = f"{source.repository} @ {source.commit}"
    if next(repository.matches(source.files), None) is None:
        raise DataError(f"expected files that match {source.files}, found none", where=place)
    try:
        yield from CONVERTERS[source.converter](source, repository)
    except _UNEXPECTED_SHAPE as exc:
        message = f"the files are not in the shape that converter `{source.converter}` knows: {exc!r}"
        raise DataError(message, where=place) from exc


def open_repository(source: PublicSource, repos: Path) -> Repository:
    """The source's commit in `repos/<owner>+<name>`, cloned from the registry's host if it is missing."""
    folder = repos / source.repository.replace("/", "+")
    if not folder.exists():
        repos.mkdir(parents=True, exist_ok=True)
        run_git(*clone_arguments(source, folder))
    git_dir = folder / ".git" if (folder / ".git").is_dir() else folder
    run_git("--git-dir", str(git_dir), "cat-file", "-e", f"{source.commit}^{{commit}}")
    return Repository(git_dir, source.commit)


def clone_arguments(source: PublicSource, folder: Path) -> tuple[str, ...]:
    """Arguments of git to clone the source into `folder`: bare, so nothing is checked out; over https, nothing else."""
    only_https = ("-c", "protocol.allow=never", "-c", "protocol.https.allow=always")
    return (*only_https, "clone", "--quiet", "--bare", "--", source.url, str(folder))


def write_rows(rows: list[JsonRow], path: Path) -> None:
    """Write rows as gzipped JSON Lines, the same bytes for the same rows; an older file is replaced at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file, gzip.GzipFile(path.name, "wb", fileobj=file, mtime=0) as zipped:
        for row in rows:
            zipped.write(encode_row(row))
    os.replace(partial, path)
