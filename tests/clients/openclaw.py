"""OpenClaw: two turns and a tool loop in three dialects and through its ClawRouter provider, then heartbeats.

    python tests/clients/openclaw.py [completions|responses|anthropic|clawrouter|heartbeat]

A heartbeat comes once a minute at the earliest, so that part takes some four minutes.
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import rig
from recorder import Recorder

APIS = {"completions": "openai-completions", "responses": "openai-responses", "anthropic": "anthropic-messages"}
HEARTBEATS = 2
HEARTBEAT_WAIT_S = 100
NOTE = "If the backup of the ledger failed, find out why and write down which step broke."
EVENT = "The deploy of the billing service failed its health check twice."


def main(part: str = "") -> bool:
    """Run the part, or all; whether every turn was read as what was typed."""
    if part not in ("", *APIS, "clawrouter", "heartbeat"):
        sys.exit(f"no such part: {part}")
    program = rig.npm_client("openclaw", "openclaw") / "node_modules" / ".bin" / "openclaw"
    good = True
    with rig.recorder(f"openclaw-{part or 'all'}") as server:
        for name in (*APIS, "clawrouter"):
            if part in ("", name):
                good = two_turns(program, server, name) and good
        if part in ("", "heartbeat"):
            good = heartbeat(program, server) and good
    return good


def two_turns(program: Path, server: Recorder, name: str) -> bool:
    """Two turns of one session in the terminal, and a loop in another session."""
    good = True
    with rig.home() as home:
        configure(home, server, name)
        for turn, bare in (("first", rig.FIRST_TURN), ("second", rig.SECOND_TURN)):
            command = [program, "agent", "--local", "--agent", "main", "--message", bare[-1][1]]
            answer = rig.run(command, rig.environment(home))
            print(f"  {name}, {turn} turn: {'pong' if 'pong' in answer else 'no pong'} in the answer")
            good = rig.report(f"OpenClaw {name} {turn}", server, bare) and good
        server.tool = ("exec", {"command": "echo hello"})
        command = [program, "agent", "--local", "--agent", "main", "--session-id", "loop", "--message", rig.ASK]
        rig.run(command, rig.environment(home))
        good = rig.report_loop(f"OpenClaw {name}, tool loop", server) and good
    return good


def heartbeat(program: Path, server: Recorder) -> bool:
    """The gateway with a tick a minute; whether bare ticks were read as heartbeats, and the rest as what they say.

    After two bare ticks the heartbeat gets a note to look after, an automation sends an event, and a user speaks.
    """
    with rig.home() as home:
        port = rig.free_port()
        configure(home, server, "clawrouter", port=port)
        environment = rig.environment(home)
        log = rig.CLIENTS / "logs" / "openclaw-gateway.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as lines:
            gateway = subprocess.Popen(
                [program, "gateway", "run"],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )
            try:
                good = all([turn(server, "heartbeat", kind="heartbeat") for _ in range(HEARTBEATS)])
                command = [program, "agent", "--agent", "main", "--message", rig.ASK]
                rig.run(command, environment)
                good = turn(server, "a user's turn after it", kind="user", ask=rig.ASK) and good
                job = heartbeat_job(rig.run([program, "cron", "list", "--all", "--json"], environment))
                rig.run([program, "cron", "scratch", job, "--set", NOTE], environment)
                good = turn(server, "heartbeat with a note", kind="user", has=NOTE) and good
                event = ["--at", "2s", "--session", "main", "--system-event", EVENT, "--wake", "now", "--name", "event"]
                rig.run([program, "cron", "add", *event], environment)
                good = turn(server, "an automation's event", kind="user", has=EVENT) and good
            finally:
                gateway.terminate()
                gateway.wait(timeout=30)
    return good


def heartbeat_job(listed: str) -> str:
    """The id of the heartbeat's automation."""
    jobs = json.loads(listed)
    return next(job["id"] for job in jobs.get("jobs", jobs) if "heartbeat" in job["name"].lower())


def turn(server: Recorder, name: str, *, kind: str, ask: str = "", has: str = "") -> bool:
    """Print the next request that was scored; whether its turn is `kind` and its ask is `ask`, or holds `has`."""
    end = time.monotonic() + HEARTBEAT_WAIT_S
    while not (scored := [seen for seen in server.take() if seen.decision]) and time.monotonic() < end:
        time.sleep(2)
    good = bool(scored)
    for seen in scored:
        found, said = seen.decision, seen.ask or ""
        right = found["turn"] == kind and (said == ask if ask else has in said)
        good = good and right
        told = " | ".join(str(found[key]) for key in ("dialect", "turn", "tier", "reason"))
        print(f"| OpenClaw, {name} | POST {seen.path} | {told} | {'yes' if right else 'NO'} |", flush=True)
        print(f"  shape {seen.shape}; ask of {len(said)} characters", flush=True)
    if not scored:
        print(f"  OpenClaw, {name}: no request came")
    return good


def configure(home: Path, server: Recorder, name: str, *, port: int = 18_789) -> None:
    """Write ~/.openclaw/openclaw.json: one provider, and the gateway on loopback without channels."""
    folder = home / ".openclaw"
    folder.mkdir()
    if name == "clawrouter":
        providers: dict[str, Any] = {"clawrouter": {"baseUrl": server.url, "apiKey": "not-a-key", "models": []}}
        primary = "clawrouter/tier/auto"
    else:
        # The base URL ends in /v1 for OpenAI's dialects, and does not for Anthropic's.
        url = server.url if name == "anthropic" else f"{server.url}/v1"
        model = {
            "id": "auto",
            "name": "auto",
            "reasoning": False,
            "input": ["text"],
            "contextWindow": 200_000,
            "maxTokens": 8_192,
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        }
        providers = {"router": {"baseUrl": url, "apiKey": "not-a-key", "api": APIS[name], "models": [model]}}
        primary = "router/auto"
    settings = {
        "models": {"providers": providers},
        "agents": {"defaults": {"model": {"primary": primary}, "heartbeat": {"every": "1m", "target": "none"}}},
        "gateway": {"mode": "local", "port": port, "bind": "loopback", "auth": {"mode": "token", "token": "not-a-key"}},
    }
    (folder / "openclaw.json").write_text(json.dumps(settings))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
