"""A server for real clients: it asks a running tierwise about each request, keeps the answer, and says "pong".

It listens on the loopback address, takes any path, and answers in the dialect of the path: Chat Completions,
Responses, Anthropic Messages, Gemini (each as JSON or as a stream), count_tokens, the model lists, and the two paths
that OpenClaw's ClawRouter provider reads. No request leaves the machine.

What is kept holds the shape of a body (roles, kinds of block, lengths), never its text: the prompts of agents are third
parties' work. `--bodies FOLDER` writes whole bodies too, for a look at them outside the repository.

    python tests/clients/recorder.py --route http://127.0.0.1:8080 --port 4010
"""

# ruff: noqa: T201 - run by hand, it prints what it sees
from __future__ import annotations

import argparse
import gzip
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
PONG = "pong"
_SECRETS = ("authorization", "cookie", "key", "token", "secret", "credential")
_OF_THE_CONNECTION = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"}
_KEPT = (
    *("user-agent", "anthropic-version", "anthropic-beta", "originator", "session-id", "x-request-id", "x-app"),
    *("x-claude-code-session-id", "x-goog-api-client", "content-encoding", "traceparent"),
    *("x-clawrouter-client", "x-clawrouter-agent-id", "x-clawrouter-session-id"),
)


@dataclass(frozen=True)
class Seen:
    """One request and what tierwise said of it.

    headers: the chosen ones.  auth: names of the headers that carry a key, or "query".  shape: see shape_of.
    status: of tierwise's answer; 0 where it was not asked.  decision: that answer.
    """

    method: str
    path: str
    headers: dict[str, str]
    auth: list[str]
    shape: dict[str, Any]
    status: int = 0
    decision: dict[str, Any] = field(default_factory=dict)

    @property
    def ask(self) -> str | None:
        """The words that were scored; None where nothing was."""
        return self.decision.get("explanation", {}).get("ask")


