"""What the public functions accept, opened: rows, tier maps, encoders and bundles, by value or by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from router.brain import Bundle, load_bundle
from router.brain.bundle import layout
from router.brain.bundle.load import read_limited
from router.brain.bundle.shipped import SHIPPED, shipped_bundle
from router.brain.encoders import Encoder
from router.errors import BundleCorrupt
from router.jsontext import decode_json
from router.types import JsonObject
from training.labels.tier_map import DEFAULT_TIERS, TierMap, load_tier_map
from training.progress import Progress
from training.rows.readers import RowSet, read_rows
from training.rows.texts import texts_of


def open_rows(rows: RowSet | Path | str | Sequence[Path | str], *, skip_bad: int, progress: Progress) -> RowSet:
    """The rows, read if paths are given; skipped rows are reported to `progress`. Raises DataError."""
    if isinstance(rows, RowSet):
        return rows
    row_set = read_rows([Path(path) for path in ([rows] if isinstance(rows, str | Path) else rows)], skip_bad=skip_bad)
    if row_set.n_bad:
        progress(f"skipped {row_set.n_bad} wrong rows; the first: {row_set.bad[0]}")
    return row_set


def open_tiers(tiers: TierMap | Path | str | None) -> TierMap:
    """The tier map; of the default tiers without sources, which labelled rows need none of, if None."""
    if tiers is None:
        return TierMap(tiers=DEFAULT_TIERS, sources={})
    return tiers if isinstance(tiers, TierMap) else load_tier_map(Path(tiers))


def open_encoder(encoder: str | Encoder, rows: RowSet) -> Encoder:
    """The encoder, opened if it is a name that `fit` knows; rows: those to fit on."""
    if not isinstance(encoder, str):
        return encoder
    from training.fitting import encoders  # scikit-learn: the audit does without

    return encoders.open_encoder(encoder, shipped=shipped_bundle("fast"), texts=texts_of(rows))


def open_bundle(bundle: Bundle | Path | str | None) -> Bundle:
    """The bundle, loaded if a folder or the name of a shipped one is given; the default one if None.

    Raises BundleError.
    """
    return bundle if isinstance(bundle, Bundle) else load_bundle(_folder_of(bundle))


def open_evaluation(bundle: Bundle | Path | str | None) -> JsonObject:
    """evaluation.json as it came with the bundle; {} for a bundle without a folder, or a folder without the file.

    Raises BundleError for a file that is too large or no JSON object.
    """
    if isinstance(bundle, Bundle) or not (path := _folder_of(bundle) / layout.EVALUATION).is_file():
        return {}
    try:
        evaluation = decode_json(read_limited(path.parent, path.name))
    except ValueError as exc:
        raise BundleCorrupt(f"{path}: expected JSON; {exc}") from exc
    if not isinstance(evaluation, dict):
        raise BundleCorrupt(f"{path}: expected a JSON object, found {type(evaluation).__name__}")
    return evaluation


def _folder_of(bundle: Path | str | None) -> Path:
    """As `Router.load` has it: a name always means the shipped bundle, "./fast" or Path("fast") a folder."""
    if bundle is None:
        return shipped_bundle()
    return shipped_bundle(bundle) if isinstance(bundle, str) and bundle in SHIPPED else Path(bundle)
