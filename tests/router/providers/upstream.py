"""A scripted provider on loopback: a raw asyncio server, so that every way in which a connection can break is at hand.

Each request takes the next step of the script (the last one stays). A step is an async function of an `Exchange`.
"""

import asyncio
import gzip
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.router.dialects.frames import encode_frame

Step = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Exchange:
    request: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status=200, *, chunked=True, length=None, **headers) -> None:
        lines = [f"HTTP/1.1 {status} X"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if length is not None:
            lines.append(f"content-length: {length}")
        elif chunked:
            lines.append("transfer-encoding: chunked")
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def chunk(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class Upstream:
    script: list[Step]
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    open_connections: int = 0
    n_connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.n_connections += 1
        try:
            while (request := await read_request(reader)) is not None:
                step = self.script[min(len(self.seen), len(self.script) - 1)]
                self.seen.append(request)
                gone = asyncio.create_task(self._watch(reader))
                acting = asyncio.create_task(_as_coroutine(step(Exchange(request, reader, writer))))
                await asyncio.wait({gone, acting}, return_when=asyncio.FIRST_COMPLETED)
                if not acting.done():
                    acting.cancel()
                    return
                gone.cancel()
                await asyncio.wait({gone})
                await acting
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_connections -= 1
            writer.close()

    async def all_closed(self, within_s=30.0) -> None:
        """Wait until the client has closed every connection. Raises TimeoutError for one that stays open."""
        async with asyncio.timeout(within_s):
            while self.open_connections:
                await asyncio.sleep(0.01)

    @staticmethod
    async def _watch(reader: asyncio.StreamReader) -> None:
        """Until the client hangs up. StreamReader has no peek, so its end is polled."""
        while not reader.at_eof() and reader.exception() is None:
            await asyncio.sleep(0.01)


async def _as_coroutine(awaitable: Awaitable[None]) -> None:
    await awaitable


async def read_request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Seen(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def upstream(*script: Step, context: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    served = Upstream(list(script))
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
        for _ in range(100):  # whoever closed its side is noticed a tick later
            if not served.open_connections:
                break
            await asyncio.sleep(0.01)


# --- Bodies, by dialect -----------------------------------------------------------------------------------------------

ANSWERS = {
    "openai_chat": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    },
    "openai_responses": {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "m-2026",
        "error": None,
        "output": [
            {
                "id": "msg_1",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
            }
        ],
        "usage": {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15},
    },
    "anthropic": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-2026",
        "content": [{"type": "text", "text": "Hi."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 3},
    },
    "gemini": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Hi."}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15},
        "modelVersion": "m-2026",
        "responseId": "r1",
    },
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
        "metrics": {"latencyMs": 5},
    },
}


def sse(*values, names: Sequence[str | None] = ()) -> list[bytes]:
    events = []
    for index, value in enumerate(values):
        name = names[index] if index < len(names) else None
        data = value if isinstance(value, str) else json.dumps(value)
        events.append((f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode())
    return events


def chat_chunk(delta, finish=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    } | more


def _anthropic():
    values = [
        {"type": "message_start", "message": ANSWERS["anthropic"] | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "."}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 3},
        },
        {"type": "message_stop"},
    ]
    return sse(*values, names=[value["type"] for value in values])


def responses_stream(*events, whole=None):
    """The events of a response, between its beginning and its end. whole: the response at its end."""
    whole = whole or ANSWERS["openai_responses"]
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    values = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *events,
        {"type": f"response.{whole['status']}", "response": whole},
    ]
    values = [value | {"sequence_number": number} for number, value in enumerate(values)]
    return sse(*values, names=[value["type"] for value in values])


