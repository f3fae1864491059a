"""Providers as data rows: where they are, which variable holds their key, which adapter calls them, and their quirks.

A provider that speaks a known dialect is a row of registry.json, or a row of the operator's; never code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

from router.checked.document import Document
from router.checked.kinds import Flag, Text, converted, known, matching
from router.checked.words import Place, found
from router.dialects.shared.provider import AwsKeys, Provider, Quirks
from router.dialects.shared.secret import Secret
from router.dialects.table import ADAPTERS
from router.errors import ConfigError

ADAPTER_NAMES = (*ADAPTERS, "echo")
AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
SCHEMES = ("http", "https", "echo")

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,60}")


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A row as written: nothing of the environment is in it.

    name: the part of a model's name before the slash.
    base_url: where it is; names of variables in braces are replaced.
    adapter: how it is spoken to.
    key_variable: the environment variable with its key.
    variables: the variables that base_url names, with their defaults.
    key_required: whether it can only be called with a key.
    quirks: where it differs from the dialect of its adapter.
    docs: where its documentation is.
    checked: when and where the row was read.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  read by pydantic; an annotation would make it a field

    name: Annotated[str, matching("^[^/]+$", "a string without '/'")]
    base_url: Annotated[str, converted(lambda url: url.rstrip("/"), "a URL", takes=Text)]
    adapter: Annotated[str, known("an adapter", ADAPTER_NAMES)] = "openai_compatible"
    key_variable: Text | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    key_required: Flag = True
    quirks: Quirks = field(default_factory=Quirks)
    docs: str = ""
    checked: str = ""


@cache
def shipped_rows() -> Mapping[str, ProviderRow]:
    """The rows of registry.json by name."""
    rows = json.loads(Path(__file__).with_name("registry.json").read_text("utf-8"))["providers"]
    document = Document(rows, "registry.json")
    made = _read(rows, {}, document)
    document.raise_faults(ConfigError)
    return MappingProxyType(made)


def rows_with(own: Sequence[Mapping[str, Any]], document: Document) -> dict[str, ProviderRow]:
    """The shipped rows with the operator's: a known name changes the keys that it gives, a new one adds a row.

    Adds the faults of the operator's rows to the document, where they are the array `providers`.
    """
    return dict(shipped_rows()) | _read(own, shipped_rows(), document)


def _read(
    values: Sequence[Mapping[str, Any]], before: Mapping[str, ProviderRow], document: Document
) -> dict[str, ProviderRow]:
    rows: dict[str, ProviderRow] = {}
    for index, value in enumerate(values):
        place: Place = ("providers", index)
        name = value.get("name")
        known_row = before.get(name) if isinstance(name, str) else None
        row = document.read(ProviderRow, value if known_row is None else {**asdict(known_row), **value}, place=place)
        if row is None:
            continue
        if row.name in rows:
            document.fault((*place, "name"), f"{row.name!r} has a row already; write one")
        if (wrong := _wrong_url(row)) is not None:
            document.fault((*place, "base_url"), wrong)
        rows[row.name] = row
    return rows


def provider_from(row: ProviderRow, environ: Mapping[str, str]) -> Provider | None:
    """The provider, joined with the environment; None where its key or a variable of its URL is not set.

    Raises ConfigError, never with a key in it, for a key that cannot be sent or a base_url that is not a URL.
    """
    options = {name: environ.get(name) or default for name, default in row.variables.items()}
    given = {name: value for name, value in options.items() if value is not None}
    if len(given) < len(options):
        return None
    key = _secret(environ, row.key_variable)
    aws_keys = _aws_keys(environ) if row.adapter == "bedrock" and key is None else None
    if row.key_required and key is None and aws_keys is None:
        return None
    base_url = row.base_url
    for name, value in given.items():
        base_url = base_url.replace("{" + name + "}", value.rstrip("/"))
    if urlsplit(base_url).scheme not in SCHEMES or not urlsplit(base_url).hostname:
        raise ConfigError(f"providers.{row.name}.base_url: expected an http or https URL, found {_shown(base_url)}.")
    return Provider(row.name, row.adapter, base_url, key, row.quirks, MappingProxyType(given), aws_keys)


def providers_from(
    rows: Mapping[str, ProviderRow], environ: Mapping[str, str], document: Document
) -> dict[str, Provider]:
    """All providers that can be called with this environment, by name. Adds their faults to the document."""
    callable_ones: dict[str, Provider] = {}
    for name, row in rows.items():
        try:
            provider = provider_from(row, environ)
        except ConfigError as exc:
            document.add("", "", str(exc))
            continue
        if provider is not None:
            callable_ones[name] = provider
    return callable_ones


def what_to_set(rows: Mapping[str, ProviderRow], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that are missing for each provider that cannot be called with this environment, by name."""
    found = {}
    for name, row in rows.items():
        missing = [variable for variable, default in row.variables.items() if not (environ.get(variable) or default)]
        if row.key_required and row.key_variable is not None and not environ.get(row.key_variable, "").strip():
            missing.insert(0, shown_variable(row.key_variable))
        if missing:
            found[name] = " and ".join(missing)
    return found


def shown_variable(name: str) -> str:
    """A variable's name for messages; an operator may have written the key itself in its place."""
    return name if _VARIABLE.fullmatch(name) else "the variable that key_variable names"


def no_provider_message(names: Iterable[str], unset: Mapping[str, str]) -> str:
    """Why a request cannot be sent to any of these providers, and the cures. unset: as `what_to_set` finds it."""
    wanted = dict.fromkeys(names)
    variables = [unset[name] for name in wanted if name in unset]
    unknown = [name for name in wanted if name not in unset]
    cures = []
    if variables:
        cures.append(f"set {' or '.join(variables)} (`tierwise doctor` lists the other providers that ship)")
    if unknown:
        cures.append(f"add a row in [[providers]] for {', '.join(unknown)}")
    return (
        f"No model that may answer is at a provider that can be called: {', or '.join(cures)} and start again. "
        "`tierwise init` writes a configuration for your keys; `tierwise serve --echo` (`make run ECHO=1`) "
        "answers without a provider."
    )


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


def _wrong_url(row: ProviderRow) -> str | None:
    """What is wrong with a row's URL; one that names an unknown variable would be sent with its braces."""
    rest = row.base_url
    for name in row.variables:
        rest = rest.replace("{" + name + "}", "x")
    if "{" in rest or "}" in rest:
        return f"{_shown(row.base_url)} names a variable that is not under `variables`"
    if not row.variables and urlsplit(rest).scheme not in SCHEMES:
        return f"expected an http or https URL, found {_shown(row.base_url)}"
    return None


def _shown(url: str) -> str:
    """The URL without the user name and password that it may have."""
    return found(re.sub("//[^/]*@", "//***@", url))
