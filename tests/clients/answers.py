"""A provider of five dialects that answers by prompt, so that what a client gets can be told beforehand.

    ... say hello ...        "Hello from DIALECT." in two pieces
    ... the weather ...      a call of the tool that takes a city; then, with its result, "It is RESULT."
    ... as data ...          {"city": "Paris", "degrees": 18}, as the answer's format or as the call of a tool
    ... echo hello ...       a call of an agent's tool for commands; then "It printed: RESULT"
    ... fail with STATUS ... that error

What was asked is read here anew, from the provider's own fields only: a schema, a tool or an id that was lost on the
way shows in the answer ("lost: ..."), and so fails the test of the client.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.router.providers.upstream import Exchange, answer, chat_chunk, frame, sse, stream, upstream

CALL_ID = "call_0123abc"
CITY = {"city": "Paris"}
DATA = {"city": "Paris", "degrees": 18}
SHELLS = {
    "exec": {"command": "echo hello"},  # OpenClaw
    "Bash": {"command": "echo hello", "description": "Say hello"},  # Claude Code
    "exec_command": {"cmd": "echo hello"},  # Codex
}
REFUSAL = "The script says no."


@dataclass(frozen=True)
class Asked:
    """What a request says. text: the user's last words.  result: of the tool, after them, with the id of its call."""

    dialect: str
    streamed: bool
    text: str
    result: tuple[str, str] | None = None
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Reply:
    """What is answered: a text, a call, or an error."""

    text: str = ""
    call: tuple[str, dict[str, Any]] | None = None
    status: int = 200


class Scripted:
    """The step of `upstream(...)`; counts how often it was asked for what."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        body = exchange.request.json
        dialect = exchange.request.path.split("/")[1]
        asked = READERS[dialect](body, exchange.request.path)
        self.asked.append(asked)
        reply = reply_to(asked)
        if reply.status != 200:
            await answer(ERRORS[dialect](reply.status), status=reply.status)(exchange)
        elif asked.streamed:
            events = STREAMS[dialect](reply)
            kind = "application/vnd.amazon.eventstream" if dialect == "bedrock" else None
            await stream(events, content_type=kind)(exchange)
        else:
            await answer(ANSWERS[dialect](reply))(exchange)

    def times(self, text: str) -> int:
        """How many requests had this for the user's last words."""
        return sum(text in asked.text for asked in self.asked)


DIALECTS = ("chat", "responses", "anthropic", "gemini", "bedrock")
ADAPTERS = {
    "chat": "openai_compatible",
    "responses": "openai_responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "bedrock": "bedrock",
}
BASES = {
    "chat": "/chat/v1",
    "responses": "/responses/v1",
    "anthropic": "/anthropic",
    "gemini": "/gemini/v1beta",
    "bedrock": "/bedrock",
}
TIERS = {"budget": ("chat", "responses", "bedrock"), "production": ("anthropic",), "frontier": ("gemini",)}
PRICES = "input_usd_per_million = 1.0, output_usd_per_million = 2.0"


def configuration(url: str, bundle: Path) -> str:
    """A tierwise.toml of five providers at that address, with one model each: `DIALECT-model`."""
    lines = [f'bundle = "{bundle}"', "[dispatch]", "retries = 0"]
    for name, adapter in ADAPTERS.items():
        lines += ["[[providers]]", f'name = "{name}"', f'adapter = "{adapter}"', "key_required = false"]
        lines += [f'base_url = "{url}{BASES[name]}"']
    for tier, names in TIERS.items():
        models = [f'{{ model = "{name}/{name}-model", {PRICES} }}' for name in names]
        lines += ["[[tiers]]", f'name = "{tier}"', f"models = [{', '.join(models)}]"]
    return "\n".join(lines) + "\n"


@contextmanager
def scripted() -> Iterator[tuple[str, Scripted]]:
    """A provider in a thread: its address, and what it was asked."""
    script, started, ending = Scripted(), threading.Event(), asyncio.Event()
    address = []

    async def serve() -> None:
        async with upstream(script) as served:
            address.append(served.url)
            started.set()
            await ending.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield address[0], script
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(10)
        loop.close()


def reply_to(asked: Asked) -> Reply:
    """The answer to what was asked."""
    if failing := re.search(r"fail with (\d{3})", asked.text):
        return Reply(status=int(failing[1]))
    if "the weather" in asked.text:
        return _weather(asked)
    if "as data" in asked.text:
        return _data(asked)
    if "echo hello" in asked.text:
        return _echo(asked)
    return Reply(f"Hello from {asked.dialect}.")


