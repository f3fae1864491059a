"""Signatures and frames against botocore, which is the judge of both."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.bedrock.eventstream import FrameReader
from router.dialects.bedrock.sigv4 import signed_headers
from router.dialects.shared.provider import AwsKeys, Provider
from router.dialects.shared.secret import Secret
from router.providers.adapters import ADAPTERS
from tests.router.dialects.frames import encode_frame
from tests.router.providers.harness import CALL, STREAMED
from tests.router.providers.upstream import ANSWERS, STREAMS, answer, frame, stream, upstream

NOW_S = 1_764_000_000.0
auth = pytest.importorskip("botocore.auth")


def botocores_headers(url, headers, body, keys, region, monkeypatch):
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    monkeypatch.setattr(auth, "get_current_datetime", lambda: datetime.fromtimestamp(NOW_S, UTC))
    token = keys.session_token.reveal() if keys.session_token else None
    request = AWSRequest("POST", url, headers=headers, data=body)
    credentials = Credentials(keys.access_key_id, keys.secret_access_key.reveal(), token)
    auth.SigV4Auth(credentials, "bedrock", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def plain(headers):
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()}


@pytest.mark.parametrize("token", [None, Secret("tok/en+1=")])
@pytest.mark.parametrize(
    "model",
    ["amazon.nova-micro-v1%3A0", "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprofile%2Fx", "plain"],
)
def test_the_signature_is_botocores(monkeypatch, model, token):
    keys = AwsKeys("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), token)
    url = f"https://bedrock-runtime.eu-west-1.amazonaws.com/model/{model}/converse"
    headers = {"content-type": "application/json"}
    body = b'{"messages": [1, "\xc3\xa9"]}'
    ours = signed_headers(url, headers, body, keys=keys, region="eu-west-1", service="bedrock", now_s=NOW_S)
    assert plain(ours) == botocores_headers(url, headers, body, keys, "eu-west-1", monkeypatch)


def test_the_adapter_signs_without_a_bearer_key_and_shows_no_secret():
    keys = AwsKeys("AKID", Secret("very-secret"))
    provider = Provider("bedrock", "bedrock", "https://x.test", aws_keys=keys, options={"AWS_REGION": "eu-west-1"})
    prepared = ADAPTERS["bedrock"](provider, CALL, model="amazon.nova:0", without=(), now_s=NOW_S)
    assert prepared.request.url == "https://x.test/model/amazon.nova%3A0/converse"
    assert "/eu-west-1/bedrock/aws4_request" in prepared.request.headers["authorization"].reveal()
    assert "secret" not in repr(prepared) and "AKID/" not in repr(prepared)


HEADERS = st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=4)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=4), st.integers(1, 64))
def test_our_frames_are_read_by_botocore_and_by_us_however_they_are_cut(frames, size):
    from botocore.eventstream import EventStreamBuffer

    data = b"".join(encode_frame(headers, payload) for headers, payload in frames)
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    assert [(event.headers, event.payload) for event in buffer] == frames
    reader = FrameReader()
    found = [one for at in range(0, len(data), size) for one in reader.feed(data[at : at + size])]
    assert [(one.headers, one.payload) for one in found] == frames
    assert reader.close() == []


@given(st.binary(max_size=400))
def test_noise_is_refused_and_never_more_than_that(data):
    try:
        FrameReader().feed(data)
    except ValueError as exc:
        assert "event stream" in str(exc)


def test_a_changed_byte_is_noticed():
    data = bytearray(frame("messageStart", {"role": "assistant"}))
    for at in range(len(data)):
        changed = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
        with pytest.raises(ValueError):
            FrameReader().feed(changed + b"\0" * (1 << 16))


def test_a_client_of_botocore_reads_the_scripted_bedrock(run):
    """The upstream that our Bedrock tests rest on speaks so that AWS's own client understands it."""
    import botocore.session
    from botocore.config import Config

    def ask(url):
        session = botocore.session.Session()
        session.set_credentials("AKID", "secret")
        client = session.create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
        )
        messages = [{"role": "user", "content": [{"text": "Hello"}]}]
        whole = client.converse(modelId="amazon.nova:0", messages=messages)
        events = list(client.converse_stream(modelId="amazon.nova:0", messages=messages)["stream"])
        client.close()
        return whole, events

    async def check():
        steps = (answer(dialect="bedrock"), stream(dialect="bedrock"))
        async with upstream(*steps) as server:
            whole, events = await asyncio.to_thread(ask, server.url)
        assert whole["output"] == ANSWERS["bedrock"]["output"]
        said = "".join(e["contentBlockDelta"]["delta"]["text"] for e in events if "contentBlockDelta" in e)
        assert said == "Hi." and events[-1]["metadata"]["usage"]["outputTokens"] == 3
        assert len(events) == len(STREAMS["bedrock"])
        ours = ADAPTERS["bedrock"](
            Provider("bedrock", "bedrock", server.url, key=Secret("k")),
            STREAMED,
            model="amazon.nova:0",
            without=(),
            now_s=NOW_S,
        )
        theirs = server.seen[1]
        assert ours.request.url == server.url + theirs.path
        assert json.loads(ours.request.body)["messages"] == theirs.json["messages"]

    run(check())
