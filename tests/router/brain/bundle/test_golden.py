"""The shipped bundles reproduce their golden prompts on any CPU, closely: what was evaluated is what is served."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from router.brain.bundle import load_bundle
from router.brain.bundle.golden import golden_case

MODELS = Path(__file__).parents[4] / "models"


@pytest.mark.parametrize("name", ["default", "fast"])
def test_a_shipped_bundle_gives_its_golden_numbers_whatever_int8_instructions_the_cpu_has(name):
    bundle = load_bundle(MODELS / name)
    for stored in json.loads((MODELS / name / "golden.json").read_text("utf-8")):
        now = golden_case(bundle.brain, bundle.manifest.promise, stored["prompt"])
        assert np.allclose(now.expected_quality_loss, stored["expected_quality_loss"], rtol=0, atol=1e-3)
        assert now.tier == stored["tier"]
