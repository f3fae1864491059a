"""Router.route: what it takes, what options do, what leaves a decision as it was."""

from __future__ import annotations

import importlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.brain import load_bundle
from router.brain.promise import Goal
from router.core import Router
from router.decision import RouteDecision
from router.dialects.route_body import request_from_text
from router.errors import BundleMissing, ConfigError, RequestError
from router.jsontext import encode_json
from router.policy import STEPS, choose
from router.settings import PolicySettings, Target, load_settings
from router.types import (
    ChatRequest,
    Message,
    Needs,
    Overrides,
    Prediction,
    Reason,
    RouteOptions,
    RouteRequest,
    StatedPromise,
)
from tests.router.processes import python
from tests.router.tiny_bundle import read_manifest

TIERS = ("budget", "production", "frontier")
EASY = "thanks, that's all for today!"
HARD = "Prove that the square root of 2 is irrational, and generalise the proof to every n that is not a square."
TEXTS = [EASY, HARD, "hi", "", "What is the capital of France?", "\u8bf7\u5206\u6790\u6b7b\u9501", "x" * 50_000]


def scored(decision: RouteDecision) -> dict[str, object]:
    """A decision without what differs from call to call, the dialect, and dollars, which are of all that is sent."""
    body = decision.to_dict()
    body["threshold"] = round(body["threshold"], 9)  # dollars by dollars
    left_out = ("decision_id", "latency_ms", "estimated_cost_usd", "value_of_an_answer_usd", "dialect")
    return {key: body[key] for key in body if key not in left_out}


def configured(target: Target):
    """Settings with nothing configured but the target of auto."""
    settings = load_settings({})
    return replace(settings, policies={**settings.policies, "auto": PolicySettings(target)})


@pytest.fixture(scope="module")
def tiny(tiny_bundle):
    return Router(load_bundle(tiny_bundle), load_settings({}), new_id=lambda: "dec_fixed", clock_s=lambda: 1.0)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_a_text_the_route_body_and_the_parsed_request_get_the_same_decision(router, text):
    bodies = [text, {"prompt": text}, {"messages": [{"role": "user", "content": text}]}, request_from_text(text)]
    decisions = [scored(router.route(body)) for body in bodies]
    assert decisions == [decisions[0]] * len(bodies)


def test_a_decision_holds_together(router):
    for text in TEXTS:
        decision = router.route(text)
        assert decision.candidates[0].tier == decision.tier
        assert decision.candidates[0].model == decision.model
        assert tuple(decision.p_adequate) == tuple(decision.expected_quality_loss) == TIERS
        assert tuple(decision.estimated_cost_usd) == TIERS
        assert decision.expected_quality_loss["frontier"] == 0
        assert decision.turn == "user"
        assert decision.latency_ms >= 0
        assert decision.explanation is None
        assert decision.bundle.sha256 == router.bundle.sha256
        chosen = TIERS.index(decision.tier)
        losses = list(decision.expected_quality_loss.values())
        if decision.reason is Reason.THRESHOLD:
            assert losses[chosen] <= decision.threshold
            assert all(loss > decision.threshold for loss in losses[:chosen])


def test_an_easy_request_goes_to_a_cheaper_tier_than_a_hard_one(router):
    assert TIERS.index(router.route(EASY).tier) < TIERS.index(router.route(HARD).tier)


def test_candidates_are_the_chosen_tiers_models_then_those_of_stronger_allowed_tiers(router):
    decision = router.route({"prompt": EASY, "router": {"tiers": ["budget", "frontier"]}})
    models = {tier.name: [model.model for model in tier.models] for tier in router.settings.tiers}
    expected = [("budget", model) for model in models["budget"]] + [("frontier", model) for model in models["frontier"]]
    assert [(candidate.tier, candidate.model) for candidate in decision.candidates] == expected


@pytest.mark.parametrize("tiers", [["budget"], ["frontier"], ["production", "frontier"], ["frontier", "production"]])
@pytest.mark.parametrize("text", TEXTS[:4], ids=lambda text: ascii(text[:12]))
def test_only_allowed_tiers_are_chosen_in_whatever_order_they_are_named(router, tiers, text):
    decision = router.route({"prompt": text, "router": {"tiers": tiers}})
    assert {candidate.tier for candidate in decision.candidates} <= set(tiers)


