"""Which models are tried, in which order, at the providers that have a key."""

from dataclasses import replace

import pytest

from router.policy import Cascade, Conditions, Limits, ModelNotConfigured, Rule, decide, plan_of
from router.policy.plan import targets_of
from router.types import Capability, ModelSpec, Needs, Overrides
from tests.router.forward.parts import decided
from tests.router.policy.parts import facts, policy, setup


def spec(name, *capabilities, window=1_000):
    return ModelSpec(name, 1.0, 2.0, context_window=window, capabilities=frozenset(capabilities) or None)


MODELS = {
    "small": (spec("a/m1"), spec("b/m2")),
    "medium": (spec("c/m3", Capability.TOOLS),),
    "large": (spec("d/m4"), spec("a/m5")),
}
ONLY_SMALL = Rule(Conditions(turn=("user",)), Limits(tier="small"))
NEEDS_IMAGES, NEEDS_TOOLS = Needs(images=True), Needs(tools=True)
LARGE = {"losses": (0.5, 0.5)}


def targets(usable, *rules, losses=(), models=MODELS, policies=(), **request):
    configured = setup(*rules, models=models, policies=policies)
    return targets_of(decide(facts(*losses, **request), configured), configured, set(usable))


@pytest.mark.parametrize(
    ("usable", "rules", "request_", "expected"),
    [
        ("abcd", (), {}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("bd", (), {}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("d", (ONLY_SMALL,), {}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("abcd", (ONLY_SMALL,), {}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
        ("abcd", (), {"model": "tier:small"}, ["a/m1", "b/m2"]),
        ("abcd", (), {"model": "m2"}, ["b/m2"]),
        ("cd", (), {"model": "tier:small"}, ["a/m1", "b/m2"]),
        ("a", (), LARGE, ["d/m4", "a/m5"]),
        ("bc", (), LARGE, ["d/m4", "a/m5", "c/m3", "a/m1", "b/m2"]),
        ("", (), LARGE, ["d/m4", "a/m5", "c/m3", "a/m1", "b/m2"]),
        ("b", (), {**LARGE, "overrides": Overrides(floor="large")}, ["d/m4", "a/m5"]),
        ("b", (), {**LARGE, "tiers": ("large",)}, ["d/m4", "a/m5"]),
        ("cd", (ONLY_SMALL,), {"tiers": ("small", "large")}, ["a/m1", "b/m2", "d/m4", "a/m5"]),
        ("cd", (ONLY_SMALL,), {"needs": NEEDS_IMAGES}, ["a/m1", "b/m2", "d/m4", "a/m5"]),
        ("cd", (ONLY_SMALL,), {"needs": NEEDS_TOOLS}, ["a/m1", "b/m2", "c/m3", "d/m4", "a/m5"]),
    ],
)
def test_the_candidates_then_stronger_ones_then_weaker_ones_where_none_of_them_can_be_called(
    usable, rules, request_, expected
):
    assert [target.name for target in targets(usable, *rules, **request_)] == expected


def test_a_model_that_the_decision_refused_for_its_window_is_not_tried_after_all():
    models = {
        "small": (spec("groq/a", window=None),),
        "medium": (spec("openai/b", window=4_000),),
        "large": (spec("anthropic/c", window=200_000),),
    }
    long = {"size_bytes": 40_000, "tokens": 8_816}
    configured = setup(models=models)
    choice = decide(facts(**long), configured)
    assert [one.model for one in choice.candidates] == ["groq/a", "anthropic/c"]
    usable = ("groq", "openai", "anthropic")
    assert [target.name for target in targets_of(choice, configured, usable)] == ["groq/a", "anthropic/c"]
    short = [target.name for target in targets(["openai"], models=models)]
    assert short == ["groq/a", "openai/b", "anthropic/c"], "a short request"
    assert [target.name for target in planned(["openai"], models=models, **long).targets] == ["groq/a", "anthropic/c"]


def test_a_policys_own_tiers_hold_for_what_stands_in():
    only = policy("only", limits=Limits(tiers=("small", "medium")))
    assert [target.name for target in targets("d", policies=(only,), model="auto:only")] == ["a/m1", "b/m2", "c/m3"]


def test_a_target_has_its_tier_its_price_row_and_its_window():
    target = targets("c", **LARGE)[2]
    assert (target.tier, target.provider, target.model, target.spec) == ("medium", "c", "m3", MODELS["medium"][0])
    assert target.context_window_tokens == 1_000


def test_an_echo_that_is_configured_is_a_model_like_others():
    models = dict.fromkeys(MODELS, (spec("echo/slow-1s"),))
    found = targets(["echo"], models=models)
    assert [(target.tier, target.name) for target in found] == [("small", "echo/slow-1s")]
    assert found[0].spec == models["small"][0]


def planned(usable, *, unknown_models="refuse", models=MODELS, policies=(), **request):
    configured = replace(setup(models=models, policies=policies), unknown_models=unknown_models)
    return plan_of(decided(), decide(facts(**request), configured), configured, usable)


def test_a_plan_has_the_cascade_of_the_policy_in_force():
    checked = policy("checked", cascade=Cascade(escalations=1))
    assert planned("abcd", policies=(checked,), model="auto:checked").cascade == Cascade(escalations=1)
    assert planned("abcd").cascade is None


@pytest.mark.parametrize("name", ["gpt-9", "m"])
def test_a_name_that_is_no_one_model_is_refused_or_decided_on_as_configured(name):
    twice = {**MODELS, "large": (spec("x/m"), spec("y/m"))}
    with pytest.raises(ModelNotConfigured, match=r"Ask for auto, tier:small, .*a/m1.*unknown_models"):
        planned("abcdxy", models=twice, model=name)
    assert planned("abcdxy", models=twice, model=name, unknown_models="auto").targets
