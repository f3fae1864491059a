"""What the policy knows of one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.types import ModelSpec, Prediction, RouteRequest


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, as the policy sees it.

    turn, ask: from the reading.  language: detects the language of the ask when it is called; None where it is unsure.
    size_bytes: an upper bound of the input tokens.  input_tokens: counts them when it is called.
    cost_usd: what a model is expected to cost for the request.
    """

    request: RouteRequest
    turn: str
    ask: str
    prediction: Prediction
    language: Callable[[], str | None]
    size_bytes: int
    input_tokens: Callable[[], int]
    cost_usd: Callable[[ModelSpec], float]
