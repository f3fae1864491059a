"""The shares of tokens, n-grams and signals add up to the logit, exactly."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.brain.explain import explain
from router.brain.ngrams import BLOCKS, N_BUCKETS, NgramTable, bucket_of, gram_names, reading_grams
from router.dialects.route_body import request_from_text
from router.jsontext import encode_json
from router.reading import read
from router.reading.signals import SIGNAL_NAMES
from router.types import ChatRequest, Message, RouteOptions, RouteRequest
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


def kinds_of(explanation):
    return {item.kind for item in explanation.heads[0].contributions}


def assert_exact(brain, one):
    explanation = explain(brain, one)
    assert [head.tier for head in explanation.heads] == [*brain.tiers[:-1], "unsolved"]
    logits = brain.logits([one])
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


any_text = st.text(st.characters(exclude_categories=()), max_size=200)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "tool", "system"]), any_text), min_size=1, max_size=5))
def test_they_are_for_any_conversation(router, turns):
    one = read(ChatRequest(tuple(Message(role, text) for role, text in turns)))
    assert_exact(router.bundle.brain, one)


@pytest.mark.parametrize("normalise_all", [False, True])
def test_they_are_with_either_normalisation_and_without_ngrams(router, normalise_all):
    brain, one = router.bundle.brain, reading("What is the capital of France?", "Sure, ask.")
    ngrams = replace(brain.ngrams, normalise_all=normalise_all)
    assert {"pieces", "letters"} <= kinds_of(assert_exact(replace(brain, ngrams=ngrams), one))
    assert kinds_of(assert_exact(replace(brain, ngrams=None), one)) == {"token", "signal"}


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


def test_each_ngram_that_has_a_weight_shows_under_its_name():
    brain = tiny_brain()
    one = reading("find the cause, please", "why")
    ids = brain.encoder.token_ids([turn.text for turn in one.turns])
    names = gram_names(one, [[brain.encoder.token_text(token) for token in turn] for turn in ids])
    head = explain(brain, one).heads[1]
    for block, kind in enumerate(BLOCKS):
        buckets = bucket_of(reading_grams(one, ids)[block]).tolist()
        known = {name for name, bucket in zip(names[block], buckets, strict=True) if brain.ngrams.known[block][bucket]}
        found = {item.name: item for item in head.contributions if item.kind == kind}
        assert set(found) == known
        assert 0 < len(known) < len(set(names[block]))
        assert all(item.value == 1.0 for item in found.values())
        total = sum(item.logit for item in found.values())
        kept, shares = brain.ngrams.shares(block, np.unique(buckets))
        assert (len(kept), total) == (len(known), pytest.approx(shares[:, 1].sum(), abs=1e-12))


def test_the_same_words_of_two_speakers_show_together():
    one = reading("why", "why")
    known = np.ones(N_BUCKETS, dtype=np.bool_)
    weights = np.ones((N_BUCKETS, 3), dtype=np.int8)
    brain = replace(tiny_brain(), ngrams=NgramTable((weights,) * 2, (np.full(3, 0.1),) * 2, (known,) * 2))
    pieces = [item for item in assert_exact(brain, one).heads[0].contributions if item.kind == "pieces"]
    assert [(item.name, item.value) for item in pieces] == [("why", 2.0)]


def test_grams_that_share_a_bucket_show_once_under_the_first_ones_name(monkeypatch):
    monkeypatch.setattr("router.brain.explain.bucket_of", lambda grams: np.zeros(grams.size, dtype=np.int64))
    monkeypatch.setattr("router.brain.ngrams.bucket_of", lambda grams: np.zeros(grams.size, dtype=np.int64))
    known = np.ones(N_BUCKETS, dtype=np.bool_)
    weights = np.ones((N_BUCKETS, 3), dtype=np.int8)
    brain = replace(tiny_brain(), ngrams=NgramTable((weights,) * 2, (np.full(3, 0.1),) * 2, (known,) * 2))
    head = assert_exact(brain, reading("find the cause")).heads[0]
    assert [item.name for item in head.contributions if item.kind in BLOCKS] == ["find", " fi"]


def test_an_encoder_without_a_token_table_gets_one_share():
    brain = tiny_brain()

    class Opaque:
        """The tiny encoder behind the protocol alone."""

        def __getattr__(self, name):
            if name in ("encode", "token_vectors", "tokens", "table", "weights"):
                raise AttributeError(name)
            return getattr(brain.encoder, name)

    opaque = replace(brain, encoder=Opaque())
    for window in ("", "why"):
        head = assert_exact(opaque, reading("find the cause", window)).heads[0]
        assert [item.name for item in head.contributions if item.kind == "token"] == ["<embedding>"]


def test_a_lone_surrogate_can_be_explained_on_the_wire(router):
    decision = router.route(RouteRequest(request_from_text("caf\udce9 \ud800").chat, RouteOptions(explain=True)))
    answer = json.loads(encode_json(decision.to_dict()))
    assert answer["explanation"]["ask"] == "caf? ?"
    assert {"pieces", "letters"} <= {item["kind"] for item in answer["explanation"]["heads"][0]["contributions"]}
