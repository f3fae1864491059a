"""What the readers of providers' streams share: they stop at the first failure, and an end without a finish is one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from router.dialects.conversation import Event, Failed, FailureKind, Finished, UsageSeen
from router.dialects.shared.failing import CLOSED_EARLY
from router.dialects.shared.fields import json_object
from router.dialects.shared.sse import SseEvent, SseReader
from router.types import JsonObject


class EventGate:
    """Lets events through up to the first failure. over: nothing more is to come.  finished: the answer is complete."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False

    def pass_on(self, events: Iterable[Event]) -> list[Event]:
        """The events, up to and with the first failure; after Finished, usage only."""
        passed: list[Event] = []
        for event in events:
            if self.over or (self.finished and not isinstance(event, UsageSeen)):
                continue  # a complete answer stays one
            passed.append(event)
            self.finished = self.finished or isinstance(event, Finished)
            self.over = isinstance(event, Failed)
        return passed

    def close(self) -> list[Event]:
        """The end of the stream: a failure if neither a finish nor a failure came before."""
        closed_early = not self.finished and not self.over
        self.over = True
        return [Failed(FailureKind.CONNECTION, CLOSED_EARLY)] if closed_early else []


def broken(error: ValueError) -> Failed:
    """The failure for bytes that make no sense."""
    return Failed(FailureKind.BROKEN_ANSWER, f"The provider's stream makes no sense: {error}"[:500])


class JsonStreamReader(ABC):
    """A provider's server-sent events, each a JSON object: bytes in as they come, neutral events out. Never raises."""

    def __init__(self) -> None:
        self._frames = SseReader()
        self._gate = EventGate()

    def feed(self, data: bytes) -> list[Event]:
        """What the bytes complete; broken ones are a Failed event, after which nothing comes."""
        if self._gate.over:
            return []
        try:
            frames = self._frames.feed(data)
        except ValueError as exc:
            return self._gate.pass_on([broken(exc)])
        return self._read_frames(frames)

    def close(self) -> list[Event]:
        """The stream has ended: what was left, and a failure if the answer was not complete."""
        if self._gate.over:
            return []
        try:
            left = self._frames.close()
        except ValueError:
            left = []
        return self._read_frames(left, cut_short=True) + self._gate.close()

    def _read_frames(self, frames: Iterable[SseEvent], *, cut_short: bool = False) -> list[Event]:
        """The frames' events. cut_short: one that makes no sense is passed over, as its end may be missing."""
        events: list[Event] = []
        for frame in frames:
            if frame.data.strip() in ("", "[DONE]"):
                continue
            try:
                events.extend(self._read(frame.event, json_object(frame.data)))
            except ValueError as exc:
                if not cut_short:
                    events.append(broken(exc))
                break
        return self._gate.pass_on(events)

    @abstractmethod
    def _read(self, name: str, item: JsonObject) -> list[Event]:
        """The events of one frame. name: as the frame was called.  Raises ValueError if it makes no sense."""
