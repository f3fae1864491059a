"""The two presets, and what a fit's settings say of themselves."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from training.config import FitConfig
from training.fitting.hyper import LABELS, OUTCOMES, HeadHyper


@pytest.mark.parametrize("hyper", [LABELS, OUTCOMES], ids=["labels", "outcomes"])
def test_a_preset_is_written_as_json_and_read_back_the_same(hyper):
    written = json.loads(json.dumps(hyper.to_json()))
    assert set(written) == {field.name for field in fields(HeadHyper)}
    assert HeadHyper(**{key: tuple(x) if isinstance(x, list) else x for key, x in written.items()}) == hyper


def test_outcomes_are_held_back_far_more_than_labels():
    assert max(OUTCOMES.c_grid) < 0.1 * min(LABELS.c_grid)
    assert len(OUTCOMES.c_grid) == 1, "with one noisy answer a model, held-out loss tells the settings hardly apart"
    assert OUTCOMES.normalise_all
    assert not LABELS.normalise_all


@pytest.mark.parametrize("hyper", [None, LABELS, OUTCOMES], ids=["by rows", "labels", "outcomes"])
def test_the_settings_of_a_fit_are_plain_json(hyper):
    config = replace(FitConfig(name="x"), hyper=hyper, target_sources=("a", "b"), tier_mix={"frontier": 0.1})
    written = json.loads(json.dumps(config.to_json(), allow_nan=False))
    assert set(written) == {field.name for field in fields(FitConfig)}
    assert written["hyper"] == (None if hyper is None else json.loads(json.dumps(hyper.to_json())))
    assert (written["target_sources"], written["tier_mix"]) == (["a", "b"], {"frontier": 0.1})


def test_the_goal_is_a_quality_loss_unless_a_cost_or_a_mix_is_named():
    plain = FitConfig(name="x", max_quality_loss=0.07)
    assert plain.goal.to_json() == {"max_quality_loss": 0.07}
    assert replace(plain, max_cost_usd_per_1k=4.0).goal.to_json() == {"max_cost_usd_per_1k": 4.0}
    assert replace(plain, tier_mix={"frontier": 0.1}).goal.to_json() == {"tier_mix": {"frontier": 0.1}}
    with pytest.raises(ValueError, match="choose one of"):
        _ = replace(plain, max_cost_usd_per_1k=4.0, tier_mix={"frontier": 0.1}).goal
