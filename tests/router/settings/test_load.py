"""Settings: defaults, file, environment over the file; each mistake is named with key, source and cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.errors import ConfigError
from router.policy import TURNS, Limits
from router.settings import Target, load_settings, override
from router.types import Capability, ModelSpec

TWO_TIERS = """
[[tiers]]
name = "low"
models = ["openai/gpt-5.4", {model = "own/model", input_usd_per_million = 0.1, output_usd_per_million = 2}]
[[tiers]]
name = "high"
models = ["openai/gpt-5.5"]
"""


@pytest.fixture
def write(tmp_path):
    def write_config(text):
        path = tmp_path / "tierwise.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_config


def test_with_nothing_configured_the_shipped_bundle_serves_three_tiers_on_this_machine_only(shipped):
    settings = load_settings({})
    assert settings.tier_names == ("budget", "production", "frontier")
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.safe_tier == "production"
    assert set(settings.policies) == {"auto", "careful", "cheap", "cascade"}
    assert settings.policies["auto"].target is None
    assert (settings.rules, settings.turns, settings.envelopes) == ((), {}, ())
    assert settings.bundle.samefile(shipped.parent / "default")


def test_a_file_sets_every_key(write):
    path = write(
        'bundle = "own"\nsafe_tier = "low"\nmax_quality_loss = 0.1\n'
        f'[server]\nhost = "0.0.0.0"\nport = 9000\nmax_body_bytes = 2048\n{TWO_TIERS}'
    )
    settings = load_settings({}, config=path)
    assert settings.bundle == path.parent / "own", "a relative path starts at the file"
    assert settings.safe_tier == "low"
    assert settings.policies["auto"].target == Target("max_quality_loss", 0.1, where=f"{path}:3")
    assert (settings.host, settings.port, settings.max_body_bytes) == ("0.0.0.0", 9000, 2048)
    assert settings.tier_names == ("low", "high")
    assert settings.tiers[0].models[1] == ModelSpec("own/model", 0.1, 2.0)


def test_an_empty_file_changes_nothing(write):
    assert load_settings({}, config=write("")) == load_settings({})


def test_without_a_safe_tier_of_their_own_other_tiers_get_the_strongest(write):
    assert load_settings({}, config=write(TWO_TIERS)).safe_tier == "high"


def test_the_environment_names_the_file_and_goes_before_it(write, tmp_path):
    path = write('bundle = "own"\n[server]\nhost = "0.0.0.0"\nport = 9000\n')
    environ = {"TIERWISE_CONFIG": str(path)}
    assert load_settings(environ).port == 9000
    over = {"TIERWISE_BUNDLE": str(tmp_path / "other"), "TIERWISE_HOST": "::1", "TIERWISE_PORT": "0"}
    settings = load_settings(environ | over)
    assert (settings.bundle, settings.host, settings.port) == (tmp_path / "other", "::1", 0)


def test_an_empty_variable_is_no_variable(write):
    empty = {f"TIERWISE_{name}": "" for name in ("CONFIG", "BUNDLE", "HOST", "PORT")}
    assert load_settings(empty) == load_settings({})


def test_a_named_file_goes_before_the_environments(write, tmp_path):
    assert load_settings({"TIERWISE_CONFIG": str(tmp_path / "nowhere.toml")}, config=write("")).port == 8080


def test_the_command_line_goes_before_everything():
    settings = override(load_settings({"TIERWISE_PORT": "1"}), bundle=Path("b"), host=None, port=0)
    assert (settings.bundle, settings.host, settings.port) == (Path("b"), "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("prot = 1", "prot", "the keys here are value_of_an_answer_usd"),
        ("bundle = 7", "bundle", "a string"),
        ('bundle = ""', "bundle", "a string that is not empty"),
        ('safe_tier = "middle"', "safe_tier", "is not a tier; use one of: budget, production, frontier"),
        ("max_quality_loss = 2", "max_quality_loss", "in [0, 1]"),
        ("max_quality_loss = nan", "max_quality_loss", "in [0, 1]"),
        ("max_quality_loss = true", "max_quality_loss", "a number"),
        ("server = 7", "server", "a table"),
        ("[server]\nports = 7", "server.ports", "the keys here are host, port"),
        ("[server]\nport = 65536", "server.port", "65535"),
        ("[server]\nport = -1", "server.port", "whole number"),
        ("[server]\nport = 80.5", "server.port", "whole number"),
        ('[server]\nport = "80"', "server.port", "whole number"),
        ("[server]\nmax_body_bytes = 1", "server.max_body_bytes", "1024"),
        ('[server]\nhost = ""', "server.host", "a string that is not empty"),
        ("tiers = 7", "tiers", "an array of tables"),
        ("tiers = []", "tiers", "two or more"),
        ('[[tiers]]\nname = "a"\nmodels = ["openai/gpt-5.4"]', "tiers", "two or more"),
        (TWO_TIERS.replace("high", "low"), "tiers", "different names"),
        (TWO_TIERS.replace('name = "high"\n', ""), "tiers[1].name", "a string"),
        (
            TWO_TIERS.replace('models = ["openai/gpt-5.5"]', ""),
            "tiers[1].models",
            "an array of strings or tables, at least one",
        ),
        (TWO_TIERS.replace("gpt-5.5", "gpt-9"), "tiers[1].models[0]", "a model of the catalog"),
        (TWO_TIERS.replace("0.1,", "-1,"), "tiers[0].models[1].input_usd_per_million", "at or above 0"),
        (TWO_TIERS.replace("0.1,", "inf,"), "tiers[0].models[1].input_usd_per_million", "at or above 0"),
        (TWO_TIERS.replace("input_usd_per_million = 0.1, ", ""), "tiers[0].models[1].input_usd_per_million", "number"),
        (
            TWO_TIERS.replace("input_usd", "in_usd"),
            "tiers[0].models[1].in_usd_per_million",
            "the keys here are input_usd_per_million, ",
        ),
    ],
)
def test_each_mistake_in_a_file_is_named_with_file_key_and_what_is_expected(write, text, key, expected):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=path)
    assert re.match(rf"{re.escape(str(path))}(:\d+)?: {re.escape(key)}: ", str(caught.value))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["port = = 1", b'bundle = "\xff"', "x = " + "9" * 5_000, "x = " + "[" * 5_000],
    ids=["syntax", "invalid UTF-8", "a number of 5000 digits", "5000 levels deep"],
)
def test_what_is_not_toml_is_refused_with_the_files_name(write, text):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=path)
    assert str(caught.value).startswith(f"{path}: not TOML")


@pytest.mark.parametrize("environ", [True, False])
def test_a_file_that_cannot_be_read_is_named_with_the_cure(tmp_path, environ):
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be read .* Name a TOML file, or leave it out") as caught:
            load_settings({"TIERWISE_CONFIG": str(path)}) if environ else load_settings({}, config=path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "80 ", "8_0", "\u0661", "9" * 5_000, "0x50"], ids=ascii)
def test_a_port_in_the_environment_that_is_none_is_named_with_its_source(port):
    with pytest.raises(ConfigError, match=r"TIERWISE_PORT=.*\(environment\): expected a port in 0\.\.65535"):
        load_settings({"TIERWISE_PORT": port})


# --- Models ----------------------------------------------------------------------------------------------------------


def tiers_of(models: str) -> str:
    return f'[[tiers]]\nname = "low"\nmodels = {models}\n[[tiers]]\nname = "high"\nmodels = ["openai/gpt-5.5"]\n'


def test_an_operators_own_model_has_the_facts_that_are_given_and_no_others(write):
    full = (
        '{model = "own/model", input_usd_per_million = 0, output_usd_per_million = 2, context_window = 8192, '
        'max_output_tokens = 1024, capabilities = ["tools", "json_mode"]}'
    )
    plain = '{model = "own/other", input_usd_per_million = 1, output_usd_per_million = 2}'
    models = load_settings({}, config=write(tiers_of(f"[{full}, {plain}]"))).tiers[0].models
    able = frozenset({Capability.TOOLS, Capability.JSON_MODE})
    assert models == (ModelSpec("own/model", 0.0, 2.0, 8192, 1024, able), ModelSpec("own/other", 1.0, 2.0))


def test_a_model_of_genai_prices_needs_only_its_name(write):
    (named,) = load_settings({}, config=write(tiers_of('["openai/gpt-4.1"]'))).tiers[0].models
    (table,) = load_settings({}, config=write(tiers_of('[{model = "openai/gpt-4.1"}]'))).tiers[0].models
    assert named == table
    assert named.input_usd_per_million > 0
    assert named.context_window is not None
    assert named.capabilities is None


def test_facts_of_the_catalog_can_be_overridden_everywhere_or_in_one_tier(write):
    everywhere = write('[catalog."openai/gpt-5.5"]\ncontext_window = 1000\ninput_usd_per_million = 1\n')
    key = {"OPENAI_API_KEY": "k"}
    model = next(m for m in load_settings(key, config=everywhere).tiers[2].models if m.model == "openai/gpt-5.5")
    assert (model.context_window, model.input_usd_per_million, model.output_usd_per_million) == (1000, 1.0, 30.0)
    here = write(tiers_of('[{model = "openai/gpt-5.5", capabilities = []}]'))
    low, high = (tier.models[0] for tier in load_settings({}, config=here).tiers)
    assert low.capabilities == frozenset()
    assert high.capabilities
    assert low.output_usd_per_million == high.output_usd_per_million


def test_cache_prices_are_facts_like_others(write):
    own = '{model = "own/x", input_usd_per_million = 1, output_usd_per_million = 2, cache_read_usd_per_million = 0.1}'
    (spec,) = load_settings({}, config=write(tiers_of(f"[{own}]"))).tiers[0].models
    assert (spec.cache_read_usd_per_million, spec.cache_write_usd_per_million) == (0.1, None)
    shipped = write('[catalog."openai/gpt-5.4"]\ncache_write_usd_per_million = 2\n')
    models = load_settings({"OPENAI_API_KEY": "k"}, config=shipped).tiers[1].models
    spec = next(model for model in models if model.model == "openai/gpt-5.4")
    assert (spec.cache_read_usd_per_million, spec.cache_write_usd_per_million) == (0.25, 2.0)


def test_a_model_of_ones_own_can_be_described_once_and_named_in_tiers(write):
    row = '[catalog."own/x"]\ninput_usd_per_million = 1\noutput_usd_per_million = 2\ncontext_window = 9\n'
    tiers = load_settings({}, config=write(tiers_of('["own/x"]') + row)).tiers
    assert tiers[0].models == (ModelSpec("own/x", 1.0, 2.0, 9),)


def test_a_models_override_counts_in_tiers_of_ones_own(write):
    tiers = tiers_of('["openai/gpt-5.5"]')
    path = write(f'{tiers}[catalog."openai/gpt-5.5"]\nmax_output_tokens = 7')
    assert [tier.models[0].max_output_tokens for tier in load_settings({}, config=path).tiers] == [7, 7]


# --- Policies and turns ----------------------------------------------------------------------------------------------

POLICIES = """
max_cost_usd_per_1k = 5
[policies.batch]
tier_mix = { frontier = 0.1 }
ceiling = "production"
turns = { title = "production", compaction = { floor = "budget" }, heartbeat = "classifier" }
[policies.careful]
floor = "production"
[policies.two]
tiers = ["budget", "frontier"]
max_quality_loss = 0.3
"""


def test_policies_have_a_target_limits_and_turns_of_their_own(write):
    path = write(POLICIES)
    policies = load_settings({}, config=path).policies
    assert list(policies) == ["auto", "careful", "cheap", "cascade", "batch", "two"]
    assert policies["auto"].target == Target("max_cost_usd_per_1k", 5.0, where=f"{path}:2")
    assert policies["batch"].target == Target("tier_mix", {"frontier": 0.1}, where=f"{path}:4")
    assert policies["batch"].limits == Limits(ceiling="production")
    assert policies["batch"].turns == {
        "title": Limits(tier="production"),
        "compaction": Limits(floor="budget"),
        "heartbeat": Limits(),
    }
    assert policies["careful"].target == Target("max_quality_loss", 0.02, at_least=True), "the shipped target stays"
    assert policies["careful"].limits == Limits(floor="production")
    assert policies["two"].limits == Limits(tiers=("budget", "frontier"))


def test_turns_are_a_tier_a_limit_or_the_classifier(write):
    text = '[turns]\ntitle = "frontier"\nuser = { floor = "production", ceiling = "production" }\nprobe = "classifier"'
    assert load_settings({}, config=write(text)).turns == {
        "title": Limits(tier="frontier"),
        "user": Limits(floor="production", ceiling="production"),
        "probe": Limits(),
    }


def test_the_turns_are_those_that_the_reading_tells():
    from router.reading.turns.kinds import TurnKind

    assert set(TURNS) == {kind.value for kind in TurnKind}


def test_envelopes_are_pairs_of_markers(write):
    path = write('[[envelopes]]\nstart = "<<A"\nend = "A>>"\n[[envelopes]]\nstart = "b"\nend = "c"')
    assert load_settings({}, config=path).envelopes == (("<<A", "A>>"), ("b", "c"))


@pytest.mark.parametrize(
    ("text", "line", "key", "expected"),
    [
        ("\nmax_quality_los = 1", 2, "max_quality_los", "Did you mean 'max_quality_loss'?"),
        ("max_quality_loss = 0.1\nmax_cost_usd_per_1k = 1", 2, "max_cost_usd_per_1k", "choose one target"),
        ("tier_mix = {}", 1, "tier_mix", "at least one tier"),
        ("tier_mix = { frontier = 2 }", 1, "tier_mix.frontier", "in [0, 1]"),
        ("[policies.x]\nfloor = 'frontier'\nceiling = 'budget'", 1, "policies.x", "its limits leave no tier"),
        ("[policies.x]\n\ntiers = ['budgets']", 3, "policies.x.tiers[0]", "Did you mean 'budget'?"),
        ("[policies.x]\ntiers = []", 1, "policies.x", "leave no tier"),
        ("[policies.x]\nmax_loss = 1", 2, "policies.x.max_loss", "the keys here are value_of_an_answer_usd"),
        ("[policies.x.turns]\ntitel = 'budget'", 2, "policies.x.turns.titel", "Did you mean 'title'?"),
        (
            "max_quality_loss = 0.1\n[policies.auto]\nmax_quality_loss = 0.2",
            3,
            "policies.auto.max_quality_loss",
            ":1 has",
        ),
        ("policies = 7", 1, "policies", "a table"),
        ("[turns]\ntitle = 'cheap'", 2, "turns.title", "use one of: budget, production, frontier, classifier"),
        ("[turns]\ntitle = 7", 2, "turns.title", "expected the name of a tier"),
        ("[turns]\ntitle = { tier = 'budget', floor = 'budget' }", 2, "turns.title.tier", "choose one of the two"),
        ("[turns]\ntitle = { floor = 'frontier', ceiling = 'budget' }", 2, "turns.title.floor", "no tier is left"),
        ("[[envelopes]]\nstart = 'a'", 1, "envelopes[0].end", "a string"),
        ("[[envelopes]]\nstart = 'a'\nend = ' '", 3, "envelopes[0].end", "not blank"),
        ('[catalog."openai/gpt-5.5"]\nwindow = 1', 2, 'catalog."openai/gpt-5.5".window', "the keys here are input_usd"),
        ('[catalog."openai/gpt-5.6x"]\ncontext_window = 1', 1, 'catalog."openai/gpt-5.6x"', "so is its price"),
        (
            '[catalog."openai/gpt-5.5"]\ncapabilities = ["image"]',
            2,
            'catalog."openai/gpt-5.5".capabilities[0]',
            "'images'",
        ),
        (
            '[catalog."openai/gpt-5.5"]\ncontext_window = 0',
            2,
            'catalog."openai/gpt-5.5".context_window',
            "at or above 1",
        ),
        (tiers_of('["openai/gpt5.4"]'), 3, "tiers[0].models[0]", "Did you mean 'openai/gpt-5.4'?"),
        ("safe_tier = 'produktion'", 1, "safe_tier", "Did you mean 'production'?"),
    ],
)
def test_each_mistake_is_named_with_its_line(write, text, line, key, expected):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=path)
    assert str(caught.value).startswith(f"{path}:{line}: {key}: ")
    assert expected in str(caught.value)


MANY = """\
prot = 1
safe_tier = "produktion"
rules = [{ taks = "a", tier = "budget" }, { regex = "(", tier = "budget" }]
[server]
port = "80"
[[providers]]
name = "a"
key = "sk-live-0123456789"
[turns]
titel = "budget"
[[envelopes]]
start = " "
"""


def test_all_faults_of_a_file_and_of_the_environment_are_named_at_once_in_their_order(write):
    path = write(MANY)
    with pytest.raises(ConfigError) as caught:
        load_settings({"TIERWISE_PORT": "http"}, config=path)
    said = str(caught.value)
    places = [line.removeprefix(f"{path}:").split(": ")[:2] for line in said.splitlines()]
    assert [[line, key] for line, key in places[:-1]] == [
        ["1", "prot"],
        ["2", "safe_tier"],
        ["3", "rules[0].taks"],
        ["3", "rules[1].regex"],
        ["5", "server.port"],
        ["6", "providers[0].base_url"],
        ["8", "providers[0].key"],
        ["10", "turns.titel"],
        ["11", "envelopes[0].end"],
        ["12", "envelopes[0].start"],
    ]
    assert places[-1][0] == "TIERWISE_PORT='http' (environment)"
    assert "sk-live" not in said


def test_faults_across_tables_are_named_at_once(write):
    path = write(
        "rules = [{ task = 'a', tier = 'frontier' }, { task = 'b', tier = 'frontier' }]\n"
        "max_quality_loss = 0.1\n[policies.auto]\nmax_quality_loss = 0.2\nceiling = 'production'\n"
        "[catalog.'own/x']\ncontext_window = 1\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=path)
    keys = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert keys == ["rules[0].tier", "rules[1].tier", "policies.auto.max_quality_loss", 'catalog."own/x"']


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            '{ model = "bedrock/amazon.nova-micro-v1:0", effort = "low" }',
            "expected a model that thinks, and bedrock/amazon.nova-micro-v1:0 does not",
        ),
        (
            '{ model = "openai/gpt-5.4", effort = "lots" }',
            "expected one of none, minimal, low, medium, high, xhigh, max",
        ),
    ],
)
def test_an_effort_that_a_model_cannot_make_is_refused_with_the_cure(write, row, says):
    tiers = f'[[tiers]]\nname = "low"\nmodels = [{row}]\n[[tiers]]\nname = "high"\nmodels = ["openai/gpt-5.5"]\n'
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=write(tiers))
    assert "tierwise.toml:3: tiers[0].models[0].effort" in str(caught.value)
    assert says in str(caught.value)


def test_a_model_may_be_in_several_tiers_at_different_efforts(write):
    path = write(
        '[[tiers]]\nname = "low"\nmodels = [{ model = "openai/gpt-5.5", effort = "low" }]\n'
        '[[tiers]]\nname = "high"\nmodels = ["openai/gpt-5.5", { model = "own/x", effort = "high", '
        "input_usd_per_million = 1, output_usd_per_million = 2 }]\n"
    )
    settings = load_settings({}, config=path)
    assert [[(one.model, one.effort) for one in tier.models] for tier in settings.tiers] == [
        [("openai/gpt-5.5", "low")],
        [("openai/gpt-5.5", None), ("own/x", "high")],
    ]
