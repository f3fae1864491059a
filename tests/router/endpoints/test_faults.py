"""Providers that break in every way, seen from the client: status, dialect, failover, and never a false end."""

import asyncio
import gzip
import json
import socket

import httpx2
import pytest

from tests.router.endpoints.service import ASK, BY_NAME, FACES, TIERS, service
from tests.router.providers.upstream import (
    ANSWERS,
    STREAMS,
    answer,
    broken_stream,
    chat_chunk,
    error,
    reset_mid_body,
    reset_mid_headers,
    silent,
    sse,
    stalling_stream,
    stream,
    zipped,
)

IMPATIENT = {
    "first_event_s": 0.3, "whole_answer_s": 0.3, "between_bytes_s": 0.3, "deadline_s": 8, "base_wait_s": 0.01,
}  # fmt: skip


async def close_at_once(exchange):
    exchange.reset()


def drip(data, *, kind):
    """A byte now and then: each comes in time, and the whole does not."""

    async def act(exchange):
        await exchange.head(200, content_type=kind)
        for byte in data:
            await exchange.chunk(bytes([byte]))
            await asyncio.sleep(0.002)
        await exchange.end()

    return act


BROKEN_JSON = answer(raw=b'{"choices": [')
EMPTY = answer(raw=b"")
HTML = answer(raw=b"<html>gateway</html>", content_type="text/html")
ROLE_ONLY = sse(chat_chunk({"role": "assistant", "content": ""}))

# Before the first byte: name -> (step, of which the fault is made; status to a client for whom nobody else is left)
BEFORE = {
    "reset": (close_at_once, 502),
    "reset mid-headers": (reset_mid_headers, 502),
    "slow first byte": (silent, 504),
    "429": (error(429, "slow down"), 429),
    "429 with retry-after": (error(429, "slow down", retry_after="7"), 429),
    "500": (error(500), 500),
    "529": (error(529), 503),
    "wrong content type": (HTML, 502),
    "malformed JSON": (BROKEN_JSON, 502),
    "empty 200": (EMPTY, 502),
    "401": (error(401, "key sk-provider-a-0123456789 is wrong"), 502),
    "404": (error(404), 404),
}
WHOLE = {**BEFORE, "reset mid-body": (reset_mid_body, 502)}
STREAMED = {
    **BEFORE,
    "reset before content": (broken_stream(ROLE_ONLY), 502),
    "close before content": (broken_stream(ROLE_ONLY, reset=False), 502),
    "malformed SSE": (stream([b"data: {nonsense\n\n"]), 502),
    "empty stream": (stream([]), 502),
    "stall": (stalling_stream([b": hello\n\n"]), 504),
}


# Anthropic has a status of its own for overload, and Google none for a bad gateway.
SAID = {("messages", 503): (529,), ("gemini", 502): (500, 503)}


def fault_cases():
    for streamed, table in ((False, WHOLE), (True, STREAMED)):
        for name, (step, status) in table.items():
            yield pytest.param(streamed, step, status, id=f"{'stream' if streamed else 'whole'}: {name}")


@pytest.mark.parametrize(("streamed", "step", "status"), list(fault_cases()))
def test_a_provider_that_fails_is_gone_around_and_where_nobody_is_left_the_client_is_told_in_its_dialect(
    router, tmp_path, run, streamed, step, status
):
    good = stream() if streamed else answer()

    async def go():
        scripts = {"a": [step], "b": [good], "c": [good], "d": [good]}
        async with service(router, tmp_path, scripts, dispatch=IMPATIENT) as made:
            for face in FACES:
                told = await made.post(face, stream=streamed)
                assert told.status_code == 200, told.text
                assert told.headers["x-router-tier"] == "budget"
                assert told.headers["x-router-served-by"] == "b/m2"
                assert told.headers["x-router-attempts"].startswith("a/m1=")
                text = face.streamed(told.content)["text"] if streamed else face.text(told.json())
                assert text == "Hi."
                assert "sk-provider" not in told.text + str(told.headers)
            assert made.seen().keys() <= {"a", "b"}

        async with service(
            router, tmp_path, {"a": [step], "b": [step], "c": [step], "d": [step]}, dispatch=IMPATIENT
        ) as made:
            for face in FACES:
                made.app.state.forwarder._dispatcher.breaker._states.clear()
                told = await made.post(face, stream=streamed)
                if face.name == "responses" and streamed and status >= 429:
                    assert told.status_code == 200 and "event: response.failed" in told.text, told.text
                else:
                    assert told.status_code in SAID.get((face.name, status), (status,)), (face.name, told.text)
                    assert told.headers["content-type"] == "application/json"
                    assert face.error(told.json())
                assert told.headers["x-should-retry"] == "false"
                assert "sk-provider" not in told.text + str(told.headers)
                attempts = [one.partition("=")[0] for one in told.headers["x-router-attempts"].split(", ")]
                assert list(dict.fromkeys(attempts)) == ["a/m1", "b/m2", "c/m3", "d/m4"], "the tier, then upwards"
            assert [call["failure"] is not None for call in made.calls] == [True] * 4
            assert "sk-provider" not in "".join(made.log)

    run(go())


