"""The README's results table, from the shipped bundles' evaluations and benchmarks.

    python -m training.shipping.readme          (part of make evaluate)

The command rewrites the table between its two markers; `stale_lines` checks that it is up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import zip_longest
from pathlib import Path

from router.errors import DataError
from router.jsontext import decode_json
from router.pages.numbers import ABSENT, count, gained, number, percent
from router.types import JsonObject
from training.report.evaluation import at, heads_of, interval_note, objects
from training.report.tables import Table, pairs_of

NAMES = ("default", "fast")
START, END = "<!-- results -->", "<!-- /results -->"

_BASELINES: Mapping[str, str] = {
    "best_fixed_at_equal_cost": "the best fixed tier",
    "shuffle": "a shuffle",
    "length_rule": "a length rule",
    "knn": "kNN",
}
_PAIR_ROWS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "APGR, MMLU: five folds / unseen subjects": (
        ("routellm_mmlu", "five_fold"),
        ("routellm_mmlu", "subjects_left_out"),
    ),
    "APGR, MMLU: 300 / 1,500 labels": (
        ("routellm_mmlu", "labels_300", "mean"),
        ("routellm_mmlu", "labels_1500", "mean"),
    ),
    "APGR, GSM8K: five folds": (("routellm_gsm8k", "five_fold"),),
}
"""Rows of the model pair: the benchmark's figures that share one cell."""

_PAIR_NOTE = (
    "APGR (random: 0.5): each recipe cross-validated on RouteLLM's outcomes of Mixtral 8x7B and GPT-4, `default` with "
    "its transformer as pre-trained."
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


def _rows(evaluations: Mapping[str, JsonObject]) -> Iterator[tuple[str, Callable[[JsonObject], str]]]:
    """Each row's words, and its cell for an evaluation."""

    def cell(text: Callable[[object], str], *path: str) -> Callable[[JsonObject], str]:
        return lambda evaluation: text(at(evaluation, *path))

    yield "rows", cell(count, "test", "n")
    for limit in ("0.02", "0.05"):
        yield f"saved, {float(limit):.0%} sent too low", cell(percent, "summary", "saved_at_under_routing", limit)
    yield "saved as shipped", cell(percent, "policies", "router", "saved")
    yield "quality lost as shipped", cell(percent, "policies", "router", "quality_loss")
    yield "saved by the oracle", cell(percent, "policies", "oracle", "saved", "point")
    for name, words in _BASELINES.items():
        yield f"quality over {words}", partial(_gain, name)
    for tier in dict.fromkeys(tier for evaluation in evaluations.values() for tier in heads_of(evaluation)):
        yield f"AUC, {tier} loses quality", cell(number, "heads", tier, "auc")
    yield "contrast pairs in order", lambda evaluation: (pairs_of(evaluation) or ("", ABSENT))[1]
    for words, paths in _PAIR_ROWS.items():
        yield words, partial(_joined, paths)


def _joined(paths: tuple[tuple[str, ...], ...], evaluation: JsonObject) -> str:
    cells = [number(at(evaluation, "benchmark", "routellm", *path)) for path in paths]
    return ABSENT if set(cells) == {ABSENT} else " / ".join(cells)


def _gain(baseline: str, evaluation: JsonObject) -> str:
    advantages = objects(evaluation, "advantages", "over") or objects(evaluation, "advantages")
    return gained(at(advantages, baseline, "quality_gain"))


def main() -> int:
    """Rewrite the table in place. Returns the exit code."""
    root = Path(__file__).resolve().parents[2]
    path = root / "README.md"
    path.write_text(update_readme(path.read_text(encoding="utf-8"), readme_table(shipped_evaluations(root))), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
