"""Marks of training rows: found again, the same each time, and silent about texts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from router.brain.trained_on import SALT_BYTES, TrainedOn


@given(st.sets(st.text()), st.sets(st.text()))
def test_texts_that_were_fitted_on_are_found_and_others_are_not(known, others):
    marks = TrainedOn.of(known)
    assert marks.seen([[text] for text in known]).all()
    assert not marks.seen([[text] for text in others - known]).any(), "32 bits: once in 4 billion"
    assert marks.seen([[], ["unseen", *known]]).tolist() == [False, bool(known) or "unseen" in known]


def test_marks_are_ascending_and_hang_on_no_order():
    one, other = TrainedOn.of(["b", "a", "a"]), TrainedOn.of(iter(["a", "b"]))
    assert one.marks.tolist() == sorted(other.marks.tolist()) == one.marks.tolist()
    assert (len(one.marks), one.marks.dtype, one.salt.shape) == (2, np.uint32, (SALT_BYTES,))
    assert one.salt.tobytes() == other.salt.tobytes()


def test_the_same_text_has_another_mark_in_a_bundle_of_other_rows():
    one, other = TrainedOn.of(["a", "b"]), TrainedOn.of(["a", "c"])
    assert not set(one.marks.tolist()) & set(other.marks.tolist())
