"""The version is in one place, pyproject.toml, and the changelog keeps up with it."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADING = re.compile(r"^## \[(?P<version>\d+\.\d+\.\d+\S*)\] - (?P<date>\d{4}-\d{2}-\d{2}|unreleased)$", re.MULTILINE)


def declared_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared: str = project["version"]
    return declared


def test_newest_version_of_the_changelog_is_the_package_version() -> None:
    newest = HEADING.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert newest is not None, "CHANGELOG.md has no heading like '## [0.1.0] - 2026-11-30'"
    assert newest["version"] == declared_version()


def test_every_heading_of_a_version_has_a_date_or_says_unreleased() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line for line in headings if not HEADING.match(line)] == []


def test_installed_package_says_the_declared_version() -> None:
    assert version("tierwise") == declared_version(), "the environment is older than pyproject.toml: run `make install`"
