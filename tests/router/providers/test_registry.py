import re
from urllib.parse import urlsplit

import pytest

from router.catalog import catalog
from router.checked.document import Document
from router.dialects.shared.secret import Secret
from router.errors import ConfigError
from router.providers.adapters import ADAPTERS
from router.providers.registry import (
    ADAPTER_NAMES,
    no_provider_message,
    provider_from,
    providers_from,
    rows_with,
    shipped_rows,
    what_to_set,
)
from router.providers.ways import RESPONSES_OF
from router.types import Target


def merged(own):
    document = Document({"providers": own}, "tierwise.toml")
    rows = rows_with(own, document)
    document.raise_faults(ConfigError)
    return rows


LOCAL = {"ollama", "vllm", "llamacpp", "lmstudio", "echo"}


def test_there_are_at_least_28_providers_each_with_where_it_was_read():
    rows = shipped_rows()
    assert len(rows) >= 28
    for row in rows.values():
        assert re.match(r"20\d\d-\d\d-\d\d in ", row.checked), row.name
        assert row.docs.startswith("https://") or row.name == "echo"


def test_every_adapter_that_a_row_may_name_is_there():
    assert set(ADAPTERS) == set(ADAPTER_NAMES)
    named = {row.adapter for row in shipped_rows().values()}
    assert named | set(RESPONSES_OF.values()) == set(ADAPTER_NAMES)
    assert set(RESPONSES_OF) < named


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


def test_without_any_variable_only_what_needs_none_can_be_called():
    assert set(providers_from(shipped_rows(), {}, Document({}, "t.toml"))) == LOCAL
    only_a_key = {"AZURE_OPENAI_API_KEY": "k"}
    assert provider_from(shipped_rows()["azure_openai"], only_a_key) is None
    assert provider_from(shipped_rows()["azure_openai"], only_a_key | {"AZURE_OPENAI_ENDPOINT": "https://x.test"})


def test_bedrock_takes_aws_keys_where_there_is_no_bearer_key():
    row = shipped_rows()["bedrock"]
    environ = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    provider = provider_from(row, environ)
    assert provider.aws_keys.access_key_id == "AKID" and provider.key is None
    assert provider.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert provider_from(row, environ | {"AWS_BEARER_TOKEN_BEDROCK": "b"}).aws_keys is None


def test_an_operators_row_changes_a_known_provider_or_adds_one():
    own = [
        {"name": "openai", "base_url": "https://gateway.test/v1/", "quirks": {"strip": ["user"]}},
        {"name": "mine", "base_url": "http://10.0.0.5:9000/v1", "key_required": False},
    ]
    rows = merged(own)
    assert rows["openai"].base_url == "https://gateway.test/v1"
    assert rows["openai"].key_variable == "OPENAI_API_KEY" and rows["openai"].quirks.strip == ("user",)
    assert provider_from(rows["mine"], {}).adapter == "openai_compatible"
    assert "mine" not in shipped_rows()


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"name": "x/y", "base_url": "https://x.test"}, "name"),
        ({"base_url": "https://x.test"}, "name"),
        ({"name": "x"}, "base_url"),
        ({"name": "x", "base_url": "ftp://x.test"}, "base_url"),
        ({"name": "x", "base_url": "https://{WHERE}.test"}, "base_url"),
        ({"name": "x", "base_url": "https://x.test", "adapter": "soap"}, "adapter"),
        ({"name": "x", "base_url": "https://x.test", "colour": 1}, "colour"),
        ({"name": "x", "base_url": "https://x.test", "key_required": "no"}, "key_required"),
        ({"name": "x", "base_url": "https://x.test", "variables": ["A"]}, "variables"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"tool_ids": "short"}}, "quirks.tool_ids"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"strip": "user"}}, "quirks.strip"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"rename": {"a": 1}}}, "quirks.rename.a"),
        ({"name": "x", "base_url": "https://x.test", "quirks": {"odd": 1}}, "quirks.odd"),
        ({"name": "x", "base_url": "https://x.test", "quirks": 1}, "quirks"),
    ],
)
def test_a_wrong_row_is_refused_by_source_and_key(row, key):
    with pytest.raises(ConfigError, match=rf"^tierwise\.toml: providers\[0\]\.{re.escape(key)}: [^\n]*$"):
        merged([row])


def test_all_faults_of_all_rows_are_named_at_once_and_no_key_is_shown():
    secret = "sk-live-0123456789"
    rows = [{"name": "x", "key": secret, "key_variable": [secret]}, {"name": "openai", "key_variable": {"a": secret}}]
    with pytest.raises(ConfigError) as caught:
        merged([*rows, {"name": "y", "base_url": f"ftp://me:{secret}@x.test"}])
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "providers[0].base_url", "providers[0].key_variable", "providers[0].key", "providers[1].key_variable",
        "providers[2].base_url",
    ]  # fmt: skip
    assert secret not in str(caught.value)


def test_a_wrong_key_or_url_is_refused_without_the_key_in_the_message():
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        provider_from(shipped_rows()["openai"], {"OPENAI_API_KEY": "sk-1\r\nx-evil: 1"})
    assert "sk-1" not in str(caught.value) and caught.value.__cause__ is None
    azure = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "me"}
    with pytest.raises(ConfigError, match=r"azure_openai\.base_url"):
        provider_from(shipped_rows()["azure_openai"], azure)


def test_what_is_missing_is_named_by_variable_and_never_shows_a_key_that_was_written_in_its_place():
    secret = "sk-live-0123456789"
    rows = merged([{"name": "mine", "base_url": "https://x.test", "key_variable": secret}])
    missing = what_to_set(rows, {"OPENAI_API_KEY": "k", "AZURE_OPENAI_API_KEY": "k"})
    assert "openai" not in missing and "ollama" not in missing
    assert missing["azure_openai"] == "AZURE_OPENAI_ENDPOINT"
    assert missing["cloudflare"] == "CLOUDFLARE_API_KEY and CLOUDFLARE_ACCOUNT_ID"
    said = no_provider_message(["mine", "mine", "nobody"], missing)
    assert "set the variable that key_variable names" in said and "[[providers]] for nobody" in said
    assert secret not in said


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
    assert {Target.of("any", name).provider for name in catalog()} <= set(shipped_rows())
