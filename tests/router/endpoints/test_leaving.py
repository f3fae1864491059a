"""Clients that hang up, silence, and what thousands of calls leave behind."""

import asyncio
import gc
import logging
import threading

import psutil
import pytest

from tests.router.endpoints.service import ASK, BY_NAME, FACES, service
from tests.router.providers.upstream import (
    ANSWERS,
    STREAMS,
    answer,
    broken_stream,
    error,
    silent,
    stalling_stream,
    stream,
)

LOG = logging.getLogger(__name__)


async def raw_request(made, face, *, streamed, **changes):
    """A request over a bare connection, to be dropped at will."""
    path, body = face.request(stream=streamed, **changes)
    request = made.client.build_request("POST", path, json=body, headers=face.headers)
    host, port = made.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + request.content)
    await writer.drain()
    return reader, writer


async def until(condition, within_s=1.0):
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("when", ["whole", "before the first byte", "inside a stream", "after silence"])
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_a_client_that_hangs_up_takes_its_upstream_connection_along_and_is_settled_once(
    router, tmp_path, run, face, when
):
    streamed = when != "whole"
    step = silent if when in ("whole", "before the first byte") else stalling_stream(STREAMS["openai_chat"][:2])

    async def go():
        async with service(router, tmp_path, {"a": [step]}, dispatch={"heartbeat_s": 0.05}) as made:
            reader, writer = await raw_request(made, face, streamed=streamed)
            await until(lambda: made.upstreams["a"].seen)
            if when in ("inside a stream", "after silence"):
                await asyncio.wait_for(reader.readuntil(b"Hi"), 2)
            if when == "after silence":
                await asyncio.wait_for(reader.readuntil(b"ping" if face.name == "messages" else b": "), 2)
            writer.close()
            await made.upstreams["a"].all_closed()
            await until(lambda: made.calls)
            await asyncio.sleep(0.1)
            assert [(call["cancelled"], call["finish"]) for call in made.calls] == [(True, None)]
            assert len(made.upstreams["a"].seen) == 1

    run(go())


REFUSAL = {
    **ANSWERS["openai_chat"],
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "I'm sorry, but I can't help with that."},
            "finish_reason": "stop",
        }
    ],
}
JUDGED = '[policies.judged]\ncascade = { judge = { model = "d/m4" } }\n'

# Where the client leaves -> what each provider does, the policy that is asked for, and who is asked last
CLIMBS = {
    "at the first tier": ({"a": [silent]}, "cascade", "a"),
    "after an escalation": ({"a": [answer(REFUSAL)], "c": [silent]}, "cascade", "c"),
    "inside an answer": ({"a": [answer(REFUSAL)], "c": [stalling_stream([b'{"choices": '])]}, "cascade", "c"),
    "while the judge thinks": ({"a": [answer()], "c": [answer()], "d": [silent]}, "judged", "d"),
}


@pytest.mark.parametrize("how", ["whole", "stream without a byte", "stream with signs of life"])
@pytest.mark.parametrize(
    ("face", "where"),
    [("chat", where) for where in CLIMBS] + [(face.name, "after an escalation") for face in FACES[1:]],
)
def test_a_client_that_hangs_up_ends_its_cascade_with_every_connection(router, tmp_path, run, face, where, how):
    face = BY_NAME[face]
    steps, policy, last = CLIMBS[where]
    scripts = {name: steps.get(name, [answer()]) for name in "abcd"}
    heartbeat_s = 0.05 if how == "stream with signs of life" else 5

    async def go():
        async with service(router, tmp_path, scripts, dispatch={"heartbeat_s": heartbeat_s}, extra=JUDGED) as made:
            idle = len(asyncio.all_tasks())
            reader, writer = await raw_request(made, face, streamed=how != "whole", model=f"auto:{policy}")
            await until(lambda: made.upstreams[last].seen, within_s=5)
            if heartbeat_s < 1:
                await asyncio.wait_for(reader.readuntil(b"ping" if face.name == "messages" else b": "), 5)
                await asyncio.wait_for(reader.readuntil(b"ping" if face.name == "messages" else b": "), 5)
            writer.close()
            await made.upstreams[last].all_closed()
            await until(lambda: [call["cancelled"] for call in made.calls][-1:] == [True])
            await asyncio.sleep(0.1)
            assert [call["cancelled"] for call in made.calls] == [False] * (len(made.calls) - 1) + [True]
            assert sum(made.seen().values()) == len(made.calls), "nobody is asked after it left"
            for name, one in made.upstreams.items():
                if name != last:
                    assert one.open_connections <= 1, "kept for the next request"
            await until(
                lambda: len(asyncio.all_tasks()) <= idle + sum(u.open_connections for u in made.upstreams.values())
            )
            assert not [line for line in made.log if "Traceback" in line or line.startswith("defect")]

    run(go())


