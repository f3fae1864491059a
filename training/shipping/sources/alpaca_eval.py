"""AlpacaEval: a judge's preferences between each model's answer and a baseline's, one folder per model and judge.

Scores are how much the judge prefers the model to the baseline: 0 not at all, 0.5 a draw, 1 wholly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_METRICS = {
    "alpaca_eval1": "gpt4_pairwise_win_vs_text-davinci-003",
    "alpaca_eval2": "gpt4turbo_win_prob_vs_gpt-4-1106-preview",
    "alpaca_eval2cot": "gpt4turbo_cot_win_vs_gpt-4-1106-preview",
}
_HELD_OUT_DATASETS = {"koala", "vicuna"}  # kept out of the rows, to measure what was learned from the rest
_NOT_MODELS = {"gpt4_gamed", "NullModel"}  # entries made to fool the judge
_LEAST_ANNOTATIONS = 800  # of 805; fewer is an unfinished run


@dataclass(slots=True)
class _Prompt:
    dataset: str
    scores: dict[str, float] = field(default_factory=dict)
    chars: dict[str, int] = field(default_factory=dict)


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per instruction, in the order of the first model's file; held-out datasets are counted but left out."""
    for index, (instruction, prompt) in enumerate(_prompts(source, repository).items()):
        if prompt.dataset not in _HELD_OUT_DATASETS:
            yield outcome_row(
                source.name,
                index,
                category=f"chat/{prompt.dataset}",
                prompt=instruction,
                outcomes=prompt.scores,
                metric=_METRICS[source.name],
                output_chars=prompt.chars,
            )


def _prompts(source: PublicSource, repository: Repository) -> dict[str, _Prompt]:
    prompts: dict[str, _Prompt] = {}
    for match in repository.matches(source.files):
        model = match.group(1)
        annotations = [] if model in _NOT_MODELS else repository.json(match.group())
        if len(annotations) < _LEAST_ANNOTATIONS:
            continue
        for annotation in annotations:
            preference = annotation.get("preference")
            if preference is None:
                continue
            prompt = prompts.setdefault(annotation["instruction"], _Prompt(annotation["dataset"]))
            prompt.scores[model] = _score(preference)
            prompt.chars[model] = len(annotation["output_2"] or "")
    return prompts


def _score(preference: float) -> float:
    """preference: 1 (the baseline wins) to 2 (the model wins); 0 and 1.5 mean a draw."""
    return 0.5 if preference == 0 else min(1.0, max(0.0, preference - 1))
