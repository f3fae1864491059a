"""Imports point one way (design.md section 2), and each kind of I/O has one owner.

The tables say who may know whom. `violations` reads the source with `ast`, never importing it; the second half of this
file plants one wrong line at a time in a copy of the packages and asserts that it is found.
"""

import ast
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# --- Who may import whom ----------------------------------------------------------------------------------------------
# A unit is what stands directly in `router`: a module, a sub-package, or `router` itself (its __init__). A unit may
# import itself and what its row names. A new unit needs a row: that is where its place is decided.

BASE = {"errors", "types", "jsontext", "version"}
SIBLINGS = {"dialects", "reading", "brain", "policy", "providers", "ledger"}
CORE = BASE | SIBLINGS | {"settings", "catalog"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "types": {"errors"},
    "jsontext": {"errors", "types"},
    "version": set(),
    "catalog": BASE,
    # Siblings: of each other they know only what they need.
    "dialects": BASE | {"providers"},
    "reading": BASE,
    "policy": BASE,
    "brain": BASE | {"reading", "policy"},  # scores what reading shows; golden decisions use the one rule
    "providers": BASE | {"dialects"},  # sends and receives what dialects write and read
    "ledger": BASE,
    # Checks rules and provider rows at start; joins the bundle's curve and the configured targets.
    "settings": BASE | {"brain", "catalog", "dialects", "policy", "providers", "reading"},
    # The joints.
    "core": CORE,
    "account": BASE | {"catalog", "dialects", "providers"},  # records of what dispatch reports, for listeners
    "forward": BASE
    | {"account", "catalog", "core", "dialects", "policy", "providers"},  # from client to provider and back
    "endpoints": CORE | {"account", "core", "forward"},
    "doors": CORE | {"core"},
    "app": CORE | {"account", "core", "endpoints", "doors", "forward"},
    "commands": CORE | {"account", "app", "core", "doors", "endpoints", "forward"},
    "__main__": {"commands"},
    "router": BASE | {"core"},  # the library's face: Router, its errors and its types
}
TRAINING_MAY_IMPORT = BASE | {"brain", "catalog", "dialects", "reading"}

# --- Who may import what of other people's ----------------------------------------------------------------------------
# `router` takes only the base dependencies of pyproject.toml, and these from inside a function (or for type checking)
# where an optional encoder is.

LAZY_IN_ROUTER: dict[str, set[str]] = {
    "router/brain/encoders/sentence_transformer.py": {"sentence_transformers"},
    "router/brain/encoders/onnx.py": {"onnxruntime"},
    "router/catalog/prices.py": {"genai_prices"},
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
    "sqlite3": {"ledger"},
    "os.environ": {"settings", "commands"},  # commands.server hands them on to worker processes
    "os.getenv": {"settings"},
    "typer": {"commands"},
    "rich": {"commands"},
}
NOT_IN_TRAINING = {"aiohttp", "fastapi", "starlette", "uvicorn", "httpx2", "sqlite3"}

# Pure code: no clock, no random, no environment, no I/O. Time, ids and seeds come in as arguments.
PURE = (
    "router/policy/",
    "router/dialects/",
    "router/reading/",
    "training/measure/metrics.py",
    "training/rows/labels.py",
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


@dataclass(frozen=True)
class Import:
    """One imported name. `lazy`: it happens in a function or for the type checker only, not when the module loads."""

    name: str
    line: int
    lazy: bool


@dataclass(frozen=True)
class Module:
    """A source file, by its path from the root in POSIX form (`router/brain/heads.py`)."""

    path: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def unit(self) -> str:
        """`brain` for all of router/brain, `core` for router/core.py, `router` for router/__init__.py."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    @property
    def in_router(self) -> bool:
        return self.path.startswith("router/")


def modules(root: Path) -> list[Module]:
    paths = sorted(path for package in ("router", "training") for path in (root / package).rglob("*.py"))
    return [
        Module(path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in paths
    ]


def is_type_checking(node: ast.If) -> bool:
    return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def walk(node: ast.AST, *, lazy: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below, with whether it runs later than the module's load."""
    for_types = set(node.body) if isinstance(node, ast.If) and is_type_checking(node) else set()
    for child in ast.iter_child_nodes(node):
        now = lazy or child in for_types
        yield child, now
        yield from walk(child, lazy=now or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def imports(module: Module) -> Iterator[Import]:
    """What the module imports; `from a import b` is `a.b`, and a constant passed to import_module counts too."""
    for node, lazy in walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno, lazy) for alias in names)
            case ast.ImportFrom(module=str(source), names=names, level=0):
                yield from (Import(f"{source}.{alias.name}", node.lineno, lazy) for alias in names)
            case ast.ImportFrom(level=level, names=names) if level:
                yield Import("." * level, node.lineno, lazy)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if ast.unparse(function) in {
                "__import__",
                "import_module",
                "importlib.import_module",
            }:
                yield Import(name, node.lineno, lazy)


def top(name: str) -> str:
    return name.split(".", 1)[0]


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
    if package == "training" and module.in_router:
        return "imports training; files are the only joints between the two halves"
    if package != "router":
        return None
    if not module.in_router:
        return (
            None
            if unit in TRAINING_MAY_IMPORT
            else f"imports {found.name}; training may know {listed(TRAINING_MAY_IMPORT)}"
        )
    if module.unit not in MAY_IMPORT:
        return f"has no row in MAY_IMPORT: say what `{module.unit}` may know"
    if unit not in MAY_IMPORT:  # a name of router/__init__, such as `from router import Router`
        unit = "router"
    if unit == module.unit or unit in MAY_IMPORT[module.unit]:
        return None
    return f"imports {found.name}; `{module.unit}` may know {listed(MAY_IMPORT[module.unit])}"


