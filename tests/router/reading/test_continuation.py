"""Short approvals are scored on the work that they approve, in many languages; closing words approve nothing."""

from __future__ import annotations

import time

import pytest

from router.reading import Turn, read
from router.reading.continuation import is_continuation
from router.types import ChatRequest, Message, RouteRequest

ASKED = "I can renew the certificate now. Shall I?"
TOLD = "The first half is done."


def seen(*messages):
    return read(ChatRequest(messages=tuple(Message(*message) for message in messages)))


@pytest.mark.parametrize(
    "reply",
    [
        *("continue", "Continue.", "go on", "go ahead", "do it!", "yes, go ahead", "yes please do it", "ok do it"),
        *("aye go on then", "right. go on", "ok design it", "<continue>", "proceed", "keep going", "ship it", "go"),
        *("same for the other one", "and the same for march", "same but with NOT EXISTS", "?", "so?", "and?", "well??"),
        *("weiter", "mach weiter", "dale", "adelante", "continúa", "pode seguir", "e então?", "vas-y", "avanti"),
        *(
            "продолжай",
            "devam et",
            "lanjutkan",
            "استمر",
            "继续",
            "好的,继续",
            "続けて",
            "はい、お願いします",
            "계속해줘",
        ),
    ],
)
def test_calls_for_work_are_known_whatever_stands_before_them(reply):
    assert is_continuation(reply, before=TOLD)
    assert is_continuation(reply, before=ASKED)
    assert not is_continuation(reply, before=""), "nothing was proposed"


@pytest.mark.parametrize(
    "reply",
    [
        *("yes", "Yep", "yes pls", "yes, with timing", "ok", "sure", "ja", "ja bitte", "sim", "sí", "oui", "tak"),
        *("да", "evet", "はい", "好的", "네", "응", "हाँ", "好", "了解", "klar"),
    ],
)
def test_a_yes_approves_where_a_question_stands_before_it(reply):
    assert is_continuation(reply, before=ASKED)
    assert not is_continuation(reply, before=TOLD)


@pytest.mark.parametrize(
    "reply",
    [
        *(
            "ok thanks",
            "perfect ty, thats all",
            "ja danke",
            "네 감사합니다~",
            "好的谢谢",
            "no",
            "nah. who triggered it",
            "👍",
        ),
        *(
            "yes, but what does it cost?",
            "why?",
            "why",
            "in portuguese (lisbon)?",
            "shorter",
            "make it 9",
            "door seal?",
        ),
        "yes, and while you are at it rewrite the parser so that it streams and handles nested quotes",
        "yesterday's numbers",
        "continue the proof with the case that n is odd, then generalise it to rings",
        "go through the invoice list",
        *("", " ", "."),
    ],
)
def test_other_short_replies_are_asks_of_their_own(reply):
    assert not is_continuation(reply, before=ASKED)


def test_an_approval_is_read_as_the_ask_and_the_proposal_before_it():
    reading = seen(
        ("user", "old"),
        ("assistant", "older answer"),
        ("user", "our site is not secure"),
        ("assistant", ASKED),
        ("user", "yes"),
    )
    assert reading.ask == f"our site is not secure\n{ASKED}\nyes"
    assert reading.window == "old\nolder answer"
    assert reading.turns == (Turn("user", "old"), Turn("assistant", "older answer"), Turn("user", reading.ask))
    assert reading.turn == "continuation"


def test_through_several_approvals_the_ask_is_found():
    chain = [part for step in range(3) for part in (("assistant", f"step {step} done"), ("user", "continue"))]
    reading = seen(("user", "port the parser"), *chain)
    assert reading.ask == "port the parser\nstep 2 done\ncontinue"
    assert reading.turn == "continuation"


def test_after_a_tools_result_an_approval_is_read_as_the_loop_that_it_is():
    reading = seen(("user", "port the parser"), ("assistant", "Trying."), ("tool", "2 tests fail"), ("user", "go on"))
    assert reading.ask == "port the parser\ngo on"
    assert reading.turns == (Turn("user", reading.ask), Turn("assistant", "Trying."), Turn("tool", "2 tests fail"))


def test_a_tools_result_after_an_approval_keeps_the_work_as_the_ask():
    reading = seen(
        ("user", "not secure"), ("assistant", ASKED), ("user", "yes"), ("assistant", ""), ("tool", "renewed")
    )
    assert reading.ask == f"not secure\n{ASKED}\nyes"
    assert reading.turns == (Turn("user", reading.ask), Turn("tool", "renewed"))
    assert reading.turn == "tool_result"


