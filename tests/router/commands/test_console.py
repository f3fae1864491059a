"""What the commands say of the promise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.brain import load_bundle
from router.brain.promise import Goal
from router.commands.manifest_text import print_manifest


def printed(bundle, capsys, monkeypatch, **changes) -> str:
    monkeypatch.setenv("COLUMNS", "300")
    manifest = load_bundle(bundle).manifest
    print_manifest(replace(manifest, promise=replace(manifest.promise, **changes)))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        (
            Goal(max_quality_loss=0.15),
            "at most 15.0% of requests lose quality, 90% sure (n=90, bound 10.00%); saved 30.0% there",
        ),
        (
            Goal(max_cost_usd_per_1k=7.0),
            "at most $7 for 1,000 requests, 90% sure (n=90, bound $6.00); saved 50.0% there ($5.00)",
        ),
        (
            Goal(tier_mix={"frontier": 0.7}),
            "at most frontier for 70% of requests, 90% sure (n=90, bound frontier 60.0%); saved 30.0% there ($7.00)",
        ),
    ],
)
def test_the_promise_is_one_line_whatever_its_goal(tiny_bundle, capsys, monkeypatch, goal, says):
    assert says in printed(tiny_bundle, capsys, monkeypatch, goal=goal)


def test_slices_are_a_table_of_their_own_where_there_are_any(tiny_bundle, capsys, monkeypatch):
    out = printed(tiny_bundle, capsys, monkeypatch)
    row = next(line for line in out.splitlines() if "lang de" in line)
    for figure in ("40", "5.0%", "20.0%", "8.0%"):
        assert figure in row
    assert "slice" not in printed(tiny_bundle, capsys, monkeypatch, slices=())