def test_a_client_that_does_not_read_holds_the_provider_back_and_hangs_up_all_the_same(router, tmp_path, run):
    sent = 0

    async def flood(exchange):
        nonlocal sent
        await exchange.head(200, content_type="text/event-stream")
        for _ in range(20_000):
            await exchange.chunk(STREAMS["openai_chat"][1] + b": " + b"x" * 10_000 + b"\n\n")
            sent += 1

    async def go():
        async with service(router, tmp_path, {"a": [flood]}) as made:
            _, writer = await raw_request(made, BY_NAME["chat"], streamed=True)
            await until(lambda: sent)
            before = -1
            async with asyncio.timeout(10):
                while sent != before:
                    before = sent
                    await asyncio.sleep(0.3)
            assert sent < 5_000, "the provider is read as fast as the client reads"
            writer.transport.abort()
            await made.upstreams["a"].all_closed()
            await until(lambda: len(made.calls) == 1)

    run(go())


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_silence_is_filled_with_signs_of_life_that_clients_pass_over(router, tmp_path, run, face):
    async def slow(exchange):
        await exchange.head(200, content_type="text/event-stream")
        for number, event in enumerate(STREAMS["openai_chat"]):
            await exchange.chunk(event)
            await asyncio.sleep(0.3 if number == 1 else 0)
        await exchange.end()

    async def go():
        async with service(router, tmp_path, {"a": [slow]}, dispatch={"heartbeat_s": 0.05}) as made:
            told = await made.post(face, stream=True)
            got = face.streamed(told.content)
            assert (got["text"], got["ended"], got["error"]) == ("Hi.", True, None)
            signs = told.content.count(b"event: ping" if face.name == "messages" else b": keepalive")
            assert 2 <= signs <= 12

    run(go())


def test_an_answer_that_nobody_asked_a_byte_of_closes_its_provider(router, tmp_path, run):
    """The client's connection is gone before the response starts: a generator's own `finally` would not run then."""
    from router.endpoints.stopping import InFlight
    from router.endpoints.streams import StreamResponse

    closed = []

    async def pieces():
        yield b"never"

    async def go():
        response = StreamResponse(
            pieces(),
            close=lambda: closed.append(1),
            interrupt=lambda: None,
            in_flight=InFlight(),
            headers={},
            media_type="text/event-stream",
        )

        async def receive():
            return {"type": "http.disconnect"}

        async def send(_message):
            raise OSError("gone")

        await response({"type": "http"}, receive, send)

    run(go())
    assert closed == [1]


N_MIXED = 10_000
MOST_GROWTH_BYTES = 15_000_000


