"""The documentation builds without a warning, its commands run, and what it names exists."""

import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields

import pytest

from docs.codes import MEANINGS
from docs.make import PARTS, error_codes, rendered, statuses
from docs.measures import ABSENT_YET, MEASURES
from docs.pictures import BUNDLE, REQUEST, ROW
from router.dialects.overrides import parse_overrides
from router.dialects.route_body import OPTIONS
from router.dialects.table import clients, passed_headers
from router.endpoints.keys import KEY_HEADERS
from router.policy.decide import STEPS
from router.policy.rules import AGENT_HEADERS, AUDIENCE_HEADERS, Conditions
from router.providers.transport import HOPS_HEADER
from router.reading import TurnKind
from router.reading.signals import SIGNAL_NAMES
from tests.documents import ROOT, Block, asked, blocks, run, service, tierwise
from tests.test_architecture import MAY_IMPORT

PROMPTS = ("everyday", "embarrassing")
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
READMES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "data/README.md", "models/README.md", "tests/README.md", "SECURITY.md", "CONTRIBUTING.md")
}
BLOCKS: list[tuple[str, Block]] = [(name, block) for name, page in PAGES.items() for block in blocks(page)]
RUN = [(name, block, line) for name, block in BLOCKS if "run" in block.marks for line in block.lines]
MADE_BY_USE = ("models/mine", "models/old", "models/NAME", "router/_models/", "data/raw", "data/interim")


def git_files() -> list[str]:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True)
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def command(line: str) -> list[str]:
    """A runnable line that is not a request, with this environment in place of the reader's."""
    return tierwise(line) if "tierwise" in line.split()[0] else line.split()


# --- The site ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_nothing_of_another_host(tmp_path):
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(build, capture_output=True, text=True, cwd=ROOT, env=environ, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = list((tmp_path / "site").glob("*.html"))
    assert len(pages) >= len(PAGES)
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert "<!-- generated" not in html
        loaded = re.findall(r"<(?:script|link|img)\b[^>]*\b(?:src|href)=\"?(https?://[^\s\">]+)", html)
        assert [url for url in loaded if "canonical" not in url] == [], page.name


def test_every_generated_part_is_used_and_every_page_asks_for_known_ones():
    asked_for = {name for page in PAGES.values() for name in re.findall(r"<!-- generated: ([\w-]+) -->", page)}
    assert asked_for == set(PARTS)
    for page in PAGES.values():
        rendered(page)


def test_every_page_is_in_the_navigation():
    listed = re.findall(r"([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(name.removeprefix("docs/") for name in PAGES)


# --- Commands and snippets --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address():
    with service("--echo") as found:
        yield found


@pytest.mark.parametrize("line", [line for _, _, line in RUN if line.startswith("curl")])
def test_every_request_in_the_docs_is_answered(line, address):
    path, answer = asked(line, address)
    assert answer and "error" not in answer, path


@pytest.mark.parametrize("line", [line for _, block, line in RUN if "slow" not in block.marks and "curl" not in line])
def test_every_command_in_the_docs_runs(line):
    run(command(line))


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for _, block, line in RUN if "slow" in block.marks])
def test_every_long_command_in_the_docs_runs(line, tmp_path):
    run(command(line.replace("build/", f"{tmp_path}/")))


def test_the_commands_that_train_are_those_of_the_readme_whose_test_runs_them():
    (fit, route) = (line for line in READMES["README.md"].splitlines() if line.startswith(".venv-dev/bin/tierwise"))
    assert f"{fit}\n{route}\n" in PAGES["docs/train.md"]


@pytest.mark.parametrize("block", [block for _, block in BLOCKS if block.language == "python"])
def test_every_python_example_in_the_docs_runs(block, tmp_path):
    run([sys.executable, "-c", block.text], cwd=tmp_path)


@pytest.mark.parametrize("block", [block for _, block in BLOCKS if block.language == "toml"])
def test_every_configuration_in_the_docs_is_accepted(block, tmp_path):
    (tmp_path / "tierwise.toml").write_text(block.text, encoding="utf-8")
    assert '"tiers"' in run([*command("tierwise check"), "--config", str(tmp_path / "tierwise.toml"), "--json"])


def test_every_make_target_in_the_docs_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, page in {**PAGES, **READMES}.items():
        for target in re.findall(r"`make (\w+)|^make (\w+)", page, flags=re.MULTILINE):
            assert re.search(rf"^{''.join(target)}:", makefile, flags=re.MULTILINE), (name, target)


# --- What the pages name ----------------------------------------------------------------------------------------------


def missing_paths(page: str) -> list[str]:
    """Paths of the repository that a page names in code style and that do not exist."""
    named = re.findall(r"`((?:router|training|tests|docs|data|models|requirements|notebooks)/[\w./-]*)`", page)
    return [path for path in named if not path.startswith(MADE_BY_USE) and not is_there(path)]


def is_there(path: str) -> bool:
    return (ROOT / path).exists() or ("/NAME/" in path and (ROOT / path.split("/NAME")[0]).is_dir())


@pytest.mark.parametrize("name", [*PAGES, *READMES])
def test_every_path_that_a_page_names_exists(name):
    assert missing_paths({**PAGES, **READMES}[name]) == []


@pytest.mark.parametrize("steps", [REQUEST, ROW, BUNDLE])
def test_every_path_in_a_picture_exists(steps):
    assert [where for _, where in steps if where and not (ROOT / where).exists()] == []


