"""A provider of two dialects that fails as providers do; each request says how, and gets its marker back.

The text of a request holds `storm NAME MARKER`; the answer's text is the marker and a full stop.
"""

import asyncio
import gzip
import json
import re

from tests.router.providers.upstream import ANSWERS, STREAMS, Exchange

WISH = re.compile(rb"storm (\w+) (m\d+x)")
LARGE = 1_500_000
DRIP_S = 0.2

WHOLE = frozenset(("fine", "plain_type", "after_the_end", "same_ids", "huge_event", "trickle"))
"""Those whose answer is whole; only these may end as if it were."""

ANY_END = frozenset(("cut_in_done", "gzip_whole", "no_done"))
"""Those whose answer may be taken for whole or not: all of it had come."""

STATUSES = {
    "status_500": (500, {"message": "boom"}, {}),
    "status_429": (429, {"message": "slow down", "type": "rate_limit_error"}, {"retry_after": "0"}),
    "status_401": (401, {"message": "bad key", "type": "authentication_error"}, {}),
    "status_404": (404, {"message": "no such model", "type": "not_found_error"}, {}),
    "overflow": (400, {"message": "maximum context length is 8 tokens", "code": "context_length_exceeded"}, {}),
    "redirect": (307, {"message": "elsewhere"}, {"location": "http://127.0.0.1:9/"}),
}
FAULTS = (
    *STATUSES,
    *sorted(WHOLE | ANY_END),
    *("html", "empty", "garbage", "cut_in_head", "cut_in_event", "cut_in_last_event", "no_finish", "reset"),
    *("error_inside", "half_gzip", "wrong_chunk", "silent", "stall"),
)


async def act(exchange: Exchange) -> None:
    """Do with the request what it says."""
    found = WISH.search(exchange.request.body)
    assert found, "every request of the storm says what is to happen"
    name, marker = found[1].decode(), found[2]
    dialect = "anthropic" if exchange.request.path.endswith("/messages") else "openai_chat"
    if name in STATUSES:
        status, error, headers = STATUSES[name]
        await _send(exchange, json.dumps({"type": "error", "error": error}).encode(), status=status, **headers)
    elif exchange.request.json.get("stream"):
        await _stream(exchange, name, [one.replace(b"Hi", marker) for one in STREAMS[dialect]], dialect)
    else:
        await _whole(exchange, name, json.dumps(ANSWERS[dialect]).replace("Hi", marker.decode()).encode())


async def _send(exchange: Exchange, body: bytes, *, status: int = 200, **headers: str) -> None:
    await exchange.head(status, length=len(body), **{"content_type": "application/json", **headers})
    await exchange.send(body)


async def _common(exchange: Exchange, name: str) -> bool:
    """What is the same for streams and whole answers; whether it was one of those."""
    match name:
        case "html":
            await _send(exchange, b"<html>gateway</html>", content_type="text/html")
        case "empty":
            await _send(exchange, b"", content_type="text/event-stream")
        case "cut_in_head":
            await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
            exchange.reset()
        case "silent":
            await asyncio.sleep(60)
        case _:
            return False
    return True


async def _whole(exchange: Exchange, name: str, body: bytes) -> None:
    if await _common(exchange, name):
        return
    match name:
        case "plain_type":
            await _send(exchange, body, content_type="text/plain")
        case "huge_event":
            await _send(exchange, body[:-1] + b', "padding": "' + b"x" * LARGE + b'"}')
        case "gzip_whole":
            await _send(exchange, gzip.compress(body), content_encoding="gzip")
        case "half_gzip":
            await _send(exchange, gzip.compress(body)[:-20], content_encoding="gzip")
        case "garbage":
            await _send(exchange, body[: len(body) // 2])
        case "error_inside":
            await _send(exchange, b'{"error": {"message": "overloaded", "type": "overloaded_error"}}')
        case "cut_in_event" | "cut_in_last_event" | "no_finish" | "reset" | "stall" | "wrong_chunk":
            await exchange.head(200, length=len(body) + 10, content_type="application/json")
            await exchange.send(body[:-1])
            await asyncio.sleep(60 if name == "stall" else 0.02)
            exchange.reset() if name == "reset" else exchange.writer.close()
        case "trickle":
            await exchange.head(200, length=len(body), content_type="application/json")
            for at in range(0, len(body), 40):
                await exchange.send(body[at : at + 40])
                await asyncio.sleep(0.002)
        case _:
            await _send(exchange, body)


async def _stream(exchange: Exchange, name: str, events: list[bytes], dialect: str) -> None:
    if await _common(exchange, name):
        return
    packed = gzip.compress(b"".join(events))
    is_packed = name in ("gzip_whole", "half_gzip")
    headers = {"content_encoding": "gzip"} if is_packed else {}
    await exchange.head(200, content_type="text/plain" if name == "plain_type" else "text/event-stream", **headers)
    if is_packed:
        await exchange.chunk(packed if name == "gzip_whole" else packed[: len(packed) // 2])
        await exchange.end()
        return
    if name == "drip":
        for event in events[:3]:
            await exchange.chunk(event)
        while True:
            await exchange.chunk(events[2])
            await asyncio.sleep(DRIP_S)
    await _events(exchange, name, events, dialect)


async def _events(exchange: Exchange, name: str, events: list[bytes], dialect: str) -> None:
    n_content = 2 if dialect == "openai_chat" else 3  # events until the marker has come
    last = 3 if dialect == "openai_chat" else 5  # the event that says that the answer is whole
    match name:
        case "garbage":
            events = [*events[:n_content], b"data: {nonsense\n\n"]
        case "error_inside":
            error = b'{"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}}'
            events = [*events[:n_content], b"event: error\ndata: " + error + b"\n\n"]
        case "cut_in_event":
            events = [*events[:n_content], events[n_content][:-15]]
        case "cut_in_last_event":
            events = [*events[:last], events[last][:-15]]
        case "cut_in_done":
            events = [*events[:-1], events[-1][:-4]]
        case "no_finish" | "reset" | "stall" | "wrong_chunk":
            events = events[:last]
        case "no_done":
            events = events[:-1] if dialect == "openai_chat" else events
        case "after_the_end":
            events = [*events, b": bye\n\n", events[-1]] if dialect == "openai_chat" else events
        case "huge_event":
            events = [*events[:n_content], b": " + b"x" * LARGE + b"\n\n", *events[n_content:]]
    for event in events:
        for part in [event[at : at + 7] for at in range(0, len(event), 7)] if name == "trickle" else [event]:
            await exchange.chunk(part)
    if name == "stall":
        await asyncio.sleep(60)
    if name == "wrong_chunk":
        await exchange.send(b"zz\r\nnot a chunk\r\n")
    if name == "reset":
        await asyncio.sleep(0.02)
        exchange.reset()
    elif name.startswith("cut") or name == "wrong_chunk":
        exchange.writer.close()
    else:
        await exchange.end()
