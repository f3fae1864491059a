"""Bodies as real clients send them: what is scored is what the user typed, whatever the client wrapped around it.

Each fixture holds a client's request, hand-written from captures, with the ask, the kind of turn, and the bare
conversation that must be read the same. `{{boilerplate N}}` stands for N characters of a client's own prompt.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from router.dialects.detect import parse_request
from router.reading import read
from router.types import ChatRequest, Message, RouteRequest

FOLDER = Path(__file__).parents[1] / "fixtures" / "clients"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SENTENCE = "You are an agent; think hard, prove each step, refactor the architecture and never deadlock. "
_PLACE = re.compile(r"\{\{boilerplate (\d+)\}\}")


def client(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def filled(value):
    """The fixture's value with boilerplate of the stated length in its places."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: (SENTENCE * (int(found[1]) // len(SENTENCE) + 1))[: int(found[1])], value)
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return value


def request(fixture):
    body = filled(fixture["body"])
    return parse_request(body, headers=fixture["headers"], raw=json.dumps(body).encode())


def bare(fixture):
    return ChatRequest(messages=tuple(Message(role=role, text=text) for role, text in fixture["bare"]))


def assert_read_alike(one, other):
    assert (one.ask, one.window, one.turns) == (other.ask, other.window, other.turns)
    np.testing.assert_array_equal(one.signals, other.signals)


@pytest.mark.parametrize("name", NAMES)
def test_the_ask_is_what_the_user_typed_as_it_is_read_alone(name):
    fixture = client(name)
    reading = read(request(fixture))
    typed = read(ChatRequest(messages=(Message("user", fixture["ask"]),))).ask
    assert (reading.ask, reading.turn) == (typed, fixture["turn"])
    assert fixture["ask"].endswith(typed[-20:])


@pytest.mark.parametrize("name", NAMES)
def test_a_clients_turn_is_read_like_the_bare_conversation(name):
    fixture = client(name)
    assert_read_alike(read(request(fixture)), read(bare(fixture)))


@pytest.mark.parametrize("name", ["openclaw_second_turn", "claude_code_turn", "codex_turn", "langchain_openai"])
def test_the_decision_is_that_of_the_bare_conversation(name, router):
    fixture = client(name)
    chats = (replace(chat, model=None) for chat in (request(fixture), bare(fixture)))  # a name may be a pin
    wrapped, plain = (router.route(RouteRequest(chat=chat)) for chat in chats)
    assert (wrapped.tier, wrapped.expected_quality_loss) == (plain.tier, plain.expected_quality_loss)


def test_forty_tools_and_fifty_kilobytes_of_boilerplate_leave_the_decision_as_it_was(router):
    ask = {"role": "user", "content": "why does this query return each order twice?"}
    tool = {"type": "function", "function": {"name": "t", "description": SENTENCE, "parameters": {"type": "object"}}}
    heavy = {
        "messages": [{"role": "system", "content": filled("{{boilerplate 50000}}")}, ask],
        "tools": [{**tool, "function": {**tool["function"], "name": f"tool_{n}"}} for n in range(40)],
    }
    light, loaded = parse_request({"messages": [ask]}), parse_request(heavy, raw=json.dumps(heavy).encode())
    assert_read_alike(read(loaded), read(light))
    decisions = [router.route(RouteRequest(chat=chat)) for chat in (light, loaded)]
    assert decisions[0].tier == decisions[1].tier
    assert decisions[0].expected_quality_loss == decisions[1].expected_quality_loss


def test_every_kind_of_client_has_a_fixture():
    assert {name.split("_")[0] for name in NAMES} == {
        "ai",
        "claude",
        "codex",
        "google",
        "langchain",
        "openclaw",
        "pydantic",
    }
