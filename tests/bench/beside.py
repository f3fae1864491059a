"""This checkout's service beside another one's, in turn: /route and the proxy with the `fast` bundle.

BASE=/path/of/another/checkout/.venv-dev/bin/tierwise python -m tests.bench beside

Both serve the same bundle and configuration; wrk makes the load, nginx answers for the provider. One worker each.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.proxy import CONNECTIONS, Contender, ours, provider, script, wrk

SECONDS = 3
TURNS = 9
PATHS = {"POST /route": "/route", "chat, passed through": "/v1/chat/completions"}


def main() -> None:
    if shutil.which("wrk") is None or "BASE" not in os.environ:
        print("needs wrk, and BASE: the command `tierwise` of the other checkout; nothing is measured")
        return
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(provider(folder))
        here = stack.enter_context(ours(folder, upstream.port, "fast"))
        base = stack.enter_context(ours(folder, upstream.port, "fast", command=[os.environ["BASE"]]))
        load = script(folder / "load.lua", here.headers)
        print(f"provider: {upstream.name}; {TURNS} turns of {SECONDS} s each, medians; ratios within a turn")
        for what, path in PATHS.items():
            compare(what, here, base, load, path)


def compare(what: str, here: Contender, base: Contender, load: Path, path: str) -> None:
    """Requests/s at 16 connections and the median latency at one, of both, in turn."""
    turns: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for number in range(TURNS + 1):
        order = (here, base) if number % 2 else (base, here)
        measured = {one.port: _measured(one, load, path) for one in order}
        turns.append((measured[here.port], measured[base.port]))
    turns = turns[1:]  # the first one warms both up

    def median(value: Callable[[tuple[tuple[float, float], tuple[float, float]]], float]) -> float:
        return statistics.median(map(value, turns))

    print(
        f"{what:<22} {median(lambda t: t[0][0]):7,.0f} to {median(lambda t: t[1][0]):7,.0f} requests/s "
        f"({median(lambda t: t[0][0] / t[1][0]):.3f}); alone {median(lambda t: t[0][1]):.3f} to "
        f"{median(lambda t: t[1][1]):.3f} ms ({median(lambda t: t[0][1] / t[1][1]):.3f})",
        flush=True,
    )


def _measured(one: Contender, load: Path, path: str) -> tuple[float, float]:
    rate, _ = wrk(one.port, CONNECTIONS, load, seconds=SECONDS, path=path)
    _, alone_ms = wrk(one.port, 1, load, seconds=1, path=path)
    return rate, alone_ms