def test_thousands_of_mixed_calls_leave_no_tasks_connections_or_memory(router, tmp_path, run):
    def step_for(number):
        kinds = [
            answer(),
            stream(),
            error(429, retry_after="0"),
            broken_stream(STREAMS["openai_chat"][:-3]),
            stream([b"data: {nonsense\n\n"]),
            answer(raw=b""),
        ]
        return kinds[number % len(kinds)]

    async def any_step(exchange):
        body = exchange.request.json
        wish = int(body["user"]) if str(body.get("user", "")).isdecimal() else 0
        kind = wish % 6 if exchange.request.path else 0
        if kind in (0, 1):
            kind = 1 if body.get("stream") else 0
        await step_for(kind)(exchange)

    async def go():
        scripts = {name: [any_step] for name in "abcd"}
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        logging.getLogger("httpcore2").setLevel(logging.WARNING)
        async with service(router, tmp_path, scripts, dispatch={"retries": 0}) as made:
            breaker = made.app.state.forwarder._dispatcher.breaker
            process = psutil.Process()
            statuses = {}

            async def one(number):
                face = (BY_NAME["chat"], BY_NAME["messages"], BY_NAME["responses"])[number % 3]
                more = {"metadata": {"user_id": str(number)}} if face.name == "messages" else {"user": str(number)}
                if number % 50 == 7:
                    _, writer = await raw_request(made, face, streamed=True)
                    writer.transport.abort()
                    return
                told = await made.post(face, stream=number % 2 == 1, **more)
                statuses[told.status_code] = statuses.get(told.status_code, 0) + 1

            async def many(numbers):
                for start in range(numbers.start, numbers.stop, 40):
                    breaker._states.clear()
                    await asyncio.gather(*(one(number) for number in range(start, min(start + 40, numbers.stop))))
                await asyncio.sleep(0.2)
                for served in made.upstreams.values():
                    served.seen.clear()
                n_calls = len(made.calls)
                made.calls.clear()
                made.log.clear()
                for handler in logging.getLogger().handlers:
                    if hasattr(handler, "reset"):
                        handler.reset()  # pytest keeps every record
                gc.collect()
                return n_calls

            await many(range(0, 600))
            tasks, rss = len(asyncio.all_tasks()), process.memory_info().rss
            n_done, n_calls = 0, 0
            objects = 0
            while n_done < N_MIXED:
                n_calls += await many(range(n_done, n_done + 600))
                objects = objects or len(gc.get_objects())
                n_done += 600
            LOG.warning("%+d objects", len(gc.get_objects()) - objects)
            grown = process.memory_info().rss - rss
            n_sockets = sum(one.status == "ESTABLISHED" for one in process.net_connections())
            LOG.warning(
                "%d requests, %d settled, %s, RSS %+.1f MB, %d sockets",
                n_done,
                n_calls,
                statuses,
                grown / 1e6,
                n_sockets,
            )
            assert n_calls >= n_done * 0.95
            assert set(statuses) >= {200, 429}
            assert 500 not in statuses
            more_objects = len(gc.get_objects()) - objects
            assert more_objects < 1_000, "since the first of them"
            assert grown < MOST_GROWTH_BYTES
            assert len(asyncio.all_tasks()) <= tasks + 60, "only connections that are kept"
        for served in made.upstreams.values():
            await served.all_closed()
        assert [c for c in psutil.Process().net_connections() if c.status == "ESTABLISHED"] == []

    run(go(), within_s=900)


# --- A network decides ------------------------------------------------------------------------------------------------


def test_a_slow_decision_of_a_network_does_not_stop_other_streams(router, tmp_path, run):
    from router.core import Router

    default = Router.load(router.settings.bundle.parent / "default", environ={})
    assert default.bundle.brain.encoder.spec.kind != "static"
    entered, let_go = threading.Event(), threading.Event()

    async def go():
        async with service(default, tmp_path, {"a": [stream()]}) as made:
            decider = made.app.state.forwarder._router
            decide = decider.plan

            def slow(request, **options):
                entered.set()
                assert let_go.wait(10)
                return decide(request, **options)

            decider.plan = slow
            waiting = asyncio.create_task(made.post(BY_NAME["chat"], stream=True))
            try:
                async with asyncio.timeout(10):
                    while not entered.is_set():
                        await asyncio.sleep(0.01)
                decider.plan = decide
                told = await asyncio.wait_for(made.post(BY_NAME["chat"], stream=True), 5)
                assert BY_NAME["chat"].streamed(told.content)["text"] == "Hi."
                assert not waiting.done()
            finally:
                let_go.set()
            assert (await waiting).status_code == 200

    run(go())


def test_a_large_body_is_decided_in_a_thread_whatever_decides(router, tmp_path, run):
    threads = []

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            decider = made.app.state.forwarder._router
            decide = decider.plan
            decider.plan = lambda request, **options: (
                threads.append(threading.current_thread()),
                decide(request, **options),
            )[1]
            await made.post(BY_NAME["chat"])
            await made.post(BY_NAME["chat"], ask=f"{ASK} " * 5_000)

    run(go())
    assert [one is threading.main_thread() for one in threads] == [True, False]
