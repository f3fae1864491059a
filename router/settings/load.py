"""The file and the environment -> Settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from router.brain.bundle.shipped import shipped_bundle
from router.catalog import default_models
from router.errors import ConfigError
from router.settings.forwarding import (
    parse_api_key,
    parse_call_log,
    parse_connections,
    parse_dispatch,
    parse_providers,
    parse_unknown_models,
)
from router.settings.policies import parse_policies, parse_turns
from router.settings.rules import parse_rules
from router.settings.tiers import parse_catalog, parse_tiers
from router.settings.toml_lines import lines_of
from router.settings.toml_table import Table, did_you_mean
from router.settings.values import DEFAULT_TIERS, Settings, TierSettings

ENV_PREFIX = "TIERWISE_"
ENV_VARIABLES = ("CONFIG", "BUNDLE", "DATA", "HOST", "PORT")
"""Variables that are read, behind the prefix. DATA is for training."""

TARGET_KEYS = ("max_quality_loss", "max_cost_usd_per_1k", "tier_mix")
KEYS = (
    *("bundle", "safe_tier", *TARGET_KEYS, "trusted_encoders"),
    *("server", "tiers", "catalog", "policies", "rules", "turns", "envelopes", "providers", "dispatch", "connections"),
)


def load_settings(environ: Mapping[str, str] | None = None, *, config: Path | None = None) -> Settings:
    """Settings from a TOML file and the environment.

    environ: the variables; the process's own if None.
    config: the file; if None, TIERWISE_CONFIG names it; if that is unset, no file is read.
    Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    path = config if config is not None else _environ_path(environ, "CONFIG")
    top = None if path is None else _read_toml(path)
    providers = parse_providers(top, environ)
    settings = Settings(bundle=shipped_bundle(), tiers=_default_tiers(providers), providers=providers)
    if path is not None and top is not None:
        settings = _apply_file(settings, top, base=path.parent)
        server = top.table("server")
        settings = replace(
            settings,
            dispatch=parse_dispatch(top),
            connections=parse_connections(top),
            api_key=parse_api_key(server, environ),
            call_log=parse_call_log(server, base=path.parent),
            unknown_models=parse_unknown_models(server),
        )
    return _apply_environ(settings, environ)


def _default_tiers(usable: Collection[str]) -> tuple[TierSettings, ...]:
    return tuple(TierSettings(name=name, models=default_models(name, usable=usable)) for name in DEFAULT_TIERS)


def _environ_path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(ENV_PREFIX + name)
    return Path(value) if value else None


def _read_toml(path: Path) -> Table:
    try:
        text = path.read_bytes().decode("utf-8")
        return Table(tomllib.loads(text), str(path), lines=lines_of(text))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}). Name a TOML file, or leave it out.") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path}: not TOML: {exc}.") from exc


def _apply_file(settings: Settings, top: Table, *, base: Path) -> Settings:
    top.only(*KEYS)
    server = top.table("server")
    server.only("host", "port", "max_body_bytes", "api_key_variable", "unknown_models", "call_log")
    changes: dict[str, Any] = {"trusted_encoders": top.strings("trusted_encoders"), "envelopes": _parse_envelopes(top)}
    if (bundle := top.string("bundle")) is not None:
        changes["bundle"] = base / bundle
    if (host := server.string("host")) is not None:
        changes["host"] = host
    for key, low, high in (("port", 0, 65_535), ("max_body_bytes", 1_024, 1 << 30)):
        if (number := server.number(key, low=low, high=high, whole=True)) is not None:
            changes[key] = int(number)
    known = parse_catalog(top)
    changes["tiers"] = parse_tiers(top, known=known) if "tiers" in top else _overridden(settings.tiers, known)
    settings = _with_safe_tier(replace(settings, **changes), top)
    policies = parse_policies(top, settings.tier_names)
    rules = parse_rules(top, settings.tier_names, policies)
    turns = parse_turns(top.table("turns"), settings.tier_names)
    return replace(settings, policies=policies, rules=rules, turns=turns)


def _overridden(tiers: tuple[TierSettings, ...], known: Mapping[str, Any]) -> tuple[TierSettings, ...]:
    """The default tiers with the operator's own facts of their models."""
    return tuple(replace(tier, models=tuple(known[spec.model] for spec in tier.models)) for tier in tiers)


def _with_safe_tier(settings: Settings, top: Table) -> Settings:
    names, value = settings.tier_names, top.string("safe_tier")
    if value is None:
        fallback = settings.safe_tier if settings.safe_tier in names else names[-1]
        return replace(settings, safe_tier=fallback)
    if value not in names:
        hint = did_you_mean(value, names)
        raise top.problem("safe_tier", f"{value!r} is no tier; tiers are {', '.join(names)}.{hint}")
    return replace(settings, safe_tier=value)


def _parse_envelopes(top: Table) -> tuple[tuple[str, str], ...]:
    pairs = []
    for row in top.tables("envelopes"):
        row.only("start", "end")
        start, end = row.required_string("start"), row.required_string("end")
        for key, marker in (("start", start), ("end", end)):
            if not marker.strip():
                raise row.error(key, "a marker that is not blank")
        pairs.append((start, end))
    return tuple(pairs)


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
