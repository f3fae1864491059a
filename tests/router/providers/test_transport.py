import logging

import pytest

from router.dialects.conversation import FailureKind
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.providers.connection_settings import ConnectionSettings
from router.providers.connections import Connections
from router.providers.transport import Transport, UpstreamBroke
from tests.router.providers.harness import CALL, STREAMED, harness, target
from tests.router.providers.upstream import answer, stalling_stream, stream, upstream


def request_to(url, **headers):
    return HttpRequest("POST", url, headers, body=b"{}")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "https://other.test/v1", "http://p.test/v1", "https://p.test:444/", "file:///etc"]
)
def test_nothing_is_sent_to_a_host_that_is_not_configured(run, url):
    async def check():
        async with Connections() as connections:
            transport = Transport(connections, [Provider("p", "openai_compatible", "https://p.test/v1")])
            with pytest.raises(UpstreamBroke, match="not of a configured provider"):
                await transport.open(request_to(url), within_s=1.0)

    run(check())


def test_proxies_of_the_environment_are_used_only_where_configured(run, monkeypatch):
    async def check():
        async with upstream(answer()) as proxy, upstream(answer()) as server:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "")
            for use, expected in ((False, (0, 1)), (True, (1, 1))):
                settings = ConnectionSettings(use_environment=use)
                async with harness({"a": server.url}, settings=settings) as h:
                    await h.dispatch(CALL, target())
                assert (len(proxy.seen), len(server.seen)) == expected

    run(check())


def test_neither_keys_nor_bodies_are_logged(run, caplog):
    caplog.set_level(logging.DEBUG)

    async def check():
        async with upstream(answer(), stream()) as server, harness({"a": server.url}) as h:
            await h.dispatch(CALL, target())
            await (await h.dispatch(STREAMED, target())).stream.aclose()

    run(check())
    assert "sk-secret" not in caplog.text and "Hello" not in caplog.text and "Hi." not in caplog.text


def test_a_header_that_cannot_be_sent_is_not_shown(run):
    async def check():
        async with Connections() as connections:
            transport = Transport(connections, [Provider("p", "openai_compatible", "http://127.0.0.1:1/v1")])
            with pytest.raises(UpstreamBroke) as caught:
                await transport.open(request_to("http://127.0.0.1:1/v1", authorization="sk-1\r\nx: y"), within_s=1.0)
            assert "sk-1" not in str(caught.value) and caught.value.__cause__ is None

    run(check())


def test_cookies_are_not_kept(run):
    async def check():
        async with upstream(answer(set_cookie="a=b")) as server, harness({"a": server.url}) as h:
            await h.dispatch(CALL, target())
            await h.dispatch(CALL, target())
            assert "cookie" not in server.seen[1].headers

    run(check())


def test_a_full_pool_is_our_own_trouble_and_said_so(run):
    async def check():
        settings = ConnectionSettings(max_connections=1)
        async with upstream(stalling_stream([b": x\n\n"])) as server:
            async with Connections(settings) as connections:
                provider = Provider("p", "openai_compatible", server.url, key=Secret("k"))
                transport = Transport(connections, [provider])
                held = await transport.open(request_to(server.url + "/x"), within_s=1.0)
                with pytest.raises(UpstreamBroke) as caught:
                    await transport.open(request_to(server.url + "/x"), within_s=1.0)
                assert caught.value.kind is FailureKind.ROUTER_BUSY
                await held.aclose()
            await server.all_closed()

    run(check())
