"""Addresses that the service refuses to listen on."""

from __future__ import annotations

from router.errors import ConfigError
from router.providers.own_address import calls_itself
from router.settings import Settings
from router.settings.door import is_loopback


def refuse_open_address(settings: Settings) -> None:
    """Raise ConfigError for an address that others reach where no key is asked for."""
    if settings.api_key is None and not settings.door.insecure and not is_loopback(settings.host):
        raise ConfigError(
            f"host {settings.host}: others reach this address, and without a key each of them may spend your money. "
            "Set [server] api_key_variable to the name of an environment variable with a key, or listen on 127.0.0.1, "
            "or add --insecure ([server] insecure = true) if you mean it."
        )


def refuse_own_address(settings: Settings, port: int) -> None:
    """Raise ConfigError where a model that may be called is at the service's own address. port: that it listens on."""
    used = {model.provider for tier in settings.tiers for model in tier.models}
    used |= {
        policy.cascade.judge.model.partition("/")[0]
        for policy in settings.policies.values()
        if policy.cascade is not None and policy.cascade.judge is not None
    }
    providers = [one for name, one in settings.providers.items() if name in used]
    for one in calls_itself(providers, host=settings.host, port=port):
        raise ConfigError(
            f"providers.{one.name}.base_url: {one.base_url} is this service's own address, so each request would call "
            "itself without end. Name the provider's address, or listen elsewhere: tierwise serve --port 8081."
        )
