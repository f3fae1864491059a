"""Azure OpenAI: chat completions under a deployment's path, with `api-key` and `api-version`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote, urlencode

from router.dialects.openai_chat.http import chat_request
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider
from router.dialects.shared.secret import Secret

API_VERSION = "2024-10-21"


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to the deployment that `model` names."""
    version = provider.options.get("AZURE_OPENAI_API_VERSION", API_VERSION)
    path = f"openai/deployments/{quote(model, safe='')}/chat/completions"
    headers: dict[str, str | Secret] = {} if provider.key is None else {"api-key": provider.key}
    url = f"{provider.base_url}/{path}?{urlencode({'api-version': version})}"
    return chat_request(provider, call, url=url, headers=headers, model=model, without=without)
