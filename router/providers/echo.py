"""Echo: an upstream inside this process, for trials without a key or a network. Its answers name it as their source.

It answers in OpenAI's chat format, through the same dispatch as a real provider. Markers change what it does, in the
model's name (`echo/fail-429`, `echo/slow-2s,tool`) or anywhere in the last message as `[echo fail-429]`:

    fail-<status>      answer with this HTTP status; `fail-429-after-3` with a retry-after of 3 seconds
    slow-<n>s, -<n>ms  wait so long before the answer, at most 30 seconds
    drip-<n>ms         wait so long between the pieces of a stream
    cut                end a stream in the middle
    empty              answer 200 with nothing
    malformed          answer 200 with what is not JSON
    tool               call the first tool of the request
    long-<n>           answer with n words
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from router.dialects.openai_chat.http import chat_request
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import HttpRequest, Provider
from router.jsontext import decode_json, encode_json
from router.providers.seen import BYTES_PER_TOKEN

LONGEST_WAIT_S = 30.0
MOST_WORDS = 20_000

_MARKER = re.compile(r"(fail|slow|drip|long)-(\d{1,6})(ms|s)?(?:-after-(\d{1,4}))?|cut|empty|malformed|tool")
_IN_TEXT = re.compile(r"\[echo ([a-z0-9, -]{1,200})\]")


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to the echo; it never leaves the process."""
    url = f"{provider.base_url}/chat/completions"
    return chat_request(provider, call, url=url, headers={}, model=model, without=without)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the markers change; times in seconds."""

    status: int = 200
    retry_after_s: int | None = None
    slow_s: float = 0.0
    drip_s: float = 0.0
    words: int | None = None
    cut: bool = False
    empty: bool = False
    malformed: bool = False
    tool: bool = False


def behaviour_of(model: str, text: str) -> Behaviour:
    """The markers in a model's name and in a message; the message's override the model's."""
    changes: dict[str, Any] = {}
    for part in re.split(r"[, ]+", ",".join((model, *_IN_TEXT.findall(text)))):
        match = _MARKER.fullmatch(part.strip())
        if match is None:
            continue
        word, number, unit, after = match.groups()
        if word is None:
            changes[match.group()] = True
            continue
        seconds = min(LONGEST_WAIT_S, int(number) / (1000 if unit == "ms" else 1))
        if word == "fail":
            changes["status"] = min(599, max(400, int(number)))
            changes["retry_after_s"] = int(after) if after else None
        elif word == "long":
            changes["words"] = min(MOST_WORDS, int(number))
        else:
            changes[f"{word}_s"] = seconds
    return Behaviour(**changes)


class EchoReply:
    """The echo's answer, with the shape of a transport's."""

    def __init__(self, request: HttpRequest, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """sleep: waits so many seconds."""
        self._sleep = sleep
        self._body = _object(request.body)
        self._stream = request.stream
        model, self._text = str(self._body.get("model", "")), _last_text(self._body)
        self._behaviour = behaviour_of(model, self._text)
        self._id = "echo-" + hashlib.sha256(request.body).hexdigest()[:16]
        self.status = self._behaviour.status
        after = self._behaviour.retry_after_s
        self.headers: Mapping[str, str] = {
            "content-type": "text/event-stream" if self._stream and self.status == 200 else "application/json",
            **({} if after is None else {"retry-after": str(after)}),
        }

    async def start(self) -> None:
        """Wait as long as was asked for before there are headers."""
        if self._behaviour.slow_s:
            await self._sleep(self._behaviour.slow_s)

    async def read(self, *, limit_bytes: int, between_bytes_s: float) -> bytes:
        """The whole body."""
        if self.status != 200:
            return encode_json({"error": {"message": "The echo fails, as asked.", "type": "echo", "code": None}})
        if self._behaviour.empty:
            return b""
        return b'{"choices": [' if self._behaviour.malformed else encode_json(self._answer())

    async def chunks(self, *, between_bytes_s: float) -> AsyncGenerator[bytes, None]:
        """The stream's pieces."""
        if self._behaviour.empty:
            return
        events = list(self._events())
        for number, event in enumerate(events):
            if self._behaviour.cut and number > len(events) // 2:
                return
            yield event
            if self._behaviour.drip_s:
                await self._sleep(self._behaviour.drip_s)

    async def aclose(self) -> None:
        """Nothing is open."""

    # --- The answer ---------------------------------------------------------------------------------------------------

    def _words(self) -> list[str]:
        if self._behaviour.words is not None:
            return [f"echo {number} " for number in range(self._behaviour.words)]
        text = f"[echo] No model was called. Your last message was: {self._text}"
        return re.findall(r"\S+\s*", text)

    def _tool(self) -> dict[str, Any] | None:
        tools = self._body.get("tools")
        if not self._behaviour.tool or not isinstance(tools, list) or not tools or not isinstance(tools[0], dict):
            return None
        function = tools[0].get("function")
        name = str(function.get("name", "")) if isinstance(function, dict) else ""
        return {"id": f"call_{self._id[5:]}", "type": "function", "function": {"name": name, "arguments": "{}"}}

    def _usage(self) -> dict[str, int]:
        n_input = len(encode_json(self._body.get("messages", []))) // BYTES_PER_TOKEN + 1
        n_output = sum(map(len, self._words())) // BYTES_PER_TOKEN + 1
        return {"prompt_tokens": n_input, "completion_tokens": n_output, "total_tokens": n_input + n_output}

    def _shell(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": 0, "model": str(self._body.get("model", "echo"))}

    def _answer(self) -> dict[str, Any]:
        tool = self._tool()
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._words()), "refusal": None}
        message["annotations"] = []
        if tool is not None:
            message |= {"content": None, "tool_calls": [tool]}
        finish = "stop" if tool is None else "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return {**self._shell("chat.completion"), "choices": [choice], "usage": self._usage()}

    def _events(self) -> list[bytes]:
        if self._behaviour.malformed:
            return [b'data: {"choices": [\n\n']
        tool = self._tool()
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": w} for w in self._words()] if tool is None else [{"tool_calls": [{"index": 0, **tool}]}]
        finish = "stop" if tool is None else "tool_calls"
        choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
        shell = self._shell("chat.completion.chunk")
        bodies: list[dict[str, Any]] = [{**shell, "choices": [choice]} for choice in choices]
        if isinstance(options := self._body.get("stream_options"), dict) and options.get("include_usage"):
            bodies.append({**shell, "choices": [], "usage": self._usage()})
        return [b"data: " + encode_json(body) + b"\n\n" for body in bodies] + [b"data: [DONE]\n\n"]


def _object(body: bytes) -> dict[str, Any]:
    value = decode_json(body)
    return value if isinstance(value, dict) else {}


def _last_text(body: dict[str, Any]) -> str:
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    content = last.get("content") if isinstance(last, dict) else ""
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
