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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from docs.codes import MEANINGS
from docs.measures import MEASURES, benchmarks
from docs.pictures import PICTURES
from docs.tables import table
from router.catalog import DEFAULT_TIERS, catalog, default_models, without_defaults
from router.jsontext import decode_json
from router.providers.registry import ProviderRow, shipped_rows
from router.settings.reference import settings_reference
from router.types import JsonObject

ROOT = Path(__file__).resolve().parents[1]

_MARK = re.compile(r"<!-- generated: ([\w-]+) -->")


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


# --- Providers --------------------------------------------------------------------------------------------------------


def providers() -> str:
    """The shipped providers, the variables that each needs, and the models that its key alone fills the tiers with."""
    rows = [
        [f"`{name}`", _variables(row), *(_first_model(name, tier) for tier in DEFAULT_TIERS)]
        for name, row in shipped_rows().items()
        if name not in without_defaults()
    ]
    return table(["provider", "set", *DEFAULT_TIERS], rows)


def other_providers() -> str:
    """The shipped providers whose key alone fills no tier, with what to do instead."""
    rows = [
        [f"`{name}`", _variables(row), without_defaults()[name]]
        for name, row in shipped_rows().items()
        if name in without_defaults() and name != "echo"
    ]
    return table(["provider", "set", "then"], rows)


def _variables(row: ProviderRow) -> str:
    """The variables without which a provider cannot be called."""
    key = (row.key_variable,) if row.key_required else ()
    return " and ".join(f"`{name}`" for name in (*key, *(name for name, value in row.variables.items() if not value)))


def _first_model(provider: str, tier: str) -> str:
    """The model that is asked first, and its prices."""
    spec = default_models(tier, usable={provider})[0]
    name = spec.model.removeprefix(f"{provider}/")
    shown = f"`{name}` ({spec.input_usd_per_million:g}, {spec.output_usd_per_million:g})"
    return shown if tier in catalog()[spec.model].tiers else f"*{shown}*"


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


def other_targets() -> str:
    """What each shipped bundle would save at other targets: the last threshold whose bound is within the target."""
    rows = []
    for name in _BUNDLES:
        promise = decode_json((ROOT / "models" / name / "manifest.json").read_bytes())["promise"]
        points = list(zip(promise["bounds"], promise["savings"], strict=True))
        saved = [[share for bound, share in points if bound <= target] for target in _TARGETS]
        rows.append(
            [f"`{name}`", f"{promise['n_rows']:,}", *(f"{shares[-1]:.1%}" if shares else "-" for shares in saved)]
        )
    return table(["bundle", "rows", *(f"saved, at most {target:.0%} lost" for target in _TARGETS)], rows)


_TARGETS = (0.02, 0.05, 0.10)


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
    "how it was made": lambda found: found.get("held_out", {}).get("mode", "parted").replace("_", "-"),
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


def field_reports() -> str:
    """The faults that were reported of other gateways, from the cases that replay them here."""
    cases = [decode_json(path.read_bytes()) for path in sorted((ROOT / "tests" / "field" / "cases").glob("*.json"))]
    return table(
        ["what happens", "what is wanted", "reported in"],
        ([case["situation"], case["want"], ", ".join(case["reports"])] for case in cases),
    )


def _measured(name: str) -> str:
    return MEASURES[name](benchmarks())


PARTS: dict[str, Callable[[], str]] = {
    "field-reports": field_reports,
    "changelog": changelog,
    "other-targets": other_targets,
    "dependencies": dependencies,
    "errors": errors,
    "experiments": lambda: (ROOT / "training" / "LOG.md").read_text(encoding="utf-8"),
    "imports": imports,
    "other-providers": other_providers,
    "promise": promise,
    "providers": providers,
    "results": results,
    "settings": settings,
    "settings-file": lambda: f"```toml\n{settings_file()}```",
    "slices": slices,
    **{f"picture-{name}": picture for name, picture in PICTURES.items()},
    **{name: partial(_measured, name) for name in MEASURES},
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
