"""Providers as data rows: where they are, which variable holds their key, which adapter calls them, and their quirks.

A provider that speaks a known dialect is a row of registry.json, or a row of the operator's; never code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from router.dialects.shared.provider import AwsKeys, Provider, Quirks
from router.dialects.shared.secret import Secret
from router.dialects.table import ADAPTERS
from router.errors import ConfigError

ADAPTER_NAMES = (*ADAPTERS, "echo")
AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_ROW_KEYS = frozenset(
    ("name", "adapter", "base_url", "key_variable", "variables", "key_required", "quirks", "docs", "checked")
)


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A row as written: nothing of the environment is in it.

    base_url: may name variables in braces.  variables: those, with their defaults; None where there is none.
    docs: where its documentation is.  checked: when and where the row was read.
    """

    name: str
    adapter: str
    base_url: str
    key_variable: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    key_required: bool = True
    quirks: Quirks = field(default_factory=Quirks)
    docs: str = ""
    checked: str = ""


@cache
def shipped_rows() -> Mapping[str, ProviderRow]:
    """The rows of registry.json by name."""
    rows = json.loads(Path(__file__).with_name("registry.json").read_text("utf-8"))["providers"]
    return MappingProxyType({row["name"]: row_from(row, source="registry.json") for row in rows})


def rows_with(own: Sequence[Mapping[str, Any]], *, source: str) -> dict[str, ProviderRow]:
    """The shipped rows with the operator's: a known name changes the keys that it gives, a new one adds a row.

    source: the file, for messages.  Raises ConfigError.
    """
    rows = dict(shipped_rows())
    for value in own:
        name = value.get("name")
        before = rows.get(name) if isinstance(name, str) else None
        row = row_from(value if before is None else {**_as_table(before), **value}, source=source)
        rows[row.name] = row
    return rows


def row_from(value: Mapping[str, Any], *, source: str) -> ProviderRow:
    """A row from a decoded table. Raises ConfigError that names source, provider and key."""
    name = value.get("name")
    if not isinstance(name, str) or not name or "/" in name:
        raise ConfigError(f"{source}: providers: name: expected a string without '/', found {name!r}.")
    where = f"{source}: providers.{name}"
    _only(value, _ROW_KEYS, where)
    adapter = value.get("adapter", "openai_compatible")
    if adapter not in ADAPTER_NAMES:
        raise ConfigError(f"{where}.adapter: expected one of {', '.join(ADAPTER_NAMES)}, found {adapter!r}.")
    variables = value.get("variables", {})
    if not isinstance(variables, Mapping) or not all(isinstance(v, str | None) for v in variables.values()):
        raise ConfigError(f"{where}.variables: expected a table of strings.")
    key_required = value.get("key_required", True)
    if not isinstance(key_required, bool):
        raise ConfigError(f"{where}.key_required: expected true or false, found {key_required!r}.")
    row = ProviderRow(
        name=name,
        adapter=adapter,
        base_url=_string(value, "base_url", where).rstrip("/"),
        key_variable=_string(value, "key_variable", where) if value.get("key_variable") is not None else None,
        variables=dict(variables),
        key_required=key_required,
        quirks=_quirks(value.get("quirks", {}), f"{where}.quirks"),
        docs=value.get("docs", ""),
        checked=value.get("checked", ""),
    )
    _check_url(row, where)
    return row


def provider_from(row: ProviderRow, environ: Mapping[str, str]) -> Provider | None:
    """The provider, joined with the environment; None where its key or a variable of its URL is not set.

    Raises ConfigError, never with a key in it, for a key that cannot be sent or a URL that is not http or https.
    """
    options = {name: environ.get(name) or default for name, default in row.variables.items()}
    if any(value is None for value in options.values()):
        return None
    key = _secret(environ, row.key_variable)
    aws_keys = _aws_keys(environ) if row.adapter == "bedrock" and key is None else None
    if row.key_required and key is None and aws_keys is None:
        return None
    given = {name: value for name, value in options.items() if value is not None}
    base_url = row.base_url
    for name, value in given.items():
        base_url = base_url.replace("{" + name + "}", value.rstrip("/"))
    if urlsplit(base_url).scheme not in ("http", "https", "echo") or not urlsplit(base_url).hostname:
        raise ConfigError(f"providers.{row.name}.base_url: expected an http or https URL, found {base_url!r}.")
    return Provider(
        name=row.name,
        adapter=row.adapter,
        base_url=base_url,
        key=key,
        quirks=row.quirks,
        options=MappingProxyType(given),
        aws_keys=aws_keys,
    )