def outside(module: Module, found: Import, *, allowed: set[str]) -> str | None:
    """Other people's packages: the light set in `router`, each with its owner."""
    name = top(found.name)
    if name in {"", "router", "training", "__future__"}:
        return None
    if not module.in_router:
        return f"imports {name}, which is the service's" if name in NOT_IN_TRAINING else None
    if owner := next((OWNERS[part] for part in (found.name, name) if part in OWNERS), None):
        return None if module.unit in owner else f"imports {found.name}, which belongs to {listed(owner)}"
    if name in sys.stdlib_module_names or name in allowed:
        return None
    if found.lazy and name in LAZY_IN_ROUTER.get(module.path, set()):
        return None
    return f"imports {name}, which the light install does not have (or not at load)"


def purity(module: Module, found: Import) -> str | None:
    if module.path.startswith(PURE) and any(f"{found.name}.".startswith(f"{name}.") for name in IMPURE_MODULES):
        return f"imports {found.name}, and is pure: no clock, no random, no environment, no I/O"
    return None


def uses(module: Module) -> Iterator[tuple[int, str]]:
    """Calls and attributes that a rule forbids here, whatever was imported."""
    pure = module.path.startswith(PURE)
    for node, _ in walk(module.tree):
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
    """Modules that need each other to load."""
    known = {module.name: module for module in found}
    graph = {
        name: {
            target
            for item in imports(module)
            if not item.lazy
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


def violations(root: Path) -> list[str]:
    """Every broken rule below `root`, as `path:line reason`."""
    allowed = base_dependencies()
    found = modules(root)
    broken = []
    for module in found:
        for item in imports(module):
            reasons = (direction(module, item), outside(module, item, allowed=allowed), purity(module, item))
            broken += [f"{module.path}:{item.line} {reason}" for reason in reasons if reason]
        broken += [f"{module.path}:{line} {reason}" for line, reason in uses(module)]
    return [*broken, *cycles(found)]


def test_imports_point_one_way_and_io_has_its_owners() -> None:
    assert violations(ROOT) == []


# --- The proof that the rules bite ------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("router", "training"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=lambda _, names: {n for n in names if n == "_models"}
        )
    return tmp_path


@cache
def violations_before() -> list[str]:
    return violations(ROOT)


def plant(root: Path, path: str, source: str) -> list[str]:
    """What the checker newly says of the copy once `path` holds `source` as well."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    existing = target.read_text(encoding="utf-8") if target.exists() else ""
    target.write_text(f"{existing}\n{source}\n", encoding="utf-8")
    return [line for line in violations(root) if line not in violations_before()]


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
        ("router/core.py", "from router import commands", "imports router.commands.cli"),
        ("router/core.py", "from router import Router", "imports router.Router"),
        ("router/endpoints/planted.py", "import router.app", "imports router.app"),
        ("router/app.py", "import router.commands.cli", "imports router.commands.cli"),
        # siblings know only what they need
        ("router/dialects/planted.py", "from router.brain import bundle", "imports router.brain"),
        ("router/policy/planted.py", "from router.ledger import store", "imports router.ledger"),
        ("router/reading/planted.py", "import router.providers.echo", "imports router.providers"),
        ("router/brain/planted.py", "from router.ledger import x", "imports router.ledger"),
        ("router/ledger/planted.py", "from router.providers import registry", "imports router.providers"),
        ("router/somewhere/planted.py", "import router.errors", "no row in MAY_IMPORT"),
        ("router/brain/planted.py", "from . import heads", "relative import"),
        # training knows the brain, not the service
        ("training/planted.py", "from router.core import Router", "imports router.core"),
        ("training/planted.py", "from router import Router", "imports router.Router"),
        ("training/planted.py", "import router.policy", "imports router.policy"),
        ("training/planted.py", "import fastapi", "imports fastapi"),
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
        ("router/brain/planted.py", "import os\nx = os.environ['X']", "which belongs to"),
        ("router/brain/planted.py", "from os import environ", "which belongs to"),
        ("router/brain/planted.py", "print('x')", "calls print"),
        ("training/planted.py", "print('x')", "calls print"),
    ],
)
def test_a_planted_violation_is_found(copy: Path, path: str, source: str, reason: str) -> None:
    found = plant(copy, path, source)
    assert any(line.startswith(f"{path}:") and reason in line for line in found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("router/brain/encoders/sentence_transformer.py", "def load():\n    import sentence_transformers"),
        ("router/brain/planted.py", "import json\nimport numpy as np\nfrom router.errors import BundleError"),
        ("router/policy/planted.py", "from datetime import datetime\nfrom router.types import Reason"),
        ("router/dialects/planted.py", "from urllib.parse import quote"),
        ("router/endpoints/planted.py", "from fastapi import APIRouter"),
        ("training/planted.py", "import sklearn\nfrom router.types import Message\nimport router.brain"),
    ],
)
def test_what_is_allowed_passes(copy: Path, path: str, source: str) -> None:
    assert plant(copy, path, source) == []


def test_a_planted_cycle_is_found(copy: Path) -> None:
    (copy / "training" / "planted_one.py").write_text("import training.planted_two\n", encoding="utf-8")
    (copy / "training" / "planted_two.py").write_text("from training import planted_one\n", encoding="utf-8")
    assert any("import cycle" in line and "planted_one" in line for line in violations(copy))
