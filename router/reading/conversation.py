"""A conversation read from its end: what each message says without envelopes, and which words are the ask.

Only as much is looked at as is needed: a history of a megabyte behind the last few turns costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.reading.continuation import is_continuation
from router.reading.crop import crop_middle
from router.reading.envelopes import Envelope, peel
from router.reading.signals import SIGNALS_LIMIT_CHARS
from router.reading.turns import is_bare_heartbeat, is_silent
from router.types import Message

ASK_LIMIT_CHARS = SIGNALS_LIMIT_CHARS
"""The ask is cropped to this many characters, head and tail, before anything looks at it."""

WORK_LIMIT_CHARS = 3_000
"""The ask and the proposal that a short reply approves are each cropped to this many characters."""

TOOL_ROLES = ("tool", "function")
"""Who brings a tool's result: today's name and the one before it."""

_SPEAKERS = frozenset({"user", "assistant", *TOOL_ROLES})

_CHAIN = 5
"""Through how many approvals in a row ("continue", "continue", ...) the ask that they are about is looked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The words that are scored as the user's ask.

    text: those words, cropped.  said: what the user said last; the same, unless he only approved something.
    position: where among the messages the ask's turn stands.  role: whose words they are.
    told: positions of messages whose words the text holds already.
    """

    text: str
    said: str
    position: int
    role: str
    told: frozenset[int]

    @property
    def is_approval(self) -> bool:
        """Whether the user only approved or called for what came before."""
        return len(self.told) > 1


class Conversation:
    """The messages of a request, each peeled once, when it is first asked for.

    Polls of the past and their silent answers say nothing: they stand between a user's proposal and his approval only
    because a harness replays them. The newest message of the user is never one of them.
    """

    def __init__(self, messages: Sequence[Message], envelopes: Sequence[Envelope]) -> None:
        """envelopes: an operator's own marker pairs."""
        self.messages = messages
        self._envelopes = envelopes
        self._said: dict[int, str] = {}
        turns = range(len(messages) - 1, -1, -1)
        self._newest = next((at for at in turns if messages[at].role == "user" and self.said(at)), -1)

    def said(self, position: int) -> str:
        """What a message says: "" for system prompts and for what is all envelope."""
        if position not in self._said:
            message = self.messages[position]
            text = message.text if message.role in _SPEAKERS else ""
            self._said[position] = peel(text, self._envelopes) if message.role == "user" else text.strip()
        return self._said[position]

    def last(self, *, before: int, role: str | None = None) -> int:
        """Position of the last message (of a role) before another that says something; -1 if there is none."""
        for position in self._heard(0, before):
            if (role is None or self.messages[position].role == role) and self.said(position):
                return position
        return -1

    def _heard(self, start: int, stop: int) -> Iterator[int]:
        """The positions in [start, stop), from the newest on, without polls of the past and their silent answers."""
        position = stop - 1
        while position >= start:
            poll = self._poll_of(position) if position < self._newest else -1
            if poll < 0:
                yield position
            position = (position if poll < 0 else poll) - 1

    def _poll_of(self, position: int) -> int:
        """Where the poll stands that this message is, or answers with silence, be it after tools; else -1."""
        role, said = self.messages[position].role, self.said(position)
        if role == "user" and is_bare_heartbeat(said):
            return position
        if role != "assistant" or not is_silent(said):
            return -1
        for before in range(position - 1, -1, -1):
            role, said = self.messages[before].role, self.said(before)
            if said and role not in TOOL_ROLES:
                return before if role == "user" and is_bare_heartbeat(said) else -1
        return -1

    def ask(self) -> Ask:
        """The last user message that says something; with the work it approves, if it only does that.

        Where no user said anything, the last message as it came.
        """
        newest = self._newest
        if newest < 0:
            return self._without_user()
        said = crop_middle(self.said(newest), limit_chars=ASK_LIMIT_CHARS)
        before = self.last(before=newest)
        if before >= 0 and is_continuation(said, before=self.said(before)):
            return self._approval(newest, said, before)
        return Ask(text=said, said=said, position=newest, role="user", told=frozenset({newest}))

    def _without_user(self) -> Ask:
        position = max(0, len(self.messages) - 1)
        message = self.messages[position] if self.messages else Message(role="user", text="")
        text = crop_middle(message.text.strip(), limit_chars=ASK_LIMIT_CHARS)
        return Ask(text=text, said=text, position=position, role=message.role, told=frozenset({position}))

    def _approval(self, newest: int, said: str, before: int) -> Ask:
        """The work that a short reply is about, in one text with the reply, where the work's own turn stood.

        The work is the user's ask before it and, where the assistant spoke last, what the assistant proposed; a tool's
        result stays a turn of its own, after the ask as inside any loop.
        """
        work = [self._approved(newest), before if self.messages[before].role == "assistant" else -1]
        told = [position for position in work if position >= 0]
        parts = [crop_middle(self.said(position), limit_chars=WORK_LIMIT_CHARS) for position in told]
        return Ask(
            text=crop_middle("\n".join([*parts, said]), limit_chars=ASK_LIMIT_CHARS),
            said=said,
            position=told[0] if told else newest,
            role="user",
            told=frozenset({*told, newest}),
        )

    def _approved(self, newest: int) -> int:
        """The user's message that an approval is about, through other approvals; -1 if there is none."""
        work = self.last(before=newest, role="user")
        for _ in range(_CHAIN):
            before = self.last(before=work)
            if before < 0 or not is_continuation(self.said(work), before=self.said(before)):
                break
            work = self.last(before=work, role="user")
        return work

    def newest_first(self, *, start: int, stop: int, without: frozenset[int]) -> Iterator[tuple[str, str]]:
        """(role, what it says) of each message in [start, stop) that says something, from the newest on."""
        for position in self._heard(start, stop):
            if position not in without and (text := self.said(position)):
                yield self.messages[position].role, text

    def has_tool_after(self, position: int) -> bool:
        """Whether a tool's result stands after a message."""
        return any(self.messages[at].role in TOOL_ROLES for at in self._heard(position + 1, len(self.messages)))

    def ends_in_tool_result(self) -> bool:
        """Whether a tool spoke last; what a harness says after it does not count."""
        for position in range(len(self.messages) - 1, -1, -1):
            role = self.messages[position].role
            if role in TOOL_ROLES:
                return True
            if role in _SPEAKERS and (role != "user" or self.said(position) or self.messages[position].block_types):
                return False
        return False

    def is_one_message(self) -> bool:
        """Whether only one message says anything."""
        newest = self.last(before=len(self.messages))
        return newest >= 0 and self.last(before=newest) < 0
