"""Folds of a recipe, each kept on disk once it is done: what every fit says of the rows that it has not seen.

A fold's file is named by a hash of the code, the recipe, the rows that were fitted and the rows that were asked, so an
interrupted run goes on where it stopped, and a changed recipe starts again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from router.brain.calibration import Float64Array
from training.fitting.embed import check_owner
from training.labels.dataset import Dataset
from training.progress import Progress, silent
from training.rows.splits import RowIndex
from training.rows.table import Table
from training.shipping.measures.answers import BASELINE, Answers, Arrays, from_codes
from training.shipping.measures.recipes import Recipe

Folds = npt.NDArray[np.int64]
_CODE = ("router/reading", "router/brain", "training/fitting", "training/labels", "training/measure/baselines.py")
_CODE_HERE = ("recipes.py", "answers.py")
"""The code that outputs depend on; what is made of the outputs afterwards may change freely."""


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold(Table):
    """n rows, each scored by a fit that saw neither it nor its fold.

    outputs: (n, n_outputs) of the recipe.  baselines: (n, n_tiers) expected losses by name; {} where not asked for.
    tasks: (n,) the task that the fold's head names; None where not asked for.
    """

    outputs: Float64Array
    baselines: Mapping[str, Float64Array]
    tasks: npt.NDArray[np.str_] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows that are scored by the fit of their fold.

    folds: (n,) the fold of each row; the rows that were fitted are those of all other folds.
    baselines, tasks: whether these are fitted and asked too.
    """

    data: Dataset
    folds: Folds
    baselines: bool = False
    tasks: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """A recipe with the folder that keeps its folds, and how to say how far it is.

    cache: None keeps nothing.  clock: seconds, for what is said of progress.
    """

    recipe: Recipe
    cache: Path | None
    progress: Progress = silent
    clock: Callable[[], float] = time.monotonic

    def out_of_fold(self, name: str, data: Dataset, folds: Folds, asked: Mapping[str, Asked]) -> dict[str, OutOfFold]:
        """What the fits of the folds say of each set of asked rows.

        name: of the folds, for progress.  data: the rows to fit on.  folds: (n,) the fold of each of them.
        """
        done: dict[str, list[tuple[RowIndex, Arrays]]] = {key: [] for key in asked}
        numbers, took = np.unique(folds).tolist(), list[float]()
        for number, fold in enumerate(numbers):
            started = self.clock()
            one = Answers(self.recipe, data.take(np.flatnonzero(folds != fold)))
            for key, rows in asked.items():
                own = np.flatnonzero(rows.folds == fold)
                if own.size:
                    done[key].append((own, self._arrays(one, rows, own)))
            took += [self.clock() - started] if one.has_fitted else []
            left = (len(numbers) - number - 1) * sum(took) / max(1, len(took)) / 60
            kept = "" if one.has_fitted else ", kept from before"
            done_of = f"{self.recipe.name}, {name}: fold {number + 1} of {len(numbers)}{kept}"
            self.progress(f"{done_of}; at most {left:.0f} minutes to go")
        return {key: _assembled(parts) for key, parts in done.items()}

    def _arrays(self, one: Answers, asked: Asked, own: RowIndex) -> Arrays:
        """A fit's answers for the asked rows at `own`, from disk where they are."""
        rows = asked.data.take(own)
        if self.cache is None:
            return one.of(rows, baselines=asked.baselines, tasks=asked.tasks)
        what = [code_fingerprint(), self.recipe.name, self.recipe.version, f"{asked.baselines} {asked.tasks}"]
        named = _digest([*what, *_row_texts(one.known), "asked", *_row_texts(rows)])
        path = self.cache / f"fold-{named[:24]}.safetensors"
        kept = _load(path)
        if kept is not None:
            return kept
        made = one.of(rows, baselines=asked.baselines, tasks=asked.tasks)
        _save(path, made)
        return made


# --- On disk ---------------------------------------------------------------------------------------------------------


def _assembled(parts: Sequence[tuple[RowIndex, Arrays]]) -> OutOfFold:
    """The folds' rows in the order of all rows."""
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")

    def column(name: str) -> npt.NDArray[np.generic]:
        return np.concatenate([arrays[name] for _, arrays in parts])[order]

    names = parts[0][1]
    return OutOfFold(
        outputs=column("outputs").astype(np.float64),
        baselines={
            name.removeprefix(BASELINE): column(name).astype(np.float64)
            for name in sorted(names)
            if name.startswith(BASELINE)
        },
        tasks=from_codes(column("tasks")) if "tasks" in names else None,
    )


def _load(path: Path) -> Arrays | None:
    if not path.is_file():
        return None
    check_owner(path.parent)
    check_owner(path)
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError):
        return None  # damaged: it can be computed again


def _save(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_owner(path.parent)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, partial)
    partial.replace(path)


# --- Names of what was computed --------------------------------------------------------------------------------------


@cache  # of the code that runs, not of what is edited meanwhile
def code_fingerprint() -> str:
    """A hash of the source that outputs depend on."""
    root = Path(__file__).resolve().parents[3]
    files = [Path(__file__).with_name(name) for name in _CODE_HERE]
    for name in _CODE:
        path = root / name
        files += [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.json")]
    return _digest(f"{file.relative_to(root)} {file.read_text(encoding='utf-8')}" for file in sorted(files))


def _row_texts(data: Dataset) -> list[str]:
    return [*(repr(row) for row in data.rows), *data.groups.tolist()]


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
