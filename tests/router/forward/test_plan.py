"""Which targets are tried, in which order."""

import pytest

from router.forward.plan import plan_of
from router.types import Candidate, Capability, ModelSpec, Needs

TIERS = ("budget", "production", "frontier")


def spec(name, *capabilities):
    return ModelSpec(name, 1.0, 2.0, context_window=1_000, capabilities=frozenset(capabilities) or None)


MODELS = {
    "budget": (spec("a/m1"), spec("b/m2")),
    "production": (spec("c/m3", Capability.TOOLS),),
    "frontier": (spec("d/m4"), spec("a/m5")),
}
CANDIDATES = [Candidate(tier, one.model) for tier in TIERS for one in MODELS[tier]]


def names(tier, usable, *, pinned=False, reach=TIERS, needs=None, models=MODELS, only=False):
    first = TIERS.index(tier)
    candidates = [one for one in CANDIDATES if TIERS.index(one.tier) >= first and (not only or one.tier == tier)]
    plan = plan_of(candidates, models, set(usable), pinned=pinned, reach=reach, needs=needs or Needs())
    return [target.name for target in plan]


@pytest.mark.parametrize(
    ("tier", "usable", "more", "expected"),
    [
        ("budget", "abcd", {}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("budget", "bd", {}, ["b/m2", "d/m4"]),
        ("budget", "d", {"only": True}, ["d/m4"]),
        ("budget", "abcd", {"only": True}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("budget", "abcd", {"only": True, "pinned": True}, ["a/m1", "b/m2"]),
        ("budget", "cd", {"only": True, "pinned": True}, []),
        ("frontier", "bc", {}, ["c/m3", "b/m2"]),
        ("frontier", "b", {}, ["b/m2"]),
        ("frontier", "b", {"reach": ("frontier",)}, []),
        ("budget", "cd", {"only": True, "reach": ("budget", "frontier")}, ["d/m4"]),
        ("budget", "cd", {"only": True, "needs": Needs(images=True)}, ["d/m4"]),
        ("budget", "cd", {"only": True, "needs": Needs(tools=True)}, ["c/m3", "d/m4"]),
        ("budget", "", {}, ["echo/a/m1"]),
        ("budget", ["echo", "ollama"], {"pinned": True}, ["echo/a/m1"]),
    ],
)
def test_the_candidates_then_stronger_ones_then_weaker_ones_where_there_is_nothing_else(tier, usable, more, expected):
    assert names(tier, usable, **more) == expected


def test_a_target_has_its_tier_and_its_window():
    target = plan_of(CANDIDATES, MODELS, {"d"}, pinned=False, reach=TIERS, needs=Needs())[0]
    assert (target.tier, target.provider, target.model, target.context_window_tokens) == ("frontier", "d", "m4", 1_000)


def test_an_echo_that_is_configured_is_a_model_like_others():
    models = {tier: (spec("echo/slow-1s"),) for tier in TIERS}
    candidates = [Candidate(tier, "echo/slow-1s") for tier in TIERS]
    plan = plan_of(candidates, models, {"echo"}, pinned=False, reach=TIERS, needs=Needs())
    assert [(target.tier, target.name) for target in plan] == [("budget", "echo/slow-1s")]
