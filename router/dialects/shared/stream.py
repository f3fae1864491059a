"""The skeletons of streams: a provider's bytes to neutral events, and neutral events to a client's bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, Protocol, TypeAlias, TypeVar

from router.dialects import conversation as c
from router.dialects.shared.failures import CLOSED_EARLY
from router.dialects.shared.fields import json_object
from router.dialects.shared.sse import SseEvent, SseReader, sse_comment
from router.types import JsonObject

Frame = TypeVar("Frame")


class FrameSource(Protocol[Frame]):
    """Bytes in as they come, whole frames out."""

    def feed(self, data: bytes, /) -> list[Frame]:
        """The frames that are complete now. Raises ValueError for bytes that cannot be read."""

    def close(self) -> list[Frame]:
        """The frame that the end of the stream leaves unfinished, if it may be usable. Raises ValueError."""


class StreamReader(ABC, Generic[Frame]):
    """A provider's stream: bytes in as they come, neutral events out. Never raises.

    Bytes that cannot be read are a Failed event, and so is an end without a finish. After Failed nothing follows, after
    Finished only usage.
    """

    closed_early_kind: ClassVar[c.FailureKind] = c.FailureKind.CONNECTION

    def __init__(self, frames: FrameSource[Frame]) -> None:
        self._frames = frames
        self._finished = False
        self._over = False
        self._missing = b""

    def feed(self, data: bytes, /) -> list[c.Event]:
        """The events that the bytes complete."""
        if self._over:
            return []
        try:
            frames = self._frames.feed(data)
        except ValueError as exc:
            return self._fail(c.FailureKind.BROKEN_ANSWER, _unreadable(exc))
        return self._events(frames)

    def close(self) -> list[c.Event]:
        """The last events, once the provider closed the stream; a failure if the answer is not complete."""
        if self._over:
            return []
        try:
            left = self._frames.close()
        except ValueError:
            left = []
        return self._events(left, cut_short=True) + self._fail(self.closed_early_kind, CLOSED_EARLY)

    def missing(self) -> bytes:
        """What the provider left out of its end, as a client that is sent the provider's bytes needs it; once."""
        missing, self._missing = self._missing, b""
        return missing

    def _events(self, frames: Iterable[Frame], *, cut_short: bool = False) -> list[c.Event]:
        """The frames' events. cut_short: one that cannot be read is skipped, as its end may be missing."""
        passed: list[c.Event] = []
        for frame in frames:
            if self._over:
                break
            try:
                found = self._read(frame)
            except ValueError as exc:
                if cut_short:
                    break
                found = [c.Failed(c.FailureKind.BROKEN_ANSWER, _unreadable(exc))]
            for event in found:
                if self._over or (self._finished and not isinstance(event, c.UsageSeen)):
                    continue  # a complete answer stays one
                passed.append(event)
                if isinstance(event, c.Finished):
                    self._finished = True
                elif isinstance(event, c.Failed):
                    self._over = True
        return passed

    def _fail(self, kind: c.FailureKind, message: str) -> list[c.Event]:
        """Nothing follows; the failure, unless the answer was complete or had failed already."""
        settled = self._finished or self._over
        self._over = True
        return [] if settled else [c.Failed(kind, message)]

    @abstractmethod
    def _read(self, frame: Frame) -> list[c.Event]:
        """The events of one frame. Raises ValueError if it cannot be read."""


def _unreadable(error: ValueError) -> str:
    return f"The provider's stream cannot be read: {error}"[:500]


class JsonStreamReader(StreamReader[SseEvent]):
    """A stream of server-sent events that each hold a JSON object."""

    def __init__(self) -> None:
        super().__init__(SseReader())

    def _read(self, frame: SseEvent) -> list[c.Event]:
        if frame.data.strip() in ("", "[DONE]"):
            return []
        return self._read_object(frame.event, json_object(frame.data))

    @abstractmethod
    def _read_object(self, name: str, item: JsonObject) -> list[c.Event]:
        """The events of one object. name: of the server-sent event."""


ContentEvent: TypeAlias = c.Started | c.TextDelta | c.ThinkingDelta | c.ToolCallStarted | c.ToolCallDelta | c.Finished
"""An event that is neither usage nor a failure."""


class StreamWriter(ABC):
    """Neutral events in, the bytes of a client's stream out. After `finish` or `fail` it writes nothing more."""

    def __init__(self) -> None:
        self._usage: c.Usage | None = None
        self._over = False

    def feed(self, event: c.Event) -> bytes:
        """The bytes for one event; often none yet, and none for what the dialect has no form for."""
        if self._over:
            return b""
        if isinstance(event, c.UsageSeen):
            self._usage = event.usage
            return b""
        if isinstance(event, c.Failed):
            return self.fail(c.UpstreamFailure(event.kind, 0, event.message))
        return self._write(event)

    def finish(self) -> bytes:
        """The end of the stream; an error where the dialect needs a complete answer and this one is not."""
        if self._over:
            return b""
        end = self._write_end()
        self._over = True
        return end

    def fail(self, failure: c.UpstreamFailure) -> bytes:
        """The error that ends a stream which has begun."""
        if self._over:
            return b""
        self._over = True
        return self._write_failure(failure)

    def keepalive(self) -> bytes:
        """Bytes without content, for a silence of the provider."""
        return sse_comment("keepalive")

    @abstractmethod
    def _write(self, event: ContentEvent) -> bytes:
        """The bytes for one event of a stream that is not over."""

    @abstractmethod
    def _write_end(self) -> bytes:
        """The last bytes."""

    @abstractmethod
    def _write_failure(self, failure: c.UpstreamFailure) -> bytes:
        """The error's bytes."""
