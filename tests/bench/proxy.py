"""How fast the proxy is, against nginx as the provider, and LiteLLM and Portkey in the same run where installed.

BENCH_LITELLM: the command `litellm` of its own environment.  BENCH_PORTKEY: the file start-server.js of
@portkey-ai/gateway.  wrk makes the load; nginx answers (else a small server of our own, which is slower). One worker
each, turn and turn about, medians; what is added is the difference to asking the provider itself in the same turn.
"""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from router.brain.bundle.shipped import shipped_bundle
from tests.bench import streaming
from tests.bench.http import free_port, serving

SECONDS = 3
TURNS = 5
CONNECTIONS = 16
MODEL = "gpt-4o-mini"
KEY = "sk-5c0a7d41f2b94e0e8d1f6a37c2b8e915"
"""Ours and LiteLLM's: they check it; Portkey's gateway has none of its own."""
ASK = "Summarise this thread in two sentences for the on-call channel, please."
ANSWER = {
    "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    "object": "chat.completion",
    "created": 1_741_570_283,
    "model": MODEL,
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "The deploy at 14:02 raised the error rate of checkout to 4%, and was rolled back. " * 12,
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 418,
        "completion_tokens": 254,
        "total_tokens": 672,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
    "service_tier": "default",
    "system_fingerprint": "fp_fc9f1d7035",
}


def body(*, stream: bool = False) -> bytes:
    """A request of about 2 kB, as a chat application sends it."""
    history = [
        {"role": "user" if place % 2 == 0 else "assistant", "content": f"{place}: " + "what happened next? " * 15}
        for place in range(4)
    ]
    system = {"role": "system", "content": "You help the engineers who are on call. Be brief. " * 8}
    messages = [system, *history, {"role": "user", "content": ASK}]
    return json.dumps({"model": MODEL, "messages": messages, "temperature": 0.2, "stream": stream}).encode()


@dataclass
class Contender:
    """A gateway under load. turns: (requests/s, ms at one connection, ms of the provider itself in the same turn)."""

    name: str
    port: int
    process: psutil.Process
    headers: Mapping[str, str] = field(default_factory=dict)
    turns: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(rate for rate, _, _ in self.turns)

    @property
    def alone_ms(self) -> float:
        return statistics.median(mine for _, mine, _ in self.turns)

    @property
    def added_ms(self) -> float:
        return statistics.median(mine - direct for _, mine, direct in self.turns)

    @property
    def rss_mb(self) -> float:
        return sum(one.memory_info().rss for one in (self.process, *self.process.children(recursive=True))) / 2**20


def main() -> None:
    if shutil.which("wrk") is None:
        print("wrk is not installed (apt-get install wrk): nothing is measured")
        return
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(provider(folder))
        print(f"provider: {upstream.name}; {len(body()):,} bytes asked, {len(json.dumps(ANSWER)):,} bytes answered")
        contenders = [stack.enter_context(ours(folder, upstream.port, bundle)) for bundle in ("fast", "default")]
        contenders += [stack.enter_context(other) for other in others(folder, upstream.port)]
        measure(folder, upstream.port, contenders)
    streaming.main(body(stream=True), KEY, ours)


def measure(folder: Path, upstream_port: int, contenders: Sequence[Contender]) -> None:
    scripts = {one.name: script(folder / f"{one.name}.lua", one.headers) for one in contenders}
    plain = script(folder / "plain.lua", {})
    for one in contenders:
        wrk(one.port, CONNECTIONS, scripts[one.name], seconds=1)
    # Turn and turn about: on a shared machine a slow moment then meets all.
    direct_rates = []
    for _ in range(TURNS):
        direct_rates.append(wrk(upstream_port, CONNECTIONS, plain)[0])
        for one in contenders:
            _, direct_ms = wrk(upstream_port, 1, plain, seconds=1)
            rate, _ = wrk(one.port, CONNECTIONS, scripts[one.name])
            _, alone_ms = wrk(one.port, 1, scripts[one.name])
            one.turns.append((rate, alone_ms, direct_ms))
    print(
        f"{CONNECTIONS} connections, {SECONDS} s a turn, {TURNS} turns: medians. Added: to the provider's own latency"
    )
    print(f"{'the provider itself':<22} {statistics.median(direct_rates):8,.0f} requests/s")
    first = contenders[0]
    for one in contenders:
        print(f"{one.name:<22} {one.rate:8,.0f} requests/s; {one.added_ms:.2f} ms added; {one.rss_mb:.0f} MB resident")
    for one in contenders[1:]:
        rate = statistics.median(mine[0] / theirs[0] for mine, theirs in zip(first.turns, one.turns, strict=True))
        added = first.added_ms / one.added_ms
        print(f"{first.name} to {one.name}: {rate:.2f} of its requests/s, {added:.2f} of its added latency", flush=True)


