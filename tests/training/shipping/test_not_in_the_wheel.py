"""The maintainers' scripts are in the source distribution only, and nothing that is in the wheel needs them."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]


def test_the_wheel_leaves_the_maintainers_scripts_out_and_the_source_distribution_has_them():
    assert "training/shipping" in BUILD["wheel"]["exclude"]
    assert "training" in BUILD["sdist"]["only-include"] and "exclude" not in BUILD["sdist"]


def test_nothing_in_the_wheel_imports_the_maintainers_scripts():
    modules = [path for room in ("router", "training") for path in (ROOT / room).rglob("*.py")]
    imports = {
        path.relative_to(ROOT).as_posix(): node.module
        for path in modules
        if "shipping" not in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("training.shipping")
    }
    assert imports == {}
