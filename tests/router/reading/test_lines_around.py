"""Lines of programs come off an ask: notices, cards, posts, letters; documents and a person's own lines stay."""

from __future__ import annotations

import pytest

from router.reading.envelopes import peel
from router.reading.frames.forms import unframed

ASKS = (
    "Find the deadlock in our job scheduler and prove that your fix is free of starvation.",
    "What is the capital of Norway?",
    "Schreib mir bitte eine kurze Absage f\u00fcr das Treffen am Freitag.",
    "Refactor the billing module so that its tests need no database,\nand keep the public interface.",
)
NOTICES = (
    "Signal \u2022 now\nKim Aas\n{ask}",
    "Notification | Legal | badge 3 | {ask}",
    "SMS from +47 555 1212 (part 1/1)\n{ask}\nReply STOP to end.",
    "INBOX (3)\n* {ask}\n  Kim, 09:10",
    "{ask}\n\u2014 via Matrix, Tue 09:10. Tap to reply.",
    "Kim sent you a message in Fjord Foods.\n\n{ask}\n\nOpen Matrix to answer.",
    'New request for you! Kim and 3 others follow it.\n"{ask}"',
    "\u65b0\u7740\u30e1\u30c3\u30bb\u30fc\u30b8 2\u4ef6 (Kim)\n{ask}",
)
ITEMS = (
    "Card 4 of 9\n{ask}",
    "Queue: Legal (4 waiting)\nNow serving no. 212: {ask}\nNext call at 09:40",
    "[Backlog] -> [Doing]\n{ask}\nEstimate: - | Sprint 3 | Owner Kim",
    "Batch 4f2a19cd, element 3/9, worker 2\n\n{ask}\n\n(end of element)",
    "- [x] buy stamps\n- [x] water the cactus\n- [ ] {ask}",
    "[ ] {ask}\n[x] buy stamps\n\n1 of 2 done",
    "Done so far: buy stamps, water the cactus.\nOpen: {ask}",
    "1) buy stamps: done\n2) {ask}",
    "Tuesday 4 March, 09:00-09:30\n{ask}\nWhere: Bergen, room 3",
    "Reminder set by Kim for 2026-11-24 at 09:10: {ask}",
    "(cron: 0 9 * * 1) {ask}",
)
POSTS = (
    "Kim Aas\n@kimaas \u00b7 2h\n{ask}\n\U0001f4ac 4  \U0001f501 1  \u2665 12",
    "[pinned] Kim in Fjord Community, 9 min ago:\n{ask}\nLike \u00b7 Reply \u00b7 Share",
    "\u25b2 14\n{ask}\nasked 2026-11-24 by kimaas (212 points)\ntags: web, Ubuntu 24.04",
)
LETTERS = (
    "Kim Aas\n4 Harbour Road\nBergen\n\n24 November 2026\n\nDear Sir or Madam,\n\n{ask}\n\nYours sincerely,\nKim Aas",
    "Bergen, den 24.11.2026\n\nSehr geehrte Damen und Herren,\n\n{ask}\n\nHochachtungsvoll\nKim Aas",
    "By fax: +47 555 1212\nPages: 1 (with this one)\n\n{ask}",
    "\u62dd\u5553\n\n{ask}\n\n\u656c\u5177\n2026-11-24\nKim",
)
CARDS = (
    "========\n Fjord Foods\n========\n{ask}\n========",
    "*** NEW REQUEST ***\n{ask}\n*** END ***",
    "----- BEGIN QUESTION 4f2a -----\n{ask}\n----- END QUESTION 4f2a -----",
    "Case 4 of suite web/login\n{ask}\nGrader: human",
    "Handed over from Kim (Legal) at 09:10.\nVerified: yes\nWants to know:\n{ask}",
    "Call 4f2a19cd | wait 9s | lang nb-NO\nReason for the call\n{ask}\nWrap-up code: none yet",
    "Frage / Question: {ask}",
    "\u7528\u6237\u95ee\u9898\uff1a{ask}",
    "Summary of before: Kim said hello.\nNew today: {ask}",
    "Shared memory of earlier chats, 2 entries:\n- likes tea\nLatest message of Kim -> {ask}",
    "You are Ada, a clerk at Fjord Foods. It is 09:10. A nurse walks in and says: {ask}",
)

