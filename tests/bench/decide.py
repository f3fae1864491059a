"""In process, one core: what a decision takes with the shipped bundles."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from router import Router
from router.brain.bundle.shipped import shipped_bundle
from router.dialects.route_body import parse_route_request
from router.jsontext import decode_json
from router.reading import read
from router.types import ChatRequest, RouteRequest
from tests.bench.data import TRAFFIC
from training.fitting.distil import DEFAULT_MODEL, model_path
from training.rows.readers import read_rows

THIRTY_WORDS = (
    "Write a Python function that merges overlapping intervals given as a list of tuples and returns them sorted by "
    "start, with tests for the edge cases and a short docstring please"
)
TWO_THOUSAND_WORDS = " ".join(f"{THIRTY_WORDS} and item {n} too." for n in range(59))
CLIENTS = Path(__file__).parents[1] / "fixtures" / "clients"
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
    conversation = {
        "messages": [{"role": "system", "content": FIFTY_KB}]
        + [{"role": role, "content": THIRTY_WORDS} for role in ("user", "assistant", "user")]
    }
    cases: dict[str, str | dict[str, object]] = {
        f"{len(THIRTY_WORDS.split())} words": THIRTY_WORDS,
        f"{len(TWO_THOUSAND_WORDS.split()):,} words": TWO_THOUSAND_WORDS,
        f"conversation, {len(FIFTY_KB) / 1024:.0f} KB system prompt": conversation,
    }
    for name in ("fast", "default"):
        router = Router.load(shipped_bundle(name), environ={})
        for case, request in cases.items():
            ms, n = median_ms(lambda router=router, request=request: router.route(request))
            print(f"{name:<8} {case:<40} {ms:8.3f} ms median of {n:,}")
    whole_bodies()
    against_the_full_model()


def whole_bodies() -> None:
    """Bytes to decision with `fast`: OpenClaw turns of 50 KB (its system prompt) and 500 KB (a long history)."""
    router = Router.load(shipped_bundle("fast"), environ={})
    turn = json.loads((CLIENTS / "openclaw_second_turn.json").read_text("utf-8"))
    for kb in (50, 500):
        raw = grown(turn["body"], size_bytes=kb * 1024)

        def decide(raw: bytes = raw) -> object:
            return router.route(parse_route_request(decode_json(raw), headers={}, raw=raw))

        ms, n = median_ms(decide)
        print(
            f"fast     {f'OpenClaw body, {len(raw) / 1024:.0f} KB, parse to decision':<40} {ms:8.3f} ms median of {n:,}"
        )


def grown(body: dict[str, Any], *, size_bytes: int) -> bytes:
    """The body with 49 KB of system prompt, and then with history until it has about so many bytes."""
    first, *rest = body["messages"]
    system = {"role": "system", "content": FIFTY_KB[: min(49 * 1024, size_bytes - 1024)]}
    past = [{"role": role, "content": TWO_THOUSAND_WORDS[:6_000]} for role in ("user", "assistant")]
    history: list[dict[str, str]] = []
    while len(json.dumps([system, *history])) < size_bytes - 13_000:
        history += past
    return json.dumps(
        {**body, "messages": [system, *history, *([] if first["role"] == "system" else [first]), *rest]}
    ).encode()


def against_the_full_model(n_rows: int = 200) -> None:
    """A decision of `default` on traffic rows against all six layers of MiniLM in PyTorch, one thread, batch of one."""
    rows = [row.messages for row in read_rows([TRAFFIC]).rows]
    picked = [rows[int(i)] for i in np.random.default_rng(0).permutation(len(rows))[:n_rows]]
    chats = [ChatRequest(messages=messages) for messages in picked]
    texts = [f"{reading.window}\n{reading.ask}" for reading in map(read, chats)]
    router = Router.load(shipped_bundle("default"), environ={})
    torch.set_num_threads(1)
    model = SentenceTransformer(model_path(DEFAULT_MODEL), device="cpu")
    ours, full = [], []
    for chat, text in zip(chats, texts, strict=True):
        ours.append(timed_ms(lambda chat=chat: router.route(RouteRequest(chat=chat))))
        full.append(timed_ms(lambda text=text: model.encode([text], show_progress_bar=False)))
    ratio = float(np.median(ours)) / float(np.median(full))
    print(
        f"{n_rows} traffic rows: default {np.median(ours):.2f} ms a decision, six-layer MiniLM in PyTorch "
        f"{np.median(full):.2f} ms: {ratio:.0%}"
    )


def timed_ms(call: Callable[[], object]) -> float:
    call()
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3
