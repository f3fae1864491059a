"""The source of router/ and training/, parsed once, for the tests that check its shape."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPORT_CALLS = {"__import__", "import_module", "importlib.import_module"}


@dataclass(frozen=True)
class Import:
    """One imported name. `in_function`: not when the module loads. `for_types`: for the type checker only."""

    name: str
    line: int
    in_function: bool
    for_types: bool


@dataclass(frozen=True, eq=False)
class Module:
    """A source file, by its path from the root in POSIX form (`router/brain/heads.py`)."""

    path: str
    text: str
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

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def parsed(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text, path))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the two packages, by path."""
    paths = sorted(path for package in ("router", "training") for path in (ROOT / package).rglob("*.py"))
    return tuple(parsed(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


def walk(node: ast.AST, *, in_function: bool = False, for_types: bool = False) -> Iterator[tuple[ast.AST, bool, bool]]:
    """Every node below, with whether it runs in a function and whether it is for the type checker only."""
    typing = set(node.body) if isinstance(node, ast.If) and _is_type_checking(node) else set()
    for child in ast.iter_child_nodes(node):
        types = for_types or child in typing
        yield child, in_function, types
        inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from walk(child, in_function=inside, for_types=types)


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """What the module imports; `from a import b` is `a.b`, and a constant passed to import_module counts too."""
    return tuple(
        Import(name, node.lineno, in_function, for_types)
        for node, in_function, for_types in walk(module.tree)
        for name in _imported(node)
    )


def top(name: str) -> str:
    return name.split(".", 1)[0]


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(source), names=names, level=0):
            return [f"{source}.{alias.name}" for alias in names]
        case ast.ImportFrom(level=level) if level:
            return ["." * level]
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if ast.unparse(function) in IMPORT_CALLS:
            return [name]
    return []


def _is_type_checking(node: ast.If) -> bool:
    return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
