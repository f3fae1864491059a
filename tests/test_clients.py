"""Real clients through the proxy: every call of tests/clients/drop_in, answered by a provider of each dialect.

The client is a process with an environment of its own, the provider a script on loopback, and what is between them is
`tierwise serve`. A client that cannot be installed fails its tests: see tests/clients/environments.py.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.clients import answers, environments
from tests.router.processes import serving

pytestmark = [pytest.mark.clients, pytest.mark.slow]

SCRIPTS = Path(__file__).parent / "clients" / "drop_in"
LONGEST_S = 400
PLAIN = ("text", "stream", "tool")
ERRORS = ("error_400", "error_429", "error_503")
ALL = (*PLAIN, "tool_stream", "structured", *ERRORS)

# client -> (its environment, its script, its calls)
CLIENTS = {
    "openai": (
        "current",
        "openai_sdk.py",
        {face: (*ALL, "structured_schema") for face in ("chat", "responses")},
    ),
    "anthropic1": ("litellm", "anthropic_sdk.py", {"anthropic1": (*ALL, "count")}),
    "anthropic2": ("current", "anthropic_sdk.py", {"anthropic2": (*ALL, "count")}),
    "google-genai": ("current", "genai_sdk.py", {"gemini": (*ALL, "tool_loop")}),
    "langchain": (
        "current",
        "langchain_sdk.py",
        dict.fromkeys(("langchain_openai", "langchain_openai_responses", "langchain_anthropic"), ALL),
    ),
    "pydantic-ai": (
        "current",
        "pydantic_sdk.py",
        {
            "pydantic_ai": (*PLAIN, "structured", "structured_native", *ERRORS),
            "pydantic_ai_responses": (*PLAIN, "structured", "structured_native", *ERRORS),
            "pydantic_ai_anthropic": (*PLAIN, "structured", *ERRORS),
        },
    ),
    "litellm": (
        "litellm",
        "litellm_sdk.py",
        dict.fromkeys(("litellm_openai", "litellm_anthropic"), (*PLAIN, "structured", *ERRORS)),
    ),
    "ai-sdk": (
        "node",
        "ai_sdk.mjs",
        dict.fromkeys(
            ("ai_sdk_compatible", "ai_sdk_openai", "ai_sdk_responses", "ai_sdk_anthropic", "ai_sdk_google"), ALL
        ),
    ),
}
CALLS = [
    (client, f"{face}.{call}") for client, (_, _, faces) in CLIENTS.items() for face in faces for call in faces[face]
]

# The class of the exception that a client raises for a status.
OPENAI = {400: "BadRequestError", 429: "RateLimitError", 503: "InternalServerError"}
CLASSES = {
    "chat": OPENAI,
    "responses": OPENAI,
    "anthropic": {**OPENAI, 503: "OverloadedError"},
    "gemini": {400: "ClientError", 429: "ClientError", 503: "ServerError"},
    "litellm": {400: "BadRequestError", 429: "RateLimitError", 503: "ServiceUnavailableError"},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[str, answers.Scripted]]:
    """The scripted provider's address, and what it was asked."""
    with answers.scripted() as running:
        yield running


@pytest.fixture(scope="module")
def service(provider, shipped, tmp_path_factory) -> Iterator[str]:
    """A tierwise with five providers that have one model each, all named after the dialect that is spoken."""
    folder = tmp_path_factory.mktemp("clients")
    config = folder / "tierwise.toml"
    config.write_text(answers.configuration(provider[0], shipped))
    with serving("--config", str(config), cwd=folder) as running:
        yield running.address


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """Every environment is there before the first test, made side by side."""
    environments.make_all()


@pytest.fixture(scope="module")
def lines(service, installed, tmp_path_factory):
    """client -> (call, model) -> its line; a client's script runs once, for all its tests."""

    @cache
    def run(client: str) -> subprocess.CompletedProcess[str]:
        environment, script, _ = CLIENTS[client]
        home = tmp_path_factory.mktemp("home")
        command: list[str | Path] = [environments.python(environment), SCRIPTS / script]
        if environment == "node":
            command = [environments.node(), SCRIPTS / script, environments.npm_packages()]
        return subprocess.run(
            [*command, service, *(f"{name}-model" for name in answers.DIALECTS)],
            cwd=home,
            env=environment_of(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )

    def lines_of(client: str) -> dict[tuple[str, str], dict]:
        done = run(client)
        assert done.returncode == 0, done.stderr[-4000:]
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {(line["call"], line["model"]): line for line in found}

    return lines_of


def environment_of(home: Path) -> dict[str, str]:
    """All that a client gets, as with `env -i`. What is not on loopback goes to a proxy that is not there."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    loopback = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    more = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONDONTWRITEBYTECODE": "1"}
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **nowhere, **loopback, **more}


@pytest.mark.parametrize("target", answers.DIALECTS)
@pytest.mark.parametrize(("client", "call"), CALLS, ids=[f"{client}-{call}" for client, call in CALLS])
def test_a_client_gets_what_its_provider_would_have_told_it(client, call, target, lines, provider):
    line = lines(client)[call, f"{target}-model"]
    assert "failed" not in line, line["failed"]
    got, kind = line["got"], call.partition(".")[2]
    if kind == "text":
        assert got == f"Hello from {target}."
    elif kind == "stream":
        assert got == {"text": f"Hello from {target}.", "pieces": 2}
    elif kind.startswith("tool"):
        assert (got["name"], got["arguments"]) == ("get_weather", answers.CITY)
        assert re.fullmatch(r"It is .*18 degrees.*", got["said"]), got  # Gemini's results are objects
    elif kind.startswith("structured"):
        assert got == answers.DATA
    elif kind == "count":
        assert got is True
    else:
        refused(got, call.partition(".")[0], int(kind[-3:]))


def refused(got: dict, face: str, status: int) -> None:
    """The right exception, with the provider's words in it."""
    is_anthropic = face.startswith("anthropic") or face.endswith("anthropic")
    wanted = 529 if status == 503 and is_anthropic else status  # Anthropic's own word for an overload
    family = next((name for name in CLASSES if face.startswith(name)), None)
    if wanted == 529 and family == "litellm":
        wanted = 500  # which LiteLLM does not know
    elif family:
        assert got["class"] == CLASSES[family][status]
    assert (got["status"], answers.REFUSAL in got["message"]) == (wanted, True), got


@pytest.mark.parametrize("target", answers.DIALECTS)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("client", "face"), [(client, face) for client, (_, _, faces) in CLIENTS.items() for face in faces]
)
def test_no_client_asks_again_after_our_own_attempts(client, face, status, target, lines, provider):
    lines(client)
    assert provider[1].times(f"fail with {status}, {face} {target}-model.") == 1
