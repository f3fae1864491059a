"""Splits and folds: nothing that belongs together is parted, nothing moves when rows are added."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.types import Message
from tests.training.fits import TRAFFIC, sides
from training.rows.readers import read_rows
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow, group_keys
from training.rows.splits import group_folds, group_fractions, group_names, n_near_duplicates, split_rows

few_keys = st.none() | st.sampled_from("abcdef")


def row(position: int, **keys: str | None) -> TrainingRow:
    messages = (Message(role="user", text=f"ask number {position}"),)
    return OutcomeRow(id=str(position), source="s", messages=messages, outcomes={"m": 1.0}, **keys)


rows_with_shared_keys = st.lists(st.tuples(few_keys, few_keys, few_keys), min_size=1, max_size=40).map(
    lambda keys: [row(n, qhash=q, template=t, conversation=c) for n, (q, t, c) in enumerate(keys)]
)


def linked_to(rows: list[TrainingRow], start: int) -> set[int]:
    """The rows that shared keys lead to from one row, walked step by step."""
    reached, edge = {start}, [start]
    while edge:
        keys = set(group_keys(rows[edge.pop()]))
        for position, other in enumerate(rows):
            if position not in reached and keys & set(group_keys(other)):
                reached.add(position)
                edge.append(position)
    return reached


@given(rows_with_shared_keys)
def test_a_group_is_all_rows_that_shared_keys_lead_to_however_indirectly(rows):
    groups = group_names(rows)
    for position, name in enumerate(groups):
        assert {n for n, other in enumerate(groups) if other == name} == linked_to(rows, position)


@given(rows_with_shared_keys, st.randoms(use_true_random=False))
def test_group_names_do_not_depend_on_the_order_of_the_rows(rows, random):
    names = {item.id: name for item, name in zip(rows, group_names(rows), strict=True)}
    random.shuffle(rows)
    assert {item.id: name for item, name in zip(rows, group_names(rows), strict=True)} == names


@given(rows_with_shared_keys, st.integers(0, 5))
def test_no_key_is_ever_on_two_sides_or_in_two_folds(rows, seed):
    groups = group_names(rows)
    splits = split_rows(groups, calibrate_share=0.3, test_share=0.3, seed=seed)
    folds = group_folds(groups, n_folds=3, seed=seed)
    sides_of, folds_of = defaultdict(set), defaultdict(set)
    for side in ("fit", "calibrate", "test"):
        for position in getattr(splits, side).tolist():
            for key in group_keys(rows[position]):
                sides_of[key].add(side)
                folds_of[key].add(int(folds[position]))
    assert all(len(found) == 1 for found in [*sides_of.values(), *folds_of.values()])


def test_the_same_words_are_one_group_whatever_their_ids_case_and_spacing():
    texts = ["Fix the  build!", "fix the build", "Fix the other build"]
    rows = [
        LabelledRow(id=str(n), source=f"s{n}", messages=(Message(role="user", text=text),), tier="budget")
        for n, text in enumerate(texts)
    ]
    first, second, third = group_names(rows)
    assert first == second != third


def said(*texts):
    return [
        LabelledRow(id=str(n), source=f"s{n}", messages=(Message(role="user", text=text),), tier="budget")
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "other",
    [
        "Plan the move of the depot.\n\nRequest id: 81234",
        "Plan the move of the depot.\n\nRequest id: kqzvxa",
        "[Tue 2026-11-24 07:50 UTC] Plan the move of the depot.",
        "Plan the move of the depot. 3f2b8c1e-9a4d-4c7b-8e21-abcdefabcdef",
        "Plan the move of the depot. (trace_hXkPq)",
        "Plan the move of the depot. deadbeefcafebabe",
        "plan the move of the depot INV-2231",
    ],
)
def test_rows_that_differ_by_numbers_stamps_and_ids_only_are_one_group(other):
    rows = said("Plan the move of the depot.", other, "Plan the move of the ferry.")
    first, second, third = group_names(rows)
    assert first == second != third
    assert n_near_duplicates(rows) == 2


def test_sums_and_copies_are_no_near_duplicates():
    rows = said("what is 7 x 8", "what is 6 x 9", "Fix the build!", "fix the build")
    assert len(set(group_names(rows))) == 3
    assert n_near_duplicates(rows) == 0


def test_numbers_in_the_words_leave_the_groups_of_the_real_rows_as_they_are():
    assert n_near_duplicates(read_rows([TRAFFIC]).rows) == 0


@given(st.lists(st.text(max_size=3), max_size=50), st.integers(0, 9))
def test_the_three_sides_are_all_rows_each_once_in_order(groups, seed):
    splits = split_rows(groups, calibrate_share=0.2, test_share=0.2, seed=seed)
    parts = [splits.fit, splits.calibrate, splits.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_the_real_rows_keep_pairs_and_conversations_together():
    rows = read_rows([TRAFFIC]).rows
    groups = group_names(rows)
    splits = sides(groups)
    sides_of = defaultdict(set)
    for side in ("fit", "calibrate", "test"):
        for position in getattr(splits, side).tolist():
            for key in (*group_keys(rows[position]), f"group:{groups[position]}"):
                sides_of[key].add(side)
    assert len(rows) == sum(path.read_bytes().count(b"\n") for path in TRAFFIC.glob("*.jsonl")) > 6_000
    assert any(key.startswith("pair:") for key in sides_of)
    assert [key for key, found in sides_of.items() if len(found) > 1] == []
    assert max(Counter(groups).values()) < 0.02 * len(rows), "one chain of links has swallowed the data"
    for part, share in ((splits.fit, 0.6), (splits.calibrate, 0.2), (splits.test, 0.2)):
        assert len(part) == pytest.approx(share * len(rows), rel=0.12)


@given(rows_with_shared_keys, rows_with_shared_keys)
def test_rows_that_link_no_old_ones_do_not_move_them(rows, more):
    added = [row(1_000 + n, qhash=f"new-{item.qhash}") for n, item in enumerate(more)]
    before = group_fractions(group_names(rows), seed=0)
    after = group_fractions(group_names([*rows, *added]), seed=0)
    assert (after[: len(rows)] == before).all()


def test_shares_are_about_right_and_sides_change_with_the_seed():
    groups = [f"g{n}" for n in range(20_000)]
    first = split_rows(groups, calibrate_share=0.25, test_share=0.1, seed=0)
    again = split_rows(groups, calibrate_share=0.25, test_share=0.1, seed=0)
    other = split_rows(groups, calibrate_share=0.25, test_share=0.1, seed=1)
    assert len(first.calibrate) == pytest.approx(5_000, abs=5 * 61)  # five standard deviations
    assert len(first.test) == pytest.approx(2_000, abs=5 * 42)
    assert first.test.tolist() == again.test.tolist()
    overlap = len(np.intersect1d(first.test, other.test))
    assert overlap == pytest.approx(200, abs=5 * 14), "two seeds agree no more than by chance"


def test_a_share_of_0_leaves_a_side_empty():
    splits = split_rows([f"g{n}" for n in range(100)], calibrate_share=0.0, test_share=0.0, seed=0)
    assert (len(splits.fit), len(splits.calibrate), len(splits.test)) == (100, 0, 0)


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60), st.integers(1, 5), st.integers(0, 9))
def test_folds_hold_equally_many_groups_and_follow_the_seed(groups, n_folds, seed):
    folds = group_folds(groups, n_folds=n_folds, seed=seed)
    fold_of = dict(zip(groups, folds.tolist(), strict=True))
    assert [fold_of[group] for group in groups] == folds.tolist()
    counts = Counter(fold_of.values())
    sizes = [counts[fold] for fold in range(n_folds)]
    assert max(sizes) - min(sizes) <= 1
    assert folds.tolist() == group_folds(groups, n_folds=n_folds, seed=seed).tolist()


def test_folds_differ_between_seeds():
    groups = [f"g{n}" for n in range(50)]
    assert group_folds(groups, n_folds=3, seed=0).tolist() != group_folds(groups, n_folds=3, seed=1).tolist()
