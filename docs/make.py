"""The generated parts of the documentation, and the MkDocs hook that puts them into the pages.

A page holds `<!-- generated: NAME -->` where a part belongs; `rendered` replaces it. What is generated cannot differ
from the code: settings, error codes, import rules, dependencies and measured figures are read, never typed.

MkDocs is one caller of `rendered`, and runs from the repository's root (`python -m mkdocs build`). Another site builder
gets the same pages from `python -m docs.make FOLDER`.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.codes import MEANINGS
from docs.pictures import PICTURES
from router.jsontext import decode_json
from router.settings.reference import settings_reference
from router.types import JsonObject

ROOT = Path(__file__).resolve().parents[1]

_MARK = re.compile(r"<!-- generated: ([\w-]+) -->")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --- Settings ---------------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every key of the configuration, from the models that check it."""
    rows = (
        [f"`{row.key}`", row.allowed, row.default and f"`{row.default}`", row.meaning] for row in settings_reference()
    )
    return table(["key", "value", "default", "meaning"], rows)


def settings_file() -> str:
    """data/tierwise.example.toml, as it is."""
    return (ROOT / "data" / "tierwise.example.toml").read_text(encoding="utf-8")


# --- Error codes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class ErrorCode:
    """A code of a RequestError. status: of the HTTP answer.  A code that ends in `*` matches all that start like it."""

    code: str
    status: int


def error_codes(root: Path) -> set[ErrorCode]:
    """Every constant `code=` of a call or a default in router/, with the status of its class."""
    found: set[ErrorCode] = set()
    for path in sorted((root / "router").rglob("*.py")):
        found |= set(_codes_in(ast.parse(path.read_text(encoding="utf-8")), 400))
    return found


def _codes_in(node: ast.AST, status: int) -> Iterator[ErrorCode]:
    if isinstance(node, ast.ClassDef):
        status = next(_statuses(node), status)
    if isinstance(node, ast.Call):
        yield from (
            ErrorCode(code, status) for word in node.keywords if word.arg == "code" for code in _text(word.value)
        )
    if isinstance(node, ast.arguments):
        pairs = zip(node.kwonlyargs, node.kw_defaults, strict=True)
        yield from (ErrorCode(code, status) for name, value in pairs if name.arg == "code" for code in _text(value))
    for child in ast.iter_child_nodes(node):
        yield from _codes_in(child, status)


def _statuses(node: ast.ClassDef) -> Iterator[int]:
    """The `status = NUMBER` of a class."""
    for line in node.body:
        match line:
            case ast.Assign(targets=[ast.Name(id="status")], value=ast.Constant(value=int(status))):
                yield status


