"""The decision: the order of its steps, each step's part, and what always holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import ContextTooLong, RequestError
from router.policy import NO_LIMITS, STEPS, Conditions, Limits, Rule, Threshold, choose, decide
from router.policy.capability import missing
from router.types import Dialect, Needs, Overrides, Reason
from tests.router.policy.parts import COST_PROMISE, MODELS, PROMISE, TIERS, facts, model, policy, setup

IMAGES = Needs(images=True)


def decided(request, configuration=None):
    choice = decide(request, configuration or setup())
    return choice.tier, choice.reason


def note(choice, step) -> str:
    return next(one.note for one in choice.steps if one.name == step)


def refused(request, configuration=None) -> RequestError:
    with pytest.raises(RequestError) as caught:
        decide(request, configuration or setup())
    return caught.value


# --- The order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        facts(),
        facts(model="tier:large"),
        facts(turn="title"),
        facts(out_of_domain=True),
        facts(needs=Needs(json_schema=True)),
        facts(overrides=Overrides(floor="medium")),
    ],
)
def test_every_decision_tells_all_steps_in_the_fixed_order(request_):
    choice = decide(request_, setup(Rule(Conditions(turn=("probe",)), Limits(tier="large"))))
    assert tuple(step.name for step in choice.steps) == STEPS
    assert all(step.note for step in choice.steps)
    assert choice.steps[-1].tier == choice.tier
    assert choice.candidates[0].tier == choice.tier
    assert choice.candidates[0].model in choice.steps[-1].note


# --- Pins -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "tier", "model_"),
    [
        (facts(overrides=Overrides(tier="large")), "large", "b/all"),
        (facts(model="tier:medium"), "medium", "b/tools"),
        (facts(model="c/tools"), "medium", "c/tools"),
        (facts(model="eye"), "small", "a/eye"),
        (facts(model="eye", overrides=Overrides(tier="large")), "large", "b/all"),
        (facts(overrides=Overrides(off=True)), "large", "b/all"),
        (facts(model="gpt-99", overrides=Overrides(off=True)), "large", "b/all"),
        (facts(model="auto:careful", overrides=Overrides(off=True)), "large", "b/all"),
        (facts(model="text", overrides=Overrides(off=True)), "small", "a/text"),
        (facts(overrides=Overrides(off=True, ceiling="medium")), "medium", "b/tools"),
    ],
)
@pytest.mark.parametrize("rule", [None, Rule(Conditions(), Limits(tier="medium")), Rule(Conditions(), policy="strict")])
def test_a_pin_goes_before_rules_turns_and_the_classifier(request_, tier, model_, rule):
    strict = policy("strict", limits=Limits(ceiling="small"))
    configuration = setup(*([rule] if rule else []), policies=(strict,))
    request_ = replace(request_, turn="title", prediction=replace(request_.prediction, out_of_domain=True))
    choice = decide(request_, configuration)
    assert (choice.tier, choice.candidates[0].model, choice.reason) == (tier, model_, Reason.PINNED)
    assert {candidate.tier for candidate in choice.candidates} == {tier}
    assert choice.threshold.promise is None


@pytest.mark.parametrize("name", ["gpt-99", "tools", "auto", None, "", "autos", "a/", "\ud800"])
def test_other_names_are_no_pins_and_the_step_says_so(name):
    choice = decide(facts(model=name), setup())
    assert (choice.tier, choice.reason) == ("small", Reason.THRESHOLD)
    assert "no pin" in note(choice, "pin")
    if name == "tools":
        assert "could be b/tools or c/tools" in note(choice, "pin")


def test_a_models_name_without_a_provider_is_matched_whole():
    configuration = setup(models=MODELS | {"small": (model("plain"),)})
    assert decided(facts(model="plain"), configuration) == ("small", Reason.PINNED)
    assert decided(facts(model=""), configuration) == ("small", Reason.THRESHOLD)


def test_a_model_in_two_tiers_is_pinned_at_the_cheaper_one():
    models = MODELS | {"large": (*MODELS["large"], model("c/tools", "tools"))}
    assert decided(facts(model="c/tools"), setup(models=models)) == ("medium", Reason.PINNED)


@pytest.mark.parametrize(
    ("request_", "field", "code", "says"),
    [
        (facts(overrides=Overrides(tier="huge")), "x-router-tier", "unknown_tier", "use one of: small, medium, large"),
        (facts(overrides=Overrides(floor="smal")), "x-router-floor", "unknown_tier", "Did you mean 'small'?"),
        (facts(overrides=Overrides(ceiling="x")), "x-router-ceiling", "unknown_tier", "'x' is not a tier"),
        (facts(overrides=Overrides(policy="x")), "x-router-policy", "unknown_policy", "use one of: auto, careful"),
        (facts(model="auto:carefull"), "model", "unknown_policy", "Did you mean 'auto:careful'?"),
        (facts(model="tier:larg"), "model", "unknown_tier", "Did you mean 'tier:large'?"),
        (facts(model="tier:"), "model", "unknown_tier", "'' is not a tier"),
        (facts(tiers=("small", "x")), "router.tiers[1]", "unknown_tier", "'x' is not a tier"),
        (
            facts(overrides=Overrides(floor="large", ceiling="small")),
            "x-router-floor",
            "contradiction",
            "floor large, ceiling small",
        ),
        (
            facts(overrides=Overrides(tier="small", floor="large")),
            "x-router-floor",
            "contradiction",
            "contradict each other",
        ),
        (facts(model="tier:small", tiers=("large",)), "router.tiers", "contradiction", "contradict"),
        (
            facts(overrides=Overrides(off=True, ceiling="small"), tiers=("large",)),
            "x-router-ceiling",
            "contradiction",
            "",
        ),
    ],
)
def test_a_callers_mistakes_are_refused_with_the_header_and_the_names_that_are_known(request_, field, code, says):
    error = refused(request_)
    assert (error.field, error.code) == (field, code)
    assert error.message.startswith(f"{field}: ")
    assert says in error.message


# --- Policies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "name", "tier"),
    [
        (facts(0.05, 0.0), "auto", "small"),
        (facts(0.05, 0.0, model="auto:careful"), "careful", "medium"),
        (facts(0.05, 0.0, overrides=Overrides(policy="careful")), "careful", "medium"),
        (facts(0.05, 0.0, model="auto:careful", overrides=Overrides(policy="auto")), "auto", "small"),
        (facts(0.0, 0.0, model="auto:high"), "high", "large"),
    ],
)
def test_the_policy_is_chosen_by_header_or_name_and_brings_its_threshold_and_limits(request_, name, tier):
    choice = decide(request_, setup(policies=(policy("high", limits=Limits(floor="large")),)))
    assert (choice.policy, choice.tier) == (name, tier)


def test_a_rule_puts_a_policy_in_force_unless_the_caller_chose_one():
    rule = Rule(Conditions(), policy="careful")
    assert decide(facts(0.05, 0.0), setup(rule)).policy == "careful"
    choice = decide(facts(0.05, 0.0, overrides=Overrides(policy="auto")), setup(rule))
    assert (choice.policy, choice.tier) == ("auto", "small")
    assert "the caller's policy auto stays" in note(choice, "rules")


def test_a_requests_own_target_goes_before_the_policys():
    choice = decide(facts(0.05, 0.0), setup(), asked_threshold=Threshold(0.01, PROMISE))
    assert (choice.tier, choice.threshold) == ("medium", Threshold(0.01, PROMISE))
    assert "(the request)" in note(choice, "classifier")


# --- Rules and limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "request_", "expected"),
    [
        (Limits(tier="large"), facts(), ("large", Reason.RULE)),
        (Limits(tier="small"), facts(0.9, 0.9), ("small", Reason.RULE)),
        (Limits(floor="medium"), facts(), ("medium", Reason.RULE)),
        (Limits(floor="medium"), facts(0.9, 0.9), ("large", Reason.THRESHOLD)),
        (Limits(ceiling="medium"), facts(0.9, 0.9), ("medium", Reason.RULE)),
        (Limits(ceiling="medium"), facts(), ("small", Reason.THRESHOLD)),
        # the operator's word goes before the caller's
        (Limits(tier="small"), facts(overrides=Overrides(floor="large")), ("small", Reason.RULE)),
        (Limits(ceiling="small"), facts(overrides=Overrides(floor="medium")), ("small", Reason.THRESHOLD)),
        (Limits(ceiling="medium"), facts(overrides=Overrides(floor="large")), ("medium", Reason.THRESHOLD)),
        (Limits(floor="medium"), facts(tiers=("small", "large")), ("large", Reason.THRESHOLD)),
        # the highest floor, the lowest ceiling
        (Limits(floor="medium"), facts(overrides=Overrides(floor="large")), ("large", Reason.THRESHOLD)),
        (Limits(ceiling="large"), facts(0.9, 0.9, overrides=Overrides(ceiling="small")), ("small", Reason.THRESHOLD)),
        # a rule that names a tier goes before the kind of turn
        (Limits(tier="large"), facts(turn="title"), ("large", Reason.RULE)),
        (Limits(floor="medium"), facts(turn="title"), ("medium", Reason.TURN)),
    ],
)
def test_rules_and_the_callers_limits_combine(rule, request_, expected):
    assert decided(request_, setup(Rule(Conditions(), rule))) == expected


def test_a_limit_that_cannot_hold_is_said_in_the_step():
    choice = decide(facts(overrides=Overrides(floor="large")), setup(Rule(Conditions(), Limits(ceiling="small"))))
    assert "the caller: floor large (overridden by earlier limits)" in note(choice, "rules")


def test_rules_that_do_not_match_are_said_too():
    choice = decide(facts(), setup(Rule(Conditions(turn=("title",)), Limits(tier="large"))))
    assert (choice.tier, note(choice, "rules")) == ("small", "none matches")
    assert note(decide(facts(), setup()), "rules") == "none are configured"


# --- Turns ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", ["title", "probe", "classification", "suggestion", "heartbeat"])
def test_housekeeping_gets_the_cheapest_tier_that_is_allowed(turn):
    assert decided(facts(0.9, 0.9, turn=turn)) == ("small", Reason.TURN)
    assert decided(facts(0.9, 0.9, turn=turn, out_of_domain=True)) == ("small", Reason.TURN)
    assert decided(facts(0.9, 0.9, turn=turn, overrides=Overrides(floor="medium"))) == ("medium", Reason.TURN)
    assert decided(facts(0.9, 0.9, turn=turn, tiers=("large",))) == ("large", Reason.TURN)


def test_a_compaction_gets_at_least_the_safe_tier():
    assert decided(facts(turn="compaction")) == ("medium", Reason.TURN)
    assert decided(facts(0.9, 0.9, turn="compaction")) == ("large", Reason.THRESHOLD)


@pytest.mark.parametrize("turn", ["user", "continuation", "tool_result", "a kind of next year"])
def test_other_turns_go_to_the_classifier(turn):
    assert decided(facts(0.9, 0.0, turn=turn)) == ("medium", Reason.THRESHOLD)


def test_turns_are_configured_for_all_and_for_a_policy():
    own = policy("own", turns={"title": NO_LIMITS, "user": Limits(tier="medium")})
    configuration = setup(turns={"title": Limits(tier="large")}, policies=(own,))
    assert decided(facts(turn="title"), configuration) == ("large", Reason.TURN)
    assert decided(facts(turn="title", model="auto:own"), configuration) == ("small", Reason.THRESHOLD)
    assert decided(facts(model="auto:own"), configuration) == ("medium", Reason.TURN)


# --- Capabilities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "tier", "model_", "reason"),
    [
        (facts(needs=IMAGES), "small", "a/eye", Reason.THRESHOLD),
        (facts(0.9, 0.0, needs=IMAGES), "large", "b/all", Reason.CAPABILITY),
        (facts(needs=Needs(json_schema=True)), "medium", "b/tools", Reason.CAPABILITY),
        (facts(needs=Needs(n=2)), "large", "b/all", Reason.CAPABILITY),
        (facts(needs=Needs(n=1)), "small", "a/text", Reason.THRESHOLD),
        (facts(turn="title", needs=Needs(logprobs=True)), "large", "b/all", Reason.CAPABILITY),
        (facts(max_output_tokens=101), "small", "a/text", Reason.THRESHOLD),
        (facts(size_bytes=2_000, tokens=1_001), "medium", "b/tools", Reason.CAPABILITY),
        (facts(size_bytes=2_000, tokens=1_000), "small", "a/text", Reason.THRESHOLD),
        (facts(size_bytes=2_000, tokens=950, max_output_tokens=32_000), "medium", "b/tools", Reason.CAPABILITY),
        (facts(size_bytes=20_000, tokens=20_000), "medium", "c/tools", Reason.CAPABILITY),
        # over a ceiling, before failing
        (facts(needs=Needs(n=2), overrides=Overrides(ceiling="small")), "large", "b/all", Reason.CAPABILITY),
    ],
)
def test_the_gate_moves_up_to_the_first_model_that_can(request_, tier, model_, reason):
    choice = decide(request_, setup())
    assert (choice.tier, choice.candidates[0].model, choice.reason) == (tier, model_, reason)


@pytest.mark.parametrize(
    ("request_", "limits"),
    [
        (facts(), {"a/text": 100}),
        (facts(max_output_tokens=100), {}),
        (facts(max_output_tokens=32_000), {"a/text": 100, "b/tools": 9_990, "b/all": 9_990}),
        # What is left of the window beside the input; of a/eye no limit is known.
        (facts(size_bytes=9_000, tokens=3_000, max_output_tokens=32_000), {"b/tools": 7_000, "b/all": 7_000}),
        (facts(size_bytes=9_000, tokens=3_000, max_output_tokens=900), {}),
    ],
)
def test_an_output_limit_above_what_fits_is_lowered_and_moves_nothing(request_, limits):
    choice = decide(request_, setup())
    assert {name: limit for name, limit in choice.output_limits.items() if name != "a/eye"} == limits


def test_a_lowered_limit_is_told_in_the_steps():
    *_, last = decide(facts(max_output_tokens=32_000), setup()).steps
    assert "its answer is limited to 100 tokens" in last.note


HOSTED = Needs(tools=True, hosted=True)


@pytest.mark.parametrize(
    ("losses", "hosts", "tier", "first"),
    [
        ((0.0, 0.0), {"b": {Dialect.ANTHROPIC}}, "medium", "b/host"),  # the cheapest that has them, above
        ((0.9, 0.9), {"a": {Dialect.ANTHROPIC}}, "small", "a/host"),  # none above: below
        ((0.9, 0.9), {"a": {Dialect.ANTHROPIC}, "b": {Dialect.OPENAI_CHAT, Dialect.ANTHROPIC}}, "medium", "b/host"),
        ((0.0, 0.0), {"b": {Dialect.GEMINI}}, "small", "a/plain"),  # of another dialect: as without
        ((0.0, 0.0), {}, "small", "a/plain"),
    ],
)
def test_what_only_one_dialect_has_goes_to_a_model_that_has_it(losses, hosts, tier, first):
    can, cannot = ("tools", "hosted_tools"), ("tools",)
    models = {
        "small": (model("a/plain", *cannot), model("a/host", *can)),
        "medium": (model("b/plain", *cannot), model("b/host", *can)),
        "large": (model("c/plain", *cannot),),
    }
    configuration = replace(setup(models=models), dialects=hosts)
    choice = decide(facts(*losses, needs=HOSTED, dialect=Dialect.ANTHROPIC), configuration)
    assert (choice.tier, choice.candidates[0].model) == (tier, first)
    assert choice.hosts == {f"{name}/host" for name, spoken in hosts.items() if Dialect.ANTHROPIC in spoken}
    if choice.hosts:
        (step,) = [step for step in choice.steps if step.name == "capability"]
        assert first in step.note and "its own dialect alone has" in step.note
        names = [one.model in choice.hosts for one in choice.candidates]
        assert names == sorted(names, reverse=True)  # those without are a last resort


def test_a_pinned_model_is_asked_in_words_for_what_it_does_not_know():
    schema = Needs(json_schema=True)
    assert decided(facts(needs=schema, model="c/tools")) == ("medium", Reason.PINNED)
    assert decide(facts(needs=schema), setup()).candidates[0].model == "b/tools"
    without = {tier: (model(f"x/{tier}", "tools"),) for tier in MODELS}
    assert decided(facts(needs=schema), setup(models=without)) == ("small", Reason.THRESHOLD)


def test_a_rules_tier_is_moved_up_too():
    rule = Rule(Conditions(), Limits(tier="small"))
    assert decided(facts(needs=Needs(n=2)), setup(rule)) == ("large", Reason.CAPABILITY)


def test_only_models_that_can_serve_the_request_are_candidates():
    choice = decide(facts(needs=IMAGES), setup())
    assert [(one.tier, one.model) for one in choice.candidates] == [("small", "a/eye"), ("large", "b/all")]


def test_what_nobody_knows_of_a_model_is_no_obstacle():
    unknown = replace(model("x/y"), capabilities=None)
    request = facts(needs=Needs(audio=True, n=9), size_bytes=10**9, tokens=10**9, max_output_tokens=10**9)
    assert decided(request, setup(models=MODELS | {"small": (unknown,)})) == ("small", Reason.THRESHOLD)


def test_tokens_are_counted_only_where_the_bytes_could_be_too_many():
    request = replace(facts(size_bytes=900), input_tokens=None)
    assert decided(request) == ("small", Reason.THRESHOLD)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (facts(needs=Needs(audio=True)), ["Nearest is", "it lacks audio"]),
        (facts(needs=Needs(audio=True, n=2)), ["Nearest is b/all (large); it lacks audio."]),
        (facts(needs=Needs(images=True), model="tier:medium"), ["the pinned tier medium", "b/all (large) could"]),
        (facts(needs=Needs(images=True), model="a/text"), ["the pinned model a/text", "it lacks images"]),
        (
            facts(0.9, 0.9, needs=IMAGES, size_bytes=99_999, tokens=20_000),
            ["a context window of 20,000 tokens (it has 10,000)"],
        ),
        (facts(needs=Needs(n=2), tiers=("small", "medium")), ["x-router-tier: large asks for it"]),
    ],
)
def test_where_nothing_can_the_error_names_what_is_missing_and_the_nearest_model(request_, says):
    if request_.request.chat.max_output_tokens == 50_000:
        models = {tier: tuple(replace(one, max_output_tokens=100) for one in specs) for tier, specs in MODELS.items()}
        error = refused(request_, setup(models=models))
    else:
        error = refused(request_)
    is_window = isinstance(error, ContextTooLong)
    assert (error.status, error.code) == (400, "context_length_exceeded" if is_window else "no_model_fits")
    assert is_window == (request_.request.chat.max_output_tokens is None and "a context window" in says[0])
    for words in says:
        assert words in error.message


def test_where_only_the_windows_are_too_small_the_largest_is_told_with_what_is_needed():
    error = refused(facts(0.9, 0.9, size_bytes=99_999, tokens=20_000, max_output_tokens=500))
    assert isinstance(error, ContextTooLong)
    assert error.message.startswith("prompt is too long: 20500 tokens > 10000 maximum. ")


def test_a_cheaper_tier_that_could_is_named_and_not_taken():
    ears = MODELS | {"small": (model("a/ear", "audio"),)}
    error = refused(facts(0.9, 0.9, needs=Needs(audio=True)), setup(models=ears))
    assert "a/ear (small) could; x-router-tier: small asks for it" in error.message


# --- Out of domain ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "configuration", "expected"),
    [
        (facts(out_of_domain=True), setup(), ("medium", Reason.OUT_OF_DOMAIN)),
        (facts(0.9, 0.9, out_of_domain=True), setup(), ("large", Reason.THRESHOLD)),
        (facts(out_of_domain=True, overrides=Overrides(ceiling="small")), setup(), ("small", Reason.THRESHOLD)),
        (facts(out_of_domain=True, tiers=("small", "large")), setup(), ("large", Reason.OUT_OF_DOMAIN)),
        (facts(out_of_domain=True, needs=IMAGES), setup(), ("large", Reason.OUT_OF_DOMAIN)),
        (facts(out_of_domain=True, needs=Needs(n=2)), setup(), ("large", Reason.CAPABILITY)),
        (facts(out_of_domain=True), setup(Rule(Conditions(), Limits(tier="small"))), ("small", Reason.RULE)),
        (facts(out_of_domain=True, model="tier:small"), setup(), ("small", Reason.PINNED)),
        (facts(out_of_domain=True), setup(safe_tier="small"), ("small", Reason.THRESHOLD)),
    ],
)
def test_out_of_domain_is_at_least_the_safe_tier_where_the_classifier_decided(request_, configuration, expected):
    assert decided(request_, configuration) == expected


def test_the_step_says_why_a_request_is_out_of_domain():
    request = facts(out_of_domain=True)
    why = "37 tool steps since the ask; the training rows have at most 12"
    request = replace(request, prediction=replace(request.prediction, unlike=why))
    note = next(step.note for step in decide(request, setup()).steps if step.name == "out_of_domain")
    assert f"({why})" in note
    assert "safe tier" in note


# --- The promise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "quality", "cost"),
    [
        (facts(), True, True),
        (facts(overrides=Overrides(floor="medium")), True, False),
        (facts(overrides=Overrides(ceiling="medium")), False, False),
        (facts(tiers=("small", "large")), False, False),
        (facts(tiers=("medium", "large")), True, False),
        (facts(needs=Needs(n=2)), True, False),
        (facts(turn="title"), False, False),
        (facts(turn="compaction"), True, False),
        (facts(model="tier:large"), False, False),
        (facts(out_of_domain=True), False, False),
    ],
)
def test_a_promise_is_given_where_the_classifier_decided_among_what_it_was_measured_with(request_, quality, cost):
    assert (decide(request_, setup()).threshold.promise is not None) is quality
    asked = Threshold(0.1, COST_PROMISE)
    assert (decide(request_, setup(), asked_threshold=asked).threshold.promise is not None) is cost


# --- What always holds ------------------------------------------------------------------------------------------------

tiers = st.sampled_from(TIERS)
maybe = st.none() | tiers
NEEDS = ("images", "audio", "documents", "tools", "parallel_tools", "json_mode", "json_schema", "logprobs")
needs = st.sets(st.sampled_from(NEEDS), max_size=3).map(lambda names: Needs(**dict.fromkeys(names, True)))
losses = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: sorted(pair, reverse=True))
limits = st.builds(Limits, floor=maybe, ceiling=maybe).filter(lambda said: said.allowed(TIERS))
actions = limits | st.builds(Limits, tier=tiers)
rules = st.lists(st.builds(lambda said: Rule(Conditions(turn=("user", "title")), said), actions), max_size=1)
overrides = st.builds(
    Overrides,
    tier=maybe,
    floor=maybe,
    ceiling=maybe,
    policy=st.sampled_from([None, "careful", "own"]),
    off=st.booleans(),
)
kinds = st.sampled_from(["user", "title", "compaction", "tool_result"])
models_of = st.fixed_dictionaries(
    {
        tier: st.lists(
            st.sets(st.sampled_from(NEEDS)).map(lambda names, tier=tier: model(f"{tier}/{len(names)}", *names)),
            min_size=1,
            max_size=2,
        ).map(tuple)
        for tier in TIERS
    }
)


@st.composite
def requests(draw, wishes=overrides):
    return facts(
        *draw(losses),
        turn=draw(kinds),
        needs=draw(needs),
        overrides=draw(wishes),
        out_of_domain=draw(st.booleans()),
        model=draw(st.sampled_from([None, "auto", "auto:careful", "tier:medium", "gpt-99"])),
    )


@st.composite
def configurations(draw):
    own = policy("own", 0.2, limits=draw(limits))
    return setup(*draw(rules), policies=(own,), models=draw(models_of), safe_tier=draw(tiers))


def choice_of(request, configuration):
    """The choice, or None where it is refused."""
    try:
        return decide(request, configuration)
    except RequestError:
        return None


def rank(tier: str | None) -> int:
    return -1 if tier is None else TIERS.index(tier)


def tier_after(choice, name) -> int:
    return rank(next(step.tier for step in choice.steps if step.name == name))


@given(requests(), configurations())
def test_after_the_classifier_a_tier_only_moves_up(request, configuration):
    if choice := choice_of(request, configuration):
        after = [tier_after(choice, name) for name in STEPS[STEPS.index("classifier") :]]
        assert after == sorted(after)


@given(requests(), configurations())
def test_a_tier_is_within_the_callers_limits_and_the_operators_before_them_unless_nothing_within_can(
    request, configuration
):
    choice = choice_of(request, configuration)
    if choice is None or choice.reason is Reason.CAPABILITY:
        return
    asked = request.request.overrides
    if choice.reason is Reason.PINNED:
        said = Limits(floor=asked.floor, ceiling=asked.ceiling)
        assert choice.tier in said.allowed(TIERS)
        return
    wish = set(Limits(floor=asked.floor, ceiling=asked.ceiling).allowed(TIERS))
    in_force = set(configuration.policies[choice.policy].limits.allowed(TIERS))
    assert choice.tier in in_force
    matching = [rule for rule in configuration.rules if rule.conditions.hold(request)]
    said = in_force & set(matching[0].limits.allowed(TIERS)) if matching else in_force
    if said:
        assert choice.tier in said
        if said & wish:
            assert choice.tier in said & wish


@given(requests(), configurations(), tiers)
def test_a_pin_holds_or_is_refused(request, configuration, tier):
    pinned = replace(
        request, request=replace(request.request, overrides=replace(request.request.overrides, tier=tier, off=False))
    )
    if choice := choice_of(pinned, configuration):
        assert (choice.tier, choice.reason) == (tier, Reason.PINNED)
        assert {candidate.tier for candidate in choice.candidates} == {tier}


@given(requests(), configurations())
def test_the_same_facts_get_the_same_choice(request, configuration):
    assert choice_of(request, configuration) == choice_of(request, configuration)


def is_asked_in_words(choice, request):
    """Whether nobody knows the shape of the answer that is asked for, so that models without it may serve too."""
    return any(missing(spec, request) for spec in choice.able[choice.tier])


@given(requests(), configurations(), st.sampled_from(NEEDS))
def test_a_need_more_never_lowers_the_tier(request, configuration, name):
    chat = request.request.chat
    more = replace(request.request, chat=replace(chat, needs=replace(chat.needs, **{name: True})))
    before, after = choice_of(request, configuration), choice_of(replace(request, request=more), configuration)
    if after is not None and not is_asked_in_words(after, replace(request, request=more)):
        assert before is not None
        assert rank(after.tier) >= rank(before.tier)


@given(requests(), configurations())
def test_every_candidate_can_serve_the_request_and_none_is_weaker_than_the_first(request, configuration):
    if choice := choice_of(request, configuration):
        able = {spec.model for specs in choice.able.values() for spec in specs}
        ranks = [rank(candidate.tier) for candidate in choice.candidates]
        assert {candidate.model for candidate in choice.candidates} <= able
        assert ranks == sorted(ranks)


@given(losses, st.booleans(), tiers)
def test_with_nothing_asked_and_nothing_configured_it_is_the_rule_that_promises_are_measured_with(pair, out, safe):
    request = facts(*pair, out_of_domain=out)
    models = {tier: (model(f"x/{tier}"),) for tier in TIERS}
    choice = decide(request, setup(models=models, safe_tier=safe))
    simple = choose(request.prediction, threshold=0.1, allowed=TIERS, safe_tier=safe)
    assert (choice.tier, choice.reason) == (simple.tier, simple.reason)
