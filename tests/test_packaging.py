"""The wheel holds all that the service needs, and works where nothing else of the project is."""

import importlib.metadata
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LIGHT_LOCK = ROOT / "requirements" / "serve.txt"
LIGHT_LIMIT_MB = 300
"""Of what the install adds: pip and setuptools, which `venv` brings (27 MB), are the interpreter's."""

HEAVY = ("torch", "sklearn", "scipy", "pandas", "pyarrow", "joblib", "sentence_transformers", "transformers")
COMMON_FILES = (
    "manifest.json",
    "heads.safetensors",
    "ngrams.safetensors",
    "tasks.safetensors",
    "golden.json",
    "evaluation.json",
    "MODEL_CARD.md",
    "encoder/tokenizer.json",
    "held_out.safetensors",
    "trained_on.safetensors",
)
BUNDLE_FILES = {
    "default": (*COMMON_FILES, "encoder/model.onnx"),
    "fast": (*COMMON_FILES, "encoder/table.safetensors", "encoder/pieces.json"),
}


def run(command: Sequence[str | Path], *, cwd: Path) -> str:
    """What the command prints; its own words in the failure if it ends badly.

    The environment is that of the tests without what would change which Python, code or configuration is used.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TIERWISE_", "VIRTUAL_ENV"))
    }
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing of the checkout in it.

    empty_mb: its size before anything was installed: that of pip, and of setuptools in older versions of Python.
    """

    path: Path
    empty_mb: float

    @property
    def scripts(self) -> Path:
        return self.path / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.scripts / "python"

    @property
    def added_mb(self) -> float:
        """What was installed into it."""
        return size_mb(self.path) - self.empty_mb


