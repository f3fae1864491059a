"""A conversation read from its end: what each message says without envelopes, and which words are the ask.

Only as much is read as is needed: a history of a megabyte before the last few turns costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.reading.continuation import is_continuation
from router.reading.crop import crop_middle
from router.reading.envelopes import Envelope, peel
from router.reading.signals import SIGNALS_LIMIT_CHARS
from router.reading.turns.heartbeats import is_bare_heartbeat, is_silent
from router.types import Message

ASK_LIMIT_CHARS = SIGNALS_LIMIT_CHARS
"""The ask is cropped to this many characters, head and tail, before anything else reads it."""

WORK_LIMIT_CHARS = 3_000
"""The ask and the proposal that a short reply approves are each cropped to this many characters."""

TOOL_ROLES = ("tool", "function")
"""Roles of a tool's result: the current name and the older one."""

_SPEAKERS = frozenset({"user", "assistant", *TOOL_ROLES})

_CHAIN = 5
"""How many approvals in a row ("continue", "continue", ...) are followed back to the ask that they are about."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The words that are scored as the user's ask.

    text: those words, cropped.  said: what the user said last; the same, unless the user only approved something.
    position: index of the ask's message.  role: its role.
    included: indices of the messages whose words the text already contains.
    """

    text: str
    said: str
    position: int
    role: str
    included: frozenset[int]

    @property
    def is_approval(self) -> bool:
        """Whether the user only approved or called for what came before."""
        return len(self.included) > 1


class Conversation:
    """The messages of a request, each without its envelopes, which are removed once, on first use.

    Past heartbeat polls and their silent answers are skipped: they separate a user's ask from its approval only because
    a harness replays them. The user's newest message is never one of them.
    """

    def __init__(self, messages: Sequence[Message], envelopes: Sequence[Envelope]) -> None:
        """envelopes: an operator's own marker pairs."""
        self.messages = messages
        self._envelopes = envelopes
        self._said: dict[int, str] = {}
        turns = range(len(messages) - 1, -1, -1)
        self._newest = next((at for at in turns if messages[at].role == "user" and self.said(at)), -1)

    def said(self, position: int) -> str:
        """The text of a message without envelopes; "" for system prompts and for messages that are all envelope."""
        if position not in self._said:
            message = self.messages[position]
            text = message.text if message.role in _SPEAKERS else ""
            self._said[position] = peel(text, self._envelopes) if message.role == "user" else text.strip()
        return self._said[position]

    def last(self, *, before: int, role: str | None = None) -> int:
        """Index of the last message (of a role) before another that has text; -1 if there is none."""
        for position in self._relevant(0, before):
            if (role is None or self.messages[position].role == role) and self.said(position):
                return position
        return -1

    def _relevant(self, start: int, stop: int) -> Iterator[int]:
        """The indices in [start, stop), newest first, without past heartbeat polls and their silent answers."""
        position = stop - 1
        while position >= start:
            poll = self._poll_of(position) if position < self._newest else -1
            if poll < 0:
                yield position
            position = (position if poll < 0 else poll) - 1

    def _poll_of(self, position: int) -> int:
        """Index of the poll that this message is, or answers silently (also after tool calls); else -1."""
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
        """The last user message that has text; with the work that it approves, if it only approves.

        Without any such message, the last message as it came.
        """
        newest = self._newest
        if newest < 0:
            return self._without_user()
        said = crop_middle(self.said(newest), limit_chars=ASK_LIMIT_CHARS)
        before = self.last(before=newest)
        if before >= 0 and is_continuation(said, before=self.said(before)):
            return self._approval(newest, said, before)
        return Ask(text=said, said=said, position=newest, role="user", included=frozenset({newest}))

    def _without_user(self) -> Ask:
        position = max(0, len(self.messages) - 1)
        message = self.messages[position] if self.messages else Message(role="user", text="")
        text = crop_middle(message.text.strip(), limit_chars=ASK_LIMIT_CHARS)
        return Ask(text=text, said=text, position=position, role=message.role, included=frozenset({position}))

    def _approval(self, newest: int, said: str, before: int) -> Ask:
        """The work that a short reply approves and the reply, as one text at the position of the work.

        The work is the user's earlier ask and, if the assistant's message is the last one, its proposal; a tool's
        result stays a turn of its own, after the ask as in any loop.
        """
        work = [self._approved(newest), before if self.messages[before].role == "assistant" else -1]
        included = [position for position in work if position >= 0]
        parts = [crop_middle(self.said(position), limit_chars=WORK_LIMIT_CHARS) for position in included]
        return Ask(
            text=crop_middle("\n".join([*parts, said]), limit_chars=ASK_LIMIT_CHARS),
            said=said,
            position=included[0] if included else newest,
            role="user",
            included=frozenset({*included, newest}),
        )

    def _approved(self, newest: int) -> int:
        """Index of the user's message that an approval is about, through other approvals; -1 if there is none."""
        work = self.last(before=newest, role="user")
        for _ in range(_CHAIN):
            before = self.last(before=work)
            if before < 0 or not is_continuation(self.said(work), before=self.said(before)):
                break
            work = self.last(before=work, role="user")
        return work

    def newest_first(self, *, start: int, stop: int, without: frozenset[int]) -> Iterator[tuple[str, str]]:
        """(role, text) of each message in [start, stop) that has text, newest first."""
        for position in self._relevant(start, stop):
            if position not in without and (text := self.said(position)):
                yield self.messages[position].role, text

    def has_tool_after(self, position: int) -> bool:
        """Whether a tool's result follows a message."""
        return any(self.messages[at].role in TOOL_ROLES for at in self._relevant(position + 1, len(self.messages)))

    def ends_in_tool_result(self) -> bool:
        """Whether the last message is a tool's result; what a harness adds after it does not count."""
        for position in range(len(self.messages) - 1, -1, -1):
            role = self.messages[position].role
            if role in TOOL_ROLES:
                return True
            if role in _SPEAKERS and (role != "user" or self.said(position) or self.messages[position].block_types):
                return False
        return False

    def is_one_message(self) -> bool:
        """Whether exactly one message has text."""
        newest = self.last(before=len(self.messages))
        return newest >= 0 and self.last(before=newest) < 0
