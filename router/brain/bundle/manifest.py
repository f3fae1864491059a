"""The manifest: what a bundle is, checked field by field before anything else of it is read."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from router.brain.bundle.layout import MAX_BYTES
from router.brain.encoders import EncoderSpec
from router.brain.promise import Promise
from router.errors import BundleCorrupt, BundleSchema
from router.types import JsonObject

SCHEMA_VERSION = 1
"""The manifest's schema: raised when a reader of the old one would misread the new one."""

VIEWS = ("ask", "window")
CALIBRATION_METHODS = ("sigmoid", "isotonic")
ENCODER_KINDS = ("static", "sentence-transformers")

_MAX = sys.float_info.max
"""JSON has whole numbers of any length; those beyond a double are refused."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is.

    id: name and content in short, such as `default-1a2b3c4d5e6f`.
    tiers: cheap to strong.  tier_models: for each source of outcomes the models that defined each tier.
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

    def to_json(self) -> JsonObject:
        """The manifest as a JSON object; `parse_manifest` reads it back to an equal value."""
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "tiers": list(self.tiers),
            "tier_models": {s: {t: list(m) for t, m in tiers.items()} for s, tiers in self.tier_models.items()},
            "encoder": {
                "kind": self.encoder.kind,
                "model_id": self.encoder.model_id,
                "dim": self.encoder.dim,
                "max_tokens": self.encoder.max_tokens,
                "sha256": self.encoder.sha256,
            },
            "views": list(VIEWS),
            "signals": list(self.signals),
            "calibration": self.calibration,
            "domain": {"quantile": self.domain_quantile, "max_distance": self.max_domain_distance},
            "promise": {
                "target": self.promise.target,
                "confidence": self.promise.confidence,
                "n_rows": self.promise.n_rows,
                "population": self.promise.population,
                "thresholds": list(self.promise.thresholds),
                "bounds": list(self.promise.bounds),
                "losses": list(self.promise.losses),
                "savings": list(self.promise.savings),
            },
            "training": self.training,
            "files": dict(sorted(self.files.items())),
        }


def parse_manifest(value: object, *, where: str) -> Manifest:
    """A decoded manifest.json.

    Raises BundleSchema for another schema version, BundleCorrupt naming the key for anything else.
    """
    root = _Reader(value, where)
    version = root.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BundleSchema(
            f"{where}: schema_version is {_short(version)}; this program reads {SCHEMA_VERSION}. "
            "Upgrade tierwise, or fit the bundle again with this version."
        )
    encoder = root.child("encoder")
    domain = root.child("domain")
    tiers = root.strings("tiers", at_least=2)
    if root.strings("views", at_least=1) != VIEWS:
        raise root.error("views", f"{list(VIEWS)}")
    return Manifest(
        id=root.string("id"),
        tiers=tiers,
        tier_models=_parse_tier_models(root.child("tier_models")),
        encoder=EncoderSpec(
            kind=encoder.string("kind", one_of=ENCODER_KINDS),
            model_id=encoder.string("model_id"),
            dim=encoder.integer("dim", low=1, high=8192),
            max_tokens=encoder.integer("max_tokens", low=1, high=1 << 20),
            sha256=encoder.digest("sha256"),
        ),
        signals=root.strings("signals", at_least=1),
        calibration=root.string("calibration", one_of=CALIBRATION_METHODS),
        domain_quantile=domain.number("quantile", low=0.0, high=1.0),
        max_domain_distance=domain.number("max_distance", low=0.0, high=1.0),
        promise=_parse_promise(root.child("promise")),
        training=root.child("training").value,
        files=_parse_files(root.child("files")),
    )


def _parse_promise(reader: _Reader) -> Promise:
    thresholds = reader.numbers("thresholds")
    columns = {key: reader.numbers(key) for key in ("bounds", "losses", "savings")}
    for key, column in columns.items():
        if len(column) != len(thresholds):
            raise reader.error(key, f"{len(thresholds)} numbers, one a threshold")
    for key, column in (("thresholds", thresholds), ("bounds", columns["bounds"])):
        if any(a > b for a, b in pairwise(column)):
            raise reader.error(key, "ascending numbers")
    target = reader.number("target", low=0.0, high=1.0)
    if target < columns["bounds"][0]:
        raise reader.error("target", f"at least {columns['bounds'][0]:.4g}, the smallest of the bounds")
    return Promise(
        target=target,
        confidence=reader.number("confidence", low=0.0, high=1.0),
        n_rows=reader.integer("n_rows", low=0, high=1 << 40),
        population=reader.string("population"),
        thresholds=thresholds,
        bounds=columns["bounds"],
        losses=columns["losses"],
        savings=columns["savings"],
    )


def _parse_tier_models(reader: _Reader) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        source: {tier: tiers.strings(tier, at_least=1) for tier in tiers.value}
        for source in reader.value
        for tiers in [reader.child(source)]
    }


def _parse_files(reader: _Reader) -> dict[str, str]:
    for name in reader.value:
        if name not in MAX_BYTES:
            raise reader.error(name, f"only files of a bundle: {', '.join(MAX_BYTES)}")
    return {name: reader.digest(name) for name in reader.value}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class _Reader:
    """Checked access to a decoded object, with errors that name the path of the key."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise BundleCorrupt(f"{path}: expected an object, found {type(value).__name__}.")
        self.value: dict[str, Any] = value
        self._path = path

    def error(self, key: str, expected: str) -> BundleCorrupt:
        return BundleCorrupt(f"{self._path}: {key}: expected {expected}, found {_short(self.value.get(key))}.")

    def get(self, key: str) -> Any:
        if key not in self.value:
            raise BundleCorrupt(f"{self._path}: {key} is missing.")
        return self.value[key]

    def child(self, key: str) -> _Reader:
        return _Reader(self.get(key), f"{self._path}: {key}")

    def string(self, key: str, *, one_of: tuple[str, ...] | None = None) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(key, "a string that is not empty")
        if one_of is not None and value not in one_of:
            raise self.error(key, f"one of {', '.join(one_of)}")
        return value

    def digest(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise self.error(key, "a sha256 in hex")
        return value

    def strings(self, key: str, *, at_least: int) -> tuple[str, ...]:
        value = self.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.error(key, "an array of strings")
        if len(value) < at_least or len(set(value)) != len(value):
            raise self.error(key, f"at least {at_least} different strings")
        return tuple(value)

    def number(self, key: str, *, low: float, high: float) -> float:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(key, f"a number in [{low:g}, {high:g}]")
        return float(value)

    def integer(self, key: str, *, low: int, high: int) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"a whole number in [{low}, {high}]")
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, "an array of numbers that is not empty")
        if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) <= _MAX for x in value):
            raise self.error(key, "an array of finite numbers")
        return tuple(float(x) for x in value)
