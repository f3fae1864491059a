"""anthropic-python, 1 and 2: the same calls in two environments."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from anthropic import Anthropic, APIStatusError, __version__
from calls import DATA, DEGREES, HELLO, KEY, REPORT, SYSTEM, TOOL, WEATHER, errors, main

TOOLS = [{"name": TOOL["name"], "description": TOOL["description"], "input_schema": TOOL["schema"]}]


@cache
def client(url: str) -> Anthropic:
    return Anthropic(base_url=url, api_key=KEY)


def ask(url: str, model: str, prompt: str) -> Any:
    messages = [{"role": "user", "content": prompt}]
    return client(url).messages.create(model=model, max_tokens=64, system=SYSTEM, messages=messages)


def text(url: str, model: str) -> Any:
    answer = ask(url, model, HELLO)
    assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 12, 3), answer
    return answer.content[0].text


def stream(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": [{"type": "text", "text": HELLO}]}]
    with client(url).messages.stream(model=model, max_tokens=64, messages=messages) as events:
        texts = list(events.text_stream)
        usage = events.get_final_message().usage
    assert (usage.input_tokens, usage.output_tokens) == (12, 3), usage
    return {"text": "".join(texts), "pieces": len(texts)}


def tool(url: str, model: str) -> Any:
    messages: list[Any] = [{"role": "user", "content": WEATHER}]
    answer = client(url).messages.create(model=model, max_tokens=64, messages=messages, tools=TOOLS)
    return answered(url, model, messages, answer)


def answered(url: str, model: str, messages: list[Any], answer: Any) -> Any:
    assert answer.stop_reason == "tool_use", answer
    call = next(block for block in answer.content if block.type == "tool_use")
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": DEGREES}
    messages.append({"role": "user", "content": [result]})
    final = client(url).messages.create(model=model, max_tokens=64, messages=messages, tools=TOOLS)
    return {"name": call.name, "arguments": call.input, "said": final.content[0].text}


def tool_stream(url: str, model: str) -> Any:
    messages: list[Any] = [{"role": "user", "content": WEATHER}]
    with client(url).messages.stream(model=model, max_tokens=64, messages=messages, tools=TOOLS) as events:
        return answered(url, model, messages, events.get_final_message())


def structured(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": DATA}]
    form = {"format": {"type": "json_schema", "schema": REPORT}}
    answer = client(url).messages.create(model=model, max_tokens=64, messages=messages, output_config=form)
    return json.loads(answer.content[0].text)


def count(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": HELLO}]
    return client(url).messages.count_tokens(model=model, messages=messages).input_tokens > 0


def about(error: APIStatusError) -> dict[str, Any]:
    return {"status": error.status_code, "message": error.message}


if __name__ == "__main__":
    face = f"anthropic{__version__.partition('.')[0]}"
    calls = {f"{face}.{call.__name__}": call for call in (text, stream, tool, tool_stream, structured, count)}
    main(calls | errors(face, ask, about))
