"""Claude Code: two turns, a tool loop, a slash command, a turn with a CLAUDE.md, and /context, which counts tokens.

    python tests/clients/claude_code.py

Its licence is proprietary: run it for a check, keep nothing of it here, and leave it out of CI.
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import sys
from collections import Counter

import rig

COMMAND = "Fix the bug in the parser and explain it."
"""What the user's own slash command stands for."""


def main() -> bool:
    """Run every part; whether every turn was read as what was typed."""
    folder = rig.npm_client("claude", "@anthropic-ai/claude-code") / "node_modules" / "@anthropic-ai"
    program = folder / "claude-code-linux-x64" / "claude"
    good = True
    with rig.recorder("claude") as server, rig.home() as home:
        environment = rig.environment(
            home,
            ANTHROPIC_BASE_URL=server.url,
            ANTHROPIC_API_KEY="not-a-key",
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            DISABLE_AUTOUPDATER="1",
        )
        for turn, bare in (("first", rig.FIRST_TURN), ("second", rig.SECOND_TURN)):
            resume = ["--continue"] if turn == "second" else []
            answer = rig.run([program, "-p", *resume, bare[-1][1]], environment)
            print(f"  {turn} turn: answered {answer.strip()[-60:]!r}")
            good = rig.report(f"Claude Code {turn}", server, bare) and good
        server.tool = ("Bash", {"command": "echo hello", "description": "Say hello"})
        rig.run([program, "-p", "--allowedTools", "Bash(echo:*)", "--", rig.ASK], environment)
        good = rig.report_loop("Claude Code, tool loop", server) and good
        commands = home / ".claude" / "commands"
        commands.mkdir(parents=True, exist_ok=True)
        (commands / "fix.md").write_text("Fix the bug in $ARGUMENTS and explain it.\n")
        rig.run([program, "-p", "/fix the parser"], environment)
        good = rig.report("Claude Code, command", server, (("user", COMMAND),)) and good
        (home / "CLAUDE.md").write_text(rig.PROJECT_NOTES)
        rig.run([program, "-p", rig.ASK], environment)
        good = rig.report("Claude Code, CLAUDE.md", server, rig.FIRST_TURN) and good
        rig.run([program, "-p", "/context"], environment)
        counted = Counter((seen.path, seen.status, seen.decision.get("turn"), kind(seen.ask)) for seen in server.take())
        for (path, status, turn, ask), times in counted.items():
            print(f"| Claude Code /context | {times} x {path} | status {status} | {turn} | {ask} |")
    return good


def kind(ask: str | None) -> str:
    """The word of a counting call that holds only tools, or that it counts a piece of the client's own prompt."""
    return "foo" if ask == "foo" else "a piece of the system prompt"


if __name__ == "__main__":
    sys.exit(not main())
