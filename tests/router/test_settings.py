"""Settings: defaults, file, environment over the file; each mistake is named with key, source and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.catalog import ModelPrice
from router.errors import ConfigError
from router.settings import load_settings, override

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
    assert settings.max_quality_loss is None
    assert settings.bundle.samefile(shipped.parent / "default")


def test_a_file_sets_every_key(write):
    path = write(
        'bundle = "own"\nsafe_tier = "low"\nmax_quality_loss = 0.1\n'
        f'[server]\nhost = "0.0.0.0"\nport = 9000\nmax_body_bytes = 2048\n{TWO_TIERS}'
    )
    settings = load_settings({}, config=path)
    assert settings.bundle == path.parent / "own", "a relative path starts at the file"
    assert (settings.safe_tier, settings.max_quality_loss) == ("low", 0.1)
    assert (settings.host, settings.port, settings.max_body_bytes) == ("0.0.0.0", 9000, 2048)
    assert settings.tier_names == ("low", "high")
    assert settings.tiers[0].models[1] == ModelPrice("own/model", 0.1, 2.0)


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
        ("prot = 1", "prot", "known are bundle"),
        ("bundle = 7", "bundle", "a string"),
        ('bundle = ""', "bundle", "a string that is not empty"),
        ('safe_tier = "middle"', "safe_tier", "tiers are budget, production, frontier"),
        ("max_quality_loss = 2", "max_quality_loss", "in [0, 1]"),
        ("max_quality_loss = nan", "max_quality_loss", "in [0, 1]"),
        ("max_quality_loss = true", "max_quality_loss", "a number"),
        ("server = 7", "server", "a table"),
        ("[server]\nports = 7", "server.ports", "known are host, port"),
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
        (TWO_TIERS.replace('models = ["openai/gpt-5.5"]', ""), "tiers[1].models", "at least one model"),
        (TWO_TIERS.replace("gpt-5.5", "gpt-9"), "tiers[1].models", "models of the catalog"),
        (TWO_TIERS.replace("0.1,", "-1,"), "tiers[0].models[1].input_usd_per_million", "at least 0"),
        (TWO_TIERS.replace("0.1,", "inf,"), "tiers[0].models[1].input_usd_per_million", "at least 0"),
        (TWO_TIERS.replace("input_usd_per_million = 0.1, ", ""), "tiers[0].models[1].input_usd_per_million", "number"),
        (TWO_TIERS.replace("input_usd", "in_usd"), "tiers[0].models[1].in_usd_per_million", "known are model"),
    ],
)
def test_each_mistake_in_a_file_is_named_with_file_key_and_what_is_expected(write, text, key, expected):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_settings({}, config=path)
    assert str(caught.value).startswith(f"{path}: {key}: ")
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
