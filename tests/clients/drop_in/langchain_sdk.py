"""LangChain: langchain-openai (Chat Completions, Responses) and langchain-anthropic."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from calls import DATA, DEGREES, HELLO, KEY, SYSTEM, WEATHER, errors, main
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool as as_tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Report(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int


@as_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return DEGREES


@cache
def of(kind: str, url: str, model: str) -> Any:
    if kind == "langchain_anthropic":
        return ChatAnthropic(model=model, base_url=url, api_key=KEY, max_tokens=64)
    return ChatOpenAI(model=model, base_url=f"{url}/v1", api_key=KEY, use_responses_api=kind.endswith("responses"))


def ask(kind: str, url: str, model: str, prompt: str) -> Any:
    return of(kind, url, model).invoke([("system", SYSTEM), ("user", prompt)])


def text(kind: str, url: str, model: str) -> Any:
    answer = ask(kind, url, model, HELLO)
    assert answer.usage_metadata["total_tokens"] == 15, answer.usage_metadata
    return answer.text


def stream(kind: str, url: str, model: str) -> Any:
    texts = [chunk.text for chunk in of(kind, url, model).stream(HELLO) if chunk.text]
    return {"text": "".join(texts), "pieces": len(texts)}


def tool(kind: str, url: str, model: str) -> Any:
    bound = of(kind, url, model).bind_tools([get_weather])
    messages: list[Any] = [HumanMessage(WEATHER)]
    messages.append(bound.invoke(messages))
    call = messages[-1].tool_calls[0]
    messages.append(get_weather.invoke(call))
    return {"name": call["name"], "arguments": call["args"], "said": bound.invoke(messages).text}


def tool_stream(kind: str, url: str, model: str) -> Any:
    bound = of(kind, url, model).bind_tools([get_weather])
    messages: list[Any] = [HumanMessage(WEATHER)]
    first, *rest = bound.stream(messages)
    messages.append(sum(rest, first))
    call = messages[-1].tool_calls[0]
    messages.append(get_weather.invoke(call))
    said = "".join(chunk.text for chunk in bound.stream(messages))
    return {"name": call["name"], "arguments": call["args"], "said": said}


def structured(kind: str, url: str, model: str) -> Any:
    return of(kind, url, model).with_structured_output(Report).invoke(DATA).model_dump()


def about(error: Any) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "message": str(error)}


if __name__ == "__main__":
    calls = {}
    for kind in ("langchain_openai", "langchain_openai_responses", "langchain_anthropic"):
        for call in (text, stream, tool, tool_stream, structured):
            calls[f"{kind}.{call.__name__}"] = partial(call, kind)
        calls |= errors(kind, partial(ask, kind), about)
    main(calls)
