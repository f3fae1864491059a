"""What the public functions accept, opened: rows, tier maps, encoders and bundles, by value or by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from router.brain import Bundle, load_bundle
from router.brain.bundle.shipped import shipped_bundle
from router.brain.encoders import Encoder
from training.labels.tier_map import DEFAULT_TIERS, TierMap, load_tier_map
from training.progress import Progress
from training.rows.readers import RowSet, read_rows


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


def open_encoder(encoder: str | Encoder) -> Encoder:
    """The encoder, opened if it is a name that `fit` knows."""
    if not isinstance(encoder, str):
        return encoder
    from training.fitting import encoders  # scikit-learn: the audit does without

    return encoders.open_encoder(encoder, shipped=shipped_bundle("fast"))


def open_bundle(bundle: Bundle | Path | str | None) -> Bundle:
    """The bundle, loaded if a folder is given; the shipped one if None. Raises BundleError."""
    if isinstance(bundle, Bundle):
        return bundle
    return load_bundle(shipped_bundle() if bundle is None else Path(bundle))
