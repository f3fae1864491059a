"""What the tests of OpenAI's dialects draw from: conversations, streams of events, cuts through bytes."""

from __future__ import annotations

from hypothesis import strategies as st

from router.dialects.conversation import (
    AnswerFormat,
    Conversation,
    Event,
    Finish,
    Finished,
    Media,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
    Turn,
    Usage,
    UsageSeen,
)

WORDS = st.text(min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-zA-Z0-9_.-]{1,20}", fullmatch=True)
ARGUMENTS = st.one_of(WORDS.filter(str.strip), st.just('{"ü": "😀"}'), st.just("{}"), st.just('{"a": [1, 2'))

# --- Conversations ----------------------------------------------------------------------------------------------------

images = st.one_of(
    st.builds(Media, st.just("image"), url=st.just("https://example.org/a.png"), detail=st.sampled_from([None, "low"])),
    st.builds(Media, st.just("image"), media_type=st.just("image/gif"), data=st.just("R0lGODlh")),
)
media = st.one_of(
    images,
    st.builds(Media, st.just("audio"), media_type=st.sampled_from(["audio/wav", "audio/mpeg"]), data=st.just("UklG")),
    st.builds(
        Media, st.just("document"), media_type=st.just("application/pdf"), data=st.just("JVBE"), name=st.just("a.pdf")
    ),
)
texts = st.builds(Text, WORDS)
user_turns = st.one_of(
    st.builds(lambda text: Turn("user", (text,)), texts),
    st.builds(lambda parts, one: Turn("user", (*parts, one)), st.lists(st.one_of(texts, media), max_size=3), media),
)


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Turn, ...]:
    """A user's turn, and what the model made of it: text, or parallel calls with their results."""
    ids = draw(st.lists(st.text(min_size=1, max_size=40), unique=True, max_size=3))
    calls = tuple(ToolCall(call_id, draw(NAMES), draw(ARGUMENTS)) for call_id in ids)
    said = draw(st.lists(texts, min_size=0 if calls else 1, max_size=1))
    turns = (draw(user_turns), Turn("assistant", (*said, *calls)))
    if not calls:
        return turns
    results = tuple(ToolResult(call.id, tuple(draw(st.lists(texts, max_size=1))), call.name) for call in calls)
    return (*turns, Turn("user", results))


def _unique_ids(many: list[tuple[Turn, ...]]) -> bool:
    ids = [part.id for turns in many for turn in turns for part in turn.parts if isinstance(part, ToolCall)]
    return len(set(ids)) == len(ids)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Requests that both of OpenAI's dialects can say in full."""
    many = draw(st.lists(rounds(), min_size=1, max_size=3).filter(_unique_ids))
    system = draw(st.lists(st.builds(lambda text: Turn("system", (text,)), texts), max_size=1))
    tools = tuple(
        Tool(name, draw(st.none() | WORDS), strict=draw(st.sampled_from([None, True, False])))
        for name in draw(st.lists(NAMES, unique=True, max_size=3))
    )
    choices = [None, ToolChoice("auto"), ToolChoice("required"), *[ToolChoice("named", tool.name) for tool in tools]]
    return Conversation(
        turns=(*system, *(turn for turns in many for turn in turns)),
        model="m",
        tools=tools,
        tool_choice=draw(st.sampled_from(choices)) if tools else None,
        parallel_tools=draw(st.sampled_from([None, True, False])) if tools else None,
        answer_format=draw(
            st.sampled_from([None, AnswerFormat("json"), AnswerFormat("schema", {"type": "object"}, "n", True)])
        ),
        max_output_tokens=draw(st.none() | st.integers(1, 9999)),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_p=draw(st.none() | st.floats(0, 1)),
        stop=tuple(draw(st.lists(WORDS, max_size=2))),
        effort=draw(st.sampled_from([None, "none", "minimal", "xhigh"])),
        n=draw(st.integers(1, 3)),
        seed=draw(st.none() | st.integers(-9, 9)),
        presence_penalty=draw(st.none() | st.floats(-2, 2)),
        frequency_penalty=draw(st.none() | st.floats(-2, 2)),
        logprobs=draw(st.booleans()),
        user=draw(st.none() | WORDS),
    )


# --- Streams ----------------------------------------------------------------------------------------------------------

usages = st.builds(
    Usage,
    input_tokens=st.integers(0, 99),
    output_tokens=st.integers(100, 999),  # more than the thinking in them: else a total that adds it looks like xAI's
    cache_read_tokens=st.integers(0, 9),
    cache_write_tokens=st.integers(0, 9),
    reasoning_tokens=st.integers(0, 9),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    """A whole answer's events: text and thinking first, then calls that interleave, with usage at its end."""
    events: list[Event] = [Started("chatcmpl-1", "upstream")]
    events += draw(st.lists(st.one_of(st.builds(TextDelta, st.text(max_size=9)), st.builds(ThinkingDelta, WORDS))))
    started = draw(st.integers(0, 3))
    calls: list[Event] = []
    for index in range(started):
        calls.append(ToolCallStarted(index, f"call_{index}{draw(NAMES)}", draw(NAMES)))
        pieces = st.builds(ToolCallDelta, st.integers(0, index), st.text(max_size=9))
        calls += draw(st.lists(pieces, max_size=4))
    finishes = [Finish.TOOL_CALLS] if started else [Finish.STOP]
    finish = draw(st.sampled_from([*finishes, Finish.LENGTH, Finish.CONTENT_FILTER]))
    return [*events, *calls, Finished(finish), UsageSeen(draw(usages))]


def gist(events: list[Event]) -> dict[str, object]:
    """What a stream says, however it was cut: text, calls, usage, finish."""
    calls: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event, ToolCallStarted):
            calls[event.index] = [event.id, event.name, ""]
        elif isinstance(event, ToolCallDelta):
            calls[event.index][2] += event.arguments
    return {
        "text": "".join([event.text for event in events if isinstance(event, TextDelta)]),
        "calls": calls,
        "usage": [event.usage for event in events if isinstance(event, UsageSeen)][-1:],
        "finish": [event.finish for event in events if isinstance(event, Finished)],
    }


# --- Anything ---------------------------------------------------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "image_url", "tool_calls", "function", "id", "name", "url"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
