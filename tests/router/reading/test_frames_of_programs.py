"""Records, calls of a bot and remarks of programs come off an ask; what an ask may be about stays with it."""

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
RECORDS = (
    "Case 00123 | Shop\nOpened 2026-11-24T09:10Z by Kim Aas\nSubject: hello\n----\n{ask}\n----\nAttachments: none",
    "[WEB-12] Login\nReporter: Kim Aas\nType: Story\nPriority: P2\n\n{ask}",
    "_Issue opened by @kim.aas_\n\n{ask}\n\nLabels: `web`, `p2`\nAssignee: nobody",
    "Service request 77\nDepartment: Legal\nLocation: Bergen\nCategory: Billing\nDetails: {ask}",
    "TICKET 12ab34 (waiting)\nClient since 2019, tier gold\n\nClient wrote:\n{ask}\n\nSuggested queue: Legal",
    "User profile\nName: Kim Aas\nOccupation: nurse\nNotes: has two cats\n\nMessage:\n{ask}",
    "Known facts: [likes tea], [has a dog]\nCurrent time: 2026-11-24 09:10 (Europe/Oslo)\nUser says: {ask}",
    "Editor: Emacs on linux\nOpen: a.py (line 3)\nSelection: none\n\n{ask}",
    "Git branch: main\nWorking directory: /home/kim/a\nRecently viewed: a.py, b.py\n\nUser: {ask}",
    "Mode: ask (read only)\nTools allowed: grep, search\n\n{ask}",
    "**Goal:** {ask}\n\n**Assigned to:** agent 3\n**Status:** open",
    "Objective: {ask}\nOwner: Kim\nDue: 2026-11-24\nTools: grep, search",
    "New ticket received\nSession: 12ab34cd\nLocale: nb-NO\n\n{ask}",
    "Incident INC0012345\nSeverity: 3\nAssignee: Bo\n***\n{ask}",
    "Current file: src/a.py\n```\nx = 1\n```\n{ask}",
)
CALLS = (
    "hey @ada, {ask}",
    "<@!8841203> {ask}",
    "/ask {ask}",
    "!ada {ask}",
    "helpbot: {ask}",
    "{ask} @ada",
    "{ask}\ncc @kim.aas @bo",
    "cc @kim.aas @bo\n@ada {ask}",
    "[mention] @ada in #web: {ask}",
    "@src/a.py @docs/b.md\n{ask}",
)
REMARKS = (
    "(Automatic note: the session was resumed at 09:10; tools: grep, search.)\n\n{ask}",
    "[note to assistant: keep it short. No emojis.]\n\n{ask}",
    "{ask}\n\n[Automatic reminder: you have 3 unread notifications.]",
    "(The user is a nurse from Bergen. Preferred tone: warm.)\n{ask}",
    "About the customer: likes tea; has a dog.\n\n{ask}",
    "Relevant memories:\n- likes tea\n- has a dog\n\n{ask}",
    "[auto-approve: off] [model: auto]\n{ask}",
    "Turn 3 of at most 10. Remaining budget: 900 tokens.\n\n{ask}",
    "You are running in headless mode; no human is available.\n\n{ask}",
    "{ask}\n\nBefore you begin, list the files that you need. Stop after 4 steps.",
    "{ask}\n\nWhen done, reply with the result only.",
    "{ask}\n\nSearch results:\n1. The shop opens at 9.\n2. It closes at 5.",
    'The customer asks the following question.\n\n"""\n{ask}\n"""\n\nRespond to it. Use metric units.',
    "{ask}\n---\nReminder for the assistant: use plain words.",
)
OTHERS = (
    '{{ask}}\n\n<client version="2.1" platform="linux"/>'.replace("{{", "{").replace("}}", "}"),
    "<message_event>\n<sender>Kim</sender>\n<text>{ask}</text>\n</message_event>",
    "<documents>\n<document>Open from 9 to 5.</document>\n</documents>\n\n{ask}",
    "[meta]\nuser_id=5\ntz=Europe/Oslo\n[/meta]\n{ask}",
    "#general | @kim | 2026-11-24T09:10Z\n{ask}",
    "Slack message from Kim (+4791234567) in general: {ask}",
    "[Chat messages since your last reply - for context]\nBo: hi\n[Current message - respond to this]\nKim: {ask}",
    "Context:\nThe shop opens at 9.\n\n---\nUsing the context where it is relevant, answer: {ask}",
    "Retrieved documents (2):\n- a.md: The shop opens at 9.\n\nUser question:\n{ask}\n\nAnswer:",
    "CONTEXT\nUser Kim writes from Bergen.\n\nTASK\n{ask}\n\nFORMAT\nUse plain text.",
    "To: you\nCc: Bo Lie\nSubject: hello\n\n{ask}",
)


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("frame", RECORDS + CALLS + REMARKS + OTHERS, ids=lambda frame: ascii(frame[:40]))
def test_the_ask_comes_out_of_what_a_program_put_around_it(frame: str, ask: str) -> None:
    assert unframed(peel(frame.format(ask=ask)))[0] == ask


