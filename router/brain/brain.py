"""Readings -> features -> logits -> calibrated losses -> predictions.

The heads are linear in the features `[embeddings, signals]` and in hashed n-grams, so everything after the encoder
takes microseconds, and its explanation is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.brain.calibration import Calibration, Float64Array
from router.brain.domain import Domain
from router.brain.encoders import Encoder, known_ids, known_of
from router.brain.ngrams import Buckets, NgramTable, reading_buckets
from router.brain.tasks import TaskHead
from router.reading import Reading
from router.reading.progress import Progress
from router.types import FloatArray, Prediction

UNSOLVED = "unsolved"
"""Name of the last head: P(no tier is adequate)."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearHeads:
    """The heads' logits: features @ coef.T + intercept.

    coef: (n_heads, n_features) float64.  intercept: (n_heads,) float64.
    Order of heads: one for each tier except the strongest, cheap to strong, then UNSOLVED.
    Order of features: the encoder's (n_features), standardised signals (n_signals).
    """

    coef: Float64Array
    intercept: Float64Array

    def logits(self, features: Float64Array) -> Float64Array:
        """(n, n_features) to (n, n_heads)."""
        return np.asarray(features @ self.coef.T + self.intercept)


@dataclass(frozen=True, slots=True, eq=False)
class SignalScale:
    """Signals scaled to mean 0 and deviation 1 over the training rows, and clipped.

    mean, deviation: (n_signals,) float32; deviations are above 0.
    """

    mean: FloatArray
    deviation: FloatArray

    def apply(self, signals: FloatArray) -> FloatArray:
        """(n, n_signals) raw to (n, n_signals) standardised, in [-SIGNAL_LIMIT, SIGNAL_LIMIT]."""
        scaled = (signals - self.mean) / self.deviation
        return np.asarray(np.minimum(np.maximum(scaled, -SIGNAL_LIMIT), SIGNAL_LIMIT))


