"""A conversation read from its end: what each message says without envelopes, and which words are the ask.

Only as much is read as is needed: a history of a megabyte before the last few turns costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from router.decision import Peeled
from router.reading.blocks import Envelope
from router.reading.continuation import call_for_work, is_continuation
from router.reading.crop import crop_middle
from router.reading.envelopes import peel
from router.reading.frames.forms import ENVELOPE, unframed
from router.reading.frames.lines import NAMED, is_set_up
from router.reading.frames.roots import ask_in_root
from router.reading.harness import SENT
from router.reading.resumed import Resumed, resumed
from router.reading.signals import SIGNALS_LIMIT_CHARS
from router.reading.turns.heartbeats import is_bare_heartbeat, is_silent
from router.types import Message

TOOL_ROLES = ("tool", "function")
"""Roles of a tool's result: the current name and the older one."""

ASK_LIMIT_CHARS = SIGNALS_LIMIT_CHARS
"""The ask is cropped to this many characters, head and tail, before anything else reads it."""

WORK_LIMIT_CHARS = 3_000
"""The ask and the proposal that a short reply approves are each cropped to this many characters."""

_SPEAKERS = frozenset({"user", "assistant", *TOOL_ROLES})

_NAME_CHARS = 40
_NEAR = 12
"""A bare name counts as a chat program's where another message so many places away has one."""

_CHAIN = 5
"""How many approvals in a row ("continue", "continue", ...) are followed back to the ask that they are about."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The words that are scored as the user's ask.

    text: those words, cropped.  said: what the user said last; the same, unless the user only approved something.
    position: index of the ask's message.  role: its role.
    included: indices of the messages whose words the text already contains.
    is_approval: whether the user only approved or called for what came before.
    """

    text: str
    said: str
    position: int
    role: str
    included: frozenset[int]
    is_approval: bool = False


class Conversation:
    """The messages of a request, each without its envelopes, which are removed once, on first use.

    Past heartbeat polls and their silent answers are skipped: they separate a user's ask from its approval only because
    a harness replays them. The user's newest message is never one of them.
    """

    def __init__(
        self, messages: Sequence[Message], envelopes: Sequence[Envelope], *, keeps_frames: bool = False
    ) -> None:
        """envelopes: an operator's own marker pairs.  keeps_frames: whether frames stay around what they hold."""
        self.messages = messages
        self._envelopes = envelopes
        self._keeps_frames = keeps_frames
        self._said: dict[int, str] = {}
        self._framed: dict[int, str] = {}
        self._peeled: dict[int, tuple[Peeled, ...]] = {}
        self._resumed: dict[int, Resumed] = {}
        turns = range(len(messages) - 1, -1, -1)
        self._newest = next((at for at in turns if messages[at].role == "user" and self.said(at)), -1)

    def said(self, position: int) -> str:
        """The text of a message without envelopes; "" for system prompts and for messages that are all envelope.

        Of a message that begins with a summary of an earlier conversation: what was typed after it, else the summary.
        """
        if position not in self._said:
            message = self.messages[position]
            if message.role == "user":
                self._said[position] = self._typed(position, message)
            else:
                self._said[position] = message.text.strip() if message.role in _SPEAKERS else ""
        return self._said[position]

    def _typed(self, position: int, message: Message) -> str:
        said = peel(message.text, self._envelopes, text_starts=message.text_starts)
        if not said and (sent := SENT.fullmatch(message.text.strip())):
            said = sent[1].strip()
        if n_chars := len(message.text.strip()) - len(said):
            self._peeled[position] = (Peeled(ENVELOPE, n_chars),)
        parts = resumed(message, said, partial(peel, extra=self._envelopes))
        if parts is not None:
            parts = replace(parts, typed=self._unframed(position, parts.typed))
            self._resumed[position] = parts
            return parts.typed or parts.summary
        return "" if is_set_up(said) else self._unframed(position, said)

    def _unframed(self, position: int, text: str) -> str:
        if self._keeps_frames:
            return text
        lead = NAMED.match(text) if text.startswith("[") or ":" in text[:_NAME_CHARS] else None
        has_names = lead is not None and self._is_named(position, lead.lastgroup)
        said, taken = unframed(text, self._envelopes, has_names=has_names)
        if taken:
            self._framed[position] = text
            self._peeled[position] = (*self._peeled.get(position, ()), *taken)
        return said

    def _is_named(self, position: int, form: str | None) -> bool:
        """Whether another of the user's messages near this one begins with a bare name in the same form."""
        near = self.messages[max(0, position - _NEAR) : position + _NEAR]
        leads = [NAMED.match(message.text) for message in near if message.role == "user"]
        return sum(lead is not None and lead.lastgroup == form for lead in leads) > 1

    def framed(self) -> str:
        """The user's newest message in the frames that were taken off it; "" if it had none."""
        return self._framed.get(self._newest, "")

    def peeled(self, positions: Collection[int]) -> tuple[Peeled, ...]:
        """What was taken off these messages, the oldest message first, the outer frame first."""
        return tuple(one for position in sorted(positions) for one in self._peeled.get(position, ()))

    def _work(self, position: int) -> str:
        """What a message asks for: after a summary that it only continues, the summary and the call to go on."""
        said, parts = self.said(position), self._resumed.get(position)
        call = call_for_work(parts.typed, before=parts.summary) if parts else ""
        if parts is None or not call:
            return crop_middle(said, limit_chars=WORK_LIMIT_CHARS)
        return crop_middle(parts.summary, limit_chars=WORK_LIMIT_CHARS) + "\n" + call

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
        if (parts := self._resumed.get(newest)) is not None:
            return self._after_summary(newest, said, parts)
        before = self.last(before=newest)
        if before >= 0 and (call := call_for_work(said, before=self.said(before))):
            return self._approval(newest, said, call, before)
        return Ask(text=said, said=said, position=newest, role="user", included=frozenset({newest}))

    def _after_summary(self, newest: int, said: str, parts: Resumed) -> Ask:
        """What was typed after a summary; the summary's work where that only calls for it, or nothing was typed."""
        goes_on = not parts.typed or is_continuation(said, before=parts.summary)
        return Ask(
            text=self._work(newest) if goes_on else said,
            said=parts.typed and said,
            position=newest,
            role="user",
            included=frozenset({newest}),
            is_approval=goes_on,
        )

    def _without_user(self) -> Ask:
        position = max(0, len(self.messages) - 1)
        message = self.messages[position] if self.messages else Message(role="user", text="")
        whole = message.text.strip()
        # an agent's message to another is the ask where there is no person
        alone = None if self._keeps_frames else ask_in_root(whole)
        if alone is not None:
            self._peeled[position] = (Peeled(ENVELOPE, len(whole) - len(alone)),)
        text = crop_middle(whole if alone is None else alone, limit_chars=ASK_LIMIT_CHARS)
        return Ask(text=text, said=text, position=position, role=message.role, included=frozenset({position}))

    def _approval(self, newest: int, said: str, call: str, before: int) -> Ask:
        """The work that a short reply approves and the call for it, as one text at the position of the work.

        The work is the user's earlier ask and, if the assistant's message is the last one, its proposal; a tool's
        result stays a turn of its own, after the ask as in any loop.
        """
        work = [self._approved(newest), before if self.messages[before].role == "assistant" else -1]
        included = [position for position in work if position >= 0]
        parts = [self._work(position) for position in included]
        return Ask(
            text=crop_middle("\n".join([*parts, call]), limit_chars=ASK_LIMIT_CHARS),
            said=said,
            position=included[0] if included else newest,
            role="user",
            included=frozenset({*included, newest}),
            is_approval=True,
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
