"""How far an agent has come: the tool results since the ask, in every dialect, as the conversation has them."""

from __future__ import annotations

from typing import Any

import pytest

from router.dialects.anthropic.request_reader import read_request as read_anthropic
from router.dialects.openai_chat.request_reader import read_request as read_openai
from router.dialects.seen import seen
from router.reading import read
from router.reading.progress import COUNTED_MESSAGES, NOT_BEGUN, Progress, progress_of
from router.types import ChatRequest, Message

ASK = Message("user", "Find out why the nightly import stops.")


def loop(n_steps: int) -> tuple[Message, ...]:
    return tuple(
        message for step in range(n_steps) for message in (Message("assistant", ""), Message("tool", f"line {step}"))
    )


@pytest.mark.parametrize("n_steps", [0, 1, 7])
def test_the_tool_results_since_the_ask_are_counted(n_steps):
    before = (Message("user", "List the files."), *loop(3), Message("assistant", "There are three."))
    assert read(ChatRequest(messages=(*before, ASK, *loop(n_steps)))).progress == Progress(n_steps)


def test_an_ordinary_chat_has_not_begun():
    chat = (ASK, Message("assistant", "Since when?"), Message("user", "Since Monday."))
    assert read(ChatRequest(messages=chat)).progress is NOT_BEGUN


def test_the_work_for_a_very_long_loop_is_bounded():
    assert progress_of((ASK, *loop(5_000)), 0) == Progress(COUNTED_MESSAGES // 2)


def openai_chat(n_steps: int) -> ChatRequest:
    messages: list[dict[str, Any]] = [{"role": "user", "content": ASK.text}]
    for step in range(n_steps):
        call = {"id": f"c{step}", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{step}", "content": f"line {step}"})
    return seen(read_openai({"messages": messages}))


def anthropic_messages(n_steps: int) -> ChatRequest:
    messages: list[dict[str, Any]] = [{"role": "user", "content": ASK.text}]
    for step in range(n_steps):
        use = {"type": "tool_use", "id": f"t{step}", "name": "ls", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"t{step}", "content": f"line {step}"}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return seen(read_anthropic({"messages": messages}))


@pytest.mark.parametrize("chat", [openai_chat, anthropic_messages])
def test_two_dialects_count_alike(chat):
    assert read(chat(6)).progress == Progress(6)
