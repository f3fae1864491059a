"""Settings: one TOML file, environment variables over it, read once at start and checked whole.

Every error names the key, where its value came from, and the cure.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router.catalog import ModelPrice, catalog, default_models
from router.errors import ConfigError
from router.shipped import shipped_bundle
from router.toml_table import Table

ENV_PREFIX = "TIERWISE_"
ENV_VARIABLES = ("CONFIG", "BUNDLE", "DATA", "HOST", "PORT")
"""Variables that are read, behind the prefix. DATA is for training."""

DEFAULT_TIERS = ("budget", "production", "frontier")
DEFAULT_SAFE_TIER = "production"


@dataclass(frozen=True, slots=True)
class TierSettings:
    """A tier and the models behind it, the first preferred; prices in USD per million tokens."""

    name: str
    models: tuple[ModelPrice, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be configured, checked.

    bundle: folder of the bundle to serve.  tiers: cheap to strong.
    safe_tier: what a request out of the classifier's domain gets.
    max_quality_loss: target in [0, 1] for requests that name none; None for the bundle's own.
    trusted_encoders: sentence-transformers models that a bundle may name; see `load_bundle`.
    host, port: where the service listens; port in 0..65535, 0 lets the system choose.
    max_body_bytes: larger bodies get 413.
    """

    bundle: Path
    tiers: tuple[TierSettings, ...]
    safe_tier: str = DEFAULT_SAFE_TIER
    max_quality_loss: float | None = None
    trusted_encoders: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8080
    max_body_bytes: int = 20_000_000

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The tiers' names, cheap to strong."""
        return tuple(tier.name for tier in self.tiers)


def load_settings(environ: Mapping[str, str] | None = None, *, config: Path | None = None) -> Settings:
    """Settings from a TOML file and the environment.

    environ: the variables; the process's own if None.
    config: the file; if None, TIERWISE_CONFIG names it; if that is unset, no file is read.
    Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    path = config if config is not None else _environ_path(environ, "CONFIG")
    settings = Settings(bundle=shipped_bundle(), tiers=_default_tiers())
    if path is not None:
        settings = _apply_file(settings, _read_toml(path), source=str(path), base=path.parent)
    return _apply_environ(settings, environ)


def _default_tiers() -> tuple[TierSettings, ...]:
    return tuple(TierSettings(name=name, models=default_models(name)) for name in DEFAULT_TIERS)


def _environ_path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(ENV_PREFIX + name)
    return Path(value) if value else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}). Name a TOML file, or leave it out.") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path}: not TOML: {exc}.") from exc


def _apply_file(settings: Settings, root: Mapping[str, Any], *, source: str, base: Path) -> Settings:
    top = Table(root, source, "")
    top.only("bundle", "safe_tier", "max_quality_loss", "trusted_encoders", "server", "tiers")
    server = top.table("server")
    server.only("host", "port", "max_body_bytes")
    changes: dict[str, Any] = {}
    if (bundle := top.string("bundle")) is not None:
        changes["bundle"] = base / bundle
    if (target := top.number("max_quality_loss", low=0.0, high=1.0)) is not None:
        changes["max_quality_loss"] = target
    changes["trusted_encoders"] = top.strings("trusted_encoders")
    if (host := server.string("host")) is not None:
        changes["host"] = host
    for key, low, high in (("port", 0, 65_535), ("max_body_bytes", 1_024, 1 << 30)):
        if (number := server.number(key, low=low, high=high, whole=True)) is not None:
            changes[key] = int(number)
    if "tiers" in root:
        changes["tiers"] = _parse_tiers(top)
    settings = replace(settings, **changes)
    return _with_safe_tier(settings, top.string("safe_tier"), source)


def _with_safe_tier(settings: Settings, value: str | None, source: str) -> Settings:
    names = settings.tier_names
    if value is None:
        fallback = settings.safe_tier if settings.safe_tier in names else names[-1]
        return replace(settings, safe_tier=fallback)
    if value not in names:
        raise ConfigError(f"{source}: safe_tier: {value!r} is no tier; tiers are {', '.join(names)}.")
    return replace(settings, safe_tier=value)


def _parse_tiers(top: Table) -> tuple[TierSettings, ...]:
    tiers = []
    for row in top.tables("tiers"):
        row.only("name", "models")
        name = row.required_string("name")
        tiers.append(TierSettings(name=name, models=_parse_models(row)))
    names = [tier.name for tier in tiers]
    if len(names) < 2 or len(set(names)) != len(names):
        raise top.error("tiers", "two or more [[tiers]] with different names, cheap to strong")
    return tuple(tiers)


def _parse_models(row: Table) -> tuple[ModelPrice, ...]:
    """The models of a tier: names known to the catalog, or tables with a name and the operator's own prices."""
    models = tuple(
        _known_model(item, row) if isinstance(item, str) else _priced_model(item)
        for item in row.strings_or_tables("models")
    )
    if not models:
        raise row.error("models", "at least one model")
    return models


def _known_model(name: str, row: Table) -> ModelPrice:
    known = catalog().get(name)
    if known is None:
        raise row.error(
            "models",
            f"models of the catalog ({', '.join(catalog())}) or tables with model, input_usd_per_million, "
            f"output_usd_per_million; {name!r} is not in the catalog",
        )
    return known.price


def _priced_model(table: Table) -> ModelPrice:
    table.only("model", "input_usd_per_million", "output_usd_per_million")
    return ModelPrice(
        model=table.required_string("model"),
        input_usd_per_million=table.required_number("input_usd_per_million", low=0.0),
        output_usd_per_million=table.required_number("output_usd_per_million", low=0.0),
    )


def _apply_environ(settings: Settings, environ: Mapping[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    if (bundle := _environ_path(environ, "BUNDLE")) is not None:
        changes["bundle"] = bundle
    if host := environ.get(ENV_PREFIX + "HOST"):
        changes["host"] = host
    if port := environ.get(ENV_PREFIX + "PORT"):
        if not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65_535:
            raise ConfigError(f"{ENV_PREFIX}PORT={port!r} (environment): expected a port in 0..65535.")
        changes["port"] = int(port)
    return replace(settings, **changes)


def override(settings: Settings, *, bundle: Path | None, host: str | None, port: int | None) -> Settings:
    """The settings with what the command line names put over them."""
    changes: dict[str, Any] = {"bundle": bundle, "host": host, "port": port}
    return replace(settings, **{key: value for key, value in changes.items() if value is not None})