def _weather(asked: Asked) -> Reply:
    if asked.result is not None:
        call_id, said = asked.result
        wanted = ("get_weather",) if asked.dialect == "gemini" else (CALL_ID,)
        return Reply(f"It is {said}." if call_id in wanted else f"lost: the id of the call, {call_id}")
    name = next((name for name, schema in asked.tools.items() if set(schema.get("properties", {})) == {"city"}), None)
    return Reply(call=(name, CITY)) if name else Reply(f"lost: the tool, of {list(asked.tools)}")


def _echo(asked: Asked) -> Reply:
    """For agents: a call of the tool by which each runs a command."""
    if asked.result is not None:
        return Reply(f"It printed: {asked.result[1]}")
    name = next((name for name in SHELLS if name in asked.tools), None)
    return Reply(call=(name, SHELLS[name])) if name else Reply(f"lost: the tool, of {list(asked.tools)}")


def _data(asked: Asked) -> Reply:
    if set((asked.schema or {}).get("properties", {})) == set(DATA):
        return Reply(json.dumps(DATA))
    name = next((name for name, schema in asked.tools.items() if set(schema.get("properties", {})) == set(DATA)), None)
    return Reply(call=(name, DATA)) if name else Reply("lost: the schema")


# --- What the five dialects ask ---------------------------------------------------------------------------------------

Item = tuple[str, Any]
"""("user", text), ("said", None), ("called", None), or ("result", (id of the call, text)), in order."""


def _of_the_turn(items: list[Item]) -> tuple[str, tuple[str, str] | None]:
    """The user's words since the last answer that called nothing, and the result that came since the last call."""
    ends = [number for number, (kind, _) in enumerate(items) if kind == "said"]
    turn = items[ends[-1] + 1 :] if ends else items
    calls = [number for number, (kind, _) in enumerate(turn) if kind == "called"]
    results = [value for kind, value in (turn[calls[-1] :] if calls else ()) if kind == "result"]
    return "\n".join(value for kind, value in turn if kind == "user"), results[-1] if results else None


def _chat_asked(body: dict[str, Any], _path: str) -> Asked:
    items: list[Item] = []
    for message in body["messages"]:
        if message["role"] == "user":
            items.append(("user", _texts(message["content"])))
        elif message["role"] == "assistant":
            items.append(("called" if message.get("tool_calls") else "said", None))
        elif message["role"] == "tool":
            items.append(("result", (message["tool_call_id"], _texts(message["content"]))))
    functions = [tool["function"] for tool in body.get("tools", ())]
    return Asked(
        "chat",
        bool(body.get("stream")),
        *_of_the_turn(items),
        {function["name"]: function.get("parameters", {}) for function in functions},
        body.get("response_format", {}).get("json_schema", {}).get("schema"),
    )


def _responses_asked(body: dict[str, Any], _path: str) -> Asked:
    items: list[Item] = []
    given = body["input"]
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        if item.get("type") == "function_call":
            items.append(("called", None))
        elif item.get("type") == "function_call_output":
            items.append(("result", (item["call_id"], _texts(item["output"]))))
        elif item.get("role") in ("user", "assistant"):
            items.append(("user", _texts(item["content"])) if item["role"] == "user" else ("said", None))
    functions = [tool for tool in body.get("tools", ()) if tool["type"] == "function"]
    return Asked(
        "responses",
        bool(body.get("stream")),
        *_of_the_turn(items),
        {function["name"]: function.get("parameters", {}) for function in functions},
        ((body.get("text") or {}).get("format") or {}).get("schema"),
    )


