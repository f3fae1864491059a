"""A chat request as the classifier sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from router.decision import Peeled
from router.reading.blocks import Envelope
from router.reading.characters import spoken
from router.reading.conversation import TOOL_ROLES, Ask, Conversation
from router.reading.crop import crop_middle
from router.reading.progress import NOT_BEGUN, Progress, progress_of
from router.reading.signals import signals_of
from router.reading.turns.kinds import SYSTEM_HEAD_CHARS, kind_of
from router.types import ChatRequest, FloatArray, Message

__all__ = ["TOOL_ROLES", "TURN_LIMIT_CHARS", "WINDOW_TURNS", "Reading", "Turn", "read"]

WINDOW_TURNS = 3
TURN_LIMIT_CHARS = 2_000
"""The classifier sees the ask and the last turns around it: at most this many, each cropped to head and tail."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation as the classifier sees it: its role and its cropped text, never empty."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the brain scores.

    ask: the user's ask without envelopes, cropped to head and tail, in small letters where it is all in capitals; if
        it only approves or requests earlier work ("yes, go ahead"), that work and the reply.
    window: the other turns in one text: those before and after the ask; "" if there are none.
    turns: the same turns one by one, the ask among them, oldest first. None of the three holds system prompts.
    turn: the kind of turn, a TurnKind word.
    signals: (n_signals,) float32, in SIGNAL_NAMES order.
    peeled: what was taken off the ask's messages, envelopes and frames.
    progress: how far an agent has come since the ask.
    """

    ask: str
    window: str
    turns: tuple[Turn, ...]
    turn: str
    signals: FloatArray
    peeled: tuple[Peeled, ...] = ()
    progress: Progress = NOT_BEGUN


def read(chat: ChatRequest, *, envelopes: Sequence[Envelope] = (), keeps_frames: bool = False) -> Reading:
    """The ask, the turns around it, the kind of turn and the signals of a request.

    The ask is the last user message that has text outside its envelopes; without one, the last message.
    envelopes: the operator's own marker pairs, removed like the known ones.
    keeps_frames: whether frames of programs stay around the ask; a fit reads so, to learn from frames that no rule
        knows.
    """
    talk = Conversation(chat.messages, envelopes, keeps_frames=keeps_frames)
    ask = talk.ask()
    end = len(chat.messages)
    after = _turns(talk.newest_first(start=ask.position + 1, stop=end, without=ask.included), WINDOW_TURNS - 1)
    n_before = WINDOW_TURNS - 1 - len(after)
    before = _turns(talk.newest_first(start=0, stop=ask.position, without=ask.included), n_before)
    said = spoken(ask.text)
    own = (Turn(role=ask.role, text=said),) if said else ()
    window = "\n".join(turn.text for turn in (*before, *after))
    return Reading(
        ask=said,
        window=window,
        turns=(*before, *own, *after),
        turn=_kind(chat, talk, ask),
        signals=signals_of(said, window, after_tool=talk.has_tool_after(ask.position)),
        peeled=talk.peeled(ask.included),
        progress=progress_of(chat.messages, ask.position),
    )


def _turns(said: Iterator[tuple[str, str]], limit: int) -> tuple[Turn, ...]:
    """The first `limit` of (role, text) pairs, given newest first, as turns, oldest first."""
    turns = [
        Turn(role=role, text=crop_middle(text, limit_chars=TURN_LIMIT_CHARS)) for role, text in islice(said, limit)
    ]
    return tuple(reversed(turns))


_SYSTEM_ROLES = frozenset({"system", "developer"})
_SYSTEM_PROMPTS = 4


def _kind(chat: ChatRequest, talk: Conversation, ask: Ask) -> str:
    return kind_of(
        ask.said,
        framed=talk.framed() or ask.said,
        raw=next((message.text for message in reversed(chat.messages) if message.role == "user"), ""),
        system=_system_head(chat.messages),
        one_message=talk.is_one_message(),
        max_output_tokens=chat.max_output_tokens,
        tool_result=talk.ends_in_tool_result(),
        continuation=ask.is_approval,
    ).value


def _system_head(messages: Sequence[Message]) -> str:
    """The heads of the first system prompts: one of them holds the instruction of a harness's housekeeping call."""
    prompts = (message.text for message in messages if message.role in _SYSTEM_ROLES)
    return "\n".join(prompt[:SYSTEM_HEAD_CHARS] for prompt in islice(prompts, _SYSTEM_PROMPTS))