SIGNAL_LIMIT = 4.0
"""Standardised signals are clipped to this many deviations, so that one extreme signal cannot outweigh all words."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Predictions for n requests as arrays; the columns are tiers, cheap to strong.

    p_adequate: (n, n_tiers) in [0, 1], non-decreasing along a row.
    expected_quality_loss: (n, n_tiers) in [0, 1], non-increasing along a row, 0 in the last column.
    p_unsolved: (n,) in [0, 1].  domain_distance: (n,) in [0, 1].
    """

    p_adequate: Float64Array
    expected_quality_loss: Float64Array
    p_unsolved: Float64Array
    domain_distance: Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Brain:
    """A fitted classifier.

    tiers: cheap to strong.  The heads and the calibration have len(tiers) columns: a loss head for each tier
    except the strongest, and the head of "no tier is adequate".
    ngrams: what hashed n-grams add to the logits; None without them.
    tasks: the head that names the task; None without one.
    """

    tiers: tuple[str, ...]
    encoder: Encoder
    signal_scale: SignalScale
    heads: LinearHeads
    calibration: Calibration
    domain: Domain
    ngrams: NgramTable | None = None
    tasks: TaskHead | None = None

    def predict(self, reading: Reading) -> Prediction:
        """The scores of one request."""
        features, turn_ids = self.features([reading]), turn_tokens(self.encoder, reading)
        buckets = [reading_buckets(reading, turn_ids) if self._has_ngrams else ()]
        logits = self._logits(features, buckets)
        scores = self.score_logits(logits, [self._known_ids(reading, turn_ids)], [reading.progress])
        distance = float(scores.domain_distance[0])
        return Prediction(
            tiers=self.tiers,
            p_adequate=tuple(scores.p_adequate[0].tolist()),
            expected_quality_loss=tuple(scores.expected_quality_loss[0].tolist()),
            p_unsolved=float(scores.p_unsolved[0]),
            domain_distance=distance,
            out_of_domain=distance > self.domain.max_distance,
            unlike=self.domain.reason(reading.progress) if distance > self.domain.max_distance else "",
            task=None if self.tasks is None else self.tasks.guess(features[0], buckets[0]),
        )

    def score(self, readings: Sequence[Reading]) -> Scores:
        """Predictions for n requests; the same numbers as n single predictions."""
        logits = self.logits(readings)
        ids = known_ids(self.encoder, [reading.ask for reading in readings])
        return self.score_logits(logits, ids, [reading.progress for reading in readings])

    def features(self, readings: Sequence[Reading]) -> Float64Array:
        """The heads' linear features: (n, encoder.n_features + n_signals) float64."""
        signals = self.signal_scale.apply(stack_signals(readings))
        return assemble_features(self.encoder.encode_readings(readings), signals)

    def logits(self, readings: Sequence[Reading]) -> Float64Array:
        """The heads' logits with what n-grams add: (n, n_heads) float64, before calibration."""
        return self._logits(self.features(readings), self._buckets(readings))

    def _buckets(self, readings: Sequence[Reading]) -> list[tuple[Buckets, ...]]:
        """The n-gram buckets of each reading if a head has n-grams; else empty tuples."""
        return buckets_of(self.encoder, readings) if self._has_ngrams else [() for _ in readings]

    @property
    def _has_ngrams(self) -> bool:
        return self.ngrams is not None or (self.tasks is not None and self.tasks.ngrams is not None)

    def _known_ids(self, reading: Reading, turn_ids: Sequence[Sequence[int]]) -> list[int]:
        """As `known_ids` of the ask, reusing the tokens of the turn that is the ask."""
        for turn, ids in zip(reading.turns, turn_ids, strict=True):
            if turn.text == reading.ask:
                return known_of(self.encoder, ids)
        return known_ids(self.encoder, [reading.ask])[0]

    def _logits(self, features: Float64Array, buckets: Sequence[tuple[Buckets, ...]]) -> Float64Array:
        logits = self.heads.logits(features)
        if self.ngrams is not None:
            for row, found in enumerate(buckets):
                logits[row] += self.ngrams.logits(found)
        return logits

    def score_logits(
        self, logits: Float64Array, ask_token_ids: Sequence[Sequence[int]], progress: Sequence[Progress]
    ) -> Scores:
        """Predictions from logits, (n, n_heads), the asks' token ids and how far each agent has come."""
        distance = self.domain.distances(ask_token_ids, progress)
        return scores_of(self.calibration.apply(logits), domain_distance=distance)


def buckets_of(encoder: Encoder, readings: Sequence[Reading]) -> list[tuple[Buckets, ...]]:
    """The n-gram buckets of each reading, in ngrams.BLOCKS order."""
    return [reading_buckets(reading, turn_tokens(encoder, reading)) for reading in readings]


def turn_tokens(encoder: Encoder, reading: Reading) -> list[list[int]]:
    """The token ids of each turn of a reading."""
    return encoder.token_ids([turn.text for turn in reading.turns])


def stack_signals(readings: Sequence[Reading]) -> FloatArray:
    """The signals of n requests: (n, n_signals) float32."""
    return np.array([reading.signals for reading in readings], dtype=np.float32)


def assemble_features(embeddings: FloatArray, signals: FloatArray) -> Float64Array:
    """(n, n_embedding) and (n, n_signals) side by side, as float64: sums in double keep training and serving equal."""
    return np.concatenate([embeddings, signals], axis=1, dtype=np.float64)


def scores_of(probabilities: Float64Array, *, domain_distance: Float64Array) -> Scores:
    """Calibrated head outputs to coherent scores.

    probabilities: (n, n_tiers), the loss of each tier except the strongest, then P(no tier is adequate).
    A stronger tier never loses more than a cheaper one: each tier gets the largest loss of itself and all
    stronger ones. Losses and P(unsolved) exclude each other, so their sum is limited to 1.
    """
    unsolved = probabilities[:, -1]
    solved = (1.0 - unsolved)[:, None]
    own = probabilities.copy()
    own[:, -1] = 0.0  # the strongest tier: no stronger tier to lose against
    loss = np.minimum(np.maximum.accumulate(own[:, ::-1], axis=1)[:, ::-1], solved)
    return Scores(
        p_adequate=solved - loss, expected_quality_loss=loss, p_unsolved=unsolved, domain_distance=domain_distance
    )
