"""Bodies of every dialect for property tests: valid ones with their user's texts, and ones with something wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.sampled_from(["f", "read_file", "\u6f22"])
any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), 1 << 63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("role content type text parts output response input tools messages x".split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
unknown_blocks = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(["a_block_of_next_year", "refusal", "search_result", "container_upload"]),
    st.dictionaries(st.sampled_from(["id", "x"]), any_json, max_size=2),
)
tools = st.lists(st.builds(lambda name: {"type": "function", "function": {"name": name}}, names), max_size=2)
metadata = st.dictionaries(texts, texts | st.booleans(), max_size=2)


def _blocks(*text_types: str) -> st.SearchStrategy:
    """Blocks of text, images and what nobody knows yet."""
    text = st.builds(lambda kind, text: {"type": kind, "text": text}, st.sampled_from(text_types), texts)
    image = st.builds(lambda: {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}})
    return st.lists(text | image | unknown_blocks, max_size=3)


def _content(*text_types: str) -> st.SearchStrategy:
    return texts | _blocks(*text_types)


def _texts_of(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content if "text" in block] if isinstance(content, list) else []


def _of_user(items: list[dict]) -> list[str]:
    return [text for item in items if item.get("role") == "user" for text in _texts_of(item.get("content"))]


def _with_options(body: st.SearchStrategy, options: dict[str, st.SearchStrategy]) -> st.SearchStrategy:
    return st.builds(lambda first, second: first | second, body, st.fixed_dictionaries({}, optional=options))


prompt_bodies = st.builds(lambda text: ({"prompt": text}, [text]), texts)


def _chat_message() -> st.SearchStrategy:
    call = st.builds(lambda name: {"id": "c", "type": "function", "function": {"name": name}}, names)
    return st.one_of(
        st.builds(lambda content: {"role": "user", "content": content}, _content("text")),
        st.builds(lambda content: {"role": "system", "content": content}, _content("text")),
        st.builds(
            lambda content, calls: {"role": "assistant", "content": content, "tool_calls": calls},
            st.none() | texts,
            st.lists(call, max_size=2),
        ),
        st.builds(lambda text: {"role": "tool", "tool_call_id": "c", "content": text}, texts),
    )


chat_bodies = _with_options(
    st.builds(lambda items: {"messages": items}, st.lists(_chat_message(), min_size=1, max_size=5)),
    {
        "model": names,
        "tools": tools,
        "tool_choice": st.sampled_from(["none", "auto"]) | any_json,
        "parallel_tool_calls": st.booleans(),
        "response_format": st.builds(lambda kind: {"type": kind}, st.sampled_from(["json_object", "json_schema"])),
        "max_completion_tokens": st.integers(1, 9_000),
        "n": st.integers(1, 4),
        "metadata": metadata,
        "vendor_key": any_json,
    },
).map(lambda body: (body, _of_user(body["messages"])))


def _responses_item() -> st.SearchStrategy:
    return st.one_of(
        st.builds(lambda content: {"type": "message", "role": "user", "content": content}, _content("input_text")),
        st.builds(lambda content: {"role": "user", "content": content}, _content("input_text")),
        st.builds(lambda content: {"type": "message", "role": "assistant", "content": content}, _blocks("output_text")),
        st.builds(lambda name: {"type": "function_call", "call_id": "c", "name": name, "arguments": "{}"}, names),
        st.builds(lambda output: {"type": "function_call_output", "call_id": "c", "output": output}, texts),
        st.just({"type": "reasoning", "summary": []}),
        unknown_blocks,
    )


responses_bodies = st.one_of(
    st.builds(lambda text: ({"input": text}, [text]), texts),
    _with_options(
        st.builds(lambda items: {"input": items}, st.lists(_responses_item(), min_size=1, max_size=5)),
        {
            "instructions": texts,
            "max_output_tokens": st.integers(1, 9_000),
            "text": st.just({"format": {"type": "json_object"}}),
            "tools": tools,
            "metadata": metadata,
        },
    ).map(lambda body: (body, _of_user(body["input"]))),
)


def _anthropic_message() -> st.SearchStrategy:
    result = st.builds(lambda content: {"type": "tool_result", "content": content}, texts | _blocks("text"))
    call = st.builds(lambda name: {"type": "tool_use", "id": "t", "name": name, "input": {}}, names)
    thought = st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "x"}, texts)
    return st.one_of(
        st.builds(
            lambda content, results: {"role": "user", "content": [*results, *content]},
            _blocks("text"),
            st.lists(result, max_size=2),
        ),
        st.builds(lambda text: {"role": "user", "content": text}, texts),
        st.builds(
            lambda content, rest: {"role": "assistant", "content": [*content, *rest]},
            _blocks("text"),
            st.lists(call | thought, max_size=2),
        ),
        st.builds(lambda content: {"role": "system", "content": content}, _content("text")),
    )


anthropic_bodies = _with_options(
    st.builds(
        lambda items: {"messages": items, "max_tokens": 64, "anthropic_version": "vertex-2023-10-16"},
        st.lists(_anthropic_message(), min_size=1, max_size=5),
    ),
    {
        "system": _content("text"),
        "tools": st.lists(st.just({"name": "f", "input_schema": {"type": "object"}}), max_size=2),
        "tool_choice": st.just({"type": "auto", "disable_parallel_tool_use": True}),
        "thinking": any_json,
        "metadata": metadata,
    },
).map(lambda body: (body, _of_user(body["messages"])))


def _gemini_content() -> st.SearchStrategy:
    text = st.builds(lambda text: {"text": text}, texts)
    media = st.builds(
        lambda mime: {"inlineData": {"mimeType": mime, "data": ""}}, st.sampled_from(["image/png", "text/csv"])
    )
    call = st.builds(lambda name: {"functionCall": {"name": name, "args": {}}}, names)
    response = st.builds(lambda value: {"functionResponse": {"name": "f", "response": {"result": value}}}, any_json)
    return st.builds(
        lambda role, parts: {"role": role, "parts": parts},
        st.sampled_from(["user", "model"]),
        st.lists(text | media | call | response, max_size=4),
    )


def _of_gemini_user(body: dict) -> list[str]:
    parts = [part for content in body["contents"] if content["role"] == "user" for part in content["parts"]]
    return [part["text"] for part in parts if "text" in part]


gemini_bodies = _with_options(
    st.builds(lambda contents: {"contents": contents}, st.lists(_gemini_content(), min_size=1, max_size=5)),
    {
        "systemInstruction": st.builds(lambda text: {"parts": [{"text": text}]}, texts),
        "generationConfig": st.fixed_dictionaries({}, optional={"maxOutputTokens": st.integers(1, 99), "x": any_json}),
        "tools": st.just([{"functionDeclarations": [{"name": "f"}]}]),
    },
).map(lambda body: (body, _of_gemini_user(body)))

BODIES = {
    "prompt": prompt_bodies,
    "openai_chat": chat_bodies,
    "openai_responses": responses_bodies,
    "anthropic": anthropic_bodies,
    "gemini": gemini_bodies,
}
"""By dialect: a body, and the user's texts in it, in order."""

bodies = st.one_of(*BODIES.values())


def _places(value: object, place: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*place, key) for key, _ in inner] + [
        found for key, item in inner for found in _places(item, (*place, key))
    ]


@st.composite
def mutated_bodies(draw: Callable) -> dict:
    """A valid body in which a few values, at any depth, became something else or went away."""
    body = copy.deepcopy(draw(bodies)[0])
    for _ in range(draw(st.integers(1, 3))):
        places = _places(body)
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        node = body
        for key in path:
            node = node[key]
        if draw(st.booleans()):
            node[last] = draw(any_json)
        else:
            del node[last]
    return body
