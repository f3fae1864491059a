"""pydantic-ai: its OpenAI models (Chat Completions, Responses) and its Anthropic model."""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import Any

from calls import DATA, DEGREES, HELLO, KEY, SYSTEM, WEATHER, errors, main
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


class Report(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int


@cache
def of(kind: str, url: str, model: str) -> Any:
    if kind == "pydantic_ai_anthropic":
        return AnthropicModel(model, provider=AnthropicProvider(base_url=url, api_key=KEY))
    made = OpenAIResponsesModel if kind.endswith("responses") else OpenAIChatModel
    return made(model, provider=OpenAIProvider(base_url=f"{url}/v1", api_key=KEY))


def agent(kind: str, url: str, model: str, **more: Any) -> Agent[Any, Any]:
    return Agent(of(kind, url, model), instructions=SYSTEM, **more)


def ask(kind: str, url: str, model: str, prompt: str) -> Any:
    return agent(kind, url, model).run_sync(prompt)


def text(kind: str, url: str, model: str) -> Any:
    return ask(kind, url, model, HELLO).output


def stream(kind: str, url: str, model: str) -> Any:
    async def run() -> list[str]:
        async with agent(kind, url, model).run_stream(HELLO) as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    texts = [piece for piece in asyncio.run(run()) if piece]
    return {"text": "".join(texts), "pieces": len(texts)}


def tool(kind: str, url: str, model: str) -> Any:
    seen = []

    def get_weather(city: str) -> str:
        """The weather in a city."""
        seen.append(city)
        return DEGREES

    said = agent(kind, url, model, tools=[get_weather]).run_sync(WEATHER).output
    return {"name": "get_weather", "arguments": {"city": seen[0]}, "said": said}


def structured(kind: str, url: str, model: str) -> Any:
    """As the call of a tool, which is its own way."""
    return agent(kind, url, model, output_type=Report).run_sync(DATA).output.model_dump()


def structured_native(kind: str, url: str, model: str) -> Any:
    """As the provider's own format."""
    return agent(kind, url, model, output_type=NativeOutput(Report)).run_sync(DATA).output.model_dump()


def about(error: Any) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "message": str(error)}


if __name__ == "__main__":
    calls = {}
    for kind in ("pydantic_ai", "pydantic_ai_responses", "pydantic_ai_anthropic"):
        made = (text, stream, tool, structured)
        for call in made if kind.endswith("anthropic") else (*made, structured_native):
            calls[f"{kind}.{call.__name__}"] = partial(call, kind)
        calls |= errors(kind, partial(ask, kind), about)
    main(calls)
