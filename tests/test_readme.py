"""The README's commands are run, and what it shows is what they print."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from training.shipping.readme import shipped_evaluations, stale_lines

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
SHELL = [line for language, block in BLOCKS if language == "sh" for line in block.strip().splitlines()]
TIERWISE = [sys.executable, "-m", "router"]


def tierwise(line: str) -> list[str]:
    """A README line that starts with an environment's `tierwise` as a command of this environment."""
    program, *arguments = shlex.split(line)
    assert program in {".venv/bin/tierwise", ".venv-dev/bin/tierwise"}
    return [*TIERWISE, *arguments]


def block(language: str) -> str:
    return next(text for kind, text in BLOCKS if kind == language)


def run(command: list[str], cwd: Path = ROOT) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def answers():
    """What the README's curl lines get, by path, from a service on another port and without any key."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    server = subprocess.Popen(
        [*TIERWISE, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environ
    )
    try:
        address = re.search(r"listening on (\S+)", server.stderr.readline())[1]
        yield dict(asked(shlex.split(line), address) for line in SHELL if line.startswith("curl"))
    finally:
        server.terminate()
        server.communicate(timeout=30)


def asked(command, address):
    """The path of a curl line, and its answer."""
    path = re.search(r"127\.0\.0\.1:8080(\S+)", " ".join(command))[1]
    data = command[command.index("-d") + 1].encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return path, json.load(response)


def test_every_make_target_in_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {match for match in re.findall(r"make (\w+)", README)}
    assert targets >= {"run", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_chat_line_is_answered_by_the_echo_where_there_is_no_key(answers):
    message = answers["/v1/chat/completions"]["choices"][0]["message"]
    assert message["content"].startswith("[echo] No model was called.")


def test_the_curl_line_gets_the_answer_that_the_readme_shows(answers):
    answer = answers["/route"]
    shown = json.loads(block("json"))
    shown.pop("...")
    for key, value in shown.items():
        assert answer[key] == pytest.approx(value, abs=0.005), key


def test_the_command_lines_of_the_light_install_work():
    lines = [line for line in SHELL if line.startswith(".venv/bin/tierwise")]
    assert len(lines) >= 3
    for line in lines:
        assert run(tierwise(line))


def test_the_python_example_prints_a_tier(tmp_path):
    assert run([sys.executable, "-c", block("python")], cwd=tmp_path).split()[0] in {"budget", "production", "frontier"}


def test_the_configuration_example_is_accepted(tmp_path):
    (tmp_path / "tierwise.toml").write_text(block("toml"), encoding="utf-8")
    out = run([*TIERWISE, "check", "--config", str(tmp_path / "tierwise.toml"), "--json"])
    assert json.loads(out)["tiers"]["production"] == ["acme/medium"]


@pytest.mark.slow
def test_training_on_the_sample_gives_a_bundle_that_routes(tmp_path):
    fit, route = (line for line in SHELL if line.startswith(".venv-dev/bin/tierwise"))
    out = str(tmp_path / "mine")
    run(tierwise(fit.replace("models/mine", out)))
    assert run(tierwise(route.replace("models/mine", out))).split()[0] in {"budget", "production", "frontier"}


def test_the_readme_is_short():
    prose = re.sub(r"<!-- results -->.*?<!-- /results -->", "", README, flags=re.DOTALL)
    assert len(prose.split()) <= 1_100


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_cross_validated_figures_are_those_of_the_benchmark(name):
    traffic = json.loads((ROOT / "models" / f"benchmark_{name}.json").read_bytes())["traffic"]
    two, five = (traffic[f"saved_at_{limit}"]["point"] for limit in (0.02, 0.05))
    saves = "saves " if name == "default" else ""
    assert f"`{name}` {saves}{two:.1%} / {five:.1%}" in README


def test_the_readme_table_is_the_shipped_bundles_evaluation():
    assert stale_lines(README, shipped_evaluations(ROOT)) == []
