"""Providers, patience, our own key and unknown models, as the file says them; every mistake names its place."""

from pathlib import Path

import pytest

from router.dialects.shared.secret import Secret
from router.errors import ConfigError
from router.providers.breaker import BreakerSettings
from router.providers.connection_settings import ConnectionSettings
from router.providers.retry import DispatchSettings
from router.settings import load_settings

LOCAL = '[[providers]]\nname = "local"\nbase_url = "http://127.0.0.1:9/v1"\nkey_required = false\n'


@pytest.fixture
def load(tmp_path):
    def do(text, **environ):
        path = tmp_path / "tierwise.toml"
        path.write_text(text)
        return load_settings(environ, config=path)

    return do


def test_without_a_file_the_shipped_rows_with_a_key_can_be_called_and_everybody_may_call():
    settings = load_settings({"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": " "})
    assert {"openai", "echo", "ollama"} <= set(settings.providers)
    assert not {"anthropic", "google"} & set(settings.providers)
    assert settings.providers["openai"].key == Secret("sk-1")
    assert (settings.api_key, settings.unknown_models, settings.dispatch) == (None, "refuse", DispatchSettings())
    assert "sk-1" not in repr(settings)


def test_a_row_adds_a_provider_or_changes_what_it_names_of_a_shipped_one(load):
    settings = load(
        LOCAL + '[[providers]]\nname = "openai"\nbase_url = "https://eu.example/v1"\nkey_variable = "EU_KEY"\n',
        EU_KEY="sk-eu",
    )
    assert settings.providers["local"].base_url == "http://127.0.0.1:9/v1"
    openai = settings.providers["openai"]
    assert (openai.base_url, openai.key) == ("https://eu.example/v1", Secret("sk-eu"))
    assert openai.quirks.max_tokens_field == "max_completion_tokens"


def test_every_key_of_dispatch_is_taken_over(load):
    text = "\n".join(f"{name} = 3" for name in DispatchSettings.__dataclass_fields__ if name.endswith("_s"))
    settings = load(f"[dispatch]\nretries = 0\ndrop_refused_parameters = false\n{text}\n")
    assert settings.dispatch == DispatchSettings(
        retries=0, drop_refused_parameters=False, base_wait_s=3.0, longest_wait_s=3.0, deadline_s=3.0,
        first_event_s=3.0, whole_answer_s=3.0, between_bytes_s=3.0, between_content_s=3.0, heartbeat_s=3.0,
    )  # fmt: skip


def test_every_key_of_the_breaker_is_taken_over_and_what_is_left_out_keeps_its_default(load):
    settings = load("[dispatch.breaker]\nfailures = 2\ncooldown_s = 3\nlongest_cooldown_s = 4.5\n")
    assert settings.dispatch == DispatchSettings(breaker=BreakerSettings(2, 3.0, 4.5))
    settings = load("[dispatch]\nretries = 1\n[dispatch.breaker]\nfailures = 1\n")
    assert settings.dispatch == DispatchSettings(retries=1, breaker=BreakerSettings(failures=1))


def test_every_key_of_connections_is_taken_over_and_what_is_left_out_keeps_its_default(load):
    every = ConnectionSettings(connect_s=1.5, idle_s=0.0, pool_s=0.5, max_connections=7, use_environment=True)
    text = "connect_s = 1.5\nidle_s = 0\npool_s = 0.5\nmax_connections = 7\nuse_environment = true\n"
    assert load(f"[connections]\n{text}").connections == every
    assert len(text.splitlines()) == len(ConnectionSettings.__dataclass_fields__)
    assert load("[connections]\nidle_s = 30\n").connections == ConnectionSettings(idle_s=30.0)
    assert load("[connections]\n").connections == ConnectionSettings()


def test_the_key_comes_from_the_variable_that_is_named(load):
    settings = load('[server]\napi_key_variable = "MY_KEY"\nunknown_models = "auto"\n', MY_KEY=" tw-1 ")
    assert (settings.api_key, settings.unknown_models) == (Secret("tw-1"), "auto")


