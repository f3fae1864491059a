"""The tier map: which models define each tier at each source, and which score makes an answer adequate.

    {"order": ["budget", "production", "frontier"],
     "tiers": {"my_logs": {"threshold": 0.6, "budget": ["small-a", "small-b"], "frontier": ["large-a"]}},
     "ladders": {"my_logs": {"vendor-x": ["small-a", "large-a"]}}}

`order` may be left out for the default three tiers; `ladders` (one vendor's models, cheap to strong) is optional. Where
outcomes are recorded by tier, map each tier to itself: `"budget": ["budget"]`. Pure but for `load_tier_map`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from router.catalog import DEFAULT_TIERS
from router.checked.document import Document, Table
from router.checked.kinds import Name, fault, names, names_of, number
from router.checked.toml_lines import lines_of
from router.checked.words import Place, not_one_of
from router.errors import DataError
from router.jsontext import decode_json
from training.rows.row import OutcomeRow

__all__ = ["DEFAULT_TIERS", "SourceTiers", "TierMap", "load_tier_map", "parse_tier_map", "tier_scores"]


class _Source(Table):
    """A source's threshold, and its tiers as further keys."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[tuple[Name, ...], names(1)]] = Field(init=False)

    threshold: Annotated[float, number(0, 1, above=0)]

    def models(self, tiers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The models by tier, cheap to strong."""
        return {tier: self.__pydantic_extra__[tier] for tier in tiers if tier in self.__pydantic_extra__}

    @model_validator(mode="after")
    def _tiers_and_models(self, info: ValidationInfo) -> Self:
        known = names_of(info, "a tier")
        tier_of: dict[str, str] = {}
        for tier, models in self.__pydantic_extra__.items():
            if tier not in known:
                raise fault(f"{not_one_of(tier, known, 'a tier')}. Name other tiers in `order`", tier)
            for model in models:
                if (other := tier_of.setdefault(model, tier)) != tier:
                    raise fault(f"expected each model in one tier, found {model!r} in {other} too", tier)
        if not tier_of:
            raise fault("expected at least one tier, found none")
        return self


def _no_threshold(order: tuple[str, ...]) -> tuple[str, ...]:
    if "threshold" in order:
        raise fault("`threshold` cannot be a tier's name")
    return order


class _File(Table):
    """A tier map as it is written."""

    order: Annotated[tuple[Name, ...], names(2), AfterValidator(_no_threshold)] = DEFAULT_TIERS
    tiers: dict[Name, _Source]
    ladders: dict[Name, dict[Name, Annotated[tuple[Name, ...], names(2)]]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ladders_of_sources(self) -> Self:
        for name in self.ladders:
            if name not in self.tiers:
                raise fault("expected a source that `tiers` has", "ladders", name)
        return self


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
    """All tiers, cheap to strong (at least two), and what defines them at each source.

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
    value = _decode(raw, path)
    return parse_tier_map(value, where=str(path), lines=lines_of(raw.decode()) if path.suffix == ".toml" else None)


def parse_tier_map(value: object, *, where: str, lines: Mapping[Place, int] | None = None) -> TierMap:
    """Read a decoded tier map. lines: on which line each place is, if that is known.

    Raises DataError with every fault: the key, what was expected and what was found.
    """
    order = value.get("order") if isinstance(value, dict) else None
    tiers = tuple(name for name in order if isinstance(name, str)) if isinstance(order, list) else DEFAULT_TIERS
    document = Document(value, where, lines=lines)
    file = document.read(_File, value, context={"a tier": tiers})
    document.raise_faults(DataError)
    assert file is not None, "a file that cannot be read has faults"
    sources = {name: SourceTiers(table.threshold, table.models(tiers)) for name, table in file.tiers.items()}
    return TierMap(tiers=tiers, sources=sources, ladders=file.ladders)


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
