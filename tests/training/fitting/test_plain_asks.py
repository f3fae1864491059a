"""A domain fitted as the shipped one is, with its pieces: plain asks are in it, exams and gibberish are not."""

from __future__ import annotations

import gzip
import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from router.brain import load_bundle
from router.brain.domain import Domain
from router.brain.encoders import Encoder, known_ids
from router.reading import read
from router.types import ChatRequest, Message
from tests.training import fits
from tests.training.domain_asks import ENGLISH, OTHER, gibberish
from training.fitting.courtesies import COURTESIES
from training.fitting.noise import noise
from training.fitting.prepared import Prepared
from training.fitting.recipe import domain_of
from training.labels.dataset import Dataset, build_dataset
from training.labels.tier_map import load_tier_map
from training.rows.readers import data_folder, read_rows
from training.rows.splits import split_rows
from training.rows.table import Ragged
from training.shipping.ship import EXAMS

ROWS_PER_EXAM = 150
EVERY_ROW = 3
"""Of the traffic; all of it would take minutes."""

BUNDLES = ("fast", "default")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    public = data_folder(os.environ, fits.ROOT)
    if public is None:
        pytest.skip("the public rows are not here; TIERWISE_DATA names their folder")
    folder = tmp_path_factory.mktemp("exams")
    for name in EXAMS:
        with gzip.open(public / "outcomes" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            (folder / f"{name}.jsonl").write_text("".join(itertools.islice(lines, ROWS_PER_EXAM)), encoding="utf-8")
    traffic = read_rows(sorted(fits.TRAFFIC.glob("*.jsonl"))).rows[::EVERY_ROW]
    tier_map = load_tier_map(fits.ROOT / "data" / "tiers.json")
    return build_dataset([*traffic, *read_rows(sorted(folder.glob("*.jsonl"))).rows], tier_map)


@cache
def shipped_encoder(name: str) -> Encoder:
    return load_bundle(fits.ROOT / "models" / name).brain.encoder


@pytest.fixture(scope="module", params=BUNDLES)
def fitted(data: Dataset, request: pytest.FixtureRequest) -> tuple[Encoder, Domain, list[list[int]]]:
    """The encoder, the domain of four fifths of the traffic, and the tokens of the exams."""
    encoder = shipped_encoder(request.param)
    config = replace(fits.CONFIG, foreign_sources=EXAMS)
    token_ids = Ragged.of(known_ids(encoder, [one.ask for one in data.readings]))
    on_target = ~np.isin(data.sources, EXAMS)
    nothing = np.zeros((len(data), 0), dtype=np.float32)
    prepared = Prepared(data, nothing, nothing, None, token_ids, on_target)
    splits = split_rows(data.groups, calibrate_share=0.2, test_share=0.2, seed=0)
    held_out = splits.calibrate[on_target[splits.calibrate]]
    domain = domain_of(prepared, encoder, config, fit=splits.fit, held_out=held_out)
    return encoder, domain, token_ids.take(splits.test[~on_target[splits.test]]).lists()


def n_flagged(fitted: tuple[Encoder, Domain, list[list[int]]], texts: Iterable[str]) -> int:
    encoder, domain, _ = fitted
    return int((domain.distances(known_ids(encoder, list(texts))) > domain.max_distance).sum())


def test_plain_asks_are_in_domain(fitted: tuple[Encoder, Domain, list[list[int]]]) -> None:
    assert n_flagged(fitted, ENGLISH) <= 1
    assert n_flagged(fitted, OTHER) <= 1


def test_gibberish_is_out_of_domain(fitted: tuple[Encoder, Domain, list[list[int]]]) -> None:
    texts = list(gibberish(seed=0))
    assert n_flagged(fitted, texts) >= 0.6 * len(texts), "of a third of the rows; more is asked of what ships, below"


def test_exams_are_out_of_domain(fitted: tuple[Encoder, Domain, list[list[int]]]) -> None:
    _, domain, exams = fitted
    assert (domain.distances(exams) > domain.max_distance).mean() >= 0.7


@pytest.mark.parametrize("name", BUNDLES)
def test_the_bundle_that_ships_takes_plain_asks_for_its_own_and_gibberish_not(name: str) -> None:
    brain = load_bundle(fits.ROOT / "models" / name).brain

    def n_foreign(texts: Sequence[str]) -> int:
        readings = [read(ChatRequest(messages=(Message(role="user", text=text),))) for text in texts]
        return int((brain.score(readings).domain_distance > brain.domain.max_distance).sum())

    noise_texts = list(gibberish(seed=0))
    assert n_foreign([*ENGLISH, *OTHER]) <= 2, "of 105"
    assert n_foreign(noise_texts) >= 0.65 * len(noise_texts)


def test_no_plain_ask_is_one_that_the_domain_learns_from() -> None:
    rows = read_rows(sorted(fits.TRAFFIC.glob("*.jsonl"))).rows
    taught = {message.text.strip().casefold() for row in rows for message in row.messages}
    taught |= {ask.casefold() for ask in COURTESIES}
    assert [ask for ask in (*ENGLISH, *OTHER) if ask.casefold() in taught] == []


def test_noise_is_the_same_whatever_the_order_of_the_asks_and_holds_other_scripts() -> None:
    asks = ["please book a table", "napiš mi báseň", "réserve une table"]
    texts = noise(asks, 100, seed=3)
    assert texts == noise(asks[::-1], 100, seed=3) != noise(asks, 100, seed=4)
    assert len(texts) == 2 * len(asks)
    assert {"".join(sorted(text)) for text in texts[:3]} <= {"".join(sorted(ask)) for ask in asks}