KEPT = (
    # the ask is about the record, the person or the passages
    "Ticket #4411\nRequester: Kim\nPriority: low\n\nDescription:\nThe app is slow.\n\nSummarise this ticket.",
    "Ticket #4411\nRequester: Kim\nPriority: low\nStatus: open\n\nDraft a reply to the customer.",
    "[WEB-12] Login\nReporter: Kim\nPriority: P2\n\nWhich label fits it?",
    "Priority: low\nStatus: open\n\nWhat do the fields above mean?",
    "Case 12\nSeverity: 3\nStatus: open\n----\nClassify in one word.",
    "User profile\nName: Kim\nOccupation: nurse\n\nWrite a short bio of the user.",
    "About the user: likes tea; has a dog.\n\nWhat gift would suit him?",
    "(The user is a nurse from Bergen.)\nTranslate this.",
    "Relevant memories:\n- likes tea\n- has a dog\n\nWhich of these memories is old?",
    "Rank the results by date.\n\nSearch results:\n1. May 2024\n2. June 2023",
    "<documents>\n<document>Open from 9 to 5.</document>\n</documents>\n\nSummarise these documents.",
    'Fix the order of these keys, please.\n\nRequest context:\n```json\n{"tenant": "a", "trace": "b"}\n```',
    # fields that a person writes for the ask
    "Name: Kim\nLocation: Bergen\nDate: Friday\n\nPlan a trip for two days.",
    "Product: mug\nLanguage: German\nCategory: kitchen\n\nWrite a text for the shop.",
    "Browser: Firefox 120\nOS: Ubuntu\n\nWhy does the page stay white?",
    "Error: no such file\nFile: a.py\nLine: 3\n\nHow do I mend it?",
    "Create a ticket for the slow login.\n\nPriority: high\nAssignee: Kim",
    "Write a post on tea.\n\nTone: warm\nLength: 100 words",
    "Name: Kim\nAge: 30\nWhat is the name?",
    "Status: single\nLocation: Bergen\n\nGive me tips for a first evening out.",
    "RULES\n1 IF a > 3 THEN stop. 2 IF b THEN go.\n\nQUESTION\nWhich rule wins for a = 5?",
    # names and marks that the sentence is about
    "@kim is ill. Who takes the shift on Friday?",
    "@media print rules do not apply in my page, why?",
    "@property in Python: when do I need it?",
    "@angular/core does not install, what can I do?",
    "!important does not win over the inline style, why?",
    "Who else could I follow instead of @kim",
    "My handle on the site is @kim",
    "/etc/hosts is empty, what belongs in it?",
    "List<String> to array in Java, how?",
    "<b> or <strong> for a bold word?",
    "Agent: good morning, how can I help?\nCustomer: my bill is wrong.\nAgent: let me look.",
    # brackets of the user's own
    "[System: Windows 11]\nWhy is the start menu so slow today?",
    "[Context: we run 40 nodes with Calico]\nWhy do pods fail to resolve names?",
    "(My level: beginner.)\nHow do I learn the violin at home?",
    "[Draft] Dear all, the office is closed on Friday.",
    "Turn 3 cards over at a time in solitaire.\n\nHow high is the chance to win then?",
    "About the user interface: it is too dark.\n\nWhich colours are better for reading?",
    "Explain quicksort.\n\nStop after the first example.",
    "Use the search tool to find the opening hours of the shop.",
    "Before you start a fire, what do you check?",
    "Translate into Norwegian:\n\nWhen you are done, reply with the key.",
    "Question:\nWhat is 2+2?\nAnswer:\n4\n\nGrade the answer.",
)


@pytest.mark.parametrize("text", KEPT, ids=lambda text: ascii(text[:40]))
def test_what_an_ask_may_be_about_stays_with_it(text: str) -> None:
    assert unframed(peel(text)) == (text, ())
