"""RouteLLM: two models' responses to MMLU and GSM8K, with one column per model: whether it was right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_MODELS = {
    "mistralai/Mixtral-8x7B-Instruct-v0.1": "mixtral-8x7b-instruct-v0.1",
    "gpt-4-1106-preview": "gpt-4-1106-preview",
}


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """The rows of routellm_mmlu (one file per subject) or routellm_gsm8k (one file)."""
    row = _mmlu_row if source.name == "routellm_mmlu" else _gsm8k_row
    for match in repository.matches(source.files):
        for index, line in enumerate(repository.csv(match.group())):
            outcomes = {name: float(line[column] == "True") for column, name in _MODELS.items()}
            yield outcome_row(source.name, outcomes=outcomes, **row(match, index, line))


def _mmlu_row(match: re.Match[str], index: int, line: dict[str, str]) -> JsonRow:
    subject, prompt = match.group(1), re.sub(r"\nAnswer:\s*$", "", line["prompt"])
    place = {"row_id": f"{subject}/{index}", "category": f"mmlu/{subject}"}
    return {**place, "prompt": prompt, "metric": "exact_match_mc", "stem": prompt.split("\nA. ")[0]}


def _gsm8k_row(_: re.Match[str], index: int, line: dict[str, str]) -> JsonRow:
    chars = {name: len(line[f"{column}_response"]) for column, name in _MODELS.items()}
    place = {"row_id": index, "category": "math/gsm8k"}
    return {**place, "prompt": line["prompt"], "metric": "exact_match_number", "output_chars": chars}
