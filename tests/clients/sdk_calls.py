"""Calls of the Python SDKs, one each, run by the Python of an SDK's own venv: `python sdk_calls.py NAME URL ASK`.

Nothing else of this folder is imported here: those venvs have only the SDK.
"""

# ruff: noqa: T201 - prints the answer
from __future__ import annotations

import sys

MODEL = "tier/auto"
KEY = "not-a-key"
SYSTEM = "You answer in one word."


def openai_chat(url, ask):
    from openai import OpenAI

    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ask}]
    client = OpenAI(base_url=f"{url}/v1", api_key=KEY)
    return client.chat.completions.create(model=MODEL, messages=messages).choices[0].message.content


def openai_chat_stream(url, ask):
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key=KEY)
    messages = [{"role": "user", "content": [{"type": "text", "text": ask}]}]
    chunks = client.chat.completions.create(model=MODEL, messages=messages, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def openai_responses(url, ask):
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key=KEY)
    return client.responses.create(model=MODEL, input=ask, instructions=SYSTEM).output_text


def openai_responses_stream(url, ask):
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key=KEY)
    items = [{"role": "user", "content": [{"type": "input_text", "text": ask}]}]
    with client.responses.stream(model=MODEL, input=items) as stream:
        return stream.get_final_response().output_text


def anthropic_create(url, ask):
    from anthropic import Anthropic

    client = Anthropic(base_url=url, api_key=KEY)
    messages = [{"role": "user", "content": ask}]
    return client.messages.create(model=MODEL, max_tokens=64, system=SYSTEM, messages=messages).content[0].text


def anthropic_stream(url, ask):
    from anthropic import Anthropic

    client = Anthropic(base_url=url, api_key=KEY)
    messages = [{"role": "user", "content": [{"type": "text", "text": ask}]}]
    with client.messages.stream(model=MODEL, max_tokens=64, messages=messages) as stream:
        return stream.get_final_text()


def anthropic_count(url, ask):
    from anthropic import Anthropic

    client = Anthropic(base_url=url, api_key=KEY)
    return client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": ask}]).input_tokens


def gemini(url, ask):
    from google import genai

    client = genai.Client(api_key=KEY, http_options={"base_url": url})
    config = genai.types.GenerateContentConfig(system_instruction=SYSTEM, temperature=0)
    return client.models.generate_content(model="gemini-auto", contents=ask, config=config).text


def gemini_stream(url, ask):
    from google import genai

    client = genai.Client(api_key=KEY, http_options={"base_url": url})
    chunks = client.models.generate_content_stream(model="gemini-auto", contents=ask)
    return "".join(chunk.text or "" for chunk in chunks)


def langchain_openai(url, ask):
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model=MODEL, base_url=f"{url}/v1", api_key=KEY).invoke([("system", SYSTEM), ("user", ask)]).text


def langchain_openai_stream(url, ask):
    from langchain_openai import ChatOpenAI

    return "".join(chunk.text for chunk in ChatOpenAI(model=MODEL, base_url=f"{url}/v1", api_key=KEY).stream(ask))


def langchain_anthropic(url, ask):
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(model=MODEL, base_url=url, api_key=KEY).invoke([("system", SYSTEM), ("user", ask)]).text


def langchain_anthropic_stream(url, ask):
    from langchain_anthropic import ChatAnthropic

    return "".join(chunk.text for chunk in ChatAnthropic(model=MODEL, base_url=url, api_key=KEY).stream(ask))


def pydantic_ai(url, ask):
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=f"{url}/v1", api_key=KEY))
    agent = Agent(model, instructions=SYSTEM)

    @agent.tool_plain
    def lookup(word: str) -> str:
        """Look a word up."""
        return word

    return agent.run_sync(ask).output


def pydantic_ai_responses(url, ask):
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIResponsesModel(MODEL, provider=OpenAIProvider(base_url=f"{url}/v1", api_key=KEY))
    return Agent(model, system_prompt=SYSTEM).run_sync(ask).output


def pydantic_ai_anthropic(url, ask):
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    model = AnthropicModel(MODEL, provider=AnthropicProvider(base_url=url, api_key=KEY))
    return Agent(model, system_prompt=SYSTEM).run_sync(ask).output


if __name__ == "__main__":
    name, url, ask = sys.argv[1:]
    print(globals()[name](url, ask))
