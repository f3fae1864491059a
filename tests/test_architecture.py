"""Imports point one way, and each kind of I/O has one owner.

The tables say who may import whom. `violations` reads the source with `ast`, never importing it; the second half of
this file adds one wrong line at a time to the parsed modules and asserts that it is found.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.source_tree import ROOT, Import, Module, imports, modules, parsed, top, walk

# --- Who may import whom ----------------------------------------------------------------------------------------------
# A unit is a module or a sub-package directly in `router`, or `router` itself (its __init__). A unit may import itself
# and what its row names. A new unit needs a row: that is where its place is decided.

BASE = {"errors", "types", "jsontext", "decision"}
SIBLINGS = {"dialects", "reading", "brain", "policy", "providers", "ledger"}
CORE = BASE | SIBLINGS | {"settings", "catalog"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "types": {"errors"},
    "jsontext": {"errors", "types"},
    "decision": {"jsontext", "types"},
    "checked": {"errors"},  # reads decoded files; knows no file of ours
    "catalog": BASE,
    # Siblings: of each other they know only what they need.
    "dialects": BASE | {"checked"},
    "reading": BASE,
    "policy": BASE | {"checked"},
    "brain": BASE | {"checked", "reading", "policy"},  # scores what reading shows; golden decisions use the one rule
    "providers": BASE | {"checked", "dialects"},  # sends and receives what dialects write and read
    "ledger": BASE,
    "pages": BASE,  # the template kit, for the service's page and for training's reports
    # Checks rules and provider rows at start; joins the bundle's curve and the configured targets.
    "settings": BASE | {"brain", "catalog", "checked", "dialects", "policy", "providers", "reading"},
    # The joints.
    "core": CORE,
    "account": BASE | {"catalog", "dialects", "providers"},  # records of what dispatch reports, for listeners
    # From client to provider and back.
    "forward": BASE | {"account", "catalog", "core", "dialects", "policy", "providers"},
    "endpoints": CORE | {"account", "core", "forward", "pages", "router"},  # the version
    "doors": CORE | {"core"},
    "app": CORE | {"account", "core", "endpoints", "doors", "forward", "router"},
    "commands": CORE | {"account", "app", "checked", "core", "doors", "endpoints", "forward", "router"},
    "__main__": {"commands"},
    "router": BASE | {"core"},  # the library's face: Router, its errors and its types
}
TRAINING_MAY_IMPORT = BASE | {"brain", "catalog", "checked", "dialects", "pages", "reading"}
LABELLING_MAY_IMPORT = TRAINING_MAY_IMPORT | {"providers"}  # asks stronger models for labels

# The rooms of `training`, each with those that it may import; `training` itself is the public face (its __init__).
FITTED = {"rows", "labels", "config", "thresholds", "dressing", "fitting", "measure", "progress"}
ROOMS: dict[str, set[str]] = {
    "extras": set(),
    "progress": set(),
    "rows": set(),  # files to rows and groups
    "dressing": set(),  # an ask in the forms that harnesses and habits put around it
    "labels": {"rows"},  # rows to what each tier would lose
    "config": {"rows", "labels"},
    "thresholds": {"rows", "labels"},  # scores and labels to thresholds with their bounds
    "fitting": {"rows", "labels", "config", "dressing", "progress"},  # rows to a brain
    # A brain on rows to figures.
    "measure": {"rows", "labels", "config", "dressing", "fitting", "progress", "thresholds"},
    "report": {"rows", "measure", "thresholds"},  # figures to pages
    "held_out": FITTED,  # rows held out, what is promised from them and measured on them
    "pipeline": FITTED | {"held_out", "report"},  # all of it, in order
    "evaluate_bundle": FITTED | {"report"},
    "compare_bundles": FITTED | {"held_out", "report"},  # two of them on the same rows
    "auditing": {"rows", "labels", "config", "measure"},
    "inputs": {"rows", "labels", "fitting", "progress"},  # what the face accepts, opened
    "training": FITTED
    | {"held_out", "report", "pipeline", "evaluate_bundle", "compare_bundles", "auditing", "inputs", "extras"},
    "labelling": {"rows", "labels", "config", "progress"},
    "commands": {"training", "config", "measure", "extras", "thresholds", "report"},
    # Maintainers' scripts, which no user has.
    "shipping": FITTED | {"dressing", "held_out", "report", "pipeline"},
}

# --- Who may import what of other people's ----------------------------------------------------------------------------
# `router` takes only the base dependencies of pyproject.toml, and these from inside a function (or for type checking)
# where an optional encoder is.

LAZY_IN_ROUTER: dict[str, set[str]] = {
    "router/brain/encoders/sentence_transformer.py": {"sentence_transformers"},
    "router/brain/encoders/onnx.py": {"onnxruntime"},
    "router/catalog/prices.py": {"genai_prices"},
    "router/endpoints/codings.py": {"compression"},
    "router/reading/language.py": {"py3langid"},
}
# A base dependency's own parts.
COMES_WITH = {
    "aiohttp": {"yarl"},
    "fastapi": {"starlette"},
    "google_re2": {"re2"},
    "pydantic": {"pydantic_core"},
    "quicktok_v1": {"quicktok"},
}

# The module or name on the left is used by these units of `router` only.
OWNERS: dict[str, set[str]] = {
    "fastapi": {"endpoints", "app", "commands"},
    "starlette": {"endpoints", "app"},
    "uvicorn": {"commands"},
    "httpx2": {"providers"},
    "aiohttp": {"providers"},
    "jinja2": {"pages"},
    "sqlite3": {"ledger"},
    "os.environ": {"settings", "commands"},  # commands.server hands them on to worker processes
    "os.getenv": {"settings"},
    "typer": {"commands"},
    "rich": {"commands"},
}
NOT_IN_TRAINING = {"aiohttp", "fastapi", "jinja2", "starlette", "uvicorn", "httpx2", "sqlite3"}
IN_LABELLING_ONLY = {"httpx2"}

# Pure code: no clock, no random, no environment, no I/O. Time, ids and seeds come in as arguments.
PURE = (
    "router/policy/",
    "router/dialects/",
    "router/reading/",
    "training/measure/metrics.py",
    "training/labels/labels.py",
)
IMPURE_MODULES = {
    *(
        "aiohttp",
        "asyncio",
        "glob",
        "http",
        "httpx2",
        "logging",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "socket",
    ),
    *("sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid"),
}
IMPURE_CALLS = {"open", "input"}
IMPURE_ATTRIBUTES = {"numpy.random", "np.random", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def base_dependencies() -> set[str]:
    """Import names of the light install, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[^\w-]", line, maxsplit=1)[0].replace("-", "_").lower() for line in project["dependencies"]}
    return names.union(*(COMES_WITH.get(name, set()) for name in names))


