"""`tierwise` as a real process: run to its end, or a service with its printed lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60


def environment() -> dict[str, str]:
    """This environment, with the checkout importable from any folder."""
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path}


def tierwise(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "router", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment(), input=stdin, capture_output=True, timeout=TIMEOUT_S)


def python(code: str, *, cwd: Path) -> str:
    """Run a program; returns what it printed. Fails with its standard error if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment(), capture_output=True, timeout=TIMEOUT_S, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Service:
    """A running `tierwise serve`, its address and the lines it printed first."""

    process: subprocess.Popen[str]
    address: str
    lines: list[str]

    def stop(self, signal: int) -> tuple[int, str]:
        """Send a signal; returns the exit code and what was printed after the first lines."""
        self.process.send_signal(signal)
        _, rest = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, rest


@contextmanager
def serving(*arguments: str, cwd: Path) -> Iterator[Service]:
    """`tierwise serve` on a port of the system's choice, until the end of the block."""
    command = [sys.executable, "-m", "router", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=cwd, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        found = re.search(r"http://\S+", lines[0])
        assert found, "".join(lines) + process.stderr.read()
        yield Service(process, found[0], lines)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=TIMEOUT_S)
