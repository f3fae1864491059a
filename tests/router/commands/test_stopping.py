"""How the service ends, as a real process: answers in flight, clients that do not read, impatient operators."""

import asyncio
import json
import os
import signal
import socket

import pytest

from tests.router.endpoints.running import running_with
from tests.router.endpoints.service import BY_NAME, FACES
from tests.router.providers.upstream import STREAMS, silent


async def by_wish(exchange):
    """What the request's own text asks for."""
    text = exchange.request.body
    if b"be silent" in text:
        await silent(exchange)
    await exchange.head(200, content_type="text/event-stream")
    await exchange.chunk(b"".join(STREAMS["openai_chat"][:2]))
    if b"flood" in text:
        while True:
            await exchange.chunk(STREAMS["openai_chat"][1] * 100)
    await asyncio.sleep(600 if b"never end" in text else 1.0)
    for event in STREAMS["openai_chat"][2:]:
        await exchange.chunk(event)
    await exchange.end()


def running(folder, bundle, *arguments, grace_s=2):
    return running_with(by_wish, folder, bundle, *arguments, grace_s=grace_s)


def refuses(address):
    host, port = address.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_every_answer_in_flight_is_finished_or_told_of_the_end_and_the_process_ends_in_time(
    tmp_path, tiny_bundle, workers
):
    async def check():
        async with running(tmp_path, tiny_bundle, "--workers", str(workers)) as made:
            ending = [made.asking(face, "end soon") for face in FACES]
            endless = [made.asking(face, "never end") for face in FACES]
            unbegun = [made.asking(face, "be silent") for face in FACES]
            whole = [made.asking(face, "be silent", stream=False) for face in FACES]
            await made.asked(16)
            made.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.8)
            assert refuses(made.address)
            for task in ending:
                status, got = await task
                assert status == 200 and got["ended"] and not got["error"]
            for face, task in zip(FACES, endless, strict=True):
                status, got = await task
                assert (status, got["ended"]) == (200, False), face.name
                assert got["text"].startswith("Hi")
                assert "stopping" in json.dumps(got["error"])
            for face, task in zip([*FACES, *FACES], unbegun + whole, strict=True):
                status, body = await task
                assert status == 503
                assert "stopping" in face.error(body)
            assert made.provider is not None
            await made.ended()

    asyncio.run(check())


def test_a_hundred_streams_are_each_closed_properly(tmp_path, tiny_bundle):
    async def check():
        async with running(tmp_path, tiny_bundle, grace_s=4) as made:
            face = BY_NAME["messages"]
            tasks = [made.asking(face, "never end") for _ in range(100)]
            await made.asked(100)
            made.process.send_signal(signal.SIGTERM)
            for task in tasks:
                status, got = await task
                assert status == 200 and got["error"] and not got["ended"]
            await made.ended()

    asyncio.run(check())


def test_a_client_that_does_not_read_holds_the_end_up_no_longer_than_the_grace(tmp_path, tiny_bundle):
    async def check():
        async with running(tmp_path, tiny_bundle) as made:
            path, body = BY_NAME["chat"].request(stream=True, ask="flood")
            request = made.client.build_request("POST", path, json=body)
            host, port = made.address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as deaf:
                lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
                deaf.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + request.content)
                half = socket.create_connection((host, int(port)))
                half.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
                await made.asked(1)
                made.process.send_signal(signal.SIGTERM)
                await made.ended()
                half.close()

    asyncio.run(check())


@pytest.mark.parametrize(("second", "workers"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_a_second_signal_ends_the_service_at_once_and_tells_every_answer_in_flight(
    tmp_path, tiny_bundle, second, workers
):
    async def check():
        async with running(tmp_path, tiny_bundle, "--workers", str(workers), grace_s=600) as made:
            streams = [made.asking(face, "never end") for face in FACES]
            unbegun = made.asking(BY_NAME["chat"], "be silent")
            await made.asked(5)
            made.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1.5)
            assert made.process.poll() is None and not any(task.done() for task in [*streams, unbegun])
            made.process.send_signal(second)
            await made.ended()
            for task in streams:
                status, got = await task
                assert status == 200 and got["error"] and not got["ended"]
            assert (await unbegun)[0] == 503

    asyncio.run(check())


def test_a_hangup_cuts_nothing(tmp_path, tiny_bundle):
    async def check():
        async with running(tmp_path, tiny_bundle) as made:
            task = made.asking(BY_NAME["chat"], "end soon")
            await made.asked(1)
            os.kill(made.process.pid, signal.SIGHUP)
            status, got = await task
            assert status == 200 and got["ended"]
            assert (await made.client.get("/healthz")).status_code == 200

    asyncio.run(check())


def test_a_signal_to_the_whole_group_of_workers_ends_them_once(tmp_path, tiny_bundle):
    import psutil

    async def check():
        async with running(tmp_path, tiny_bundle, "--workers", "2") as made:
            task = made.asking(BY_NAME["chat"], "end soon")
            await made.asked(1)
            for one in psutil.Process(made.process.pid).children():
                one.send_signal(signal.SIGTERM)
            made.process.send_signal(signal.SIGTERM)
            status, got = await task
            assert status == 200 and got["ended"]
            await made.ended()

    asyncio.run(check())
