"""The manifest: what a bundle is, checked key by key before anything else of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, model_validator

from router.brain.bundle.layout import MAX_BYTES
from router.brain.encoders import EncoderSpec
from router.brain.held_out import HeldOutFacts
from router.brain.promise import Promise
from router.checked.document import Document, Table
from router.checked.kinds import Name, Sha256, Share, Text, fault, known, names
from router.checked.words import found
from router.errors import BundleCorrupt, BundleSchema
from router.types import JsonObject

SCHEMA_VERSION = 1
"""The manifest's schema: raised when a reader of the old one would misread the new one."""

VIEWS = ("ask", "window")

_COLUMNS = ("bounds", "losses", "savings", "costs_usd_per_1k", "cost_bounds_usd_per_1k")
_RISING = ("thresholds", "bounds")
_FALLING = ("cost_bounds_usd_per_1k",)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is.

    id: name and content in short, such as `default-1a2b3c4d5e6f`.
    tiers: cheap to strong.  tier_models: for each source of outcomes the models that defined each tier.
    tasks: names of the task head's columns; () for a bundle without one.
    held_out: what is said of the rows in held_out.safetensors; None for a bundle without that file.
    signals: names, in the order that the heads expect.  calibration: `sigmoid` or `isotonic`.
    domain_quantile: share of held-out rows within max_domain_distance.
    promise: the threshold curve with its guarantee.
    training: data fingerprints, licences, split rule, seeds, versions, counts; for people and audits.
    files: sha256 (hex) of every other file, by relative path.
    """

    id: str
    tiers: tuple[str, ...]
    tier_models: Mapping[str, Mapping[str, tuple[str, ...]]]
    encoder: EncoderSpec
    signals: tuple[str, ...]
    calibration: str
    domain_quantile: float
    max_domain_distance: float
    promise: Promise
    training: JsonObject
    files: Mapping[str, str]
    tasks: tuple[str, ...] = ()
    held_out: HeldOutFacts | None = None

    def to_json(self) -> JsonObject:
        """The manifest as a JSON object; `parse_manifest` reads it back to an equal value."""
        value = asdict(self)
        domain = {"quantile": value.pop("domain_quantile"), "max_distance": value.pop("max_domain_distance")}
        value["promise"]["goal"] = self.promise.goal.to_json()
        if self.held_out is None:
            del value["held_out"]
        written: JsonObject = _as_lists(
            {**value, "schema_version": SCHEMA_VERSION, "views": VIEWS, "domain": domain, "training": self.training}
        )
        return written


def _as_lists(value: Any) -> Any:
    """The value with lists for its tuples, as JSON decodes them."""
    if isinstance(value, Mapping):
        return {key: _as_lists(inner) for key, inner in value.items()}
    return [_as_lists(inner) for inner in value] if isinstance(value, tuple | list) else value


def _with_slices(promise: Any) -> Any:
    """The value; a Promise in memory may leave its slices out, a manifest may not."""
    if isinstance(promise, dict) and "slices" not in promise:
        raise fault("expected an array of objects, found no such key", "slices")
    return promise


def _promise(promise: Promise) -> Promise:
    n = len(promise.thresholds)
    for key in ("thresholds", *_COLUMNS):
        _check_column(getattr(promise, key), n, key, rising=key in _RISING, falling=key in _FALLING)
    for key, columns in (("tier_shares", promise.tier_shares), ("tier_share_bounds", promise.tier_share_bounds)):
        for tier, column in columns.items():
            _check_column(column, n, key, tier, falling=key == "tier_share_bounds")
    return promise


def _check_column(column: tuple[float, ...], n: int, *at: str, rising: bool = False, falling: bool = False) -> None:
    if len(column) != n:
        raise fault(f"expected {n} numbers, one per threshold, found {len(column)}", *at)
    if rising and any(a > b for a, b in pairwise(column)):
        raise fault("expected ascending numbers", *at)
    if falling and any(a < b for a, b in pairwise(column)):
        raise fault("expected descending numbers", *at)


def _views(views: tuple[str, ...]) -> tuple[str, ...]:
    if views != VIEWS:
        raise fault(f"expected {list(VIEWS)}, found {list(views)}")
    return views


class _Part(Table):
    """A part of manifest.json. A later program of this schema version may write more keys."""

    model_config = ConfigDict(extra="ignore")


class _Domain(_Part):
    quantile: Share
    max_distance: Share


class _File(_Part):
    """manifest.json of this schema version."""

    schema_version: Any
    id: Text
    tiers: Annotated[tuple[Name, ...], names(2)]
    tier_models: dict[str, dict[str, Annotated[tuple[Name, ...], names(1)]]]
    encoder: EncoderSpec
    views: Annotated[tuple[Text, ...], AfterValidator(_views)]
    signals: Annotated[tuple[Name, ...], names(1)]
    calibration: Literal["sigmoid", "isotonic"]
    domain: _Domain
    promise: Annotated[Promise, BeforeValidator(_with_slices), AfterValidator(_promise)]
    training: dict[str, Any]
    files: dict[Annotated[str, known("a file of a bundle", MAX_BYTES)], Sha256]
    tasks: Annotated[tuple[Name, ...], names()] = ()
    held_out: HeldOutFacts | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """The promise is one of these tiers, and its curve supports its goal."""
        promise, at = self.promise, "promise"
        if promise.safe_tier not in self.tiers:
            raise fault(f"expected one of {', '.join(self.tiers)}, found {found(promise.safe_tier)}", at, "safe_tier")
        for key, tiers in (("tier_shares", self.tiers), ("tier_share_bounds", self.tiers[1:])):
            if set(getattr(promise, key)) != set(tiers):
                raise fault(f"expected one array for each of {', '.join(tiers)}", at, key)
        try:
            promise.position_for()
        except ValueError as exc:
            raise fault(f"expected one that the curve supports ({exc})", at, "goal") from exc
        return self


def parse_manifest(value: object, *, where: str) -> Manifest:
    """A decoded manifest.json.

    Raises BundleSchema for another schema version, BundleCorrupt naming every fault for anything else.
    """
    if not isinstance(value, dict):
        raise BundleCorrupt(f"{where}: expected an object, found {found(value)}.")
    version = value.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BundleSchema(
            f"{where}: schema_version is {found(version)}; this program reads {SCHEMA_VERSION}. "
            "Upgrade tierwise, or fit the bundle again with this version."
        )
    document = Document(value, where)
    file = document.read(_File, value)
    document.raise_faults(BundleCorrupt, most=8)  # a program wrote it: the first few show what is wrong
    assert file is not None, "a file that cannot be read has faults"
    return Manifest(
        **{field.name: getattr(file, field.name) for field in fields(Manifest) if hasattr(file, field.name)},
        domain_quantile=file.domain.quantile,
        max_domain_distance=file.domain.max_distance,
    )