WHOLE = (
    "Read the board and write two sentences.\n\nQ1 | Q2\n4 | 5",
    "notes: two customers left, one came back, the fee rose to 41. write it up for the board",
    "Steps Mon to Sun: 6200, 8100, 4000, 9700. what is the average",
    "From: Kim Aas\nTo: all\nSubject: Re: lift\n\nThe lift is out.\n\nwho is on leave on Thursday?",
    "QUESTION: What is a mole?\nREFERENCE: 6.022e23 units.\nANSWER: A small animal.",
    "[10:02] Kim: cannot log in\n[10:03] Bo: which address?\n[10:05] Kim: it works now",
    "user: what is our refund policy?\nassistant: 30 days.\nuser: and for sale items?",
    "why is it too high?\n\nSELECT month, SUM(amount)\nFROM invoices\nGROUP BY 1",
    "add a call that returns the current number\n```\ndef used(key) do\n  0\n  end\nend\n```",
    "store,week,orders\nAlnbridge,22,410\nBerrow,22,388\n\nwhich shop had most orders?",
    "Service     May     Apr\nS3          8,114   7,902\n\nwhich line grew the most?",
    "Dinner plan\n- soup at 18:00\n- fish at 19:00\nMake it vegetarian.",
    "Subject: Winter season\n\nDear members, the courts are closed.\n\nwhen do they open again?",
    "Meeting notes from Tuesday. Kim: fee up. Bo: against. Turn this into minutes.",
    "Case 12 of the statute says that a tenant may leave early. Does it hold for shops?",
    "Title: Bread\nTone: warm\nWrite a text for our shop window.",
    "Tone: warm\nLanguage: Norwegian\n\nWrite a mail to Kim about Friday.",
    "Status report please: what is open, what is done?",
    "Write a message: sorry, I am late, start without me.",
    "To do: buy stamps, water the cactus, call Kim. Which first?",
    "HOME\nABOUT\nCONTACT\nWhich of these menu names is the clearest?",
    "Summarise this message.\n\nKim sent you a request at 09:10. Tap to reply.",
    "Is this notification a scam?\nYour parcel is waiting. Tap to pay.",
    "Translate: Dear Sir or Madam, your order is ready.",
    "class Foo:\n    pass\n\nwhat does pass do here?",
    "OCR:\nTOTAL 9.94\nCASH 20.00\nCHANGE 10.06\n\ngive me the total as json",
    "- [x] buy stamps\n- [ ] water the cactus\n- [ ] call Kim\nWhat is left?",
    "Ana: lol the dog ate it\nPiet: again?? is he ok",
    "80 words, decisions first: the treasurer wants 50, Kim is against.",
    "Room 7 is Mr Szabo, half eight\nroom 3 Ahmed K 8.15\nmake a csv of this",
    "Chapter 3\nThe river rose. The village slept.\nContinue the story.",
    "1. What is a monad?\n2. What is a functor?\n3. What is a monoid?",
    "Is it faster to go via Bergen or via Oslo?\nMon 09:00\nTue 10:00",
)


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("frame", NOTICES + ITEMS + POSTS + LETTERS + CARDS, ids=lambda frame: ascii(frame[:40]))
def test_the_ask_comes_out_of_a_programs_lines(frame: str, ask: str) -> None:
    assert unframed(peel(frame.format(ask=ask)))[0] == ask


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: ascii(text[:40]))
def test_a_document_and_a_persons_own_lines_stay_whole(text: str) -> None:
    assert "surroundings" not in [one.form for one in unframed(peel(text))[1]]


@pytest.mark.parametrize("ask", ["Close this ticket.", "Who wrote this message, and when?", "Move the card to Done."])
def test_an_ask_about_the_lines_keeps_them(ask: str) -> None:
    text = f"Card 4 of 9\nOwner: Kim Aas\n{ask}\nSprint 3"
    assert unframed(peel(text))[0] == text


NEEDED = (
    "Mon 82\nTue 79\nWed 81\n\nWhat is my average weight and the trend?",
    "8:00 wake up\n8:30 run\n9:15 work\n\nSuggest a better morning routine for me",
    "Find the overlap for me\n\n10:00-11:00 Team Meeting\n10:30-11:30 Customer Call",
    "Is the difference significant at 5%?\n\nGroup A: 3 of 40\nGroup B: 9 of 41",
    "Room 1: 4 x 3 m\nRoom 2: 5 x 4 m\n\nHow much paint do I need for all walls?",
    "+49 151 2345678\n+44 20 7946 0958\n\nWhich countries are they from?",
    "Write an agenda with times for one hour\n\nBudget\nHiring\nNext Steps",
    "Views 1200, likes 80, shares 4\nIs my reel doing well?",
    "Title: The Lost Key\nAuthor: J. Roe\nPages: 210\nWrite a blurb for it",
    "Make a nicer version of my sign\n\nRoom 4\nMeeting until 15:00\nPlease wait",
    "Make a vcard for my new job\nMax Roe\nAcme GmbH\nmax@example.com\n+49 151 2345678",
    "Sort these words: banana, apple, cherry pie and dates",
    "Task: extract all names\nText: Ana met Bob in Rome.",
    "Interview question: tell me about a time you failed",
    "Yes or no question: does water expand when frozen?",
    "[x] buy milk\n[x] call mum\n[ ] write report on sales\nHow far am I in percent?",
    "- [x] set up repo\n- [ ] write docs for the API\n- [ ] release v1.0 to npm",
    "\u2705 Unlimited users\n\u2705 24/7 support\n\u2705 Free trial\n\nWrite a better landing page section",
    "Write a caption for my photo\n\n#travel #food #berlin",
    "You are at a bar. A man walks in and says:\nwhere is my drink\n---\nWhat is the joke?",
    "Imagine a teacher says: all of you fail.\nHow would you react as a parent?",
    "Before: 80 kg. Now: 72 kg. What is my loss in percent?",
    "Earlier you said x = 3. Now: what is x squared plus two?",
    "On Mon, 3 May 2027 at 10:02, Kim wrote:\n> Can you send the plan?\n> It is late.\n\nDraft an apology",
)


@pytest.mark.parametrize("text", NEEDED, ids=lambda text: ascii(text[:40]))
def test_an_ask_that_needs_the_lines_keeps_them(text: str) -> None:
    assert "surroundings" not in [one.form for one in unframed(peel(text))[1]]


@pytest.mark.parametrize(
    "text", ["Monday 10:00 x\n" * 20_000, "[x] a\n" * 20_000, "Status: open\n" * 20_000, "Question: a\n" * 20_000]
)
def test_a_long_text_of_such_lines_is_read_soon(text: str) -> None:
    assert unframed(text)[0]
