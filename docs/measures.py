"""Tables of what `make evaluate` measured, for docs/measures.md: read from models/benchmark_*.json, never typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.tables import table
from router.jsontext import decode_json
from router.pages.numbers import ABSENT, count, number, percent
from router.types import JsonObject

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("default", "fast")
ABSENT_YET = "Not measured yet: `make evaluate` does."

_BASELINES = {"knn": "kNN on the same embeddings", "signals": "surface signals alone", "length": "length alone"}
_CLASSES = {
    "wrappers_seen": "wrapped by a harness, seen kinds",
    "wrappers_held_out": "wrapped by a harness, kinds held out",
    "dresses_seen": "greetings, urgency, slips ..., seen kinds",
    "dresses_held_out": "greetings, urgency, slips ..., kinds held out",
}
_TWINS = {
    "same_tier": "situations with one tier in all four languages",
    "too_low_english": "sent too low, English",
    "too_low_other": "sent too low, other languages",
}
_TWIN_AUC = {
    "auc_not_budget_difference": "AUC not budget, other languages minus English",
    "auc_frontier_difference": "AUC frontier, other languages minus English",
}


def benchmarks(root: Path = ROOT) -> dict[str, JsonObject]:
    """The benchmark of each shipped recipe by name."""
    return {name: decode_json((root / "models" / f"benchmark_{name}.json").read_bytes()) for name in NAMES}


def _with(part: str, found: Mapping[str, JsonObject]) -> dict[str, Any]:
    """The part of each recipe that has it."""
    return {name: benchmark[part] for name, benchmark in found.items() if part in benchmark}


def files(found: Mapping[str, JsonObject]) -> str:
    """Means over left-out files, of each recipe and of its baselines."""
    rows: list[Sequence[str]] = []
    for name, part in _with("files", found).items():
        fits = f"{part['n_fits']} fits"
        rows.append([f"`{name}` ({count(part['n'])} rows, {part['n_files']} files, {fits})", *_figures(part)])
        rows += [[f"{words}, `{name}`", *_figures(part["others"][key])] for key, words in _BASELINES.items()]
    return table(["", *_FIGURES.values()], rows) if rows else ABSENT_YET


def files_each(found: Mapping[str, JsonObject]) -> str:
    """Each left-out file, for each recipe."""
    parts = _with("files", found)
    rows = [
        [f"{file}, `{name}`", count(own["n"]), *_figures(own)]
        for name, part in parts.items()
        for file, own in part["files"].items()
    ]
    return table(["file", "rows", *_FIGURES.values()], rows) if rows else ABSENT_YET


_FIGURES: Mapping[str, str] = {
    "auc_not_budget": "AUC not budget",
    "auc_frontier": "AUC frontier",
    "saved_at_0.05": "saved, 5% sent too low",
    "too_low": "sent too low as promised",
    "saved_at_promise": "saved as promised",
}


def _figures(own: JsonObject) -> list[str]:
    return [number(own[key]) if key.startswith("auc") else percent(own[key]) for key in _FIGURES]


def robust(found: Mapping[str, JsonObject]) -> str:
    """Decisions unchanged and moved down, by class of kinds."""
    rows = [
        [
            f"{words}, `{name}`",
            count(own["n"]),
            percent(own["unchanged"]),
            percent(own["down"]),
            percent(own["too_low"]),
        ]
        for name, part in _with("robust", found).items()
        for key, words in _CLASSES.items()
        if (own := part.get(key)) is not None
    ]
    return table(["asks", "n", "unchanged", "moved down", "sent too low"], rows) if rows else ABSENT_YET


def languages(found: Mapping[str, JsonObject]) -> str:
    """Language twins."""
    parts = _with("twins", found)
    if not parts:
        return ABSENT_YET
    shown: dict[str, Callable[[object], str]] = {**dict.fromkeys(_TWINS, percent), **dict.fromkeys(_TWIN_AUC, number)}
    rows = [
        [words, *(shown[key](part.get(key)) if part.get(key) is not None else ABSENT for part in parts.values())]
        for key, words in {**_TWINS, **_TWIN_AUC}.items()
    ]
    heads = [f"`{name}` ({count(part['n_situations'])} situations)" for name, part in parts.items()]
    return table(["", *heads], rows)


def prompts(found: Mapping[str, JsonObject]) -> str:
    """Everyday prompts and agent steps, as the shipped bundles decide them."""
    rows = [
        [
            f"{words}, `{name}`",
            count(own["n"]),
            percent(own["accepted"]),
            percent(own["too_low"]),
            percent(own["too_high"]),
        ]
        for name, part in _with("everyday", found).items()
        for key, words in {"everyday": "everyday prompts", "embarrassing": "prompts once embarrassing"}.items()
        for own in [part[key]]
    ]
    return table(["prompts", "n", "accepted", "too low", "too high"], rows) if rows else ABSENT_YET


def steps(found: Mapping[str, JsonObject]) -> str:
    """Steps of agents that were run."""
    parts = _with("agent_steps", found)
    rows = [
        [
            f"`{name}`",
            count(part["n"]),
            percent(part["too_low"]),
            percent(part["out_of_domain"]),
            *(_with_others(part["swe_bench"], head) for head in ("auc_not_budget", "auc_frontier")),
        ]
        for name, part in parts.items()
    ]
    head = [
        "bundle",
        "n",
        "sent too low",
        "out of domain",
        "AUC not budget: bundle / messages / length",
        "AUC frontier",
    ]
    return table(head, rows) if rows else ABSENT_YET


def _with_others(swe_bench: JsonObject, head: str) -> str:
    others = [swe_bench["others"][name][head]["point"] for name in ("messages", "length")]
    return " / ".join([number(swe_bench[head]), *map(number, others)])


MEASURES: Mapping[str, Callable[[Mapping[str, JsonObject]], str]] = {
    "measures-files": files,
    "measures-files-each": files_each,
    "measures-robust": robust,
    "measures-languages": languages,
    "measures-prompts": prompts,
    "measures-steps": steps,
}
"""The generated parts of docs/measures.md, by name."""