class Recorder(ThreadingHTTPServer):
    """The server; `seen` holds what came, in order.

    tool: a call (name, arguments) to answer the next streamed request that offers that tool with, once, instead of
        the word; what the client sends then is a step inside a loop.
    route: address of a running tierwise.  bodies: a folder for whole bodies, outside the repository.
    """

    daemon_threads = True

    def __init__(self, route: str, *, port: int = 0, bodies: Path | None = None, loud: bool = False) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.route, self.bodies, self.loud = route, bodies, loud
        self.seen: list[Seen] = []
        self.tool: tuple[str, dict[str, Any]] | None = None
        self._count = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def keep(self, seen: Seen, body: bytes) -> None:
        """Remember a request."""
        with self._lock:
            self.seen.append(seen)
            self._count += 1
            if self.bodies is not None and body:
                self.bodies.mkdir(parents=True, exist_ok=True)
                name = f"{self._count:03}-{seen.path.split('?')[0].strip('/').replace('/', '_')}.json"
                (self.bodies / name).write_bytes(body)
        if self.loud:
            print(json.dumps(asdict(seen)), flush=True)

    def next_call(self, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """The tool to call in the answer to this body; None for an answer in words."""
        with self._lock:
            offered = {tool.get("name") or tool.get("function", {}).get("name") for tool in body.get("tools") or ()}
            call = self.tool if self.tool and body.get("stream") and self.tool[0] in offered else None
            self.tool = None if call else self.tool
        return call

    def take(self) -> list[Seen]:
        """What came since the last call."""
        with self._lock:
            taken, self.seen = self.seen, []
        return taken


@contextmanager
def recording(route: str, *, bodies: Path | None = None) -> Iterator[Recorder]:
    """A recorder on a free port, for as long as the block lasts."""
    with Recorder(route, bodies=bodies) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def decide(route: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """tierwise's status and answer for a body as it came, but for `router.explain`, which is added to a copy."""
    headers = {name: value for name, value in (headers or {}).items() if _may_pass(name)}
    request = urllib.request.Request(
        f"{route}/route",
        data=json.dumps({**body, "router": {"explain": True}}).encode(),
        headers={**headers, "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def _may_pass(name: str) -> bool:
    return name not in _OF_THE_CONNECTION and name != "content-encoding" and not _is_secret(name)


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRETS)


def shape_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Roles, kinds and lengths of what a body says, its other fields' names, its number of tools; none of its text."""
    said = {key: _shape(body[key]) for key in ("system", "instructions", "systemInstruction") if key in body}
    said |= {key: _shape(body[key]) for key in ("messages", "input", "contents") if key in body}
    fields = sorted(body.keys() - said.keys() - {"tools"})
    return {**said, "fields": fields, "tools": len(body.get("tools") or ())}


def _shape(value: Any) -> Any:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return [_shape(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {key: value[key] for key in ("role", "type", "name") if isinstance(value.get(key), str)}
    inner = {key: _shape(value[key]) for key in ("content", "parts", "text", "output", "tool_calls") if key in value}
    return named | inner


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_GET(self) -> None:
        self._keep({}, b"")
        path = self.path.split("?")[0]
        for end, answer in _LISTS.items():
            if path.endswith(end):
                return self._json(200, answer)
        return self._json(404, {"error": {"message": "no such path", "type": "not_found"}})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        raw = self._body()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._keep({}, raw)
            return self._json(400, {"error": {"message": "not a JSON object", "type": "invalid_request_error"}})
        self._keep(body, raw)
        return self._answer(body)

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            raw = b"".join(self._chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _keep(self, body: dict[str, Any], raw: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, decision = decide(self.server.route, body, headers) if body else (0, {})
        auth = [name for name in headers if _is_secret(name)] + (["query"] if "key=" in self.path else [])
        kept = {name: headers[name] for name in _KEPT if name in headers}
        seen = Seen(self.command, self.path.split("key=")[0], kept, auth, shape_of(body), status, decision)
        self.server.keep(seen, raw)

    def _answer(self, body: dict[str, Any]) -> None:
        path, stream = self.path.split("?")[0], bool(body.get("stream"))
        if path.endswith("/count_tokens"):
            return self._json(200, {"input_tokens": 7})
        call = self.server.next_call(body)
        if path.endswith("/messages"):
            self._events(_anthropic_events(call)) if stream else self._json(200, _anthropic_message())
        elif path.endswith("/responses"):
            self._events(_response_events(call)) if stream else self._json(200, _response("completed"))
        elif path.endswith("/chat/completions"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            self._events(_chat_events(call, usage=usage)) if stream else self._json(200, _chat_completion())
        elif path.endswith(":streamGenerateContent"):
            self._events([(None, _gemini())])
        elif path.endswith(":generateContent"):
            self._json(200, _gemini())
        else:
            self._json(404, {"error": {"message": "no such path", "type": "not_found"}})
        return None

    def _json(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _events(self, events: list[tuple[str | None, Any]]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, value in events:
            data = value if isinstance(value, str) else json.dumps(value)
            self.wfile.write(f"event: {name}\ndata: {data}\n\n".encode() if name else f"data: {data}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what came is kept."""


Call = tuple[str, dict[str, Any]] | None
_CALL_ID = "call_1"
_MODEL = "tier/auto"
_LISTS: dict[str, Any] = {
    "/models": {
        "object": "list",
        "data": [{"id": _MODEL, "object": "model", "created": 1, "owned_by": "tierwise", "type": "model"}],
        "models": [],  # Codex reads this one
        "has_more": False,
    },
    "/catalog": {
        "providers": [
            {
                "id": "tier",
                "displayName": "tierwise",
                "openaiCompatible": True,
                "nativeBaseUrl": "/v1/native/tier",
                "routes": [],
                "models": [
                    {
                        "id": _MODEL,
                        "upstream": _MODEL,
                        "displayName": "auto",
                        "capabilities": ["llm.chat", "llm.stream"],
                        "pricing": {
                            "inputMicrosPerMillion": 1_000_000,
                            "outputMicrosPerMillion": 2_000_000,
                            "maxInputTokens": 200_000,
                            "defaultMaxOutputTokens": 8_192,
                        },
                    }
                ],
            }
        ]
    },
    "/usage": {
        "budget": {"configured": False},
        "usage": {"summary": {"requestCount": 1, "totalTokens": 2, "actualCostMicros": 0}},
    },
}


def _chat_completion() -> dict[str, Any]:
    message = {"role": "assistant", "content": PONG}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": _MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _CHAT_USAGE,
    }


_CHAT_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def _chat_events(call: Call, *, usage: bool) -> list[tuple[str | None, Any]]:
    def chunk(choices: list[Any], **more: Any) -> tuple[None, Any]:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": _MODEL}
        return None, {**head, "choices": choices, **more}

    delta: dict[str, Any] = {"content": PONG}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        delta = {"tool_calls": [{"index": 0, "id": _CALL_ID, "type": "function", "function": function}]}
    return [
        chunk([{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None}]),
        chunk([{"index": 0, "delta": {}, "finish_reason": "tool_calls" if call else "stop"}]),
        *([chunk([], usage=_CHAT_USAGE)] if usage else []),
        (None, "[DONE]"),
    ]


def _response(status: str, output: list[Any] | None = None) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": _MODEL,
        "status": status,
        "output": [_RESPONSE_ITEM] if output is None else output,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "usage": {
            "input_tokens": 1,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 1,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 2,
        },
    }


_RESPONSE_PART = {"type": "output_text", "text": PONG, "annotations": []}
_RESPONSE_ITEM = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [_RESPONSE_PART],
}


def _response_events(call: Call) -> list[tuple[str | None, Any]]:
    if call:
        text = json.dumps(call[1])
        item = {"id": "fc_1", "type": "function_call", "call_id": _CALL_ID, "name": call[0], "arguments": text}
        opened = {**item, "arguments": "", "status": "in_progress"}
        place = {"item_id": "fc_1", "output_index": 0}
        inside: list[tuple[str, dict[str, Any]]] = [
            ("response.function_call_arguments.delta", {**place, "delta": text}),
            ("response.function_call_arguments.done", {**place, "arguments": text, "name": call[0]}),
        ]
    else:
        item, opened = _RESPONSE_ITEM, {**_RESPONSE_ITEM, "status": "in_progress", "content": []}
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        inside = [
            ("response.content_part.added", {**place, "part": {**_RESPONSE_PART, "text": ""}}),
            ("response.output_text.delta", {**place, "delta": PONG, "logprobs": []}),
            ("response.output_text.done", {**place, "text": PONG, "logprobs": []}),
            ("response.content_part.done", {**place, "part": _RESPONSE_PART}),
        ]
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": _response("in_progress", [])}),
        ("response.output_item.added", {"output_index": 0, "item": opened}),
        *inside,
        ("response.output_item.done", {"output_index": 0, "item": {**item, "status": "completed"}}),
        ("response.completed", {"response": _response("completed", [{**item, "status": "completed"}])}),
    ]
    return [(name, {"type": name, "sequence_number": n, **data}) for n, (name, data) in enumerate(events)]


def _anthropic_message() -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": _MODEL,
        "content": [{"type": "text", "text": PONG}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _anthropic_events(call: Call) -> list[tuple[str | None, Any]]:
    start = {**_anthropic_message(), "content": [], "stop_reason": None}
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": PONG}
    if call:
        block = {"type": "tool_use", "id": f"toolu_{_CALL_ID}", "name": call[0], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    end = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    events: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": start}),
        ("content_block_start", {"index": 0, "content_block": block}),
        ("content_block_delta", {"index": 0, "delta": delta}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": end, "usage": {"output_tokens": 1}}),
        ("message_stop", {}),
    ]
    return [(name, {"type": name, **data}) for name, data in events]


def _gemini() -> dict[str, Any]:
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": PONG}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
        "modelVersion": _MODEL,
    }


def main() -> None:
    """Record until interrupted, one JSON line for each request."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--route", default="http://127.0.0.1:8080", help="address of a running tierwise")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--bodies", type=Path, help="folder for whole bodies, outside the repository")
    arguments = parser.parse_args()
    with Recorder(arguments.route, port=arguments.port, bodies=arguments.bodies, loud=True) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
