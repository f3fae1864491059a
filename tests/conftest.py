"""Parts that many tests share: real ones, made once. Nothing heavy is imported until a test asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from router.core import Router

# Each worker has a core to itself; threads of the linear algebra would wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

# A time limit an example would make the outcome depend on how busy the machine is.
hypothesis.settings.register_profile("tierwise", deadline=None)
hypothesis.settings.load_profile("tierwise")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch) -> None:
    """No TIERWISE_ variable of the developer's own shell decides a test."""
    for name in [name for name in os.environ if name.startswith("TIERWISE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The folder of the shipped token-table bundle; what is tested on it is the same for `default`, and slower."""
    return Path(__file__).parents[1] / "models" / "fast"


@pytest.fixture(scope="session")
def router(shipped: Path) -> Router:
    """A router with the shipped token-table bundle and nothing configured."""
    from router.core import Router

    return Router.load(shipped, environ={})


@pytest.fixture(scope="session")
def client(router) -> Iterator[Any]:
    """The service, in process; an exception in a handler fails the test."""
    from fastapi.testclient import TestClient

    from router.app import create_app

    with TestClient(create_app(router), base_url="http://127.0.0.1") as test_client:
        yield test_client


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory) -> Path:
    """A real bundle of a few kilobytes; only to be read."""
    from tests.router.tiny_bundle import write_tiny_bundle

    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def bundle_copy(tiny_bundle, tmp_path) -> Path:
    """A copy of the tiny bundle, to be damaged."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))


@pytest.fixture
def scratch_bundle(tiny_bundle, tmp_path_factory) -> Callable[[], Path]:
    """Makes a fresh copy of the tiny bundle at each call: in a property test one fixture lasts for all examples."""
    folder = tmp_path_factory.mktemp("scratch") / "bundle"

    def fresh() -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(tiny_bundle, folder))

    return fresh
