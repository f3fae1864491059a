"""ZeroEval: one file per model of its answers to GSM8K or MATH level 5, each with the right answer.

The answer is taken from the model's text as the benchmark takes it: the first JSON object's `answer`, else what looks
like such a field, else a box. Both sides are then compared as numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_CATEGORIES = {"zeroeval_gsm": "math/gsm8k", "zeroeval_math_l5": "math/competition_l5"}
_QUESTION_KEYS = {"zeroeval_gsm": "question", "zeroeval_math_l5": "problem"}
_ANSWER_PATTERNS = (
    re.compile(r'"answer"\s*:\s*"([^"]*?)"'),
    re.compile(r'"answer"\s*:\s*"(.*?)"', re.DOTALL),
    re.compile(r'"answer"\s*:\s*([^,\s]*)'),
    re.compile(r"answer\s*:\s*([^,\s]*)"),
)


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per question, in the order of the first model's file; only models that answered every question count."""
    answers = _answers_by_model(source, repository)
    for question_id in next(iter(answers.values()), {}):
        answered = {model: by_id[question_id] for model, by_id in answers.items() if question_id in by_id}
        yield _row(source, question_id, answered)


def _answers_by_model(source: PublicSource, repository: Repository) -> dict[str, dict[str, Any]]:
    answers: dict[str, dict[str, Any]] = {}
    for match in repository.matches(source.files):
        entries = repository.json(match.group())
        if len(entries) == source.n_rows:
            answers[match.group(1)] = {str(entry["id"]): entry for entry in entries}
    return answers


def _row(source: PublicSource, question_id: str, answered: dict[str, Any]) -> JsonRow:
    outputs = {model: entry["output"][0] or "" for model, entry in answered.items()}
    last = list(answered.values())[-1]
    question = last[_QUESTION_KEYS[source.name]]
    return outcome_row(
        source.name,
        question_id,
        category=_CATEGORIES[source.name],
        prompt=question,
        outcomes={model: float(_is_right(output, answered[model]["answer"])) for model, output in outputs.items()},
        metric="exact_match_number",
        stem=question,
        reference=str(last["answer"]).replace("#", "").strip(),
        output_chars={model: len(output) for model, output in outputs.items()},
    )


def _is_right(output: str, reference: str) -> bool:
    answer = _answer(output)
    right, given = _number(reference), _number(answer) if answer is not None else None
    return given is not None and given == right


def _answer(output: str) -> str | None:
    """What the model gives as its answer, as text; None if it gives none."""
    value = _first_object(output)
    if value and "answer" in value:
        return str(value["answer"])
    for pattern in _ANSWER_PATTERNS:
        if match := pattern.search(output):
            return match.group(1)
    boxed = re.search(r"\\boxed{([\w\d]+)}", output[-60:])
    return boxed.group(1) if boxed else None


def _first_object(output: str) -> dict[str, Any] | None:
    """The first balanced {...} of the text, if it is a JSON object."""
    depth, start = 0, 0
    for index, char in enumerate(output):
        if char == "{":
            start = index if depth == 0 else start
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                return _loads_object(output[start : index + 1].replace("\n", ""))
    return None


def _loads_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(text: str) -> float | None:
    """The first number in the text, after currency signs and thousands separators; fractions are divided out."""
    text = text.replace("$", "").replace(",", "").replace("#", "").strip()
    if "/" in text:
        try:
            text = str(float(Fraction(text.replace(" ", ""))))
        except (ValueError, ZeroDivisionError, OverflowError):
            pass
    match = re.search(r"-?\d+(\.\d+)?", text)
    return float(match.group()) if match else None
