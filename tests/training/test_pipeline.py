"""The whole pipeline on real rows: what is the same, what differs, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from router import Router
from router.brain import load_bundle
from router.brain.bundle.write import BundleContents, bundle_files, write_bundle
from router.brain.encoders import StaticEncoder
from router.errors import DataError
from router.reading import read
from router.types import ChatRequest, Message, Reason
from tests.training import fits
from training.config import FitConfig
from training.fitting.fit import Pretrained, prepare_for_transformer
from training.fitting.prepared import Prepared
from training.fitting.recipe import HeadParts, HeadRecipe, TransformerRecipe
from training.labels.dataset import build_dataset
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.pipeline import fit_bundle, fit_recipe
from training.rows.readers import Fingerprint, RowSet, read_rows
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow
from training.shipping.ship import DECISION_SHARE
from training.thresholds.simulate import route_scores

QUICK = replace(fits.QUICK, max_quality_loss=0.3)


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

FILES = {
    *("manifest.json", "heads.safetensors", "ngrams.safetensors", "golden.json", "evaluation.json", "MODEL_CARD.md"),
    *("tasks.safetensors", "held_out.safetensors", "trained_on.safetensors"),
    *("encoder/tokenizer.json", "encoder/table.safetensors", "encoder/pieces.json"),
}


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
    assert set(one) == FILES
    for name, raw in one.items():
        assert raw == two[name], f"{name} differs between processes"
        assert raw == here[name], f"{name} differs from this process's"
    assert one.keys() == two.keys() == here.keys()


class CountingTable(StaticEncoder):
    """The shipped token table, with the number of readings that it encoded."""

    __slots__ = ("n_encoded",)

    def encode_readings(self, readings):
        object.__setattr__(self, "n_encoded", getattr(self, "n_encoded", 0) + len(readings))
        return StaticEncoder.encode_readings(self, readings)


def counting_table() -> CountingTable:
    shipped = fits.shipped_encoder()
    kept = {name: getattr(shipped, name) for name in StaticEncoder.__slots__}
    return CountingTable(**kept)


@pytest.mark.parametrize(
    "how", [{}, {"refit": True}, {"promise": "cross_fit", "folds": 2}], ids=["parted", "refitted", "cross-fit"]
)
def test_each_row_is_encoded_once_and_again_only_where_it_comes_in_another_form(coding, how):
    encoder = counting_table()
    report = fit_bundle(coding, fits.LABELS_ONLY, encoder, replace(QUICK, **how)).evaluation["robustness"]
    n_in_forms = sum(entry["n"] for entry in report["decisions_unchanged"].values())
    assert n_in_forms > 0
    assert encoder.n_encoded == len(coding.rows) + n_in_forms


def test_a_bundle_in_use_with_the_same_encoder_encodes_no_row_again(coding, tmp_path):
    encoder = counting_table()
    write_bundle(tmp_path, fit(coding))
    in_use = load_bundle(tmp_path)
    report = fit_bundle(coding, fits.LABELS_ONLY, encoder, QUICK, in_use=in_use).evaluation["robustness"]
    n_in_forms = sum(entry["n"] for entry in report["decisions_unchanged"].values())
    assert encoder.n_encoded == len(coding.rows) + n_in_forms


def test_another_seed_gives_another_bundle(coding):
    heads = [bundle_files(fit(coding, replace(QUICK, seed=seed)))["heads.safetensors"] for seed in (0, 0, 1)]
    assert heads[0] == heads[1] != heads[2]


def test_kept_embeddings_change_no_byte(coding, tmp_path):
    fresh, filling, kept = (bundle_files(fit(coding, cache=folder)) for folder in (None, tmp_path, tmp_path))
    assert fresh == filling == kept


def test_the_stages_are_told_in_order(coding):
    told: list[str] = []
    fit(coding, progress=told.append)
    assert [line.split()[0] for line in told] == ["reading", "embedding", "fitting", "measuring"]
    told.clear()
    fit(coding, replace(QUICK, refit=True), progress=told.append)
    assert [line.split()[0] for line in told] == ["reading", "embedding", "fitting", "measuring", "fitting"]


def test_a_bundle_says_what_it_was_fitted_on(small_fit):
    facts = small_fit.training
    assert facts["rows"]["fit"] + facts["rows"]["calibrate"] + facts["rows"]["test"] == 960
    assert {name: source["rows"] for name, source in facts["sources"].items()} == {
        "coding": 320, "multi_turn": 320, "multilingual": 320
    }  # fmt: skip
    assert sorted(facts["files"]) == ["coding.jsonl", "multi_turn.jsonl", "multilingual.jsonl"]
    assert facts["config"]["seed"] == 0
    assert facts["config"]["hyper"] == fits.CONFIG.hyper.to_json() | {
        name: getattr(fits.CONFIG.hyper, name) for name in ("c_grid", "ngram_weights")
    }
    assert all(c in fits.CONFIG.hyper.c_grid for c in facts["regularisation"]["c"])
    assert small_fit.promise.n_rows == facts["rows"]["calibrate"]
    assert small_fit.evaluation["test"]["n"] == facts["rows"]["test"]
    assert set(small_fit.evaluation["sources"]) == set(facts["sources"])
    for name in facts["sources"]:
        assert name in small_fit.model_card


def test_what_is_learned_from_real_rows_is_better_than_chance_and_keeps_its_promise(small_fit):
    report = small_fit.evaluation
    assert report["heads"]["budget"]["auc"] > 0.8
    assert report["heads"]["production"]["auc"] > 0.75
    router = report["policies"]["router"]
    assert 1.0 - router["quality"]["point"] <= fits.CONFIG.max_quality_loss + 0.05
    assert router["saved"]["point"] > 0.1
    assert sum(router["tier_share"].values()) == pytest.approx(1.0, abs=1e-3)


EVALUATION_KEYS = {
    *("schema_version", "bundle", "promise", "test", "threshold", "heads", "sources"),
    *("policies", "advantages", "curves", "summary", "slices", "gate"),
}


def test_the_evaluation_has_the_parts_that_its_schema_names_and_is_plain_json(small_fit):
    report = small_fit.evaluation
    assert set(report) >= EVALUATION_KEYS
    assert report["schema_version"] == 2
    assert report["bundle"] == "small"
    assert report["promise"]["target"] == 0.1
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["threshold"] == pytest.approx(small_fit.promise.threshold_for(), abs=1e-4)
    assert {"router", "oracle", "shuffle", "random_mix", "length_rule", "signals_only", "knn"} < set(report["policies"])


# --- Refit -----------------------------------------------------------------------------------------------------------


class Spy(HeadRecipe):
    """A recipe that remembers which rows it was given."""

    __slots__ = ("decided_on", "fits", "joined")

    def __init__(self, *, config: FitConfig = QUICK, calibration_share: float | None = None) -> None:
        super().__init__(fits.shipped_encoder(), config, calibration_share)
        for name in Spy.__slots__:
            object.__setattr__(self, name, [])

    def parts(self, prepared: Prepared, rows: np.ndarray) -> HeadParts:
        self.fits.append(rows)
        return HeadRecipe.parts(self, prepared, rows)

    def decide(self, sets, targets):
        self.decided_on.append(len(targets))
        return HeadRecipe.decide(self, sets, targets)

    def join(self, *given):
        self.joined.append(HeadRecipe.join(self, *given))
        return self.joined[-1]

    def run(self, config: FitConfig) -> BundleContents:
        return fit_recipe(fits.traffic_rows(), fits.LABELS_ONLY, targets_of(config), self, config)


def targets_of(config: FitConfig) -> Prepared:
    sources = fits.traffic_data().sources
    return replace(fits.traffic_prepared(), on_target=np.isin(sources, config.target_sources or sources))


def test_what_is_fitted_again_sees_the_test_rows_but_never_the_calibration_rows():
    spy, splits = Spy(), fits.sides(fits.traffic_data().groups)
    config = replace(QUICK, refit=True, target_sources=("coding", "multi_turn"))
    contents = spy.run(config)
    first, second = spy.fits
    assert first.tolist() == splits.fit.tolist()
    assert second.tolist() == sorted([*splits.fit.tolist(), *splits.test.tolist()])
    of_target = np.isin(fits.traffic_data().sources[splits.calibrate], config.target_sources)
    assert spy.decided_on == [of_target.sum()] * 2
    assert not set(second.tolist()) & set(splits.calibrate.tolist())
    groups = fits.traffic_data().groups
    assert not {groups[row] for row in second.tolist()} & {groups[row] for row in splits.calibrate.tolist()}
    assert contents.promise.n_rows == of_target.sum()
    assert contents.brain.heads is spy.joined[1].heads, "the refitted one goes into the bundle"


def test_the_measurement_is_of_the_first_fit_and_the_promise_of_the_second():
    measured, shipped = (Spy().run(replace(QUICK, refit=refit)) for refit in (False, True))
    apart = {"promise", "held_out"}
    assert {k: v for k, v in measured.evaluation.items() if k not in apart} == {
        k: v for k, v in shipped.evaluation.items() if k not in apart
    }
    assert shipped.evaluation["promise"] == asdict(shipped.promise.stated())
    assert [one.evaluation["held_out"]["fits"] for one in (measured, shipped)] == [1, 2]
    assert shipped.promise.thresholds == measured.promise.thresholds
    assert shipped.promise.losses != measured.promise.losses
    assert shipped.brain.heads.coef.tobytes() != measured.brain.heads.coef.tobytes()


@pytest.mark.parametrize(
    ("calibration", "share", "parted"), [("sigmoid", None, 0), ("isotonic", None, 0.5), ("sigmoid", 0.3, 0.3)]
)
def test_rows_that_calibrate_flexibly_choose_no_threshold(calibration, share, parted):
    config = replace(QUICK, calibration=calibration)
    spy, n = Spy(config=config, calibration_share=share), len(fits.sides(fits.traffic_data().groups).calibrate)
    contents = spy.run(config)
    (calibrating,) = spy.decided_on
    if parted:
        assert calibrating / n == pytest.approx(parted, abs=0.1)
        assert contents.promise.n_rows == n - calibrating
    else:
        assert contents.promise.n_rows == calibrating == n


# --- Goals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("goal", [{"max_cost_usd_per_1k": 15.0}, {"tier_mix": {"frontier": 0.6}}], ids=["cost", "mix"])
def test_another_goal_is_kept_by_the_bundle(coding, goal):
    contents = fit(coding, replace(QUICK, **goal))
    assert contents.promise.goal.to_json() == goal
    assert contents.promise.stated().goal == next(iter(goal))
    position = contents.promise.position_for()
    assert contents.promise.cost_bounds_usd_per_1k[position] <= goal.get("max_cost_usd_per_1k", np.inf)
    assert contents.promise.tier_share_bounds["frontier"][position] <= goal.get("tier_mix", {}).get("frontier", 1.0)


def test_the_promise_is_stated_by_slice_where_that_was_asked_for(coding):
    slices = fit(coding, replace(QUICK, promise_slices=("source", "lang"), calibrate_share=0.4)).promise.slices
    assert {"source"} <= {part.by for part in slices} <= {"source", "lang"}
    assert all(part.loss <= part.bound for part in slices)


def test_slices_of_the_promise_are_in_the_evaluation_and_on_the_card(coding):
    contents = fit(coding, replace(QUICK, promise_slices=("source",), calibrate_share=0.4))
    assert contents.evaluation["promise"]["slices"] == [asdict(part) for part in contents.promise.slices]
    assert "| source coding |" in contents.model_card


def test_a_bundle_is_compared_with_the_one_in_use_at_that_ones_own_threshold(coding, tmp_path):
    contents = fit(coding)
    write_bundle(tmp_path, contents)
    in_use = load_bundle(tmp_path)
    same = fit(coding, in_use=in_use).evaluation["gate"]["checks"][-1]
    assert same == {"name": "in_use", "point": 0.0, "low": 0.0, "high": 0.0, "passed": True}
    assert "in_use" not in [check["name"] for check in contents.evaluation["gate"]["checks"]]
    wasteful = replace(in_use.brain, domain=replace(in_use.brain.domain, max_distance=-1.0))  # all to its safe tier
    assert fit(coding, in_use=replace(in_use, brain=wasteful)).evaluation["gate"]["checks"][-1]["point"] != 0.0


def test_a_bundle_in_use_with_other_tiers_is_named_by_the_gate_and_not_compared(coding, tmp_path):
    tiers = ("small", "large")
    rows, tier_map = as_outcomes(coding, tiers)
    write_bundle(tmp_path, fit(rows, replace(QUICK, tier_cost_usd={"small": 1.0, "large": 9.0}), tier_map))
    gate = fit(coding, in_use=load_bundle(tmp_path)).evaluation["gate"]
    assert "Not compared with the bundle in use: tiers differ (it routes between small, large;" in gate["sentence"]
    assert "in_use" not in [check["name"] for check in gate["checks"]]


def test_the_costs_that_rows_have_are_those_of_the_promise_the_evaluation_and_the_card(coding):
    rows, tier_map = as_outcomes(coding, DEFAULT_TIERS)
    usd = dict(zip(DEFAULT_TIERS, (0.1, 0.2, 0.4), strict=True))
    contents = fit([replace(row, cost_usd=usd) for row in rows], QUICK, tier_map)
    n = contents.evaluation["test"]["n"]
    assert contents.evaluation["test"]["n_own_costs"] == n > 0
    assert contents.evaluation["policies"]["always_frontier"]["cost_usd_per_1k"]["point"] == pytest.approx(400.0)
    assert contents.promise.costs_usd_per_1k[0] > 300.0
    assert f"Costs are the requests' own on {n} of {n} test rows" in contents.model_card
    stated = fit(rows, QUICK, tier_map)
    assert stated.evaluation["test"]["n_own_costs"] == 0
    assert stated.promise.bounds == contents.promise.bounds, "what is lost does not hang on what it costs"


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
    assert set(json.loads((tmp_path / "bundle" / "evaluation.json").read_text())) >= EVALUATION_KEYS
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
    report = contents.evaluation
    assert report["test"]["n"] == report["sources"]["coding"]["n"]
    assert report["test"]["n"] < contents.training["rows"]["test"] == small_fit.training["rows"]["test"]
    assert set(report["sources"]) == {"coding", "multi_turn", "multilingual"}
    assert contents.promise.population == "held-out rows of coding"
    assert contents.promise.n_rows < small_fit.promise.n_rows


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
    from training.labels.tier_map import load_tier_map

    contents: BundleContents = fit(
        rows, replace(QUICK, target_sources=("coding",)), load_tier_map(fits.SAMPLE / "tiers.json")
    )
    assert set(contents.training["sources"]) == {"coding", "sample", "labelled"}
    assert set(contents.tier_models) == {"sample"}


# --- A transformer, from rows to decisions ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def around_a_transformer(tiny_bert) -> BundleContents:
    """The recipe of the bundle `default`, around a tiny BERT and 240 rows."""
    rows = RowSet(fits.traffic_rows().rows[200:440], 0, (), {})
    config = replace(QUICK, name="tiny", max_quality_loss=0.5, calibrate_share=0.35, refit=True)
    with joblib.parallel_config("sequential"):
        data = build_dataset(rows.rows, fits.LABELS_ONLY)
        prepared = prepare_for_transformer(data, str(tiny_bert), config)
        recipe = TransformerRecipe(Pretrained(str(tiny_bert), "tiny"), config, calibration_share=DECISION_SHARE)
        return fit_recipe(rows, fits.LABELS_ONLY, prepared, recipe, config)


def test_a_transformer_bundle_is_written_loaded_and_decides_as_it_was_measured(around_a_transformer, tmp_path):
    contents = around_a_transformer
    manifest = write_bundle(tmp_path / "tiny", contents)
    table = {"encoder/table.safetensors", "encoder/pieces.json"}
    assert set(folder_bytes(tmp_path / "tiny")) == (FILES - table) | {"encoder/model.onnx"}
    assert Router.load(tmp_path / "tiny", environ={}).setup.policies["auto"].threshold.promise is not None
    # Without its held-out rows a bundle decides by the threshold that training measures with.
    write_bundle(tmp_path / "older", replace(contents, held_out=None))
    router = Router.load(tmp_path / "older", environ={})
    assert router.bundle.n_golden > 0
    assert (manifest.encoder.kind, manifest.encoder.dim) == ("onnx", 32)
    rows = fits.traffic_rows().rows[200:440]
    scores = contents.brain.score([read(ChatRequest(messages=row.messages)) for row in rows])
    chosen = route_scores(
        scores,
        contents.promise.threshold_for(),
        max_distance=contents.brain.domain.max_distance,
        safe_tier=1,
    )
    decisions = [
        router.route({"messages": [{"role": message.role, "content": message.text} for message in row.messages]})
        for row in rows
    ]
    scored = [place for place, decision in enumerate(decisions) if decision.reason is not Reason.TURN]
    assert len(scored) > 0.9 * len(rows), "few rows are of a turn that the policy decides"
    for place in scored:
        assert decisions[place].tier == contents.brain.tiers[chosen[place]]
    served = [list(decision.expected_quality_loss.values()) for decision in decisions]
    np.testing.assert_allclose(served, scores.expected_quality_loss, rtol=0, atol=1e-6)
    assert len({decision.tier for decision in decisions}) > 1


def test_a_transformer_bundle_measures_itself_and_its_decision_fits_on_rows_of_its_own(around_a_transformer):
    contents = around_a_transformer
    assert set(contents.evaluation) >= EVALUATION_KEYS
    assert contents.evaluation["heads"]["budget"]["auc"] > 0.6
    assert contents.promise.n_rows < contents.training["rows"]["calibrate"]
    assert contents.brain.calibration.a.tolist() == [-1.0] * 3
    assert contents.brain.calibration.b.tolist() == [0.0] * 3


def test_the_same_transformer_recipe_gives_the_same_bytes_in_a_fresh_process(around_a_transformer, tiny_bert, tmp_path):
    # torch shares its sums out among its threads: the bytes are the same for the same number of them.
    environ = {**os.environ, **dict.fromkeys(("LOKY_MAX_CPU_COUNT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}
    command = [sys.executable, "-c", FIT_TRANSFORMER_AND_WRITE, str(tmp_path / "fresh"), str(tiny_bert)]
    subprocess.run(command, cwd=fits.ROOT, env=environ, check=True, capture_output=True, timeout=120)
    write_bundle(tmp_path / "here", around_a_transformer)
    fresh, here = folder_bytes(tmp_path / "fresh"), folder_bytes(tmp_path / "here")
    assert [name for name in here if here[name] != fresh[name]] == []


FIT_TRANSFORMER_AND_WRITE = """
import sys
from dataclasses import replace
from pathlib import Path
from router.brain.bundle.write import write_bundle
from tests.training import fits
from training.labels.dataset import build_dataset
from training.fitting.fit import Pretrained, prepare_for_transformer
from training.fitting.recipe import TransformerRecipe
from training.pipeline import fit_recipe
from training.rows.readers import RowSet
from training.shipping.ship import DECISION_SHARE
config = replace(fits.QUICK, name="tiny", max_quality_loss=0.5, calibrate_share=0.35, refit=True)
rows = RowSet(fits.traffic_rows().rows[200:440], 0, (), {})
prepared = prepare_for_transformer(build_dataset(rows.rows, fits.LABELS_ONLY), sys.argv[2], config)
recipe = TransformerRecipe(Pretrained(sys.argv[2], "tiny"), config, calibration_share=DECISION_SHARE)
write_bundle(Path(sys.argv[1]), fit_recipe(rows, fits.LABELS_ONLY, prepared, recipe, config))
"""
