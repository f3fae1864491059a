"""LLMRouter (ulab): scores of nine models on a mix of tasks, joined by question with each task's choices and metric."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from training.shipping.sources.literals import UNREADABLE, literal
from training.shipping.sources.outcome_json import JsonRow, lettered, normalise, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_SPLITS = ("train", "test")
_MAX_REFERENCE_CHARS = 500


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per question and set of scores, the first time it occurs; numbered through both splits."""
    tasks = _tasks_by_question(repository)
    seen: set[tuple[str, str]] = set()
    for split in _SPLITS:
        for entry in repository.json(f"data/dcrouter_preprocessed/{split}.json"):
            key = normalise(entry["question"]), json.dumps(entry["scores"], sort_keys=True)
            if key not in seen:
                yield _row(source, f"{split}/{len(seen)}", split, entry, tasks.get(key[0]))
                seen.add(key)


def _tasks_by_question(repository: Repository) -> dict[str, dict[str, Any]]:
    return {
        normalise(task["query"]): task
        for split in _SPLITS
        for task in repository.jsonl(f"data/example_data/query_data/default_query_{split}.jsonl")
    }


def _row(source: PublicSource, row_id: str, split: str, entry: dict[str, Any], task: dict[str, Any] | None) -> JsonRow:
    question = entry["question"]
    truth = task.get("ground_truth") if task else None
    return outcome_row(
        source.name,
        row_id,
        category="mix/" + (task["task_name"] if task else "unknown"),
        prompt=_prompt(question, task.get("choices") if task else None),
        outcomes=entry["scores"],
        metric=task["metric"] if task else "task_metric",
        stem=question,
        split=split,
        reference=str(truth)[:_MAX_REFERENCE_CHARS] if truth is not None else None,
    )


def _prompt(question: str, choices: Any) -> str:
    """The question with its choices as lettered lines, or alone where the field holds nothing that reads as choices.

    choices: a list of texts, or {"labels": [...], "text": [...]}, or either written as a Python literal.
    """
    if not choices or choices in ("None", "nan"):
        return question
    try:
        parsed: Any = literal(choices) if isinstance(choices, str) else choices
        if isinstance(parsed, dict):
            pairs = zip(parsed["labels"], parsed["text"], strict=False)
            lines = "\n".join(f"{label}. {text}" for label, text in pairs)
        else:
            lines = lettered(parsed)
    except (KeyError, IndexError, *UNREADABLE):
        return question
    return f"{question}\n{lines}"
