"""The manifest: what a bundle is, checked field by field before anything else of it is read."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from router.brain.bundle.layout import MAX_BYTES
from router.brain.encoders import EncoderSpec
from router.brain.promise import COST, GOALS, MIX, QUALITY, Goal, Promise, SlicePromise
from router.errors import BundleCorrupt, BundleSchema
from router.types import JsonObject

SCHEMA_VERSION = 1
"""The manifest's schema: raised when a reader of the old one would misread the new one."""

VIEWS = ("ask", "window")
CALIBRATION_METHODS = ("sigmoid", "isotonic")
PROMISE_METHODS = ("clopper_pearson", "hoeffding_bentkus")
ENCODER_KINDS = ("static", "onnx", "sentence-transformers")

_MAX = sys.float_info.max
"""JSON has whole numbers of any length; those beyond a double are refused."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is.

    id: name and content in short, such as `default-1a2b3c4d5e6f`.
    tiers: cheap to strong.  tier_models: for each source of outcomes the models that defined each tier.
    tasks: names of the task head's columns; () for a bundle without one.
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
            "tasks": list(self.tasks),
            "calibration": self.calibration,
            "domain": {"quantile": self.domain_quantile, "max_distance": self.max_domain_distance},
            "promise": _promise_json(self.promise),
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
        promise=_parse_promise(root.child("promise"), tiers),
        training=root.child("training").value,
        files=_parse_files(root.child("files")),
        tasks=_parse_tasks(root),
    )


def _parse_tasks(root: _Reader) -> tuple[str, ...]:
    """The task names; () where the key is missing, as in bundles that were written before there were any."""
    return root.strings("tasks", at_least=0) if "tasks" in root.value else ()


def _promise_json(promise: Promise) -> JsonObject:
    return {
        "goal": promise.goal.to_json(),
        **{key: getattr(promise, key) for key in ("confidence", "n_rows", "n_groups", "method", "population")},
        "safe_tier": promise.safe_tier,
        **{key: list(getattr(promise, key)) for key in ("thresholds", *_CURVES)},
        "tier_shares": {tier: list(column) for tier, column in promise.tier_shares.items()},
        "tier_share_bounds": {tier: list(column) for tier, column in promise.tier_share_bounds.items()},
        "slices": [asdict(part) for part in promise.slices],
    }


_CURVES = ("bounds", "losses", "savings", "costs_usd_per_1k", "cost_bounds_usd_per_1k")
_RISING = ("thresholds", "bounds")
_FALLING = ("cost_bounds_usd_per_1k",)


def _parse_promise(reader: _Reader, tiers: tuple[str, ...]) -> Promise:
    columns = {key: reader.numbers(key) for key in ("thresholds", *_CURVES)}
    n = len(columns["thresholds"])
    for key, column in columns.items():
        _check_column(reader, key, column, n=n, rising=key in _RISING, falling=key in _FALLING)
    promise = Promise(
        goal=_parse_goal(reader, "goal"),
        confidence=reader.number("confidence", low=0.0, high=1.0),
        n_rows=reader.integer("n_rows", low=0, high=1 << 40),
        n_groups=reader.integer("n_groups", low=0, high=1 << 40),
        method=reader.string("method", one_of=PROMISE_METHODS),
        population=reader.string("population"),
        safe_tier=reader.string("safe_tier", one_of=tiers),
        tier_shares=_parse_shares(reader, "tier_shares", tiers, n=n, falling=False),
        tier_share_bounds=_parse_shares(reader, "tier_share_bounds", tiers[1:], n=n, falling=True),
        slices=_parse_slices(reader),
        **columns,
    )
    try:
        promise.position_for()
    except ValueError as exc:
        raise reader.error("goal", f"one that the curve supports ({exc})") from exc
    return promise


def _check_column(
    reader: _Reader, key: str, column: tuple[float, ...], *, n: int, rising: bool = False, falling: bool = False
) -> None:
    if len(column) != n:
        raise reader.error(key, f"{n} numbers, one a threshold")
    if rising and any(a > b for a, b in pairwise(column)):
        raise reader.error(key, "ascending numbers")
    if falling and any(a < b for a, b in pairwise(column)):
        raise reader.error(key, "descending numbers")


def _parse_goal(reader: _Reader, key: str) -> Goal:
    goal = reader.child(key)
    if len(goal.value) != 1 or not set(goal.value) <= set(GOALS):
        raise reader.error(key, f"exactly one of {', '.join(GOALS)}")
    if COST in goal.value:
        return Goal(max_cost_usd_per_1k=goal.number(COST, low=0.0, high=_MAX))
    if QUALITY in goal.value:
        return Goal(max_quality_loss=goal.number(QUALITY, low=0.0, high=1.0))
    mix = goal.child(MIX)
    if not mix.value:
        raise goal.error(MIX, "a share for at least one tier")
    return Goal(tier_mix={tier: mix.number(tier, low=0.0, high=1.0) for tier in mix.value})


def _parse_shares(
    reader: _Reader, key: str, tiers: tuple[str, ...], *, n: int, falling: bool
) -> dict[str, tuple[float, ...]]:
    shares = reader.child(key)
    if set(shares.value) != set(tiers):
        raise reader.error(key, f"one array for each of {', '.join(tiers)}")
    columns = {tier: shares.numbers(tier) for tier in tiers}
    for tier, column in columns.items():
        _check_column(shares, tier, column, n=n, falling=falling)
    return columns


def _parse_slices(reader: _Reader) -> tuple[SlicePromise, ...]:
    items = reader.get("slices")
    if not isinstance(items, list):
        raise reader.error("slices", "an array")
    return tuple(_parse_slice(reader.item("slices", index)) for index in range(len(items)))


def _parse_slice(reader: _Reader) -> SlicePromise:
    return SlicePromise(
        by=reader.string("by"),
        value=reader.string("value"),
        n=reader.integer("n", low=0, high=1 << 40),
        loss=reader.number("loss", low=0.0, high=1.0),
        bound=reader.number("bound", low=0.0, high=1.0),
        smallest_target=reader.number("smallest_target", low=0.0, high=1.0),
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

    def item(self, key: str, index: int) -> _Reader:
        return _Reader(self.get(key)[index], f"{self._path}: {key}[{index}]")

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
