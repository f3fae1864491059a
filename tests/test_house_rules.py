"""Sizes, exports, options and names: what keeps a module easy to read and to find.

All of it is read from the source with `ast`; nothing is imported but what a test names.
"""

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterator
from statistics import median

import pytest

from tests.source_tree import Module, imports, modules

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50
MAX_MEDIAN_FUNCTION_LINES = 8
MAX_LOOSE_FILES = 8

# --- Sizes ------------------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {module.path: module.text.count("\n") for module in modules()}
    assert {path: n for path, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{module.path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules()
        for node in module.functions
    }
    assert {where: n for where, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}
    assert median(lengths.values()) <= MAX_MEDIAN_FUNCTION_LINES


def test_few_files_are_outside_of_the_rooms() -> None:
    loose = [module.path for module in modules() if module.in_router and module.path.count("/") == 1]
    assert len(loose) <= MAX_LOOSE_FILES, loose


# --- Exports ----------------------------------------------------------------------------------------------------------


def exported(module: Module) -> list[str] | None:
    """The names of `__all__`; None if there is none."""
    for node in module.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=names)):
                return [ast.literal_eval(name) for name in names]
    return None


def bound_names(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements bind, also for the type checker only."""
    for node in body:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If(body=inner) | ast.Try(body=inner):
                yield from bound_names(inner)


def test_exported_names_exist() -> None:
    wrong = {
        module.path: missing
        for module in modules()
        if (missing := set(exported(module) or ()) - set(bound_names(module.tree.body)))
    }
    assert wrong == {}


def test_a_package_exports_all_that_it_imports_to_be_used_from_outside() -> None:
    """Names that other modules import from a package, not from the module that defines them."""
    packages = {m.name: set(exported(m) or ()) for m in modules() if m.path.endswith("/__init__.py")}
    known = {module.name for module in modules()}
    wrong = {
        f"{module.path}:{item.line} {item.name}"
        for module in modules()
        for item in imports(module)
        for package, _, name in [item.name.rpartition(".")]
        if package in packages and item.name not in known and name not in packages[package]
    }
    assert wrong == set()


def test_the_library_offers_its_names_and_no_others_under_both_names() -> None:
    faces = [importlib.import_module(name) for name in ("router", "tierwise")]
    for face in faces:
        assert sorted(face.__all__) == ["RouteDecision", "Router", "__version__"]
    for name in faces[0].__all__:
        assert getattr(faces[0], name) == getattr(faces[1], name)


# --- Options ----------------------------------------------------------------------------------------------------------

FOR_USERS = {
    "Router(clock_s)": "a caller in Python may need decisions that are the same in each run",
    "Router(new_id)": "as above, or with ids of its own",
    "Router.load(environ)": "a library need not read the environment of its process",
    "Router.route(headers)": "a caller in Python may have an HTTP request at hand",
    "Server.shutdown(sockets)": "uvicorn calls it, and its own has this default",
    "Transport(sleep)": "time is injected wherever it passes; the dispatcher's own comes from app.py",
}
"""Options of the library's face and injected time, each with its reason."""


def public_functions(module: Module) -> Iterator[tuple[str, str, ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """(name to show, name at a call, definition, parameters that a call does not write)."""
    for node in module.tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node.name, node, 0
            case ast.ClassDef(name=owner, body=body):
                for inner in body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        is_static = any(ast.unparse(item) == "staticmethod" for item in inner.decorator_list)
                        at_call = owner if inner.name == "__init__" else inner.name
                        show = owner if inner.name == "__init__" else f"{owner}.{inner.name}"
                        yield show, at_call, inner, 0 if is_static else 1


def optional_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef, skip: int) -> Iterator[tuple[str, int | None]]:
    """(name, position at a call or None) of each parameter that has a default."""
    positional = [*node.args.posonlyargs, *node.args.args]
    first = len(positional) - len(node.args.defaults)
    yield from ((argument.arg, index - skip) for index, argument in enumerate(positional) if index >= first)
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, None


def passed_arguments() -> dict[str, tuple[set[str], float]]:
    """By a function's name: the keywords that any call gives it, and the most positional arguments."""
    keywords: dict[str, set[str]] = defaultdict(set)
    positions: dict[str, float] = defaultdict(float)
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            # A function handed to a call, as to `partial`, gets that call's keywords.
            for called in (node.func, *node.args):
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                keywords[name] |= {keyword.arg or "**" for keyword in node.keywords}
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            is_starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            positions[name] = max(positions[name], float("inf") if is_starred else len(node.args))
    return {name: (keywords[name], positions[name]) for name in keywords}


def unused_options() -> Iterator[str]:
    """Each optional parameter of a public function of router/ that no call in router/ or training/ passes."""
    passed = passed_arguments()
    for module in modules():
        if not module.in_router:
            continue
        for show, at_call, node, skip in public_functions(module):
            if show.rpartition(".")[2].startswith("_") or (
                node.decorator_list and module.unit in ("commands", "endpoints")
            ):
                continue
            keywords, n_positional = passed.get(at_call, (set(), 0))
            for name, position in optional_parameters(node, skip):
                is_passed = name in keywords or "**" in keywords or (position is not None and position < n_positional)
                if not is_passed:
                    yield f"{show}({name})"


def test_no_option_is_there_for_tests_alone() -> None:
    found = set(unused_options())
    assert found - set(FOR_USERS) == set()
    assert set(FOR_USERS) - found == set(), "these are passed by now: take them off the list"


# --- Names of modules -------------------------------------------------------------------------------------------------


def test_no_text_names_a_module_of_ours() -> None:
    """In the wheel the modules have another name (hatch_build.py): derive such texts from `__name__`."""
    known = {module.name for module in modules() if "." in module.name}
    wrong = [
        f"{module.path}:{node.lineno} {node.value}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition(":")[0] in known
    ]
    assert wrong == []


def test_the_wheel_needs_nothing_of_the_maintainers_scripts() -> None:
    wrong = [
        f"{module.path}:{item.line} {item.name}"
        for module in modules()
        if not module.path.startswith("training/shipping/")
        for item in imports(module)
        if f"{item.name}.".startswith("training.shipping.")
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["router", "training"])
def test_modules_are_imported_by_names_that_the_wheel_can_change(package: str) -> None:
    """`import router.core` binds the name `router`, which every use then repeats; `from` binds what is used."""
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname is None and alias.name.startswith(f"{package}.")
    ]
    assert wrong == []
