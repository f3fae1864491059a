"""Golden prompts: results that a bundle must reproduce at load, or a changed tokenizer or runtime is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from router.brain.brain import Brain
from router.brain.promise import Promise
from router.errors import BundleCorrupt
from router.policy import choose_tier
from router.reading import read
from router.types import ChatRequest, FloatArray, JsonObject, Message

EMBEDDING_ATOL = {"static": 2e-3, "sentence-transformers": 2e-3, "onnx": 3e-2}
"""Largest allowed difference of an embedding's numbers, by the encoder's kind. Tables and float32 sums differ between
machines in the sixth digit; an int8 network rounds its activations, and differs by 0.009 between two versions of
onnxruntime. A changed token changes the first digit."""

LOSS_ATOL = {"static": 1e-3, "sentence-transformers": 1e-3, "onnx": 3e-2}
"""The same for an expected quality loss."""

GOLDEN_PROMPTS: tuple[str, ...] = (
    "hi",
    "thanks, that's all for today!",
    "What is the capital of France?",
    "HEARTBEAT: reply OK if nothing needs attention.",
    "Summarise this thread in two sentences for the on-call channel.",
    "Write a Python function that merges overlapping intervals, with tests for the edge cases.",
    "Prove that the square root of 2 is irrational, step by step.",
    "\u00bfMe puedes decir qu\u00e9 hora es en Lima cuando son las 9 en Madrid?",
    "\u8bf7\u5206\u6790\u8fd9\u4e2a\u6b7b\u9501\u7684\u6839\u672c\u539f\u56e0\uff0c"
    "\u5e76\u7ed9\u51fa\u4e24\u79cd\u4fee\u590d\u65b9\u6848\u3002",
    "Our Postgres replica lags 40 minutes after each nightly vacuum; wal_level is logical, three slots. Find why.",
)


@dataclass(frozen=True, slots=True, eq=False)
class GoldenCase:
    """A prompt with the results that it must give.

    embedding: (n_features,) float32, the encoder's.  expected_quality_loss: one value per tier.
    tier: the decision at the bundle's own target.
    """

    prompt: str
    embedding: FloatArray
    expected_quality_loss: tuple[float, ...]
    tier: str

    def to_json(self) -> JsonObject:
        """The case as a JSON object."""
        return {
            "prompt": self.prompt,
            "embedding": [round(float(x), 5) for x in self.embedding],
            "expected_quality_loss": [round(x, 6) for x in self.expected_quality_loss],
            "tier": self.tier,
        }


def golden_case(brain: Brain, promise: Promise, prompt: str) -> GoldenCase:
    """The results of one prompt now."""
    reading = read(ChatRequest(messages=(Message(role="user", text=prompt),)))
    prediction = brain.predict(reading)
    return GoldenCase(
        prompt=prompt,
        embedding=brain.encoder.encode_readings([reading])[0],
        expected_quality_loss=prediction.expected_quality_loss,
        tier=choose_tier(prediction, threshold=promise.threshold_for(), allowed=prediction.tiers),
    )


def check_golden(value: object, brain: Brain, promise: Promise, *, where: str) -> int:
    """Compare a decoded golden.json with the results now; returns the number of cases.

    Raises BundleCorrupt naming the case and what differs.
    """
    if not isinstance(value, list) or not value:
        raise BundleCorrupt(f"{where}: expected an array of cases that is not empty.")
    for index, item in enumerate(value):
        _check_case(_parse_case(item, where=f"{where}[{index}]"), brain, promise, where=f"{where}[{index}]")
    return len(value)


def _check_case(case: GoldenCase, brain: Brain, promise: Promise, *, where: str) -> None:
    now = golden_case(brain, promise, case.prompt)
    if case.embedding.shape != now.embedding.shape:
        raise BundleCorrupt(
            f"{where}: embedding: expected {now.embedding.shape[0]} numbers, found {case.embedding.shape[0]}."
        )
    cure = "The tokenizer or a library differs from the one at training: install the locked versions, or fit again."
    kind = brain.encoder.spec.kind
    worst = float(np.abs(case.embedding - now.embedding).max())
    if not worst <= EMBEDDING_ATOL[kind]:
        raise BundleCorrupt(
            f"{where}: the embedding differs by {worst:.3g}, allowed is {EMBEDDING_ATOL[kind]:g}. {cure}"
        )
    if len(case.expected_quality_loss) != len(now.expected_quality_loss):
        raise BundleCorrupt(f"{where}: expected_quality_loss: expected one number per tier.")
    drift = float(np.abs(np.subtract(case.expected_quality_loss, now.expected_quality_loss)).max())
    if not drift <= LOSS_ATOL[kind]:
        raise BundleCorrupt(f"{where}: the expected quality loss differs by {drift:.3g}. {cure}")
    threshold = promise.threshold_for()
    margin = min(abs(loss - threshold) for loss in now.expected_quality_loss[:-1])  # the last is always 0
    if case.tier != now.tier and margin > LOSS_ATOL[kind]:
        raise BundleCorrupt(f"{where}: the decision is {now.tier}, stored is {case.tier}. {cure}")


def _parse_case(value: object, *, where: str) -> GoldenCase:
    try:
        if not isinstance(value, dict):
            raise TypeError("expected an object")
        prompt, tier = value["prompt"], value["tier"]
        if not isinstance(prompt, str) or not isinstance(tier, str):
            raise TypeError("prompt and tier must be strings")
        embedding = np.array(_numbers(value, "embedding"), dtype=np.float32)
        losses = _numbers(value, "expected_quality_loss")
    except (KeyError, TypeError, OverflowError) as exc:
        raise BundleCorrupt(f"{where}: not a golden case ({exc}).") from exc
    return GoldenCase(prompt=prompt, embedding=embedding, expected_quality_loss=losses, tier=tier)


def _numbers(case: JsonObject, key: str) -> tuple[float, ...]:
    items = case[key]
    if not isinstance(items, list) or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in items):
        raise TypeError(f"{key}: expected an array of numbers")
    return tuple(float(x) for x in items)
