"""Requests per second of POST /route against a bare FastAPI application on the same uvicorn, one worker each.

Load comes from wrk where it is installed, else from a small client of our own; the line says which.
"""

import asyncio
import contextlib
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from router.brain.bundle.shipped import shipped_bundle

BODY = json.dumps({"prompt": "Summarise this thread in two sentences for the on-call channel, please."}).encode()
SECONDS = 2
TURNS = 7
CONNECTIONS = 16

BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request
app = FastAPI()
@app.post("/route")
async def route(request: Request):
    await request.json()
    return {"tier": "budget"}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


def main() -> None:
    for name in ("fast", "default"):
        measure_bundle(name)


def measure_bundle(name: str) -> None:
    bundle = str(shipped_bundle(name))
    ours = [sys.executable, "-m", "router", "serve", "--port", "{port}", "--bundle", bundle]
    with serving(ours) as (port, process), serving([sys.executable, "-c", BARE, "{port}"]) as (bare_port, _):
        # Turn and turn about: on a shared machine a slow moment then meets both.
        turns = [(measure(port, CONNECTIONS), measure(bare_port, CONNECTIONS)) for _ in range(TURNS)]
        _, alone_ms = measure(port, 1)
        _, bare_alone_ms = measure(bare_port, 1)
        rss_mb = psutil.Process(process.pid).memory_info().rss / 2**20
    rate = statistics.median(mine for (mine, _), _ in turns)
    bare_rate = statistics.median(bare for _, (bare, _) in turns)
    ratio = statistics.median(mine / bare for (mine, _), (bare, _) in turns)
    loader = "wrk" if shutil.which("wrk") else "our own client"
    print(f"{name}: load from {loader}, {CONNECTIONS} connections, {SECONDS} s a turn, {TURNS} turns: medians")
    print(f"/route      {rate:8,.0f} requests/s; one connection {alone_ms:.2f} ms; {rss_mb:.0f} MB resident")
    print(f"bare app    {bare_rate:8,.0f} requests/s; one connection {bare_alone_ms:.2f} ms")
    print(f"ratio       {ratio:8.0%}")


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    *,
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
    seconds: float = 30,
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server process, ready to answer.

    command: `{port}` in it becomes the port; a free one if None.  seconds: that it may take to listen.
    """
    port = free_port() if port is None else port
    arguments = [part.replace("{port}", str(port)) for part in command]
    process = subprocess.Popen(arguments, stdout=-3, stderr=-3, env=environ)
    try:
        for _ in range(int(seconds / 0.05)):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(arguments)[:200]} ended with {process.returncode}")
            time.sleep(0.05)
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measure(port: int, connections: int) -> tuple[float, float]:
    """(requests per second, median latency in ms) over SECONDS."""
    return _wrk(port, connections) if shutil.which("wrk") else asyncio.run(_own_load(port, connections))


def _wrk(port: int, connections: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(
            f'wrk.method = "POST"\nwrk.body = [[{BODY.decode()}]]\nwrk.headers["content-type"] = "application/json"\n'
        )
        command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(script)]
        out = subprocess.run([*command, f"http://127.0.0.1:{port}/route"], capture_output=True, text=True, check=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out.stdout)
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", out.stdout)
    assert rate and median and "Non-2xx" not in out.stdout, out.stdout
    return float(rate[1]), float(median[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[median[2]]


async def _own_load(port: int, connections: int) -> tuple[float, float]:
    request = b"POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(BODY),
        BODY,
    )
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = re.search(rb"content-length: (\d+)", head)
            assert length
            await reader.readexactly(int(length[1]))
            times.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return len(times) / SECONDS, sorted(times)[len(times) // 2] * 1e3
