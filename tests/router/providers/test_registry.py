import re
from urllib.parse import urlsplit

import pytest

from router.catalog import catalog
from router.dialects.shared.secret import Secret
from router.errors import ConfigError
from router.providers.adapters import ADAPTERS
from router.providers.registry import (
    ADAPTER_NAMES,
    missing_variables,
    provider_from,
    providers_from,
    rows_with,
    shipped_rows,
)
from router.types import Target

LOCAL = {"ollama", "vllm", "llamacpp", "lmstudio", "echo"}


def test_there_are_at_least_28_providers_each_with_where_it_was_read():
    rows = shipped_rows()
    assert len(rows) >= 28
    for row in rows.values():
        assert re.match(r"20\d\d-\d\d-\d\d in ", row.checked), row.name
        assert row.docs.startswith("https://") or row.name == "echo"


def test_every_adapter_that_a_row_may_name_is_there():
    assert set(ADAPTERS) == set(ADAPTER_NAMES)
    assert {row.adapter for row in shipped_rows().values()} == set(ADAPTER_NAMES)


@pytest.mark.parametrize("name", shipped_rows())
def test_each_row_becomes_a_provider_once_its_variables_are_set(name):
    row = shipped_rows()[name]
    environ = {variable: "https://me.test" if "ENDPOINT" in variable else "value" for variable in row.variables}
    if row.key_variable:
        environ[row.key_variable] = "key"
    provider = provider_from(row, environ)
    parts = urlsplit(provider.base_url)
    assert parts.hostname and "{" not in provider.base_url and not provider.base_url.endswith("/")
    assert parts.scheme == "https" or name in LOCAL
    assert missing_variables(row, environ) == ()


def test_without_any_variable_only_what_needs_none_can_be_called():
    assert set(providers_from(shipped_rows(), {})) == LOCAL
    assert missing_variables(shipped_rows()["openai"], {}) == ("OPENAI_API_KEY",)
    assert missing_variables(shipped_rows()["azure_openai"], {}) == ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT")


def test_bedrock_takes_aws_keys_where_there_is_no_bearer_key():
    row = shipped_rows()["bedrock"]
    environ = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    provider = provider_from(row, environ)
    assert provider.aws_keys.access_key_id == "AKID" and provider.key is None
    assert provider.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert missing_variables(row, environ) == ()
    assert provider_from(row, environ | {"AWS_BEARER_TOKEN_BEDROCK": "b"}).aws_keys is None


def test_an_operators_row_changes_a_known_provider_or_adds_one():
    own = [
        {"name": "openai", "base_url": "https://gateway.test/v1/", "quirks": {"strip": ["user"]}},
        {"name": "mine", "base_url": "http://10.0.0.5:9000/v1", "key_required": False},
    ]
    rows = rows_with(own, source="tierwise.toml")
    assert rows["openai"].base_url == "https://gateway.test/v1"
    assert rows["openai"].key_variable == "OPENAI_API_KEY" and rows["openai"].quirks.strip == ("user",)
    assert provider_from(rows["mine"], {}).adapter == "openai_compatible"
    assert "mine" not in shipped_rows()


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"name": "x/y", "base_url": "https://x.test"}, "name"),
        ({"base_url": "https://x.test"}, "name"),
        ({"name": "x"}, "x.base_url"),
        ({"name": "x", "base_url": "ftp://x.test"}, "x.base_url"),
        ({"name": "x", "base_url": "https://{WHERE}.test"}, "x.base_url"),
        ({"name": "x", "base_url": "https://x.test", "adapter": "soap"}, "x.adapter"),
        ({"name": "x", "base_url": "https://x.test", "colour": 1}, "x.colour"),
        ({"name": "x", "base_url": "https://x.test", "key_required": "no"}, "x.key_required"),
        ({"name": "x", "base_url": "https://x.test", "variables": ["A"]}, "x.variables"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"tool_ids": "short"}}, "x.quirks.tool_ids"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"strip": "user"}}, "x.quirks.strip"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"rename": {"a": 1}}}, "x.quirks.rename"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"odd": 1}}, "x.quirks.odd"),
        ({"name": "x", "base_url": "https://x.test", "quirks": 1}, "x.quirks"),
    ],
)
def test_a_wrong_row_is_refused_by_source_and_key(row, place):
    with pytest.raises(ConfigError, match=rf"tierwise.toml: providers.*{re.escape(place)}"):
        rows_with([row], source="tierwise.toml")


def test_a_wrong_key_or_url_is_refused_without_the_key_in_the_message():
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        provider_from(shipped_rows()["openai"], {"OPENAI_API_KEY": "sk-1\r\nx-evil: 1"})
    assert "sk-1" not in str(caught.value) and caught.value.__cause__ is None
    azure = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "me"}
    with pytest.raises(ConfigError, match=r"azure_openai\.base_url"):
        provider_from(shipped_rows()["azure_openai"], azure)


def test_a_key_shows_itself_to_nobody():
    import copy
    import json
    import logging
    import pickle

    key = Secret(" sk-1 ")
    assert key.reveal() == "sk-1" and key == Secret("sk-1") and len({key, Secret("sk-1")}) == 1
    shown = (repr(key), str(key), f"{key}", f"{key:>5}", "%s" % key, repr({"k": key}), repr([key]))  # noqa: UP031
    assert not any("sk-1" in text for text in shown)
    record = logging.LogRecord("x", 20, "x", 1, "key %s", (key,), None)
    assert "sk-1" not in record.getMessage()
    for attempt in (lambda: pickle.dumps(key), lambda: copy.deepcopy(key), lambda: json.dumps(key)):
        with pytest.raises(TypeError):
            attempt()


def test_a_target_is_named_by_provider_and_model():
    found = Target.of("budget", "openrouter/deepseek/deepseek-v4")
    assert found == Target("budget", "openrouter", "deepseek/deepseek-v4")
    assert found.name == "openrouter/deepseek/deepseek-v4"
    for wrong in ("gpt", "/gpt", "openai/"):
        with pytest.raises(ValueError, match="provider/model"):
            Target.of("budget", wrong)


def test_the_catalogs_models_are_of_known_providers():
    assert {Target.of(row.tier, name).provider for name, row in catalog().items()} <= set(shipped_rows())
