"""The AI SDK with its three providers, on Node 24, each once whole and once as a stream.

python tests/clients/ai_sdk.py
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import sys

import rig

PACKAGES = ("ai@7", "@ai-sdk/openai-compatible@3", "@ai-sdk/openai", "@ai-sdk/anthropic")
CALLS = ("compatible", "openai_chat", "openai_responses", "anthropic")


def main() -> bool:
    """Make every call; whether each was read as what was typed."""
    good = True
    folder = rig.npm_client("aisdk", *PACKAGES)
    with rig.recorder("ai_sdk") as server, rig.home() as home:
        for call in [f"{call}:{how}" for call in CALLS for how in ("whole", "stream")]:
            command = ["node", rig.HERE / "ai_sdk_calls.mjs", call, server.url, rig.ASK, folder]
            answer = rig.run(command, rig.environment(home))
            print(f"  {call}: answered {answer.strip()!r}")
            good = rig.report(f"AI SDK {call}", server, rig.FIRST_TURN) and good
    return good


if __name__ == "__main__":
    sys.exit(not main())
