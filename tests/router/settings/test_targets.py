"""Targets: thresholds of policies and requests, and what happens where the bundle cannot support one."""

from __future__ import annotations

import re

import pytest

from router.brain.promise import Goal
from router.errors import ConfigError, RequestError
from router.policy import Limits
from router.settings import PolicySettings, Target
from router.settings.targets import Targets
from router.settings.values import SHIPPED_POLICIES
from router.types import RouteOptions
from tests.router.tiny_bundle import TIERS, tiny_promise


@pytest.fixture
def targets():
    return Targets(tiny_promise(), TIERS, safe_tier="production")


def test_a_policy_without_a_target_keeps_the_bundles_own(targets):
    policy = targets.policies({"auto": PolicySettings(limits=Limits(floor="production"))})["auto"]
    assert (policy.name, policy.threshold.value, policy.limits) == ("auto", 0.3, Limits(floor="production"))
    assert policy.threshold.promise == tiny_promise().stated()


@pytest.mark.parametrize(
    ("kind", "value", "threshold"),
    [("max_quality_loss", 0.2, 0.5), ("max_cost_usd_per_1k", 6.0, 0.5), ("tier_mix", {"frontier": 0.4}, 0.5)],
)
def test_each_kind_of_target_has_its_threshold_and_promise(targets, kind, value, threshold):
    found = targets.policies({"x": PolicySettings(Target(kind, value))})["x"].threshold
    assert found.value == threshold
    assert found.promise == tiny_promise().stated(Goal(**{kind: value}))


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (Target("max_quality_loss", 0.001, where="t.toml:3"), "max_quality_loss: .*support 0.02 or more"),
        (Target("max_cost_usd_per_1k", 0.5, where="t.toml:3"), "max_cost_usd_per_1k: .*support 2 or more"),
        (Target("tier_mix", {"frontier": 0.01}, where="t.toml:3"), "tier_mix: .*support 0.2 or more"),
        (Target("tier_mix", {"budget": 0.5}, where="t.toml:3"), "tier_mix: 'budget' cannot be limited"),
        (Target("tier_mix", {"huge": 0.5}, where="t.toml:3"), "tier_mix: 'huge' cannot be limited"),
    ],
    ids=str,
)
def test_an_operators_target_that_the_bundle_cannot_support_is_refused_with_the_least_that_it_can(
    targets, target, says
):
    with pytest.raises(ConfigError, match=rf"^t\.toml:3: policy mine: {says}"):
        targets.policies({"mine": PolicySettings(target)})
    assert targets.remarks == []


def test_all_targets_that_the_bundle_cannot_support_are_named_at_once(targets):
    small = Target("max_quality_loss", 0.001, where="t.toml:3")
    cheap = Target("max_cost_usd_per_1k", 0.5, where="t.toml:9")
    with pytest.raises(ConfigError) as caught:
        targets.policies({"a": PolicySettings(small), "auto": PolicySettings(), "b": PolicySettings(cheap)})
    assert [line[:17] for line in str(caught.value).splitlines()] == ["t.toml:3: policy ", "t.toml:9: policy "]


def test_a_shipped_policy_takes_the_least_that_the_bundle_supports_and_says_so():
    coarse = Targets(tiny_promise(), TIERS, safe_tier="production")
    coarse.policies(SHIPPED_POLICIES)
    assert coarse.remarks == []
    small = PolicySettings(Target("max_quality_loss", 0.005, at_least=True))
    assert coarse.policies({"careful": small})["careful"].threshold.value == 0.1
    (remark,) = coarse.remarks
    assert re.search(r"policy careful promises max_quality_loss 0\.02, the least .* in place of 0\.005", remark)


@pytest.mark.parametrize(
    ("safe_tier", "quality", "cost"), [("budget", False, False), ("production", True, True), ("frontier", True, False)]
)
def test_a_promise_holds_with_the_safe_tier_it_was_measured_with(safe_tier, quality, cost):
    targets = Targets(tiny_promise(), TIERS, safe_tier=safe_tier)
    assert (targets.asked(RouteOptions(max_quality_loss=0.2)).promise is not None) is quality
    assert (targets.asked(RouteOptions(max_cost_usd_per_1k=9.0)).promise is not None) is cost


def test_a_request_may_name_one_goal_that_can_be_kept(targets):
    assert targets.asked(RouteOptions()) is None
    assert targets.asked(RouteOptions(max_quality_loss=0.2)).value == 0.5
    with pytest.raises(RequestError, match="choose one of") as caught:
        targets.asked(RouteOptions(max_quality_loss=0.2, max_cost_usd_per_1k=1.0))
    assert caught.value.field == "router.max_cost_usd_per_1k"
    with pytest.raises(RequestError, match=r"support 0\.02 or more") as caught:
        targets.asked(RouteOptions(max_quality_loss=0.001))
    assert (caught.value.field, caught.value.code) == ("router.max_quality_loss", "target_too_small")
