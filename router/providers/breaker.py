"""Circuit breakers: a model that keeps failing is not asked for a while, then tried with one request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from router.checked.kinds import Patience, whole
from router.dialects.conversation import FailureKind, UpstreamFailure

LOG = logging.getLogger(__name__)

SLACK_S = 0.02
"""Timers may fire a little early; who waited for a cooldown's end is not refused for that."""

MOST_STATES = 10_000
"""Models that are remembered; their names may be a client's."""


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a breaker opens, and for how long.

    failures: how many different requests in a row must fail to open it.
    cooldown_s: how long it stays open the first time; each time that its trial fails, twice as long as before.
    longest_cooldown_s: the most that it stays open, also where a provider asks for more.
    """

    failures: Annotated[int, whole(1, 1_000)] = 5
    cooldown_s: Patience = 1.0
    longest_cooldown_s: Patience = 300.0


@dataclass(slots=True)
class _State:
    """Of one model.

    changed: the count of changes, of all models, at the last success or counted failure.
    requests: the different requests that have failed since the last success.
    n_opened: how often it has opened since the last success.  n_opened_ever: since the start.
    is_early: whether the trial is made before the cooldown is over, as nothing else is left.
    is_pause: whether it is open as the provider asked to wait: then no trial is needed at the end.
    """

    changed: int = 0
    requests: set[int] = field(default_factory=set)
    open_until_s: float | None = None
    probing: bool = False
    is_early: bool = False
    is_pause: bool = False
    n_opened: int = 0
    n_opened_ever: int = 0
    cause: str = ""


class Breaker:
    """One breaker per model (`provider/model`). For one event loop: not safe for threads.

    closed -> open after failures of so many different requests; open -> half-open after the cooldown, when one request
    may try; half-open -> closed if that succeeds, open again, for longer, if not. A provider that asks to wait opens it
    at once, for as long as it asks.

    Of attempts that ran at the same time one failure counts, and none that began before the last success: they tell of
    the same moment. A request that is sent again and again counts once: it may itself be what fails.
    """

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        """clock: seconds, monotonic."""
        self._settings = settings
        self._clock = clock
        self._states: dict[str, _State] = {}
        self._changes = 0

    def allow(self, model: str, *, anyway: bool = False) -> int | None:
        """The stamp of an attempt that may go out; None for one that may not.

        The attempt is answered by `success`, `failure` or `release`, with its stamp.
        anyway: although it is open, as nothing else is left; one attempt at a time.
        """
        state = self._states.get(model)
        if state is None or state.open_until_s is None:
            return self._changes
        if state.probing:
            return None
        is_over = self._clock() >= state.open_until_s - SLACK_S
        if is_over and state.is_pause:
            state.open_until_s = None
            return self._changes
        if not (is_over or anyway):
            return None
        state.probing, state.is_early = True, not is_over
        return self._changes

    def success(self, model: str, stamp: int) -> int:
        """It answered. Returns the attempt's new stamp: a stream may still fail."""
        state = self._states.get(model)
        if state is None:
            state = self._states[model] = self._new_state()
        if stamp < state.changed and state.open_until_s is not None:
            return stamp  # it began before the breaker opened, and tells nothing of now
        if state.n_opened:
            LOG.warning("%s answers again (it was left alone: %s)", model, state.cause)
        self._changes += 1
        state.changed = self._changes
        state.open_until_s, state.probing, state.n_opened = None, False, 0
        state.requests.clear()
        return self._changes

    def failure(self, model: str, stamp: int, failure: UpstreamFailure, *, request: int, needed: int) -> bool:
        """It failed; whether that opened the breaker.

        request: the same number for the same request.  needed: how many different requests must fail, if fewer than
        the settings say.
        """
        state = self._states.setdefault(model, _State())
        if stamp < state.changed:
            return False
        self._changes += 1
        state.changed = self._changes
        state.requests.add(request)
        was_trial, state.probing = state.probing, False
        if was_trial and state.is_early and not failure.retry_after_s:
            return False  # each of an agent's retries makes one, and would double the time that the others wait
        asked_s = failure.retry_after_s if failure.kind is FailureKind.RATE_LIMITED else None
        if not was_trial and asked_s is None and len(state.requests) < min(needed, self._settings.failures):
            return False
        self._open(model, state, failure, asked_s)
        return True

    def _open(self, model: str, state: _State, failure: UpstreamFailure, asked_s: float | None) -> None:
        longest_s = self._settings.longest_cooldown_s
        if asked_s is None:
            asked_s = failure.retry_after_s or 0.0
            cooldown_s = max(self._settings.cooldown_s * 2.0 ** min(state.n_opened, 30), asked_s)
            state.is_pause, state.n_opened = False, state.n_opened + 1
        else:
            cooldown_s, state.is_pause, state.n_opened = asked_s, True, max(state.n_opened, 1)
        cooldown_s = min(cooldown_s, longest_s)
        state.open_until_s = self._clock() + cooldown_s
        state.n_opened_ever += 1
        state.cause = f"{failure.kind}, status {failure.status}"
        LOG.warning("%s is left alone for %.3g s: %s", model, cooldown_s, state.cause)

    def release(self, model: str, stamp: int) -> None:
        """It neither answered nor failed, as the caller disconnected. A trial may be made again."""
        if (state := self._states.get(model)) is not None and stamp >= state.changed:
            state.probing = False

    def retry_after_s(self, model: str) -> float:
        """Seconds until a request may go out; 0 where it may now."""
        state = self._states.get(model)
        return 0.0 if state is None or state.open_until_s is None else max(0.0, state.open_until_s - self._clock())

    def is_open(self, model: str) -> bool:
        """Whether it is left alone, or on trial."""
        state = self._states.get(model)
        return state is not None and state.open_until_s is not None

    def state(self, model: str) -> str:
        """`closed`, `open` or `half_open`."""
        state = self._states.get(model)
        if state is None or state.open_until_s is None or (state.is_pause and not self.retry_after_s(model)):
            return "closed"
        return "half_open" if state.probing or self._clock() >= state.open_until_s else "open"

    def report(self) -> dict[str, dict[str, object]]:
        """The models whose breaker has ever opened: its state, how often it opened, and the last cause."""
        return {
            model: {
                "state": self.state(model),
                "retry_after_s": round(self.retry_after_s(model), 1),
                "opened": state.n_opened_ever,
                "cause": state.cause,
            }
            for model, state in self._states.items()
            if state.n_opened_ever
        }

    def _new_state(self) -> _State:
        if len(self._states) >= MOST_STATES:
            self._states = {model: state for model, state in self._states.items() if state.n_opened_ever}
            if len(self._states) >= MOST_STATES:
                self._states.clear()
        return _State()
