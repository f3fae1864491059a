"""The whole pipeline on real rows: what is the same, what differs, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from router.brain import load_bundle
from router.brain.bundle.write import BundleContents, bundle_files, write_bundle
from router.errors import DataError
from router.reading import read
from router.types import ChatRequest, Message
from tests.training import fits
from training.config import FitConfig
from training.pipeline import fit_brain, fit_bundle, prepare
from training.readers import Fingerprint, RowSet, read_rows
from training.rows import LabelledRow, OutcomeRow, TrainingRow
from training.tier_map import DEFAULT_TIERS, SourceTiers, TierMap

QUICK = replace(fits.CONFIG, c_grid=(0.03,), max_quality_loss=0.3)


@pytest.fixture(autouse=True)
def one_process():
    """Fits run in this process, so that a warning of scikit-learn is an error here."""
    with joblib.parallel_config("sequential"):
        yield


@pytest.fixture(scope="module")
def coding() -> RowSet:
    """320 labelled rows."""
    return read_rows([fits.TRAFFIC / "coding.jsonl"])


def fit(rows: RowSet | list[TrainingRow], config: FitConfig = QUICK, tier_map: TierMap = fits.LABELS_ONLY, **more):
    row_set = rows if isinstance(rows, RowSet) else RowSet(tuple(rows), 0, (), {})
    return fit_bundle(row_set, tier_map, fits.shipped_encoder(), config, **more)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


FIT_AND_WRITE = """
import sys
from pathlib import Path
from router.brain.bundle.write import write_bundle
from tests.training import fits
from training.pipeline import fit_bundle
contents = fit_bundle(fits.traffic_rows(), fits.LABELS_ONLY, fits.shipped_encoder(), fits.CONFIG)
write_bundle(Path(sys.argv[1]), contents)
"""


def test_fresh_processes_with_any_number_of_cores_write_the_same_bytes(small_fit, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    running = []
    for n_cores, folder in enumerate(folders, start=1):
        threads = dict.fromkeys(("LOKY_MAX_CPU_COUNT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(n_cores))
        environ = {**os.environ, **threads, "PYTHONHASHSEED": str(n_cores)}
        command = [sys.executable, "-c", FIT_AND_WRITE, str(folder)]
        running.append(subprocess.Popen(command, cwd=fits.ROOT, env=environ, stderr=subprocess.PIPE, text=True))
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
    write_bundle(tmp_path / "here", small_fit)
    one, two, here = (folder_bytes(folder) for folder in (*folders, tmp_path / "here"))
    assert len(one) == 7
    for name, raw in one.items():
        assert raw == two[name], f"{name} differs between processes"
        assert raw == here[name], f"{name} differs from this process's"
    assert one.keys() == two.keys() == here.keys()


def test_another_seed_gives_another_bundle(coding):
    heads = [bundle_files(fit(coding, replace(QUICK, seed=seed)))["heads.safetensors"] for seed in (0, 0, 1)]
    assert heads[0] == heads[1] != heads[2]


def test_kept_embeddings_change_no_byte(coding, tmp_path):
    fresh, filling, kept = (bundle_files(fit(coding, cache=folder)) for folder in (None, tmp_path, tmp_path))
    assert fresh == filling == kept


def test_the_stages_are_told_in_order(coding):
    told: list[str] = []
    fit(coding, progress=told.append)
    assert [line.split()[0] for line in told] == ["reading", "embedding", "fitting", "choosing"]


def test_a_bundle_says_what_it_was_fitted_on(small_fit):
    facts = small_fit.training
    assert facts["rows"]["fit"] + facts["rows"]["calibrate"] + facts["rows"]["test"] == 960
    assert {name: source["rows"] for name, source in facts["sources"].items()} == {
        "coding": 320, "multi_turn": 320, "multilingual": 320
    }  # fmt: skip
    assert sorted(facts["files"]) == ["coding.jsonl", "multi_turn.jsonl", "multilingual.jsonl"]
    assert facts["config"]["seed"] == 0
    assert all(c in fits.CONFIG.c_grid for c in facts["regularisation"]["c"])
    assert small_fit.promise.n_rows == facts["rows"]["calibrate"]
    assert small_fit.evaluation["target"]["n"] == facts["rows"]["test"]
    assert set(small_fit.evaluation["sources"]) == set(facts["sources"])
    for name in facts["sources"]:
        assert name in small_fit.model_card


def test_what_is_learned_from_real_rows_is_better_than_chance_and_keeps_its_promise(small_fit):
    report = small_fit.evaluation["target"]
    assert report["loss_budget"]["auc"] > 0.8
    assert report["loss_production"]["auc"] > 0.75
    assert report["at_threshold"]["quality_loss"] <= fits.CONFIG.max_quality_loss + 0.05
    assert report["at_threshold"]["saved"] > 0.1
    assert sum(report["at_threshold"]["tier_share"].values()) == pytest.approx(1.0, abs=1e-3)


def as_outcomes(row_set: RowSet, tiers: tuple[str, ...]) -> tuple[list[TrainingRow], TierMap]:
    """The rows with outcomes by tier: as hard as their label says, spread over however many tiers there are."""
    rows: list[TrainingRow] = []
    for position, row in enumerate(row_set.rows):
        assert isinstance(row, LabelledRow)
        needed = DEFAULT_TIERS.index(row.tier) * (len(tiers) - 1) / 2
        cheapest = int(np.ceil(needed)) if position % 2 else int(needed)
        outcomes = {tier: float(rank >= cheapest) for rank, tier in enumerate(tiers)}
        rows.append(OutcomeRow(id=row.id, source="logs", messages=row.messages, outcomes=outcomes, qhash=row.pair))
    source = SourceTiers(threshold=0.5, models={tier: (tier,) for tier in tiers})
    return rows, TierMap(tiers=tiers, sources={"logs": source})


@pytest.mark.parametrize("tiers", [("small", "large"), ("nano", "small", "medium", "large")])
def test_any_number_of_tiers_from_two_up_is_fitted_written_and_served(coding, tmp_path, tiers):
    rows, tier_map = as_outcomes(coding, tiers)
    prices = {tier: 10.0**rank for rank, tier in enumerate(tiers)}
    manifest = write_bundle(tmp_path / "bundle", fit(rows, replace(QUICK, tier_cost_usd=prices), tier_map))
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.manifest.tiers == tiers
    assert manifest.tier_models == {"logs": {tier: (tier,) for tier in tiers}}
    prediction = bundle.brain.predict(read(ChatRequest(messages=(Message(role="user", text="Fix this race."),))))
    assert len(prediction.p_adequate) == len(prediction.expected_quality_loss) == len(tiers)
    assert list(prediction.expected_quality_loss) == sorted(prediction.expected_quality_loss, reverse=True)
    assert prediction.expected_quality_loss[-1] == 0.0


def with_unsolved(row_set: RowSet) -> tuple[list[TrainingRow], TierMap]:
    """The rows with outcomes; of each three, one that no tier solved."""
    rows, tier_map = as_outcomes(row_set, DEFAULT_TIERS)
    failed = dict.fromkeys(DEFAULT_TIERS, 0.0)
    return [replace(row, outcomes=failed) if n % 3 == 0 else row for n, row in enumerate(rows)], tier_map


def test_what_unsolved_rows_teach_is_an_option_of_the_fit(coding):
    rows, tier_map = with_unsolved(coding)
    readings = [read(ChatRequest(messages=row.messages)) for row in rows]
    losses, unsolved = {}, {}
    for option in ("cheap", "drop", "strong"):
        scores = fit(rows, replace(QUICK, unsolved=option), tier_map).brain.score(readings)
        losses[option] = scores.expected_quality_loss[:, 0].mean()
        unsolved[option] = scores.p_unsolved.mean()
    assert losses["cheap"] < losses["drop"] <= losses["strong"]
    assert unsolved["cheap"] == unsolved["drop"] == unsolved["strong"] == pytest.approx(1 / 3, abs=0.1)


def test_only_target_sources_stand_for_the_traffic(small_fit):
    config = replace(QUICK, target_sources=("coding",))
    contents = fit(fits.traffic_rows(), config)
    n_coding = contents.evaluation["sources"]["coding"]["n"]
    assert contents.evaluation["target"] == contents.evaluation["sources"]["coding"]
    assert n_coding < contents.training["rows"]["test"] == small_fit.training["rows"]["test"]
    assert contents.promise.population == "held-out rows of coding"
    assert contents.promise.n_rows < small_fit.promise.n_rows


def test_only_target_rows_calibrate_and_set_the_domain():
    config = replace(QUICK, target_sources=("coding",))
    encoder, splits = fits.shipped_encoder(), fits.sides(fits.traffic_data().groups)
    prepared = prepare(fits.traffic_data(), encoder, config, cache=None)
    targets = splits.calibrate[prepared.on_target[splits.calibrate]]
    assert 0 < len(targets) < len(splits.calibrate)
    with_others, alone = (
        fit_brain(prepared, encoder, config, fit=splits.fit, calibrate=rows)[0] for rows in (splits.calibrate, targets)
    )
    assert with_others.calibration.a.tobytes() == alone.calibration.a.tobytes()
    assert with_others.domain.max_distance == alone.domain.max_distance


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (replace(QUICK, target_sources=("nowhere",)), "'nowhere' has no rows; there are coding"),
        (replace(QUICK, tier_cost_usd={"budget": 1.0, "production": 2.0}), "price of tier 'frontier' is not known"),
        (replace(QUICK, max_quality_loss=0.001), "cannot promise max_quality_loss 0.001"),
    ],
)
def test_settings_that_do_not_fit_the_rows_are_refused(coding, config, message):
    with pytest.raises(DataError, match=message):
        fit(coding, config)


@pytest.mark.parametrize("n_rows", [1, 2, 5, 20])
def test_a_handful_of_rows_is_refused_in_words(coding, n_rows):
    with pytest.raises(DataError):
        fit(list(coding.rows[:n_rows]), replace(QUICK, max_quality_loss=0.05))


def test_a_source_that_the_tier_map_does_not_know_is_refused():
    rows = OutcomeRow(id="a", source="nowhere", messages=(Message(role="user", text="hi"),), outcomes={"m": 1.0})
    with pytest.raises(DataError, match="nowhere"):
        fit([rows])


def test_outcomes_and_labels_are_fitted_together():
    sample = read_rows([fits.SAMPLE / "outcomes.jsonl", fits.SAMPLE / "labelled.jsonl"])
    rows = RowSet(
        (*fits.traffic_rows().rows[:320], *sample.rows), 0, (), {"all": Fingerprint(sha256="0", n_rows=1, n_bytes=1)}
    )
    from training.tier_map import load_tier_map

    contents: BundleContents = fit(
        rows, replace(QUICK, target_sources=("coding",)), load_tier_map(fits.SAMPLE / "tiers.json")
    )
    assert set(contents.training["sources"]) == {"coding", "sample", "labelled"}
    assert set(contents.tier_models) == {"sample"}
