"""The converters, each run on a tiny real git repository in its source's shape; the registry; the rows we have."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from router.errors import DataError
from training.rows.readers import data_folder, read_rows
from training.shipping.sources import PUBLIC_SOURCES, PublicSource
from training.shipping.sources.__main__ import main
from training.shipping.sources.outcome_json import encode_row, qhash
from training.shipping.sources.rebuild import (
    CONVERTERS,
    clone_arguments,
    convert,
    open_repository,
    rebuild_source,
    write_rows,
)
from training.shipping.sources.registry import find_source

Files = Mapping[str, str | bytes]
Build = Callable[..., PublicSource]

FACTS = {  # from the data folder's README: rows, commit, licence
    "mmlu_pro": (12_032, "TIGER-AI-Lab/MMLU-Pro", "f418b11", "Apache-2.0"),
    "routellm_mmlu": (14_042, "lm-sys/RouteLLM", "0b64fda", "Apache-2.0"),
    "routellm_gsm8k": (1_319, "lm-sys/RouteLLM", "0b64fda", "Apache-2.0"),
    "zeroeval_gsm": (1_319, "WildEval/ZeroEval", "8c1485e", "Apache-2.0"),
    "zeroeval_math_l5": (721, "WildEval/ZeroEval", "8c1485e", "Apache-2.0"),
    "llmrouter_ulab": (6_038, "ulab-uiuc/LLMRouter", "4e7a796", "MIT"),
    "workbench": (690, "olly-styles/WorkBench", "42f1b6d", "MIT"),
    "bfcl": (1_460, "HuanzhiMao/BFCL-Result", "b4adfc9", "NONE"),
    "alpaca_eval1": (569, "tatsu-lab/alpaca_eval", "cd543a1", "CC-BY-NC-4.0"),
    "alpaca_eval2": (569, "tatsu-lab/alpaca_eval", "cd543a1", "CC-BY-NC-4.0"),
    "alpaca_eval2cot": (569, "tatsu-lab/alpaca_eval", "cd543a1", "CC-BY-NC-4.0"),
}


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *identity, *args], capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Commits files to a repository where a rebuild looks for it; returns the source pinned to that commit."""

    def build_repository(name: str, files: Files, *, n_rows: int) -> PublicSource:
        source = find_source(name)
        folder = tmp_path / "repos" / source.repository.replace("/", "+")
        folder.mkdir(parents=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "-m", "results")
        return dataclasses.replace(source, commit=git(folder, "rev-parse", "HEAD"), n_rows=n_rows)

    return build_repository


def converted(source: PublicSource, tmp_path: Path) -> list[dict[str, Any]]:
    return list(convert(source, open_repository(source, tmp_path / "repos")))