def test_the_call_log_is_standard_error_or_a_file_beside_the_configuration(load, tmp_path):
    assert load("").call_log is None
    assert load('[server]\ncall_log = "stderr"\n').call_log == "stderr"
    assert load('[server]\ncall_log = "logs/calls.jsonl"\n').call_log == tmp_path / "logs" / "calls.jsonl"
    assert load('[server]\ncall_log = "/var/log/calls"\n').call_log == Path("/var/log/calls")
    assert list(tmp_path.iterdir()) == [tmp_path / "tierwise.toml"], "reading settings writes nothing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[server]\napi_key_variable = "MY_KEY"', "tierwise.toml:2: server.api_key_variable: MY_KEY is not set"),
        ('[server]\napi_key_variable = ""', "api_key_variable: expected a string that is not empty"),
        ('[server]\nunknown_models = "guess"', "tierwise.toml:2: server.unknown_models: expected one of refuse, auto"),
        ("[server]\ncall_log = true", "tierwise.toml:2: server.call_log: expected a string that is not empty"),
        ("[dispatch]\nretries = -1", "tierwise.toml:2: dispatch.retries: expected a whole number in [0, 10]"),
        ("[dispatch]\nretries = 1.5", "dispatch.retries"),
        ("[dispatch]\nheartbeat_s = 0", "dispatch.heartbeat_s: expected a number in [0.01, 86400]"),
        ("[dispatch]\ndeadline_s = 0.0", "dispatch.deadline_s"),
        ("[dispatch]\nfirst_event_s = inf", "dispatch.first_event_s"),
        ("[dispatch]\nretry = 1", "dispatch.retry: unknown key"),
        ("dispatch = 1", "dispatch: expected a table"),
        ("[dispatch.breaker]\nfailures = 0", "tierwise.toml:2: dispatch.breaker.failures: expected a whole number in"),
        ("[dispatch.breaker]\ncooldown_s = 0", "dispatch.breaker.cooldown_s: expected a number in [0.01, 86400]"),
        ("[dispatch.breaker]\ncooldown = 1", "Did you mean 'cooldown_s'?"),
        ("[dispatch.breaker]\ncooldown_s = 301", "tierwise.toml:2: dispatch.breaker.cooldown_s: longest_cooldown_s is"),
        (
            "[dispatch.breaker]\nlongest_cooldown_s = 0.5",
            "dispatch.breaker.longest_cooldown_s: longest_cooldown_s is 0.5",
        ),
        ("[dispatch]\nbreaker = true", "tierwise.toml:2: dispatch.breaker: expected a table"),
        ("[connections]\nconnect_s = 0", "tierwise.toml:2: connections.connect_s: expected a number in [0.01, 86400]"),
        ("[connections]\nidle_s = -1", "connections.idle_s: expected a number in [0, 86400]"),
        ('[connections]\nidle_s = "4"', "connections.idle_s: expected a number"),
        ("[connections]\nmax_connections = 1.5", "connections.max_connections: expected a whole number in [1, "),
        ("[connections]\nmax_connections = 0", "connections.max_connections"),
        ("[connections]\nuse_environment = 1", "connections.use_environment: expected true or false"),
        ("[connections]\nproxy = true", "tierwise.toml:2: connections.proxy: unknown key"),
        ("connections = []", "connections: expected a table"),
        ("providers = 1", "providers: expected an array of tables"),
        ('[[providers]]\nbase_url = "http://x"', "providers[0].name: expected a string"),
        (LOCAL + LOCAL, "'local' has a row already"),
        ('[[providers]]\nname = "a/b"\nbase_url = "http://x"', "providers[0].name: expected a string without '/'"),
        ('[[providers]]\nname = "a"\nbase_url = "ftp://x"', "providers[0].base_url: expected an http or https URL"),
        ('[[providers]]\nname = "a"\nbase_url = "http://x"\nkey = "sk-1"', "providers[0].key: unknown key"),
        (
            '[[providers]]\nname = "a"\nadapter = "soap"\nbase_url = "http://x"',
            "providers[0].adapter: 'soap' is not an adapter; use one of: openai_compatible",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(load, text, said):
    with pytest.raises(ConfigError) as caught:
        load(text + "\n")
    assert said in str(caught.value)


@pytest.mark.parametrize("written", ["sk-live-0123456789", "0123456789abcdef"])
def test_a_key_that_was_written_where_its_variable_belongs_is_not_repeated(load, written):
    with pytest.raises(ConfigError) as caught:
        load(f'[server]\napi_key_variable = "{written}"\n')
    assert written not in str(caught.value)


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(load):
    with pytest.raises(ConfigError) as caught:
        load('[server]\napi_key_variable = "MY_KEY"\n', MY_KEY="sk-\u6f22-secret")
    assert "secret" not in str(caught.value)
    assert "MY_KEY" in str(caught.value)
