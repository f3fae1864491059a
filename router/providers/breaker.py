"""Circuit breakers: a model that keeps failing is not asked for a while, then tried with one request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Annotated

from router.checked.kinds import Patience, whole


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a breaker opens, and for how long.

    failures: how many in a row open it.
    cooldown_s: how long it stays open.
    longest_cooldown_s: the most that a provider's own retry-after can extend cooldown_s to.
    """

    failures: Annotated[int, whole(1, 1_000)] = 5
    cooldown_s: Patience = 30.0
    longest_cooldown_s: Patience = 300.0


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_until_s: float | None = None
    probing: bool = False


class Breaker:
    """One breaker per key (provider and model). For one event loop: not safe for threads.

    closed -> open after `failures` in a row; open -> half-open after the cooldown, when one request may try;
    half-open -> closed if that succeeds, open again if not.
    """

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        """clock: seconds, monotonic."""
        self._settings = settings
        self._clock = clock
        self._states: dict[Hashable, _State] = {}

    def allow(self, key: Hashable) -> bool:
        """Whether a request may go out. One that may is answered by `success`, `failure` or `release`."""
        state = self._states.get(key)
        if state is None or state.open_until_s is None:
            return True
        if state.probing or self._clock() < state.open_until_s:
            return False
        state.probing = True
        return True

    def success(self, key: Hashable) -> None:
        """It answered."""
        self._states.pop(key, None)

    def failure(self, key: Hashable, *, at_once: bool = False, cooldown_s: float | None = None) -> None:
        """It failed.

        at_once: open now, as waiting for more of the same is pointless.  cooldown_s: what the provider asked for.
        """
        state = self._states.setdefault(key, _State())
        state.failures += 1
        if at_once or state.probing or state.failures >= self._settings.failures:
            wait_s = min(max(self._settings.cooldown_s, cooldown_s or 0.0), self._settings.longest_cooldown_s)
            state.open_until_s = self._clock() + wait_s
        state.probing = False

    def release(self, key: Hashable) -> None:
        """It neither answered nor failed, as the caller disconnected. A probe may be made again."""
        if (state := self._states.get(key)) is not None:
            state.probing = False

    def retry_after_s(self, key: Hashable) -> float:
        """Seconds until a request may go out; 0 where it may now."""
        state = self._states.get(key)
        return 0.0 if state is None or state.open_until_s is None else max(0.0, state.open_until_s - self._clock())

    def state(self, key: Hashable) -> str:
        """`closed`, `open` or `half_open`."""
        state = self._states.get(key)
        if state is None or state.open_until_s is None:
            return "closed"
        return "half_open" if state.probing or self._clock() >= state.open_until_s else "open"
