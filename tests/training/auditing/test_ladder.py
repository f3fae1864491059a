"""The audit: costs never mixed, dominated tiers named, verdicts that the noise does not make."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from router.errors import DataError
from router.types import Message
from training.auditing.ladder import Prices, audit
from training.commands.audit import audit as audit_command
from training.labels.tier_map import parse_tier_map
from training.rows.row import OutcomeRow

TIERS = ("budget", "production", "frontier")
MAP = {
    "tiers": {"mine": {"threshold": 0.5, **{tier: [f"{tier}-model"] for tier in TIERS}}},
    "ladders": {"mine": {"two": ["budget-model", "other"]}},
}
TIER_MAP = parse_tier_map(MAP, where="test")


def rows(*shares: float, n: int = 400, **facts) -> list[OutcomeRow]:
    """n rows on which the tiers are right with these probabilities, independently."""
    rng = np.random.default_rng(0)
    right = rng.random((n, len(shares))) < np.array(shares)
    return [
        OutcomeRow(
            id=str(i),
            source="mine",
            messages=(Message("user", f"question {i}"),),
            outcomes={f"{tier}-model": float(value) for tier, value in zip(TIERS, row.tolist(), strict=False)},
            **{name: {f"{tier}-model": v for tier, v in zip(TIERS, of, strict=False)} for name, of in facts.items()},
        )
        for i, row in enumerate(right)
    ]


def ladder(of, name="tiers", **options):
    return audit(of, TIER_MAP, n_resamples=200, **options)["sources"]["mine"]["ladders"][name]


def test_a_dearer_tier_that_is_worse_is_named_with_its_figures():
    report = ladder(rows(0.81, 0.63, 0.95, cost_usd=(0.001, 0.014, 0.02)))
    assert report["verdicts"]["production"] == {"verdict": "dominated", "against": ["budget"]}
    assert report["verdicts"]["frontier"]["verdict"] == "worth"
    assert report["cost_basis"] == "cost_usd"
    (sentence,) = report["sentences"]
    assert sentence.startswith("production costs 14x budget and is worse on these rows (0.")
    assert sentence.endswith("n=400): drop it.")


def test_what_the_noise_could_make_is_not_called_worse_or_better():
    assert ladder(rows(0.8, 0.8, 0.8, n=60))["verdicts"]["frontier"]["verdict"] in ("not_better", "unproven")


def test_a_ladder_on_which_nothing_dearer_pays_says_what_to_use():
    assert ladder(rows(0.9, 0.6, 0.5))["sentences"][-1] == "No costlier tier pays on these rows: use budget alone."


def test_a_step_behind_a_random_mix_of_its_neighbours_is_named():
    report = ladder(rows(0.2, 0.3, 0.95))
    assert report["verdicts"]["production"] == {"verdict": "below_mix", "against": ["budget", "frontier"]}
    assert "random mix of budget and frontier" in report["sentences"][0]


def test_win_rates_count_strict_wins_and_add_up():
    report = ladder(rows(0.0, 1.0, 1.0))
    pair = report["pairs"][0]
    assert (pair["better"], pair["tie"], pair["worse"], pair["n"]) == (1.0, 0.0, 0.0, 400)
    assert (report["pairs"][2]["tie"], report["pairs"][2]["difference"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("facts", "basis", "production_usd"),
    [
        ({"cost_usd": (0.1, 0.2, 0.3)}, "cost_usd", 0.2),
        ({"input_tokens": (100, 100, 100), "output_tokens": (10, 1000, 10)}, "tokens", 100 * 2e-6 + 1000 * 4e-6),
        ({"output_tokens": (10, 1000, 10)}, "output_tokens", 1000 * 4e-6),
        ({}, "assumed", 0.012),
        ({"cost_usd": (0.1, 0.2)}, "assumed", 0.012),  # two tiers measured, one not: never mixed
    ],
)
def test_costs_are_the_best_that_all_tiers_have(facts, basis, production_usd):
    prices = Prices(token_usd=dict.fromkeys(TIERS, (2.0, 4.0)))
    report = ladder(rows(0.5, 0.6, 0.7, **facts), prices=prices)
    assert report["cost_basis"] == basis
    assert report["steps"]["production"]["cost_usd"] == pytest.approx(production_usd)


def test_missing_outcomes_are_left_out_pair_by_pair_and_never_count_as_wrong():
    of = rows(1.0, 1.0, 1.0, n=40)
    of = [row if int(row.id) % 2 else OutcomeRow(row.id, "mine", row.messages, {"budget-model": 1.0}) for row in of]
    report = ladder(of)
    assert [report["steps"][tier]["n"] for tier in TIERS] == [40, 20, 20]
    assert report["steps"]["production"]["quality"] == 1.0
    assert report["pairs"][0]["n"] == 20


def test_a_ladder_whose_model_nobody_ran_is_reported_without_a_verdict():
    report = ladder(rows(0.5, 0.5, 0.5), name="two")
    assert (report["steps"]["other"]["n"], report["verdicts"], report["sentences"]) == (0, {}, [])
    assert report["cost_basis"] == "unknown"


def test_rows_of_a_source_that_the_map_lacks_are_refused():
    with pytest.raises(DataError, match="tiers"):
        audit(rows(0.5, 0.5, 0.5), parse_tier_map({"tiers": {}}, where="test"))


def test_the_same_rows_give_the_same_audit():
    assert audit(rows(0.5, 0.6, 0.7), TIER_MAP, n_resamples=100) == audit(
        rows(0.5, 0.6, 0.7), TIER_MAP, n_resamples=100
    )


# --- The command -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    (folder / "tiers.json").write_text(json.dumps(MAP))
    lines = [
        {"id": row.id, "source": "mine", "prompt": row.messages[0].text, "outcomes": dict(row.outcomes)}
        for row in rows(0.9, 0.6, 0.5, n=60)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "labelled.jsonl").write_text(json.dumps({"id": "1", "prompt": "hi", "tier": "budget"}))
    return folder


def run(*arguments):
    application = typer.Typer()
    application.command()(audit_command)
    return CliRunner().invoke(application, [str(argument) for argument in arguments])


def test_the_command_prints_a_table_and_the_sentences(files):
    done = run(files / "rows.jsonl", "--tiers", files / "tiers.json", "--resamples", 100, "--tier-cost", "budget=0.006")
    assert done.exit_code == 0, done.output
    assert "mine: 60 rows; cost assumed" in done.output
    assert "-> production costs 2.0x budget by the stated cost and is worse" in done.output
    assert "use budget alone" in done.output


def test_the_command_gives_programs_json(files):
    done = run(files / "rows.jsonl", files / "labelled.jsonl", "--tiers", files / "tiers.json", "--json")
    report = json.loads(done.stdout)
    assert report["sources"]["mine"]["n"] == 60
    assert report["n_labelled_rows_left_out"] == 1


@pytest.mark.parametrize(
    ("option", "value"), [("--tier-cost", "budget"), ("--tier-cost", "a=-1"), ("--tier-price", "a=1")]
)
def test_wrong_prices_are_wrong_use(files, option, value):
    done = run(files / "rows.jsonl", "--tiers", files / "tiers.json", option, value)
    assert done.exit_code == 2


def test_labelled_rows_alone_are_refused(files):
    done = run(files / "labelled.jsonl", "--tiers", files / "tiers.json")
    assert isinstance(done.exception, DataError)