def test_an_unknown_tier_is_refused_with_the_known_ones(router):
    with pytest.raises(RequestError, match="'huge' is not a tier; use one of: budget, production, frontier") as caught:
        router.route({"prompt": "hi", "router": {"tiers": ["budget", "huge"]}})
    assert (caught.value.field, caught.value.code) == ("router.tiers[1]", "unknown_tier")


def test_a_request_may_name_its_own_target(tiny):
    thresholds = [
        tiny.route({"prompt": "hi", "router": {"max_quality_loss": target}}).threshold for target in (0.02, 0.2, 1)
    ]
    assert thresholds == [0.1, 0.5, 0.9]
    assert tiny.route("hi").threshold == 0.3


@pytest.mark.parametrize("target", [0, 0.0199])
def test_a_target_that_cannot_be_promised_is_refused_with_the_least_that_can(tiny, target):
    with pytest.raises(RequestError, match=r"^router\.max_quality_loss: .*support 0\.02 or more") as caught:
        tiny.route({"prompt": "hi", "router": {"max_quality_loss": target}})
    assert (caught.value.field, caught.value.code) == ("router.max_quality_loss", "target_too_small")


@pytest.mark.parametrize(("usd", "threshold"), [(20.0, 0.1), (8.0, 0.3), (7.99, 0.5), (2.0, 0.9)])
def test_a_request_may_name_a_cost_instead(tiny, usd, threshold):
    decision = tiny.route({"prompt": "hi", "router": {"max_cost_usd_per_1k": usd}})
    assert decision.threshold == threshold
    assert decision.promise is not None
    assert (decision.promise.goal, decision.promise.target) == ("max_cost_usd_per_1k", usd)
    assert decision.promise.bound <= usd


def test_a_cost_that_cannot_be_promised_is_refused_with_the_least_that_can(tiny):
    with pytest.raises(RequestError, match=r"^router\.max_cost_usd_per_1k: .*support 2 or more") as caught:
        tiny.route({"prompt": "hi", "router": {"max_cost_usd_per_1k": 1.99}})
    assert (caught.value.field, caught.value.code) == ("router.max_cost_usd_per_1k", "target_too_small")


def test_two_targets_in_a_parsed_request_are_refused_too(tiny):
    options = RouteOptions(max_quality_loss=0.1, max_cost_usd_per_1k=2.0)
    with pytest.raises(RequestError, match="choose one of"):
        tiny.route(RouteRequest(ChatRequest((Message("user", "hi"),)), options))


def test_a_decision_carries_the_promise_that_chose_its_threshold(tiny):
    own = StatedPromise(goal="max_quality_loss", target=0.1, bound=0.1, confidence=0.9, n=90)
    assert tiny.route("hi").promise == own
    asked = tiny.route({"prompt": "hi", "router": {"max_quality_loss": 0.15}}).promise
    assert asked == replace(own, target=0.15)


def test_a_promise_is_made_only_over_the_tiers_and_the_safe_tier_that_it_was_measured_with(tiny_bundle, tmp_path):
    config = tmp_path / "tierwise.toml"
    for safe_tier, quality, cost in (("budget", False, False), ("production", True, True), ("frontier", True, False)):
        config.write_text(f'safe_tier = "{safe_tier}"')
        router = Router.load(tiny_bundle, config=config, environ={})
        assert (router.route("hi").promise is not None) is quality
        by_cost = router.route({"prompt": "hi", "router": {"max_cost_usd_per_1k": 9.0}})
        assert (by_cost.promise is not None) is cost
        assert router.route({"prompt": "hi", "router": {"tiers": ["budget", "frontier"]}}).promise is None