def providers_from(rows: Mapping[str, ProviderRow], environ: Mapping[str, str]) -> dict[str, Provider]:
    """All providers that can be called with this environment, by name. Raises ConfigError."""
    found = {name: provider_from(row, environ) for name, row in rows.items()}
    return {name: provider for name, provider in found.items() if provider is not None}


def missing_variables(row: ProviderRow, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that would have to be set for the provider to be callable; () if it is."""
    missing = [name for name, default in row.variables.items() if not (environ.get(name) or default)]
    has_key = row.key_variable is not None and bool(environ.get(row.key_variable))
    has_aws = row.adapter == "bedrock" and all(environ.get(name) for name in AWS_VARIABLES[:2])
    if row.key_required and row.key_variable is not None and not has_key and not has_aws:
        missing.insert(0, row.key_variable)
    return tuple(missing)


def _secret(environ: Mapping[str, str], variable: str | None) -> Secret | None:
    value = environ.get(variable, "").strip() if variable is not None else ""
    if not value:
        return None
    try:
        return Secret(value)
    except ValueError as exc:
        raise ConfigError(f"{variable} (environment): {exc}.") from None


def _aws_keys(environ: Mapping[str, str]) -> AwsKeys | None:
    identity, secret, token = (_secret(environ, name) for name in AWS_VARIABLES)
    if identity is None or secret is None:
        return None
    return AwsKeys(access_key_id=identity.reveal(), secret_access_key=secret, session_token=token)


def _only(value: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in value:
        if key not in known:
            raise ConfigError(f"{where}.{key}: unknown key; known are {', '.join(sorted(known))}.")


def _string(value: Mapping[str, Any], key: str, where: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found:
        raise ConfigError(f"{where}.{key}: expected a string that is not empty, found {found!r}.")
    return found


_QUIRK_KINDS: dict[str, tuple[type, str]] = {
    "max_tokens_field": (str, "max_tokens or max_completion_tokens"),
    "strip": (list, "an array of strings"),
    "rename": (dict, "a table of strings"),
    "stream_options": (bool, "true or false"),
    "tool_ids": (str, "any or alnum9"),
    "developer_role": (bool, "true or false"),
}


def _quirks(value: Any, where: str) -> Quirks:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: expected a table, found {value!r}.")
    _only(value, frozenset(_QUIRK_KINDS), where)
    changes = dict(value)
    for key, found in value.items():
        kind, expected = _QUIRK_KINDS[key]
        if not isinstance(found, kind) or not _is_quirk(key, found):
            raise ConfigError(f"{where}.{key}: expected {expected}, found {found!r}.")
    if "strip" in changes:
        changes["strip"] = tuple(changes["strip"])
    return Quirks(**changes)


def _is_quirk(key: str, found: Any) -> bool:
    if key == "strip":
        return all(isinstance(item, str) for item in found)
    if key == "rename":
        return all(isinstance(item, str) for item in found.values())
    choices = {"max_tokens_field": ("max_tokens", "max_completion_tokens"), "tool_ids": ("any", "alnum9")}
    return key not in choices or found in choices[key]


def _check_url(row: ProviderRow, where: str) -> None:
    """A URL that names a variable which the row does not have would be sent with its braces."""
    rest = row.base_url
    for name in row.variables:
        rest = rest.replace("{" + name + "}", "x")
    if "{" in rest or "}" in rest:
        raise ConfigError(f"{where}.base_url: {row.base_url!r} names a variable that is not under `variables`.")
    if not row.variables and urlsplit(rest).scheme not in ("http", "https", "echo"):
        raise ConfigError(f"{where}.base_url: expected an http or https URL, found {row.base_url!r}.")


def _as_table(row: ProviderRow) -> dict[str, Any]:
    """The row as the table that `row_from` reads."""
    quirks = row.quirks
    return {
        "name": row.name,
        "adapter": row.adapter,
        "base_url": row.base_url,
        "key_variable": row.key_variable,
        "variables": dict(row.variables),
        "key_required": row.key_required,
        "quirks": {
            "max_tokens_field": quirks.max_tokens_field,
            "strip": list(quirks.strip),
            "rename": dict(quirks.rename),
            "stream_options": quirks.stream_options,
            "tool_ids": quirks.tool_ids,
            "developer_role": quirks.developer_role,
        },
        "docs": row.docs,
        "checked": row.checked,
    }
