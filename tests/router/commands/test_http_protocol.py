"""Connections of clients on raw sockets: offers of upgrades, limits in size and time, and what they leave alone."""

from __future__ import annotations

import asyncio
import json
import pickle
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from router.app import create_app
from router.commands.http_protocol import MAX_HEADERS, BoundedConfig
from router.core import Router
from router.dialects.shared.secret import Secret
from tests.router.endpoints.service import serving

BODY = b'{"prompt": "hi"}'
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA\r\n"
OTHER_OFFERS = {
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "kept alive": b"Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0\r\n",
}


def post(extra=b"", *, path=b"/route", body=BODY):
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n" % (path, extra, length) + body


@asynccontextmanager
async def connected(router, *, most_waiting=1_000, key=None, **door):
    """A service with these limits, and a function that connects to it."""
    limited = replace(router.settings, door=replace(router.settings.door, **door), api_key=key and Secret(key))
    writers = []
    async with serving(create_app(Router(router.bundle, limited)), most_waiting=most_waiting) as (url, _):

        async def connect():
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            writers.append(writer)
            return reader, writer

        try:
            yield connect
        finally:
            for writer in writers:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def answer_of(reader):
    """(status, body) of the next answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))[15:])
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def send(connect, *parts):
    reader, writer = await connect()
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.05)
    return reader, writer


@pytest.mark.parametrize("offer", [OFFER, *OTHER_OFFERS.values()], ids=["h2c", *OTHER_OFFERS])
@pytest.mark.parametrize("apart", [False, True], ids=["in one write", "in two writes"])
def test_an_offer_to_upgrade_is_passed_over_and_the_body_is_read(router, run, offer, apart):
    async def go():
        async with connected(router) as connect:
            whole = post(offer)
            parts = [whole[: -len(BODY)], BODY] if apart else [whole]
            reader, writer = await send(connect, *parts)
            status, body = await answer_of(reader)
            assert (status, "tier" in body) == (200, True)
            writer.write(post())  # the connection goes on
            assert (await answer_of(reader))[0] == 200

    run(go())


def test_a_chunked_body_after_an_offer_and_two_requests_in_one_write_are_read(router, run):
    async def go():
        async with connected(router) as connect:
            chunked = b"POST /route HTTP/1.1\r\nHost: localhost\r\n" + OFFER + b"Transfer-Encoding: chunked\r\n\r\n"
            chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
            reader, _ = await send(connect, chunked + post(OFFER) + post())
            assert [(await answer_of(reader))[0] for _ in range(3)] == [200, 200, 200]
            reader, _ = await send(connect, b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await answer_of(reader))[0] == 400

    run(go())


@pytest.mark.parametrize(
    "start",
    [
        b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        b"POST /v1/mess",
        b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAnthropic-Version: 2023-06-01\r\n",
    ],
)
def test_a_half_head_ends_with_a_408_and_a_silent_connection_without_a_word(router, run, start):
    async def go():
        async with connected(router, header_timeout_s=0.3) as connect:
            reader, _ = await send(connect, start)
            status, body = await answer_of(reader)
            assert status == 408
            assert "header_timeout_s" in str(body)
            if b"anthropic" in start.lower():
                assert body["type"] == "error"
            assert await asyncio.wait_for(reader.read(), 20) == b""
            silent, _ = await connect()
            assert await asyncio.wait_for(silent.read(), 20) == b""

    run(go())


def test_a_half_head_on_a_kept_connection_ends_with_a_408_too(router, run):
    async def go():
        async with connected(router, header_timeout_s=0.3) as connect:
            reader, writer = await send(connect, post())
            assert (await answer_of(reader))[0] == 200
            await asyncio.sleep(0.5)  # idle: the time for a head has not begun
            writer.write(b"\r\nPOST /route HT")
            assert (await answer_of(reader))[0] == 408

    run(go())


def test_a_slow_body_ends_with_a_408_in_the_dialect_of_its_path(router, run):
    head = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n"

    async def go():
        async with connected(router, header_timeout_s=0.4, min_body_bytes_per_s=200) as connect:
            reader, _ = await send(connect, head + b"{")
            status, body = await answer_of(reader)
            assert (status, body["type"]) == (408, "error")
            assert "min_body_bytes_per_s" in body["error"]["message"]
        async with connected(router, body_timeout_s=0.4, min_body_bytes_per_s=0) as connect:
            reader, _ = await send(connect, head, b"{" + b" " * 3_000)
            status, body = await answer_of(reader)
            assert (status, "body_timeout_s" in body["error"]["message"]) == (408, True)

    run(go())


def test_a_steady_body_takes_longer_than_a_head_may(router, run):
    async def go():
        async with connected(router, header_timeout_s=0.2, min_body_bytes_per_s=20) as connect:
            spaces = [b" " * 100] * 10
            whole = post(body=BODY + b"".join(spaces))
            reader, _ = await send(connect, whole[:-1000], *spaces)  # 0.5 s
            assert (await answer_of(reader))[0] == 200

    run(go())


def test_headers_beyond_the_limit_are_a_431_before_the_key_is_looked_at(router, run):
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    key = "tw-client-key-9876543210"
    too_large = {
        "one header": head + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
        "one header without an end": head + b"X-A: " + b"a" * 400_000,
        "many": head + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 400) for n in range(170)) + b"\r\n",
        "too many": head + b"".join(b"X-%d: a\r\n" % n for n in range(MAX_HEADERS)) + b"\r\n",
        "a path": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "without a key": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-A: "
        + b"a" * 70_000
        + b"\r\n\r\n",
        "after an offer": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + OFFER + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
    }

    async def go():
        async with connected(router, key=key) as connect:
            for name, raw in too_large.items():
                reader, _ = await send(connect, raw)
                assert (await answer_of(reader))[0] == 431, name
            reader, _ = await send(connect, head + b"X-A: " + b"a" * 60_000 + b"\r\n\r\n")
            assert (await answer_of(reader))[0] == 200
            body = b" " * 200_000 + BODY  # a body is no head, in whatever pieces it comes
            reader, _ = await send(connect, post(b"x-api-key: %s\r\n" % key.encode(), body=body)[:80_000], b"")
            assert not reader.at_eof()

    run(go())


def test_what_follows_a_chunked_body_is_no_header_and_has_an_end(router, run):
    head = b"POST /route HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(BODY), BODY)

    async def go():
        async with connected(router) as connect:
            reader, _ = await send(connect, head + chunk, b"0\r\nX-Router-Tier: nonsense\r\n\r\n")
            assert (await answer_of(reader))[0] == 200
            reader, _ = await send(connect, head + chunk, b"0\r\n", b"X-Pad: " + b"a" * 600_000)
            assert (await answer_of(reader))[0] == 400

    run(go())


def test_an_answer_under_way_is_not_cut_by_a_half_request_behind_it(router, run):
    async def go():
        async with connected(router, header_timeout_s=0.2) as connect:
            slow = post(body=BODY + b" " * 10)
            reader, writer = await send(connect, slow[:-10])
            writer.write(b" " * 10 + b"POST /ro")
            assert (await answer_of(reader))[0] == 200
            assert (await answer_of(reader))[0] == 408

    run(go())


def test_of_too_many_half_open_connections_the_oldest_goes(router, run):
    async def go():
        async with connected(router, most_waiting=3, header_timeout_s=60.0) as connect:
            first, _ = await send(connect, b"GET / HT")
            others = [await send(connect, b"GET / HT") for _ in range(3)]
            assert (await answer_of(first))[0] == 408
            reader, _ = await send(connect, post())
            assert (await answer_of(reader))[0] == 200
            assert len(others) == 3

    run(go())


def test_bytes_that_are_no_http_are_a_400_as_json(router, run):
    async def go():
        async with connected(router) as connect:
            for raw in (
                b"\x16\x03\x01\x00\xa5\x01\x00",
                b"GET / HTTP/9.9\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            ):
                reader, _ = await send(connect, raw)
                status, body = await answer_of(reader)
                assert (status, body["error"]["code"]) == (400, "invalid_http")

    run(go())


def test_connections_are_kept_longer_than_load_balancers_keep_theirs(router):
    config = BoundedConfig(None, router.settings.door, most_waiting=10)
    assert config.timeout_keep_alive > 60
    assert pickle.loads(pickle.dumps(config)).door == router.settings.door  # as worker processes get it
