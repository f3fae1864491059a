"""From a key in the environment to answers of real models: serve, init, check and doctor as real processes."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from router.catalog import catalog, without_defaults
from router.commands import cli, probe
from router.commands.client_settings import client_findings
from router.providers.registry import shipped_rows
from tests.router.processes import serving

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
KEY = "sk-or-v1-0123456789abcdef"


class Provider:
    """A provider on loopback: what it was asked, and what it answers."""

    def __init__(self, status: int = 200) -> None:
        self.seen: list[dict] = []
        self.status = status
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                self.reply({"object": "list", "data": [{"id": "qwen3:8b"}, {"id": 'odd"\\name'}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                provider.seen.append({"path": self.path, "auth": self.headers.get("authorization"), **body})
                self.reply(ANSWER if provider.status == 200 else {"error": {"message": "no", "code": None}})

            def reply(self, body: object) -> None:
                data = json.dumps(body).encode()
                self.send_response(provider.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


@contextmanager
def provider(status: int = 200) -> Iterator[Provider]:
    one = Provider(status)
    threading.Thread(target=one.server.serve_forever, daemon=True).start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture(autouse=True)
def no_keys(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.endswith(("_KEY", "_TOKEN", "_BASE_URL", "_ENDPOINT")) or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command in this process: returns its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("router.commands.init.local_servers", lambda *_, **__: iter(()))
    monkeypatch.setattr("router.commands.doctor.local_servers", lambda *_, **__: iter(()))

    def run_command(*arguments):
        monkeypatch.setattr(sys, "argv", ["tierwise", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return run_command


def openrouter_at(port):
    return f'[[providers]]\nname = "openrouter"\nbase_url = "http://127.0.0.1:{port}/api/v1"\n'


# --- serve ----------------------------------------------------------------------------------------------------------


def test_a_key_of_openrouter_alone_is_served_by_its_models_of_every_tier(tmp_path, shipped, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    with provider() as upstream:
        config = tmp_path / "t.toml"
        config.write_text(openrouter_at(upstream.port))
        with serving("--config", str(config), "--bundle", str(shipped), cwd=tmp_path) as service:
            for tier in ("budget", "production", "frontier"):
                body = {"model": f"tier:{tier}", "messages": [{"role": "user", "content": "hi"}]}
                told = httpx2.post(f"{service.address}/v1/chat/completions", json=body, timeout=60)
                assert told.status_code == 200, told.text
                assert told.headers["x-router-served-by"].startswith("openrouter/")
            assert httpx2.get(f"{service.address}/readyz").json()["providers"] == ["openrouter"]
    asked = [one["model"] for one in upstream.seen]
    assert asked == ["openai/gpt-6-luna", "google/gemini-3.8-flash", "google/gemini-4-argon"]
    assert "openrouter/anthropic/claude-sonnet-5.5" in catalog()
    assert {(one["path"], one["auth"]) for one in upstream.seen} == {("/api/v1/chat/completions", f"Bearer {KEY}")}


def test_without_a_key_serve_says_what_to_set_and_how_to_try_an_echo(tmp_path, tiny_bundle):
    with serving("--bundle", str(tiny_bundle), cwd=tmp_path) as service:
        said = service.process.stderr.readline()
        assert "set OPENAI_API_KEY or " in said and "`tierwise init`" in said and "`tierwise serve --echo`" in said


@pytest.mark.parametrize("workers", [1, 2])
def test_an_echo_that_is_asked_for_answers_in_place_of_every_model_even_with_a_key(
    tmp_path, tiny_bundle, monkeypatch, workers
):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    options = ("--echo", "--workers", str(workers), "--bundle", str(tiny_bundle))
    with serving(*options, cwd=tmp_path) as service:
        assert "Only the echo answers" in service.process.stderr.readline()
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
        told = httpx2.post(f"{service.address}/v1/chat/completions", json=body, timeout=60)
        assert told.headers["x-router-served-by"].startswith("echo/openai/")
        assert told.json()["choices"][0]["message"]["content"].startswith("[echo] No model was called.")
        service.stop(signal.SIGTERM)


# --- init -----------------------------------------------------------------------------------------------------------


def test_init_writes_a_commented_file_that_check_accepts_and_no_key(run, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    code, out, err = run("init", "--yes")
    assert (code, err) == (0, "")
    text = (tmp_path / "tierwise.toml").read_text()
    assert KEY not in text + out
    assert "OPENROUTER_API_KEY" in text
    tiers = tomllib.loads(text)["tiers"]
    assert [tier["name"] for tier in tiers] == ["budget", "production", "frontier"]
    assert "openrouter/anthropic/claude-sonnet-5.5" in tiers[1]["models"]
    assert re.search(r'claude-sonnet-5\.5",  # 2 USD in, 10 out, per million tokens \(20\d\d-', text)
    code, out, _ = run("check", "--config", "tierwise.toml", "--json")
    assert code == 0
    assert json.loads(out)["providers"] == {"openrouter": "OPENROUTER_API_KEY is set"}
    assert KEY not in out


@pytest.mark.parametrize(("answers", "is_written"), [("openai\ny\n", True), ("openai\nn\n", False)])
def test_init_asks_at_a_terminal_which_providers_and_whether_to_write(run, tmp_path, monkeypatch, answers, is_written):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr(sys, "stdin", Terminal(answers))
    code, out, _ = run("init")
    assert (code, (tmp_path / "tierwise.toml").exists()) == (0 if is_written else 1, is_written)
    assert "[openai, anthropic]" in out
    assert "anthropic/" not in out.partition("[[tiers]]")[2]


def test_init_never_replaces_a_file_unless_told_and_names_what_it_cannot_use(run, tmp_path, monkeypatch):
    code, _, err = run("init", "--yes")
    assert code == 1 and "no provider was found. Set the key of one (OPENAI_API_KEY, " in err
    (tmp_path / "tierwise.toml").write_text("mine")
    monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
    code, _, err = run("init", "--yes")
    assert code == 1 and "tierwise.toml exists" in err and "--force" in err
    assert (tmp_path / "tierwise.toml").read_text() == "mine"
    assert run("init", "--yes", "--out", "other.toml")[0] == 0
    monkeypatch.setenv("GITHUB_TOKEN", KEY)
    code, out, _ = run("init", "--yes", "--force")
    assert code == 0 and "github has a key and is left out: no price list" in out
    for name, says in (("openruter", "Did you mean 'openrouter'?"), ("azure_openai", "AZURE_OPENAI_ENDPOINT")):
        code, _, err = run("init", "--yes", "--provider", name, "--out", "third.toml")
        assert code == 1 and says in err and "?." not in err
        assert not (tmp_path / "third.toml").exists()


@pytest.mark.parametrize(
    ("variable", "cure"),
    [("AZURE_OPENAI_API_KEY", "set AZURE_OPENAI_ENDPOINT"), ("NVIDIA_NIM_API_KEY", "nvidia/MODEL")],
)
def test_init_says_what_a_key_that_fills_no_tier_still_needs(run, monkeypatch, variable, cure):
    monkeypatch.setenv(variable, KEY)
    code, _, err = run("init", "--yes")
    assert code == 1 and "a key is set" in err and cure in err and KEY not in err


@pytest.mark.parametrize("name", [name for name in shipped_rows() if name not in without_defaults()])
def test_init_proposes_three_tiers_for_each_provider_that_is_named(run, tmp_path, name):
    assert run("init", "--yes", "--provider", name)[0] == 0
    tiers = tomllib.loads((tmp_path / "tierwise.toml").read_text())["tiers"]
    assert {model.partition("/")[0] for tier in tiers for model in tier["models"]} == {name}


def test_init_finds_a_model_server_that_listens_on_this_machine(run, tmp_path, monkeypatch):
    with provider() as upstream:
        row = replace(shipped_rows()["ollama"], base_url=f"http://127.0.0.1:{upstream.port}/v1")
        found = list(probe.local_servers({"ollama": row}, own_port=8080))
        monkeypatch.setattr("router.commands.init.local_servers", lambda *_, **__: iter(found))
        assert run("init", "--yes")[0] == 0
    tiers = tomllib.loads((tmp_path / "tierwise.toml").read_text())["tiers"]
    names = [[model["model"] for model in tier["models"]] for tier in tiers]
    assert names == [["ollama/qwen3:8b", 'ollama/odd"\\name']] * 3
    assert run("check", "--config", "tierwise.toml")[0] == 0


# --- check ----------------------------------------------------------------------------------------------------------


CHECKED = """
rules = [{ name = "all", floor = "production" }]
[server]
call_log = "nowhere/calls.jsonl"
[[tiers]]
name = "budget"
models = ["openai/gpt-5.5"]
[[tiers]]
name = "production"
models = [{ model = "acme/x", input_usd_per_million = 1, output_usd_per_million = 2 }]
[[tiers]]
name = "frontier"
models = ["anthropic/claude-opus-5-5"]
"""


def test_check_finds_what_cannot_work_and_what_may_not_be_meant(run, tmp_path, monkeypatch, bundle_copy):
    evaluation = json.loads((bundle_copy / "evaluation.json").read_bytes())
    evaluation["gate"] = {"passed": False, "sentence": "Failed: it is worse than a length rule."}
    (bundle_copy / "evaluation.json").write_text(json.dumps(evaluation))
    (tmp_path / "t.toml").write_text(f'bundle = "{bundle_copy}"\n{CHECKED}')
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    code, out, _ = run("check", "--config", "t.toml")
    assert code == 1
    for words in (
        "PROBLEM provider acme: is unknown, so acme/x cannot be called; add a row in [[providers]]",
        "PROBLEM call log: ",
        "note: tier budget: budget costs more than production",
        "note: rule 1, all: has no condition",
        "note: bundle: failed its gate: Failed: it is worse than a length rule.",
        "provider openai: OPENAI_API_KEY is set",
        "provider anthropic: ANTHROPIC_API_KEY is not set",
        "listens on 127.0.0.1 port 8080, without a key for clients; call log: nowhere/calls.jsonl",
    ):
        assert words in out.replace("  ", " "), words
    assert KEY not in out


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_is_content_where_everything_works_and_spends_only_when_told(run, tmp_path, monkeypatch, tiny_bundle):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    with provider() as upstream, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        config = f'bundle = "{tiny_bundle}"\n[server]\nport = {port}\n{openrouter_at(upstream.port)}'
        (tmp_path / "t.toml").write_text(config)
        code, out, _ = run("doctor", "--config", "t.toml")
        assert code == 0, out
        assert "golden prompts reproduced" in out
        assert "provider openrouter: OPENROUTER_API_KEY is set, its address accepts connections" in out
        assert f"port {port}: free" in out
        assert upstream.seen == []
        code, out, _ = run("doctor", "--config", "t.toml", "--spend")
        assert code == 0 and "call of openrouter/openai/gpt-6-luna: it answers" in out
        assert [one["max_tokens"] for one in upstream.seen] == [16]
        upstream.status = 401
        code, out, _ = run("doctor", "--config", "t.toml", "--spend")
        assert code == 1 and "authentication: the provider refused the router's credentials; check its key" in out
    assert KEY not in out


def test_doctor_says_the_cure_of_each_fault(run, tmp_path, monkeypatch, tiny_bundle):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:8080/v1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "t.toml").write_text(f'bundle = "{tiny_bundle}"\n[server]\nport = {taken.getsockname()[1]}\n')
        code, out, _ = run("doctor", "--config", "t.toml")
    assert code == 1
    assert "PROBLEM providers: " in out and "set OPENAI_API_KEY or " in out
    assert "PROBLEM port " in out and "cannot listen on" in out
    assert "openrouter (OPENROUTER_API_KEY)" in out


def said_of(environ, home, port=8080):
    return [str(one) for one in client_findings(environ, home=home, port=port)]


def test_doctor_reads_the_base_urls_of_clients(tmp_path):
    for variable, good, bad in (
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/"),
        ("OPENAI_BASE_URL", "http://localhost:8080/v1/", "http://localhost:8080"),
    ):
        assert said_of({variable: good}, tmp_path)[0].startswith(f"ok      {variable}: ")
        (told,) = said_of({variable: bad}, tmp_path)
        assert told.startswith(f"PROBLEM {variable}: ") and told.endswith(f"set {good.rstrip('/')}")
        (told,) = said_of({variable: good}, tmp_path, port=9000)
        assert told.startswith("note") and "points to port 8080, and tierwise has 9000" in told
    assert said_of({"OPENAI_BASE_URL": "https://api.openai.com/v1"}, tmp_path) == []


def test_doctor_reads_the_files_of_claude_code_codex_and_openclaw(tmp_path):
    for folder in (".claude", ".codex", ".openclaw"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".claude" / "settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/v1"}}')
    codex = '[model_providers.t]\nbase_url = "http://127.0.0.1:8080/v1"\nwire_api = "chat"\n'
    (tmp_path / ".codex" / "config.toml").write_text(codex)
    rows = {
        "t": {"baseUrl": "http://127.0.0.1:8080", "api": "openai-completions"},
        "a": {"baseUrl": "http://127.0.0.1:8080", "api": "anthropic-messages"},
    }
    (tmp_path / ".openclaw" / "openclaw.json").write_text(json.dumps({"models": {"providers": rows}}))
    told = "\n".join(said_of({}, tmp_path))
    for words in (
        "PROBLEM Claude Code (",
        't): set wire_api = "responses"',
        "t): set request_max_retries = 1 and stream_max_retries = 1",
        "t): has no path, and the client appends /chat/completions or /responses: set http://127.0.0.1:8080/v1",
        "a): is http://127.0.0.1:8080",
    ):
        assert words in told, told
    (tmp_path / ".claude" / "settings.json").write_text("[broken")
    assert said_of({}, tmp_path)
