"""llm-comply, an independent suite of four dialects, against a running service.

    python tests/upstreams/comply.py http://127.0.0.1:8080    # prints every test, and why one does not pass

The service's tier `budget` should be a model that calls a tool where one is offered, such as `echo/tool`.
"""

# ruff: noqa: T201 - run by hand, it prints what it saw
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.upstreams.environments import python

MODEL = "tier:budget"
BASES = {"openai-chat": "/v1", "anthropic": "/v1", "google-genai": "", "open-responses": "/v1"}
"""What each format's base URL adds to the service's address."""

REASONS = (
    ("requires o-series", "skipped by the suite: it knows reasoning models by their names"),
    ("extended thinking requires", "skipped by the suite: it knows thinking models by their names"),
    ("HTTP 200 (expected [400, 422])", "on purpose: a request without a model gets `auto`"),
    ("is a required property", "a key that the vendor always sends, null where it says nothing"),
    ("is not valid under any of the given schemas", "the same, inside a content block"),
    ("None is not of type", "Open Responses wants the default where OpenAI sends null"),
)
"""What is found, and what it means; a finding that is not here is news."""


@dataclass(frozen=True)
class Result:
    """One test of the suite. errors: what it found; for a skipped one, why."""

    name: str
    status: str
    errors: tuple[str, ...]

    @property
    def reasons(self) -> dict[str, str]:
        """Each error with what it means; "" for one that is not known."""
        return {error: next((why for part, why in REASONS if part in error), "") for error in self.errors}


def run(form: str, address: str) -> list[Result]:
    """The suite of one format against a service."""
    script = "import sys; from llm_comply.cli import main; sys.exit(main())"
    arguments = ["--format", form, "-u", address + BASES[form], "-k", "none", "-m", MODEL, "--json", "--timeout", "30"]
    done = subprocess.run([python("comply"), "-c", script, *arguments], capture_output=True, text=True, timeout=300)
    try:
        found = json.loads(done.stdout)["results"]
    except (ValueError, KeyError) as exc:
        raise AssertionError(f"{done.stdout[-1000:]}{done.stderr[-1000:]}") from exc
    return [Result(one["id"], one["status"], tuple(one.get("errors", ()))) for one in found]


def passed(results: list[Result]) -> int:
    """How many pass."""
    return sum(one.status == "passed" for one in results)


def lines(form: str, results: list[Result]) -> Iterator[str]:
    """The results in words."""
    yield f"{form}: {passed(results)} of {len(results)} pass"
    for one in results:
        if one.status == "passed":
            continue
        yield f"  {one.status} {one.name}"
        for error, why in one.reasons.items():
            yield f"    {error[:160]}: {why or 'NOT KNOWN'}"


if __name__ == "__main__":
    for name in BASES:
        print("\n".join(lines(name, run(name, sys.argv[1]))))
