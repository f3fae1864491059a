"""The whole service on loopback, with a configuration file whose providers are scripted upstreams."""

import asyncio
import json
import logging
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import httpx2
import uvicorn

from router.app import create_app
from router.commands.http_protocol import BoundedConfig
from router.commands.server import bind
from router.core import Router
from router.dialects.shared.sse import SseReader
from router.settings import load_settings
from tests.router.providers.upstream import Upstream, answer, upstream

TIERS = (("budget", ("a/m1", "b/m2")), ("production", ("c/m3",)), ("frontier", ("d/m4",)))
PRICE_FACTORS = {"production": 10.0, "frontier": 30.0}
"""At one price for all tiers the strongest would always be chosen."""

DIALECT_OF = {
    "openai_compatible": "openai_chat",
    "openai_responses": "openai_responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "bedrock": "bedrock",
}
ASK = "Translate 'good morning' into French."
FAST = {"retries": 0, "base_wait_s": 0.01, "longest_wait_s": 0.05, "heartbeat_s": 5}


def key_of(name):
    return f"sk-provider-{name}-0123456789"


@dataclass
class Service:
    url: str
    client: httpx2.AsyncClient
    upstreams: dict[str, Upstream]
    app: object
    calls: list[dict] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def post(self, face, *, stream=False, headers=None, query="", prefix="", **changes):
        """One request of a client dialect; of a stream, read to its end or to where it broke."""
        path, body = face.request(stream=stream, **changes)
        joint = "&" if "?" in path else "?"
        url = prefix + path + (joint + query if query else "")
        return await self.client.post(url, json=body, headers={**face.headers, **(headers or {})})

    def seen(self):
        return {name: len(one.seen) for name, one in self.upstreams.items() if one.seen}


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self):
        yield


def toml_of(urls, *, adapters, dispatch, server, tiers, extra=""):
    lines = [extra] if extra else []
    lines += ["[server]", *(f"{key} = {json.dumps(value)}" for key, value in server.items())]
    lines += ["[dispatch]", *(f"{key} = {json.dumps(value)}" for key, value in {**FAST, **dispatch}.items())]
    for name, url in urls.items():
        lines += ["[[providers]]", f'name = "{name}"', f'adapter = "{adapters.get(name, "openai_compatible")}"']
        lines += [f'base_url = "{url}"', f'key_variable = "{name.upper()}_KEY"']
    for tier, models in tiers:
        factor = PRICE_FACTORS.get(tier, 1.0)
        rows = ", ".join(_model_row(factor, *((model,) if isinstance(model, str) else model)) for model in models)
        lines += ["[[tiers]]", f'name = "{tier}"', f"models = [{rows}]"]
    return "\n".join(lines) + "\n"


def _model_row(factor, model, effort=None):
    """A model of a tier: its name, or (name, effort)."""
    own = f', effort = "{effort}"' if effort else ""
    prices = f"input_usd_per_million = {1.0 * factor}, output_usd_per_million = {2.0 * factor}"
    return f'{{ model = "{model}", {prices}{own} }}'


class _Records(logging.Handler):
    def __init__(self, service):
        super().__init__()
        self._service = service

    def emit(self, record):
        self._service.log.append(record.getMessage() + repr(record.__dict__))
        if record.name == "tierwise.calls":
            self._service.calls.append(record.call)


@asynccontextmanager
async def serving(app, *, client_timeout_s=20.0, most_waiting=1_000, port=0):
    listener = bind("127.0.0.1", port)
    config = BoundedConfig(
        app,
        app.state.router.settings.door,
        most_waiting=most_waiting,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        assert not task.done(), task.exception()
        await asyncio.sleep(0.005)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=client_timeout_s, trust_env=False) as client:
            yield url, client
    finally:
        server.should_exit = True
        await task
        listener.close()


