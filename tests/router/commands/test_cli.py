"""The command line: what it prints, its exit codes, and one clear line when it cannot."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from router.commands.cli import _request_of as request_of
from router.commands.cli import main
from router.policy import STEPS
from tests.router.processes import ROOT, environment, tierwise
from tests.router.tiny_bundle import FILES, edit_manifest, tiny_held_out, write_tiny_bundle

ANSWER_KEYS = {"tier", "model", "p_adequate", "expected_quality_loss", "threshold", "reason", "bundle"}


@pytest.fixture
def run(monkeypatch, capsysbinary, tmp_path):
    """Runs the command in this process: returns its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["tierwise", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsysbinary.readouterr()
        return caught.value.code or 0, out.decode(), err.decode()

    return run_command


def assert_one_line(result, *says):
    """Exit code 1, nothing printed, and one line on standard error."""
    code, out, err = result
    assert code == 1
    assert out == ""
    assert err.startswith("tierwise: ")
    assert err.count("\n") == 1
    for words in says:
        assert str(words) in err


# --- As real processes ----------------------------------------------------------------------------------------------


def test_a_real_process_decides_from_any_folder(tmp_path):
    done = tierwise("route", "What is the capital of France?", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout).keys() >= ANSWER_KEYS


def test_a_real_process_reads_standard_input_and_ends_with_1_if_a_line_was_bad(tmp_path):
    done = tierwise("route", "-", cwd=tmp_path, stdin=b'plain text\n\n{"prompt": "a"}\n{"prompt": 7}\n')
    assert (done.returncode, done.stderr) == (1, b"")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("line") for answer in answers] == [None, None, 4]


def test_a_real_process_that_cannot_load_its_bundle_says_so_in_one_line(tmp_path):
    done = tierwise("route", "hi", "--bundle", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"tierwise: nowhere/manifest.json: cannot be read")
    assert done.stderr.count(b"\n") == 1


def test_an_argument_that_is_no_utf8_is_decided_and_explained(tmp_path):
    for arguments in (["route"], ["route", "--json"], ["explain"], ["explain", "--json"]):
        done = tierwise(*arguments, os.fsdecode(b"caf\xe9 \xff"), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr


def test_output_into_a_closed_pipe_ends_quietly(tmp_path):
    command = f"{sys.executable} -m router route - | head -n 1"
    lines = b"hi there\n" * 3_000
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment(), input=lines, capture_output=True, timeout=60
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


# --- route ----------------------------------------------------------------------------------------------------------


def test_route_prints_one_line_for_people(run):
    code, out, err = run("route", "Translate 'good morning' to French.")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    assert "threshold; expected quality loss budget " in out


def test_route_prints_json_for_programs(run, tiny_bundle):
    code, out, _ = run("route", "hi", "--json", "--bundle", tiny_bundle)
    assert code == 0
    assert json.loads(out).keys() >= ANSWER_KEYS
    assert json.loads(out)["bundle"]["id"].startswith("tiny-")


def test_route_decides_each_line_of_a_file_in_order(run, tmp_path, tiny_bundle):
    requests = [{"prompt": f"find {number}"} for number in range(5)]
    requests.insert(2, {"messages": [{"role": "user", "content": "why"}], "router": {"tiers": ["frontier"]}})
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in requests))
    code, out, _ = run("route", "rows.jsonl", "--bundle", tiny_bundle)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(answers) == 6
    assert answers[2]["tier"] == "frontier"
    expected = json.loads(run("route", "find 4", "--json", "--bundle", tiny_bundle)[1])
    assert answers[5]["p_adequate"] == expected["p_adequate"]


def test_route_takes_one_body_from_a_file(run, tmp_path, tiny_bundle):
    (tmp_path / "body.json").write_text('{"prompt": "why", "router": {"tiers": ["frontier"]}}')
    assert run("route", "body.json", "--bundle", tiny_bundle)[1].startswith(
        "frontier (google/gemini-4-argon) by policy auto, reason "
    )


