"""`tierwise doctor`: whether a configuration works on this machine, part by part, with the cure of each fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from router.app import dispatcher_of
from router.brain.bundle.load import verify_files
from router.catalog import typical_cost_usd, without_defaults
from router.commands.client_settings import client_findings
from router.commands.findings import Finding, findings
from router.commands.probe import is_reachable, is_tierwise, local_servers
from router.commands.server import bind
from router.core import Router
from router.dialects.conversation import Conversation, Text, Turn, UpstreamFailure
from router.dialects.shared.failures import client_message
from router.dialects.shared.prepared import Call
from router.errors import BundleError, ConfigError
from router.providers.breaker import Breaker
from router.providers.calls import Answered, Attempt, Exhausted, Settlement
from router.providers.connections import Connections
from router.providers.registry import shipped_rows
from router.settings import Settings
from router.settings.values import why_not_ready
from router.types import ModelSpec, Target

SPENT_TOKENS = 16
"""Of the answer that a tiny call may have."""

TINY = Conversation(turns=(Turn("user", (Text("Say hi."),)),), max_output_tokens=SPENT_TOKENS)


def examined(router: Router, environ: Mapping[str, str], *, home: Path, spend: bool) -> Iterator[Finding]:
    """A finding for each part, in the order in which a request meets them.

    environ: of the process.  home: the folder of clients' own settings.  spend: whether to make the tiny calls.
    """
    settings = router.settings
    yield _bundle(router)
    yield from (finding for finding in findings(router) if finding.what != "providers")
    yield from _providers(settings)
    yield from _local(settings)
    if spend:
        yield from asyncio.run(_calls(settings))
    yield _port(settings)
    yield from client_findings(environ, home=home, port=settings.port)


def other_providers(settings: Settings) -> str:
    """The shipped providers that are not set up, with their variables."""
    reasons = without_defaults()
    unset = [f"{name} ({words})" for name, words in settings.unset.items() if name in shipped_rows()]
    plain = [entry for entry in unset if entry.partition(" ")[0] not in reasons]
    return ", ".join(plain)


def _bundle(router: Router) -> Finding:
    manifest = router.bundle.manifest
    try:
        verify_files(router.settings.bundle, manifest)
    except BundleError as exc:
        return Finding("bundle", str(exc))
    says = f"{manifest.id}, {len(manifest.files)} files match, {router.bundle.n_golden} golden prompts reproduced"
    return Finding("bundle", says, True)


def _providers(settings: Settings) -> Iterator[Finding]:
    """Whether each provider of the tiers can be reached; nothing is sent."""
    if not settings.has_provider:
        yield Finding("providers", why_not_ready(settings))
    for name in settings.serving:
        provider = settings.providers[name]
        if name == "echo":
            continue
        has_key = f"{settings.key_variables[name]} is set" if provider.key is not None else "without a key"
        if is_reachable(provider.base_url):
            yield Finding(f"provider {name}", f"{has_key}, its address accepts connections", True)
        else:
            says = "its base_url accepts no connection: is the server running, is the network there, is the URL right?"
            yield Finding(f"provider {name}", says)


def _local(settings: Settings) -> Iterator[Finding]:
    """Local servers that no tier uses."""
    for name, models in local_servers(shipped_rows(), own_port=settings.port):
        if name not in settings.serving:
            says = f"serves {', '.join(models[:3])} on this machine, and no tier names it; `tierwise init` can add it"
            yield Finding(f"provider {name}", says, None)


def _port(settings: Settings) -> Finding:
    what = f"port {settings.port}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        bind(settings.host, settings.port).close()
    except ConfigError as exc:
        if is_tierwise(f"http://{host}:{settings.port}"):
            return Finding(what, "a tierwise answers there", True)
        return Finding(what, str(exc))
    return Finding(what, f"free on {settings.host}", True)


class _NoAccount:
    """Tiny calls are not recorded."""

    keeps_answers = False

    def begins(self, _target: Target, /) -> UpstreamFailure | None:
        """Allow it."""

    def ended(self, _attempt: Attempt, /) -> None:
        """Forget it."""

    def settled(self, _settlement: Settlement, /) -> None:
        """Forget it."""


async def _calls(settings: Settings) -> list[Finding]:
    """One tiny call of each provider of the tiers, of its cheapest model."""
    found = []
    once = replace(settings, dispatch=replace(settings.dispatch, retries=0, deadline_s=60.0))
    async with Connections(once.connections) as connections:
        dispatcher = dispatcher_of(once, connections, Breaker(once.dispatch.breaker, time.monotonic))
        for target in _cheapest(settings):
            outcome = await dispatcher.dispatch((target,), Call(TINY, stream=False), account=_NoAccount())
            what = f"call of {target.name}"
            if isinstance(outcome, Exhausted):
                kind, words = outcome.failure.kind, client_message(outcome.failure)
                found.append(Finding(what, f"{kind.value}: {words}; check its key, its name and the account"))
            else:
                assert isinstance(outcome, Answered), "the call asks for no stream"
                found.append(Finding(what, "it answers", True))
    return found


def _cheapest(settings: Settings) -> list[Target]:
    """The cheapest model of each provider that can be called."""
    first: dict[str, tuple[ModelSpec, str]] = {}
    for tier in settings.tiers:
        for model in tier.models:
            known = first.get(model.provider)
            if model.provider != "echo" and (known is None or typical_cost_usd(model) < typical_cost_usd(known[0])):
                first[model.provider] = model, tier.name
    return [Target.of(tier, spec.model, spec) for name, (spec, tier) in first.items() if name in settings.providers]
