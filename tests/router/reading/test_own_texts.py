"""A text of the user's own keeps what looks like a frame: an object, an item, facts, requirements, a message."""

import pytest

from router.reading.envelopes import peel
from router.reading.frames.forms import unframed

WHOLE = (
    # what looks like a courtesy at the end is the object of the ask, or of a text that it brings
    'Is "no rush" rude? "Please send me the list. No rush."',
    "Which is more polite?\nNo hurry.\nTake your time.",
    "Rate this answer: We will refund you. Thanks!",
    "Is this ironic? What a day. You are the best.",
    "Sentiment of these posts\nSoup was cold.\nYou are amazing",
    "Detect the language: Goedendag. Dank je wel.",
    "What language is this? Muchas gracias",
    "Sort alphabetically: melon, fig, thanks",
    "Odd one out: fast, swift, slow, urgent",
    "Reverse each word:\napple\nthanks",
    "Translate into Spanish\nYour order is on its way.\nKind regards\nPia",
    "Make it warmer. Hi Ole, the bill is late. Best, Ida",
    "Answer this, but say no:\n\nHi Ole,\ncan you come on Friday?\nBest,\nIda",
    "Hello Ms Aas,\n\nI would like to work as a baker.\n\nKind regards,\nIda Lie\n\n^ improve this",
    "Explain this quote. The way out is through. - Ida Lie",
    "Plan a meeting\n\n- Budget\n- Hiring\n- Launch",
    "is it !!a or a!!",
    # a first word that is part of a title or the subject of the ask
    "Hello Kitty, is she a cat?",
    "Bonjour, how is it pronounced?",
    "Hello, World! Why does it print twice?",
    "Good morning, Vietnam. When was it filmed?",
    "Morning, noon and night: one word for it",
    "Servus. Where do people say that?",
    "Right, left, or straight: which lane?",
    "let ask: &str = read_line();",
    # emoji
    "What does this emoji mean \U0001f643",
    "\U0001f34e\U0001f34c\U0001f34e what comes next in the row?",
    "Guess the film \U0001f981\U0001f451",
    # introductions
    "My name is Siobhan. How do people say that?",
    "I work at Lidl. How long is the notice by law?",
    # rules that say what to write
    "Write a story about a hen.\n\nRules:\n- Start with the word Once\n- Mention the blue gate",
    "Write a letter.\n\nNote: mention the rent of 900 EUR. Refer to May.",
    "You are a chess engine. Answer with one move only.\n\n1. d4 d5 2. c4 what now",
    "Answer in Elvish.\n\nWhat is the capital of Peru?",
    "Answer as a table with two columns.\n\nWhich planets have rings and how many?",
    "Today is Friday 5 May.\n\nHow many days until Christmas?",
    # notes
    "User facts:\n- allergic to milk\n\nSuggest a cake for the party",
    "Known facts:\n1. Ida is older than Ole\n2. Ole is older than Pia\n\nWho is the oldest of all?",
    "You have 10 minutes.\n\nSolve x^2 - 5x + 6 = 0 and explain.",
    "Write a python script to tidy a folder.\n\nDo not touch the .git folder. Stop when the disk is full.",
    # templates
    "Context: a dog of 3 years\nQuestion: how old is it in human years?\nAnswer:",
    "Task: list the rivers\nFormat: CSV with columns name,km",
    "Conversation:\nIda: I paid 5\nOle: I paid 7\nQuestion: who paid more?",
    "Date: 5 May 2021\nQuestion: how many days until Christmas?",
    "Tools: hammer, saw\nTask: plan a small chair",
    # records
    "Ticket #4411: printer on fire\nPriority: high\nStatus: open\n\nDraft the steps to close it safely",
    "Issue #12: crash on save\nStatus: open\nAssignee: ida\n\nWrite a failing unit test in pytest",
    "Device: Pixel 6\nOS: Android 14\nStatus: no sound\nChannel: beta\n\nHow do I get sound back?",
    "Locale: de-DE\nTimezone: Europe/Berlin\n\nwhen does my call at 9am New York time begin?",
    "Draft a status mail to my boss\n\nOwner: Ida\nDue: 5 May\nStatus: late\nPriority: high",
    # mail
    "From: Oslo\nTo: Bergen\n\nwhich way is the fastest by train and by car?",
    "To: boss\nSubject: sick day\n\nwrite that I have a fever and stay home until Friday",
    "From: Ida\nTo: Sales\nSubject: Q3\n\nTeam, our numbers fell by 8% in Q3.\n\nBest,\nIda\n\nPlease proofread",
    # older mail and signatures
    "is he angry at me or just busy?\n\nOn Tue, 4 May 2027, Ole wrote:\n> We talk later.",
    "format my signature as HTML\n-- \nIda Lie\nAas GmbH",
    # speakers
    "Team Meeting 10:00\nCustomer Call 15:30\nReview 17:00\n\nShift everything by one hour",
    "Ida wrote: who ate my cake?\nwrite a witty answer",
    "Bob said: all Cretans are liars. Bob is from Crete. Is that possible?",
    "Message from Ida: we need to talk. What do I answer?",
)


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: ascii(text[:40]))
def test_a_text_of_the_users_own_stays_whole(text):
    assert unframed(peel(text)) == (text, ())


ASK = "how do I sort a list in place?"
AROUND = (
    "Hi, {ask} Thanks!",
    "Hello. How are you? {ask}",
    "ok so, {ask}",
    "{ask} Take your time.",
    "{ask}\n\nBest,\nIda",
    "{ask} \U0001f600",
    "My name is Ida. {ask}",
    "{ask}\n\nRules:\n- Never mention prices.\n- Address the user as Ida.",
    "{ask}\n\n(Reply in nb-NO. Be polite.)",
    "You are a support agent. Answer in English.\n\n{ask}",
    "Today is Friday 5 May.\n\n{ask}",
    "About the user: likes tea.\n\n{ask}",
    "You have 3 tool calls left.\n\n{ask}",
    "Task: {ask}\n\nTone: warm\n\nFormat: markdown",
    "Ticket #4411\nStatus: open\nPriority: high\n\n{ask}",
    "From: Ida <ida@aas.example>\nTo: help@aas.example\n\n{ask}",
    "{ask}\n\nOn Tue, 4 May 2027, Ole wrote:\n> We talk later.",
    "Ida wrote: {ask}",
)


@pytest.mark.parametrize("around", AROUND, ids=ascii)
def test_the_same_frames_come_off_an_ask_that_needs_none_of_them(around):
    assert unframed(peel(around.format(ask=ASK)))[0] == ASK


@pytest.mark.parametrize("unit", ["\U0001f600", "a, ", "hi\n", '"', "the of ", "word is it "])
def test_a_long_text_of_one_kind_is_read_in_little_time(unit):
    text = unit * 30_000 + "how do I sort it? thanks"
    assert unframed(peel(text))[0].strip()