def as_csv(header: list[str], *lines: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([header, *lines])
    return text.getvalue()


def zipped(name: str, content: object) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("__MACOSX/._" + name, b"junk")
        archive.writestr(name, json.dumps(content))
    return data.getvalue()


ROUTELLM_COLUMNS = ["prompt", "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"]


def routellm_gsm8k_files() -> Files:
    header = [*ROUTELLM_COLUMNS, *(f"{column}_response" for column in ROUTELLM_COLUMNS[1:])]
    lines = [["How many?", "True", "False", "five", "it is 6"]]
    return {"routellm/evals/gsm8k/gsm8k_responses.csv": as_csv(header, *lines)}


def test_routellm_mmlu_rows_are_named_by_subject_and_hashed_without_options(build: Build, tmp_path: Path) -> None:
    law = as_csv(ROUTELLM_COLUMNS, ["Who rules?\nA. Law\nB. Might\nAnswer: ", "False", "True"])
    art = as_csv(ROUTELLM_COLUMNS, ["Who paints?\nA. Ann\nB. Bo\nAnswer:", "True", "True"])
    folder = "routellm/evals/mmlu/responses"
    source = build("routellm_mmlu", {f"{folder}/mmlu_law.csv": law, f"{folder}/mmlu_art.csv": art}, n_rows=2)
    rows = converted(source, tmp_path)
    assert [row["id"] for row in rows] == ["routellm_mmlu/art/0", "routellm_mmlu/law/0"]
    assert rows[1] == {
        "id": "routellm_mmlu/law/0",
        "source": "routellm_mmlu",
        "category": "mmlu/law",
        "prompt": "Who rules?\nA. Law\nB. Might",
        "qhash": qhash("who rules"),
        "outcomes": {"mixtral-8x7b-instruct-v0.1": 0.0, "gpt-4-1106-preview": 1.0},
        "metric": "exact_match_mc",
    }


def test_routellm_gsm8k_rows_count_the_characters_of_each_answer(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", routellm_gsm8k_files(), n_rows=1)
    [row] = converted(source, tmp_path)
    assert row["outcomes"] == {"mixtral-8x7b-instruct-v0.1": 1.0, "gpt-4-1106-preview": 0.0}
    assert row["output_chars"] == {"mixtral-8x7b-instruct-v0.1": 4, "gpt-4-1106-preview": 7}


def test_a_model_answer_longer_than_the_csv_default_limit_is_read(build: Build, tmp_path: Path) -> None:
    files = {path: str(text).replace("five", "x" * 200_000) for path, text in routellm_gsm8k_files().items()}
    [row] = converted(build("routellm_gsm8k", files, n_rows=1), tmp_path)
    assert row["output_chars"]["mixtral-8x7b-instruct-v0.1"] == 200_000


@pytest.mark.parametrize(
    ("output", "score"),
    [
        ('{"reasoning": "3 {x}", "answer": "1,200"}', 1.0),
        ('Sure! {"reasoning": "a\nb",\n"answer": 1200}', 1.0),
        ('{"reasoning": broken, "answer": "$1200"', 1.0),
        ("answer: 1200.0 of them", 1.0),
        (r"so \boxed{1200}", 1.0),
        ('{"answer": "2400/2"}', 1.0),
        ('{"answer": "12"}', 0.0),
        ("}}} no idea", 0.0),
        ("{" * 5_000 + "}" * 5_000, 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_zeroeval_answers_are_found_in_the_text_and_compared_as_numbers(
    build: Build, tmp_path: Path, output: str | None, score: float
) -> None:
    entry = {"id": "q#1", "question": "How many eggs?", "answer": "#1,200", "output": [output]}
    [row] = converted(build("zeroeval_gsm", {"result_dirs/gsm/m.json": json.dumps([entry])}, n_rows=1), tmp_path)
    assert row["outcomes"] == {"m": score}
    assert row["id"] == "zeroeval_gsm/q#1"
    assert row["reference"] == "1,200"


def test_zeroeval_models_that_did_not_answer_every_question_are_left_out(build: Build, tmp_path: Path) -> None:
    def entry(number: int, output: str) -> dict[str, Any]:
        return {"id": number, "problem": f"P{number}?", "answer": "7", "output": [output]}

    files = {
        "result_dirs/math-l5/whole.json": json.dumps([entry(0, "answer: 7"), entry(1, "answer: 8")]),
        "result_dirs/math-l5/half.json": json.dumps([entry(0, "answer: 7")]),
        "result_dirs/gsm/other.json": "[]",
    }
    rows = converted(build("zeroeval_math_l5", files, n_rows=2), tmp_path)
    assert [row["outcomes"] for row in rows] == [{"whole": 1.0}, {"whole": 0.0}]
    assert rows[0]["prompt"] == "P0?"


def llmrouter_files(choices: object = "None") -> Files:
    task = {
        "query": "Which one?",
        "choices": choices,
        "task_name": "quiz",
        "metric": "em_mc",
        "ground_truth": "B" * 600,
    }
    train = [
        {"question": "which ONE", "scores": {"a": 1, "b": 0.33333}},
        {"question": "Which one?", "scores": {"b": 0.33333, "a": 1}},
        {"question": "Which one?", "scores": {"a": 0}},
    ]
    return {
        "data/example_data/query_data/default_query_train.jsonl": json.dumps(task) + "\n\n",
        "data/example_data/query_data/default_query_test.jsonl": "",
        "data/dcrouter_preprocessed/train.json": json.dumps(train),
        "data/dcrouter_preprocessed/test.json": json.dumps([{"question": "Other?", "scores": {"a": 1}}]),
    }


def test_llmrouter_rows_are_joined_by_question_and_numbered_without_repeats(build: Build, tmp_path: Path) -> None:
    rows = converted(build("llmrouter_ulab", llmrouter_files(), n_rows=3), tmp_path)
    assert [row["id"] for row in rows] == [f"llmrouter_ulab/{tail}" for tail in ("train/0", "train/1", "test/2")]
    assert [row["outcomes"] for row in rows] == [{"a": 1.0, "b": 0.3333}, {"a": 0.0}, {"a": 1.0}]
    assert [row["category"] for row in rows] == ["mix/quiz", "mix/quiz", "mix/unknown"]
    assert [row["metric"] for row in rows] == ["em_mc", "em_mc", "task_metric"]
    assert rows[0]["reference"] == "B" * 500
    assert "reference" not in rows[2]


@pytest.mark.parametrize(
    ("choices", "lines"),
    [
        (["x", "y"], "\nA. x\nB. y"),
        ("['x', 'y']", "\nA. x\nB. y"),
        (r"['\d', 'y']", "\nA. \\d\nB. y"),
        ("{'labels': ['1', '2'], 'text': ['x', 'y']}", "\n1. x\n2. y"),
        ("{'labels': ['1']}", ""),
        ("__import__('os').abort()", ""),
        ("[" * 3_000, ""),
        (str(list(range(11))), ""),
        ("nan", ""),
        (None, ""),
    ],
)
def test_llmrouter_choices_become_lettered_lines_and_are_never_run(
    build: Build, tmp_path: Path, choices: object, lines: str
) -> None:
    rows = converted(build("llmrouter_ulab", llmrouter_files(choices), n_rows=3), tmp_path)
    assert rows[1]["prompt"] == "Which one?" + lines
    assert rows[1]["qhash"] == qhash("Which one?")


def test_mmlu_pro_rows_gather_models_from_zips_flat_or_by_category(build: Build, tmp_path: Path) -> None:
    def entry(number: int, **more: object) -> dict[str, Any]:
        options = ["red", "N/A", "blue"]
        shown = {"question_id": number, "question": f"Q{number}?", "options": options, "answer": "B", "category": "art"}
        return shown | more

    flat = [entry(9, pred="B", model_outputs="the answer", src="ori"), entry(3, pred=None), "noise", {"no": "id"}]
    grouped = {"art": [entry(9, pred="A", generated_text="abc")], "note": "text"}
    files = {
        "eval_results/model_outputs_Llama-3_1-8B_5shots.json.zip": zipped("a.json", flat),
        "eval_results/deep/model_outputs_other_5shots.zip": zipped("b.json", grouped),
        "eval_results/README.md": "no",
    }
    rows = converted(build("mmlu_pro", files, n_rows=2), tmp_path)
    assert [row["id"] for row in rows] == ["mmlu_pro/3", "mmlu_pro/9"]
    assert rows[1]["outcomes"] == {"other": 0.0, "Llama-3.1-8B": 1.0}
    assert rows[1]["output_chars"] == {"other": 3, "Llama-3.1-8B": 10}
    assert rows[1]["prompt"] == "Q9?\nA. red\nB. blue"
    assert rows[0]["outcomes"] == {"Llama-3.1-8B": 0.0}, "a missing prediction counts as wrong"


WORKBENCH_HEADER = ["query", "function_calls", "full_response", "error"]
WANTED = """['email.send_email.func(to="Ana", body="Hi\\nthere")', 'email.search_emails.func(q="x")']"""


@pytest.mark.parametrize(
    ("calls", "error", "score"),
    [
        ("""['email.send_email.func(body="hi\\nTHERE", to="ana")']""", "", 1.0),
        ("""['email.send_email.func(to="ana", body="hi\\nthere")']""", "timeout", 0.0),
        ("""['email.send_email.func(to="bo", body="hi\\nthere")']""", "", 0.0),
        ("""['email.send_email.func(to="ana", body="hi\\nthere")'] * 1""", None, None),
        ("""['email.send_email.func(to=open("x"), body="hi")']""", "", 0.0),
        ("""['email.send_email.func(**{})']""", "", 0.0),
        ("""['email.send_email']""", "", 0.0),
        ("", "", 0.0),
    ],
)
def test_workbench_calls_are_compared_as_trees_without_regard_to_order_or_case(
    build: Build, tmp_path: Path, calls: str, error: str | None, score: float | None
) -> None:
    source = build("workbench", workbench_files([calls, error or ""]), n_rows=6)
    if score is None:
        with pytest.raises(DataError, match="not in the shape"):
            converted(source, tmp_path)
    else:
        rows = converted(source, tmp_path)
        assert rows[3]["id"] == "workbench/email/0"
        assert rows[3]["outcomes"] == {"gpt-4": score}
        assert rows[3]["template"] == "Write to {name}"


def test_workbench_status_and_board_keep_their_case(build: Build, tmp_path: Path) -> None:
    wanted = """['project_management.update_task.func("7", field="board", new_value="Front end")']"""
    given = """['project_management.update_task.func("7", field="board", new_value="front end")']"""
    source = build("workbench", workbench_files([given, ""], wanted=wanted), n_rows=6)
    assert converted(source, tmp_path)[3]["outcomes"] == {"gpt-4": 0.0}


def workbench_files(answer: list[str], *, wanted: str = WANTED) -> Files:
    """Six domains with one request each; one model has answered that of `email`."""
    domains = ["analytics", "calendar", "customer_relationship_manager", "email", "multi_domain", "project_management"]
    files: dict[str, str | bytes] = {
        f"data/processed/queries_and_answers/{domain}_queries_and_answers.csv": as_csv(
            ["query", "answer", "base_template"], [f"Write to Ana, {domain}", wanted, "Write to {name}"]
        )
        for domain in domains
    }
    line = ["Write to Ana, email", answer[0], "done", answer[1]]
    path = "data/results/email/gpt-4_domains_2024-02-05_12-00-00.csv"
    return files | {path: as_csv(WORKBENCH_HEADER, line)}


def bfcl_files(*, n_failed: int = 1) -> Files:
    def score(total: int, *failed: int) -> str:
        head = {"total_count": total, "correct_count": total - len(failed) * n_failed}
        prompts = [
            {"prompt": {"id": f"simple_{n}", "question": [f"Q{n}"] if n else "Q0", "function": {"name": "f"}}}
            for n in failed
        ]
        return "\n".join(json.dumps(line) for line in [head, *prompts])

    result = [{"id": "simple_0", "output_token_count": 0}, {"input_tokens": 12, "output_tokens": 5.0}]
    return {
        "2024-08-11/score/a/simple_score.json": score(12, 10, 1),
        "2024-08-11/score/b/simple_score.json": score(12, 1),
        "2024-08-11/score/unfinished/simple_score.json": score(3),
        "2024-08-11/score/a/relevance_score.json": "no prompts here",
        "2024-08-11/result/b/gorilla_openfunctions_v1_test_simple_result.json": "\n".join(map(json.dumps, result)),
        "2024-09-01/score/later/simple_score.json": score(12, 1),
    }


def test_bfcl_rows_are_the_prompts_somebody_failed_in_numeric_order(build: Build, tmp_path: Path) -> None:
    rows = converted(build("bfcl", bfcl_files(), n_rows=2), tmp_path)
    assert [row["id"] for row in rows] == ["bfcl/simple_1", "bfcl/simple_10"]
    assert rows[0]["outcomes"] == {"a": 0.0, "b": 0.0}
    assert rows[1]["outcomes"] == {"a": 0.0, "b": 1.0}
    assert rows[0]["prompt"] == '["Q1"]'
    assert rows[0]["tools"] == [{"name": "f"}]
    assert (rows[0]["output_tokens"], rows[0]["input_tokens"]) == ({"b": 5}, {"b": 12})
    assert "output_tokens" not in rows[1]
    assert rows[0]["metric"] == "ast_match"


def test_bfcl_totals_that_do_not_add_up_are_refused(build: Build, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"score/a/simple_score\.json: expected 4 failures in simple, found 2"):
        converted(build("bfcl", bfcl_files(n_failed=2), n_rows=2), tmp_path)


def alpaca_files(folder: str) -> Files:
    def annotations(n: int, preference: float | None) -> str:
        kinds = ["koala", "helpful_base"]
        entry = {"preference": preference, "output_2": "answer"}
        return json.dumps([entry | {"instruction": f"Do {i}", "dataset": kinds[i > 0]} for i in range(n)])

    return {
        f"results/draws/{folder}/annotations.json": annotations(800, 0),
        f"results/wins/{folder}/annotations.json": annotations(801, 1.87654),
        f"results/silent/{folder}/annotations.json": annotations(800, None),
        f"results/unfinished/{folder}/annotations.json": annotations(799, 2),
        f"results/NullModel/{folder}/annotations.json": annotations(805, 2),
    }


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("alpaca_eval1", "alpaca_eval_gpt4"),
        ("alpaca_eval2", "weighted_alpaca_eval_gpt4_turbo"),
        ("alpaca_eval2cot", "alpaca_eval_cot_gpt4_turbo_fn"),
    ],
)
def test_alpaca_eval_preferences_become_scores_and_held_out_datasets_stay_out(
    build: Build, tmp_path: Path, name: str, folder: str
) -> None:
    rows = converted(build(name, alpaca_files(folder), n_rows=800), tmp_path)
    assert len(rows) == 800
    assert rows[0]["id"] == f"{name}/1", "numbered before the held-out ones leave"
    assert rows[0]["outcomes"] == {"draws": 0.5, "wins": 0.8765}
    assert rows[-1]["outcomes"] == {"wins": 0.8765}
    assert rows[0]["category"] == "chat/helpful_base"


def test_a_rebuild_writes_the_same_bytes_each_time_and_the_reader_takes_them(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", routellm_gsm8k_files(), n_rows=1)
    for out in ("one", "two"):
        assert rebuild_source(source, repos=tmp_path / "repos", out=tmp_path / out) == 1
    one, two = (tmp_path / out / "routellm_gsm8k.jsonl.gz" for out in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert [path.name for path in one.parent.iterdir()] == [one.name]
    assert read_rows([one]).rows[0].id == "routellm_gsm8k/0"


def test_a_rebuild_with_another_number_of_rows_writes_nothing(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", routellm_gsm8k_files(), n_rows=1_319)
    with pytest.raises(DataError, match=r"expected 1,319 rows, found 1"):
        rebuild_source(source, repos=tmp_path / "repos", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_repository_of_another_shape_is_refused_with_its_name(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", {"routellm/evals/gsm8k/gsm8k_responses.csv": "a,b\n1,2\n"}, n_rows=1)
    with pytest.raises(DataError, match=r"lm-sys/RouteLLM @ .*not in the shape that converter `routellm` knows"):
        converted(source, tmp_path)
    with pytest.raises(DataError, match="expected files that match"):
        converted(dataclasses.replace(source, files=r"nothing/here"), tmp_path)


def test_a_commit_that_the_clone_lacks_is_refused(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", routellm_gsm8k_files(), n_rows=1)
    with pytest.raises(DataError, match="git"):
        converted(dataclasses.replace(source, commit="0" * 40), tmp_path)


def test_a_bare_clone_serves_as_well_as_a_checkout(build: Build, tmp_path: Path) -> None:
    source = build("routellm_gsm8k", routellm_gsm8k_files(), n_rows=1)
    (tmp_path / "bare").mkdir()
    git(tmp_path, "clone", "--quiet", "--bare", "repos/lm-sys+RouteLLM", "bare/lm-sys+RouteLLM")
    assert list(convert(source, open_repository(source, tmp_path / "bare"))) == converted(source, tmp_path)


def test_a_clone_is_bare_and_comes_over_https_from_the_registry_host_only() -> None:
    source = find_source("bfcl")
    arguments = clone_arguments(source, Path("repos/x"))
    assert arguments[:4] == ("-c", "protocol.allow=never", "-c", "protocol.https.allow=always")
    assert arguments[-5:] == ("--quiet", "--bare", "--", "https://github.com/HuanzhiMao/BFCL-Result", "repos/x")


@pytest.mark.parametrize(
    "repository", ["--upload-pack=x/y", "owner", "a/b/c", "a/..", "https://example.org/x", "a b/c"]
)
def test_a_registry_entry_that_is_not_owner_and_name_is_refused(repository: str) -> None:
    with pytest.raises(ValueError, match="is not `owner/name` at a commit"):
        dataclasses.replace(find_source("bfcl"), repository=repository)


@pytest.mark.parametrize("licence", ["NONE", "CC-BY-NC-4.0", "GPL-3.0-only"])
def test_only_apache_and_mit_may_ship(licence: str) -> None:
    assert find_source("mmlu_pro").may_ship
    assert not dataclasses.replace(find_source("mmlu_pro"), licence=licence).may_ship


def test_the_registry_agrees_with_the_data_readme() -> None:
    assert {source.name: _fact(source) for source in PUBLIC_SOURCES} == FACTS
    for source in PUBLIC_SOURCES:
        assert source.may_ship == (source.licence in {"Apache-2.0", "MIT"})
        assert source.converter in CONVERTERS


def _fact(source: PublicSource) -> tuple[int, str, str, str]:
    return source.n_rows, source.repository, source.commit, source.licence


def test_the_list_command_names_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [source.name for source in PUBLIC_SOURCES]
    assert ["measure only" in line for line in lines] == [not source.may_ship for source in PUBLIC_SOURCES]


def test_the_rebuild_command_refuses_an_unknown_source_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rebuild", "--repos", str(tmp_path), "--out", str(tmp_path), "gsm9k"]) == 1
    assert re.fullmatch(r"source 'gsm9k': expected one of .*\n", capsys.readouterr().err)


DATA = data_folder(os.environ, Path.cwd())
needs_data = pytest.mark.skipif(DATA is None, reason="the folder of public data is not there")


@needs_data
def test_the_registry_covers_exactly_the_outcome_files_that_are_there() -> None:
    assert DATA is not None
    files = {path.name.removesuffix(".jsonl.gz"): path for path in (DATA / "outcomes").glob("*.jsonl.gz")}
    assert set(files) == {source.name for source in PUBLIC_SOURCES}
    assert {name: len(real_rows(name)) for name in files} == {source.name: source.n_rows for source in PUBLIC_SOURCES}


@needs_data
@pytest.mark.parametrize("name", [source.name for source in PUBLIC_SOURCES])
def test_ids_and_hashes_of_the_real_rows_are_what_the_converters_make(name: str) -> None:
    for row in real_rows(name):
        assert row["id"].startswith(f"{name}/")
        assert row["source"] == name
        assert row["qhash"] == qhash(stem_of(row)), row["id"]


@needs_data
def test_real_rows_are_written_back_to_the_same_lines(tmp_path: Path) -> None:
    assert DATA is not None
    for name in ("workbench", "zeroeval_gsm", "alpaca_eval2"):
        write_rows(real_rows(name), tmp_path / f"{name}.jsonl.gz")
        with (
            gzip.open(tmp_path / f"{name}.jsonl.gz") as ours,
            gzip.open(DATA / "outcomes" / f"{name}.jsonl.gz") as given,
        ):
            assert ours.read() == given.read()


def real_rows(name: str) -> list[dict[str, Any]]:
    assert DATA is not None
    with gzip.open(DATA / "outcomes" / f"{name}.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


def stem_of(row: Mapping[str, Any]) -> str:
    """The question without its options, as far as the prompt alone tells: the start that gives the row's hash."""
    prompt = str(row["prompt"])
    cuts = [match.start() for match in re.finditer(r"\n", prompt)]
    stems = (prompt[:cut] for cut in (len(prompt), *cuts))
    return next((stem for stem in stems if qhash(stem) == row["qhash"]), prompt)


def test_rows_are_written_as_compact_utf8() -> None:
    assert encode_row({"a": "é", "b": [1, 2]}) == '{"a":"é","b":[1,2]}\n'.encode()
