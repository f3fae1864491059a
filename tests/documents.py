"""Blocks of Markdown pages, and the commands in them run as a reader would run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIERWISE = [sys.executable, "-m", "router"]
PROGRAMS = {"tierwise", ".venv/bin/tierwise", ".venv-dev/bin/tierwise"}


@dataclass(frozen=True)
class Block:
    """A fenced block. language: its first word.  marks: words of the comment before it, such as `run` or `check`."""

    language: str
    text: str
    marks: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        return self.text.strip().splitlines()


def blocks(page: str) -> list[Block]:
    found = re.findall(r"(?:<!-- ([\w ]+) -->\n)?```(\w+)\n(.*?)```", page, flags=re.DOTALL)
    return [Block(language, text, tuple(marks.split())) for marks, language, text in found]


def tierwise(line: str) -> list[str]:
    """A line that starts with `tierwise` of any environment, as a command of this one."""
    program, *arguments = shlex.split(line)
    assert program in PROGRAMS, line
    return [*TIERWISE, *arguments]


def run(command: list[str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def service(*options: str) -> Iterator[str]:
    """The address of a service on another port and without any key. options: of `serve`."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    server = subprocess.Popen(
        [*TIERWISE, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environ
    )
    try:
        first = server.stderr.readline()
        address = re.search(r"listening on (\S+)", first)
        assert address, first
        yield address[1]
    finally:
        server.terminate()
        server.communicate(timeout=30)


def asked(line: str, address: str) -> tuple[str, object]:
    """The path of a curl line, and its answer from the service at an address."""
    command = shlex.split(line)
    path = re.search(r"127\.0\.0\.1:8080(\S+)", line)[1]
    data = command[command.index("-d") + 1].encode() if "-d" in command else None
    sent = [command[at + 1].split(": ", 1) for at, word in enumerate(command) if word == "-H"]
    headers = {"content-type": "application/json", **{name.lower(): value for name, value in sent}}
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers), timeout=30) as response:
        return path, json.load(response)
