"""What importing and deciding load: never training's libraries, and nothing before it is needed."""

from __future__ import annotations

import pytest

from tests.router.processes import python

TRAINING_ONLY = ["torch", "sklearn", "pandas", "scipy", "sentence_transformers", "transformers", "joblib", "pyarrow"]


def loaded(code, cwd):
    program = f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    return set(python(program, cwd=cwd).splitlines()[-1].split())


def test_a_decision_by_the_whole_service_loads_nothing_of_training(tmp_path):
    code = """
import router, router.app, router.commands.cli, router.commands.server
from router import Router
decision = Router.load(environ={}).route({"prompt": "Why does it deadlock?", "router": {"explain": True}})
app = router.app.create_app(Router.load(environ={}))
assert decision.tier and app.openapi()
"""
    found = loaded(code, tmp_path)
    assert {"numpy", "tokenizers", "fastapi"} <= found
    assert not found & {*TRAINING_ONLY, "training"}


def test_the_library_decides_without_the_web_stack(tmp_path):
    found = loaded("from router import Router\nRouter.load(environ={}).route('hi')", tmp_path)
    assert not found & {
        *TRAINING_ONLY,
        "training",
        "fastapi",
        "starlette",
        "uvicorn",
        "httpx2",
        "aiohttp",
        "typer",
        "rich",
    }


@pytest.mark.parametrize("code", ["import router", "import router.errors", "import router.commands.cli"])
def test_importing_loads_neither_arrays_nor_the_web_stack(tmp_path, code):
    found = loaded(code, tmp_path)
    assert not found & {
        *TRAINING_ONLY,
        "training",
        "numpy",
        "pydantic",
        "tokenizers",
        "safetensors",
        "fastapi",
        "uvicorn",
        "httpx2",
        "aiohttp",
    }


def test_importing_the_service_opens_nothing_and_reads_no_environment(tmp_path):
    code = """
import os, socket, threading
os.environ["TIERWISE_BUNDLE"] = "nowhere"
os.environ["TIERWISE_PORT"] = "no port"
import router, router.app, router.commands.cli, router.core, router.commands.server, router.settings
assert threading.active_count() == 1
print("fine")
"""
    assert python(code, cwd=tmp_path).strip() == "fine"


def test_the_package_offers_its_names_and_no_others(tmp_path):
    code = """
import router
assert sorted(router.__all__) == ["RouteDecision", "Router", "__version__"]
assert all(getattr(router, name) for name in router.__all__)
try:
    router.no_such_name
except AttributeError as error:
    print(error)
"""
    assert "no_such_name" in python(code, cwd=tmp_path)
