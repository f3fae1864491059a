"""One scripted server in place of every vendor, and a configuration that has all of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.router.providers.upstream import ANSWERS

PRICES_USD = {"production": 10.0, "frontier": 30.0}
"""Of a million input tokens, 1 for other tiers: at one price for all the strongest would always be chosen."""

MODELS = {
    "budget": (
        *("deepseek/deepseek-v4-flash", "moonshot/kimi-k2.5", "ollama/qwen3", "groq/qwen3-32b", "xai/grok-4"),
        *("zai/glm-5", "minimax/MiniMax-M2", "qwen/qwen3-max", "openrouter/x", "cerebras/c", "mistral/m", "vllm/q3"),
        "generic/m",
    ),
    "production": (
        *("anthropic/claude-sonnet-4-6", "openai/gpt-5.4", "google/gemini-3.5-flash", "google/gemini-2.5-pro"),
        *("bedrock/claude", "azure_openai/dep"),
    ),
    "frontier": ("anthropic/claude-opus-4-7", "openai/gpt-5.5"),
}
KEYS = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY"),
    *("XAI_API_KEY", "MOONSHOT_API_KEY", "ZAI_API_KEY", "MINIMAX_API_KEY", "DASHSCOPE_API_KEY", "OPENROUTER_API_KEY"),
    *("CEREBRAS_API_KEY", "AZURE_OPENAI_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"),
)
RESPONSES = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [
        {
            "type": "message",
            "id": "m1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15},
}
DIALECTS = {"anthropic": "anthropic", "google": "gemini", "bedrock": "bedrock"}


def holds(condition: str, names: dict[str, Any]) -> bool:
    """Whether a condition of a case holds. The cases are our own files: Python says best what they check."""
    return bool(eval(condition, {**names, "json": json}))


@dataclass
class Vendors:
    """The server that stands for all vendors: what it was asked, and what it does (`upstream` of a case's call)."""

    port: int = 0
    rule: dict[str, Any] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, path: str, raw: bytes) -> tuple[int, bytes, str]:
        """Status, body and media type for one request."""
        body = json.loads(raw)
        self.seen.append({"path": path, "json": body})
        if "sse" in self.rule:
            return 200, b"".join(map(_frame, self.rule["sse"])), "text/event-stream"
        if "error" in self.rule and holds(self.rule.get("refuse_if", "True"), {"b": body, "p": path}):
            error = self.rule["error"]
            text = error if isinstance(error, str) else json.dumps(error)
            return self.rule["status"], text.encode(), "application/json"
        own = RESPONSES if path.endswith("/responses") else ANSWERS[DIALECTS.get(path.split("/")[1], "openai_chat")]
        return 200, json.dumps(self.rule.get("json", own)).encode(), "application/json"

    def config(self, *, top: str = "", models: dict[str, list[str]] | None = None, facts: dict[str, str]) -> str:
        """A configuration with all vendors. models: in place of all; facts: more TOML for a model's row."""
        tiers = MODELS if models is None else models
        lines = [top, "[dispatch]", "retries = 0", "deadline_s = 20.0"]
        for tier, names in tiers.items():
            usd = PRICES_USD.get(tier, 1.0)
            priced = f", input_usd_per_million = {usd}, output_usd_per_million = {2.0 * usd}"
            rows = ", ".join(f'{{ model = "{name}"{priced}{facts.get(name, "")} }}' for name in names)
            lines += ["[[tiers]]", f'name = "{tier}"', f"models = [{rows}]"]
        for name in sorted({model.split("/")[0] for names in tiers.values() for model in names}):
            lines += ["[[providers]]", f'name = "{name}"', f'base_url = "http://127.0.0.1:{self.port}/{name}"']
            lines += ['adapter = "openai_compatible"', "key_required = false"] if name == "generic" else []
        return "\n".join(lines) + "\n"

    @property
    def environ(self) -> dict[str, str]:
        """A key for every vendor."""
        return {
            **dict.fromkeys(KEYS, "not-a-key"),
            "AZURE_OPENAI_ENDPOINT": f"http://127.0.0.1:{self.port}/azure_openai",
        }


def _frame(event: Any) -> bytes:
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    return f"{name}data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()


@contextmanager
def vendors() -> Iterator[Vendors]:
    """The server on a port of the system's choice, until the end of the block."""
    made = Vendors()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, data, kind = made.answer(self.path, raw)
            self.send_response(status)
            for name, value in made.rule.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