def test_a_bundle_may_be_fitted_for_a_cost_or_a_mix(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    for goal, threshold in ((Goal(max_cost_usd_per_1k=6.0), 0.5), (Goal(tier_mix={"frontier": 0.2}), 0.9)):
        promise = replace(bundle.manifest.promise, goal=goal)
        other = replace(bundle, manifest=replace(bundle.manifest, promise=promise))
        decision = Router(other, load_settings({})).route("hi")
        assert decision.threshold == threshold
        assert decision.promise == promise.stated()
        assert Router(other, configured(Target("max_quality_loss", 0.02))).route("hi").threshold == 0.1


@settings(max_examples=40)
@given(st.floats(0.05, 1), st.floats(0.05, 1), st.sampled_from(TEXTS))
def test_a_looser_target_never_gets_a_stronger_tier(router, first, second, text):
    strict, loose = (
        TIERS.index(router.route({"prompt": text, "router": {"max_quality_loss": target}}).tier)
        for target in sorted((first, second))
    )
    assert loose <= strict


def test_an_explanation_comes_when_asked_for_and_changes_nothing_else(router):
    plain = router.route(HARD)
    explained = router.route({"prompt": HARD, "router": {"explain": True}})
    assert explained.explanation is not None
    assert explained.explanation.ask == HARD
    assert scored(replace(explained, explanation=None)) == scored(plain)


def test_forty_tools_and_a_long_system_prompt_leave_the_decision_as_it_was(router):
    tool = {"type": "function", "function": {"name": "f", "description": "d" * 500, "parameters": {"type": "object"}}}
    for text in TEXTS:
        ask = [{"role": "user", "content": text}]
        if not text:
            continue
        heavy = {
            "messages": [{"role": "system", "content": "You are an agent. Think hard. " * 1_700}, *ask],
            "tools": [tool] * 40,
            "tool_choice": "auto",
        }
        assert scored(router.route(heavy)) == scored(router.route({"messages": ask}))


def test_turns_beyond_the_window_leave_the_decision_as_it_was(router):
    recent = [{"role": role, "content": f"{role} says so"} for role in ("user", "assistant") * 2]
    ask = {"role": "user", "content": "And why does that deadlock?"}
    older = [{"role": role, "content": "earlier " * 200} for role in ("user", "assistant") * 50]
    assert scored(router.route({"messages": [*older, *recent, ask]})) == scored(
        router.route({"messages": [*recent, ask]})
    )


def test_costs_are_of_all_that_is_sent_and_of_the_clients_own_limit(router):
    short, long, limited = (
        router.route({"messages": [{"role": "user", "content": text}], **more}).estimated_cost_usd
        for text, more in (("hi", {}), ("hi " * 9_000, {}), ("hi", {"max_tokens": 5}))
    )
    for tier in TIERS:
        assert 0 < limited[tier] < short[tier] < long[tier]


@pytest.mark.parametrize("request_", [7, None, [], b"hi"])
def test_what_is_neither_text_nor_a_body_is_refused(router, request_):
    with pytest.raises(RequestError, match="the body: expected an object"):
        router.route(request_)


def test_out_of_domain_gets_the_configured_safe_tier(shipped, tmp_path):
    config = tmp_path / "tierwise.toml"
    config.write_text('safe_tier = "frontier"')
    decision = Router.load(shipped, config=config, environ={}).route("")
    assert (decision.tier, decision.reason) == ("frontier", Reason.OUT_OF_DOMAIN)


def test_the_reason_and_the_tier_are_those_of_the_policy(router):
    for text in TEXTS:
        decision = router.route(text)
        said = Prediction(
            tiers=TIERS,
            p_adequate=tuple(decision.p_adequate.values()),
            expected_quality_loss=tuple(decision.expected_quality_loss.values()),
            p_unsolved=0.0,
            domain_distance=0.0,
            out_of_domain=decision.reason is Reason.OUT_OF_DOMAIN,
        )
        choice = choose(said, threshold=decision.threshold, allowed=TIERS, safe_tier=router.settings.safe_tier)
        assert (choice.tier, choice.reason) == (decision.tier, decision.reason)


def test_tiers_that_are_not_the_bundles_are_a_configuration_error(tiny_bundle, tmp_path):
    config = tmp_path / "tierwise.toml"
    config.write_text('[[tiers]]\nname="a"\nmodels=["openai/gpt-5.4"]\n[[tiers]]\nname="b"\nmodels=["openai/gpt-5.5"]')
    with pytest.raises(
        ConfigError, match=r"the configuration has a, b; .* was fitted for budget, production, frontier"
    ):
        Router.load(tiny_bundle, config=config, environ={})


def test_a_configured_target_is_the_default_and_must_be_one_that_the_bundle_can_promise(tiny_bundle, tmp_path):
    config = tmp_path / "tierwise.toml"
    config.write_text("max_quality_loss = 0.2")
    assert Router.load(tiny_bundle, config=config, environ={}).route("hi").threshold == 0.5
    config.write_text("max_quality_loss = 0.001")
    with pytest.raises(ConfigError, match=r"max_quality_loss: .*support 0\.02 or more"):
        Router.load(tiny_bundle, config=config, environ={})


def test_the_environment_names_the_bundle_and_an_argument_goes_before_it(tiny_bundle, shipped, monkeypatch):
    monkeypatch.setenv("TIERWISE_BUNDLE", str(tiny_bundle))
    assert Router.load().bundle.manifest.id == read_manifest(tiny_bundle)["id"]
    assert Router.load(str(shipped)).bundle.manifest.id == read_manifest(shipped)["id"]
    assert Router.load(environ={}).bundle.manifest.id == read_manifest(shipped.parent / "default")["id"]


def test_the_default_bundle_decides_by_its_transformer_and_says_what_it_promises(shipped):
    router = Router.load(shipped.parent / "default", environ={})
    assert router.bundle.manifest.encoder.kind == "onnx"
    easy, hard = router.route("thanks!"), router.route("Prove that the square root of 2 is irrational.")
    assert easy.tier == "budget"
    assert hard.expected_quality_loss["budget"] > easy.expected_quality_loss["budget"]
    assert easy.promise is not None and easy.promise.confidence == 0.9


def test_an_unknown_folder_is_a_missing_bundle(tmp_path):
    with pytest.raises(BundleMissing, match="nowhere"):
        Router.load(tmp_path / "nowhere")


def test_ids_and_the_clock_come_from_outside(tiny):
    decision = tiny.route("hi")
    assert (decision.decision_id, decision.latency_ms) == ("dec_fixed", 0.0)


def test_ids_are_different_and_of_plain_letters(router):
    ids = {router.route("hi").decision_id for _ in range(200)}
    assert len(ids) == 200
    assert all(name.removeprefix("dec_").isalnum() for name in ids)


def test_many_threads_get_the_answers_that_one_gets(router):
    texts = [f"{text[:200]} {number}" for number in range(25) for text in TEXTS]
    alone = [scored(router.route(text)) for text in texts]
    with ThreadPoolExecutor(max_workers=16) as pool:
        together = list(pool.map(lambda text: scored(router.route(text)), texts))
    assert together == alone


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(Message, role=st.sampled_from(["user", "assistant", "system", "tool", ""]), text=st.text()),
        min_size=1,
    ),
    st.booleans(),
)
def test_any_conversation_gets_a_decision(router, messages, explain):
    decision = router.route(RouteRequest(ChatRequest(tuple(messages)), RouteOptions(explain=explain)))
    assert decision.tier in TIERS


