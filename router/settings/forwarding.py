"""The keys about forwarding: providers, patience, and who may call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from router.dialects.shared.provider import Provider
from router.dialects.shared.secret import Secret
from router.providers.breaker import BreakerSettings
from router.providers.connection_settings import ConnectionSettings
from router.providers.registry import providers_from, rows_with
from router.providers.retry import DispatchSettings
from router.settings.toml_table import Table

UNKNOWN_MODELS = ("refuse", "auto")
STDERR: Final = "stderr"

_WAITS = ("base_wait_s", "longest_wait_s")
_PATIENCE = ("deadline_s", "first_event_s", "whole_answer_s", "between_bytes_s", "heartbeat_s")
SHORTEST_S = 0.01
"""Of patience: with none at all every call fails, and a heartbeat would never rest."""

LONGEST_S = 86_400.0
MOST_FAILURES = 1_000
MOST_CONNECTIONS = 1_000_000
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")


def parse_providers(top: Table | None, environ: Mapping[str, str]) -> dict[str, Provider]:
    """The providers that can be called with this environment; `[[providers]]` adds rows or changes shipped ones.

    Raises ConfigError naming provider and key.
    """
    if top is None:
        return providers_from(rows_with([], source=""), environ)
    tables = top.tables("providers")
    names: set[str] = set()
    for table in tables:
        name = table.required_string("name")
        if name in names:
            raise table.problem("name", f"{name!r} has a row already; write one.")
        names.add(name)
    return providers_from(rows_with([table.values for table in tables], source=top.where_of("providers")), environ)


def parse_dispatch(top: Table) -> DispatchSettings:
    """The table `[dispatch]` over the defaults. Raises ConfigError."""
    table = top.table("dispatch")
    table.only("retries", "drop_refused_parameters", "breaker", *_WAITS, *_PATIENCE)
    settings = DispatchSettings(breaker=_breaker(table.table("breaker")))
    if (retries := table.number("retries", low=0, high=10, whole=True)) is not None:
        settings = replace(settings, retries=int(retries))
    if (drop := table.flag("drop_refused_parameters")) is not None:
        settings = replace(settings, drop_refused_parameters=drop)
    seconds = {key: table.number(key, low=0.0, high=LONGEST_S) for key in _WAITS}
    seconds |= {key: table.number(key, low=SHORTEST_S, high=LONGEST_S) for key in _PATIENCE}
    changes: dict[str, Any] = {key: float(value) for key, value in seconds.items() if value is not None}
    return replace(settings, **changes)


def _breaker(table: Table) -> BreakerSettings:
    table.only("failures", "cooldown_s", "longest_cooldown_s")
    failures = table.number("failures", low=1, high=MOST_FAILURES, whole=True)
    cooldown_s, longest_s = (
        table.number(key, low=SHORTEST_S, high=LONGEST_S) for key in ("cooldown_s", "longest_cooldown_s")
    )
    default = BreakerSettings()
    settings = BreakerSettings(
        failures=default.failures if failures is None else int(failures),
        cooldown_s=default.cooldown_s if cooldown_s is None else float(cooldown_s),
        longest_cooldown_s=default.longest_cooldown_s if longest_s is None else float(longest_s),
    )
    if settings.longest_cooldown_s < settings.cooldown_s:  # it would quietly be the shorter of the two
        key = "cooldown_s" if longest_s is None else "longest_cooldown_s"
        raise table.problem(
            key,
            f"longest_cooldown_s is {settings.longest_cooldown_s:g}, cooldown_s {settings.cooldown_s:g}; "
            "expected the first to be at least the second: set both.",
        )
    return settings


def parse_connections(top: Table) -> ConnectionSettings:
    """The table `[connections]` over the defaults. Raises ConfigError."""
    table = top.table("connections")
    table.only("connect_s", "pool_s", "idle_s", "max_connections", "use_environment")
    most = table.number("max_connections", low=1, high=MOST_CONNECTIONS, whole=True)
    numbers = {
        "connect_s": table.number("connect_s", low=SHORTEST_S, high=LONGEST_S),  # 0 would be for ever
        "pool_s": table.number("pool_s", low=0.0, high=LONGEST_S),
        "idle_s": table.number("idle_s", low=0.0, high=LONGEST_S),
    }
    changes: dict[str, Any] = {key: float(value) for key, value in numbers.items() if value is not None}
    if most is not None:
        changes["max_connections"] = int(most)
    if (use_environment := table.flag("use_environment")) is not None:
        changes["use_environment"] = use_environment
    return ConnectionSettings(**changes)


def parse_api_key(server: Table, environ: Mapping[str, str]) -> Secret | None:
    """The key that clients must show, from the variable that `api_key_variable` names. Raises ConfigError."""
    variable = server.string("api_key_variable")
    if variable is None:
        return None
    value = environ.get(variable, "").strip()
    if not value:
        # Whoever wrote the key itself here should not find it in a log.
        name = f"{variable} is not" if _VARIABLE.fullmatch(variable) else "what it names is not"
        raise server.problem("api_key_variable", f"{name} set in the environment; expected a variable with the key.")
    try:
        return Secret(value)
    except ValueError as exc:
        raise server.problem("api_key_variable", f"{variable}: {exc}.") from None


def parse_call_log(server: Table, *, base: Path) -> Path | Literal["stderr"] | None:
    """Where calls are logged; a relative path starts at `base`. Whether it can be written shows at start."""
    value = server.string("call_log")
    if value is None:
        return None
    return STDERR if value == STDERR else base / value


def parse_unknown_models(server: Table) -> str:
    """`refuse` or `auto`. Raises ConfigError."""
    value = server.string("unknown_models") or UNKNOWN_MODELS[0]
    if value not in UNKNOWN_MODELS:
        raise server.error("unknown_models", f"one of {', '.join(UNKNOWN_MODELS)}")
    return value
