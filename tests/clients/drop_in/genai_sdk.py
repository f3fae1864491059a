"""google-genai: generateContent."""

from __future__ import annotations

import json
from typing import Any

from calls import DATA, DEGREES, HELLO, KEY, REPORT, SYSTEM, TOOL, WEATHER, errors, main
from google import genai
from google.genai import types
from google.genai.errors import APIError

DECLARED = types.FunctionDeclaration(
    name=TOOL["name"], description=TOOL["description"], parameters_json_schema=TOOL["schema"]
)
NO_LOOP = types.AutomaticFunctionCallingConfig(disable=True)
WITH_TOOL = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[DECLARED])], automatic_function_calling=NO_LOOP
)


def client(url: str) -> genai.Client:
    return genai.Client(api_key=KEY, http_options={"base_url": url})


def ask(url: str, model: str, prompt: str) -> Any:
    config = types.GenerateContentConfig(system_instruction=SYSTEM, temperature=0)
    with client(url) as opened:
        return opened.models.generate_content(model=model, contents=prompt, config=config)


def text(url: str, model: str) -> Any:
    answer = ask(url, model, HELLO)
    assert answer.usage_metadata.total_token_count == 15, answer.usage_metadata
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP, answer
    return answer.text


def stream(url: str, model: str) -> Any:
    with client(url) as opened:
        chunks = list(opened.models.generate_content_stream(model=model, contents=HELLO))
    assert chunks[-1].usage_metadata.total_token_count == 15, chunks[-1]
    texts = [chunk.text for chunk in chunks if chunk.text]
    return {"text": "".join(texts), "pieces": len(texts)}


def tool(url: str, model: str) -> Any:
    contents: list[Any] = [types.Content(role="user", parts=[types.Part(text=WEATHER)])]
    with client(url) as opened:
        answer = opened.models.generate_content(model=model, contents=contents, config=WITH_TOOL)
        call = answer.function_calls[0]
        contents += [answer.candidates[0].content, result(call)]
        final = opened.models.generate_content(model=model, contents=contents, config=WITH_TOOL)
    return {"name": call.name, "arguments": call.args, "said": final.text}


def result(call: types.FunctionCall) -> types.Content:
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": DEGREES})
    return types.Content(role="user", parts=[types.Part(function_response=response)])


def tool_stream(url: str, model: str) -> Any:
    contents: list[Any] = [types.Content(role="user", parts=[types.Part(text=WEATHER)])]
    with client(url) as opened:
        chunks = list(opened.models.generate_content_stream(model=model, contents=contents, config=WITH_TOOL))
        chunk = next(chunk for chunk in chunks if chunk.function_calls)
        call = chunk.function_calls[0]
        contents += [chunk.candidates[0].content, result(call)]
        finals = list(opened.models.generate_content_stream(model=model, contents=contents, config=WITH_TOOL))
    return {"name": call.name, "arguments": call.args, "said": "".join(final.text or "" for final in finals)}


def tool_loop(url: str, model: str) -> Any:
    """The SDK calls the function itself."""
    seen = []

    def get_weather(city: str) -> str:
        """The weather in a city."""
        seen.append(city)
        return DEGREES

    config = types.GenerateContentConfig(tools=[get_weather])
    with client(url) as opened:
        said = opened.models.generate_content(model=model, contents=WEATHER, config=config).text
    return {"name": TOOL["name"], "arguments": {"city": seen[0]}, "said": said}


def structured(url: str, model: str) -> Any:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=REPORT)
    with client(url) as opened:
        return json.loads(opened.models.generate_content(model=model, contents=DATA, config=config).text)


def about(error: APIError) -> dict[str, Any]:
    return {"status": error.code, "message": error.message or ""}


if __name__ == "__main__":
    main(
        {
            "gemini.text": text,
            "gemini.stream": stream,
            "gemini.tool": tool,
            "gemini.tool_stream": tool_stream,
            "gemini.tool_loop": tool_loop,
            "gemini.structured": structured,
            **errors("gemini", ask, about),
        }
    )
