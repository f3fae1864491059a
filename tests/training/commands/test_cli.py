"""`tierwise fit` as people call it: what it writes, what it prints, how it refuses."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import joblib
import pytest

from router.brain.bundle.write import write_bundle
from router.commands.cli import main
from tests.training import fits
from training.commands import cli
from training.pipeline import fit_bundle
from training.rows.readers import read_rows

Done = subprocess.CompletedProcess[str]


def tierwise(*arguments: object) -> Done:
    """`tierwise ARGUMENTS...` in a fresh process, in the checkout."""
    environ = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "router", *map(str, arguments)]
    return subprocess.run(command, cwd=fits.ROOT, env=environ, capture_output=True, text=True, timeout=120)


def fit(*arguments: object, out: Path) -> Done:
    return tierwise("fit", *arguments, "--out", out, "--cache", out.parent / "cache")


CODING = fits.TRAFFIC / "coding.jsonl"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> tuple[Path, Done]:
    out = tmp_path_factory.mktemp("models") / "mine"
    done = fit(
        CODING,
        *(fits.SAMPLE / "outcomes.jsonl", "--tiers", fits.SAMPLE / "tiers.json", "--target", "coding"),
        *("--max-quality-loss", 0.2, "--licence", "MIT", "--seed", 3, "--json"),
        *("--report", out.parent / "report", "--show-prompts"),
        out=out,
    )
    return out, done


def test_the_entry_point_of_the_project_names_the_command():
    project = tomllib.loads((fits.ROOT / "pyproject.toml").read_text())["project"]
    point = project["entry-points"]["tierwise.commands"]["fit"]
    assert EntryPoint(name="fit", value=point, group="tierwise.commands").load() is cli.fit


def test_fit_writes_a_bundle_and_prints_its_evaluation(fitted):
    out, done = fitted
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((out / "evaluation.json").read_text())
    stages = done.stderr.splitlines()
    assert all(line.startswith("tierwise: ") for line in stages), done.stderr
    assert stages[-2].startswith("tierwise: wrote mine-")
    assert stages[-1] == f"tierwise: wrote the report to {out.parent / 'report'}"


def test_the_page_shows_the_asks_that_were_asked_for_and_the_bundle_holds_none(fitted):
    out, _ = fitted
    evaluation = json.loads((out / "evaluation.json").read_text())
    listed = {row["id"] for row in evaluation["near_threshold"] + evaluation["misses"]["too_high"]["rows"]}
    rows = [row for row in fits.traffic_rows().rows if row.source == "coding" and row.id in listed]
    asks = [row.messages[0].text for row in rows if len(row.messages) == 1 and 20 < len(row.messages[0].text) < 200]
    page = " ".join(html.unescape((out.parent / "report" / "report.html").read_text("utf-8")).split())
    assert len(asks) > 2 and sum(" ".join(ask.split()) in page for ask in asks) > len(asks) / 2, "less what is peeled"
    written = [(out / name).read_text("utf-8") for name in ("evaluation.json", "MODEL_CARD.md", "manifest.json")]
    assert not [ask for ask in asks if any(ask in text for text in written)]


def test_what_was_fitted_is_verified_and_routes(fitted):
    out, _ = fitted
    verified = tierwise("bundle", "verify", out)
    assert (verified.returncode, verified.stderr) == (0, "")
    routed = tierwise("route", "hi", "--bundle", out, "--json")
    assert routed.returncode == 0, routed.stderr
    decision = json.loads(routed.stdout)
    assert decision["tier"] in ("budget", "production", "frontier")
    assert decision["bundle"]["id"].startswith("mine-")


def test_the_manifest_says_what_the_command_was_told(fitted):
    manifest = json.loads((fitted[0] / "manifest.json").read_text())
    assert manifest["promise"]["goal"] == {"max_quality_loss": 0.2}
    assert manifest["training"]["config"]["seed"] == 3
    assert manifest["training"]["sources"]["coding"]["licence"] == "MIT"
    assert manifest["promise"]["population"] == "held-out rows of coding"
    assert str(fits.ROOT) not in json.dumps(manifest), "a bundle tells nothing of the machine it was made on"


@pytest.fixture
def run_here(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `tierwise ARGUMENTS...` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tierwise", *map(str, arguments)])
        with joblib.parallel_config("sequential"), pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        written = capsys.readouterr()
        return ended.value.code, written.out, written.err

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        ([CODING, "--calibration", "magic"], "expected one of sigmoid, isotonic"),
        ([CODING, "--unsolved", "maybe"], "expected one of cheap, strong, drop"),
        ([CODING, "--max-quality-loss", "5"], "max_quality_loss: expected a number in [0, 1]"),
        ([CODING, "--max-quality-loss", "nan"], "max_quality_loss: expected a number in [0, 1]"),
        ([CODING, "--max-quality-loss", "0.1", "--tier-mix", "frontier=0.1"], "choose one of max_quality_loss"),
        ([CODING, "--tier-mix", "frontier"], "expected TIER=SHARE"),
        ([CODING, "--slice", "weather"], "expected one of source, lang, task, trap, length"),
        ([CODING, "--confidence", "1.0"], "--confidence"),
        ([CODING, "--tier-cost", "budget"], "expected TIER=USD"),
        ([CODING, "--tier-cost", "budget=cheap"], "expected TIER=USD"),
        ([CODING, "--skip-bad", "-1"], "--skip-bad"),
        ([CODING, "--promise", "maybe"], "expected one of cross-fit, parted"),
        ([CODING, "--folds", "1"], "--folds"),
        ([CODING, "--folds-by", "rows"], "expected one of group, source"),
        ([CODING, "--show-prompts"], "name its folder with --report"),
        ([CODING, "--refit"], "is for --promise parted"),
        ([CODING, "--sed", "1"], "No such option"),
    ],
)
def test_wrong_use_exits_2_and_says_what_was_expected(run_here, arguments, message, tmp_path):
    code, out, err = run_here("fit", *arguments, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "b", "prompt": "hi", "tier": 3}', "rows.jsonl:2: tier: expected a string"),
        ('{"id": "b", "prompt": "hi"', "rows.jsonl:2: expected one JSON object"),
        (
            '{"id": "b", "prompt": "hi", "tier": "gold"}',
            "tier: 'gold' is not a tier; use one of: budget, production, frontier",
        ),
        ('{"id": "b", "prompt": "hi", "outcomes": {"m": 1}}', "source: expected a source of the tier map"),
    ],
)
def test_wrong_rows_exit_1_with_a_line_that_says_where(run_here, line, message, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "a", "prompt": "hi", "tier": "budget"}\n' + line + "\n")
    code, out, err = run_here("fit", rows, "--out", tmp_path / "out", "--cache", tmp_path / "cache")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("tierwise: ")
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "expected a file, found none there"),
        ([CODING, "--encoder", "nonsense"], "expected shipped, multilingual, distil"),
        ([CODING, "--target", "nowhere"], "'nowhere' has no rows"),
        ([CODING, "--tier-cost", "budget=1"], "price of tier 'production' is not known"),
        ([CODING, "--tiers", "none.json"], "the tier map cannot be read"),
        ([CODING, "--in-use", "nowhere"], "nowhere/manifest.json: cannot be read"),
    ],
)
def test_what_cannot_be_done_exits_1_before_the_long_work(run_here, arguments, message, tmp_path):
    code, out, err = run_here("fit", *arguments, "--out", tmp_path / "out", "--cache", tmp_path / "cache")
    assert (code, out) == (1, "")
    assert message in err.splitlines()[-1]
    assert "fitting" not in err


def test_too_few_rows_for_the_promise_exit_1_and_leave_the_old_bundle(run_here, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text("old")
    rows = fits.SAMPLE / "labelled.jsonl"
    code, out, err = run_here("fit", rows, "--out", tmp_path / "out", "--cache", tmp_path / "cache")
    assert (code, out) == (1, "")
    assert "cannot promise max_quality_loss 0.05" in err.splitlines()[-1]
    assert (tmp_path / "out" / "manifest.json").read_text() == "old"


def test_wrong_rows_are_skipped_only_where_that_was_asked_for(run_here, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("nonsense\n" + (fits.SAMPLE / "labelled.jsonl").read_text())
    for skip, says in ((0, "rows.jsonl:1: expected one JSON object"), (1, "skipped 1 wrong rows; the first")):
        arguments = (rows, "--skip-bad", skip, "--max-quality-loss", 0, "--cache", tmp_path / "cache")
        code, _, err = run_here("fit", *arguments, "--out", tmp_path / "out")
        assert (code, says in err) == (1, True)


def test_a_bundle_that_does_not_pass_the_gate_is_not_written(run_here, tmp_path):
    arguments = (CODING, "--max-quality-loss", 0.5, "--gate", "--promise", "parted", "--cache", tmp_path / "cache")
    code, out, err = run_here("fit", *arguments, "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "Route nothing" in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.fixture
def in_use(tmp_path) -> Path:
    """A bundle that was fitted on other rows: it is compared only on rows that it has not seen."""
    rows = read_rows([fits.TRAFFIC / "multi_turn.jsonl"])
    config = replace(fits.QUICK, max_quality_loss=0.3)
    with joblib.parallel_config("sequential"):
        write_bundle(tmp_path / "other", fit_bundle(rows, fits.LABELS_ONLY, fits.shipped_encoder(), config))
    return tmp_path / "other"


def test_another_goal_slices_a_refit_and_a_bundle_in_use_reach_the_fit(run_here, in_use, tmp_path):
    out = tmp_path / "out"
    arguments = (CODING, "--tier-mix", "frontier=0.6", "--slice", "lang", "--in-use", in_use, "--json")
    parted = ("--promise", "parted", "--refit", "--cache", tmp_path / "cache")
    code, printed, err = run_here("fit", *arguments, *parted, "--out", out)
    assert code == 0, err
    assert "in_use" in [check["name"] for check in json.loads(printed)["gate"]["checks"]]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["promise"]["goal"] == {"tier_mix": {"frontier": 0.6}}
    assert manifest["training"]["config"]["promise_slices"] == ["lang"]
    assert manifest["training"]["config"]["refit"] is True


def test_evaluate_shows_prompts_on_a_page_alone(run_here):
    code, out, err = run_here("evaluate", CODING, "--show-prompts")
    assert (code, out) == (2, "")
    assert "name its folder with --out" in " ".join(err.replace("│", " ").split())
