"""MMLU-Pro: one zip per model, with one JSON of its predictions. A missing prediction counts as wrong, not guessed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from training.shipping.sources.outcome_json import JsonRow, lettered, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per question, by question id; its text is taken from the first model's file that has it."""
    questions: dict[int, dict[str, Any]] = {}
    outcomes: dict[int, dict[str, float]] = defaultdict(dict)
    chars: dict[int, dict[str, int]] = defaultdict(dict)
    for match in repository.matches(source.files):
        model = _model_name(match.group(1))
        for entry in _entries(repository.read(match.group())):
            question_id = entry["question_id"]
            questions.setdefault(question_id, entry)
            outcomes[question_id][model] = float(entry.get("pred") == entry["answer"])
            chars[question_id][model] = _output_chars(entry)
    for question_id in sorted(questions):
        yield _row(source, questions[question_id], outcomes[question_id], chars[question_id])


def _model_name(file_name: str) -> str:
    return re.sub(r"^model_outputs_|_5shots|\.json|\.zip", "", file_name).replace("3_1", "3.1")


def _entries(zipped: bytes) -> Iterator[dict[str, Any]]:
    """The predictions in a zip; some files group them by category."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json") and "__MACOSX" not in name]
        content = json.loads(archive.read(names[0]))
    if isinstance(content, dict):
        content = [entry for group in content.values() if isinstance(group, list) for entry in group]
    return (entry for entry in content if isinstance(entry, dict) and "question_id" in entry)


def _output_chars(entry: dict[str, Any]) -> int:
    output = entry.get("model_outputs") or entry.get("generated_text") or ""
    return len(output if isinstance(output, str) else str(output))


def _row(source: PublicSource, entry: dict[str, Any], outcomes: dict[str, float], chars: dict[str, int]) -> JsonRow:
    options = [option for option in entry["options"] if option != "N/A"]
    return outcome_row(
        source.name,
        entry["question_id"],
        category=f"mmlu_pro/{entry['category']}",
        prompt=entry["question"] + "\n" + lettered(options),
        outcomes=outcomes,
        metric="exact_match_mc",
        stem=entry["question"],
        reference=entry["answer"],
        output_chars=chars,
        origin=entry.get("src"),
    )
