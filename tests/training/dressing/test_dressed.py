"""Dressed asks: only the message of the ask changes, by seed alone, and its words stay in the reading."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import read
from router.reading.conversation import Conversation
from router.types import ChatRequest, Message
from training.dressing import DRESSES, HELD_OUT, SEEN, WRAPPERS, drawn_kinds, dressed

ASK = "Compare the two leases and name the clauses that differ, then say which one you would sign."

kinds = st.lists(st.sampled_from([*DRESSES, *WRAPPERS]), max_size=3)
langs = st.sampled_from([None, "en", "de", "tr", "zh", "zh-TW", "ja", "hi", "xx"])


def put_on(text: str, *names: str, lang: str | None = "en", seed: int = 0) -> str:
    (message,) = dressed((Message("user", text),), kinds=names, lang=lang, rng=np.random.default_rng(seed))
    return message.text


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "system", "tool"]), st.text(max_size=200)), max_size=5),
    kinds,
    langs,
)
def test_only_the_ask_that_the_service_finds_changes_and_always_in_the_same_way(turns, names, lang):
    messages = tuple(Message(role, text) for role, text in turns)
    changed, again = (dressed(messages, kinds=names, lang=lang, rng=np.random.default_rng(3)) for _ in range(2))
    assert changed == again
    differs = [at for at, (old, new) in enumerate(zip(messages, changed, strict=True)) if old != new]
    assert differs in ([], [Conversation(messages, ()).ask().position])
    assert [message.role for message in changed] == [message.role for message in messages]


@pytest.mark.parametrize("kind", [*WRAPPERS, *DRESSES])
def test_every_kind_keeps_the_words_of_the_ask_in_what_the_classifier_reads(kind):
    for seed in range(40):
        reading = read(ChatRequest(messages=(Message("user", put_on(ASK, kind, seed=seed)),)))
        assert reading.turn == "user"
        words = set(ASK.lower().strip(".").replace(",", "").split())
        kept = words & set(reading.ask.lower().replace(",", "").replace("#", " ").split())
        assert len(kept) >= len(words) - 3, reading.ask


@pytest.mark.parametrize("kind", WRAPPERS)
def test_a_wrapper_has_many_forms_and_bounded_size(kind):
    texts = {put_on(ASK, kind, seed=seed) for seed in range(60)}
    assert len(texts) > 8
    assert max(map(len, texts)) < len(ASK) + 1_500


def test_kinds_are_held_out_as_a_whole_and_never_drawn():
    assert len(HELD_OUT.wrappers) >= 4
    assert len(HELD_OUT.dresses) >= 3
    assert len(SEEN.wrappers) >= 30
    assert len(SEEN.dresses) >= 18
    rng = np.random.default_rng(0)
    drawn = [drawn_kinds(rng) for _ in range(2_000)]
    assert {kind for names in drawn for kind in names} == {*SEEN.wrappers, *SEEN.dresses}
    assert {name for names in drawn for name in names[:-1]} <= set(SEEN.dresses)
    assert all(drawn)


def test_what_the_ask_says_is_never_filled():
    text = "Render {{first}} and {{ask}} and {{number|json}} with the template engine."
    assert text in put_on(text, "mail", "tag_block")


def test_a_json_event_holds_the_ask_as_a_string_of_json():
    text = 'Say "hi"\nand {"a": 1}.'
    assert r"Say \"hi\"\nand {\"a\": 1}." in put_on(text, "json_event")


def test_a_table_and_a_comment_hold_the_ask_in_their_own_escaping():
    text = 'Say "hi" | then\nstop.'
    tables = {put_on(text, "table_row", seed=seed) for seed in range(60)}
    assert any('"Say ""hi"" | then\nstop."' in table for table in tables)
    assert any(r'Say "hi" \| then<br>stop.' in table for table in tables)
    programs = {put_on(text, "program_text", seed=seed) for seed in range(60)}
    assert any('// Say "hi" | then\n// stop.' in program for program in programs)


@pytest.mark.parametrize(
    ("lang", "thanks"), [("de", "ank"), ("zh-TW", "谢"), ("hi", "।"), ("xx", "h"), (None, "h"), ("sw", "Asante")]
)
def test_thanks_are_said_in_the_language_of_the_row_or_in_english(lang, thanks):
    said = [put_on("x", "thanks", lang=lang, seed=seed) for seed in range(10)]
    assert any(thanks in text for text in said)


def test_the_ask_that_a_short_reply_approves_changes_and_the_reply_stays():
    messages = (
        Message("user", "Rename the module and run its tests."),
        Message("assistant", "I would move it to tools and fix the imports. Shall I?"),
        Message("user", "yes, go ahead"),
    )
    changed = dressed(messages, kinds=["upper_case"], lang="en", rng=np.random.default_rng(0))
    assert changed[0].text == "RENAME THE MODULE AND RUN ITS TESTS."
    assert changed[1:] == messages[1:]


@pytest.mark.parametrize(
    "messages",
    [
        (Message("user", "Read HEARTBEAT.md if it exists. If nothing needs attention, reply HEARTBEAT_OK."),),
        (Message("assistant", "Shall I?"), Message("user", "yes")),
        (Message("tool", "exit code 0"),),
        (),
    ],
)
def test_heartbeats_bare_approvals_and_tool_results_stay_as_they_came(messages):
    assert dressed(messages, kinds=["greeting", "mail"], lang="en", rng=np.random.default_rng(0)) == messages


def test_what_a_harness_put_around_the_ask_stays_around_it():
    reminder = "<system-reminder>\nToday is Monday.\n</system-reminder>"
    text = put_on(f"{reminder}\n{ASK}", "thanks")
    assert text.startswith(f"{reminder}\n{ASK}")
    assert len(text) > len(reminder) + len(ASK) + 1


def test_starts_of_text_blocks_move_with_the_text():
    first, second = (
        "<system-reminder>\nToday is Monday.\n</system-reminder>",
        "<system-reminder>\nx\n</system-reminder>",
    )
    text = f"{first}\n{ASK}\n{second}"
    starts = (0, len(first) + 1, len(first) + len(ASK) + 2)
    message = Message("user", text, text_starts=starts)
    (changed,) = dressed((message,), kinds=["greeting"], lang="en", rng=np.random.default_rng(0))
    assert changed.text != text
    assert changed.text[changed.text_starts[2] :] == second


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        put_on(ASK, "no_such_kind")
