"""Which files the build takes: the maintainers' scripts are for the source distribution, templates for both."""

from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def wheel():
    return files(WheelBuilder)


@pytest.fixture(scope="module")
def sdist():
    return files(SdistBuilder)


def files(builder):
    return {Path(file.relative_path).as_posix() for file in builder(str(ROOT)).recurse_selected_project_files()}


def test_the_maintainers_scripts_are_in_the_source_distribution_only(wheel, sdist):
    scripts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "training" / "shipping").rglob("*.py")}
    assert scripts and scripts <= sdist
    assert not scripts & wheel


def test_templates_and_style_sheets_are_in_both(wheel, sdist):
    suffixes = {".j2", ".css"}
    templates = {p.relative_to(ROOT).as_posix() for p in (ROOT / "training").rglob("*") if p.suffix in suffixes}
    templates |= {p.relative_to(ROOT).as_posix() for p in (ROOT / "router").rglob("*") if p.suffix in suffixes}
    assert {"training/report/page.html.j2", "router/pages/base.css"} <= templates
    assert templates <= wheel and templates <= sdist


def test_generated_reports_are_in_neither(wheel, sdist):
    assert not [path for path in wheel | sdist if path.startswith("models/") and "/report/" in path]
