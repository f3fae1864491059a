"""A chat request as the classifier sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.reading.crop import crop_middle
from router.reading.signals import SIGNALS_LIMIT_CHARS, signals_of
from router.types import ChatRequest, FloatArray, Message

ASK_LIMIT_CHARS = SIGNALS_LIMIT_CHARS
"""The ask is cropped to this many characters, head and tail, before anything looks at it."""

WINDOW_MESSAGES = 4
WINDOW_MESSAGE_LIMIT_CHARS = 600
"""The window holds the last messages before the ask, each cropped to this many characters."""

TURN_USER = "user"
"""The turn of an ordinary ask."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the brain scores.

    ask: the text of the user's ask, cropped head and tail.
    window: the turns before it, cropped; "" in a first turn. System prompts are in neither.
    turn: the kind of turn, a word of the HTTP contract.
    signals: (n_signals,) float32, in SIGNAL_NAMES order.
    """

    ask: str
    window: str
    turn: str
    signals: FloatArray


def read(chat: ChatRequest) -> Reading:
    """The ask, the window, the turn and the signals of a request.

    The ask is the last user message that has text; where there is none, the last message's text.
    """
    messages = chat.messages
    position = _ask_position(messages)
    ask = crop_middle(messages[position].text.strip(), limit_chars=ASK_LIMIT_CHARS) if messages else ""
    window = _window(messages[:position])
    after_tool = any(message.role == "tool" for message in messages[position + 1 :])
    return Reading(ask=ask, window=window, turn=TURN_USER, signals=signals_of(ask, window, after_tool=after_tool))


def _ask_position(messages: Sequence[Message]) -> int:
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if message.role == "user" and message.text.strip():
            return position
    return max(0, len(messages) - 1)


def _window(before: Sequence[Message]) -> str:
    turns: list[str] = []
    for message in reversed(before):
        if message.role in ("user", "assistant") and (text := message.text.strip()):
            turns.append(crop_middle(text, limit_chars=WINDOW_MESSAGE_LIMIT_CHARS))
            if len(turns) == WINDOW_MESSAGES:
                break
    return "\n".join(reversed(turns))
