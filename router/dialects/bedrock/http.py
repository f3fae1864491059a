"""The request to Amazon Bedrock Converse, with a Bedrock API key or with AWS keys and Signature Version 4."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import quote

from router.dialects.bedrock.request import write_request
from router.dialects.bedrock.sigv4 import signed_headers
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.types import Dialect

REGION = "us-east-1"
SERVICE = "bedrock"


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/model/<model>/converse`, or `converse-stream`."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.BEDROCK)
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    if raw is not None:
        body = edited(raw, put={}, remove={*refused, "model", "modelId"})
    else:
        written = write_request(conversation_of(call), model=model)
        body = body_of(written, put={}, without=refused)
        dropped, names = written.dropped, written.names
    verb = "converse-stream" if call.stream else "converse"
    url = f"{provider.base_url}/model/{quote(model, safe='')}/{verb}"
    headers = _authenticated(provider, url, body, now_s=now_s)
    request = HttpRequest("POST", url, headers, body=body, stream=call.stream)
    return Prepared(request, Dialect.BEDROCK, passthrough=raw is not None, dropped=dropped, names=names)


def _authenticated(provider: Provider, url: str, body: bytes, *, now_s: float) -> dict[str, str | Secret]:
    plain = {"content-type": "application/json"}
    if provider.key is not None:
        return {**plain, "authorization": Secret(f"Bearer {provider.key.reveal()}")}
    if provider.aws_keys is None:
        return {**plain}
    region = provider.options.get("AWS_REGION", REGION)
    return signed_headers(url, plain, body, keys=provider.aws_keys, region=region, service=SERVICE, now_s=now_s)
