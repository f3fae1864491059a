"""A conversation's ask put into wrappers and dresses, where the service finds the ask. Pure; the draws come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from router.reading import TurnKind, read
from router.reading.conversation import Conversation
from router.types import ChatRequest, Message
from training.dressing.forms import DRESSES, SEEN, WRAPPERS, base_language

_ASKING = (TurnKind.USER, TurnKind.TOOL_RESULT, TurnKind.CONTINUATION)
"""Turns with an ask of a user behind them; a heartbeat or a harness's own order stays as it came."""

_P_WRAPPER, _P_DRESS = 0.65, 0.6
"""How often training draws a wrapper and a dress; at least one of them is drawn."""

_P_SECOND_DRESS = 0.35

FRAMED_SHARE = 0.7
"""How often a fit reads a dressed row with its frames on, as the service reads frames that no rule knows."""


def dressed(
    messages: tuple[Message, ...], *, kinds: Sequence[str], lang: str | None, rng: np.random.Generator
) -> tuple[Message, ...]:
    """The conversation with its ask in these kinds of forms; the same messages where there is no ask to dress.

    Only the message that holds the ask changes: behind replies that only approve it, and never a heartbeat, a tool's
    result, a harness's own order or the approval itself. What a harness has put around the ask already stays there.
    kinds: keys of DRESSES and WRAPPERS, the innermost first.  lang: the ask's language, such as `de` or `zh-TW`; None
    or "" unknown.  rng: the same state gives the same messages.
    Raises KeyError for a kind that does not exist.
    """
    forms = [DRESSES[kind] if kind in DRESSES else WRAPPERS[kind] for kind in kinds]
    position, said = _ask_of(messages)
    if not said:
        return messages
    text, base = said, base_language(lang)
    for form in forms:
        text = form.put_on(text, base, rng)
    message = _with_ask(messages[position], said, text)
    return messages if message is None else (*messages[:position], message, *messages[position + 1 :])


def drawn_kinds(rng: np.random.Generator) -> tuple[str, ...]:
    """SEEN kinds for one training row, in the order of `dressed`: none to two dresses, then a wrapper or none."""
    wrapper, dress = rng.random() < _P_WRAPPER, rng.random() < _P_DRESS
    n_dresses = (1 + int(rng.random() < _P_SECOND_DRESS)) if dress or not wrapper else 0
    dresses = rng.choice(len(SEEN.dresses), size=n_dresses, replace=False).tolist()
    kinds = [SEEN.dresses[index] for index in dresses]
    return (*kinds, SEEN.wrappers[int(rng.integers(len(SEEN.wrappers)))]) if wrapper else tuple(kinds)


def _ask_of(messages: tuple[Message, ...]) -> tuple[int, str]:
    """Position and words, without envelopes, of the message to dress; (-1, "") where none may be."""
    if not messages or read(ChatRequest(messages=messages)).turn not in _ASKING:
        return -1, ""
    talk = Conversation(messages, ())
    ask = talk.ask()
    approves_itself = ask.is_approval and ask.included == {ask.position}
    if ask.role != "user" or messages[ask.position].role != "user" or approves_itself:
        return -1, ""
    return ask.position, talk.said(ask.position)


def _with_ask(message: Message, said: str, text: str) -> Message | None:
    """The message with its ask replaced; None where an envelope cuts the ask into pieces, or it is there twice."""
    if message.text.strip() == said:
        return replace(message, text=text, text_starts=())
    start, end = message.text.find(said), message.text.find(said) + len(said)
    if start < 0 or message.text.find(said, start + 1) >= 0 or any(start < at < end for at in message.text_starts):
        return None
    grown = len(text) - len(said)
    return replace(
        message,
        text=message.text[:start] + text + message.text[end:],
        text_starts=tuple(at + grown if at >= end else at for at in message.text_starts),
    )