def _text(node: ast.AST | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield f"{text}*"


def errors() -> str:
    """The error codes as a table, with their meanings from docs/codes.py."""
    found = error_codes(ROOT)
    return table(
        ["code", "status", "meaning"],
        [[f"`{code}`", ", ".join(map(str, statuses(code, found))), MEANINGS[code]] for code in sorted(MEANINGS)],
    )


def statuses(code: str, found: Iterable[ErrorCode]) -> list[int]:
    """The statuses that a code comes with; [] for a code that the source does not have."""
    exact = {one.status for one in found if one.code == code}
    patterns = {one.status for one in found if one.code.endswith("*") and code.startswith(one.code[:-1])}
    return sorted(exact or patterns)


# --- Rules of the architecture, dependencies --------------------------------------------------------------------------


def imports() -> str:
    """Which package of router/ may import which, from the table that tests/test_architecture.py enforces."""
    from tests.test_architecture import MAY_IMPORT

    known = {unit: ", ".join(f"`{name}`" for name in sorted(names)) for unit, names in MAY_IMPORT.items()}
    return table(["package or module", "may import"], [[f"`{unit}`", names or "none"] for unit, names in known.items()])


def dependencies() -> str:
    """The packages of the light install and of training, with the lowest version that is accepted."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"service": project["dependencies"], "training (extra `train`)": project["optional-dependencies"]["train"]}
    rows = [(*_requirement(line), group) for group, lines in groups.items() for line in lines]
    return table(["package", "version", "installed with"], rows)


def _requirement(line: str) -> tuple[str, str]:
    found = re.match(r"([\w.\[\]-]+)\s*([^;]*)", line)
    assert found is not None, line
    return f"`{found[1]}`", found[2].strip() or "any"


# --- Measured figures -------------------------------------------------------------------------------------------------


def results() -> str:
    """The README's results table, which a test ties to the bundles' evaluation.json."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.partition("<!-- results -->")[2].partition("<!-- /results -->")[0]


def cross_validated() -> str:
    """What the recipes save over all traffic rows, from models/benchmark_*.json."""
    rows = []
    for name in ("default", "fast"):
        traffic = decode_json((ROOT / "models" / f"benchmark_{name}.json").read_bytes())["traffic"]
        saved = [f"{traffic[f'saved_at_{limit}']['point']:.1%}" for limit in ("0.02", "0.05", "0.1")]
        rows.append([f"`{name}`", f"{traffic['n']:,}", *saved])
    return table(["recipe", "rows", "saved, 2% sent too low", "5%", "10%"], rows)


def promise() -> str:
    """Each shipped bundle's promise, and what was measured on its test rows."""
    return table(
        ["", *(f"`{name}`" for name in _BUNDLES)],
        [[words, *(cell(evaluation) for evaluation in _evaluations())] for words, cell in _PROMISE_ROWS.items()],
    )


def slices() -> str:
    """The promise of the `default` bundle, slice by slice."""
    found = _evaluations()[0]["promise"]["slices"]
    shares = ("loss", "bound", "smallest_target")
    rows = [[f"{one['by']} {one['value']}", str(one["n"]), *(f"{one[key]:.1%}" for key in shares)] for one in found]
    return table(["slice", "groups", "quality lost", "upper bound", "smallest target that can be promised"], rows)


_BUNDLES = ("default", "fast")


def _evaluations() -> list[JsonObject]:
    return [decode_json((ROOT / "models" / name / "evaluation.json").read_bytes()) for name in _BUNDLES]


def _interval(evaluation: JsonObject, measure: str) -> str:
    found = evaluation["policies"]["router"][measure]
    return f"{found['point']:.1%} [{found['low']:.1%}, {found['high']:.1%}]"


_PROMISE_ROWS: Mapping[str, Callable[[JsonObject], str]] = {
    "goal": lambda found: f"`{found['promise']['goal']}`",
    "target": lambda found: f"{found['promise']['target']:.1%}",
    "confidence": lambda found: f"{found['promise']['confidence']:.0%}",
    "calibration groups (n)": lambda found: str(found["promise"]["n"]),
    "upper bound at the threshold": lambda found: f"{found['promise']['bound']:.2%}",
    "threshold when measured": lambda found: f"{found['threshold']:.4f}",
    "test rows": lambda found: str(found["test"]["n"]),
    "quality lost on test rows": lambda found: _interval(found, "quality_loss"),
    "saved on test rows": lambda found: _interval(found, "saved"),
}


# --- Pages ------------------------------------------------------------------------------------------------------------


def changelog() -> str:
    """CHANGELOG.md, as it is."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PARTS: dict[str, Callable[[], str]] = {
    "changelog": changelog,
    "cross-validated": cross_validated,
    "dependencies": dependencies,
    "errors": errors,
    "experiments": lambda: (ROOT / "training" / "LOG.md").read_text(encoding="utf-8"),
    "imports": imports,
    "promise": promise,
    "results": results,
    "settings": settings,
    "settings-file": lambda: f"```toml\n{settings_file()}```",
    "slices": slices,
    **{f"picture-{name}": picture for name, picture in PICTURES.items()},
}
"""What a page can ask for, by name."""


def rendered(text: str) -> str:
    """A page with its generated parts. Raises KeyError for a part that does not exist."""
    return _MARK.sub(lambda mark: PARTS[mark[1]](), text)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The hook that MkDocs calls for each page."""
    return rendered(markdown)


def main(folder: str) -> None:
    """Write every page, rendered, into a folder."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        target = Path(folder) / page.relative_to(ROOT / "docs")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
