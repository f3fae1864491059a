"""Steps of agents: counted as a shipped bundle decides them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.brain import load_bundle
from tests.training import fits
from training.shipping.measures.steps import steps_report

ROOT = Path(__file__).parents[4]
TIERS = ("budget", "production", "frontier")


@pytest.fixture
def steps(tmp_path) -> Path:
    """36 steps in 12 conversations; in SWE-bench the label is the number of turns so far."""
    lines = []
    for number in range(36):
        is_swe, depth = number % 3 < 2, number % 3 if number % 2 else 2
        module = (
            "abcdefghijkl"[number // 3] * 3
        )  # by conversation: requests that differ by digits only are copies of one
        turns = [{"role": "user", "content": f"Look at module {module} and repair the parser."}]
        turns += [{"role": "assistant", "content": "Reading."}, {"role": "user", "content": "Go on."}] * depth
        name = "swebench" if is_swe else "mtrag"
        lines.append(
            {
                "id": f"steps/{name}_{number}",
                "source": "agent_steps",
                "messages": turns,
                "tier": TIERS[depth] if is_swe else "budget",
                "conversation": f"c-{number // 3}",
            }
        )
    path = tmp_path / "agent_steps.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_shares_are_of_all_steps_and_ranking_is_within_swe_bench(steps):
    report = steps_report(load_bundle(ROOT / "models" / "fast"), steps, fits.LABELS_ONLY)
    assert report["n"] == 36 and report["swe_bench"]["n"] == 24
    assert report["bundle"].startswith("fast")
    for share in ("too_low", "out_of_domain"):
        assert 0.0 <= report[share]["low"] <= report[share]["point"] <= report[share]["high"] <= 1.0
    assert report["swe_bench"]["others"]["messages"]["auc_frontier"]["point"] == 1.0
    assert 0.0 <= report["swe_bench"]["auc_not_budget"]["point"] <= 1.0