def size_mb(folder: Path) -> float:
    """Of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT], cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A fresh environment with the locked light install and the wheel; needs a package index."""
    path = tmp_path_factory.mktemp("light") / "venv"
    venv.create(path, with_pip=True)
    environment = Environment(path, empty_mb=size_mb(path))
    pip: list[str | Path] = [environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock is complete, and leaves out what a dependency wants and the service never loads (overrides.txt).
    run([*pip, "--no-deps", "--require-hashes", "-r", LIGHT_LOCK], cwd=environment.path)
    run([*pip, "--no-deps", wheel], cwd=environment.path)
    return environment


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return tmp_path


def source_of(name: str) -> Path:
    """The repository's file of a file of the wheel below `tierwise/`."""
    below = Path(name).relative_to("tierwise")
    return ROOT / (below if below.parts[0] == "training" else Path("router", below))


def test_wheel_holds_both_packages_without_the_maintainers_scripts(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("tierwise/")}
    packed = {source_of(name) for name in names if not name.startswith("tierwise/_models/")}
    ours = {
        path
        for package in ("router", "training")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed - ours == set()
    assert {path.relative_to(ROOT).parts[:2] for path in ours - packed} == {("training", "shipping")}
    assert {"tierwise/py.typed", "tierwise/training/py.typed"} <= names


def test_wheel_holds_the_default_bundle_whole_and_unchanged(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for bundle, names in BUNDLE_FILES.items():
        held = {name for name in archive.namelist() if name.startswith(f"tierwise/_models/{bundle}/")}
        assert held == {f"tierwise/_models/{bundle}/{name}" for name in names}
        for name in names:
            packed = archive.read(f"tierwise/_models/{bundle}/{name}")
            assert packed == (ROOT / "models" / bundle / name).read_bytes(), name


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/", 1)[0] for name in zipfile.ZipFile(wheel).namelist()}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert tops == {"tierwise", f"tierwise-{version}.dist-info"}


def test_each_module_of_the_wheel_is_the_repositorys_but_for_its_import_lines(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if name.endswith(".py")]
    for name in names:
        source = source_of(name).read_text(encoding="utf-8").splitlines()
        packed = archive.read(name).decode().splitlines()
        assert len(packed) == len(source), f"{name}: line numbers are those of the repository"
        for line, (ours, theirs) in enumerate(zip(source, packed, strict=True), start=1):
            if ours != theirs:
                before = re.sub(r"\btierwise\b", "router", re.sub(r"\btierwise\.training\b", "training", theirs))
                assert re.sub(r"import (\w+) as \1$", r"import \1", before) == ours, f"{name}:{line}"
                assert ours.lstrip().startswith(("from ", "import ")), f"{name}:{line}"


def test_an_import_that_binds_the_old_name_stops_the_build() -> None:
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))
    changed = hook["with_new_imports"]
    assert changed(b"def f():\n    from router.a import router\n") == b"def f():\n    from tierwise.a import router\n"
    assert changed(b"import json, training.rows as rows\n") == b"import json, tierwise.training.rows as rows\n"
    assert changed(b"import training, router\n") == b"import tierwise.training as training, tierwise as router\n"
    assert (
        changed(b"from routers import x\nfrom .router import y\ns = 'from router import z'\n").count(b"tierwise") == 0
    )
    with pytest.raises(SyntaxError, match=r"line 2: import router\.core without `as`"):
        changed(b"import json\nimport router.core\n")


def test_wheel_asks_for_the_light_dependencies_only(wheel: Path) -> None:
    (metadata,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    lines = zipfile.ZipFile(wheel).read(metadata).decode().splitlines()
    asked = {line.split()[1].lower() for line in lines if line.startswith("Requires-Dist:") and "extra ==" not in line}
    assert [name for name in asked if name.startswith(("torch", "scikit-learn", "scipy", "pandas", "pyarrow"))] == []


def test_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path]
    run([*build, "--sdist", ROOT], cwd=tmp_path)
    (sdist,) = tmp_path.glob("*.tar.gz")
    run(["tar", "-xzf", sdist.name], cwd=tmp_path)
    run([*build, "--wheel", tmp_path / sdist.name.removesuffix(".tar.gz")], cwd=tmp_path)
    (rebuilt,) = tmp_path.glob("*.whl")
    assert sorted(zipfile.ZipFile(rebuilt).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_installed_command_decides_from_an_empty_directory(light: Environment, empty: Path) -> None:
    decision = json.loads(run([light.scripts / "tierwise", "route", "hi", "--json"], cwd=empty))
    assert decision["tier"] in decision["p_adequate"]
    assert list(empty.iterdir()) == [], "deciding leaves nothing behind"
    assert run([light.scripts / "tierwise", "route", "hi"], cwd=empty).strip()


def test_installed_package_is_the_wheel_and_not_the_checkout(light: Environment, empty: Path) -> None:
    where = run([light.python, "-c", "import tierwise; print(tierwise.__file__)"], cwd=empty)
    assert Path(where.strip()).is_relative_to(light.path)


def test_installed_library_decides_as_the_command_does(light: Environment, empty: Path) -> None:
    program = "from tierwise import Router; print(Router.load().route('hi').tier)"
    decision = json.loads(run([light.scripts / "tierwise", "route", "hi", "--json"], cwd=empty))
    assert run([light.python, "-c", program], cwd=empty).strip() == decision["tier"]
    as_module = json.loads(run([light.python, "-m", "tierwise", "route", "hi", "--json"], cwd=empty))
    assert as_module["tier"] == decision["tier"]


def test_modules_of_the_user_with_our_folders_names_are_theirs(light: Environment, empty: Path) -> None:
    for name in ("router", "training"):
        (empty / f"{name}.py").write_text(f"WHOSE = 'the user of {name}'")
    program = (
        "import router, training\nfrom tierwise import Router\n"
        "print(router.WHOSE, training.WHOSE, Router.load('fast').route('hi').tier, sep='; ')"
    )
    said = run([light.python, "-c", program], cwd=empty).strip()
    assert said.startswith("the user of router; the user of training; ")


def test_every_module_of_the_wheel_imports_under_its_own_name_only(wheel: Path, tmp_path: Path) -> None:
    """With the development environment's libraries, as the light install has none of training's."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    names = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.endswith(".py") and not name.endswith("__main__.py")
    ]
    program = (
        "import importlib, sys\n"
        f"sys.path = [{str(tmp_path)!r}, *(path for path in sys.path if path not in ('', {str(ROOT)!r}))]\n"
        "sys.meta_path = [finder for finder in sys.meta_path if 'tierwise' not in type(finder).__module__]\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert sys.modules['tierwise'].__file__.startswith(sys.path[0]), sys.modules['tierwise'].__file__\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('router', 'training')))"
    )
    assert run([sys.executable, "-c", program], cwd=tmp_path).splitlines()[-1] == "[]"


def test_light_install_has_no_training_libraries(light: Environment, empty: Path) -> None:
    program = f"import importlib.util; print([name for name in {HEAVY!r} if importlib.util.find_spec(name)])"
    assert run([light.python, "-c", program], cwd=empty).strip() == "[]"


def test_light_install_stays_small(light: Environment) -> None:
    assert 100 < light.added_mb < LIGHT_LIMIT_MB


def test_training_command_in_a_light_install_names_the_extra(light: Environment, empty: Path) -> None:
    commands = importlib.metadata.entry_points(group="tierwise.commands")
    assert {"audit", "compare", "evaluate", "fit"} <= {command.name for command in commands}
    done = subprocess.run(
        [light.scripts / "tierwise", "fit", "rows.jsonl", "--tiers", "tiers.json", "--out", "out"],
        cwd=empty,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "tierwise[train]" in done.stdout + done.stderr