def test_the_text_of_a_stream_does_not_quote_the_key_wherever_its_parts_end(router, tmp_path, run):
    said = STREAMS["openai_chat"][1].replace(b"Hi", b"sk-provider-a-0123456789")
    at = said.index(b"0123")
    parts = [STREAMS["openai_chat"][0], said[:at], said[at:], *STREAMS["openai_chat"][2:]]

    async def go():
        async with service(router, tmp_path, {"a": [stream(parts, pause_s=0.05)]}) as made:
            for face in FACES:
                told = await made.post(face, stream=True)
                assert told.status_code == 200 and "***" in face.streamed(told.content)["text"]
                assert "sk-provider" not in told.text

    run(go())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_a_refused_connection_is_a_fault_like_any_other(router, tmp_path, run, streamed):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def go():
            good = stream() if streamed else answer()
            async with service(router, tmp_path, {"c": [good]}, urls={"a": url, "b": url, "d": url}) as made:
                for face in FACES:
                    told = await made.post(face, stream=streamed)
                    assert told.headers["x-router-served-by"] == "c/m3", "up a tier"
                    told = await made.post(face, stream=streamed, model="tier:budget")
                    made.app.state.forwarder._dispatcher.breaker._states.clear()
                    if face.name == "responses" and streamed:
                        assert "event: response.failed" in told.text, told.text
                    else:
                        assert told.status_code in (502, 503), told.text
                        assert face.error(told.json())

        run(go())


def test_the_shortest_retry_after_is_told_and_rounded_up(router, tmp_path, run):
    async def go():
        scripts = {"a": [error(429, retry_after="71")], "b": [error(429, retry_after_ms="61500")]}
        async with service(router, tmp_path, scripts) as made:
            told = await made.post(BY_NAME["chat"], model="tier:budget")
            assert (told.status_code, told.headers["retry-after"]) == (429, "62")
            assert "retry-after" not in (await made.post(BY_NAME["chat"], model="nope")).headers
            told = await made.post(BY_NAME["responses"], model="tier:budget", stream=True)
            assert (told.status_code, told.headers["retry-after"]) == (200, "62")
            assert "Please try again in 62s." in told.text, "Codex waits as the text says"

    run(go())


BREAKS = {
    "reset": broken_stream,
    "close": lambda events: broken_stream(events, reset=False),
    "stall": stalling_stream,
    "malformed": lambda events: stream([*events, b"data: {nonsense\n\n"]),
    "error event": lambda events: stream([*events, *sse({"error": {"message": "overloaded", "code": 529}})]),
}