@asynccontextmanager
async def service(
    router,
    folder,
    scripts,
    *,
    adapters=None,
    dispatch=None,
    server=None,
    tiers=TIERS,
    keys=None,
    environ=None,
    urls=None,
    extra="",
):
    """scripts: steps of each provider's upstream.  urls: of providers without one.  keys: names that have a key."""
    async with AsyncExitStack() as stack:
        ups = {name: await stack.enter_async_context(upstream(*steps)) for name, steps in scripts.items()}
        every = {name: one.url for name, one in ups.items()} | (urls or {})
        path = folder / "tierwise.toml"
        path.write_text(
            toml_of(
                every, adapters=adapters or {}, dispatch=dispatch or {}, server=server or {}, tiers=tiers, extra=extra
            )
        )
        named = every if keys is None else keys
        variables = {f"{name.upper()}_KEY": key_of(name) for name in named} | (environ or {})
        app = create_app(Router(router.bundle, load_settings(variables, config=path)))
        url, client = await stack.enter_async_context(serving(app))
        made = Service(url, client, ups, app)
        handler = _Records(made)
        root, calls = logging.getLogger(), logging.getLogger("tierwise.calls")
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        calls.setLevel(logging.INFO)
        try:
            yield made
        finally:
            root.removeHandler(handler)
            root.setLevel(before)
            calls.setLevel(logging.NOTSET)
            await client.aclose()


def fine(dialect="openai_chat"):
    return answer(dialect=dialect)


# --- Clients ----------------------------------------------------------------------------------------------------------

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}


def sse_of(raw):
    reader = SseReader()
    events = reader.feed(raw) + reader.close()
    return [json.loads(event.data) for event in events if event.data.strip() not in ("", "[DONE]")]


