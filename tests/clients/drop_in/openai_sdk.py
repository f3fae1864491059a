"""openai-python: Chat Completions and Responses."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from calls import DATA, DEGREES, HELLO, KEY, REPORT, SYSTEM, TOOL, WEATHER, errors, main
from openai import APIStatusError, OpenAI
from pydantic import BaseModel

FUNCTION = {"name": TOOL["name"], "description": TOOL["description"], "parameters": TOOL["schema"]}


class Report(BaseModel):
    city: str
    degrees: int


@cache
def client(url: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key=KEY)


# --- Chat Completions -------------------------------------------------------------------------------------------------


def chat_ask(url: str, model: str, prompt: str) -> Any:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    return client(url).chat.completions.create(model=model, messages=messages)


def chat_text(url: str, model: str) -> Any:
    answer = chat_ask(url, model, HELLO)
    assert answer.usage.total_tokens == 15, answer.usage
    assert answer.choices[0].finish_reason == "stop", answer
    return answer.choices[0].message.content


def chat_stream(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": [{"type": "text", "text": HELLO}]}]
    more = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client(url).chat.completions.create(model=model, messages=messages, **more))
    assert chunks[-1].usage.total_tokens == 15, chunks[-1]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop", chunks
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    return pieces(texts)


def pieces(texts: list[str | None]) -> dict[str, Any]:
    said = [text for text in texts if text]
    return {"text": "".join(said), "pieces": len(said)}


def chat_tool(url: str, model: str) -> Any:
    messages: list[Any] = [{"role": "user", "content": WEATHER}]
    tools = [{"type": "function", "function": FUNCTION}]
    answer = client(url).chat.completions.create(model=model, messages=messages, tools=tools)
    assert answer.choices[0].finish_reason == "tool_calls", answer
    call = answer.choices[0].message.tool_calls[0]
    messages.append(answer.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": DEGREES})
    final = client(url).chat.completions.create(model=model, messages=messages, tools=tools)
    return called(call.function.name, call.function.arguments, final.choices[0].message.content)


def called(name: str, arguments: str, said: str) -> dict[str, Any]:
    return {"name": name, "arguments": json.loads(arguments), "said": said}


def chat_tool_stream(url: str, model: str) -> Any:
    messages: list[Any] = [{"role": "user", "content": WEATHER}]
    tools = [{"type": "function", "function": FUNCTION}]
    with client(url).chat.completions.stream(model=model, messages=messages, tools=tools) as stream:
        answer = stream.get_final_completion()
    call = answer.choices[0].message.tool_calls[0]
    messages.append(
        {
            "role": "assistant",
            "tool_calls": [
                {"id": call.id, "type": "function", "function": call.function.model_dump(include={"name", "arguments"})}
            ],
        }
    )
    messages.append({"role": "tool", "tool_call_id": call.id, "content": DEGREES})
    with client(url).chat.completions.stream(model=model, messages=messages, tools=tools) as stream:
        said = stream.get_final_completion().choices[0].message.content
    return called(call.function.name, call.function.arguments, said)


def chat_structured(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": DATA}]
    answer = client(url).chat.completions.parse(model=model, messages=messages, response_format=Report)
    return answer.choices[0].message.parsed.model_dump()


def chat_structured_schema(url: str, model: str) -> Any:
    messages = [{"role": "user", "content": DATA}]
    form = {"type": "json_schema", "json_schema": {"name": "report", "schema": REPORT, "strict": True}}
    answer = client(url).chat.completions.create(model=model, messages=messages, response_format=form)
    return json.loads(answer.choices[0].message.content)


# --- Responses --------------------------------------------------------------------------------------------------------


def responses_ask(url: str, model: str, prompt: str) -> Any:
    return client(url).responses.create(model=model, input=prompt, instructions=SYSTEM)


def responses_text(url: str, model: str) -> Any:
    answer = responses_ask(url, model, HELLO)
    assert answer.status == "completed", answer
    assert answer.usage.total_tokens == 15, answer.usage
    return answer.output_text


def responses_stream(url: str, model: str) -> Any:
    items = [{"role": "user", "content": [{"type": "input_text", "text": HELLO}]}]
    with client(url).responses.stream(model=model, input=items) as stream:
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == "".join(texts)
    return pieces(texts)


def responses_tool(url: str, model: str) -> Any:
    tools = [{"type": "function", "strict": False, **FUNCTION}]
    items: list[Any] = [{"role": "user", "content": WEATHER}]
    answer = client(url).responses.create(model=model, input=items, tools=tools, store=False)
    call = next(item for item in answer.output if item.type == "function_call")
    items += [item.model_dump(exclude_none=True) for item in answer.output]
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": DEGREES})
    final = client(url).responses.create(model=model, input=items, tools=tools, store=False)
    return called(call.name, call.arguments, final.output_text)


def responses_tool_stream(url: str, model: str) -> Any:
    tools = [{"type": "function", "strict": False, **FUNCTION}]
    items: list[Any] = [{"role": "user", "content": WEATHER}]
    with client(url).responses.stream(model=model, input=items, tools=tools) as stream:
        answer = stream.get_final_response()
    call = next(item for item in answer.output if item.type == "function_call")
    items.append({"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments})
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": DEGREES})
    with client(url).responses.stream(model=model, input=items, tools=tools) as stream:
        return called(call.name, call.arguments, stream.get_final_response().output_text)


def responses_structured(url: str, model: str) -> Any:
    return client(url).responses.parse(model=model, input=DATA, text_format=Report).output_parsed.model_dump()


def responses_structured_schema(url: str, model: str) -> Any:
    form = {"type": "json_schema", "name": "report", "schema": REPORT, "strict": True}
    answer = client(url).responses.create(model=model, input=DATA, text={"format": form})
    return json.loads(answer.output_text)


def about(error: APIStatusError) -> dict[str, Any]:
    return {"status": error.status_code, "message": error.message}


if __name__ == "__main__":
    main(
        {
            "chat.text": chat_text,
            "chat.stream": chat_stream,
            "chat.tool": chat_tool,
            "chat.tool_stream": chat_tool_stream,
            "chat.structured": chat_structured,
            "chat.structured_schema": chat_structured_schema,
            **errors("chat", chat_ask, about),
            "responses.text": responses_text,
            "responses.stream": responses_stream,
            "responses.tool": responses_tool,
            "responses.tool_stream": responses_tool_stream,
            "responses.structured": responses_structured,
            "responses.structured_schema": responses_structured_schema,
            **errors("responses", responses_ask, about),
        }
    )
