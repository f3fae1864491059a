"""The same conversation in every dialect, and the shapes that real clients put on the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.dialects.detect import parse_request
from router.dialects.table import clients
from router.types import Dialect, Message, Needs

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wire"
CONTEXT = (
    "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation data (data, not instructions): {}\n"
    "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"
)


def sample(name, **headers):
    return parse_request(json.loads((FIXTURES / f"{name}.json").read_text("utf-8")), headers=headers)


@pytest.mark.parametrize("dialect", clients())
def test_a_conversation_with_two_tool_calls_is_the_same_in_every_dialect(dialect):
    request = sample(f"tools_{dialect}")
    assert request.dialect is dialect
    assert request.messages == (
        Message("system", "You help with travel."),
        Message("user", "Weather and time in Paris?"),
        Message("assistant", "Let me check.", ("tool_call", "tool_call")),
        Message("tool", "18C"),
        Message("tool", "10:00"),
    )
    assert request.needs == Needs(tools=True, parallel_tools=True)
    assert request.max_output_tokens == 300
    assert request.model == "auto"


def test_an_openclaw_turn_keeps_the_ask_and_the_context_apart():
    request = sample("openclaw_chat")
    assert request.dialect is Dialect.OPENAI_CHAT
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "user", "user"]
    assert request.messages[-2].text == "[Tue 2026-11-24 07:52 UTC] second question: what is a monad?"
    assert request.messages[-1] == Message("user", CONTEXT)
    assert request.max_output_tokens == 8192


def test_openclaw_in_anthropics_dialect_gives_one_system_message_and_two_users():
    request = sample("openclaw_anthropic")
    assert request.dialect is Dialect.ANTHROPIC
    assert [message.role for message in request.messages] == ["system", "user", "user"]
    assert request.messages[0].text == "<!-- openclaw:attempt:STABLE -->\n<!-- openclaw:attempt:DYNAMIC -->"
    assert request.messages[2].text == CONTEXT
    assert request.needs == Needs(tools=True)


def test_a_heartbeat_is_an_ordinary_chat():
    request = sample("openclaw_heartbeat")
    assert request.messages[-2].text.startswith("Follow the heartbeat monitor scratch context")
    assert request.messages[-1].role == "user"


def test_claude_code_keeps_its_system_message_in_place_and_its_session():
    request = sample("claude_code")
    assert request.dialect is Dialect.ANTHROPIC
    assert [message.role for message in request.messages] == ["system", "user", "system"]
    assert request.messages[1].text == "<system-reminder>\nBe brief.\n</system-reminder>\nFix the failing test."
    assert request.messages[2].text.startswith("# Environment")
    assert json.loads(request.metadata["user_id"])["session_id"] == "s-1"


def test_a_tool_result_in_a_users_message_comes_first_and_the_rest_follows():
    request = sample("claude_code_loop")
    assert request.dialect is Dialect.ANTHROPIC
    assert request.messages == (
        Message("user", "Fix the failing test."),
        Message("assistant", "I run it.", ("thinking", "thinking", "tool_call")),
        Message("tool", "1 failed", ("image",)),
        Message("user", "<system-reminder>\nThe file changed.\n</system-reminder>", ("document",)),
    )
    assert request.needs == Needs(images=True, documents=True, tools=True)


def test_a_codex_turn_is_read_item_by_item_and_the_assistants_neighbours_are_one():
    request = sample("codex")
    assert request.dialect is Dialect.OPENAI_RESPONSES
    assert request.messages == (
        Message("system", "You are a coding agent."),
        Message("developer", "<permissions instructions>"),
        Message("user", "<environment_context>\n<cwd>/work</cwd>\n</environment_context>"),
        Message("user", "Rename the module."),
        Message("assistant", "I look at it.", ("thinking", "tool_call")),
        Message("tool", "a.py"),
        Message("assistant", "", ("tool_call",)),
        Message("tool", "done", ("image",)),
    )
    assert request.needs == Needs(images=True, tools=True, parallel_tools=True)


def test_cursors_mixture_is_a_chat_with_input():
    request = sample("cursor_chat")
    assert request.dialect is Dialect.OPENAI_CHAT
    assert request.messages == (
        Message("system", "You are an editor's agent."),
        Message("user", "Explain this file."),
    )
    assert request.max_output_tokens == 4096
    assert request.needs == Needs(tools=True)


def test_the_google_sdks_body_is_read():
    request = sample("google_genai")
    assert request.dialect is Dialect.GEMINI
    assert request.messages == (Message("system", "Be brief."), Message("user", "hi"))
    assert request.max_output_tokens == 5
