"""The README's results table and the answer it shows, from the shipped bundles; the cards and docs have the rest.

    python -m training.shipping.readme          (part of make evaluate)

The command rewrites the table between its two markers, and the numbers in the JSON answer to its curl line;
`stale_lines` checks that the table is up to date, a test sends the curl line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from router.errors import DataError
from router.jsontext import decode_json
from router.pages.numbers import ABSENT, count, finite, number, percent
from router.types import JsonObject
from tierwise import Router
from training.report.evaluation import at, broken_slices, interval_note
from training.report.tables import Table

NAMES = ("default", "fast")
N_WORST = 3
"""Parts of which a promise does not hold that are named; the bundle's card names all."""

_JSON_START, _JSON_END = "```json\n", "\n```"
SHOWN_PROMPT = "hi"
"""The prompt of the README's curl line, whose answer it shows."""

START, END = "<!-- results -->", "<!-- /results -->"

_PAIR_ROWS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "APGR: MMLU / unseen subjects / GSM8K": (
        ("routellm_mmlu", "five_fold"),
        ("routellm_mmlu", "subjects_left_out"),
        ("routellm_gsm8k", "five_fold"),
    ),
    "APGR, MMLU: 300 / 1,500 labels": (
        ("routellm_mmlu", "labels_300", "mean"),
        ("routellm_mmlu", "labels_1500", "mean"),
    ),
}
"""Rows of the model pair: the benchmark's figures that share one cell."""

_LEFT_OUT = "files left out"
_BENCHMARK_ROWS: Mapping[str, tuple[str, tuple[str, ...], Callable[[object], str], tuple[tuple[str, ...], ...]]] = {
    f"{_LEFT_OUT}: AUC, not budget / frontier": ("n", ("files",), number, (("auc_not_budget",), ("auc_frontier",))),
    f"{_LEFT_OUT}: saved, 5% sent too low": ("n", ("files",), percent, (("saved_at_0.05",),)),
    f"{_LEFT_OUT}: sent too low": ("n", ("files",), percent, (("too_low",),)),
    "unchanged in new wrappers / dresses": (
        "n_asks",
        ("robust",),
        percent,
        (("wrappers_held_out", "unchanged", "point"), ("dresses_held_out", "unchanged", "point")),
    ),
    "same tier in all of four languages": ("n_situations", ("twins",), percent, (("same_tier",),)),
    "everyday prompts: tier accepted": ("n", ("everyday", "everyday"), percent, (("accepted",),)),
}
"""Rows of the benchmark: the key of n, the part, how a figure is written, and the figures that share a cell.

A README of 700 words has no room for all; models/benchmark_NAME.json has them.
"""

_LEFT_OUT_NOTE = "In parentheses: n. Files left out: means over files that the recipe never saw."

_PAIR_NOTE = (
    "APGR (random: 0.5): five folds of RouteLLM's outcomes of Mixtral 8x7B and GPT-4, `default` as pre-trained."
)


def shipped_evaluations(root: Path) -> dict[str, JsonObject]:
    """evaluation.json of each shipped bundle by name, with its recipe's `benchmark` in it. root: the checkout."""
    models = root / "models"
    return {
        name: {
            **decode_json((models / name / "evaluation.json").read_bytes()),
            "benchmark": decode_json((models / f"benchmark_{name}.json").read_bytes()),
        }
        for name in NAMES
    }


def readme_table(evaluations: Mapping[str, JsonObject]) -> str:
    """The results of some bundles as columns of one table, in Markdown between the markers.

    evaluations: by the name of the column; `benchmark` in one: what `shipping.benchmark` wrote for its recipe.
    A measure that no bundle has gets no row.
    """
    rows = [(words, *map(cell, evaluations.values())) for words, cell in _rows(evaluations)]
    rows = [row for row in rows if set(row[1:]) != {ABSENT}]
    notes = [f"In brackets: {interval_note(evaluation)}." for evaluation in evaluations.values()][:1]
    notes += _promise_notes(evaluations)
    if any(words.startswith(_LEFT_OUT) for words, *_ in rows):
        notes.append(_LEFT_OUT_NOTE)
    if any(words.startswith("APGR") for words, *_ in rows):
        notes.append(_PAIR_NOTE)
    return "\n".join([START, Table("", ("on test rows", *evaluations), rows).markdown(), "", " ".join(notes), END])


