"""Codex CLI: a first turn, a second one that resumes the session, a tool loop, a turn with a skill, one with AGENTS.md.

python tests/clients/codex.py
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import sys
from pathlib import Path

import rig
from recorder import Recorder

SKILL = "---\nname: tidy\ndescription: tidy imports\n---\nSort the imports of the module that is named.\n"
SKILL_CALL = "$tidy the parser module"


def main() -> bool:
    """Run every part; whether each was read as what was typed."""
    program = rig.npm_client("codex", "@openai/codex") / "node_modules" / ".bin" / "codex"
    with rig.recorder("codex") as server, rig.home() as home:
        good = turn(program, server, home, "first", rig.FIRST_TURN)
        good = turn(program, server, home, "second", rig.SECOND_TURN, "resume", "--last") and good
        server.tool = ("exec_command", {"cmd": "echo hello"})
        run(program, server, home, rig.ASK)
        good = rig.report_loop("Codex, tool loop", server) and good
        folder = home / ".codex" / "skills" / "tidy"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(SKILL)
        good = turn(program, server, home, "skill", (("user", SKILL_CALL),)) and good
        (home / "AGENTS.md").write_text(rig.PROJECT_NOTES)
        good = turn(program, server, home, "AGENTS.md", rig.FIRST_TURN) and good
    return good


def turn(program: Path, server: Recorder, home: Path, name: str, bare: rig.Bare, *words: str) -> bool:
    """One turn, reported."""
    answer = run(program, server, home, bare[-1][1], *words)
    print(f"  {name}: {'pong' if 'pong' in answer else 'no pong'} in the answer")
    return rig.report(f"Codex, {name}", server, bare)


def run(program: Path, server: Recorder, home: Path, ask: str, *words: str) -> str:
    """What `codex exec` printed."""
    provider = {"name": "tierwise", "base_url": f"{server.url}/v1", "wire_api": "responses", "env_key": "TIER_KEY"}
    settings = ['model="tier/auto"', 'model_provider="tierwise"', "model_providers.tierwise.request_max_retries=0"]
    settings += [f'model_providers.tierwise.{key}="{value}"' for key, value in provider.items()]
    flags = [word for setting in settings for word in ("-c", setting)]
    command = [program, "exec", *words, "--skip-git-repo-check", *flags, ask]
    return rig.run(command, rig.environment(home, TIER_KEY="not-a-key"))


if __name__ == "__main__":
    sys.exit(not main())