@pytest.mark.parametrize("fault", BREAKS)
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic", "gemini"])
def test_a_stream_that_breaks_ends_in_an_error_never_as_if_it_were_whole(router, tmp_path, run, dialect, fault):
    events = STREAMS[dialect]
    step = BREAKS[fault](events[: 1 if dialect == "gemini" else -3])
    adapter = {"openai_chat": "openai_compatible"}.get(dialect, dialect)
    if fault == "error event" and dialect == "anthropic":
        failed = {"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}}
        step = stream([*events[:-3], *sse(failed, names=["error"])])

    async def go():
        tiers = (("budget", ("a/m1",)), ("production", ("a/m2",)), ("frontier", ("a/m3",)))
        async with service(
            router, tmp_path, {"a": [step]}, adapters={"a": adapter}, dispatch=IMPATIENT, tiers=tiers
        ) as made:
            for face in FACES:
                made.app.state.forwarder._dispatcher.breaker._states.clear()
                told = await made.post(face, stream=True)
                assert told.status_code == 200
                got = face.streamed(told.content)
                assert got["error"], (face.name, told.text)
                assert not got["ended"], (face.name, told.text)
                assert got["text"].startswith("Hi")
                assert len(told.headers["x-router-attempts"].split(",")) == 1, "no failover after the first byte"
            assert [(call["failure"] is not None, call["finish"]) for call in made.calls] == [(True, None)] * 4
        await made.upstreams["a"].all_closed()

    run(go())


def test_a_break_of_geminis_json_array_is_still_json_with_the_error_in_it(router, tmp_path, run):
    async def go():
        script = {"a": [broken_stream(STREAMS["gemini"][:1])]}
        async with service(router, tmp_path, script, adapters={"a": "gemini"}) as made:
            body = BY_NAME["gemini"].request()[1]
            told = await made.client.post("/v1beta/models/auto:streamGenerateContent", json=body)
            got = BY_NAME["gemini"].frames(told.json())
            assert (got["text"], got["ended"]) == ("Hi", False)
            assert got["error"]

    run(go())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_compressed_huge_and_dripping_answers_arrive(router, tmp_path, run, streamed):
    long = "x" * 3_000_000
    choice = {"index": 0, "message": {"role": "assistant", "content": long}, "finish_reason": "stop"}
    packed = gzip.compress(b"".join(STREAMS["openai_chat"]))

    async def zipped_stream(exchange):
        await exchange.head(200, content_type="text/event-stream", content_encoding="gzip")
        await exchange.chunk(packed)
        await exchange.end()

    if streamed:
        big = stream(sse(chat_chunk({"content": long}), chat_chunk({}, "stop"), "[DONE]"))
        script = [zipped_stream, big, drip(b"".join(STREAMS["openai_chat"]), kind="text/event-stream")]
    else:
        big = answer(ANSWERS["openai_chat"] | {"choices": [choice]})
        script = [zipped(), big, drip(json.dumps(ANSWERS["openai_chat"]).encode(), kind="application/json")]

    async def go():
        for face in FACES:
            async with service(router, tmp_path, {"a": script}) as made:
                for expected in ("Hi.", long, "Hi."):
                    told = await made.post(face, stream=streamed)
                    assert told.status_code == 200, told.text
                    assert "content-encoding" not in told.headers
                    text = face.streamed(told.content)["text"] if streamed else face.text(told.json())
                    assert text == expected

    run(go())


def test_a_defect_of_ours_inside_a_stream_is_an_error_to_the_client_and_the_provider_is_let_go(
    router, tmp_path, run, monkeypatch
):
    from router.dialects.anthropic.stream import StreamWriter

    def fails(self, event):
        raise RuntimeError(f"holds {ASK}")

    async def go():
        async with service(router, tmp_path, {"a": [stream()]}) as made:
            monkeypatch.setattr(StreamWriter, "_write_text", fails)
            told = await made.post(BY_NAME["messages"], stream=True)
            got = BY_NAME["messages"].streamed(told.content)
            assert got["error"]
            assert not got["ended"]
            assert ASK not in "".join(made.log)
            assert len(made.calls) == 1
        await made.upstreams["a"].all_closed()

    run(go())


def test_the_tiers_that_a_caller_allows_hold_for_failover_too(router, tmp_path, run):
    async def go():
        down = [error(500)]
        async with service(router, tmp_path, {name: down for name in "abcd"}) as made:
            for more, allowed in (
                ({"headers": {"x-router-ceiling": "budget"}}, {"a", "b"}),
                ({"router": {"tiers": ["budget", "production"]}}, {"a", "b", "c"}),
                ({"model": "tier:production"}, {"c"}),
                ({"model": "d/m4"}, {"d"}),
                ({}, set("abcd")),
            ):
                made.app.state.forwarder._dispatcher.breaker._states.clear()
                for one in made.upstreams.values():
                    one.seen.clear()
                told = await made.post(BY_NAME["chat"], **more)
                assert told.status_code == 500
                assert set(made.seen()) == allowed, (more, TIERS)

    run(go())


# --- Defects of our own -----------------------------------------------------------------------------------------------

SECRET = "the-password-is-swordfish"


def breaks(*_args, **_more):
    raise KeyError(f"{SECRET} {ASK}")


def test_a_defect_is_a_500_in_the_clients_dialect_and_a_line_of_log_without_what_was_said(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            made.app.state.router.plan = made.app.state.router.route = breaks
            asked = [(face, *face.request(ask=f"{ASK} {SECRET}")) for face in FACES]
            asked.append((BY_NAME["chat"], "/route", {"prompt": SECRET}))
            asked.append((BY_NAME["chat"], "/route/batch", [{"prompt": SECRET}]))
            asked.append((BY_NAME["messages"], "/route", {"messages": [{"role": "user", "content": SECRET}]}))
            asked.append((BY_NAME["gemini"], "/route", {"contents": [{"parts": [{"text": SECRET}]}]}))
            for face, path, body in asked:
                told = await made.client.post(path, json=body, headers=face.headers)
                assert told.status_code == 500, path
                assert told.headers["content-type"] == "application/json"
                assert told.headers["x-should-retry"] == "false"
                assert "the service failed" in face.error(told.json())
                assert SECRET not in told.text
                assert "KeyError" not in told.text
            logged = "".join(line for line in made.log if made.url not in line)
            assert sum(line.startswith("defect: KeyError at ") for line in made.log) == len(asked)
            assert "test_faults.py:" in logged
            assert SECRET not in logged
            assert ASK not in logged
            assert "Traceback" not in logged
            assert (await made.client.get("/healthz")).status_code == 200

    run(go())


def test_an_answer_that_breaks_on_our_side_after_it_began_does_not_look_whole(router, tmp_path, run, monkeypatch):
    from router.endpoints.streams import StreamResponse

    async def begins(self, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a piece", "more_body": True})
        breaks()

    async def go():
        async with service(router, tmp_path, {"a": [stream()]}) as made:
            monkeypatch.setattr(StreamResponse, "_send", begins)
            with pytest.raises(httpx2.RemoteProtocolError):
                await made.post(BY_NAME["chat"], stream=True)
            logged = "".join(line for line in made.log if made.url not in line)
            assert "defect: KeyError at " in logged
            assert SECRET not in logged
            assert "Traceback" not in logged
        await made.upstreams["a"].all_closed()

    run(go())


# --- What the file says of connections and breakers -------------------------------------------------------------------


def test_the_pool_and_the_breaker_of_the_file_are_those_that_are_used(router, tmp_path, run):
    extra = "[connections]\nmax_connections = 1\n[dispatch.breaker]\nfailures = 1\n"

    async def go():
        scripts = {"a": [silent], "b": [error(500)], "d": [answer()]}
        async with service(router, tmp_path, scripts, extra=extra) as made:
            first = asyncio.create_task(made.post(BY_NAME["chat"], model="a/m1"))
            while not made.upstreams["a"].seen:
                await asyncio.sleep(0.01)
            told = await made.post(BY_NAME["chat"], model="d/m4")
            assert told.status_code == 503, "the one connection is in use"
            assert told.json()["error"]["code"] == "router_busy"
            assert (told.headers["retry-after"], told.headers["x-should-retry"]) == ("1", "true")
            assert made.seen() == {"a": 1}
            first.cancel()
            await asyncio.wait({first})
            await made.upstreams["a"].all_closed()
            breaker = made.app.state.forwarder._dispatcher.breaker
            assert not breaker.is_open("b/m2")
            assert (await made.post(BY_NAME["chat"], model="b/m2")).status_code >= 500
            assert breaker.is_open("b/m2"), "one failure opens the breaker"

    run(go())


def test_a_model_that_is_left_alone_is_seen_by_who_asks_for_readiness_and_in_the_call_log(router, tmp_path, run):
    async def go():
        extra = "[dispatch.breaker]\nfailures = 1\ncooldown_s = 60\n"
        async with service(router, tmp_path, {"a": [error(500), answer()], "b": [answer()]}, extra=extra) as made:
            for _ in range(2):
                assert (await made.post(BY_NAME["chat"], model="tier:budget")).status_code == 200
            assert [[one["breaker"] for one in call["each_attempt"]] for call in made.calls] == [
                ["opened", None],
                ["open", None],
            ]
            (seen,) = (await made.client.get("/readyz")).json()["breakers"].items()
            assert seen[0] == "a/m1"
            assert (seen[1]["state"], seen[1]["opened"], seen[1]["cause"]) == ("open", 1, "server, status 500")
            assert any("a/m1 is left alone for 60 s: server, status 500" in line for line in made.log)
            assert (await made.post(BY_NAME["chat"], model="a/m1")).status_code == 200, "tried, as no other is left"
            assert made.calls[-1]["each_attempt"][-1]["breaker"] == "trial"

    run(go())
