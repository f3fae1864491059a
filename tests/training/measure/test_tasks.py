"""The keyword baseline is a real list of words, and F1 is counted by task."""

from __future__ import annotations

import numpy as np
import pytest

from training.measure.tasks import keyword_tasks, task_report

TEXTS = ["translate this into french"] * 4 + ["fix the bug in my code"] * 5
TASKS = np.array(["translation"] * 4 + ["debugging"] * 5)


def test_a_texts_words_vote_for_their_task() -> None:
    said = keyword_tasks(TEXTS, TASKS, ["please translate french", "my code has a bug"])
    assert said.tolist() == ["translation", "debugging"]


def test_a_text_without_any_keyword_gets_the_commonest_task() -> None:
    assert keyword_tasks(TEXTS, TASKS, ["zzz"]).tolist() == ["debugging"]


def test_macro_f1_counts_each_task_alike_whatever_its_rows() -> None:
    true = np.array(["a"] * 8 + ["b"] * 2)
    report = task_report(true, np.array(["a"] * 10))
    assert report["accuracy"] == 0.8
    assert report["f1"] == {"a": pytest.approx(0.8889, abs=1e-4), "b": 0.0}
    assert report["macro_f1"] == pytest.approx(0.4444, abs=1e-4)