def _anthropic_asked(body: dict[str, Any], _path: str) -> Asked:
    assert isinstance(body["max_tokens"], int)
    items: list[Item] = []
    for message in body["messages"]:
        blocks = message["content"]
        blocks = [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks
        if message["role"] == "assistant":
            items.append(("called" if any(block["type"] == "tool_use" for block in blocks) else "said", None))
        elif message["role"] == "user":
            items += [("user", block["text"]) for block in blocks if block["type"] == "text"]
            results = [block for block in blocks if block["type"] == "tool_result"]
            items += [("result", (block["tool_use_id"], _texts(block["content"]))) for block in results]
    return Asked(
        "anthropic",
        bool(body.get("stream")),
        *_of_the_turn(items),
        {tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools", ())},
        ((body.get("output_config") or {}).get("format") or {}).get("schema"),
    )


def _gemini_asked(body: dict[str, Any], path: str) -> Asked:
    items: list[Item] = []
    for content in body["contents"]:
        parts = content["parts"]
        if content.get("role") == "model":
            items.append(("called" if any("functionCall" in part for part in parts) else "said", None))
            continue
        items += [("user", part["text"]) for part in parts if "text" in part]
        answered = [part["functionResponse"] for part in parts if "functionResponse" in part]
        items += [("result", (one["name"], str(one["response"]))) for one in answered]
    declared = [one for tool in body.get("tools", ()) for one in tool.get("functionDeclarations", ())]
    config = body.get("generationConfig", {})
    return Asked(
        "gemini",
        ":streamGenerateContent" in path,
        *_of_the_turn(items),
        {one["name"]: _first(one, "parametersJsonSchema", "parameters_json_schema", "parameters") for one in declared},
        _first(config, "responseJsonSchema", "response_json_schema", "responseSchema"),
    )


def _first(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Google takes both ways to write a name, and its own SDK mixes them."""
    return next((value[name] for name in names if name in value), {})


def _bedrock_asked(body: dict[str, Any], path: str) -> Asked:
    items: list[Item] = []
    for message in body["messages"]:
        blocks = message["content"]
        if message["role"] == "assistant":
            items.append(("called" if any("toolUse" in block for block in blocks) else "said", None))
            continue
        items += [("user", block["text"]) for block in blocks if "text" in block]
        results = [block["toolResult"] for block in blocks if "toolResult" in block]
        items += [("result", (one["toolUseId"], _texts(one["content"]))) for one in results]
    specs = [tool["toolSpec"] for tool in body.get("toolConfig", {}).get("tools", ()) if "toolSpec" in tool]
    structure = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {})
    schema = structure.get("jsonSchema", {}).get("schema")
    return Asked(
        "bedrock",
        path.endswith("/converse-stream"),
        *_of_the_turn(items),
        {spec["name"]: spec["inputSchema"]["json"] for spec in specs},
        json.loads(schema) if isinstance(schema, str) else schema,
    )


def _texts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] if "text" in part else json.dumps(part["json"]) for part in content)


READERS: dict[str, Callable[[dict[str, Any], str], Asked]] = {
    "chat": _chat_asked,
    "responses": _responses_asked,
    "anthropic": _anthropic_asked,
    "gemini": _gemini_asked,
    "bedrock": _bedrock_asked,
}


# --- What they answer -------------------------------------------------------------------------------------------------

CHAT_USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
RESPONSES_USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}
ANTHROPIC_USAGE = {"input_tokens": 12, "output_tokens": 3}
GEMINI_USAGE = {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15}
BEDROCK_USAGE = {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15}


def _halves(text: str) -> Iterator[str]:
    yield text[: len(text) // 2]
    yield text[len(text) // 2 :]


def _chat_call(reply: Reply) -> dict[str, Any]:
    assert reply.call is not None
    function = {"name": reply.call[0], "arguments": json.dumps(reply.call[1])}
    return {"id": CALL_ID, "type": "function", "function": function}


def _chat(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None if reply.call else reply.text, "refusal": None}
    if reply.call:
        message["tool_calls"] = [_chat_call(reply)]
    finish = "tool_calls" if reply.call else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    shell = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted"}
    return {**shell, "choices": [choice], "usage": CHAT_USAGE}


def _chat_stream(reply: Reply) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if reply.call:
        call = _chat_call(reply)
        first, rest = _halves(call["function"]["arguments"])
        begun = {**call, "function": {"name": reply.call[0], "arguments": first}}
        deltas += [
            {"tool_calls": [{"index": 0, **begun}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": rest}}]},
        ]
    else:
        deltas += [{"content": half} for half in _halves(reply.text)]
    last = chat_chunk({}, "tool_calls" if reply.call else "stop")
    usage = {**chat_chunk({}), "choices": [], "usage": CHAT_USAGE}
    return sse(*[chat_chunk(delta) for delta in deltas], last, usage, "[DONE]")


def _responses(reply: Reply) -> dict[str, Any]:
    part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    item: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    if reply.call:
        call = {"call_id": CALL_ID, "name": reply.call[0], "arguments": json.dumps(reply.call[1])}
        item = {"id": "fc_1", "type": "function_call", **call}
    shell = {"id": "resp_1", "object": "response", "created_at": 1, "model": "scripted", "status": "completed"}
    unset = {"error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": []}
    given = {"parallel_tool_calls": True, "tool_choice": "auto", "temperature": 1.0, "top_p": 1.0}
    return {**shell, **unset, **given, "output": [{**item, "status": "completed"}], "usage": RESPONSES_USAGE}


def _responses_stream(reply: Reply) -> list[bytes]:
    whole = _responses(reply)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    [item] = whole["output"]
    place = {"item_id": item["id"], "output_index": 0}
    empty = {**item, "status": "in_progress", **({"arguments": ""} if reply.call else {"content": []})}
    if reply.call:
        kind, text = "response.function_call_arguments", item["arguments"]
        pieces = [{"type": f"{kind}.delta", **place, "delta": half} for half in _halves(text)]
        inner = [*pieces, {"type": f"{kind}.done", **place, "name": item["name"], "arguments": text}]
    else:
        [part], place = item["content"], {**place, "content_index": 0}
        kind = "response.output_text"
        pieces = [{"type": f"{kind}.delta", **place, "delta": half, "logprobs": []} for half in _halves(reply.text)]
        inner = [
            {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
            *pieces,
            {"type": f"{kind}.done", **place, "text": reply.text, "logprobs": []},
            {"type": "response.content_part.done", **place, "part": part},
        ]
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        *inner,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return sse(*numbered, names=[event["type"] for event in events])


def _anthropic(reply: Reply) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": reply.text}
    if reply.call:
        block = {"type": "tool_use", "id": CALL_ID, "name": reply.call[0], "input": reply.call[1]}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [block],
        "stop_reason": "tool_use" if reply.call else "end_turn",
        "stop_sequence": None,
        "usage": ANTHROPIC_USAGE,
    }


def _anthropic_stream(reply: Reply) -> list[bytes]:
    whole = _anthropic(reply)
    block = whole["content"][0]
    if reply.call:
        opened, halves = {**block, "input": {}}, _halves(json.dumps(reply.call[1]))
        deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
    else:
        opened, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": half} for half in _halves(reply.text)]
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": opened},
        {"type": "ping"},
        *[{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas],
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]
    return sse(*events, names=[event["type"] for event in events])


def _gemini_chunk(part: dict[str, Any], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part]}, "index": 0}
    candidate |= {"finishReason": "STOP"} if last else {}
    return {"candidates": [candidate], "usageMetadata": GEMINI_USAGE, "modelVersion": "scripted", "responseId": "r1"}


def _gemini(reply: Reply) -> dict[str, Any]:
    part = {"functionCall": {"name": reply.call[0], "args": reply.call[1]}} if reply.call else {"text": reply.text}
    return _gemini_chunk(part, last=True)


def _gemini_stream(reply: Reply) -> list[bytes]:
    if reply.call:
        return sse(_gemini(reply))
    first, rest = _halves(reply.text)
    return sse(_gemini_chunk({"text": first}, last=False), _gemini_chunk({"text": rest}, last=True))


def _bedrock(reply: Reply) -> dict[str, Any]:
    block: dict[str, Any] = {"text": reply.text}
    if reply.call:
        block = {"toolUse": {"toolUseId": CALL_ID, "name": reply.call[0], "input": reply.call[1]}}
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": "tool_use" if reply.call else "end_turn",
        "usage": BEDROCK_USAGE,
        "metrics": {"latencyMs": 5},
    }


def _bedrock_stream(reply: Reply) -> list[bytes]:
    events: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
    if reply.call:
        start = {"toolUse": {"toolUseId": CALL_ID, "name": reply.call[0]}}
        events.append(("contentBlockStart", {"contentBlockIndex": 0, "start": start}))
        deltas: list[dict[str, Any]] = [{"toolUse": {"input": half}} for half in _halves(json.dumps(reply.call[1]))]
    else:
        deltas = [{"text": half} for half in _halves(reply.text)]
    events += [("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}) for delta in deltas]
    events += [
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "tool_use" if reply.call else "end_turn"}),
        ("metadata", {"usage": BEDROCK_USAGE}),
    ]
    return [frame(kind, payload) for kind, payload in events]


ANSWERS: dict[str, Callable[[Reply], dict[str, Any]]] = {
    "chat": _chat,
    "responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "bedrock": _bedrock,
}
STREAMS: dict[str, Callable[[Reply], list[bytes]]] = {
    "chat": _chat_stream,
    "responses": _responses_stream,
    "anthropic": _anthropic_stream,
    "gemini": _gemini_stream,
    "bedrock": _bedrock_stream,
}
ANTHROPIC_ERRORS = {400: "invalid_request_error", 429: "rate_limit_error", 503: "overloaded_error"}
GEMINI_ERRORS = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
ERRORS: dict[str, Callable[[int], dict[str, Any]]] = {
    "chat": lambda status: {"error": {"message": REFUSAL, "type": "error", "param": None, "code": None}},
    "responses": lambda status: {"error": {"message": REFUSAL, "type": "error", "param": None, "code": None}},
    "anthropic": lambda status: {"type": "error", "error": {"type": ANTHROPIC_ERRORS[status], "message": REFUSAL}},
    "gemini": lambda status: {"error": {"code": status, "status": GEMINI_ERRORS[status], "message": REFUSAL}},
    "bedrock": lambda status: {"message": REFUSAL},
}
