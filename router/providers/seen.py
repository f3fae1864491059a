"""What has come of an answer, and whether it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.dialects import conversation as c

EMPTY = "The provider answered with nothing."
MALFORMED = "The model's own output cannot be used (a malformed call)."


@dataclass(slots=True)
class Seen:
    """What has come from the provider so far, taken by the consumer or not: all of it is billed.

    output_bytes: UTF-8 bytes of text, thinking and arguments.  answers: of an answer that is not streamed.
    kept: the events, where they are kept.
    """

    usage: c.Usage | None = None
    finish: c.Finish | None = None
    failure: c.UpstreamFailure | None = None
    started: bool = False
    content: bool = False
    output_bytes: int = 0
    answers: tuple[c.Answer, ...] = ()
    kept: list[c.Event] | None = None

    def add(self, events: Sequence[c.Event]) -> None:
        """More of a stream."""
        if self.kept is not None:
            self.kept += events
        for event in events:
            match event:
                case c.Started(usage=usage):
                    self.started = True
                    self.usage = usage or self.usage
                case c.UsageSeen(usage=usage):
                    self.usage = usage
                case c.Finished(finish=finish):
                    self.finish = finish
                case c.Failed(kind=kind, message=message):
                    self.failure = c.UpstreamFailure(kind, 200, message)
                case c.TextDelta(text=text) | c.ThinkingDelta(text=text) | c.ToolCallDelta(arguments=text):
                    self.content = True
                    self.output_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
                case c.ToolCallStarted():
                    self.content = True


def is_empty(finish: c.Finish | None, usage: c.Usage | None) -> bool:
    """Whether an answer without content counts as no answer: it ended as if complete, with no output token.

    A refusal, a limit that thinking used up, and a model that had nothing to add are answers.
    """
    wrote = usage is not None and usage.output_tokens > 0
    return finish in (c.Finish.STOP, c.Finish.TOOL_CALLS, None) and not wrote
