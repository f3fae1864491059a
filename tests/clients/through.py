"""Agents through the proxy: OpenClaw in three dialects, Codex and Claude Code, each with two turns and a tool loop.

    python -m tests.clients.through [openclaw|codex|claude [chat|anthropic|gemini|bedrock ...]]
    python -m tests.clients.through serve      # only the scripted provider and tierwise, for any other client

The provider is the script of answers.py, so that each agent is answered by a provider of every dialect. How agents are
installed and what they get of this machine: see tests/README.md. Run from the repository's root.
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # rig and its neighbours import each other as scripts

import rig

from tests.clients.answers import DIALECTS, Scripted, configuration, scripted
from tests.router.processes import serving

HELLO = "Please say hello to the reader."
ECHO = "Run echo hello in the shell."
APIS = {"completions": "openai-completions", "responses": "openai-responses", "anthropic": "anthropic-messages"}


def main(part: str = "", *names: str) -> bool:
    """Run the part, or all, with the providers of these names, or all; whether every turn was answered as scripted."""
    good = True
    with scripted() as (url, script), tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tierwise.toml"
        config.write_text(configuration(url, rig.REPOSITORY / "models" / "fast"))
        with serving("--config", str(config), cwd=Path(folder)) as service:
            if part == "serve":
                print(f"{service.address}, models {', '.join(f'{name}-model' for name in DIALECTS)}", flush=True)
                while True:
                    time.sleep(60)
            for name in names or DIALECTS:
                if part in ("", "claude"):
                    good = claude(service.address, script, name) and good
                if part in ("", "codex"):
                    good = codex(service.address, script, name) and good
                if part in ("", "openclaw"):
                    good = all([openclaw(service.address, script, name, api) for api in APIS]) and good
    return good


def claude(url: str, script: Scripted, name: str) -> bool:
    """Claude Code."""
    folder = rig.npm_client("claude", "@anthropic-ai/claude-code") / "node_modules" / "@anthropic-ai"
    program = folder / "claude-code-linux-x64" / "claude"
    with rig.home() as home:
        environment = rig.environment(
            home,
            ANTHROPIC_BASE_URL=url,
            ANTHROPIC_AUTH_TOKEN="not-a-key",
            ANTHROPIC_MODEL=f"{name}-model",
            ANTHROPIC_SMALL_FAST_MODEL=f"{name}-model",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_AUTOUPDATER="1",
        )
        tool = ["--allowedTools", "Bash(echo:*)", "--"]
        turns = [
            rig.run([program, "-p", *words, ask], environment)
            for words, ask in (([], HELLO), (["--continue"], HELLO), (tool, ECHO))
        ]
    return told(f"Claude Code, {name}", script, name, turns)


def codex(url: str, script: Scripted, name: str) -> bool:
    """Codex."""
    program = rig.npm_client("codex", "@openai/codex") / "node_modules" / ".bin" / "codex"
    provider = {"name": "tierwise", "base_url": f"{url}/v1", "wire_api": "responses", "env_key": "TIER_KEY"}
    settings = [f'model="{name}-model"', 'model_provider="tierwise"']
    settings += [f'model_providers.tierwise.{key}="{value}"' for key, value in provider.items()]
    flags = ["--skip-git-repo-check", *(word for setting in settings for word in ("-c", setting))]
    with rig.home() as home:
        environment = rig.environment(home, TIER_KEY="not-a-key")
        turns = [
            rig.run([program, "exec", *words, *flags, ask], environment)
            for words, ask in (([], HELLO), (["resume", "--last"], HELLO), ([], ECHO))
        ]
    return told(f"Codex, {name}", script, name, turns)


def openclaw(url: str, script: Scripted, name: str, api: str) -> bool:
    """OpenClaw with one provider of its own configuration."""
    program = rig.npm_client("openclaw", "openclaw") / "node_modules" / ".bin" / "openclaw"
    model = {"id": f"{name}-model", "name": name, "input": ["text"], "contextWindow": 200_000, "maxTokens": 8_192}
    base = url if api == "anthropic" else f"{url}/v1"
    providers = {"tierwise": {"baseUrl": base, "apiKey": "not-a-key", "api": APIS[api], "models": [model]}}
    settings = {
        "models": {"providers": providers},
        "agents": {"defaults": {"model": {"primary": f"tierwise/{name}-model"}}},
    }
    with rig.home() as home:
        (home / ".openclaw").mkdir()
        (home / ".openclaw" / "openclaw.json").write_text(json.dumps(settings))
        command = [program, "agent", "--local", "--agent", "main"]
        turns = [
            rig.run([*command, *words, "--message", ask], rig.environment(home))
            for words, ask in (([], HELLO), ([], HELLO), (["--session-id", "loop"], ECHO))
        ]
    return told(f"OpenClaw {api}, {name}", script, name, turns)


def told(client: str, script: Scripted, name: str, turns: Sequence[str]) -> bool:
    """Print whether each turn ended with the scripted answer, and what the provider was asked."""
    wanted = (f"Hello from {name}.", f"Hello from {name}.", "It printed: ")
    good = [want in got for want, got in zip(wanted, turns, strict=True)]
    print(
        f"| {client} | {' | '.join('yes' if one else 'NO' for one in good)} | {len(script.asked)} requests |",
        flush=True,
    )
    for want, got, one in zip(wanted, turns, good, strict=True):
        if not one:
            print(f"  wanted {want!r}, got {got[-300:]!r}")
    script.asked.clear()
    return all(good)


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
