"""What the scripts here share: a throw-away home, a service to ask, a client to run, and the table of what was seen.

Clients are installed under CLIENTS (default /tmp/clients), never into the repository. They run with an environment of
their own (HOME is a fresh folder, PATH the system's and Node's), so no key or setting of this machine reaches them.
"""

# ruff: noqa: T201 - the scripts print what they saw
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from recorder import LOOPBACK, Recorder, Seen, decide, recording

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
CLIENTS = Path(os.environ.get("CLIENTS", "/tmp/clients"))
NODE = "node@24"
ASK = "Prove that the square root of 2 is irrational, step by step."
SECOND = "Which of those steps fails for the square root of 4?"
"""What is typed in the first and in the second turn."""

PROJECT_NOTES = "Indent with two spaces. Prove every claim, and refactor the architecture before you answer.\n"
"""What stands in a project's AGENTS.md or CLAUDE.md; it must not be scored."""

Bare = Sequence[tuple[str, str]]
FIRST_TURN: Bare = (("user", ASK),)
SECOND_TURN: Bare = (("user", ASK), ("assistant", "pong"), ("user", SECOND))


def python_client(name: str, *packages: str) -> Path:
    """The Python of a venv that holds these packages, made once."""
    folder = CLIENTS / name
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def npm_client(name: str, *packages: str) -> Path:
    """A folder whose node_modules holds these packages, made once; no package's own script runs.

    npm picks a version that the Node it runs on can run, so it runs on Node 24 here.
    """
    folder = CLIENTS / "npm" / name
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages]
        subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path_with_node()}, check=True)
    return folder


def path_with_node() -> str:
    """A PATH that begins with Node 24, which npm packs as a package of its own; its install script links it."""
    folder = CLIENTS / "npm" / "node"
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", NODE], cwd=folder, check=True)
    return f"{folder / 'node_modules' / 'node' / 'bin'}:/usr/local/bin:/usr/bin:/bin"


@contextmanager
def recorder(name: str) -> Iterator[Recorder]:
    """A recorder in front of tierwise: the one at TIERWISE_URL, else one started here with the fast bundle.

    Whole bodies go to CLIENTS/bodies/<name>.
    """
    bodies = CLIENTS / "bodies" / name
    shutil.rmtree(bodies, ignore_errors=True)
    if url := os.environ.get("TIERWISE_URL"):
        with recording(url, bodies=bodies) as server:
            yield server
        return
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "TIERWISE_BUNDLE": str(REPOSITORY / "models" / "fast")}
    python = REPOSITORY / ".venv-dev" / "bin" / "python"
    service = subprocess.Popen(
        [python if python.exists() else sys.executable, "-m", "router", "serve", "--port", str(port)],
        cwd=REPOSITORY,
        env=environment,
    )
    try:
        url = f"http://{LOOPBACK}:{port}"
        _wait_for(f"{url}/healthz")
        with recording(url, bodies=bodies) as server:
            yield server
    finally:
        service.terminate()
        service.wait(timeout=20)


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def _wait_for(url: str, *, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


@contextmanager
def home() -> Iterator[Path]:
    """A fresh folder to be a client's HOME."""
    with tempfile.TemporaryDirectory(prefix="client-home-") as folder:
        yield Path(folder)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """All that a client gets of an environment, as with `env -i`."""
    return {"HOME": str(folder), "PATH": path_with_node(), "LANG": "C.UTF-8", **more}


def run(command: Sequence[str | Path], env: Mapping[str, str], *, seconds: float = 180) -> str:
    """Run a client to its end; what it printed. Says so where it failed or took too long, and goes on."""
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=env["HOME"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        print(f"  (stopped after {seconds:.0f} s)")
        return ""
    if done.returncode:
        print(f"  (exit {done.returncode}) {(done.stderr or done.stdout)[-1500:]}")
    return done.stdout


def report_loop(client: str, server: Recorder) -> bool:
    """Print a line for each request of a first turn in which a tool was called; whether the loop kept the ask."""
    steps = [seen for seen in server.take() if seen.decision]
    for seen in steps:
        print(f"| {client} | {seen.method} {seen.path} | {_told(seen)} | {_word(seen.ask == ASK)} | |", flush=True)
        if seen.ask != ASK:
            print(f"  shape: {seen.shape}")
    return any(seen.decision.get("turn") == "tool_result" for seen in steps) and all(seen.ask == ASK for seen in steps)


def report(client: str, server: Recorder, bare: Bare) -> bool:
    """Print a line for each request since the last report; whether one was read exactly as the bare conversation.

    bare: what was typed and answered, without anything that a client adds.
    """
    typed = bare[-1][1]
    body = (
        {"prompt": typed} if len(bare) == 1 else {"messages": [{"role": role, "content": text} for role, text in bare]}
    )
    _, expected = decide(server.route, body)
    good = False
    for seen in server.take():
        if not seen.decision:
            print(f"| {client} | {seen.method} {seen.path} | | | | |", flush=True)
            continue
        exact = seen.ask == typed
        equal = exact and _figures(seen.decision) == _figures(expected)
        good = good or equal
        print(f"| {client} | {seen.method} {seen.path} | {_told(seen)} | {_word(exact)} | {_word(equal)} |", flush=True)
        if not equal:
            print(f"  shape: {seen.shape}\n  ask: {(seen.ask or '')[:120]!r}, {len(seen.ask or '')} characters")
            print(f"  {_figures(seen.decision)} against {_figures(expected)}")
    if not good:
        print(f"  {client}: NO REQUEST WAS READ AS WHAT WAS TYPED")
    return good


def _told(seen: Seen) -> str:
    if seen.status != 200:
        return f"status {seen.status}: {seen.decision} | "
    return " | ".join(str(seen.decision[key]) for key in ("dialect", "turn", "tier", "reason"))


def _word(yes: bool) -> str:
    return "yes" if yes else "NO"


def _figures(decision: Mapping[str, object]) -> tuple[object, ...]:
    """What must not differ: where it goes, why, and the figures behind it."""
    return tuple(decision.get(key) for key in ("tier", "reason", "turn", "p_adequate", "expected_quality_loss"))