# --- Who is measured --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def ours(
    folder: Path, upstream_port: int, bundle: str, *, command: Sequence[str] = (sys.executable, "-m", "tierwise")
) -> Iterator[Contender]:
    """Our service with one of the shipped bundles and one provider for every tier. command: `tierwise`, installed."""
    model = '{ model = "bench/m", input_usd_per_million = 1.0, output_usd_per_million = 4.0 }'
    tiers = [f'[[tiers]]\nname = "{name}"\nmodels = [{model}]' for name in ("budget", "production", "frontier")]
    lines = [
        f'bundle = "{shipped_bundle(bundle)}"',
        *tiers,
        '[server]\nunknown_models = "auto"\napi_key_variable = "BENCH_KEY"',
        f'[[providers]]\nname = "bench"\nbase_url = "http://127.0.0.1:{upstream_port}/v1"\nkey_required = false',
    ]
    config = folder / f"{bundle}.toml"
    config.write_text("\n".join(lines))
    serve = [*command, "serve", "--port", "{port}", "--config", str(config)]
    with serving(serve, environ={**os.environ, "BENCH_KEY": KEY}) as (port, process):
        yield Contender(f"tierwise {bundle}", port, psutil.Process(process.pid), {"authorization": f"Bearer {KEY}"})


def others(folder: Path, upstream_port: int) -> Iterator[contextlib.AbstractContextManager[Contender]]:
    if litellm := os.environ.get("BENCH_LITELLM"):
        yield other_litellm(folder, upstream_port, litellm)
    if portkey := os.environ.get("BENCH_PORTKEY"):
        yield other_portkey(upstream_port, portkey)
    if not litellm or not portkey:
        print("BENCH_LITELLM, BENCH_PORTKEY: what is not set is not measured")


@contextlib.contextmanager
def other_litellm(folder: Path, upstream_port: int, command: str) -> Iterator[Contender]:
    config = folder / "litellm.yaml"
    config.write_text(
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n"
        f"      api_base: http://127.0.0.1:{upstream_port}/v1\n      api_key: sk-x\n"
        f"general_settings:\n  master_key: {KEY}\n"
    )
    version = run_out(
        str(Path(command).parent / "python"), "-c", "import importlib.metadata as m;print(m.version('litellm'))"
    )
    arguments = [command, "--config", str(config), "--port", "{port}", "--host", "127.0.0.1", "--num_workers", "1"]
    environ = {
        **os.environ,
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
    }
    with serving(arguments, environ=environ, seconds=60) as (port, process):
        yield Contender(f"LiteLLM {version}", port, psutil.Process(process.pid), {"authorization": f"Bearer {KEY}"})


@contextlib.contextmanager
def other_portkey(upstream_port: int, script: str) -> Iterator[Contender]:
    package = json.loads((Path(script).parents[1] / "package.json").read_text("utf-8"))
    headers = {
        "x-portkey-provider": "openai",
        "authorization": "Bearer sk-x",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream_port}/v1",
    }
    # TRUSTED_CUSTOM_HOSTS: it refuses addresses of this machine otherwise.
    environ = {**os.environ, "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost", "NODE_ENV": "production"}
    with serving(["node", script, "--port={port}", "--headless"], environ=environ) as (port, process):
        yield Contender(f"Portkey {package['version']}", port, psutil.Process(process.pid), headers)


def run_out(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


# --- The provider -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Provider:
    name: str
    port: int


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_buffer_size 64k;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{answer}'; }}
  }}
}}
"""

STATIC = """
import asyncio, sys
body = open(sys.argv[2], "rb").read()
head = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body)
async def serve(reader, writer):
    try:
        while True:
            lines = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(lines.split(b"content-length:")[1].split(b"\\r\\n")[0]))
            writer.write(head + body)
    except (asyncio.IncompleteReadError, OSError):
        writer.close()
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""


@contextlib.contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    answer = json.dumps(ANSWER)
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        (folder / "answer.json").write_text(answer)
        with serving([sys.executable, "-c", STATIC, "{port}", str(folder / "answer.json")]) as (port, _):
            yield Provider("a small server of our own (nginx is not installed)", port)
        return
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, answer=answer))
    version = (
        subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.strip().partition(": ")[2]
    )
    with serving([nginx, "-p", str(folder), "-c", str(config)], port=port):
        yield Provider(version, port)


# --- The load ---------------------------------------------------------------------------------------------------------


def script(path: Path, headers: Mapping[str, str]) -> Path:
    """A script for wrk. Each request has another ask, so that no answer comes from a cache."""
    before, after = body().decode().split(ASK)
    lines = [
        f'wrk.headers["{name}"] = "{value}"\n'
        for name, value in {"content-type": "application/json", **headers}.items()
    ]
    path.write_text(
        f'wrk.method = "POST"\n{"".join(lines)}local number = 0\n'
        "function request()\n  number = number + 1\n"
        f"  return wrk.format(nil, nil, nil, [[{before}{ASK} Incident ]] .. number .. [[{after}]])\nend\n"
    )
    return path


def wrk(
    port: int, connections: int, script: Path, *, seconds: int = SECONDS, path: str = "/v1/chat/completions"
) -> tuple[float, float]:
    """(requests per second, median latency in ms)."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    url = f"http://127.0.0.1:{port}{path}"
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    rate, median = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
    assert rate and median and "Non-2xx" not in out, out
    return float(rate[1]), float(median[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[median[2]]
