"""Azure OpenAI's Responses: under its `v1` path, which names the deployment in the body and needs no `api-version`."""

from __future__ import annotations

from collections.abc import Collection

from router.dialects.openai_responses.http import responses_request
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider
from router.dialects.shared.secret import Secret


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to the deployment that `model` names."""
    headers: dict[str, str | Secret] = {} if provider.key is None else {"api-key": provider.key}
    url = f"{provider.base_url}/openai/v1/responses"
    return responses_request(provider, call, url=url, headers=headers, model=model, without=without)