def test_lines_that_cannot_be_used_get_their_own_error_and_number(run, tiny_bundle):
    lines = [b'{"prompt": "a"}', b"", b'{"prompt": ', b'{"prompt": NaN}', b'{"x": 1}', b'"a string"', b"\xff plain"]
    code, out, err = run("route", "-", "--bundle", tiny_bundle, stdin=b"\r\n".join(lines))
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert [answer.get("line") for answer in answers] == [None, 3, 4, 5, None, None]
    assert [answer["error"]["code"] for answer in answers if "error" in answer] == [
        "invalid_json",
        "invalid_json",
        "missing_field",
    ]


def test_nothing_on_standard_input_is_nothing_to_do(run, tiny_bundle):
    assert run("route", "-", "--bundle", tiny_bundle) == (0, "", "")


def test_a_file_that_is_not_there_is_one_line(run, tiny_bundle):
    assert_one_line(run("route", "nowhere.jsonl", "--bundle", tiny_bundle), "nowhere.jsonl: cannot be read")


# --- explain and check ----------------------------------------------------------------------------------------------


def test_explain_shows_what_was_scored_each_step_the_promise_and_what_pushed(run):
    code, out, _ = run("explain", "Prove that [bold] is irrational", "--top", "3")
    assert code == 0
    for words in (
        "prompt; turn user; task ",
        "ask scored: 'Prove that [bold] is irrational'",
        "no pin",
        "left to the classifier",
        "promise: over many requests",
        "adequate",
        "intercept",
        "the logit",
    ):
        assert words in out


FIXTURES = sorted(
    path
    for folder in ("openai_chat", "wire", "clients")
    for path in (ROOT / "tests" / "fixtures" / folder).glob("*.json")
)
SCREEN_LINES = 45


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_explain_tells_the_whole_story_of_each_fixture_in_a_screen(capsys, monkeypatch, router, path):
    from router.commands.console import print_explanation

    monkeypatch.setenv("COLUMNS", "120")
    request = request_of(str(path))
    decision = router.route(replace(request, options=replace(request.options, explain=True)))
    print_explanation(decision, top=4)
    out = capsys.readouterr().out
    assert out.count("\n") <= SCREEN_LINES
    assert out.startswith(
        f"{decision.tier} ({decision.model}) by policy {decision.policy}, reason {decision.reason.value}; "
    )
    for words in (decision.dialect.value, f"turn {decision.turn}", "ask scored: ", "promise: ", *STEPS):
        assert words in out


def test_explain_takes_a_body_from_a_file_or_standard_input_with_headers_or_without(run, tmp_path, tiny_bundle):
    body = {"messages": [{"role": "user", "content": "why"}], "model": "auto:careful"}
    (tmp_path / "body.json").write_text(json.dumps(body))
    (tmp_path / "recorded.json").write_text(json.dumps({"headers": {"X-Router-Tier": "frontier"}, "body": body}))
    plain = json.loads(run("explain", "body.json", "--json", "--bundle", tiny_bundle)[1])
    assert (plain["dialect"], plain["policy"], plain["requested"]) == (
        "openai_chat",
        "careful",
        {"model": "auto:careful"},
    )
    assert [step["step"] for step in plain["steps"]] == list(STEPS)
    pinned = json.loads(run("explain", "recorded.json", "--json", "--bundle", tiny_bundle)[1])
    assert (pinned["tier"], pinned["reason"]) == ("frontier", "pinned")
    piped = json.loads(run("explain", "-", "--json", "--bundle", tiny_bundle, stdin=json.dumps(body).encode())[1])
    assert (piped["tier"], piped["policy"]) == (plain["tier"], "careful")
    words = json.loads(run("explain", "-", "--json", "--bundle", tiny_bundle, stdin=b"why\nso?\n")[1])
    assert words["explanation"]["ask"] == "why\nso?"


def test_explain_says_in_one_line_why_it_cannot(run, tmp_path, tiny_bundle):
    (tmp_path / "bad.json").write_text('{"messages": ')
    (tmp_path / "pin.json").write_text('{"messages": [{"role": "user", "content": "x"}], "model": "tier:huge"}')
    assert_one_line(run("explain", "nowhere.json", "--bundle", tiny_bundle), "nowhere.json: cannot be read")
    assert_one_line(run("explain", "bad.json", "--bundle", tiny_bundle), "bad.json is not JSON")
    assert_one_line(
        run("explain", "pin.json", "--bundle", tiny_bundle), "model: 'huge' is not a tier; use one of: budget"
    )


