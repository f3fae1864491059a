"""Rows to targets: truth tables, and laws that hold for every table of yes, no and unknown."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import DataError
from router.types import Message
from training.labels.labels import UNKNOWN, complete_monotone, label_rows, labels_from_adequate
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.rows.row import LabelledRow, OutcomeRow

ASK = (Message(role="user", text="hi"),)
EACH_TIER_ITSELF = {tier: (tier,) for tier in DEFAULT_TIERS}
TIER_MAP = TierMap(
    tiers=DEFAULT_TIERS,
    sources={
        "logs": SourceTiers(threshold=0.6, models=EACH_TIER_ITSELF),
        "pairs": SourceTiers(threshold=0.5, models={"budget": ("a", "b"), "frontier": ("c",)}),
    },
)

ternary_rows = st.integers(2, 6).flatmap(
    lambda n_tiers: st.lists(st.lists(st.sampled_from([-1, 0, 1]), min_size=n_tiers, max_size=n_tiers), min_size=1)
).map(lambda rows: np.array(rows, dtype=np.int8))  # fmt: skip


def outcome(**scores: float) -> OutcomeRow:
    return OutcomeRow(id="a", source="logs", messages=ASK, outcomes=scores)


@pytest.mark.parametrize(
    ("adequate", "loss", "unsolved", "cheapest"),
    [
        # Everything known, stronger tiers never worse.
        ([1, 1, 1], [0, 0], 0, 0),
        ([0, 1, 1], [1, 0], 0, 1),
        ([0, 0, 1], [1, 1], 0, 2),
        ([0, 0, 0], [0, 0], 1, 3),
        # A stronger tier failed where a cheaper one did not: what was measured stands.
        ([1, 0, 1], [0, 1], 0, 0),
        ([1, 1, 0], [0, 0], 0, 0),
        ([1, 0, 0], [0, 0], 0, 0),
        ([0, 1, 0], [1, 0], 0, 1),
        # A tier is unknown.
        ([-1, 1, 1], [-1, 0], 0, -1),
        ([0, -1, 1], [1, -1], 0, -1),
        ([0, 1, -1], [1, 0], 0, 1),
        ([0, 0, -1], [-1, -1], -1, -1),
        ([1, -1, -1], [0, -1], 0, 0),
        ([1, 0, -1], [0, -1], 0, 0),
        ([-1, -1, -1], [-1, -1], -1, -1),
        ([1, -1, 0], [0, 0], 0, 0),
        # Two tiers are enough.
        ([0, 1], [1], 0, 1),
        ([-1, 0], [0], -1, -1),
    ],
)
def test_targets_follow_from_which_tiers_were_adequate(adequate, loss, unsolved, cheapest):
    labels = labels_from_adequate(np.array([adequate], dtype=np.int8))
    assert labels.loss[0].tolist() == loss
    assert (labels.unsolved[0], labels.cheapest[0]) == (unsolved, cheapest)


def every_filling(row: list[int]) -> list[list[int]]:
    return [list(values) for values in product(*([0, 1] if value == UNKNOWN else [value] for value in row))]


def targets_of(row: list[int]) -> list[int]:
    """Every target of a row without unknowns, from the definitions."""
    n_tiers = len(row)
    loss = [int(not row[tier] and any(row[tier + 1 :])) for tier in range(n_tiers - 1)]
    return [*loss, int(not any(row)), row.index(1) if any(row) else n_tiers]


@pytest.mark.parametrize("n_tiers", [2, 3, 4])
def test_a_target_is_known_only_where_all_fillings_of_the_unknowns_agree(n_tiers):
    table = list(product([-1, 0, 1], repeat=n_tiers))
    labels = labels_from_adequate(np.array(table, dtype=np.int8))
    for position, row in enumerate(table):
        possible = [set(values) for values in zip(*map(targets_of, every_filling(list(row))), strict=True)]
        settled = [values.pop() if len(values) == 1 else UNKNOWN for values in possible]
        found = [*labels.loss[position].tolist(), int(labels.unsolved[position]), int(labels.cheapest[position])]
        assert all(one in (UNKNOWN, other) for one, other in zip(found, settled, strict=True)), row
        assert found[-2:] == settled[-2:], row  # unsolved and cheapest are known wherever they can be
        if UNKNOWN not in row:
            assert found == settled, row


@pytest.mark.parametrize(
    ("measured", "completed"),
    [
        ([1, -1, -1], [1, 1, 1]),
        ([-1, -1, 0], [0, 0, 0]),
        ([-1, 1, -1], [-1, 1, 1]),
        ([-1, 0, -1], [0, 0, -1]),
        ([0, -1, 1], [0, -1, 1]),
        ([1, -1, 0], [1, -1, 0]),
        ([1, 0, -1], [1, 0, 1]),
        ([-1, 1, 0], [0, 1, 0]),
        ([-1, -1, -1], [-1, -1, -1]),
    ],
)
def test_an_unknown_tier_takes_the_value_that_only_one_side_implies(measured, completed):
    assert complete_monotone(np.array([measured], dtype=np.int8)).tolist() == [completed]


@given(ternary_rows)
def test_completion_keeps_what_is_known_and_completing_again_changes_nothing(adequate):
    before = adequate.copy()
    completed = complete_monotone(adequate)
    known = adequate != UNKNOWN
    assert (completed[known] == adequate[known]).all()
    assert (complete_monotone(completed) == completed).all()
    assert (adequate == before).all()


@given(ternary_rows)
def test_an_unknown_becomes_0_only_under_a_failure_and_1_only_over_a_success(adequate):
    completed = complete_monotone(adequate)
    for row, tier in np.argwhere((adequate == UNKNOWN) & (completed != UNKNOWN)).tolist():
        weaker, stronger = adequate[row, :tier], adequate[row, tier + 1 :]
        assert ((stronger == 0).any(), (weaker == 1).any()) == (completed[row, tier] == 0, completed[row, tier] == 1)


@given(ternary_rows)
def test_completion_of_rows_without_dips_leaves_none_behind(adequate):
    for row, completed in zip(adequate, complete_monotone(adequate), strict=True):
        known, filled = row[row != UNKNOWN], completed[completed != UNKNOWN]
        if (np.diff(known) >= 0).all():
            assert (np.diff(filled) >= 0).all()


@given(ternary_rows)
def test_each_row_is_labelled_by_itself(adequate):
    together = labels_from_adequate(complete_monotone(adequate))
    for position in range(len(adequate)):
        alone = labels_from_adequate(complete_monotone(adequate[position : position + 1]))
        taken = together.take(np.array([position]))
        for name in ("adequate", "loss", "unsolved", "cheapest"):
            assert (getattr(alone, name) == getattr(taken, name)).all()


@given(ternary_rows)
def test_nothing_known_gives_nothing_known(adequate):
    labels = labels_from_adequate(complete_monotone(np.full_like(adequate, UNKNOWN)))
    assert (labels.adequate == UNKNOWN).all()
    assert (labels.loss == UNKNOWN).all()
    assert (labels.unsolved == UNKNOWN).all()
    assert (labels.cheapest == UNKNOWN).all()


@pytest.mark.parametrize(
    ("row", "adequate"),
    [
        (outcome(budget=0.6, production=0.59, frontier=1.0), [1, 0, 1]),  # at the threshold is enough
        (outcome(frontier=1.0), [-1, -1, 1]),
        (outcome(production=0.0), [0, 0, -1]),
        (outcome(other=1.0), [-1, -1, -1]),
        # A tier is the mean of all its models; with one of them missing it is unknown, not the other's.
        (OutcomeRow(id="a", source="pairs", messages=ASK, outcomes={"a": 1.0, "b": 0.0, "c": 0.0}), [1, -1, 0]),
        (OutcomeRow(id="a", source="pairs", messages=ASK, outcomes={"a": 1.0, "c": 1.0}), [-1, -1, 1]),
        (LabelledRow(id="a", source="people", messages=ASK, tier="budget"), [1, 1, 1]),
        (LabelledRow(id="a", source="people", messages=ASK, tier="production"), [0, 1, 1]),
        (LabelledRow(id="a", source="people", messages=ASK, tier="frontier"), [0, 0, 1]),
    ],
)
def test_a_row_is_labelled_by_its_outcomes_or_by_its_tier(row, adequate):
    assert label_rows([row], TIER_MAP).adequate.tolist() == [adequate]


@given(st.permutations(["budget", "production", "frontier", "production"]))
def test_labels_stand_in_the_order_of_the_rows(tiers):
    rows = [LabelledRow(id=str(n), source="people", messages=ASK, tier=tier) for n, tier in enumerate(tiers)]
    assert label_rows(rows, TIER_MAP).cheapest.tolist() == [DEFAULT_TIERS.index(tier) for tier in tiers]


def test_rows_that_the_map_does_not_know_are_refused():
    with pytest.raises(DataError, match="source"):
        label_rows([OutcomeRow(id="a", source="nowhere", messages=ASK, outcomes={"m": 1.0})], TIER_MAP)
    with pytest.raises(DataError, match="tier: 'gold' is not a tier; use one of: budget, production, frontier"):
        label_rows([LabelledRow(id="a", source="people", messages=ASK, tier="gold")], TIER_MAP)


def test_no_rows_give_no_labels():
    labels = label_rows([], TIER_MAP)
    assert (labels.adequate.shape, labels.loss.shape, labels.cheapest.shape) == ((0, 3), (0, 2), (0,))
