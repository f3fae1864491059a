"""Streams through the proxy: what is added to the first byte and to a chunk, and how many one worker holds.

The provider writes the moment into each chunk, so that its age is known where it arrives.
"""

import asyncio
import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.http import serving

TURNS = 40
CHUNKS = 20
PAUSE_S = 0.01
HELD = (500, 1_000)
HOLD_S = 4.0
BUSY_CONNECTIONS = 16
BUSY_S = 4.0

# `user` says how many chunks to send and how long to wait between them.
PROVIDER = """
import asyncio, json, sys, time, uvloop
def event(delta, finish=None):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    value = {"id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk", "created": 1741570283,
             "model": "m", "system_fingerprint": "fp_fc9f1d7035", "choices": [choice]}
    data = b"data: " + json.dumps(value).encode() + b"\\n\\n"
    return b"%x\\r\\n%b\\r\\n" % (len(data), data)
answer = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0,
    "message": {"role": "assistant", "content": "Yes. " * 200}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}).encode()
async def serve(reader, writer):
    try:
        while True:
            lines = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            length = int(lines.split(b"content-length:")[1].split(b"\\r\\n")[0])
            body = json.loads(await reader.readexactly(length))
            if not body.get("stream"):
                head = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n"
                writer.write(head % len(answer) + answer)
                continue
            count, pause_s = body["user"].split()
            head = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
            writer.write(head + event({"role": "assistant", "content": ""}))
            for _ in range(int(count)):
                writer.write(event({"content": f"@{time.monotonic_ns()}@"}))
                await asyncio.sleep(float(pause_s))
            writer.write(event({}, "stop") + b"e\\r\\ndata: [DONE]\\n\\n\\r\\n0\\r\\n\\r\\n")
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096) as server:
        await server.serve_forever()
uvloop.run(main())
"""


@dataclass
class Seen:
    """One stream: seconds until its first content, and the ages of its chunks."""

    first_s: float = 0.0
    ages_s: list[float] = field(default_factory=list)


def main(body: bytes, key: str, ours: Callable[[Path, int, str], AbstractContextManager[Any]]) -> None:
    """body: a request that streams.  key: ours.  ours: our service, for a folder, a provider's port and a bundle."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # our own children inherit it
    with tempfile.TemporaryDirectory() as folder, serving([sys.executable, "-c", PROVIDER, "{port}"]) as (port, _):
        for bundle in ("fast", "default"):
            with ours(Path(folder), port, bundle) as contender:
                asyncio.run(_added(body, key, contender, port))
                asyncio.run(_while_busy(body, key, contender))
        for count in HELD:
            with ours(Path(folder), port, "fast") as contender:
                asyncio.run(_held(body, key, contender, count))


async def _added(body: bytes, key: str, contender: Any, provider_port: int) -> None:
    """Turn and turn about with the provider itself."""
    request = asking(body, key, CHUNKS, PAUSE_S)
    first: list[float] = []
    ages: list[float] = []
    mine_at = await asyncio.open_connection("127.0.0.1", contender.port)
    direct_at = await asyncio.open_connection("127.0.0.1", provider_port)
    for turn in range(TURNS + 3):
        mine, direct = await ask(*mine_at, request, Seen()), await ask(*direct_at, request, Seen())
        if turn >= 3:
            first.append(mine.first_s - direct.first_s)
            ages.append(statistics.median(mine.ages_s) - statistics.median(direct.ages_s))
    mine_at[1].close()
    direct_at[1].close()
    first_ms, chunk_ms = statistics.median(first) * 1e3, statistics.median(ages) * 1e3
    print(f"{contender.name}, streams: {first_ms:.2f} ms added to the first byte, {chunk_ms:.3f} ms to a chunk")


async def _while_busy(body: bytes, key: str, contender: Any) -> None:
    """The ages of one stream's chunks while others ask for whole answers."""
    whole = json.dumps({**json.loads(body), "stream": False}).encode()
    end_s = time.perf_counter() + BUSY_S
    n_answers = 0

    async def load() -> None:
        nonlocal n_answers
        reader, writer = await asyncio.open_connection("127.0.0.1", contender.port)
        while time.perf_counter() < end_s:
            writer.write(_http(whole, key))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            n_answers += 1
        writer.close()

    flowing = one(contender.port, asking(body, key, int(BUSY_S / PAUSE_S * 0.8), PAUSE_S))
    seen, *_ = await asyncio.gather(flowing, *(load() for _ in range(BUSY_CONNECTIONS)))
    ages_ms = sorted(age * 1e3 for age in seen.ages_s)
    print(
        f"{contender.name}, a stream during {n_answers / BUSY_S:,.0f} whole answers/s: age of a chunk "
        f"{statistics.median(ages_ms):.1f} ms, p99 {ages_ms[int(len(ages_ms) * 0.99)]:.1f} ms"
    )


async def _held(body: bytes, key: str, contender: Any, count: int) -> None:
    """Many streams at once, a chunk a second each."""
    await one(contender.port, asking(body, key, 2, 0.01))
    before = contender.process.memory_info().rss
    request = asking(body, key, int(HOLD_S) + 4, 1.0)
    everyone: list[Seen] = [Seen() for _ in range(count)]
    cpu = contender.process.cpu_times()
    began_s = time.perf_counter()
    tasks = [asyncio.ensure_future(one(contender.port, request, seen)) for seen in everyone]
    while not all(seen.ages_s for seen in everyone) and time.perf_counter() - began_s < 20:
        await asyncio.sleep(0.02)
    opened_s = time.perf_counter() - began_s
    await asyncio.sleep(HOLD_S)
    rss = contender.process.memory_info().rss
    used = contender.process.cpu_times()
    ages_ms = sorted(age * 1e3 for seen in everyone for age in seen.ages_s[1:])
    alive = sum(len(seen.ages_s) > 1 for seen in everyone)
    busy_s = used.user + used.system - cpu.user - cpu.system
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(
        f"{contender.name}, {alive:,} of {count:,} streams held by one worker: open after {opened_s:.1f} s, "
        f"{(rss - before) / count / 1024:.0f} KiB each, {busy_s:.1f} s CPU, age of a chunk "
        f"{statistics.median(ages_ms):.1f} ms, p99 {ages_ms[int(len(ages_ms) * 0.99)]:.1f} ms",
        flush=True,
    )


def asking(body: bytes, key: str, chunks: int, pause_s: float) -> bytes:
    return _http(json.dumps({**json.loads(body), "user": f"{chunks} {pause_s}"}).encode(), key)


def _http(body: bytes, key: str) -> bytes:
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json"
    return f"{head}\r\nauthorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def one(port: int, request: bytes, seen: Seen | None = None) -> Seen:
    """Ask on a connection of its own, and read to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await ask(reader, writer, request, Seen() if seen is None else seen)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, seen: Seen) -> Seen:
    """Ask, and read to the end: the connection is free then."""
    began_s = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    while (line := await reader.readline()) != b"0\r\n":
        now_ns = time.monotonic_ns()
        if not seen.first_s:
            seen.first_s = time.perf_counter() - began_s
        if (parts := line.split(b"@"))[1:]:
            seen.ages_s.append((now_ns - int(parts[1])) / 1e9)
        if not line:
            break
    await reader.readline()
    return seen
