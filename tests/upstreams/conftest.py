"""A service in front of an independent upstream, as a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.router.processes import serving

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Callable[[str], object]:
    """Makes a running service of a configuration; its address."""

    @contextmanager
    def run(config: str) -> Iterator[str]:
        folder = tmp_path_factory.mktemp("service")
        (folder / "tierwise.toml").write_text(f'bundle = "{ROOT / "models" / "fast"}"\n{config}')
        with serving("--config", "tierwise.toml", cwd=folder) as running:
            yield running.address

    return run
