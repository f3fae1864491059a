"""The call log through a real service: a line a call, ids and numbers only, and files that cannot be written."""

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from router.account import caller_with
from router.account.call_log import CALLS, call_log, check_call_log
from router.app import create_app
from router.core import Router
from router.dialects.shared.secret import Secret
from router.errors import ConfigError
from router.settings import load_settings
from tests.router.endpoints.service import ASK, BY_NAME, FACES, service
from tests.router.providers.upstream import answer, error, stream

SECRET = "the-password-is-swordfish"
MEMBERS = {
    "time", "decision_id", "tier", "reason", "stream", "body_bytes", "served_by", "attempts", "failure", "finish",
    "cancelled", "input_tokens", "output_tokens", "first_event_ms", "duration_ms",
    "caller", "policy", "usage_source", "cost_usd", "each_attempt",
}  # fmt: skip


def lines_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_call_is_one_line_with_its_time_and_without_what_was_said(router, tmp_path, run):
    log = tmp_path / "calls.jsonl"

    async def go():
        scripts = {"a": [answer(), stream(), error(400, SECRET)]}
        async with service(router, tmp_path, scripts, server={"call_log": log.name}) as made:
            for face in FACES:
                made.upstreams["a"].seen.clear()
                for streamed in (False, True, False):
                    await made.post(face, stream=streamed, ask=f"{ASK} {SECRET}")
            assert len(lines_of(log)) == 3 * len(FACES), "written at once, not at the end"
            assert [{**line, **call} for line, call in zip(lines_of(log), made.calls, strict=True)] == lines_of(log)

    run(go())
    lines = lines_of(log)
    for line in lines:
        assert set(line) == MEMBERS
        time = datetime.fromisoformat(line["time"])
        assert timedelta(0) <= datetime.now(UTC) - time < timedelta(minutes=2)
    assert [line["stream"] for line in lines] == [False, True, False] * len(FACES)
    assert [line["failure"] is None for line in lines] == [True, True, False] * len(FACES)
    for text in (SECRET, ASK, "Hi", "sk-provider"):
        assert text not in log.read_text("utf-8")
    assert CALLS.handlers == [], "closed at the end"


def test_a_line_names_its_caller_without_the_key_and_prices_its_attempts(router, tmp_path, run):
    key = "tw-key-0123456789"

    async def go():
        server, environ = {"api_key_variable": "TW_KEY"}, {"TW_KEY": key}
        async with service(router, tmp_path, {"a": [answer()]}, server=server, environ=environ) as made:
            await made.post(BY_NAME["chat"], headers={"authorization": f"Bearer {key}"}, model="a/m1")
            (line,) = made.calls
            assert line["caller"] == caller_with(Secret(key)).id
            (attempt,) = line["each_attempt"]
            assert (attempt["target"], attempt["purpose"], attempt["outcome"]) == ("a/m1", "answer", "answered")
            assert line["usage_source"] == attempt["usage_source"] == "reported"
            assert line["cost_usd"] == pytest.approx((12 * 1.0 + 3 * 2.0) / 1e6)
            assert key not in "".join(made.log)
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            await made.post(BY_NAME["chat"])
            assert made.calls[0]["caller"] == "anonymous"

    run(go())


def test_lines_are_added_to_a_file_and_a_file_that_was_moved_away_is_made_anew(router, tmp_path, run):
    log = tmp_path / "calls.jsonl"
    log.write_text('{"earlier": true}\n', "utf-8")

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, server={"call_log": log.name}) as made:
            await made.post(BY_NAME["chat"])
            log.rename(tmp_path / "calls.1")
            await made.post(BY_NAME["chat"])

    run(go())
    assert [len(line) for line in lines_of(tmp_path / "calls.1")] == [1, len(MEMBERS)]
    assert len(lines_of(log)) == 1


def test_a_log_that_cannot_be_written_any_more_fails_no_call_and_is_said_once(router, tmp_path, run):
    folder = tmp_path / "logs"
    folder.mkdir()

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, server={"call_log": "logs/calls"}) as made:
            (folder / "calls").unlink()
            folder.rmdir()
            for _ in range(3):
                assert (await made.post(BY_NAME["chat"])).status_code == 200
            assert sum(line.startswith("the call log ") for line in made.log) == 1

    run(go())


def test_standard_error_takes_the_lines_too(capsys):
    with call_log("stderr"):
        CALLS.info("call", extra={"call": {"decision_id": "dec_1"}})
    CALLS.info("call", extra={"call": {"decision_id": "dec_2"}})
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["decision_id"] == "dec_1"


def test_without_a_log_a_call_makes_no_record(router, tmp_path, run, monkeypatch):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            assert CALLS.handlers == []
            CALLS.setLevel(logging.WARNING)
            monkeypatch.setattr(CALLS, "info", lambda *_, **__: pytest.fail("asked for"))
            assert (await made.post(BY_NAME["chat"])).status_code == 200

    run(go())


def test_a_file_that_cannot_be_opened_is_named_with_its_key_before_anything_is_served(router, tmp_path):
    wrong = tmp_path / "nowhere" / "calls.jsonl"
    for where in (wrong, tmp_path):
        with pytest.raises(ConfigError, match=r"server\.call_log: .*cannot be written") as caught:
            check_call_log(where)
        assert str(where) in str(caught.value)
    config = tmp_path / "tierwise.toml"
    config.write_text('[server]\ncall_log = "nowhere/calls.jsonl"\n')
    made = create_app(Router(router.bundle, load_settings({}, config=config)))

    async def starts():
        async with made.router.lifespan_context(made):
            pytest.fail("started")

    with pytest.raises(ConfigError, match=r"server\.call_log"):
        starts().send(None)
    command = [sys.executable, "-m", "router", "serve", "--port", "0", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "server.call_log" in done.stderr
    assert "Traceback" not in done.stderr