def test_explains_json_adds_up(run):
    _, out, _ = run("explain", "Why does it deadlock?", "--json")
    for head in json.loads(out)["explanation"]["heads"]:
        total = head["intercept"] + sum(item["logit"] for item in head["contributions"])
        assert total == pytest.approx(head["logit"], abs=1e-9)


def test_check_prints_what_is_in_force(run, tmp_path):
    (tmp_path / "t.toml").write_text('safe_tier = "frontier"\n[server]\nport = 9000')
    code, out, _ = run("check", "--config", "t.toml", "--json")
    assert code == 0
    facts = json.loads(out)
    assert (facts["safe_tier"], facts["port"]) == ("frontier", 9000)
    assert set(facts["tiers"]) == {"budget", "production", "frontier"}
    code, out, _ = run("check", "--config", "t.toml")
    assert code == 0
    assert "safe tier frontier" in out


def test_check_prints_policies_with_thresholds_rules_turns_and_remarks(run, tmp_path, tiny_bundle):
    (tmp_path / "t.toml").write_text(
        f"""
bundle = "{tiny_bundle}"
rules = [{{ name = "vip", audience = "customer", floor = "production" }}]
[policies.batch]
max_cost_usd_per_1k = 6
ceiling = "production"
turns = {{ title = "production" }}
[turns]
probe = "classifier"
[[providers]]
name = "own"
base_url = "http://127.0.0.1:1/v1"
key_required = false
[[tiers]]
name = "budget"
models = [{{ model = "own/[x]", input_usd_per_million = 1, output_usd_per_million = 1 }}]
[[tiers]]
name = "production"
models = ["openai/gpt-5.4"]
[[tiers]]
name = "frontier"
models = ["openai/gpt-5.5"]
"""
    )
    facts = json.loads(run("check", "--config", "t.toml", "--json")[1])
    assert set(facts["policies"]) == {"auto", "careful", "cheap", "cascade", "batch"}
    assert facts["policies"]["batch"] == {
        "threshold": 0.5,
        "promise": "at most $6 for 1,000 requests (bound $6.00), 90% sure",
        "outlook": None,
        "value_of_an_answer_usd": None,
        "cascade": False,
        "limits": "ceiling production",
        "turns": {"title": "tier production"},
    }
    assert facts["policies"]["cascade"]["cascade"] is True
    assert facts["policies"]["cascade"]["promise"] == "none: answers are checked, at most 2 escalations"
    assert [(rule["name"], rule["when"], rule["then"]) for rule in facts["rules"]] == [
        ("vip", "audience customer", "floor production")
    ]
    assert facts["turns"]["probe"] == "no limits"
    assert any("own/[x]" in remark for remark in facts["remarks"])
    code, out, _ = run("check", "--config", "t.toml")
    assert code == 0
    for words in (
        "batch",
        "rule 1, vip: audience customer -> floor production",
        "probe: classifier",
        "note: configuration: own/[x]",
    ):
        assert words in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 1", "port: unknown key"),
        ("port = = 1", "not TOML"),
        ('bundle = "nowhere"', "nowhere/manifest.json: cannot be read"),
        ("max_quality_loss = 0", "max_quality_loss: "),
        ('[[tiers]]\nname="a"\nmodels=["openai/gpt-5.4"]\n[[tiers]]\nname="b"\nmodels=["openai/gpt-5.5"]', "tiers: "),
    ],
)
@pytest.mark.parametrize("command", [["check"], ["route", "hi"], ["explain", "hi"], ["serve"]], ids=lambda c: c[0])
def test_a_broken_configuration_is_one_line_for_every_command(run, tmp_path, text, says, command):
    (tmp_path / "t.toml").write_text(text)
    assert_one_line(run(*command, "--config", "t.toml"), says)


