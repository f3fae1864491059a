"""A chat request as the classifier sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.reading.crop import crop_middle
from router.reading.signals import SIGNALS_LIMIT_CHARS, signals_of
from router.types import ChatRequest, FloatArray, Message

ASK_LIMIT_CHARS = SIGNALS_LIMIT_CHARS
"""The ask is cropped to this many characters, head and tail, before anything looks at it."""

WINDOW_TURNS = 3
TURN_LIMIT_CHARS = 2_000
"""The conversation shown is the ask and the last turns around it, at most this many, each cropped head and tail."""

TOOL_ROLES = ("tool", "function")
"""Who brings a tool's result: today's name and the one before it."""

TURN_USER = "user"
"""The turn of an ordinary ask."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation as the classifier sees it: who spoke, and the cropped text, never empty."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the brain scores.

    ask: the text of the user's ask, cropped head and tail.
    window: the other turns in one text: those before the ask, and what came after it; "" if there are none.
    turns: the same turns one by one, the ask among them, oldest first. System prompts are in none of the three.
    turn: the kind of turn, a word of the HTTP contract.
    signals: (n_signals,) float32, in SIGNAL_NAMES order.
    """

    ask: str
    window: str
    turns: tuple[Turn, ...]
    turn: str
    signals: FloatArray


def read(chat: ChatRequest) -> Reading:
    """The ask, the turns around it and the signals of a request.

    The ask is the last user message that has text; where there is none, the last message's text.
    """
    messages = chat.messages
    position = _ask_position(messages)
    ask = crop_middle(messages[position].text.strip(), limit_chars=ASK_LIMIT_CHARS) if messages else ""
    after = _turns(messages[position + 1 :])
    n_before = WINDOW_TURNS - 1 - len(after)
    before = _turns(messages[:position])[-n_before:] if n_before > 0 else ()
    own = (Turn(role=messages[position].role, text=ask),) if ask else ()
    window = "\n".join(turn.text for turn in (*before, *after))
    after_tool = any(message.role in TOOL_ROLES for message in messages[position + 1 :])
    return Reading(
        ask=ask,
        window=window,
        turns=(*before, *own, *after),
        turn=TURN_USER,
        signals=signals_of(ask, window, after_tool=after_tool),
    )


def _ask_position(messages: Sequence[Message]) -> int:
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if message.role == "user" and message.text.strip():
            return position
    return max(0, len(messages) - 1)


_SPEAKERS = frozenset({"user", "assistant", *TOOL_ROLES})


def _turns(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """The last turns of some messages that have text, oldest first."""
    turns: list[Turn] = []
    for message in reversed(messages):
        if message.role in _SPEAKERS and (text := message.text.strip()):
            turns.append(Turn(role=message.role, text=crop_middle(text, limit_chars=TURN_LIMIT_CHARS)))
            if len(turns) == WINDOW_TURNS - 1:
                break
    return tuple(reversed(turns))