def _responses():
    [message] = ANSWERS["openai_responses"]["output"]
    part = {"type": "output_text", "text": "", "annotations": []}
    item, place = {"output_index": 0}, {"output_index": 0, "item_id": "msg_1", "content_index": 0}
    return responses_stream(
        {"type": "response.output_item.added", **item, "item": message | {"status": "in_progress", "content": []}},
        {"type": "response.content_part.added", **place, "part": part},
        {"type": "response.output_text.delta", **place, "delta": "Hi", "logprobs": []},
        {"type": "response.output_text.delta", **place, "delta": ".", "logprobs": []},
        {"type": "response.output_text.done", **place, "text": "Hi.", "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part | {"text": "Hi."}},
        {"type": "response.output_item.done", **item, "item": message},
    )


def frame(kind, payload, *, message="event"):
    name = ":exception-type" if message == "exception" else ":event-type"
    headers = {name: kind, ":content-type": "application/json", ":message-type": message}
    return encode_frame(headers, json.dumps(payload).encode())


USAGE_CHUNK = {
    **chat_chunk({}),
    "choices": [],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}
STREAMS = {
    "openai_chat": sse(
        chat_chunk({"role": "assistant", "content": ""}),
        chat_chunk({"content": "Hi"}),
        chat_chunk({"content": "."}),
        chat_chunk({}, "stop"),
        USAGE_CHUNK,
        "[DONE]",
    ),
    "openai_responses": _responses(),
    "anthropic": _anthropic(),
    "gemini": sse(
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "index": 0}], "responseId": "r1"},
        ANSWERS["gemini"]
        | {
            "candidates": [{"content": {"role": "model", "parts": [{"text": "."}]}, "finishReason": "STOP", "index": 0}]
        },
    ),
    "bedrock": [
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "."}}),
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame("metadata", {"usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15}}),
    ],
}
STREAM_TYPES = {"bedrock": "application/vnd.amazon.eventstream"}


# --- Steps ------------------------------------------------------------------------------------------------------------


def answer(value=None, *, status=200, dialect="openai_chat", raw: bytes | None = None, **headers) -> Step:
    body = raw if raw is not None else json.dumps(ANSWERS[dialect] if value is None else value).encode()

    async def act(exchange: Exchange) -> None:
        await exchange.head(status, length=len(body), **({"content_type": "application/json"} | headers))
        await exchange.send(body)

    return act


def zipped(dialect="openai_chat") -> Step:
    return answer(raw=gzip.compress(json.dumps(ANSWERS[dialect]).encode()), content_encoding="gzip")


def stream(events=None, *, dialect="openai_chat", pause_s=0.0, content_type=None, **headers) -> Step:
    kind = content_type or STREAM_TYPES.get(dialect, "text/event-stream")

    async def act(exchange: Exchange) -> None:
        await exchange.head(200, content_type=kind, **headers)
        for event in STREAMS[dialect] if events is None else events:
            await exchange.chunk(event)
            if pause_s:
                await asyncio.sleep(pause_s)
        await exchange.end()

    return act


def broken_stream(events, *, reset=True) -> Step:
    """Some events, then a reset (or a close without the last chunk)."""

    async def act(exchange: Exchange) -> None:
        await exchange.head(200, content_type="text/event-stream")
        for event in events:
            await exchange.chunk(event)
        await asyncio.sleep(0.05)
        if reset:
            exchange.reset()
        else:
            exchange.writer.close()

    return act


def raw_bytes(data: bytes) -> Step:
    """Whatever it is, and then the end of the connection."""

    async def step(exchange: Exchange) -> None:
        await exchange.send(data)
        exchange.writer.close()

    return step


def stalling_stream(events) -> Step:
    """Some events, then silence for ever."""

    async def act(exchange: Exchange) -> None:
        await exchange.head(200, content_type="text/event-stream")
        for event in events:
            await exchange.chunk(event)
        await asyncio.sleep(60)

    return act


async def silent(exchange: Exchange) -> None:
    await asyncio.sleep(60)


async def reset_mid_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    exchange.reset()


async def reset_mid_body(exchange: Exchange) -> None:
    await exchange.head(200, length=1_000, content_type="application/json")
    await exchange.send(b'{"id": "chatcmpl-1", "choices": [')
    await asyncio.sleep(0.05)
    exchange.reset()


def error(status: int, message="no", code=None, **headers) -> Step:
    return answer({"error": {"message": message, "type": "x", "code": code}}, status=status, **headers)
