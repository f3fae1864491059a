"""What the failures of one call rule out: which models of its plan are still worth asking."""

from __future__ import annotations

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.providers.retry import Remedy
from router.types import Target

MOST_ASKED = 2
"""Vendors that are asked about a request that the first refuses without a known reason: the second one decides."""


class RuledOut:
    """The memory of one call."""

    def __init__(self) -> None:
        self._providers: set[str] = set()
        self._vendors: set[tuple[str, str]] = set()
        self._models: set[str] = set()
        self._window_over: int | None = None
        self._n_unexplained = 0

    def allows(self, target: Target) -> bool:
        """Whether earlier failures leave this target any chance."""
        if target.provider in self._providers or target.name in self._models or vendor_of(target) in self._vendors:
            return False
        window = target.context_window_tokens
        return self._window_over is None or window is None or window > self._window_over

    def lose(self, target: Target) -> None:
        """No further attempt at this model."""
        self._models.add(target.name)

    def add(self, remedy: Remedy, target: Target, failure: UpstreamFailure) -> Remedy:
        """Remember what the failure rules out. How to go on: ELSEWHERE, or STOP where no other vendor would take it."""
        self.lose(target)
        if remedy is Remedy.OTHER_PROVIDER:
            self._providers.add(target.provider)
        elif remedy is Remedy.OTHER_VENDOR:
            self._vendors.add(vendor_of(target))
        elif remedy is Remedy.LARGER:
            window = target.context_window_tokens
            if window is not None:
                self._window_over = max(window, self._window_over or 0)
        self._n_unexplained += failure.kind is FailureKind.BAD_REQUEST
        return Remedy.STOP if self._n_unexplained >= MOST_ASKED else Remedy.ELSEWHERE


def vendor_of(target: Target) -> tuple[str, str]:
    """Who judges a request: the provider, and behind one that resells others (`openrouter/qwen/...`) the model's."""
    return target.provider, target.model.partition("/")[0] if "/" in target.model else ""
