"""What the scripts here share. Each runs in the environment of its client, which has nothing of this repository.

A script is started with the service's address and the models to ask, makes each of its calls with each model, and
prints a JSON line for each: what the client got, or how it failed.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

KEY = "not-a-key"
SYSTEM = "You answer briefly."
HELLO = "Please say hello to the reader."
WEATHER = "How is the weather in Paris?"
DATA = "Give me the report of Paris as data."
STATUSES = (400, 429, 503)

DEGREES = "18 degrees"
"""What the tool answers."""
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
REPORT = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}

Call = Callable[[str, str], Any]
"""Takes the service's address and a model."""
Ask = Callable[[str, str, str], Any]
"""Takes a prompt besides."""


def errors(client: str, ask: Ask, about: Callable[[Any], dict[str, Any]]) -> dict[str, Call]:
    """One call for each error; gives the class of the client's exception and what `about` reads from it.

    The prompts are nobody else's, so that the provider can count their requests.
    """

    def failing(status: int) -> Call:
        def call(url: str, model: str) -> dict[str, Any]:
            try:
                got = ask(url, model, f"Please fail with {status}, {client} {model}.")
            except Exception as exc:
                return {"class": type(exc).__name__, **about(exc)}
            return {"class": None, "got": repr(got)}

        return call

    return {f"{client}.error_{status}": failing(status) for status in STATUSES}


def main(calls: dict[str, Call]) -> None:
    """Make every call with every model."""
    url, *models = sys.argv[1:]
    lines, sys.stdout = sys.stdout, sys.stderr  # LiteLLM prints advice on standard output
    for model in models:
        for name, call in calls.items():
            try:
                line = {"got": call(url, model)}
            except Exception:
                line = {"failed": traceback.format_exc()}
            print(json.dumps({"call": name, "model": model, **line}), file=lines, flush=True)
