"""Why: the exact share of each token and signal in each head's logit.

The heads are linear and a static encoder's vector is a sum over tokens, so shares are not estimates: with the
intercept they add up to the logit. Other encoders have no exact shares per token; theirs is given per view.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from router.brain.brain import UNSOLVED, Brain
from router.brain.calibration import Float64Array
from router.brain.encoders import Encoder, StaticEncoder
from router.reading import Reading
from router.reading.signals import SIGNAL_NAMES
from router.types import Contribution, Explanation, HeadExplanation


def explain(brain: Brain, reading: Reading) -> Explanation:
    """The decomposition of every head's logit for one request."""
    features = brain.features([reading])
    logits = brain.heads.logits(features)
    probabilities = brain.calibration.apply(logits)[0]
    parts = _view_parts(brain.encoder, reading)
    names = (*brain.tiers[:-1], UNSOLVED)
    heads = [
        HeadExplanation(
            tier=name,
            intercept=float(brain.heads.intercept[k]),
            logit=float(logits[0, k]),
            probability=float(probabilities[k]),
            contributions=tuple(_contributions(brain, reading, parts, features[0], head=k)),
        )
        for k, name in enumerate(names)
    ]
    return Explanation(ask=reading.ask, window=reading.window, heads=tuple(heads))


@dataclass(frozen=True, slots=True, eq=False)
class _ViewPart:
    """One view's vector in parts: names (n_parts) and vectors (n_parts, dim) that sum to the view's embedding."""

    view: str
    names: list[str]
    vectors: Float64Array


def _view_parts(encoder: Encoder, reading: Reading) -> list[_ViewPart]:
    parts = []
    for view, text in (("ask", reading.ask), ("window", reading.window)):
        if isinstance(encoder, StaticEncoder):
            names, vectors = encoder.token_vectors(text)
        else:
            names, vectors = [f"<{view}>"], encoder.encode([text]).astype(np.float64)
        parts.append(_ViewPart(view=view, names=names, vectors=vectors))
    return parts


def _contributions(
    brain: Brain, reading: Reading, parts: list[_ViewPart], features: Float64Array, *, head: int
) -> list[Contribution]:
    coef = brain.heads.coef[head]
    dim = brain.encoder.spec.dim
    found: list[Contribution] = []
    for position, part in enumerate(parts):
        shares = part.vectors @ coef[position * dim : (position + 1) * dim]
        totals: dict[str, list[float]] = defaultdict(list)
        for name, share in zip(part.names, shares.tolist(), strict=True):
            totals[name].append(share)
        prefix = "" if part.view == "ask" else f"{part.view}:"
        found += [Contribution("token", prefix + name, float(len(s)), float(sum(s))) for name, s in totals.items()]
    shares = (coef * features)[len(parts) * dim :]
    for name, value, share in zip(SIGNAL_NAMES, reading.signals.tolist(), shares.tolist(), strict=True):
        found.append(Contribution("signal", name, value, share))
    return found
