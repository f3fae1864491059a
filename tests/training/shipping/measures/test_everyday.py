"""Everyday prompts: the files that are committed, and how decisions on them are counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.brain import load_bundle
from router.errors import DataError
from training.rows.readers import read_rows
from training.shipping.measures.everyday import Prompt, accepted_report, everyday_report, read_prompts

ROOT = Path(__file__).parents[4]
QUALITY = ROOT / "tests" / "quality"
TIERS = ("budget", "production", "frontier")


def prompt(number: int, *accepted: str) -> Prompt:
    return Prompt(f"p-{number}", "en", accepted, (), "a reason")


def test_sixty_prompts_in_twelve_languages_or_more_accept_one_tier_or_two():
    prompts = read_prompts(QUALITY / "everyday.jsonl", tiers=TIERS)
    assert len(prompts) == 60
    assert len({one.lang for one in prompts}) >= 12
    assert {len(one.accepted) for one in prompts} == {1, 2}
    assert {tier for one in prompts for tier in one.accepted} == set(TIERS)
    assert any(len(one.messages) == 3 for one in prompts)


def test_the_once_embarrassing_prompts_hold_one_proof_in_five_languages():
    prompts = read_prompts(QUALITY / "embarrassing.jsonl", tiers=TIERS)
    assert 12 <= len(prompts) <= 15
    proofs = [one for one in prompts if one.why == "a Sylow proof"]
    assert {one.lang for one in proofs} == {"en", "de", "ja", "es", "zh"}
    assert all("budget" not in one.accepted for one in proofs)


def test_no_prompt_of_the_test_sets_is_a_training_row():
    taught = {row.messages[-1].text.strip() for row in read_rows([ROOT / "data" / "traffic"]).rows}
    for name in ("everyday", "embarrassing"):
        prompts = read_prompts(QUALITY / f"{name}.jsonl", tiers=TIERS)
        assert not [one.id for one in prompts if one.messages[-1].text.strip() in taught]


def test_decisions_are_accepted_too_low_or_too_high():
    prompts = [prompt(0, "budget"), prompt(1, "budget", "production"), prompt(2, "frontier"), prompt(3, "production")]
    report = accepted_report(prompts, ["budget", "production", "production", "frontier"], tiers=TIERS)
    assert (report["n"], report["accepted"]["point"]) == (4, 0.5)
    assert report["accepted"]["low"] < 0.5 < report["accepted"]["high"]
    assert (report["too_low"], report["too_high"]) == (0.25, 0.25)
    assert [(miss["id"], miss["tier"]) for miss in report["misses"]] == [("p-2", "production"), ("p-3", "frontier")]


def test_every_faulty_line_is_named_at_once_without_its_text(tmp_path):
    good = {
        "id": "a",
        "lang": "en",
        "accepted": ["budget"],
        "messages": [{"role": "user", "content": "hi"}],
        "why": "x",
    }
    lines = [good, {**good, "id": "b", "accepted": ["cheap"]}, {**good, "id": "c", "messages": []}]
    secret = {"id": "d", "accepted": ["budget"], "messages": [{"role": "user", "content": "a secret"}]}
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, secret]))
    with pytest.raises(DataError) as caught:
        read_prompts(path, tiers=TIERS)
    said = str(caught.value)
    assert all(f"line {number}" in said for number in (2, 3, 4)) and "line 1" not in said
    assert "budget, production, frontier" in said and "secret" not in said


def test_an_id_that_is_there_twice_is_refused(tmp_path):
    line = json.dumps(
        {"id": "a", "lang": "en", "accepted": ["budget"], "messages": [{"role": "user", "content": "hi"}], "why": "x"}
    )
    path = tmp_path / "prompts.jsonl"
    path.write_text(f"{line}\n{line}\n")
    with pytest.raises(DataError, match="each id once"):
        read_prompts(path, tiers=TIERS)


def test_a_shipped_bundle_is_measured_on_both_files():
    report = everyday_report(load_bundle(ROOT / "models" / "fast"), QUALITY)
    assert report["bundle"].startswith("fast")
    assert report["everyday"]["n"] == 60
    for name in ("everyday", "embarrassing"):
        found = report[name]
        assert found["n"] - len(found["misses"]) == round(found["accepted"]["point"] * found["n"])
