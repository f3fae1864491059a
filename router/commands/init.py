"""`tierwise init`: a commented configuration for the keys and local servers that are here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from router.catalog import DEFAULT_TIERS, catalog, default_models, without_defaults
from router.checked.words import not_one_of, sentence
from router.commands.probe import local_servers
from router.errors import ConfigError
from router.providers.registry import ProviderRow, provider_from, shipped_rows, what_to_set
from router.types import ModelSpec

DEFAULT_PORT = 8080
MOST_LOCAL = 3
"""Models of a local server that are proposed; the file says where to add others."""

HEAD = """\
# tierwise: which models answer. Written by `tierwise init`; change it as you like, then:
#   tierwise check --config {out}        what is in force, with prices
#   tierwise doctor --config {out}       whether it works here
#   tierwise serve --config {out}
# Every key is described in docs/configure.md. Keys of providers are never in this file: they are read from the
# environment, here {variables}.

# At most this share of the requests may lose quality against the strongest tier.
# max_quality_loss = 0.05

# Tiers, cheap to strong, and the models of each, the preferred one first: the next is asked where one fails.
"""
TAIL = """
[server]
host = "127.0.0.1"
port = 8080
# api_key_variable = "TIERWISE_KEY"     # clients must send the key in this variable; without it all may call
# call_log = "calls.jsonl"              # a line of JSON per call: ids, sizes, times, cost, no text
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The providers that can be used here.

    keyed: those whose key and other variables are set, and whose models the catalog has.
    local: models by provider of the servers that listen on this machine.
    unusable: providers whose key is set and is not enough, with what to do.
    """

    keyed: tuple[str, ...]
    local: Mapping[str, Sequence[str]]
    unusable: Mapping[str, str]


def look_around(environ: Mapping[str, str]) -> Found:
    """The providers that can be used with this environment and on this machine. Raises ConfigError for a wrong key."""
    rows = shipped_rows()
    set_up = [name for name, row in rows.items() if row.key_required and provider_from(row, environ) is not None]
    with_key = [name for name, row in rows.items() if row.key_required and environ.get(row.key_variable or "")]
    reasons = {name: f"set {variables}" for name, variables in what_to_set(rows, environ).items()} | without_defaults()
    return Found(
        keyed=tuple(name for name in set_up if name not in without_defaults()),
        local=dict(local_servers(rows, own_port=DEFAULT_PORT)),
        unusable={name: reasons[name] for name in with_key if name in reasons},
    )


def chosen(names: Sequence[str], found: Found) -> tuple[str, ...]:
    """The providers to use: those that were asked for, else all that were found. Raises ConfigError for none."""
    reasons = without_defaults()
    for name in names:
        if name not in shipped_rows():
            raise ConfigError(sentence(f"--provider: {not_one_of(name, sorted(shipped_rows()), 'a provider')}"))
        if name in reasons and name not in found.local:
            raise ConfigError(f"--provider {name}: {reasons[name]}.")
    picked = tuple(dict.fromkeys(names)) or (*found.keyed, *found.local)
    if not picked and found.unusable:
        cures = "; ".join(f"{name}: {reason}" for name, reason in found.unusable.items())
        raise ConfigError(f"a key is set, but it fills no tier alone. {cures}. Or set the key of another provider.")
    if not picked:
        raise ConfigError(f"no provider was found. Set the key of one ({_all_variables()}), or start a local server.")
    return picked


def proposed(names: Collection[str], found: Found) -> dict[str, tuple[ModelSpec, ...]]:
    """The models of each tier, the cheapest first. A local server's are free: they are proposed for the first tier."""
    local = [
        ModelSpec(f"{name}/{model}", 0.0, 0.0)
        for name, models in found.local.items()
        if name in names
        for model in models[:MOST_LOCAL]
    ]
    keyed = [name for name in names if name not in found.local]
    tiers = {tier: default_models(tier, usable=keyed) if keyed else () for tier in DEFAULT_TIERS}
    first = DEFAULT_TIERS[0]
    return {tier: (*(local if tier == first or not models else ()), *models) for tier, models in tiers.items()}


def file_text(tiers: Mapping[str, Sequence[ModelSpec]], *, out: Path) -> str:
    """The file. It holds names of variables and never a value of one."""
    providers = dict.fromkeys(model.provider for models in tiers.values() for model in models)
    rows = [shipped_rows()[name] for name in providers]
    variables = ", ".join(row.key_variable for row in rows if row.key_variable and row.key_required) or "none"
    text = HEAD.format(out=out, variables=variables)
    return text + "\n".join(_tier_text(name, models) for name, models in tiers.items()) + TAIL


def write_file(text: str, *, out: Path, force: bool) -> None:
    """Write the file. Raises ConfigError where it exists and may not be replaced, or cannot be written."""
    try:
        with out.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{out} exists. Name another file with --out, or replace it with --force.") from None
    except OSError as exc:
        raise ConfigError(f"{out}: cannot be written ({exc.strerror}). Name another file with --out.") from exc


def _tier_text(name: str, models: Sequence[ModelSpec]) -> str:
    rows = "\n".join(_model_line(model) for model in models)
    return f'[[tiers]]\nname = "{name}"\nmodels = [\n{rows}\n]\n'


def _model_line(model: ModelSpec) -> str:
    if model.model in catalog():
        price = f"{model.input_usd_per_million:g} USD in, {model.output_usd_per_million:g} out"
        return f'  "{model.model}",  # {price}, per million tokens ({catalog()[model.model].checked})'
    quoted = model.model.replace("\\", "\\\\").replace('"', '\\"')
    return f'  {{ model = "{quoted}", input_usd_per_million = 0.0, output_usd_per_million = 0.0 }},  # on this machine'


def _all_variables() -> str:
    return ", ".join(_variable(row) for row in shipped_rows().values() if row.key_required and row.key_variable)


def _variable(row: ProviderRow) -> str:
    return f"{row.key_variable}"
