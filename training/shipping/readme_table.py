"""The README's results table: written between two markers from the evaluations, and checked against them.

<!-- results -->
| measure | default | fast |
...
<!-- /results -->
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest

from router.errors import DataError
from router.pages.numbers import ABSENT, count, gained, number, percent
from router.types import JsonObject
from training.report.evaluation import at, heads_of, interval_note, objects
from training.report.tables import Table, pairs_of

START, END = "<!-- results -->", "<!-- /results -->"

_Cell = Callable[[JsonObject], str]


def readme_table(evaluations: Mapping[str, JsonObject]) -> str:
    """The results of some bundles side by side, in Markdown between the markers.

    evaluations: by the name that heads the column; `benchmark` in one: what `shipping.benchmark` wrote of its recipe.
    A measure that no bundle has gets no row.
    """
    rows = []
    for words, cell in _rows(evaluations):
        cells = [cell(evaluation) for evaluation in evaluations.values()]
        if any(text != ABSENT for text in cells):
            rows.append((words, *cells))
    notes = [f"In brackets: {interval_note(evaluation)}." for evaluation in evaluations.values()][:1]
    if any(words.startswith("APGR") for words, *_ in rows):
        notes.append(_PAIR_NOTE)
    return "\n".join([START, *Table("", ("on test rows", *evaluations), rows).markdown(), "", " ".join(notes), END])


def update_readme(text: str, table: str) -> str:
    """The text with what stands between the markers, and they, replaced by the table.

    Raises DataError if the markers are not there once each, in order.
    """
    before, found_start, rest = text.partition(START)
    _, found_end, after = rest.partition(END)
    if not (found_start and found_end) or START in rest or END in after or END in before:
        raise DataError(f"expected {START} and {END}, once each and in this order", where="README.md")
    return before + table + after


def stale_lines(text: str, evaluations: Mapping[str, JsonObject]) -> list[str]:
    """The lines in which the text's results differ from the evaluations; none when they agree.

    Raises DataError if the markers are not there.
    """
    fresh = update_readme(text, readme_table(evaluations))
    pairs = zip_longest(text.splitlines(), fresh.splitlines(), fillvalue="")
    return [f"{old!r} should be {new!r}" for old, new in pairs if old != new]


def _rows(evaluations: Mapping[str, JsonObject]) -> Iterator[tuple[str, _Cell]]:
    yield "rows", lambda evaluation: count(at(evaluation, "test", "n"))
    for limit in ("0.02", "0.05"):
        words = f"saved, {float(limit):.0%} sent too low"
        yield words, _share("summary", "saved_at_under_routing", limit)
    for key, words in (("saved", "saved as shipped"), ("quality_loss", "quality lost as shipped")):
        yield words, _share("policies", "router", key)
    yield "saved by the oracle", _share("policies", "oracle", "saved", "point")
    for over, words in _OVER.items():
        yield f"quality over {words}", partial(_gain, over)
    for tier in dict.fromkeys(tier for evaluation in evaluations.values() for tier in heads_of(evaluation)):
        yield f"AUC, {tier} loses quality", partial(_auc, tier)
    yield "contrast pairs in order", _pairs
    for words, paths in _PAIR_ROWS.items():
        yield words, partial(_side_by_side, paths)


_OVER: Mapping[str, str] = {
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
"""Rows of the model pair: the benchmark's figures that stand in one cell, side by side."""

_PAIR_NOTE = (
    "APGR (random: 0.5): each recipe cross-validated on RouteLLM's outcomes of Mixtral 8x7B and GPT-4, `default` with "
    "its transformer as pre-trained."
)


def _share(*path: str) -> _Cell:
    return lambda evaluation: percent(at(evaluation, *path))


def _side_by_side(paths: Sequence[Sequence[str]], evaluation: JsonObject) -> str:
    cells = [number(at(evaluation, "benchmark", "routellm", *path)) for path in paths]
    return ABSENT if all(cell == ABSENT for cell in cells) else " / ".join(cells)


def _pairs(evaluation: JsonObject) -> str:
    pairs = pairs_of(evaluation)
    return ABSENT if pairs is None else pairs[1]


def _gain(over: str, evaluation: JsonObject) -> str:
    advantages = objects(evaluation, "advantages", "over") or objects(evaluation, "advantages")
    return gained(at(advantages, over, "quality_gain"))


def _auc(tier: str, evaluation: JsonObject) -> str:
    return number(at(evaluation, "heads", tier, "auc"))