@pytest.mark.parametrize("package", ["router", "tierwise"])
def test_the_library_in_one_line(package):
    library = importlib.import_module(package)

    decision = library.Router.load().route("What is the capital of France?")
    assert isinstance(decision, library.RouteDecision)
    assert decision.tier in TIERS


# --- Headers, and the decision as JSON --------------------------------------------------------------------------------

TOOLS = {"messages": [{"role": "user", "content": [{"type": "text", "text": "why"}]}], "max_tokens": 9}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"prompt": "hi"}, {}),
        ({"prompt": "hi", "router": {"explain": True}}, {"X-Router-Floor": "production"}),
        (TOOLS, {"Anthropic-Version": "2023-06-01", "x-router-policy": "careful"}),
        (TOOLS, {"X-ROUTER-TIER": "frontier", "Authorization": "Bearer secret"}),
        ({"prompt": HARD}, {"x-router-off": "true"}),
    ],
    ids=["plain", "explained", "Anthropic", "pinned", "off"],
)
def test_a_decision_as_a_dict_is_the_json_of_the_service(router, client, body, headers):
    served = client.post("/route", json=body, headers=headers).json()
    decided = router.route(body, headers=headers).to_dict()
    for answer in (served, decided):
        del answer["decision_id"], answer["latency_ms"]
    assert json.loads(encode_json(decided)) == served


