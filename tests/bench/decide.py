"""In process, one core: what a decision takes with the shipped bundle."""

import time
from collections.abc import Callable

import numpy as np

from router import Router

THIRTY_WORDS = (
    "Write a Python function that merges overlapping intervals given as a list of tuples and returns them sorted by "
    "start, with tests for the edge cases and a short docstring please"
)
TWO_THOUSAND_WORDS = " ".join(f"{THIRTY_WORDS} and item {n} too." for n in range(59))
FIFTY_KB = "You are an assistant with many tools. Follow every rule below to the letter, always.\n" * 590


def median_ms(call: Callable[[], object], *, seconds: float = 2.0) -> tuple[float, int]:
    """(median in ms, calls), over about `seconds` of calls after a short warm-up."""
    for _ in range(20):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e3, len(times)


def main() -> None:
    router = Router.load(environ={})
    conversation = {
        "messages": [{"role": "system", "content": FIFTY_KB}]
        + [{"role": role, "content": THIRTY_WORDS} for role in ("user", "assistant", "user")]
    }
    cases: dict[str, str | dict[str, object]] = {
        f"{len(THIRTY_WORDS.split())} words": THIRTY_WORDS,
        f"{len(TWO_THOUSAND_WORDS.split()):,} words": TWO_THOUSAND_WORDS,
        f"conversation, {len(FIFTY_KB) / 1024:.0f} KB system prompt": conversation,
    }
    for name, request in cases.items():
        ms, n = median_ms(lambda request=request: router.route(request))
        print(f"{name:<40} {ms:8.3f} ms median of {n:,}")
