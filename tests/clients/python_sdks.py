"""The Python SDKs, each in a venv of its own: openai, anthropic 1 and 2, google-genai, LangChain, pydantic-ai.

python tests/clients/python_sdks.py [part of a call's name]
"""

# ruff: noqa: T201 - prints what was seen
from __future__ import annotations

import subprocess
import sys

import rig

ANTHROPIC = ("anthropic_create", "anthropic_stream", "anthropic_count")
VENVS = {
    "py-openai": (
        ("openai",),
        ("openai_chat", "openai_chat_stream", "openai_responses", "openai_responses_stream"),
    ),
    "py-anthropic1": (("anthropic>=1,<2",), ANTHROPIC),
    "py-anthropic2": (("anthropic>=2,<3",), ANTHROPIC),
    "py-genai": (("google-genai",), ("gemini", "gemini_stream")),
    "py-langchain": (
        ("langchain-openai", "langchain-anthropic"),
        ("langchain_openai", "langchain_openai_stream", "langchain_anthropic", "langchain_anthropic_stream"),
    ),
    "py-pydantic": (
        ("pydantic-ai-slim[openai,anthropic]",),
        ("pydantic_ai", "pydantic_ai_responses", "pydantic_ai_anthropic"),
    ),
}
"""venv -> (its packages, the calls of sdk_calls.py that it makes)."""


def main(part: str = "") -> bool:
    """Make the calls whose name holds `part`; whether each was read as what was typed."""
    if not any(part in call for _, calls in VENVS.values() for call in calls):
        sys.exit(f"no call holds {part!r}")
    good = True
    with rig.recorder("python") as server, rig.home() as home:
        for venv, (packages, calls) in VENVS.items():
            wanted = [call for call in calls if part in call]
            if not wanted:
                continue
            python = rig.python_client(venv, *packages)
            names = [package.split("[")[0].split(">")[0] for package in packages]
            print(versions(python, names))
            for call in wanted:
                command = [python, rig.HERE / "sdk_calls.py", call, server.url, rig.ASK]
                answer = rig.run(command, rig.environment(home))
                print(f"  {call}: answered {answer.strip()!r}")
                good = rig.report(f"{venv} {call}", server, rig.FIRST_TURN) and good
    return good


def versions(python: object, names: list[str]) -> str:
    """The versions of these packages in a venv, in one line."""
    code = "import sys; from importlib.metadata import version; print({n: version(n) for n in sys.argv[1:]})"
    return subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