def test_an_approval_with_nothing_before_it_is_an_ask():
    assert (seen(("user", "yes")).ask, seen(("user", "yes")).turn) == ("yes", "user")
    assert seen(("assistant", ASKED), ("user", "yes")).ask == f"{ASKED}\nyes"


POLL = ("user", "[Tue 2026-11-24 08:00 UTC] [OpenClaw heartbeat poll]")
QUIET = (POLL, ("assistant", "NO_REPLY"))
PROPOSED = (("user", "our site is not secure"), ("assistant", ASKED))


@pytest.mark.parametrize(
    "polls",
    [
        QUIET,
        (*QUIET, *QUIET, POLL, ("assistant", "HEARTBEAT_OK")),
        (POLL, ("assistant", ""), ("tool", "HEARTBEAT.md is empty"), ("assistant", "NO_REPLY")),
        (POLL, ("user", "<system-reminder>Be brief.</system-reminder>"), ("assistant", "NO_REPLY")),
        (POLL, ("assistant", "")),
        (POLL,),
    ],
)
def test_polls_and_silent_answers_between_a_proposal_and_its_approval_say_nothing(polls):
    old = (("user", "old"), ("assistant", "older answer"))
    for before, after in [(polls, ()), ((), polls), (polls, polls)]:
        heard = seen(*old, *before, *PROPOSED, *after, ("user", "yes, go ahead"))
        plain = seen(*old, *PROPOSED, ("user", "yes, go ahead"))
        assert (heard.ask, heard.window, heard.turns, heard.turn) == (plain.ask, plain.window, plain.turns, plain.turn)
        assert heard.signals.tolist() == plain.signals.tolist()
        assert heard.ask == f"our site is not secure\n{ASKED}\nyes, go ahead"


def test_a_poll_between_two_approvals_does_not_hide_the_work():
    reading = seen(*PROPOSED, ("user", "yes"), ("assistant", TOLD), *QUIET, ("user", "continue"))
    assert reading.ask == f"our site is not secure\n{TOLD}\ncontinue"


def test_what_a_poll_found_is_the_proposal_that_is_approved():
    found = "The disk is full. Shall I delete the old logs?"
    reading = seen(*PROPOSED, *QUIET, POLL, ("assistant", found), *QUIET, ("user", "yes"))
    assert reading.ask == f"our site is not secure\n{found}\nyes"
    assert reading.turns == (Turn("user", reading.ask), Turn("assistant", ASKED))


def test_a_silent_word_that_answers_no_poll_stays():
    reading = seen(("user", "tell me a word"), ("assistant", "NO_REPLY"), ("user", "what does that mean?"))
    assert reading.window == "tell me a word\nNO_REPLY"


def test_the_newest_poll_is_the_ask_and_those_before_it_say_nothing():
    reading = seen(*PROPOSED, *QUIET, POLL)
    assert (reading.ask, reading.turn) == ("[OpenClaw heartbeat poll]", "heartbeat")
    assert reading.window == f"our site is not secure\n{ASKED}"
    assert seen(*PROPOSED, *QUIET).window == f"{ASKED}\nNO_REPLY"


@pytest.mark.parametrize(
    "unit", [QUIET, (("assistant", "NO_REPLY"),), (POLL,), (("tool", "x"), ("assistant", "NO_REPLY")), (("tool", "x"),)]
)
def test_the_time_is_linear_in_a_history_of_polls(unit):
    start_s = time.thread_time()
    seen(*PROPOSED, *(unit * 20_000), ("user", "yes, go ahead"))
    # About 0.5 s; a look back over the whole history from each message takes minutes.
    assert time.thread_time() - start_s < 5.0


def test_long_work_is_cropped_and_the_reply_stays():
    reading = seen(("user", "u" * 50_000), ("assistant", "a" * 50_000), ("user", "go ahead"))
    assert len(reading.ask) < 8_000
    assert reading.ask.endswith("\ngo ahead")


HARD = (
    ("user", "our job queue loses items when two workers pop at once"),
    (
        "assistant",
        "I would design a lock-free multi-producer queue with hazard pointers, prove that it is linearizable, and "
        "migrate the workers without downtime. Shall I go ahead?",
    ),
)
EASY = (("user", "we are out of milk"), ("assistant", "I can add milk to the shopping list. Shall I?"))


@pytest.mark.parametrize("reply", ["yes, go ahead", "yes", "do it", "try again", "more detail", "please finish"])
def test_approving_hard_work_costs_more_than_approving_an_errand(router, reply):
    hard, easy = (
        router.route(
            RouteRequest(chat=ChatRequest(messages=tuple(Message(*part) for part in (*work, ("user", reply)))))
        )
        for work in (HARD, EASY)
    )
    assert hard.expected_quality_loss["budget"] > easy.expected_quality_loss["budget"] + 0.2