# --- The rules --------------------------------------------------------------------------------------------------------


def direction(module: Module, found: Import) -> str | None:
    """Inside the project: the tables above."""
    package, _, rest = found.name.partition(".")
    unit = top(rest) or package
    if found.name.startswith("."):
        return "uses a relative import; write it in full"
    if package == "training":
        if module.in_router:
            return "imports training; files are the only joints between the two halves"
        return room_direction(module, found, unit if unit in ROOMS else "training")
    if package != "router":
        return None
    if not module.in_router:
        known = LABELLING_MAY_IMPORT if module.unit == "labelling" else TRAINING_MAY_IMPORT
        return None if unit in known else f"imports {found.name}; training may know {listed(known)}"
    if module.unit not in MAY_IMPORT:
        return f"has no row in MAY_IMPORT: say what `{module.unit}` may know"
    if unit not in MAY_IMPORT:  # a name of router/__init__, such as `from router import Router`
        unit = "router"
    if unit == module.unit or unit in MAY_IMPORT[module.unit]:
        return None
    return f"imports {found.name}; `{module.unit}` may know {listed(MAY_IMPORT[module.unit])}"


def room_direction(module: Module, found: Import, room: str) -> str | None:
    """Inside training: the table of its rooms."""
    if module.unit not in ROOMS:
        return f"has no row in ROOMS: say what `{module.unit}` may know"
    if room == module.unit or room in ROOMS[module.unit]:
        return None
    return f"imports {found.name}; `{module.unit}` may know {listed(ROOMS[module.unit])} of training"


def outside(module: Module, found: Import, *, allowed: set[str]) -> str | None:
    """Other people's packages: the light set in `router`, each with its owner."""
    name = top(found.name)
    if name in {"", "router", "training", "__future__"}:
        return None
    if not module.in_router:
        forbidden = NOT_IN_TRAINING - IN_LABELLING_ONLY if module.unit == "labelling" else NOT_IN_TRAINING
        return f"imports {name}, which is the service's" if name in forbidden else None
    if owner := next((OWNERS[part] for part in (found.name, name) if part in OWNERS), None):
        return None if module.unit in owner else f"imports {found.name}, which belongs to {listed(owner)}"
    if name in sys.stdlib_module_names or name in allowed:
        return None
    if (found.in_function or found.for_types) and name in LAZY_IN_ROUTER.get(module.path, set()):
        return None
    return f"imports {name}, which the light install does not have (or not at load)"