@pytest.mark.parametrize("name", sorted(READMES))
def test_every_link_of_the_readmes_leads_to_a_file(name):
    for target in re.findall(r"\]\(([^)#:\s]+)\)", READMES[name]):
        assert (ROOT / name).parent.joinpath(target).exists(), target


def test_every_error_code_of_the_source_has_a_meaning_and_every_meaning_a_code():
    found = error_codes(ROOT)
    undescribed = {one.code for one in found if not one.code.endswith("*")} - MEANINGS.keys()
    assert undescribed == set()
    assert [code for code in MEANINGS if not statuses(code, found)] == []


def test_an_error_code_is_found_with_the_status_of_its_class(tmp_path):
    source = """
class Gone(RequestError):
    status = 410

    def __init__(self):
        super().__init__("gone", code="gone")


def other(what, *, code: str = "default_code"):
    raise RequestError(what, code=f"unknown_{what}")
"""
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "planted.py").write_text(source, encoding="utf-8")
    found = {(one.code, one.status) for one in error_codes(tmp_path)}
    assert found == {("gone", 410), ("default_code", 400), ("unknown_*", 400)}


def test_the_pages_list_every_step_turn_condition_and_package():
    page = PAGES["docs/decide.md"]
    for word in (*STEPS, *TurnKind, *(field.name for field in fields(Conditions))):
        assert f"`{word}`" in page, word
    for unit in MAY_IMPORT:
        assert f"| `{unit}` |" in PARTS["imports"]()


def test_the_counts_of_signals_and_tasks_are_those_of_the_code_and_the_bundle():
    manifest = json.loads((ROOT / "models" / "default" / "manifest.json").read_bytes())
    assert f"{len(SIGNAL_NAMES)} surface signals" in PAGES["docs/decide.md"]
    assert f"names the task ({len(manifest['tasks'])} types)" in PAGES["docs/decide.md"]


def test_every_router_header_that_a_page_names_is_in_the_source():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "router").rglob("*.py"))
    for name, page in {**PAGES, **READMES}.items():
        for header in re.findall(r"`x-router-([a-z-]+)", page):
            assert f'"x-router-{header}"' in source or f'"{header}"' in source, (name, header)


def test_every_header_and_option_that_a_request_may_carry_is_in_the_docs():
    overrides = inspect.getsource(parse_overrides)
    headers = {f"x-router-{name}" for name in re.findall(r'\w+\(headers, "(\w+)"\)', overrides)} | {"x-router-off"}
    headers |= {*AGENT_HEADERS, *AUDIENCE_HEADERS, *KEY_HEADERS, *passed_headers(), HOPS_HEADER, "content-encoding"}
    headers |= {name for client in clients().values() for name in client.error_headers}
    page = PAGES["docs/clients.md"]
    assert {name for name in headers if f"`{name}" not in page} == set()
    assert [option for option in OPTIONS if f'"{option}":' not in page and f"`{option}`" not in page] == []


def test_the_limits_of_the_operations_page_are_the_defaults_of_the_example_file():
    example = tomllib.loads((ROOT / "data" / "tierwise.example.toml").read_text(encoding="utf-8"))
    rows = re.findall(r"\| ([\d,.]+)(?: (s|MB))? \| `\[(\w+)\] (\w+)` \|", PAGES["docs/operations.md"])
    assert len(rows) >= 6
    for number, unit, section, key in rows:
        scale = 1_000_000 if unit == "MB" else 1
        assert float(number.replace(",", "")) * scale == example[section][key], key


def test_every_dependency_has_a_purpose_in_the_docs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["train"]]
    purposes = PAGES["docs/architecture.md"].split("| packages | used for |")[1]
    for line in lines:
        name = re.match(r"[\w-]+", line)[0]
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", purposes), name


def test_every_provider_key_named_in_the_docs_is_one_of_the_registry():
    registry = (ROOT / "router" / "providers" / "registry.json").read_text(encoding="utf-8")
    for name, page in {**PAGES, **READMES}.items():
        for key in re.findall(r"`([A-Z_]+_API_KEY)`", page):
            assert f'"{key}"' in registry, (name, key)


# --- No document that the reader does not have ------------------------------------------------------------------------

_ELSEWHERE = re.compile(r"(?:\b(?:design|field|wire|house|quality|style|traces)\.md\b|shared/docs\b)")
_TEXT = (".py", ".md", ".toml", ".ipynb", ".yml", ".txt", ".json", ".mjs", ".css", ".html")


def test_no_file_cites_a_document_that_the_repository_does_not_hold():
    cited = []
    for name in git_files():
        if not (name.endswith(_TEXT) or name == "Makefile") or name == "tests/test_docs.py":
            continue
        if os.path.getsize(ROOT / name) > 2_000_000:
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        cited += [f"{name}: {found}" for found in sorted(set(_ELSEWHERE.findall(text)))]
    assert cited == [], "\n".join(cited)


def test_measured_parts_say_so_before_anything_was_measured_and_then_show_each_recipe():
    assert {part({"fast": {}}) for part in MEASURES.values()} == {ABSENT_YET}
    own = {"point": 0.9, "low": 0.8, "high": 0.95}
    shown = MEASURES["measures-prompts"](
        {"fast": {"everyday": {k: {"n": 60, "accepted": own, "too_low": 0.1, "too_high": 0.0} for k in PROMPTS}}}
    )
    assert "| everyday prompts, `fast` | 60 | 90.0% [80.0, 95.0] | 10.0% | 0.0% |" in shown
