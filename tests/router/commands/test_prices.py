"""A policy's price of quality at the operator's own prices: real services on loopback, and what stops their start."""

from __future__ import annotations

import json

import httpx2
import pytest

from router.brain.bundle.shipped import shipped_bundle
from router.core import Router
from router.errors import ConfigError
from tests.router.processes import serving, tierwise
from tests.router.tiny_bundle import tiny_held_out, write_tiny_bundle

PROMPT = {"prompt": "find the cause of this", "router": {"explain": True}}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("priced") / "bundle", held_out=tiny_held_out(3_000))


def configuration(folder, bundle, *usd_per_million, top="max_quality_loss = 0.06", name="t.toml"):
    """A file with one model per tier; its first line is the target."""
    tiers = "".join(
        f'[[tiers]]\nname = "{tier}"\nmodels = [{{ model = "acme/{tier}", input_usd_per_million = {usd}, '
        f"output_usd_per_million = {4 * usd} }}]\n"
        for tier, usd in zip(("budget", "production", "frontier"), usd_per_million, strict=True)
    )
    provider = '[[providers]]\nname = "acme"\nbase_url = "http://127.0.0.1:18159/v1"\nkey_required = false\n'
    path = folder / name
    path.write_text(f'{top}\nbundle = "{bundle}"\n{tiers}{provider}', encoding="utf-8")
    return path


def in_force(folder, path):
    done = tierwise("check", "--config", str(path), "--json", cwd=folder)
    return json.loads(done.stdout)["policies"]["auto"]


def test_two_services_with_other_prices_have_another_price_of_quality_and_keep_the_same_promise(bundle, tmp_path):
    found = {}
    for name, usd in {"even": (1.0, 2.0, 3.0), "steep": (0.1, 0.2, 30.0)}.items():
        path = configuration(tmp_path, bundle, *usd, name=f"{name}.toml")
        with serving("--config", str(path), cwd=tmp_path) as service:
            decision = httpx2.post(f"{service.address}/route", json=PROMPT).json()
        found[name] = in_force(tmp_path, path), decision
    for policy, decision in found.values():
        value, cost = decision["value_of_an_answer_usd"], decision["estimated_cost_usd"]
        totals = {tier: loss * value + cost[tier] for tier, loss in decision["expected_quality_loss"].items()}
        assert decision["tier"] == min(totals, key=totals.get)
        assert decision["promise"]["target"] == 0.06
        assert decision["promise"]["bound"] <= 0.06
        assert policy["outlook"]["bound"] <= 0.06
        assert policy["threshold"] is None
        (note,) = [step["note"] for step in decision["steps"] if step["step"] == "classifier"]
        assert f"{decision['tier']}: expected quality loss" in note
        assert " an answer, + $" in note
        assert " for tokens; " in note
    (even, _), (steep, _) = found["even"], found["steep"]
    assert steep["value_of_an_answer_usd"] > 3 * even["value_of_an_answer_usd"]
    assert steep["outlook"]["shares"] != even["outlook"]["shares"]


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ("max_quality_loss = 0.0001", "t.toml:1: policy auto: max_quality_loss: the bundle cannot promise"),
        ("max_cost_usd_per_1k = 0.0001", "t.toml:1: policy auto: max_cost_usd_per_1k: the bundle cannot promise"),
        ("policies.auto = { ceiling = 'production', max_quality_loss = 0.01 }", "its rows support 0.0"),
        ("value_of_an_answer_usd = 0", "value_of_an_answer_usd: expected a number"),
        ("value_of_an_answer_usd = 0.5\nmax_quality_loss = 0.1", "choose one target"),
    ],
)
def test_a_start_that_promises_what_the_rows_do_not_support_is_refused(bundle, tmp_path, top, says):
    path = configuration(tmp_path, bundle, 1.0, 2.0, 30.0, top=top)
    done = tierwise("check", "--config", str(path), cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr.decode()
    with pytest.raises(ConfigError, match=r"t\.toml"):
        Router.load(config=path, environ={})


def test_a_value_of_an_answer_is_the_price_and_states_what_it_is_bounded_to_lose(bundle, tmp_path):
    decided = []
    for value in (0.001, 0.5, 500.0):
        path = configuration(tmp_path, bundle, 0.1, 2.0, 30.0, top=f"value_of_an_answer_usd = {value}")
        router = Router.load(config=path, environ={})
        decision = router.route(PROMPT)
        assert decision.value_of_an_answer_usd == value
        assert decision.promise.goal == "max_quality_loss"
        decided.append((decision.tier, decision.promise.bound))
    assert [tier for tier, _ in decided] == ["budget", "production", "frontier"]
    assert [bound for _, bound in decided] == sorted((bound for _, bound in decided), reverse=True)


def test_a_budget_model_that_costs_more_than_productions_is_not_chosen(bundle, tmp_path):
    router = Router.load(config=configuration(tmp_path, bundle, 9.0, 1.0, 30.0), environ={})
    assert {router.route(text).tier for text in ("hi", "thanks", "what is the capital of france?")} <= {
        "production",
        "frontier",
    }


def test_long_requests_keep_the_promise_of_a_target_and_not_that_of_a_value(bundle, tmp_path):
    long = {
        "messages": [
            {"role": "system", "content": "that is all " * 40_000},
            {"role": "user", "content": "find the cause"},
        ]
    }
    short = {"messages": [{"role": "user", "content": "find the cause"}]}
    target = Router.load(config=configuration(tmp_path, bundle, 0.5, 1.0, 10.0), environ={})
    value = Router.load(
        config=configuration(tmp_path, bundle, 0.5, 1.0, 10.0, top="value_of_an_answer_usd = 0.2"), environ={}
    )
    assert target.route(long).value_of_an_answer_usd > 20 * target.route(short).value_of_an_answer_usd
    assert value.route(long).value_of_an_answer_usd == value.route(short).value_of_an_answer_usd == 0.2
    assert value.route(long).tier != "frontier"


def test_without_a_price_the_bundles_thresholds_choose_and_with_reference_costs_those(bundle, tmp_path):
    router = Router.load(config=configuration(tmp_path, bundle, 0, 0, 0), environ={})
    assert router.pricing is None
    assert router.route("hi").value_of_an_answer_usd is None


def test_one_price_for_all_tiers_orders_them_no_more_than_none_does(tmp_path):
    """One model at three efforts, or a provider's flat price: the ladder says what is cheaper."""
    alike = Router.load(config=configuration(tmp_path, shipped_bundle("fast"), 1.0, 1.0, 1.0), environ={})
    free = Router.load(config=configuration(tmp_path, shipped_bundle("fast"), 0, 0, 0), environ={})
    assert alike.pricing is not None and free.pricing is not None
    asks = ("hi", "Translate 'good morning' into French.", "Prove that every prime above 3 is one off a multiple of 6.")
    tiers = [alike.route(ask).tier for ask in asks]
    assert tiers == [free.route(ask).tier for ask in asks]
    assert tiers[0] == "budget" and tiers[-1] != "budget"