def test_headers_hold_for_a_text_too(router):
    assert router.route(EASY, headers={"X-Router-Tier": "frontier"}).tier == "frontier"
    assert router.route(EASY, headers={}).tier == router.route(EASY).tier


def test_a_header_that_cannot_be_used_is_refused_by_its_name(router):
    with pytest.raises(RequestError, match="x-router-off") as caught:
        router.route(EASY, headers={"X-Router-Off": "perhaps"})
    assert caught.value.field == "x-router-off"


def test_a_parsed_request_holds_its_own_headers(router):
    with pytest.raises(TypeError, match="holds its own headers"):
        router.route(request_from_text(EASY), headers={"x-router-tier": "frontier"})


@pytest.mark.parametrize("name", ["default", "fast"])
def test_a_shipped_bundle_is_loaded_by_its_name_even_beside_a_folder_of_that_name(name, shipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert Router.load(name, environ={}).bundle.manifest.id == read_manifest(shipped.parent / name)["id"]
    for folder in (Path(name), f"./{name}"):
        with pytest.raises(BundleMissing):
            Router.load(folder, environ={})


# --- The policy at work -----------------------------------------------------------------------------------------------

OWN = """
rules = [
  { language = "de", tier = "frontier" },
  { regex = "(?i)status update", policy = "cheap" },
  { header = { x-team = "legal" }, floor = "production" },
]
[[envelopes]]
start = "<<CRM"
end = "CRM>>"
[turns]
probe = "classifier"
"""


@pytest.fixture(scope="module")
def own(shipped, tmp_path_factory):
    """A router with rules, envelopes and turns of its own."""
    config = tmp_path_factory.mktemp("own") / "tierwise.toml"
    config.write_text(OWN)
    return Router.load(shipped, config=config, environ={})


def asked(text="Why is the sky blue?", *, model=None, headers=None, **overrides) -> RouteRequest:
    """A parsed request with overrides."""
    chat = ChatRequest((Message("user", text),), model=model)
    return RouteRequest(chat, overrides=Overrides(**overrides), headers=headers or {})


@pytest.mark.parametrize(
    ("request_", "tier", "reason", "policy"),
    [
        (asked(tier="frontier"), "frontier", Reason.PINNED, "auto"),
        (asked(model="tier:production"), "production", Reason.PINNED, "auto"),
        (asked(model="openai/gpt-6-astra"), "frontier", Reason.PINNED, "auto"),
        (asked(off=True), "frontier", Reason.PINNED, "auto"),
        (asked(EASY, model="auto:careful"), "budget", Reason.THRESHOLD, "careful"),
        (asked(EASY, policy="cheap"), "budget", Reason.THRESHOLD, "cheap"),
        (asked("Bitte fasse diesen Text in zwei Sätzen zusammen."), "frontier", Reason.RULE, "auto"),
        (asked("Write a Status Update"), "budget", Reason.THRESHOLD, "cheap"),
        (asked(EASY, headers={"x-team": "legal"}), "production", Reason.RULE, "auto"),
        (asked(EASY, headers={"x-team": "legal"}, ceiling="budget"), "production", Reason.RULE, "auto"),
    ],
)
def test_pins_rules_and_policies_decide_in_the_service_as_in_the_policy(own, request_, tier, reason, policy):
    decision = own.route(request_)
    assert (decision.tier, decision.reason, decision.policy) == (tier, reason, policy)
    assert [step.name for step in decision.steps] == list(STEPS)
    assert decision.steps[-1].tier == tier


def test_what_was_asked_for_is_in_the_answer_and_nothing_else(own):
    body = {"messages": [{"role": "user", "content": "hi"}], "model": "auto", "router": {"tiers": ["budget"]}}
    assert own.route(body).requested == {"model": "auto", "tiers": ["budget"]}
    request = asked(floor="production", policy="careful", off=False)
    assert own.route(request).requested == {"floor": "production", "policy": "careful"}
    assert own.route(asked(model="\ud800", off=True)).requested == {"model": "?", "off": True}
    assert own.route("hi").requested == {}


def test_an_operators_envelope_is_not_scored(own):
    request = RouteRequest(asked("<<CRM customer 7 CRM>>" + HARD).chat, RouteOptions(explain=True))
    assert own.route(request).explanation.ask == HARD


def test_costs_are_of_the_first_model_that_can_serve_the_request(router):
    chat = ChatRequest((Message("user", "hi"),), needs=Needs(audio=True))
    with_audio, plain = router.route(RouteRequest(chat)), router.route("hi")
    assert with_audio.model == "google/gemini-3.5-flash-lite"
    assert with_audio.estimated_cost_usd["budget"] > plain.estimated_cost_usd["budget"]
    assert with_audio.estimated_cost_usd["production"] == plain.estimated_cost_usd["production"]


def test_a_request_over_every_window_is_refused_with_the_nearest_model(router):
    with pytest.raises(RequestError, match=r"Nearest is .* a context window of") as caught:
        router.route("word " * 1_200_000)
    assert caught.value.code == "context_length_exceeded"


def test_rules_on_tasks_that_the_bundle_does_not_tell_are_refused(tiny_bundle, tmp_path):
    bundle = load_bundle(tiny_bundle)
    for task in bundle.manifest.tasks:
        (tmp_path / "t.toml").write_text(f'rules = [{{ task = "{task}", min_probability = 0, tier = "frontier" }}]')
        Router(bundle, load_settings({}, config=tmp_path / "t.toml"))
    (tmp_path / "t.toml").write_text('\nrules = [{ task = "chatt", tier = "frontier" }]')
    with pytest.raises(
        ConfigError, match=r"t\.toml:2: task: 'chatt' is not a task of the bundle; .* Did you mean 'chat'\?"
    ):
        Router(bundle, load_settings({}, config=tmp_path / "t.toml"))


def test_a_rule_on_the_task_that_the_bundle_tells_decides(tiny_bundle, tmp_path):
    bundle = load_bundle(tiny_bundle)
    guess = Router(bundle, load_settings({})).route("hi").task
    (tmp_path / "t.toml").write_text(
        f'rules = [{{ task = "{guess.name}", min_probability = {guess.probability}, tier = "frontier" }}]'
    )
    decision = Router(bundle, load_settings({}, config=tmp_path / "t.toml")).route("hi")
    assert (decision.tier, decision.reason) == ("frontier", Reason.RULE)


def test_remarks_say_what_is_not_known_of_an_operators_model(tiny_bundle, tmp_path):
    config = tmp_path / "tierwise.toml"
    own_model = '{model = "own/x", input_usd_per_million = 1, output_usd_per_million = 1, context_window = 9}'
    models = {"budget": own_model, "production": '"openai/gpt-5.4"', "frontier": '"openai/gpt-5.5"'}
    rows = [f'[[tiers]]\nname = "{name}"\nmodels = [{models[name]}]' for name in TIERS]
    config.write_text("\n".join(rows))
    router = Router.load(tiny_bundle, config=config, environ={})
    assert router.remarks == ("own/x (budget): output limit and capabilities unknown, taken as no limit",)


def test_the_shipped_bundles_support_the_shipped_policies(router):
    assert router.remarks == ()
    losses = {name: policy.threshold.promise.target for name, policy in router.setup.policies.items()}
    assert losses == {"auto": 0.05, "careful": 0.02, "cheap": 0.1, "cascade": 1.0}


def test_what_only_some_configurations_need_is_not_loaded_for_the_others(tmp_path):
    code = "from router import Router\nRouter.load(environ={}).route('hi')\nimport sys\nprint(*sys.modules)"
    loaded = {name.partition(".")[0] for name in python(code, cwd=tmp_path).split()}
    assert not loaded & {"re2", "genai_prices", "py3langid", "quicktok", "httpx2", "aiohttp"}


def test_the_example_configuration_is_whole_and_works(shipped):
    from router.settings.file import ConfigFile

    path = Path(__file__).parents[2] / "data" / "tierwise.example.toml"
    text = path.read_text("utf-8")
    router = Router.load(shipped, config=path, environ={})
    assert len(router.setup.rules) == 6
    windows = {model.model: model.context_window for model in router.setup.models["production"]}
    assert windows["openai/gpt-5.4"] == 272_000
    assert [key for key in ConfigFile.model_fields if key not in text and key != "trusted_encoders"] == []
    assert router.route("Please review this code: x = 1").reason is Reason.RULE