def purity(module: Module, found: Import) -> str | None:
    if module.path.startswith(PURE) and any(f"{found.name}.".startswith(f"{name}.") for name in IMPURE_MODULES):
        return f"imports {found.name}, and is pure: no clock, no random, no environment, no I/O"
    return None


def uses(module: Module) -> Iterator[tuple[int, str]]:
    """Calls and attributes that a rule forbids here, whatever was imported."""
    pure = module.path.startswith(PURE)
    for node, _, _ in walk(module.tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "calls print"
            case ast.Call(func=ast.Name(id=name)) if pure and name in IMPURE_CALLS:
                yield node.lineno, f"calls {name}, and is pure"
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attribute):
                name = f"{owner}.{attribute}"
                if pure and name in IMPURE_ATTRIBUTES:
                    yield node.lineno, f"uses {name}, and is pure"
                if module.in_router and module.unit not in OWNERS.get(name, {module.unit}):
                    yield node.lineno, f"uses {name}, which belongs to {listed(OWNERS[name])}"


def cycles(found: Iterable[Module]) -> Iterator[str]:
    """Modules that need each other, be it only for their types. Imports inside of functions do not count."""
    known = {module.name: module for module in found}
    graph = {
        name: {
            target
            for item in imports(module)
            if not item.in_function
            for target in [item.name if item.name in known else item.name.rpartition(".")[0]]
            if target in known and target != name
        }
        for name, module in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"import cycle: {' -> '.join(reversed(error.args[1]))}"


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


@cache
def broken_rules(module: Module) -> tuple[str, ...]:
    """Every rule that one module breaks, as `path:line reason`."""
    allowed = base_dependencies()
    broken = [
        f"{module.path}:{item.line} {reason}"
        for item in imports(module)
        for reason in (direction(module, item), outside(module, item, allowed=allowed), purity(module, item))
        if reason
    ]
    return (*broken, *(f"{module.path}:{line} {reason}" for line, reason in uses(module)))


def violations(found: Iterable[Module]) -> list[str]:
    """Every broken rule of these modules, as `path:line reason`."""
    found = list(found)
    return [*(line for module in found for line in broken_rules(module)), *cycles(found)]


def test_imports_point_one_way_and_io_has_its_owners() -> None:
    assert violations(modules()) == []


# --- The proof that the rules bite ------------------------------------------------------------------------------------


def plant(*planted: tuple[str, str]) -> list[str]:
    """What the checker newly reports when each of these (path, source) stands at the end of that file too."""
    found = {module.path: module for module in modules()}
    for path, source in planted:
        found[path] = parsed(path, f"{found[path].text if path in found else ''}\n{source}\n")
    before = violations(modules())
    return [line for line in violations(found.values()) if line not in before]


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        # training and its libraries stay out of the service
        ("router/brain/planted.py", "import training.fitting.fit", "imports training"),
        ("router/brain/planted.py", "from sklearn.linear_model import LogisticRegression", "imports sklearn"),
        ("router/brain/planted.py", "import torch", "imports torch"),
        ("router/core.py", "def f():\n    import pandas", "imports pandas"),
        ("router/planted.py", "from importlib import import_module\nimport_module('torch')", "imports torch"),
        ("router/brain/encoders/static.py", "import sentence_transformers", "imports sentence_transformers"),
        (
            "router/brain/encoders/sentence_transformer.py",
            "import sentence_transformers",
            "imports sentence_transformers",
        ),
        # low never knows high
        ("router/errors.py", "from router.types import Message", "imports router.types"),
        ("router/dialects/planted.py", "import router.app", "imports router.app"),
        ("router/policy/planted.py", "from router.endpoints import route", "imports router.endpoints"),
        ("router/core.py", "from router.app import create_app", "imports router.app"),
        ("router/core.py", "from router import commands", "imports router.commands"),
        ("router/core.py", "from router import Router", "imports router.Router"),
        ("router/endpoints/planted.py", "import router.app", "imports router.app"),
        ("router/app.py", "import router.commands.cli", "imports router.commands"),
        # siblings know only what they need
        ("router/dialects/planted.py", "from router.brain import bundle", "imports router.brain"),
        ("router/dialects/planted.py", "from router.providers import echo", "imports router.providers"),
        ("router/policy/planted.py", "from router.ledger import store", "imports router.ledger"),
        ("router/reading/planted.py", "import router.providers.echo", "imports router.providers"),
        ("router/brain/planted.py", "from router.ledger import x", "imports router.ledger"),
        ("router/ledger/planted.py", "from router.providers import registry", "imports router.providers"),
        ("router/somewhere/planted.py", "import router.errors", "no row in MAY_IMPORT"),
        ("router/brain/planted.py", "from . import heads", "relative import"),
        # training knows the brain, not the service
        ("training/rows/planted.py", "from router.core import Router", "imports router.core"),
        ("training/rows/planted.py", "from router import Router", "imports router.Router"),
        ("training/rows/planted.py", "import router.policy", "imports router.policy"),
        ("training/rows/planted.py", "import fastapi", "imports fastapi"),
        ("training/rows/planted.py", "import jinja2", "imports jinja2"),
        ("training/fitting/planted.py", "import router.providers.echo", "imports router.providers"),
        ("training/fitting/planted.py", "import httpx2", "imports httpx2"),
        ("training/labelling/planted.py", "import aiohttp", "imports aiohttp"),
        ("training/labelling/planted.py", "from router.core import Router", "imports router.core"),
        # the rooms of training know those below them
        ("training/rows/planted.py", "from training.labels.labels import Labels", "`rows` may know nothing"),
        ("training/config.py", "from training.fitting import hyper", "imports training.fitting.hyper"),
        ("training/fitting/planted.py", "from training.measure import metrics", "imports training.measure.metrics"),
        ("training/measure/planted.py", "import training.report.card", "imports training.report.card"),
        ("training/measure/planted.py", "def f():\n    import training.pipeline", "imports training.pipeline"),
        ("training/report/planted.py", "import training.fitting.fit", "imports training.fitting"),
        ("training/pipeline.py", "import training.shipping.ship", "imports training.shipping.ship"),
        ("training/pipeline.py", "from training import fit", "imports training.fit"),
        ("training/auditing/planted.py", "import training.fitting.fit", "imports training.fitting.fit"),
        ("training/labelling/planted.py", "import training.fitting.fit", "imports training.fitting.fit"),
        ("training/commands/planted.py", "import training.pipeline", "imports training.pipeline"),
        ("training/somewhere/planted.py", "import training.config", "no row in ROOMS"),
        # pure code
        ("router/policy/planted.py", "import time", "imports time"),
        ("router/policy/planted.py", "from random import choice", "imports random"),
        ("router/dialects/planted.py", "def f():\n    import socket", "imports socket"),
        ("router/reading/planted.py", "from pathlib import Path", "imports pathlib"),
        ("router/reading/planted.py", "import os", "imports os"),
        ("router/reading/planted.py", "from urllib import request", "imports urllib.request"),
        ("router/policy/planted.py", "import sqlite3", "imports sqlite3"),
        ("router/dialects/planted.py", "import httpx2", "imports httpx2"),
        ("router/dialects/planted.py", "text = open('x').read()", "calls open"),
        ("router/policy/planted.py", "from datetime import datetime\nnow = datetime.now()", "uses datetime.now"),
        ("router/reading/planted.py", "import numpy as np\nx = np.random.default_rng()", "uses np.random"),
        # owners
        ("router/core.py", "from fastapi import FastAPI", "belongs to app, commands, endpoints"),
        ("router/brain/planted.py", "import sqlite3", "belongs to ledger"),
        ("router/endpoints/planted.py", "import jinja2", "belongs to pages"),
        ("router/brain/planted.py", "import os\nx = os.environ['X']", "which belongs to"),
        ("router/brain/planted.py", "from os import environ", "which belongs to"),
        ("router/brain/planted.py", "print('x')", "calls print"),
        ("training/rows/planted.py", "print('x')", "calls print"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str, reason: str) -> None:
    found = plant((path, source))
    assert any(line.startswith(f"{path}:") and reason in line for line in found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("router/brain/encoders/sentence_transformer.py", "def load():\n    import sentence_transformers"),
        ("router/brain/planted.py", "import json\nimport numpy as np\nfrom router.errors import BundleError"),
        ("router/policy/planted.py", "from datetime import datetime\nfrom router.types import Reason"),
        ("router/dialects/planted.py", "from urllib.parse import quote"),
        ("router/endpoints/planted.py", "from fastapi import APIRouter"),
        ("training/rows/planted.py", "import sklearn\nfrom router.types import Message\nimport router.brain"),
        ("training/labelling/planted.py", "import httpx2\nimport router.providers\nfrom training.rows import row"),
        ("training/commands/planted.py", "import training\nfrom training import FitConfig, fit"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert plant((path, source)) == []


@pytest.mark.parametrize(
    "back",
    [
        "from training.rows import planted_one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from training.rows.planted_one import One",
    ],
    ids=["at load", "for types"],
)
def test_a_planted_cycle_is_found(back: str) -> None:
    found = plant(
        ("training/rows/planted_one.py", "import training.rows.planted_two"), ("training/rows/planted_two.py", back)
    )
    assert any("import cycle" in line and "planted_one" in line for line in found), found
