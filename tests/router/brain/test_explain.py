"""The shares of tokens and signals add up to the logit, exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.brain.explain import explain
from router.reading import read
from router.reading.signals import SIGNAL_NAMES
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import tiny_brain

TEXTS = [
    "",
    "hi",
    "the the the the",
    "What is the capital of France?",
    "Write a Python function that merges overlapping intervals, with tests for the edge cases.",
    "\u8bf7\u5206\u6790\u8fd9\u4e2a\u6b7b\u9501\u7684\u6839\u672c\u539f\u56e0\u3002",
    "\U0001f600\ud800 \u0645\u0631\u062d\u0628\u0627",
    "Our Postgres replica lags. " * 400,
    "x" * 20_000,
]


def reading(ask, window=""):
    turns = [Message("assistant", window)] if window else []
    return read(ChatRequest((*turns, Message("user", ask))))


def assert_exact(brain, one):
    explanation = explain(brain, one)
    assert [head.tier for head in explanation.heads] == [*brain.tiers[:-1], "unsolved"]
    logits = brain.heads.logits(brain.features([one]))
    for index, head in enumerate(explanation.heads):
        total = math.fsum(item.logit for item in head.contributions) + head.intercept
        assert abs(total - head.logit) <= 1e-9
        assert head.logit == float(logits[0, index])
        assert head.probability == float(brain.calibration.apply(logits)[0, index])
    return explanation


@pytest.mark.parametrize("window", ["", "Sure. Which version do you run, and since when?", "w" * 5_000])
@pytest.mark.parametrize("ask", TEXTS, ids=lambda text: ascii(text[:20]))
def test_contributions_and_intercept_are_the_logit_of_every_head(router, ask, window):
    assert_exact(router.bundle.brain, reading(ask, window))


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=200))
def test_they_are_for_any_text(router, ask, window):
    assert_exact(router.bundle.brain, reading(ask, window))


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_they_are_for_either_calibration(method):
    assert_exact(tiny_brain(method), reading("find the cause", "why"))


def test_each_token_shows_once_with_its_count_and_each_signal_with_its_value():
    one = reading("the the cause", "the")
    head = explain(tiny_brain(), one).heads[0]
    tokens = {item.name: item.value for item in head.contributions if item.kind == "token"}
    assert tokens == {"the": 2.0, "cause": 1.0, "window:the": 1.0}
    signals = [(item.name, item.value) for item in head.contributions if item.kind == "signal"]
    assert signals == list(zip(SIGNAL_NAMES, one.signals.tolist(), strict=True))


def test_the_explanation_names_the_exact_texts_that_were_scored():
    explanation = explain(tiny_brain(), reading("find the cause", "why"))
    assert (explanation.ask, explanation.window) == ("find the cause", "why")


def test_an_encoder_without_a_token_table_gets_one_share_a_view():
    brain = tiny_brain()

    class Opaque:
        spec = brain.encoder.spec

        def encode(self, texts):
            return np.asarray(brain.encoder.encode(texts))

    opaque = type(brain)(brain.tiers, Opaque(), brain.signal_scale, brain.heads, brain.calibration, brain.domain)
    for window in ("", "why"):
        head = assert_exact(opaque, reading("find the cause", window)).heads[0]
        assert {"<ask>"} <= {item.name for item in head.contributions if item.kind == "token"}
