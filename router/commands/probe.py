"""What listens on this machine: ports, local model servers, and whether an address can be reached."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from router.providers.registry import ProviderRow

WAIT_S = 1.0
LARGEST_BYTES = 1_000_000
PORTS = {"http": 80, "https": 443}


def is_reachable(url: str) -> bool:
    """Whether something accepts connections at the URL's host and port; nothing is sent."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or PORTS[parts.scheme]), timeout=WAIT_S * 3):
            return True
    except (OSError, KeyError, ValueError):
        return False


def local_servers(rows: Mapping[str, ProviderRow], *, own_port: int) -> Iterator[tuple[str, list[str]]]:
    """(provider, its models) of each provider on this machine that answers at its row's address.

    own_port: tierwise's own, which llama.cpp's server has as its default too: never asked.
    """
    for name, row in rows.items():
        parts = urlsplit(row.base_url)
        if parts.hostname in ("127.0.0.1", "localhost") and parts.port != own_port and "{" not in row.base_url:
            models = served_models(row.base_url)
            if models:
                yield name, models


def served_models(base_url: str) -> list[str]:
    """The models that an OpenAI-compatible server lists; [] where there is no such server."""
    listed = answer_of(f"{base_url}/models")
    data = listed.get("data") if isinstance(listed, dict) else None
    found = [entry.get("id") for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    return [name for name in found if isinstance(name, str) and name.isprintable()]


def is_tierwise(address: str) -> bool:
    """Whether a tierwise answers at an address, such as http://127.0.0.1:8080."""
    health = answer_of(f"{address}/healthz")
    return isinstance(health, dict) and health.keys() == {"status", "version"}


def answer_of(url: str) -> object:
    """What a local URL answers, decoded from JSON; None where it does not answer with JSON."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=WAIT_S) as answer:
            decoded: object = json.loads(answer.read(LARGEST_BYTES))
            return decoded
    except (OSError, ValueError, urllib.error.URLError):
        return None
