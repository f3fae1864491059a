"""Payloads, passages, forms, stubs and transcripts: the ask comes out, and a person's own text stays whole."""

from __future__ import annotations

import pytest

from router.reading.envelopes import peel
from router.reading.frames.forms import unframed

ASKS = (
    "What is the capital of Norway, and since when?",
    "Design a rate limiter for forty tenants and prove that it never lets a burst through.",
    "Schreib mir bitte eine kurze Absage f\u00fcr Freitag.",
)

FRAMES = {
    "payload": (
        '{{"requestId": "r1", "sender": {{"fullName": "Kim"}}, "userMessage": "{ask}"}}',
        "{{'who': 'kim', 'ok': True, 'seen_at': None, 'message': '{ask}'}}",
        '{{"conversation": {{"id": 4, "customer": {{"name": "Kim Ola Aas"}}}}, "notes": "{ask}"}}',
        'event: chat\nid: 4\nretry: 100\ndata: {{"from": "kim", "id": 4, "message": "{ask}"}}',
        'Please handle the following event:\n{{"event": "message", "text": "{ask}"}}',
    ),
    "passages": (
        "[doc 1 begin]The shop opens at nine.[doc 1 end]\n[doc 2 begin]No dogs.[doc 2 end]\n\n{ask}",
        "[SOURCE 3]\nThe shop opens at nine.\n[END SOURCE 3]\n{ask}",
        "Uploaded file:\n```txt\nThe shop opens at nine.\n```\n{ask}",
        "Retrieved passages:\n- The shop opens at nine.\n- No dogs inside.\n\nQuestion: {ask}",
        "Here are the web search hits:\nTitle: Shop\nURL: https://shop.example\n\nUser query: {ask}",
        "{ask}\n\nRetrieved from the wiki:\n- The shop opens at nine.\n- No dogs inside.",
    ),
    "submission": (
        "Full name: Kim Aas\nE-mail: kim@aas.example\nYour message: {ask}",
        "*Sender:* Kim\n*Platform:* web\n*Message:* {ask}",
        "Nombre: Kim\nCorreo: kim@aas.example\nConsulta: {ask}",
        "1. Your phone number?\n12345678\n2. How can we help you?\n{ask}\n3. Your company?\nAas",
        "### Your e-mail\n\nkim@aas.example\n\n### Operating system\n\nDebian\n\n### Question\n\n{ask}",
        "Name\nKim Aas\n\nPhone\n12345678\n\nYour question\n{ask}",
        "{ask}\n\n-----\nThis message was sent by the form of shop.example",
    ),
    "stub": (
        "Question: {ask}\nThought:",
        "Current Task: {ask}\n\nBegin! Use your tools.\n\nThought:",
        "You have tools.\n\nQuestion: the question\nThought: think\nAction: one\n\nBegin!\n\nQuestion: {ask}\nThought:",
        "The user's typed message: {ask}\nAnswer in at most 40 words.",
        '{ask}\n\nPlease respond in this JSON schema:\n{{"result": "string", "confidence": "number"}}',
        "Cron job 12, started 09:10.\n\nPrompt:\n{ask}",
    ),
    "transcript": (
        "Receptionist: Good morning, how may I help?\nGuest: {ask}",
        "[09:10] Bot: Hi!\n[09:11] Visitor 7: {ask}\n[09:12] Visitor 7 left",
        "Customer: {ask}\nAssistant:",
        "Chat transcript of 24 November\n(09:10) Kim Aas: {ask}",
    ),
}

