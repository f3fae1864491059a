"""Build the bundles that ship, from the committed traffic rows and the public sources whose licence allows it.

    python -m training.ship --out models          (make train)

The public rows are read from the folder that TIERWISE_DATA names, or ../shared/data;
`python -m training.sources rebuild` makes them anew from their repositories. Same rows, same machine: same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from router.brain.bundle.write import write_bundle
from router.errors import DataError, TierwiseError
from training.config import FitConfig
from training.distil import distil
from training.pipeline import fit_bundle
from training.progress import Progress
from training.readers import RowSet, data_folder, read_rows
from training.sources import PUBLIC_SOURCES
from training.tier_map import load_tier_map

CACHE = Path(".cache/tierwise")


def shipping_files(traffic: Path, data: Path | None) -> list[Path]:
    """The row files that a shipped bundle may be fitted on: traffic, and public sources whose licence allows it.

    Raises DataError when a public source is not there.
    """
    if data is None:
        raise DataError("the public rows are not here; name their folder with TIERWISE_DATA", where="TIERWISE_DATA")
    public = [data / "outcomes" / f"{source.name}.jsonl.gz" for source in PUBLIC_SOURCES if source.may_ship]
    for path in public:
        if not path.is_file():
            raise DataError("is missing; rebuild it with python -m training.sources rebuild", where=str(path))
    return [traffic, *public]


def traffic_sources(rows: RowSet) -> tuple[str, ...]:
    """The sources that stand for the traffic to serve: those of rows that are no public source's."""
    public = {source.name for source in PUBLIC_SOURCES}
    return tuple(sorted({row.source for row in rows.rows} - public))


def ship(root: Path, out: Path, *, data: Path | None, progress: Progress) -> None:
    """Fit and write `default`. root: the checkout, with its data/ folder."""
    progress("distilling the token table")
    encoder = distil()
    rows = read_rows(shipping_files(root / "data" / "traffic", data))
    config = FitConfig(name="default", target_sources=traffic_sources(rows), licence="Apache-2.0")
    contents = fit_bundle(
        rows, load_tier_map(root / "data" / "tiers.json"), encoder, config, cache=root / CACHE, progress=progress
    )
    manifest = write_bundle(out / config.name, contents)
    progress(f"wrote {manifest.id} to {out / config.name}")


def _say(line: str) -> None:
    sys.stderr.write(f"tierwise: {line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the shipped bundles. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.ship", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder for the bundles")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    root = Path(__file__).resolve().parent.parent
    try:
        data = data_folder(os.environ, root)
        ship(root, options.out, data=data, progress=_say)
    except TierwiseError as exc:
        sys.stderr.write(f"tierwise: {exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
