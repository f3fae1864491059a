"""Faults of providers at every request, in four client dialects, and SIGTERM at the end.   python -m tests.bench storm

Printed: how many answers were wrong (another request's marker, a clean end of a broken answer, half a frame), what
memory grew by, and whether each of a hundred open streams was closed properly when the service was told to stop.
"""

import asyncio
import random
import re
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil

from tests.bench.data import ROOT
from tests.bench.faults import ANY_END, FAULTS, WHOLE, act
from tests.router.endpoints.running import Running, running_with
from tests.router.endpoints.service import FACES

SECONDS = 60.0
CONNECTIONS = 48
WARM_SHARE = 0.3
"""Of the time, until memory is measured first."""
LAST_STREAMS = 100
GRACE_S = 4

WISHED = re.compile(r"m\d+x")
IMPATIENT = {"first_event_s": 3.0, "whole_answer_s": 3.0, "between_bytes_s": 2.0}
TIERS = tuple(
    (tier, tuple(f"{provider}/{fault}" for provider in providers for fault in (*FAULTS, "drip")))
    for tier, providers in (("budget", "a"), ("production", "b"), ("frontier", "c"))
)


@dataclass
class Figures:
    """What came of a storm. wrong: a line for each answer that should not have been.  grown_bytes: of memory."""

    n_answers: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    grown_bytes: int = 0
    closed_properly: int = 0
    stopped_after_s: float = 0.0


def main() -> None:
    """One storm against the shipped bundle `fast`."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(storm(Path(folder), ROOT / "models" / "fast", seconds=SECONDS, connections=CONNECTIONS))
    print(f"{figures.n_answers:,} answers to {len(FAULTS)} kinds of request in four dialects: {dict(figures.ends)}")
    print(f"wrong: {len(figures.wrong)}; memory {figures.grown_bytes / 1e6:+.1f} MB")
    print(f"SIGTERM: {figures.closed_properly} of {LAST_STREAMS} streams closed properly, ended in "
          f"{figures.stopped_after_s:.1f} s")  # fmt: skip
    for line in figures.wrong[:20]:
        print(line)


async def storm(folder: Path, bundle: Path, *, seconds: float, connections: int) -> Figures:
    """So many clients at once for so long, and then a signal to stop."""
    figures, rng = Figures(), random.Random(0)
    extra = "[dispatch.breaker]\nfailures = 1000\ncooldown_s = 0.01\n"
    adapters = {"b": "anthropic"}
    options = {"adapters": adapters, "dispatch": IMPATIENT, "tiers": TIERS, "extra": extra, "grace_s": GRACE_S}
    async with running_with(act, folder, bundle, **options) as made:
        process = psutil.Process(made.process.pid)
        began_s = time.monotonic()
        rss = 0

        async def client() -> None:
            nonlocal rss
            while (now_s := time.monotonic() - began_s) < seconds:
                await _one(made, figures, rng)
                if not rss and now_s > seconds * WARM_SHARE:
                    rss = process.memory_info().rss

        await asyncio.gather(*(client() for _ in range(connections)))
        figures.grown_bytes = process.memory_info().rss - rss
        await _stop(made, figures)
    return figures


async def _one(made: Running, figures: Figures, rng: random.Random) -> None:
    face, fault, streamed = rng.choice(FACES), rng.choice(FAULTS), rng.random() < 0.7
    figures.n_answers += 1
    marker = f"m{figures.n_answers}x"
    path, body = face.request(stream=streamed, model=f"{rng.choice('ab')}/{fault}", ask=f"storm {fault} {marker}")
    named = f"{face.name} {fault} {'stream' if streamed else 'whole'}"
    try:
        told = await made.client.post(path, json=body, headers=face.headers)
        end, problem = _judged(face, fault, marker, told, streamed=streamed)
    except (httpx2.TransportError, ValueError, KeyError) as exc:
        end, problem = "unreadable", f"{type(exc).__name__}: {exc}"
    figures.ends[end] += 1
    if problem:
        figures.wrong.append(f"{named}: {problem}")


def _judged(face, fault: str, marker: str, told: httpx2.Response, *, streamed: bool) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """How the answer ended, and what is wrong with it; "" for nothing."""
    others = set(WISHED.findall(told.text)) - {marker}
    if others:
        return "another's", f"the marker of another request: {others}"
    if told.status_code != 200:
        face.error(told.json())
        is_fine = fault not in WHOLE or told.status_code == 504  # a slow machine is no fault of the answer's
        return "refused", "" if is_fine else f"status {told.status_code}"
    if not streamed:
        is_own = face.text(told.json()) == f"{marker}."
        return "whole", "" if is_own and fault in WHOLE | ANY_END else "a whole answer of a broken one"
    if not told.content.endswith((b"\n\n", b"\r\n\r\n")):
        return "cut", f"half a frame: {told.content[-60:]!r}"
    got = face.streamed(told.content)
    if got["error"]:
        is_said = not got["ended"] and fault not in WHOLE
        return "error event", "" if is_said else f"an error after the end, or of a whole answer: {got['error']}"
    if not got["ended"] and fault in ANY_END:
        return "whole", ""  # a client takes the end of the connection for it
    if not got["ended"]:
        return "open end", f"no end and no error: {told.content[-200:]!r}"
    is_own = got["text"] == f"{marker}." and fault in WHOLE | ANY_END
    return "whole", "" if is_own else f"a clean end of a broken answer: {told.content[-300:]!r}"


async def _stop(made: Running, figures: Figures) -> None:
    """Streams that would not end by themselves."""
    n_seen = len(made.provider.seen)
    tasks = [
        made.asking(FACES[number % 4], f"storm drip m{number}x", model="a/drip" if number % 8 < 4 else "b/drip")
        for number in range(LAST_STREAMS)
    ]
    await made.asked(n_seen + LAST_STREAMS)
    made.process.send_signal(signal.SIGTERM)
    began_s = time.monotonic()
    for task in tasks:
        try:
            status, got = await task
        except httpx2.TransportError as exc:
            figures.wrong.append(f"a stream when the service stopped: {type(exc).__name__}")
            continue
        is_proper = status == 200 and bool(got["error"]) and not got["ended"]
        figures.closed_properly += is_proper
        if not is_proper:
            figures.wrong.append(f"a stream when the service stopped: {status} {got}"[:300])
    await made.ended(within_s=GRACE_S + 10)
    figures.stopped_after_s = time.monotonic() - began_s
