"""The base URLs that clients on this machine are set to, and what is wrong with those that mean this service."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from router.commands.findings import Finding

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_BYTES = 4_000_000


def client_findings(environ: Mapping[str, str], *, home: Path, port: int) -> Iterator[Finding]:
    """A finding for each client setting that points at this machine.

    port: that this service has.  Sources of the paths: tests/README.md, what each client appends to its base URL.
    """
    yield from _anthropic("ANTHROPIC_BASE_URL", environ.get("ANTHROPIC_BASE_URL"), port)
    yield from _openai("OPENAI_BASE_URL", environ.get("OPENAI_BASE_URL"), port)
    claude = home / ".claude" / "settings.json"
    yield from _anthropic(f"Claude Code ({claude})", _at(_json(claude), "env", "ANTHROPIC_BASE_URL"), port)
    codex = Path(environ.get("CODEX_HOME") or home / ".codex") / "config.toml"
    yield from _codex(codex, port)
    folder = environ.get("OPENCLAW_STATE_DIR") or home / ".openclaw"
    yield from _openclaw(Path(environ.get("OPENCLAW_CONFIG_PATH") or Path(folder) / "openclaw.json"), port)


def _codex(path: Path, port: int) -> Iterator[Finding]:
    for name, row in _tables(_at(_toml(path), "model_providers")):
        what = f"Codex ({path}, {name})"
        found = list(_openai(what, row.get("base_url"), port))
        yield from found
        if not found or not found[0].good:
            continue
        if row.get("wire_api", "responses") != "responses":
            yield Finding(what, 'set wire_api = "responses": newer releases speak nothing else')
        if "request_max_retries" not in row:
            says = "set request_max_retries = 1 and stream_max_retries = 1: it asks 30 times when all is down"
            yield Finding(what, says, None)


def _openclaw(path: Path, port: int) -> Iterator[Finding]:
    for name, row in _tables(_at(_json(path), "models", "providers")):
        is_anthropic = row.get("api") == "anthropic-messages" or name == "clawrouter"
        check = _anthropic if is_anthropic else _openai
        yield from check(f"OpenClaw ({path}, {name})", row.get("baseUrl"), port)


def _anthropic(what: str, url: object, port: int) -> Iterator[Finding]:
    """A base URL to which the client appends /v1/messages."""
    yield from _checked(what, url, port, path="", appends="/v1/messages")


def _openai(what: str, url: object, port: int) -> Iterator[Finding]:
    """A base URL to which the client appends /chat/completions or /responses."""
    yield from _checked(what, url, port, path="/v1", appends="/chat/completions or /responses")


def _checked(what: str, url: object, port: int, *, path: str, appends: str) -> Iterator[Finding]:
    if not isinstance(url, str) or (parts := _loopback(url)) is None:
        return  # another service's
    wanted = f"http://{parts[0]}:{port}{path}"
    if parts[1] != port:
        yield Finding(what, f"points to port {parts[1]}, and tierwise has {port}: set {wanted}", None)
    elif parts[2] != path:
        ending = f"ends in {parts[2]!r}" if parts[2] else "has no path"
        yield Finding(what, f"{ending}, and the client appends {appends}: set {wanted}")
    else:
        yield Finding(what, f"is {wanted}", True)


def _loopback(url: str) -> tuple[str, int, str] | None:
    """(host, port, path) of a URL on this machine; None for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    if parts.hostname not in LOOPBACK:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host, port, parts.path.rstrip("/")


def _tables(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables of a table, by name."""
    if isinstance(value, dict):
        yield from ((name, row) for name, row in value.items() if isinstance(row, dict))


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _json(path: Path) -> object:
    try:
        decoded: object = json.loads(_text(path))
        return decoded
    except (OSError, ValueError):
        return None


def _toml(path: Path) -> object:
    try:
        return tomllib.loads(_text(path))
    except (OSError, ValueError):
        return None


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES).decode("utf-8")
