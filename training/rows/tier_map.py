"""The tier map: which models stand for each tier at each source, and which score makes an answer adequate.

    {"order": ["budget", "production", "frontier"],
     "tiers": {"my_logs": {"threshold": 0.6, "budget": ["small-a", "small-b"], "frontier": ["large-a"]}},
     "ladders": {"my_logs": {"vendor-x": ["small-a", "large-a"]}}}

`order` may be left out for the default three tiers; `ladders` (one vendor's models, cheap to strong) is optional. Where
outcomes are recorded by tier, map each tier to itself: `"budget": ["budget"]`. Pure but for `load_tier_map`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import DataError
from router.jsontext import decode_json
from training.rows.row import OutcomeRow, found

__all__ = ["DEFAULT_TIERS", "SourceTiers", "TierMap", "load_tier_map", "parse_tier_map", "tier_scores"]

DEFAULT_TIERS = ("budget", "production", "frontier")
_TOP_KEYS = ("tiers", "order", "ladders")


@dataclass(frozen=True, slots=True)
class SourceTiers:
    """One source's tiers.

    threshold: in (0, 1]; a tier is adequate on a row where its score is at or above it.
    models: by tier name, at least one model each; a tier that the source lacks is not there.
    """

    threshold: float
    models: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TierMap:
    """All tiers, cheap to strong (at least two), and what stands for them at each source.

    ladders: by source and ladder name, two or more models, cheap to strong.
    """

    tiers: tuple[str, ...]
    sources: Mapping[str, SourceTiers]
    ladders: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


def load_tier_map(path: Path) -> TierMap:
    """Read a tier map from a .json or .toml file. Raises DataError with file and key."""
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise DataError(f"the tier map cannot be read: {exc.strerror}", where=str(path)) from exc
    return parse_tier_map(_decode(raw, path), where=str(path))


def parse_tier_map(value: object, *, where: str) -> TierMap:
    """Read a decoded tier map strictly. Raises DataError with the key, what was expected and what was found."""
    top = _object(value, where, None)
    for key in top:
        if key not in _TOP_KEYS:
            raise DataError(f"expected only {', '.join(_TOP_KEYS)}", where=where, field=key)
    tiers = _order(top["order"], where) if "order" in top else DEFAULT_TIERS
    sources = {
        name: _source(source, tiers, where, f"tiers.{name}")
        for name, source in _object(top.get("tiers"), where, "tiers").items()
    }
    ladders = {
        name: _ladders(value, sources, where, f"ladders.{name}", name)
        for name, value in _object(top.get("ladders", {}), where, "ladders").items()
    }
    return TierMap(tiers=tiers, sources=sources, ladders=ladders)


def tier_scores(row: OutcomeRow, tier_map: TierMap) -> tuple[float | None, ...]:
    """Each tier's score on the row, in [0, 1], in the order of `tier_map.tiers`.

    A tier's score is the mean over all its models. It is None, unknown, if the source has no such tier or any of the
    tier's models has no outcome on the row: a mean over those that happen to be there would be another tier's.
    Raises DataError if the map does not know the row's source.
    """
    source = tier_map.sources.get(row.source)
    if source is None:
        known = ", ".join(tier_map.sources) or "it has none"
        message = f"expected a source of the tier map ({known}); add `tiers.{row.source}` to it"
        raise DataError(message, where=f"row {row.id!r} of source {row.source!r}", field="source")
    return tuple(_mean(row.outcomes, source.models.get(tier, ())) for tier in tier_map.tiers)


def _mean(outcomes: Mapping[str, float], models: tuple[str, ...]) -> float | None:
    if not models or any(model not in outcomes for model in models):
        return None
    # Rounded so that three scores of 0.6 are at the threshold 0.6, not 1e-16 below it.
    return round(math.fsum(outcomes[model] for model in models) / len(models), 12)


def _decode(raw: bytes, path: Path) -> object:
    try:
        if path.suffix == ".json":
            return decode_json(raw)
        if path.suffix == ".toml":
            return tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as exc:
        raise DataError(f"this is not valid {path.suffix[1:].upper()}: {exc}", where=str(path)) from exc
    raise DataError(f"expected a .json or .toml file, found {path.suffix or 'no suffix'}", where=str(path))


def _object(value: object, where: str, key: str | None) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DataError(f"expected an object, found {found(value)}", where=where, field=key)
    for name in value:
        if not isinstance(name, str) or not name.strip():
            raise DataError(f"expected names that are not blank, found {found(name)}", where=where, field=key)
    return value


def _names(value: object, where: str, key: str, *, least: int) -> tuple[str, ...]:
    """A list of at least `least` distinct names."""
    if not isinstance(value, list) or len(value) < least:
        raise DataError(f"expected a list of {least} names or more, found {found(value)}", where=where, field=key)
    for index, name in enumerate(value):
        if not isinstance(name, str) or not name.strip():
            raise DataError(f"expected a name, found {found(name)}", where=where, field=f"{key}[{index}]")
        if name in value[:index]:
            raise DataError(f"expected each name once, found {name!r} again", where=where, field=f"{key}[{index}]")
    return tuple(value)


def _order(value: object, where: str) -> tuple[str, ...]:
    tiers = _names(value, where, "order", least=2)
    if "threshold" in tiers:
        raise DataError("`threshold` cannot be a tier's name", where=where, field="order")
    return tiers


def _source(value: object, tiers: tuple[str, ...], where: str, key: str) -> SourceTiers:
    entries = _object(value, where, key)
    for name in entries:
        if name != "threshold" and name not in tiers:
            message = f"expected `threshold` or one of the tiers {', '.join(tiers)}; name other tiers in `order`"
            raise DataError(message, where=where, field=f"{key}.{name}")
    models = {tier: _names(entries[tier], where, f"{key}.{tier}", least=1) for tier in tiers if tier in entries}
    if not models:
        raise DataError("expected at least one tier, found none", where=where, field=key)
    _check_disjoint(models, where, key)
    return SourceTiers(threshold=_threshold(entries.get("threshold"), where, f"{key}.threshold"), models=models)


def _threshold(value: object, where: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise DataError(f"expected a number in (0, 1], found {found(value)}", where=where, field=key)
    return float(value)


def _check_disjoint(models: Mapping[str, tuple[str, ...]], where: str, key: str) -> None:
    tier_of: dict[str, str] = {}
    for tier, names in models.items():
        for name in names:
            if name in tier_of:
                message = f"expected each model in one tier, found {name!r} in {tier_of[name]} too"
                raise DataError(message, where=where, field=f"{key}.{tier}")
            tier_of[name] = tier


def _ladders(
    value: object, sources: Mapping[str, SourceTiers], where: str, key: str, name: str
) -> dict[str, tuple[str, ...]]:
    if name not in sources:
        raise DataError("expected a source that `tiers` has", where=where, field=key)
    return {
        ladder: _names(models, where, f"{key}.{ladder}", least=2)
        for ladder, models in _object(value, where, key).items()
    }