class Chat:
    name, own, headers, stream_type = "chat", "openai_chat", {}, "text/event-stream"
    key_header = "authorization"

    def request(self, *, stream=False, model="auto", turns=None, tools=False, ask=ASK, **more):
        body = {"model": model, "messages": turns or [{"role": "user", "content": ask}], **more}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if tools:
            body["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
        return "/v1/chat/completions", body

    def text(self, body):
        return body["choices"][0]["message"]["content"]

    def finish(self, body):
        return body["choices"][0]["finish_reason"]

    def usage(self, body):
        return body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]

    def call(self, body):
        call = body["choices"][0]["message"]["tool_calls"][0]
        return call["function"]["name"], json.loads(call["function"]["arguments"])

    def followed(self, body, result):
        message = body["choices"][0]["message"]
        tool = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": result}
        return {"turns": [{"role": "user", "content": ASK}, message, tool]}

    def streamed(self, raw):
        events = sse_of(raw)
        chunks = [event for event in events if "choices" in event]
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        usage = next((chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")), None)
        finish = [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c.get("finish_reason")]
        return {
            "text": "".join(delta.get("content") or "" for delta in deltas),
            "usage": usage and (usage["prompt_tokens"], usage["completion_tokens"]),
            "ended": raw.rstrip().endswith(b"data: [DONE]") and bool(finish),
            "error": next((event["error"] for event in events if event.get("error")), None),
            "names": [
                c["function"]["name"] for d in deltas for c in d.get("tool_calls", []) if c["function"].get("name")
            ],
        }

    def error(self, body):
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        return body["error"]["message"]


class Responses(Chat):
    name, own = "responses", "openai_responses"

    def request(self, *, stream=False, model="auto", turns=None, tools=False, ask=ASK, **more):
        body = {"model": model, "input": turns or [{"role": "user", "content": ask}], "stream": stream, **more}
        if tools:
            body["tools"] = [{"type": "function", "name": "get_weather", "parameters": WEATHER}]
        return "/v1/responses", body

    def text(self, body):
        return "".join(part["text"] for item in body["output"] if item["type"] == "message" for part in item["content"])

    def finish(self, body):
        return body["status"]

    def usage(self, body):
        return body["usage"]["input_tokens"], body["usage"]["output_tokens"]

    def call(self, body):
        item = next(item for item in body["output"] if item["type"] == "function_call")
        return item["name"], json.loads(item["arguments"])

    def followed(self, body, result):
        call = next(item for item in body["output"] if item["type"] == "function_call")
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": result}
        return {"turns": [{"role": "user", "content": ASK}, *body["output"], output]}

    def streamed(self, raw):
        events = sse_of(raw)
        last = events[-1] if events else {}
        whole = last.get("response", {}) if last.get("type") == "response.completed" else None
        failed = next((e for e in events if e["type"] in ("error", "response.failed")), None)
        return {
            "text": "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta"),
            "usage": whole and self.usage(whole),
            "ended": whole is not None,
            "error": failed,
            "names": [
                e["item"]["name"] for e in events if e["type"] == "response.output_item.added" and "name" in e["item"]
            ],
        }


class Messages:
    name, own, headers, stream_type = "messages", "anthropic", {"anthropic-version": "2023-06-01"}, "text/event-stream"
    key_header = "x-api-key"

    def request(self, *, stream=False, model="auto", turns=None, tools=False, ask=ASK, **more):
        body = {"model": model, "max_tokens": 64, "messages": turns or [{"role": "user", "content": ask}], **more}
        if stream:
            body["stream"] = True
        if tools:
            body["tools"] = [{"name": "get_weather", "input_schema": WEATHER}]
        return "/v1/messages", body

    def text(self, body):
        return "".join(block["text"] for block in body["content"] if block["type"] == "text")

    def finish(self, body):
        return body["stop_reason"]

    def usage(self, body):
        return body["usage"]["input_tokens"], body["usage"]["output_tokens"]

    def call(self, body):
        block = next(block for block in body["content"] if block["type"] == "tool_use")
        return block["name"], block["input"]

    def followed(self, body, result):
        block = next(block for block in body["content"] if block["type"] == "tool_use")
        tool = {"type": "tool_result", "tool_use_id": block["id"], "content": result}
        turns = [{"role": "user", "content": ASK}, {"role": "assistant", "content": body["content"]}]
        return {"turns": [*turns, {"role": "user", "content": [tool]}]}

    def streamed(self, raw):
        events = sse_of(raw)
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        output = next((e["usage"] for e in events if e["type"] == "message_delta"), None)
        start = next((e["message"]["usage"] for e in events if e["type"] == "message_start"), {})
        usage = output and ({**start, **output}["input_tokens"], output["output_tokens"])
        return {
            "text": "".join(delta.get("text", "") for delta in deltas),
            "usage": usage,
            "ended": bool(events) and events[-1]["type"] == "message_stop",
            "error": next((event["error"] for event in events if event["type"] == "error"), None),
            "names": [
                e["content_block"]["name"]
                for e in events
                if e["type"] == "content_block_start" and e["content_block"]["type"] == "tool_use"
            ],
        }

    def error(self, body):
        assert body["type"] == "error"
        assert body["error"]["type"]
        return body["error"]["message"]


class Gemini:
    name, own, headers, stream_type = "gemini", "gemini", {}, "text/event-stream"
    key_header = "x-goog-api-key"

    def request(self, *, stream=False, model="auto", turns=None, tools=False, ask=ASK, **more):
        body = {"contents": turns or [{"role": "user", "parts": [{"text": ask}]}], **more}
        if tools:
            body["tools"] = [{"functionDeclarations": [{"name": "get_weather", "parameters": WEATHER}]}]
        return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent"), body

    def _parts(self, body):
        return body["candidates"][0]["content"]["parts"]

    def text(self, body):
        return "".join(part.get("text", "") for part in self._parts(body))

    def finish(self, body):
        return body["candidates"][0]["finishReason"]

    def usage(self, body):
        return body["usageMetadata"]["promptTokenCount"], body["usageMetadata"]["candidatesTokenCount"]

    def call(self, body):
        call = next(part["functionCall"] for part in self._parts(body) if "functionCall" in part)
        return call["name"], call["args"]

    def followed(self, body, result):
        response = {"functionResponse": {"name": "get_weather", "response": {"result": result}}}
        turns = [{"role": "user", "parts": [{"text": ASK}]}, {"role": "model", "parts": self._parts(body)}]
        return {"turns": [*turns, {"role": "user", "parts": [response]}]}

    def streamed(self, raw):
        return self.frames(sse_of(raw))

    def frames(self, events):
        parts = [p for e in events for c in e.get("candidates", []) for p in c.get("content", {}).get("parts", [])]
        usage = next((e["usageMetadata"] for e in reversed(events) if e.get("usageMetadata")), None)
        return {
            "text": "".join(part.get("text", "") for part in parts),
            "usage": usage and (usage["promptTokenCount"], usage["candidatesTokenCount"]),
            "ended": any(c.get("finishReason") for e in events for c in e.get("candidates", [])),
            "error": next((e["error"] for e in events if e.get("error")), None),
            "names": [part["functionCall"]["name"] for part in parts if "functionCall" in part],
        }

    def error(self, body):
        assert set(body["error"]) >= {"code", "status", "message"}
        return body["error"]["message"]


FACES = [Chat(), Responses(), Messages(), Gemini()]
BY_NAME = {face.name: face for face in FACES}
