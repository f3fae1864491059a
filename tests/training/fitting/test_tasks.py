"""The task head is learned from the rows' own task names, and its probabilities are frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from training.fitting.tasks import MIN_ROWS, TaskData, calibrated, fit_task_head, task_probabilities

N_EMBEDDING = 4


def world(n: int, *, names: tuple[str, ...], noise: float, seed: int) -> TaskData:
    """Rows whose features point to their task; a share `noise` carries another task's name."""
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, len(names), size=n)
    features = np.zeros((n, N_EMBEDDING + 2))
    features[np.arange(n), columns] = 1.0
    wrong = rng.random(n) < noise
    said = np.where(wrong, rng.integers(0, len(names), size=n), columns)
    return TaskData(features=features, buckets=None, names=np.array(names)[said])


def test_the_head_names_the_task_that_the_features_point_to() -> None:
    data = world(300, names=("chat", "code", "math"), noise=0.0, seed=0)
    head = fit_task_head(data, n_embedding=N_EMBEDDING)
    assert head is not None
    assert head.names == ("chat", "code", "math")
    said = np.array(head.names)[task_probabilities(head, data).argmax(axis=1)]
    assert (said == data.names).all()


def test_two_tasks_are_enough_and_each_has_its_own_column() -> None:
    data = world(200, names=("chat", "code"), noise=0.0, seed=1)
    head = fit_task_head(data, n_embedding=N_EMBEDDING)
    assert head is not None
    assert head.coef.shape == (2, N_EMBEDDING + 2)
    assert (np.array(head.names)[task_probabilities(head, data).argmax(axis=1)] == data.names).all()


def test_a_task_with_too_few_rows_is_no_class_and_rows_without_a_task_teach_nothing() -> None:
    data = world(200, names=("chat", "code"), noise=0.0, seed=2)
    names = data.names.astype("<U8")
    names[: MIN_ROWS - 1] = "rare"
    names[MIN_ROWS : MIN_ROWS + 30] = ""
    head = fit_task_head(TaskData(data.features, None, names), n_embedding=N_EMBEDDING)
    assert head is not None
    assert head.names == ("chat", "code")


def test_one_task_alone_gives_no_head() -> None:
    data = world(100, names=("chat",), noise=0.0, seed=3)
    assert fit_task_head(data, n_embedding=N_EMBEDDING) is None


def test_calibration_brings_probabilities_to_the_frequencies_of_unseen_rows() -> None:
    names = ("chat", "code", "math")
    head = fit_task_head(world(600, names=names, noise=0.3, seed=4), n_embedding=N_EMBEDDING)
    assert head is not None
    overconfident = calibrated(head, world(600, names=names, noise=0.0, seed=5))
    fair = calibrated(overconfident, world(3_000, names=names, noise=0.3, seed=6))
    test = world(3_000, names=names, noise=0.3, seed=7)
    p = task_probabilities(fair, test)
    right = np.array(fair.names)[p.argmax(axis=1)] == test.names
    assert task_probabilities(overconfident, test).max(axis=1).mean() > 0.95
    assert p.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.03)


def test_calibration_without_rows_changes_nothing() -> None:
    head = fit_task_head(world(200, names=("chat", "code"), noise=0.1, seed=8), n_embedding=N_EMBEDDING)
    assert head is not None
    assert calibrated(head, world(0, names=("chat", "code"), noise=0.0, seed=9)) is head
