"""RouteLLM: two models' responses to MMLU and GSM8K, with a column a model that says whether it was right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

__all__ = ["rows_of"]

_MODELS = {
    "mistralai/Mixtral-8x7B-Instruct-v0.1": "mixtral-8x7b-instruct-v0.1",
    "gpt-4-1106-preview": "gpt-4-1106-preview",
}


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """The rows of routellm_mmlu (a file a subject) or routellm_gsm8k (one file)."""
    convert = _mmlu if source.name == "routellm_mmlu" else _gsm8k
    return convert(source, repository)


def _mmlu(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    for match in sorted(repository.matches(source.files), key=lambda match: match.group()):
        subject = match.group(1)
        for index, line in enumerate(repository.csv(match.group())):
            prompt = re.sub(r"\nAnswer:\s*$", "", line["prompt"])
            yield outcome_row(
                source.name,
                f"{subject}/{index}",
                category=f"mmlu/{subject}",
                prompt=prompt,
                outcomes=_outcomes(line),
                metric="exact_match_mc",
                stem=prompt.split("\nA. ")[0],
            )


def _gsm8k(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    for match in repository.matches(source.files):
        for index, line in enumerate(repository.csv(match.group())):
            yield outcome_row(
                source.name,
                index,
                category="math/gsm8k",
                prompt=line["prompt"],
                outcomes=_outcomes(line),
                metric="exact_match_number",
                output_chars={name: len(line[f"{column}_response"]) for column, name in _MODELS.items()},
            )


def _outcomes(line: dict[str, str]) -> dict[str, float]:
    return {name: float(line[column] == "True") for column, name in _MODELS.items()}
