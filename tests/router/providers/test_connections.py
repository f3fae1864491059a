"""aiohttp behind httpx2's interface: what goes out, what comes back, and how foreign errors are named."""

import asyncio
import base64
import ssl

import httpx2
import pytest
import trustme

from router.providers.connection_settings import ConnectionSettings
from router.providers.connections import Connections, _Places
from tests.router.providers.upstream import answer, broken_stream, raw_bytes, upstream


def request_to(url, body=b"{}", **headers):
    return httpx2.Request("POST", url, headers=headers, stream=httpx2.ByteStream(body))


async def exchange(connections, request):
    response = await connections.handle_async_request(request)
    try:
        return response, await response.aread()
    finally:
        await response.aclose()


def test_only_the_headers_that_are_given_and_those_of_http_itself_go_out(run):
    async def check():
        async with upstream(answer()) as server, Connections() as connections:
            await exchange(connections, request_to(server.url + "/v1/x?y=1", authorization="Bearer k"))
            (seen,) = server.seen
            assert seen.path == "/v1/x?y=1" and seen.body == b"{}"
            assert set(seen.headers) == {"host", "authorization", "content-length"}

    run(check())


def test_a_path_goes_out_with_the_escapes_it_has(run):
    """Signatures are over the path as it is sent."""

    async def check():
        async with upstream(answer()) as server, Connections() as connections:
            await exchange(connections, request_to(server.url + "/model/us.m%3A0%2Fx/converse"))
            assert server.seen[0].path == "/model/us.m%3A0%2Fx/converse"

    run(check())


def test_a_connection_is_used_again_once_its_answer_was_read(run):
    async def check():
        async with upstream(answer()) as server, Connections() as connections:
            for _ in range(3):
                await exchange(connections, request_to(server.url))
            assert server.n_connections == 1

    run(check())


def test_a_body_of_megabytes_arrives_whole(run):
    body = b"x" * (5 << 20)

    async def check():
        async with upstream(answer()) as server, Connections() as connections:
            await exchange(connections, request_to(server.url, body))
            assert server.seen[0].body == body
            assert server.seen[0].headers["content-length"] == str(len(body))

    run(check())


def test_headers_of_an_answer_may_be_long(run):
    async def check():
        async with upstream(answer(x_policy="p" * 40_000)) as server, Connections() as connections:
            response, _ = await exchange(connections, request_to(server.url))
            assert len(response.headers["x-policy"]) == 40_000

    run(check())


def test_redirects_are_answers_and_are_not_followed(run):
    async def check():
        async with upstream(answer(status=302, location="http://127.0.0.1:1/")) as server:
            async with Connections() as connections:
                response, _ = await exchange(connections, request_to(server.url))
            assert response.status_code == 302 and len(server.seen) == 1

    run(check())


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (raw_bytes(b"hello there\r\n\r\n"), httpx2.RemoteProtocolError),
        (raw_bytes(b""), httpx2.RemoteProtocolError),
        (raw_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), httpx2.RemoteProtocolError),
        (broken_stream([b"data: x\n\n"]), httpx2.TransportError),
    ],
    ids=["not HTTP", "nothing", "half a body", "a reset"],
)
def test_what_breaks_is_an_error_of_httpx2_without_its_cause(run, step, expected):
    async def check():
        async with upstream(step) as server, Connections() as connections:
            with pytest.raises(expected) as caught:
                await exchange(connections, request_to(server.url, authorization="Bearer sk-secret"))
            assert caught.value.__cause__ is None and "sk-secret" not in str(caught.value)

    run(check())


def test_a_refused_connection_and_one_that_never_comes_are_told_apart(run):
    async def check():
        async with upstream(answer()) as plain, Connections(ConnectionSettings(connect_s=0.2)) as connections:
            with pytest.raises(httpx2.ConnectError):
                await exchange(connections, request_to("http://127.0.0.1:1/"))
            with pytest.raises(httpx2.ConnectTimeout):  # nobody answers the greeting of TLS
                await exchange(connections, request_to(plain.url.replace("http", "https")))

    run(check())


def test_a_certificate_counts_only_where_somebody_vouches_for_it(run, tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def check():
        async with upstream(answer(), context=context) as server:
            url = server.url.replace("http://127.0.0.1", "https://localhost")
            async with Connections() as connections:
                with pytest.raises(httpx2.ConnectError):
                    await exchange(connections, request_to(url))
            async with Connections(ConnectionSettings(use_environment=True)) as connections:
                response, _ = await exchange(connections, request_to(url))
                assert response.status_code == 200

    run(check())


def test_a_proxy_gets_its_credentials_and_the_provider_does_not(run, monkeypatch):
    async def check():
        async with upstream(answer()) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//user:p%40ss@"))
            monkeypatch.setenv("no_proxy", "")
            async with Connections(ConnectionSettings(use_environment=True)) as connections:
                await exchange(connections, request_to("http://provider.test/v1"))
            (seen,) = proxy.seen
            assert seen.path == "http://provider.test/v1"
            assert seen.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"user:p@ss").decode()

    run(check())


def test_a_place_in_the_pool_is_given_back_however_the_exchange_ended(run):
    async def check():
        settings = ConnectionSettings(max_connections=1)
        async with upstream(raw_bytes(b"no\r\n\r\n"), answer()) as server, Connections(settings) as connections:
            with pytest.raises(httpx2.RemoteProtocolError):
                await exchange(connections, request_to(server.url))
            left = await connections.handle_async_request(request_to(server.url))
            with pytest.raises(httpx2.PoolTimeout):
                await connections.handle_async_request(request_to(server.url))
            await left.aclose()
            await left.aclose()
            await exchange(connections, request_to(server.url))

    run(check())


def test_a_request_waits_for_a_place_only_as_long_as_it_is_told_to(run):
    async def check():
        for wait_s in (0.0, 0.01):
            places = _Places(1, wait_s=wait_s)
            await places.take()
            with pytest.raises(httpx2.PoolTimeout):
                await places.take()
        places = _Places(1, wait_s=30.0)
        await places.take()
        second = asyncio.create_task(places.take())
        await asyncio.sleep(0)
        assert not second.done()
        places.give_back()
        await second

    run(check())
