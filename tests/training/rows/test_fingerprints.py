"""What identifies a row: its words and its ask's, whatever numbers and envelope stand around them."""

from __future__ import annotations

from router.brain.trained_on import TrainedOn
from router.types import Message
from training.rows.fingerprints import MIN_ASK_CHARS, identifying_texts
from training.rows.row import LabelledRow

ASK = "Compare the two offers for the new harbour crane and say which one we should take."


def texts(*said: str, ask: str | None = None) -> tuple[str, ...]:
    row = LabelledRow(id="a", source="s", messages=tuple(Message("user", text) for text in said), tier="budget")
    return identifying_texts(row, said[-1] if ask is None else ask)


def seen(known: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return bool(TrainedOn.of(known).seen([other])[0])


def test_numbers_dates_ids_case_and_signs_do_not_make_another_row():
    one = texts(f"{ASK}\n\nRequest id: 48213")
    assert seen(one, texts(f"{ASK.upper()}\n\nrequest id: kx-77 (2026-11-03)"))
    assert not seen(one, texts(ASK.replace("crane", "ferry")))


def test_a_row_in_another_envelope_or_conversation_is_known_by_its_ask():
    one = texts(ASK)
    assert seen(one, texts(f"<context>unread mail</context>{ASK}", ask=ASK))
    assert seen(one, texts("Good morning!", ASK))


def test_a_short_ask_identifies_nothing_by_itself():
    short = "Go on with the second one."
    assert len(short) < MIN_ASK_CHARS
    assert not seen(texts("Plan a trip to the lakes for four people.", short), texts("Write the minutes.", short))
    assert seen(texts(short), texts(short))
    assert not seen(texts("what is 7 x 8"), texts("what is 6 x 9")), "little more than numbers: they tell rows apart"
