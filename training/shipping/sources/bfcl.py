"""Berkeley Function Calling Leaderboard results: what each model got wrong by category, with prompts, tools and tokens.

A score file opens with totals and then lists the failures only, so a prompt that no model failed is not known and not
a row; a model that is not listed under a known prompt got it right.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from router.errors import DataError
from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_DATE = "2024-08-11"
_NO_PROMPTS = "relevance"  # its score files carry no prompt text
_EXECUTED = ("exec", "rest")


@dataclass(slots=True)
class _Scores:
    """One category: prompts by id, the ids each model failed, how many it was asked."""

    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, set[str]] = field(default_factory=dict)
    n_asked: dict[str, int] = field(default_factory=dict)

    def models(self) -> list[str]:
        """The models that were asked as many prompts as most were."""
        usual = Counter(self.n_asked.values()).most_common(1)[0][0]
        return [model for model, n in self.n_asked.items() if n == usual]


_Tokens: TypeAlias = dict[str, dict[str, dict[str, int]]]
"""Tokens by `input` or `output`, prompt id and model, where the result files have them."""


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per prompt, by category and number."""
    for category, score_files in sorted(_score_files(repository).items()):
        scores = _read_scores(repository, category, score_files)
        models = scores.models()
        tokens = _read_tokens(repository, category, models)
        for prompt_id in sorted(scores.prompts, key=lambda prompt_id: int(prompt_id.rsplit("_", 1)[1])):
            right = {model: float(prompt_id not in scores.failed[model]) for model in models}
            yield _row(source, category, scores.prompts[prompt_id], right, tokens)


def _score_files(repository: Repository) -> dict[str, dict[str, str]]:
    """Paths by category and model."""
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for match in repository.matches(rf"{_DATE}/score/([^/]+)/(.+)_score\.json"):
        model, category = match.groups()
        if category != _NO_PROMPTS:
            files[category][model] = match.group()
    return files


def _read_scores(repository: Repository, category: str, files: dict[str, str]) -> _Scores:
    scores = _Scores()
    for model, path in files.items():
        totals, *failures = repository.jsonl(path)
        prompts = [failure["prompt"] for failure in failures]
        scores.n_asked[model] = totals["total_count"]
        scores.failed[model] = {prompt["id"] for prompt in prompts}
        for prompt in prompts:
            scores.prompts.setdefault(prompt["id"], prompt)
        n_failed = totals["total_count"] - totals["correct_count"]
        if len(scores.failed[model]) != n_failed:
            message = f"expected {n_failed} failures in {category}, found {len(scores.failed[model])}"
            raise DataError(message, where=path)
    return scores


def _read_tokens(repository: Repository, category: str, models: list[str]) -> _Tokens:
    tokens: _Tokens = {"output": defaultdict(dict), "input": defaultdict(dict)}
    for model in models:
        path = f"{_DATE}/result/{model}/gorilla_openfunctions_v1_test_{category}_result.json"
        if path not in repository.paths:
            continue
        for index, result in enumerate(repository.jsonl(path)):
            result_id = result.get("id")
            prompt_id = result_id if isinstance(result_id, str) else f"{category}_{index}"
            for kind, counts in tokens.items():
                # Older files call it `output_tokens`, newer ones `output_token_count`; 0 means not known.
                count = result.get(f"{kind}_token_count", result.get(f"{kind}_tokens"))
                if isinstance(count, int | float) and count:
                    counts[prompt_id][model] = int(count)
    return tokens


def _row(
    source: PublicSource, category: str, prompt: dict[str, Any], right: dict[str, float], tokens: _Tokens
) -> JsonRow:
    question, tools = prompt["question"], prompt["function"]
    return outcome_row(
        source.name,
        prompt["id"],
        category=f"tool_call/{category}",
        prompt=question if isinstance(question, str) else json.dumps(question),
        outcomes=right,
        metric="executed_call" if category.startswith(_EXECUTED) else "ast_match",
        tools=tools if isinstance(tools, list) else [tools],
        output_tokens=tokens["output"].get(prompt["id"]),
        input_tokens=tokens["input"].get(prompt["id"]),
    )
