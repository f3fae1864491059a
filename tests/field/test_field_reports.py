"""What went wrong at other gateways, replayed: each file is one public report, and a check of what is wanted.

A case has calls of a client, what the vendor does at each (`upstream`), and a condition over the answers.
"""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.field.vendors import Vendors, holds, vendors
from tests.router.processes import ROOT, serving

FILES = sorted((Path(__file__).parent / "cases").glob("*.json"))


@pytest.fixture(scope="module")
def every_vendor() -> Iterator[Vendors]:
    with vendors() as made:
        yield made


class Services:
    """The running service; another configuration starts another in its place."""

    def __init__(self, made: Vendors, folder: Path) -> None:
        self._vendors = made
        self._folder = folder
        self._config: Any = None
        self._running: Any = None

    def port(self, config: dict[str, Any]) -> int:
        """The port of a service with this configuration."""
        if self._running is None or config != self._config:
            self.close()
            path = self._folder / "tierwise.toml"
            text = self._vendors.config(**{"facts": {}, **config})
            path.write_text(f'bundle = "{ROOT / "models" / "fast"}"\n{text}', encoding="utf-8")
            self._running = serving("--config", str(path), cwd=self._folder)
            self._service, self._config = self._running.__enter__(), config
        return int(self._service.address.rstrip("/").rpartition(":")[2])

    def close(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None


@pytest.fixture(scope="module")
def services(every_vendor: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in every_vendor.environ.items():
            patch.setenv(name, value)
        made = Services(every_vendor, tmp_path_factory.mktemp("field"))
        yield made
        made.close()


def ask(port: int, call: dict[str, Any]) -> dict[str, Any]:
    """One call of a case; its answer."""
    method = call.get("method", "POST")
    raw = json.dumps(call.get("body", {})).encode() if method == "POST" else None
    headers = {"content-type": "application/json", **call.get("headers", {})}
    if raw is not None and call.get("gzip"):
        raw, headers["content-encoding"] = gzip.compress(raw), "gzip"
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        link.request(method, call["path"], raw, headers)
        answer = link.getresponse()
        text = answer.read().decode()
    finally:
        link.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return {
        "status": answer.status,
        "headers": {name.lower(): value for name, value in answer.getheaders()},
        "text": text,
        "json": json.loads(text) if is_json else {},
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fault_that_was_reported_elsewhere_does_not_happen_here(
    file: Path, every_vendor: Vendors, services: Services
) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    port = services.port(case.get("config", {}))
    answers = []
    for call in case["calls"]:
        every_vendor.seen.clear()
        every_vendor.rule = call.get("upstream", {})
        answers.append({**ask(port, call), "up": list(every_vendor.seen)})
    assert holds(case["check"], {"r": answers}), (case["want"], answers)


def test_the_cases_are_there() -> None:
    assert len(FILES) >= 28