def test_the_environments_configuration_counts(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TIERWISE_PORT", "http")
    assert_one_line(run("check"), "TIERWISE_PORT='http' (environment)")
    monkeypatch.setenv("TIERWISE_PORT", "9001")
    assert json.loads(run("check", "--json")[1])["port"] == 9001


# --- bundle ---------------------------------------------------------------------------------------------------------


def test_verify_counts_what_it_checked(run, tiny_bundle):
    code, out, _ = run("bundle", "verify", tiny_bundle)
    assert code == 0
    assert f"{len(FILES) - 1} files match" in out
    code, out, _ = run("bundle", "verify", tiny_bundle, "--json")
    assert set(json.loads(out)) == {"id", "sha256", "files", "golden"}


@pytest.mark.parametrize("name", ["MODEL_CARD.md", "heads.safetensors", "encoder/tokenizer.json"])
def test_verify_notices_a_change_in_any_file(run, bundle_copy, name):
    (bundle_copy / name).write_bytes((bundle_copy / name).read_bytes() + b" ")
    assert_one_line(run("bundle", "verify", bundle_copy), bundle_copy / name, "changed or cut off")


def test_inspect_says_what_a_bundle_is(run, tiny_bundle):
    code, out, _ = run("bundle", "inspect", tiny_bundle)
    assert code == 0
    for words in ("budget, production, frontier", "static, 8 dimensions", "promise", "Apache-2.0"):
        assert words in out
    code, out, _ = run("bundle", "inspect", tiny_bundle, "--json")
    assert json.loads(out) == json.loads((tiny_bundle / "manifest.json").read_bytes())


def test_inspect_says_how_the_promise_was_made_and_where_it_does_not_hold(run, tmp_path):
    def lose(manifest) -> None:
        manifest["promise"]["slices"][0]["loss"] = 0.15

    folder = write_tiny_bundle(tmp_path / "tiny", held_out=tiny_held_out())
    _, kept, _ = run("bundle", "inspect", folder)
    assert "finite-sample theorem" in " ".join(kept.split())
    assert "not kept by itself in" not in kept
    edit_manifest(folder, lose)
    _, broken, _ = run("bundle", "inspect", folder)
    assert "not kept by itself in" in broken
    assert "lang de (15.0% lost, bound 20.0%, n = 40)" in " ".join(broken.replace("\u2502", " ").split())


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_a_folder_without_a_bundle_is_one_line(run, tmp_path, command):
    assert_one_line(run("bundle", command, tmp_path), "manifest.json: cannot be read", "make train")


# --- serve ----------------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_one_line(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_one_line(run("serve", "--port", port), f"cannot listen on 127.0.0.1 port {port}", "--port 8081")


def test_a_missing_bundle_is_one_line(run, tmp_path):
    assert_one_line(run("serve", "--bundle", tmp_path / "nowhere"), "nowhere/manifest.json")


# --- Wrong use ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["route"],
        ["route", "hi", "--no-such-option"],
        ["route", "hi", "there"],
        ["explain", "hi", "--top", "0"],
        ["serve", "--port", "http"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "-1"],
        ["serve", "--workers", "0"],
        ["bundle", "no-such-command"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_names_what_is_wrong(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert "Usage" in err


def test_help_and_version_are_answered(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in ("serve", "route", "explain", "check", "bundle"):
        assert command in out
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("tierwise ")


def test_names_from_files_are_printed_without_their_escapes(run, tmp_path):
    path = tmp_path / "tierwise.toml"
    path.write_text("""[[rules]]
name = "\\u001b[2Jclear\\u009b"
turn = "probe"
tier = "budget"
""")
    code, out, _ = run("check", "--config", path)
    assert (code, "clear" in out, "\x1b[2J" in out) == (0, True, False)
    path.write_text('[[rules]]\nturn = "probe"\ntier = "\\u001b[2Jbudget"\n')
    code, _, err = run("check", "--config", path)
    assert (code, "\x1b" in err) == (1, False)


def test_check_refuses_what_serve_would_refuse_to_listen_on(run, tmp_path):
    path = tmp_path / "tierwise.toml"
    path.write_text('[server]\nhost = "0.0.0.0"\n')
    code, _, err = run("check", "--config", path)
    assert (code, "api_key_variable" in err) == (1, True)
    path.write_text('[server]\nhost = "0.0.0.0"\ninsecure = true\n')
    assert run("check", "--config", path)[0] == 0
