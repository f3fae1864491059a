"""What has come of an answer, and whether it is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from router.dialects import conversation as c

BYTES_PER_TOKEN = 4
"""UTF-8 bytes per token, for estimates."""

EMPTY = "The provider answered with nothing."
MALFORMED = "The model's own output cannot be used (a malformed call)."


@dataclass(slots=True)
class Seen:
    """What has come from the provider so far, taken by the consumer or not: all of it is billed.

    output_bytes: UTF-8 bytes of text, thinking, names of tools and arguments.
    answers: of an answer that is not streamed.  kept: the events, where they are kept.
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
                case c.ToolCallStarted(name=name):
                    self.content = True
                    self.output_bytes += len(name.encode("utf-8", "replace"))

    def left_out(self, input_tokens: Callable[[], int]) -> list[c.Event]:
        """The usage of a complete stream, where it holds an estimate of what the provider left out; [] where not."""
        usage = estimated(self.usage, input_tokens, n_bytes=self.output_bytes)
        if usage is self.usage:
            return []
        self.usage = usage
        return [c.UsageSeen(usage)]


def estimated(reported: c.Usage | None, input_tokens: Callable[[], int], *, n_bytes: int) -> c.Usage:
    """The usage of a complete answer: as reported, with an estimate in place of what the provider left out.

    A count of 0 is one that was left out: no request has no tokens, and no answer with content has none.
    input_tokens: estimates those of the request.  n_bytes: UTF-8 bytes of the answer's content.
    """
    usage = reported or c.Usage()
    if usage.input_tokens and (usage.output_tokens or not n_bytes):
        return usage
    return replace(
        usage,
        input_tokens=usage.input_tokens or input_tokens(),
        output_tokens=usage.output_tokens or -(-n_bytes // BYTES_PER_TOKEN),
        estimated=True,
    )


def content_bytes(answers: Sequence[c.Answer]) -> int:
    """UTF-8 bytes of whole answers' content, as `Seen.output_bytes` counts a stream's."""
    return sum(len(_content_of(part).encode("utf-8", "replace")) for answer in answers for part in answer.parts)


def _content_of(part: c.AnswerPart) -> str:
    return part.name + part.arguments if isinstance(part, c.ToolCall) else part.text


def is_empty(finish: c.Finish | None, usage: c.Usage | None) -> bool:
    """Whether an answer without content counts as no answer: it ended as if complete, with no output token.

    A refusal, a limit that thinking used up, and a model that had nothing to add are answers.
    """
    wrote = usage is not None and usage.output_tokens > 0
    return finish in (c.Finish.STOP, c.Finish.TOOL_CALLS, None) and not wrote
