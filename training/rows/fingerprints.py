"""What identifies a row to a bundle that was fitted on it: the words of its conversation, and those of its ask."""

from __future__ import annotations

from training.rows.row import TrainingRow
from training.rows.splits import masked_words

MIN_ASK_CHARS = 40
"""An ask of fewer characters ("go on with the second one") is said in many conversations, and identifies none."""


def identifying_texts(row: TrainingRow, ask: str) -> tuple[str, ...]:
    """Texts that show whether two rows are one: equal in one of them, numbers, dates and ids aside.

    ask: the one that is scored, without what a harness put around it: a row in another envelope is the same row.
    """
    said = "\n".join(message.text for message in row.messages)
    words, own = masked_words(said), masked_words(ask)
    whole = f"words:{words}" if len(words) >= MIN_ASK_CHARS else f"text:{said.strip().lower()}"
    return (whole, f"ask:{own}") if len(own) >= MIN_ASK_CHARS else (whole,)
