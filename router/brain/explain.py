"""The exact share of each token, n-gram and signal in each head's logit.

The heads are linear and a static encoder's vector is a sum over tokens, so shares are not estimates: with the
intercept they add up to the logit. Other encoders have no exact shares per token; their embedding is one share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.brain.brain import UNSOLVED, Brain
from router.brain.calibration import Float64Array
from router.brain.encoders import StaticEncoder
from router.brain.ngrams import BLOCKS, bucket_of, gram_names, reading_grams
from router.decision import Contribution, Explanation, HeadExplanation
from router.reading import Reading
from router.reading.signals import SIGNAL_NAMES


def explain(brain: Brain, reading: Reading) -> Explanation:
    """The decomposition of every head's logit for one request."""
    features = brain.features([reading])[0]
    logits = brain.logits([reading])
    probabilities = brain.calibration.apply(logits)[0]
    parts = [*_embedding_parts(brain, reading), *_ngram_parts(brain, reading), *_signal_parts(brain, reading, features)]
    heads = [
        HeadExplanation(
            tier=name,
            intercept=float(brain.heads.intercept[head]),
            logit=float(logits[0, head]),
            probability=float(probabilities[head]),
            contributions=tuple(
                Contribution(part.kind, part.name, part.value, float(part.logits[head])) for part in parts
            ),
        )
        for head, name in enumerate((*brain.tiers[:-1], UNSOLVED))
    ]
    return Explanation(ask=reading.ask, window=reading.window, heads=tuple(heads), peeled=reading.peeled)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One token, n-gram or signal with what it adds to every head's logit: logits (n_heads,)."""

    kind: str
    name: str
    value: float
    logits: Float64Array


def _embedding_parts(brain: Brain, reading: Reading) -> list[_Part]:
    """The tokens' shares if the encoder is a table; else one part for the whole embedding."""
    encoder = brain.encoder
    coef = brain.heads.coef[:, : encoder.n_features]
    if not isinstance(encoder, StaticEncoder):
        vector = encoder.encode_readings([reading])[0].astype(np.float64)
        return [_Part("token", "<embedding>", 1.0, coef @ vector)]
    parts = []
    for view, (prefix, text) in enumerate((("", reading.ask), ("window:", reading.window))):
        names, vectors = encoder.token_vectors(text)
        own = coef[:, view * encoder.spec.dim : (view + 1) * encoder.spec.dim]
        parts += _grouped("token", [prefix + name for name in names], vectors.astype(np.float64) @ own.T)
    return parts


def _ngram_parts(brain: Brain, reading: Reading) -> list[_Part]:
    """The shares of known n-grams; those that share a bucket are listed under the first one's name."""
    if brain.ngrams is None:
        return []
    turn_ids = brain.encoder.token_ids([turn.text for turn in reading.turns])
    names = gram_names(reading, [[brain.encoder.token_text(one) for one in ids] for ids in turn_ids])
    parts = []
    for block, grams in enumerate(reading_grams(reading, turn_ids)):
        buckets, first = np.unique(bucket_of(grams), return_index=True)
        named = dict(zip(buckets.tolist(), (names[block][at] for at in first.tolist()), strict=True))
        kept, shares = brain.ngrams.shares(block, buckets)
        parts += _grouped(BLOCKS[block], [named[bucket] for bucket in kept.tolist()], shares)
    return parts


def _signal_parts(brain: Brain, reading: Reading, features: Float64Array) -> list[_Part]:
    n_embedding = brain.encoder.n_features
    shares = brain.heads.coef[:, n_embedding:] * features[n_embedding:]
    rows = zip(SIGNAL_NAMES, reading.signals.tolist(), shares.T, strict=True)
    return [_Part("signal", name, value, share) for name, value, share in rows]


def _grouped(kind: str, names: Sequence[str], shares: Float64Array) -> list[_Part]:
    """Parts of the same name, summed; value counts them.  shares: (n_names, n_heads)."""
    totals: dict[str, list[Float64Array]] = defaultdict(list)
    for name, share in zip(names, shares, strict=True):
        totals[name].append(share)
    return [_Part(kind, name, float(len(each)), np.sum(each, axis=0)) for name, each in totals.items()]
