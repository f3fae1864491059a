"""Brains fitted and calibrated: which rows go where, which settings hold, what is refused."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest

from router.brain.bundle.write import BundleContents
from router.brain.encoders import known_ids
from router.brain.ngrams import reading_buckets
from router.errors import DataError
from router.reading.signals import SIGNAL_NAMES
from router.types import Message
from tests.training import fits
from training.fitting.fit import Pretrained, hyper_for, load_tokenizer, prepare_for_transformer
from training.fitting.hyper import LABELS, OUTCOMES
from training.fitting.prepared import Prepared, prepare
from training.fitting.recipe import FittedBrain, TransformerRecipe, fit_brain, fit_once
from training.labels.dataset import build_dataset
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.measure.metrics import auc
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow


@pytest.fixture(autouse=True)
def one_process():
    with joblib.parallel_config("sequential"):
        yield


@pytest.fixture(scope="module")
def coding() -> Prepared:
    """320 labelled rows around the token table."""
    data = fits.traffic_data().take(np.arange(320))
    return prepare(data, fits.shipped_encoder(), fits.QUICK, cache=None)


def parts(fitted: FittedBrain) -> tuple[bytes, ...]:
    brain = fitted.brain
    arrays = [brain.heads.coef, brain.heads.intercept, brain.calibration.a, brain.calibration.b]
    return tuple(array.tobytes() for array in [*arrays, *brain.ngrams.weights, *brain.ngrams.steps])


# --- What rows are fitted on -----------------------------------------------------------------------------------------


def test_preparing_computes_everything_as_the_service_does(coding):
    encoder, readings = fits.shipped_encoder(), coding.data.readings
    assert coding.embeddings.tobytes() == encoder.encode_readings(readings).tobytes()
    assert coding.signals.tolist() == [reading.signals.tolist() for reading in readings]
    assert coding.token_ids.lists() == known_ids(encoder, [reading.ask for reading in readings])
    assert coding.on_target.all()
    plain = prepare(coding.data, encoder, replace(fits.QUICK, ngrams=False, target_sources=("x",)), cache=None)
    assert plain.buckets is None
    assert not plain.on_target.any()


def test_labels_and_outcomes_have_settings_of_their_own_and_the_targets_decide():
    labelled = [row(n) for n in range(3)]
    outcomes = [outcome(n) for n in range(4)]
    prepared = prepared_of([*labelled, *outcomes])
    assert hyper_for(prepared) is OUTCOMES
    assert hyper_for(prepared.take(np.arange(6))) is LABELS, "half and half"
    assert hyper_for(replace(prepared, on_target=np.arange(7) < 4)) is LABELS
    assert hyper_for(replace(prepared, on_target=np.arange(7) >= 2)) is OUTCOMES


def row(n: int, **more: object) -> LabelledRow:
    messages = (Message("user", f"route tier {n}"),)
    return LabelledRow(id=f"r{n}", source="mine", messages=messages, tier=DEFAULT_TIERS[n % 3], **more)


def outcome(n: int) -> OutcomeRow:
    messages = (Message("user", f"ask {n}"),)
    return OutcomeRow(id=f"o{n}", source="logs", messages=messages, outcomes={tier: 1.0 for tier in DEFAULT_TIERS})


def prepared_of(rows: list[TrainingRow]) -> Prepared:
    source = SourceTiers(threshold=0.5, models={tier: (tier,) for tier in DEFAULT_TIERS})
    data = build_dataset(rows, TierMap(tiers=DEFAULT_TIERS, sources={"logs": source}))
    return prepare(data, fits.shipped_encoder(), fits.QUICK, cache=None)


# --- Around a fixed encoder ------------------------------------------------------------------------------------------


def test_only_target_rows_calibrate_and_set_the_domain():
    config = replace(fits.QUICK, target_sources=("coding",))
    prepared, splits = fits.traffic_prepared(), fits.sides(fits.traffic_data().groups)
    on_target = prepared.data.sources == "coding"
    prepared = replace(prepared, on_target=on_target)
    targets = splits.calibrate[on_target[splits.calibrate]]
    assert 0 < len(targets) < len(splits.calibrate)
    with_others, alone = (
        fit_brain(prepared, fits.shipped_encoder(), config, fit=splits.fit, calibrate=rows)
        for rows in (splits.calibrate, targets)
    )
    assert parts(with_others) == parts(alone)
    assert with_others.brain.domain.max_distance == alone.brain.domain.max_distance


def test_calibration_rows_teach_the_heads_nothing(coding):
    encoder, rows = fits.shipped_encoder(), np.arange(320)
    one, other = (
        fit_brain(coding, encoder, fits.QUICK, fit=rows[:200], calibrate=calibrate).brain
        for calibrate in (rows[200:260], rows[260:])
    )
    assert one.heads.coef.tobytes() == other.heads.coef.tobytes()
    assert one.signal_scale.mean.tobytes() == other.signal_scale.mean.tobytes()
    assert one.calibration.a.tobytes() != other.calibration.a.tobytes()


def test_heads_without_n_grams_or_embeddings_are_brains_too(coding):
    encoder, splits = fits.shipped_encoder(), fits.sides(coding.data.groups)
    config = replace(fits.QUICK, ngrams=False)
    brain = fit_brain(replace(coding, buckets=None), encoder, config, fit=splits.fit, calibrate=splits.calibrate).brain
    assert brain.ngrams is None
    assert np.isfinite(brain.score(coding.data.readings[:5]).expected_quality_loss).all()


def test_no_target_row_to_calibrate_on_is_refused(coding):
    on_target = np.arange(320) < 200
    with pytest.raises(DataError, match="no target row is left to calibrate on"):
        fit_brain(
            replace(coding, on_target=on_target),
            fits.shipped_encoder(),
            fits.QUICK,
            fit=np.arange(200),
            calibrate=np.arange(200, 320),
        )


def test_how_the_regularisation_was_chosen_is_told(small_fit: BundleContents):
    told = small_fit.training["regularisation"]
    assert len(told["c"]) == len(told["cv_log_loss"]) == 3
    for c, losses in zip(told["c"][:-1], told["cv_log_loss"][:-1], strict=True):
        assert c == fits.CONFIG.hyper.c_grid[int(np.argmin(losses))]
    assert told["cv_log_loss"][-1] == [None, None], "no label says unsolved, so no fold can judge that head"


# --- Around a transformer --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conversations(tiny_bert) -> Prepared:
    """240 labelled rows, half of them with a window, as a transformer brain is fitted on."""
    data = fits.traffic_data().take(np.arange(200, 440))
    return prepare_for_transformer(data, str(tiny_bert), fits.QUICK)


def fit_small(prepared: Prepared, tiny_bert, **config: object) -> FittedBrain:
    rows = np.arange(len(prepared.data))
    two_thirds = len(rows) * 2 // 3
    return fit_around(tiny_bert, prepared, fit=rows[:two_thirds], calibrate=rows[two_thirds:], **config)


def fit_around(tiny_bert, prepared: Prepared, *, fit, calibrate, **config: object) -> FittedBrain:
    settings = replace(fits.QUICK, **config)
    recipe = TransformerRecipe(Pretrained(str(tiny_bert), "tiny"), settings)
    return fit_once(recipe, prepared, settings, fit=fit, calibrate=calibrate)


@pytest.fixture(scope="module")
def transformer(conversations, tiny_bert) -> FittedBrain:
    with joblib.parallel_config("sequential"):
        return fit_small(conversations, tiny_bert)


def test_a_transformer_brain_is_prepared_with_its_own_pieces(conversations, transformer):
    encoder, readings = transformer.brain.encoder, conversations.data.readings
    assert any(reading.window for reading in readings)
    assert conversations.token_ids.lists() == known_ids(encoder, [reading.ask for reading in readings])
    assert conversations.embeddings.shape == (240, 0)
    for row, reading in enumerate(readings[:50]):
        served = reading_buckets(reading, encoder.token_ids([turn.text for turn in reading.turns]))
        assert [block.tolist() for block in conversations.buckets[row]] == [block.tolist() for block in served]


def test_a_transformer_brain_scores_as_its_two_halves_joined(conversations, transformer):
    brain = transformer.brain
    scores = brain.score(conversations.data.readings)
    assert scores.expected_quality_loss.shape == (240, 3)
    assert (np.diff(scores.expected_quality_loss, axis=1) <= 0).all()
    assert auc(scores.expected_quality_loss[:160, 0], conversations.data.labels.loss[:160, 0] == 1) > 0.8
    assert brain.encoder.spec.kind == "onnx"
    assert brain.heads.coef.shape == (3, brain.encoder.spec.dim + len(SIGNAL_NAMES))


def test_a_transformer_brain_is_the_same_each_time(conversations, transformer, tiny_bert):
    again = fit_small(conversations, tiny_bert)
    assert parts(again) == parts(transformer)
    assert again.brain.encoder.network == transformer.brain.encoder.network
    assert again.brain.encoder.spec == transformer.brain.encoder.spec
    assert parts(fit_small(conversations, tiny_bert, seed=1)) != parts(transformer)


def test_the_transformer_never_sees_rows_of_other_sources_but_the_table_does(conversations, tiny_bert, transformer):
    is_coding = conversations.data.sources == "coding"
    assert 0 < is_coding.sum() < 160
    targets = replace(conversations, on_target=~is_coding)
    helped = fit_small(targets, tiny_bert, target_sources=("multi_turn",))
    alone = fit_around(tiny_bert, targets, fit=np.flatnonzero(~is_coding[:160]), calibrate=np.arange(160, 240))
    assert helped.brain.encoder.network == alone.brain.encoder.network != transformer.brain.encoder.network
    known = [brain.ngrams.known[0].sum() for brain in (helped.brain, alone.brain)]
    assert known[0] > known[1]


def test_outcome_rows_and_rows_without_task_or_reason_are_fine_tuned_on(tiny_bert):
    rows: list[TrainingRow] = [
        *(row(n, task="qa" if n % 2 else None, reason="a route" if n % 3 else None) for n in range(60)),
        *(outcome(n) for n in range(30)),
    ]
    source = SourceTiers(threshold=0.5, models={tier: (tier,) for tier in DEFAULT_TIERS})
    data = build_dataset(rows, TierMap(tiers=DEFAULT_TIERS, sources={"logs": source}))
    prepared = prepare_for_transformer(data, str(tiny_bert), fits.QUICK)
    fitted = fit_around(tiny_bert, prepared, fit=np.arange(0, 90, 2), calibrate=np.arange(1, 90, 2))
    assert np.isfinite(fitted.brain.score(data.readings).expected_quality_loss).all()


def test_a_transformer_brain_without_n_grams_is_refused(conversations, tiny_bert):
    with pytest.raises(DataError, match="needs n-grams"):
        fit_small(replace(conversations, buckets=None), tiny_bert)


def test_a_model_that_is_no_folder_with_a_tokenizer_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match=r"tokenizer\.json"):
        load_tokenizer(str(tmp_path))
