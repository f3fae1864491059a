"""After a compaction the summary is no ask: what was typed is, and where nothing was, the work goes on."""

from __future__ import annotations

import pytest

from router.dialects.detect import parse_request
from router.reading import read
from router.types import ChatRequest, Message

SUMMARY = (
    "This session is being continued from a previous conversation that ran out of context. The summary below "
    "covers the earlier portion of the conversation.\n\nSummary:\n1. Primary Request and Intent:\n   Make the queue "
    "lock-free.\n2. Pending Tasks:\n   - prove that it is linearizable\n"
)
MANUAL = (
    "\nIf you need specific details from before compaction, read the full transcript at: /x.jsonl\n\n"
    "Recent messages are preserved verbatim."
)
AUTOMATIC = (
    "\nPlease continue the conversation from where we left it off without asking the user any further questions. "
    "Continue with the last task that you were asked to work on."
)
CODEX = (
    "Another language model started to solve this problem and produced a summary of its thinking process. Use it to "
    "assist with your own analysis:\n\n- the queue is half lock-free\n- next: the proof"
)
OPENCLAW = (
    "The conversation history before this point was compacted into the following summary:\n\n<summary>\n"
    "The queue is half lock-free.\n</summary>"
)
REMINDER = "<system-reminder>\nContext is 12% used.\n</system-reminder>"
ASK = "Translate 'good morning' into French."


def seen(*messages):
    return read(ChatRequest(messages=tuple(Message(*message) for message in messages)))


@pytest.mark.parametrize("closing", ["", MANUAL, AUTOMATIC])
def test_what_was_typed_after_a_summary_is_the_ask(closing):
    reading = seen(("user", f"{SUMMARY}{closing}\n{ASK}"))
    assert (reading.ask, reading.turn) == (ASK, "user")
    assert reading.window == ""


def test_the_parts_of_a_message_tell_the_summary_from_the_ask():
    prose = "This session is being continued from a previous conversation. We made the queue lock-free."
    parts = [REMINDER, prose, REMINDER, ASK]
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": part} for part in parts]}]}
    assert read(parse_request(body)).ask == ASK


@pytest.mark.parametrize("summary", [SUMMARY, SUMMARY + MANUAL, SUMMARY + AUTOMATIC, CODEX, OPENCLAW])
@pytest.mark.parametrize("around", ["{}", REMINDER + "\n{}"])
def test_a_summary_alone_goes_on_with_its_work(summary, around):
    reading = seen(("user", around.format(summary)))
    assert reading.turn == "continuation"
    assert "lock-free" in reading.ask
    assert "is being continued" not in reading.ask
    assert "preserved verbatim" not in reading.ask


@pytest.mark.parametrize("typed", ["continue", "yes, go ahead"])
def test_a_call_to_go_on_after_a_summary_is_about_its_work(typed):
    reading = seen(("user", f"{SUMMARY}{MANUAL}\n\n{typed}"))
    assert reading.turn == "continuation"
    assert reading.ask.startswith("Summary:\n1. Primary Request")
    assert reading.ask.endswith(f"\n{typed}")


def test_a_later_approval_finds_the_work_in_the_summary():
    reading = seen(("user", f"{SUMMARY}{MANUAL}\ncontinue"), ("assistant", "Half is proved."), ("user", "go on"))
    assert reading.turn == "continuation"
    assert "Make the queue lock-free." in reading.ask
    assert reading.ask.endswith("Half is proved.\ngo on")


@pytest.mark.parametrize(
    "text", ["why does it say that this session is being continued from a previous conversation?", "continued from a"]
)
def test_a_user_who_speaks_of_it_is_a_user(text):
    assert (seen(("user", text)).ask, seen(("user", text)).turn) == (text, "user")
