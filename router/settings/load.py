"""The file and the environment -> Settings, or one ConfigError with every fault of them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from router.brain.bundle.shipped import shipped_bundle
from router.catalog import DEFAULT_TIERS
from router.checked.document import Document
from router.checked.toml_lines import lines_of
from router.dialects.shared.provider import Provider
from router.dialects.shared.secret import Secret
from router.errors import ConfigError
from router.providers.registry import ProviderRow, providers_from, rows_with, shown_variable, what_to_set
from router.settings.door import Door
from router.settings.file import ConfigFile
from router.settings.policies import build_policies, limits_by_turn
from router.settings.rules import build_rules
from router.settings.tiers import build_tiers
from router.settings.values import DEFAULT_SAFE_TIER, SHIPPED_POLICIES, STDERR, Settings, with_echo

ENV_PREFIX = "TIERWISE_"
ENV_VARIABLES = ("CONFIG", "BUNDLE", "DATA", "ECHO", "HOST", "PORT", "INSECURE")
"""Variables that are read, behind the prefix. DATA is for training; ECHO=1 is `serve --echo`."""

_SWITCH = {"": False, "0": False, "1": True}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")


def load_settings(environ: Mapping[str, str] | None = None, *, config: Path | None = None) -> Settings:
    """Settings from a TOML file and the environment.

    environ: the variables; the process's own if None.
    config: the file; if None, TIERWISE_CONFIG names it; if that is unset, no file is read.
    Raises ConfigError with all faults, one per line.
    """
    environ = os.environ if environ is None else environ
    path = config if config is not None else _path(environ, "CONFIG")
    document = Document({}, "the default configuration") if path is None else _read_toml(path)
    file = document.read(ConfigFile, document.value, context=_names(document.value))
    changes = _from_environ(environ, document)
    rows = _rows(document)
    providers = providers_from(rows, environ, document)
    document.raise_faults(ConfigError)
    assert file is not None, "a file that cannot be read has faults"
    settings = _build(file, document, environ, providers, base=Path() if path is None else path.parent)
    document.raise_faults(ConfigError)
    unset = {name: words for name, words in what_to_set(rows, environ).items() if name not in providers}
    variables = {name: shown_variable(row.key_variable) for name, row in rows.items() if row.key_variable is not None}
    settings = replace(settings, unset=unset, key_variables=variables, **changes)
    return with_echo(settings) if environ.get(f"{ENV_PREFIX}ECHO") == "1" else settings


def _names(value: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a file defines and refers to, as far as they can be read before it is checked."""
    tables = value.get("tiers")
    named = [table.get("name") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    tiers = tuple(name for name in named if isinstance(name, str)) or DEFAULT_TIERS
    policies = value.get("policies")
    return {"a tier": tiers, "a policy": (*SHIPPED_POLICIES, *(policies if isinstance(policies, dict) else ()))}


def _rows(document: Document) -> dict[str, ProviderRow]:
    """The rows of providers, with the file's over the shipped ones."""
    own = document.value.get("providers", [])
    is_array = isinstance(own, list) and all(isinstance(row, dict) for row in own)
    return rows_with(own if is_array else [], document)


def _build(
    file: ConfigFile,
    document: Document,
    environ: Mapping[str, str],
    providers: Mapping[str, Provider],
    *,
    base: Path,
) -> Settings:
    """The settings of a checked file; what is wrong across its tables is added to the document."""
    server = file.server
    api_key = _api_key(server.api_key_variable, environ, document)
    door = _door(server.door, environ, document)
    if "*" in door.cors_origins and api_key is None and not door.insecure:
        cure = "name the origins, or set api_key_variable (insecure = true for those who mean it)"
        document.fault(("server", "cors_origins"), f'"*" lets every page call, and there is no key; {cure}')
    tiers = build_tiers(file, document, usable=providers)
    names = tuple(tier.name for tier in tiers)
    policies = build_policies(file, document)
    return Settings(
        bundle=shipped_bundle() if file.bundle is None else base / file.bundle,
        tiers=tiers,
        safe_tier=file.safe_tier or (DEFAULT_SAFE_TIER if DEFAULT_SAFE_TIER in names else names[-1]),
        policies=policies,
        rules=build_rules(file, document, names, policies),
        turns=limits_by_turn(file.turns),
        envelopes=tuple((envelope.start, envelope.end) for envelope in file.envelopes),
        trusted_encoders=file.trusted_encoders,
        host=server.host,
        port=server.port,
        max_body_bytes=server.max_body_bytes,
        call_log=STDERR if server.call_log == STDERR else None if server.call_log is None else base / server.call_log,
        providers=providers,
        unset={},
        key_variables={},
        dispatch=file.dispatch,
        connections=file.connections,
        api_key=api_key,
        unknown_models=server.unknown_models,
        grace_s=server.grace_s,
        door=door,
    )


def _door(door: Door, environ: Mapping[str, str], document: Document) -> Door:
    """The file's, with the environment's word on `insecure` over it."""
    value = environ.get(f"{ENV_PREFIX}INSECURE", "")
    if value not in _SWITCH:
        document.add(f"{ENV_PREFIX}INSECURE={value[:40]!r} (environment)", "", "expected 1 or 0")
    return replace(door, insecure=_SWITCH.get(value, False)) if value else door


def _read_toml(path: Path) -> Document:
    try:
        text = path.read_bytes().decode("utf-8")
        return Document(tomllib.loads(text), str(path), lines=lines_of(text))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}). Name a TOML file, or leave it out.") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path}: not TOML: {exc}.") from exc


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(ENV_PREFIX + name)
    return Path(value) if value else None


def _api_key(variable: str | None, environ: Mapping[str, str], document: Document) -> Secret | None:
    if variable is None:
        return None
    place = ("server", "api_key_variable")
    value = environ.get(variable, "").strip()
    if not value:
        # An operator may have written the key itself here: it must not get into a log.
        name = f"{variable} is" if _VARIABLE.fullmatch(variable) else "the environment variable it names is"
        document.fault(place, f"{name} not set in the environment; set it to the key")
        return None
    try:
        return Secret(value)
    except ValueError as exc:
        document.fault(place, f"{variable}: {exc}")
        return None


def _from_environ(environ: Mapping[str, str], document: Document) -> dict[str, Any]:
    """What the environment sets over the file."""
    changes: dict[str, Any] = {}
    if (bundle := _path(environ, "BUNDLE")) is not None:
        changes["bundle"] = bundle
    if host := environ.get(ENV_PREFIX + "HOST"):
        changes["host"] = host
    if port := environ.get(ENV_PREFIX + "PORT"):
        if port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535:
            changes["port"] = int(port)
        else:
            document.add(f"{ENV_PREFIX}PORT={port!r} (environment)", "", "expected a port in 0..65535")
    return changes
