"""The LiteLLM SDK as a client: its OpenAI-compatible, Anthropic and Gemini providers."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import litellm
from calls import DATA, DEGREES, HELLO, KEY, REPORT, SYSTEM, TOOL, WEATHER, errors, main

FUNCTION = {"name": TOOL["name"], "description": TOOL["description"], "parameters": TOOL["schema"]}
TOOLS = [{"type": "function", "function": FUNCTION}]
PATHS = {"litellm_openai": ("openai", "/v1"), "litellm_anthropic": ("anthropic", "")}


def complete(kind: str, url: str, model: str, messages: list[Any], **more: Any) -> Any:
    provider, path = PATHS[kind]
    return litellm.completion(f"{provider}/{model}", messages, api_base=f"{url}{path}", api_key=KEY, **more)


def ask(kind: str, url: str, model: str, prompt: str) -> Any:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    return complete(kind, url, model, messages)


def text(kind: str, url: str, model: str) -> Any:
    answer = ask(kind, url, model, HELLO)
    assert answer.usage.total_tokens == 15, answer.usage
    return answer.choices[0].message.content


def stream(kind: str, url: str, model: str) -> Any:
    chunks = complete(kind, url, model, [{"role": "user", "content": HELLO}], stream=True)
    texts = [content for chunk in chunks if chunk.choices and (content := chunk.choices[0].delta.content)]
    return {"text": "".join(texts), "pieces": len(texts)}


def tool(kind: str, url: str, model: str) -> Any:
    messages: list[Any] = [{"role": "user", "content": WEATHER}]
    message = complete(kind, url, model, messages, tools=TOOLS).choices[0].message
    call = message.tool_calls[0]
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": DEGREES}]
    said = complete(kind, url, model, messages, tools=TOOLS).choices[0].message.content
    return {"name": call.function.name, "arguments": json.loads(call.function.arguments), "said": said}


def structured(kind: str, url: str, model: str) -> Any:
    form = {"type": "json_schema", "json_schema": {"name": "report", "schema": REPORT, "strict": True}}
    answer = complete(kind, url, model, [{"role": "user", "content": DATA}], response_format=form)
    return json.loads(answer.choices[0].message.content)


def about(error: Any) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "message": str(error)}


if __name__ == "__main__":
    calls = {}
    for kind in PATHS:
        for call in (text, stream, tool, structured):
            calls[f"{kind}.{call.__name__}"] = partial(call, kind)
        calls |= errors(kind, partial(ask, kind), about)
    main(calls)
