"""What importing and deciding load: never training's libraries, and nothing before it is needed."""

from __future__ import annotations

import tomllib

import pytest

from tests.router.processes import ROOT, python

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


@pytest.mark.parametrize(
    "code",
    ["import router", "import tierwise", "import router.errors", "import router.types", "import router.commands.cli"],
)
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


def test_a_module_is_loaded_once_whichever_name_it_is_asked_for_by(tmp_path):
    code = """
import tierwise.brain.bundle.layout, tierwise.training.progress
from tierwise import training
from tierwise.core import Router
import router.core, router.brain.bundle.layout, training.progress as progress
assert tierwise.brain.bundle.layout is router.brain.bundle.layout
assert router.brain.bundle.layout.__spec__.name == "router.brain.bundle.layout"
assert training.progress is tierwise.training.progress is progress
assert Router is router.core.Router is tierwise.Router
try:
    import tierwise.no_such_module
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert python(code, cwd=tmp_path).strip() == "tierwise.no_such_module"


@pytest.mark.parametrize("package", ["router", "tierwise"])
def test_each_name_runs_the_command(tmp_path, package):
    code = f"""
import runpy, sys
sys.argv = ["tierwise", "--version"]
runpy.run_module("{package}", run_name="__main__", alter_sys=True)
"""
    assert python(code, cwd=tmp_path).startswith("tierwise ")


def test_the_help_lists_the_training_commands_and_loads_neither_their_libraries_nor_rich(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    code = f"""
import sys
from importlib.metadata import EntryPoint
from router.commands import plugins
names = {project["entry-points"]["tierwise.commands"]!r}
plugins._entry_points = lambda: {{name: EntryPoint(name, at, plugins.GROUP) for name, at in names.items()}}
from router.commands.cli import app
app(["--help"], standalone_mode=False)
loaded = {{name.partition(".")[0] for name in sys.modules}}
print(loaded & {{"numpy", "rich", "pydantic", "pydantic_core", "sklearn"}})
"""
    said = python(code, cwd=tmp_path).splitlines()
    assert said[-1] == "set()"
    assert [line.split()[0] for line in said if line.startswith("  ")][-4:] == ["audit", "compare", "evaluate", "fit"]
