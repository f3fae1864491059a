"""How well the kind of work is named: macro F1, and that of a list of keywords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import chi2
from sklearn.metrics import accuracy_score, f1_score

from router.brain.brain import Brain
from router.types import JsonObject
from training.fitting.prepared import Prepared
from training.fitting.tasks import task_data, task_probabilities

WORDS_PER_TASK = 50
"""Keywords of a task in the baseline: of 5, 10, 20, 50, 100 and 200 the best, so that it is a fair rival."""

MIN_ROWS_OF_A_WORD = 3
_WORD = r"\w+"


def keyword_tasks(
    texts: Sequence[str], tasks: npt.NDArray[np.str_], asked: Sequence[str], *, n_words: int = WORDS_PER_TASK
) -> npt.NDArray[np.str_]:
    """What a keyword list says of the texts `asked`: the task whose words occur most, the commonest task if none does.

    texts, tasks: the rows that the list is made from. A task's words are those most tied to it by chi-squared, among
    the words that are commoner within it than outside.
    """
    counter = CountVectorizer(binary=True, min_df=MIN_ROWS_OF_A_WORD, token_pattern=_WORD)
    seen = counter.fit_transform(texts)
    names, counts = np.unique(tasks, return_counts=True)
    chosen = np.zeros((seen.shape[1], len(names)))
    for column, name in enumerate(names):
        of_task = tasks == name
        strength, _ = chi2(seen, of_task)
        more = np.asarray(seen[of_task].mean(axis=0) > seen[~of_task].mean(axis=0)).ravel()
        best = np.argsort(-np.where(more, np.nan_to_num(strength), -1.0), kind="stable")[:n_words]
        chosen[best[more[best]], column] = 1.0
    votes = np.asarray(counter.transform(asked) @ chosen)
    said: npt.NDArray[np.str_] = np.where(votes.max(axis=1) > 0, names[votes.argmax(axis=1)], names[counts.argmax()])
    return said


def measured_tasks(brain: Brain, fit: Prepared, test: Prepared) -> JsonObject | None:
    """How a brain's task head does on test rows, and how keywords from the rows that it was fitted on do.

    None for a brain without such a head. Only rows with a task of the head count.
    """
    if brain.tasks is None:
        return None
    fit, test = (rows.take(np.flatnonzero(np.isin(rows.data.facts("task"), brain.tasks.names))) for rows in (fit, test))
    data = task_data(brain, test)
    said = np.array(brain.tasks.names)[task_probabilities(brain.tasks, data).argmax(axis=1)]
    fit_asks, asks = ([reading.ask for reading in rows.data.readings] for rows in (fit, test))
    listed = keyword_tasks(fit_asks, fit.data.facts("task"), asks)
    return {**task_report(data.names, said), "keywords": task_report(data.names, listed)}


def task_report(true: npt.NDArray[np.str_], said: npt.NDArray[np.str_]) -> JsonObject:
    """Macro F1 over the tasks that occur, the share that is right, and F1 by task; all in [0, 1]."""
    names = np.unique(true)
    own = f1_score(true, said, labels=names, average=None, zero_division=0.0)
    return {
        "n": len(true),
        "macro_f1": round(float(own.mean()), 4),
        "accuracy": round(float(accuracy_score(true, said)), 4),
        "f1": {str(name): round(float(value), 4) for name, value in zip(names, own, strict=True)},
    }
