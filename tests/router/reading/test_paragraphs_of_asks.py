"""An ask of several paragraphs comes out of its frame whole, with its list and its code."""

from __future__ import annotations

import pytest

from router.reading import read
from router.types import ChatRequest, Message

ASK = (
    "The nightly import of our shop stops at row 4000.\n\n1. Find the reason in this script.\n2. Propose a fix.\n\n"
    "```sh\nimport --all rows.csv\n```"
)
SHORT = "What is the capital of Norway?"

FRAMES = (
    "### Task:\nAnswer the user's question using the provided context.\n\n### Guidelines:\n- Be brief.\n\n"
    "<context>\nWe open at nine.\n</context>\n\n{ask}",
    "# Task\nRespond to the query of the user based on the given documents.\n\n# Output\nPlain text.\n\n"
    "<documents>\n<doc>Nine to five.</doc>\n</documents>\n\n{ask}",
    "Current time: 2026-11-24 09:10\nUser: Kim Aas\nChannel: web chat\n\n{ask}",
    "Page title: Imports\nCustomer question: {ask}",
    "Record created (r77)\nName: Kim Aas\nNotes: {ask}\nCreated: 2026-11-24T09:10:00Z",
    "{ask}\n\n> On 24 Nov 2026, at 09:10, Kim Aas <kim@aas.example> wrote:\n>\n> See you on Friday.",
    "{ask}\n\n____________________\nFrom: Kim Aas\nSent: Tuesday\nTo: Bo Lie\nSubject: Friday\n\nSee you.",
    "{ask}\n\nAm Di., 24. Nov. 2026 um 09:10 schrieb Kim Aas <kim@aas.example>:\n> Bis Freitag.",
    "Received: by mx.shop.example; Tue, 24 Nov 2026\n\tfor <a@b.example>\nFrom: kim@aas.example\nTo: a@b.example\n"
    "Subject: import\nMIME-Version: 1.0\n\n{ask}",
    "WARNING: This message was sent from outside the company. Open no links.\n\n{ask}",
    "[EXTERNAL]\n\n{ask}\n\nPlease think of the planet before you print this mail.",
    'You have received a new inquiry from Kim via shop.example:\n\n"{ask}"\n\n'
    "Reply to this message directly to answer.",
    "[9:10 AM] Kim Aas\n{ask}",
    "Name: Kim Aas\nMessage: {ask}",
    "New request:\n{ask}",
    "<wrapper>\n<system-reminder>Use tabs.</system-reminder>\n</wrapper>\n\n{ask}",
    "Sorry to bother you again. {ask} I really appreciate it.",
)


def asked(text: str) -> str:
    return read(ChatRequest(messages=(Message("user", text),))).ask


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ask", [ASK, SHORT])
def test_an_ask_comes_out_with_all_its_paragraphs(frame, ask):
    assert asked(frame.replace("{ask}", ask)) == asked(ask)


WHOLE = (
    # orders on sources
    "### Task\nAnswer the customer's question using the provided context.\n\n"
    "<context>\nWe open at nine.\n</context>\n\nSummarise the passages above in one line for me.",
    "### Task:\nAnswer the user's question using the provided context.\n\n<context>\nWe open at nine.\n</context>",
    "### Task:\nPort this parser to Rust and keep its tests.\n\n### Guidelines:\n- No unsafe code.\n\n"
    "<context>\nfn main() {}\n</context>\n\nKeep the public names.",
    # names and orders
    "User: Kim Aas\n\nWrite a greeting card for this user.",
    "Task: Tokyo Drift\nFormat: haiku\n\nMake it about speed and rain.",
    "Answer as a table with these columns: name of the town, number of people.\n\nWhat are the five largest towns?",
    'Please reply in German: "Thanks, see you on Monday then."\n\nMake it formal.',
    "Reply in French: thanks for the flowers, we loved them.\n\n1. Keep it warm.\n2. Add a greeting.",
    # sentences under labels
    "Status: we wait for the vendor since Monday.\nOwner: Kim\n\n1. What can we do?\n2. Who decides?",
    "Name: Kim Aas\nMessage: the heating in our flat is broken since Monday.\n\nTranslate it to German.",
    'Prompt: "A fox in snow"\n\n1. Is this prompt good?\n2. Improve it.',
    "Explain what this prints:\n```sh\necho thanks\n```",
    "What do these words mean?\n\n- Feierabend\n- Fernweh",
    # elements
    "<payload>\n</payload>\n\nIs this element valid XML?",
    # mails
    "CAUTION: This email originated from outside of the company.\n\nWhy does this banner show up on every mail?",
    "[EXTERNAL]\nthe offer is attached, and it ends on Friday.\n\nDraft a reply.",
    'You received a new message from Kim via shop.example:\n\n"Where is my parcel?"\n\nHow should I answer?',
    "From: Kim <kim@aas.example>\nTo: me\nSubject: rent\n\nThe rent rises by ten percent.\n\nDraft a reply.",
    "Where do we stand with this?\n\n> On 9 Sep 2026, at 19:02, Kim Aas <kim@aas.example> wrote:\n>\n> It waits.",
    "Find two claims of his that are wrong.\n\n1. Give the sentence.\n2. Give the source.\n\n"
    "On Wed, Sep 9, 2026 at 7:02 PM Kim Aas <kim@aas.example> wrote:\n> Paris has 9 million people.",
    "Summarise the thread:\n\n1. who asked\n2. who owes an answer\n\n____________________\nFrom: Kim\nSent: Monday\n"
    "To: Bo\nSubject: deploy\n\nThanks, the deploy is out.",
)


@pytest.mark.parametrize("text", WHOLE)
def test_a_text_that_needs_its_frame_stays_whole(text):
    assert asked(text) == text
