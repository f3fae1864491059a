"""Clients that stop reading a fast stream: the provider is held back, and little of it is in our process."""

import asyncio
import logging
import socket

import psutil
import pytest

from tests.router.endpoints.running import running_with
from tests.router.endpoints.service import BY_NAME
from tests.router.providers.upstream import STREAMS

LOG = logging.getLogger(__name__)

N_CLIENTS = 20
SENT_BYTES = 200_000_000
MOST_EACH_BYTES = 1_000_000


@pytest.mark.parametrize(("face", "event_bytes"), [("chat", 200), ("chat", 30_000), ("messages", 200)])
def test_a_client_that_does_not_read_holds_at_most_a_megabyte_in_this_process(tmp_path, tiny_bundle, face, event_bytes):
    event = STREAMS["openai_chat"][1].replace(b"Hi", b"x" * event_bytes)
    sent = 0

    async def flood(exchange):
        nonlocal sent
        await exchange.head(200, content_type="text/event-stream")
        await exchange.chunk(STREAMS["openai_chat"][0])
        for _ in range(SENT_BYTES // len(event)):
            await exchange.chunk(event * (1 + 30_000 // event_bytes))
            sent += len(event)

    def ask(made):
        path, body = BY_NAME[face].request(stream=True)
        request = made.client.build_request("POST", path, json=body, headers=BY_NAME[face].headers)
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
        host, port = made.address.removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)))
        client.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + request.content)
        return client

    async def settled():
        before = -1
        async with asyncio.timeout(60):
            while sent != before or not sent:
                before = sent
                await asyncio.sleep(0.5)

    async def check():
        async with running_with(flood, tmp_path, tiny_bundle) as made:
            process = psutil.Process(made.process.pid)
            warm = [ask(made) for _ in range(2)]
            await made.asked(2)
            await settled()
            rss = process.memory_info().rss
            deaf = [ask(made) for _ in range(N_CLIENTS)]
            await made.asked(2 + N_CLIENTS)
            await settled()
            grown = process.memory_info().rss - rss
            for client in warm + deaf:
                client.close()
            assert grown < N_CLIENTS * MOST_EACH_BYTES, f"{grown / N_CLIENTS:,.0f} bytes each"
            LOG.warning("%s, events of %d bytes: %d bytes each", face, event_bytes, grown / N_CLIENTS)

    asyncio.run(check())