def update_readme(text: str, table: str) -> str:
    """The text with everything from marker to marker replaced by the table.

    Raises DataError unless each marker occurs once, in order.
    """
    before, found_start, rest = text.partition(START)
    _, found_end, after = rest.partition(END)
    if not (found_start and found_end) or START in rest or END in after or END in before:
        raise DataError(f"expected {START} and {END}, once each and in this order", where="README.md")
    return before + table + after


def stale_lines(text: str, evaluations: Mapping[str, JsonObject]) -> list[str]:
    """The lines in which the text's results differ from the evaluations; none when they agree.

    Raises DataError without the markers.
    """
    fresh = update_readme(text, readme_table(evaluations))
    pairs = zip_longest(text.splitlines(), fresh.splitlines(), fillvalue="")
    return [f"{old!r} should be {new!r}" for old, new in pairs if old != new]


def update_answer(text: str, decision: Mapping[str, Any]) -> str:
    """The text with the JSON answer in it showing a decision's tier, model, reason and numbers, rounded to 3 digits.

    Raises DataError unless the text has exactly one block of JSON.
    """
    before, *rest = text.split(_JSON_START)
    if len(rest) != 1:
        raise DataError("expected one block of JSON, the answer to the curl line", where="README.md")
    line_1 = {key: _rounded(decision[key]) for key in ("tier", "model", "reason", "threshold")}
    line_2 = {"p_adequate": _rounded(decision["p_adequate"])}
    line_3 = {"expected_quality_loss": _rounded(decision["expected_quality_loss"]), "...": "..."}
    shown = ",\n ".join(json.dumps(line)[1:-1] for line in (line_1, line_2, line_3))
    return f"{before}{_JSON_START}{{{shown}}}{rest[0][rest[0].index(_JSON_END) :]}"


def _rounded(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def _rows(evaluations: Mapping[str, JsonObject]) -> Iterator[tuple[str, Callable[[JsonObject], str]]]:
    """Each row's words, and its cell for an evaluation."""

    def cell(text: Callable[[object], str], *path: str) -> Callable[[JsonObject], str]:
        return lambda evaluation: text(at(evaluation, *path))

    yield "rows", cell(count, "test", "n")
    yield "saved as shipped", cell(percent, "policies", "router", "saved")
    yield "quality lost as shipped", cell(percent, "policies", "router", "quality_loss")
    for words, (n, part, text, paths) in _BENCHMARK_ROWS.items():
        counts = {count(at(evaluation, "benchmark", *part, n)) for evaluation in evaluations.values()} - {ABSENT}
        yield f"{words} ({', '.join(sorted(counts))})", partial(_joined, part, text, paths)
    for words, paths in _PAIR_ROWS.items():
        yield words, partial(_joined, ("routellm",), number, paths)


def _promise_notes(evaluations: Mapping[str, JsonObject]) -> Iterator[str]:
    """What a reader must know of the bundles' promises: how they were made, and where they do not hold."""
    modes = {name: at(evaluation, "held_out", "mode") for name, evaluation in evaluations.items()}
    modes = {name: str(mode).replace("_", "-") for name, mode in modes.items() if mode}
    if len(modes) == len(evaluations) and len(set(modes.values())) == 1:
        yield f"Promises are {next(iter(modes.values()))}."
    else:
        yield from (f"The promise of `{name}` is {mode}." for name, mode in modes.items())
    broken = {name: broken_slices(evaluation) for name, evaluation in evaluations.items()}
    named = [f"`{name}` {_worst(parts)}" for name, parts in broken.items() if parts]
    if named:
        yield f"They do not hold of these parts alone (quality lost, n; the cards name all): {'; '.join(named)}."


def _worst(parts: Sequence[JsonObject]) -> str:
    """The first parts with what they lose, and how many more there are."""
    said = [f"{part['value']} {percent(part['loss'])} ({finite(part['n']) or 0:,.0f})" for part in parts[:N_WORST]]
    more = len(parts) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def _joined(
    part: tuple[str, ...],
    text: Callable[[object], str],
    paths: tuple[tuple[str, ...], ...],
    evaluation: JsonObject,
) -> str:
    cells = [text(at(evaluation, "benchmark", *part, *path)) for path in paths]
    return ABSENT if set(cells) == {ABSENT} else " / ".join(cells)


def main() -> int:
    """Rewrite the table and the answer in place. Returns the exit code."""
    root = Path(__file__).resolve().parents[2]
    path = root / "README.md"
    text = update_readme(path.read_text(encoding="utf-8"), readme_table(shipped_evaluations(root)))
    path.write_text(update_answer(text, Router.load().route(SHOWN_PROMPT).to_dict()), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