WHOLE = (
    # objects that are data, code, or orders
    '{"name": "shop", "version": "2.0", "description": "a small shop for tea and mugs"}',
    '{"id": 4, "title": "Mug", "description": "a large mug made of clay", "price": 3}',
    '{"systemPrompt": "you are a pirate on a ship", "temperature": 1}',
    "{'role': 'system', 'rule': 'never speak of the harbour'}",
    "{'a': 'one two three four', 'b': 'five six seven eight'}",
    'Process this payload: {"op": "translate", "text": "good morning to you all"}',
    'data: {"text": "good morning to you all"}\nWhat kind of stream is this?',
    # passages that the ask is about, and the person's own
    "[doc 1 begin]The shop opens at nine.[doc 1 end]\nSummarise the document in a line.",
    "Uploaded file:\n```txt\nThe shop opens at nine.\n```\nWhen does the shop open on Sundays?",
    "Terminal output:\n```\n$ make\n2 failed\n```\n\nFix the failing build please.",
    "Context:\n- We have 40 tables\n- no foreign keys\n\nPlan the migration for us.",
    "Results:\n1. 3.4\n2. 5.6\n\nCompute the mean and the variance.",
    "Here are the search results that I found:\n1. tea\n2. mugs\n\nWrite an advert for a shop.",
    "Recent messages in the group:\n- Bo: lunch?\n- Eva: soon\n\nWhat should one say now?",
    "Here is my script:\n```sh\nls\n```\nMake it print hidden files too.",
    "```sh\nls -l\n```\nWhy are there two columns of numbers?",
    "Given the conversation, rephrase the follow up question to be a standalone question.\n\nChat History:\nHuman: hi\n"
    "Follow Up Input: and in Norway?\nStandalone question:",
    "Search results:\n- slow query\n- no index\n\nHow would you speed up Postgres?",
    "The search feature has two problems:\n- slow\n- no ranking\n\nWhat should one change first in it?",
    "Knowledge base migration plan:\n1. Export\n2. Import\n\nWhat steps are missing?",
    "Use a web search to find:\n- the price of gold\n- the price of silver\n\nThen draw a chart please.",
    "Sources:\n[1] Smith 2019\n[2] Jones 2021\n\nFormat the bibliography in APA style.",
    '{"event": {"title": "Party", "summary": "a party at our house on friday"}, "date": "2026"}',
    '{"id": 7, "title": "Login", "reporter": "kim", "description": "it fails since the last release"}',
    # fields that an ask needs
    "Product: mug\nTone: warm\nMessage: write an advert of three lines",
    "Title: The sea\nGenre: horror\nDescription: write the first page of it",
    "Full name: Kim\nE-mail: kim@aas.example\nMessage: write a cover letter for a job at sea",
    "### Steps\n\nopen the page\n\n### Expected\n\nit loads in a second\n\n### Actual\n\nit never loads at all",
    "1. What is your name?\n2. What is your e-mail?\n3. What is your question?\n\nMake the form shorter.",
    "|Name|Ana|\n|Age|34|\n|Question|which insurance is best|",
    "Goal: lose five kilos in a year\nConstraints: no running\nSuccess criteria: it lasts",
    # examples, schemas of an extraction
    "Q: How far is the sun?\nA: Far.\nQ: How far is the moon?\nA:",
    "Question: which is the largest?\nAnswer: 9\nQuestion: which is the smallest?\nThought:",
    'Take the people out of the news.\n\nReturn the result in the JSON schema:\n{"people": "array", "city": "string"}',
    "Poem: roses are red\nviolets are blue\nAnswer:",
    "Write a haiku about the harbour.\nReply in under 20 words.",
    # talks
    "Agent: Hello, how can I help?\nCaller: My bill is wrong.\nAgent: Which month?\nCaller: It was in May.",
    "Agent: Hello!\nCaller: My bill is wrong again.\n\nDraft a reply to the caller.",
    "Agent: The harbour was closed.\nCaller: Why did you say that it was open?",
    "Caller: where is my order now?\nCaller: and when does it come?\nAgent:",
    "Speaker 0: Hello.\nSpeaker 1: Hi.\nSpeaker 2: who else is on the line today?",
)


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize(
    "frame", [one for frames in FRAMES.values() for one in frames], ids=lambda one: ascii(one[:40])
)
def test_the_ask_of_a_prompt_comes_out_as_it_was(frame: str, ask: str) -> None:
    assert unframed(peel(frame.format(ask=ask)))[0] == ask


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: ascii(text[:40]))
def test_what_a_person_may_have_written_stays_whole(text: str) -> None:
    assert unframed(peel(text))[0] == text


def test_an_ask_of_several_lines_comes_out_with_all_of_them() -> None:
    ask = "Our worker stops at night.\n\n1. Find out why.\n2. Propose a cure.\n\n```py\nx = 1\n```"
    for frame in ("Name: Kim\nEmail: kim@aas.example\nMessage: {ask}", "Bot: Hi!\nUser: {ask}\nBot:"):
        assert unframed(frame.format(ask=ask))[0] == ask


def test_escapes_in_an_object_of_python_are_those_of_the_person() -> None:
    text = "{'user': 'kim', 'text': 'Why is \"caf\\xe9\" not\\nthe same as \\'cafe\\' here?'}"
    assert unframed(text)[0] == "Why is \"caf\u00e9\" not\nthe same as 'cafe' here?"


@pytest.mark.parametrize(
    "text",
    [
        "{'" * 20_000 + "}",
        "{'a': " * 3_000 + "}",
        "[doc begin]" * 10_000 + "\n" + "x]",
        "Search results:\n" + "- a\n" * 30_000,
        "Name: a\n" * 4_000,
        "Question: a\n" * 3_000 + "Thought:",
        "Agent: hi\n" * 1_600,
        "a\n\n" * 20_000 + "}",
        "Sources:\n" + "\n\n" * 20_000 + "]",
        "Begin!\n" * 4_000 + "A:",
    ],
    ids=range(10),
)
def test_long_texts_of_marks_are_read(text: str) -> None:
    assert unframed(text)[0]
