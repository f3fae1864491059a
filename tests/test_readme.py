"""The README's commands are run, and what it shows is what they print."""

import json
import re
import sys
import urllib.error

import pytest

from tests.documents import ROOT, asked, blocks, run, service, tierwise
from training.shipping.readme import shipped_evaluations, stale_lines

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks(README)
SHELL = [line for block in BLOCKS if block.language == "sh" for line in block.lines]
MOST_WORDS = 700


def block(language: str) -> str:
    return next(found.text for found in BLOCKS if found.language == language)


@pytest.fixture(scope="module")
def answers():
    """What the README's curl lines get, by path."""
    with service() as address:
        yield dict(asked(line, address) for line in SHELL if line.startswith("curl") and "/route" in line)


def test_every_make_target_in_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {match for match in re.findall(r"make (\w+)", README)} - {"and"}
    assert targets >= {"run", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_chat_line_is_a_503_without_a_key_and_answered_by_the_echo_where_that_is_asked_for():
    (line,) = (line for line in SHELL if "/chat/completions" in line)
    with service() as address, pytest.raises(urllib.error.HTTPError) as caught:
        asked(line, address)
    assert caught.value.code == 503
    assert "set OPENAI_API_KEY or " in json.loads(caught.value.read())["error"]["message"]
    with service("--echo") as address:
        message = asked(line, address)[1]["choices"][0]["message"]
    assert message["content"].startswith("[echo] No model was called.")


def test_make_run_asks_for_the_echo_only_with_the_variable_of_the_readme():
    assert "make run ECHO=1" in README
    assert any(line.endswith("--echo") for line in run(["make", "-n", "run", "ECHO=1"]).splitlines())
    assert "--echo" not in run(["make", "-n", "run"])


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


@pytest.mark.slow
def test_training_on_the_sample_gives_a_bundle_that_routes(tmp_path):
    fit, route = (line for line in SHELL if line.startswith(".venv-dev/bin/tierwise"))
    out = str(tmp_path / "mine")
    run(tierwise(fit.replace("models/mine", out)))
    assert run(tierwise(route.replace("models/mine", out))).split()[0] in {"budget", "production", "frontier"}


def test_the_readme_with_its_results_table_has_at_most_700_words():
    assert len(README.split()) <= MOST_WORDS


def test_the_readme_table_is_the_shipped_bundles_evaluation():
    assert stale_lines(README, shipped_evaluations(ROOT)) == []
