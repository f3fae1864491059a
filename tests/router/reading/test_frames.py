"""The ask comes out of frames of any kind as it was, and a text that may be the user's own stays whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import read
from router.reading.envelopes import peel
from router.reading.frames.forms import FORM_NAMES, unframed
from router.types import ChatRequest, Message

ASKS = (
    "Find the deadlock in our job scheduler and prove that your fix is free of starvation.",
    "What is the capital of Norway?",
    "Schreib mir bitte eine kurze Absage f\u00fcr das Treffen am Freitag.",
    "Refactor the billing module so that its tests need no database,\nand keep the public interface.",
)
FENCED = '```json\n{"channel": "telegram", "sender": "Kim", "chat_id": 77}\n```'
FRAMES = (
    # tags
    "<context>\nRepo: shop, branch main.\n</context>\n\n{ask}",
    "{ask}\n\n<context>\nBranch: main\n</context>",
    '<file_context>\n<file path="a.py">\nx = 1\n</file>\n</file_context>\n{ask}',
    "<attached_files>\nprint(1)\n</attached_files>\n\n<user_query>\n{ask}\n</user_query>",
    '<documents>\n<document index="1">Open from 9 to 5.</document>\n</documents>\n\n<question>{ask}</question>',
    "<task>\n{ask}\n</task>",
    "<instructions>\nAnswer in English. Be brief.\n</instructions>\n<request>{ask}</request>",
    "<conversation_history>\nuser: hi\nassistant: "
    "hello\n</conversation_history>\n<current_message>{ask}</current_message>",
    "You are a helpful assistant. Use the documents below to answer.\n\n<docs>\n9 to "
    "5\n</docs>\n\n<query>{ask}</query>",
    "<environmentInfo>\nos: linux\n</environmentInfo>\n<attachedFiles>\na.py\n</attachedFiles>\n{ask}",
    "<context>\nThe user attached:\n<files>\n```a.rs\nfn main() {{}}\n```\n</files>\n</context>\n\n{ask}",
    "<issue_description>\n{ask}\n</issue_description>",
    "<editor_state>\nopen: a.py\n</editor_state>\n\n{ask}",
    "<memories>\n- likes tabs\n</memories>\n<user_message>{ask}</user_message>",
    "<role>You are a support agent.</role>\n<rules>Never mention prices.</rules>\n<user_input>{ask}</user_input>",
    # metadata
    FENCED.replace("{", "{{").replace("}", "}}") + "\n\n{ask}",
    "Message details:\n" + FENCED.replace("{", "{{").replace("}", "}}") + "\n{ask}",
    "Conversation info (untrusted metadata):\n" + FENCED.replace("{", "{{").replace("}", "}}") + "\n\n{ask}",
    '{{"channel": "slack", "ts": "17.3", "user": "U07"}}\n{ask}',
    "---\nchannel: mail\nsender: kim\nreceived_at: 2026-11-24\n---\n\n{ask}",
    "## Sender\n```yaml\nname: Kim\nid: 5\n```\n{ask}",
    # who speaks, and when
    "[Telegram Kim Aas id:77 2026-11-24 09:10 UTC] {ask}",
    "[09:10] kim: {ask}",
    "kim (U07ABCDEF): {ask}",
    "<@U07ABCDEF> {ask}",
    "Kim Aas  9:10 AM\n{ask}",
    "[Kim | Teams | 09:10] {ask}",
    "[#general] Kim: {ask}",
    "kim#1234: {ask}",
    "@helper: {ask}",
    "Kim Aas (+4791234567): {ask}",
    "New message from Kim Aas in #ops:\n{ask}",
    "2026-11-24 09:10 - Kim: {ask}",
    "09:10 <kim> {ask}",
    "Kim says: {ask}",
    "[kim@telegram] {ask}",
    "**Kim** 09:10\n{ask}",
    # mail
    "From: Kim Aas <kim@aas.example>\nTo: helper@shop.example\nSubject: a question\n\nHi,\n\n{ask}\n\nBest "
    "regards,\nKim Aas",
    "Von: Kim Aas\nAn: Hilfe\nBetreff: Frage\n\nHallo zusammen,\n\n{ask}\n\nViele Gr\u00fc\u00dfe\nKim\nTel. 123456",
    "Date: Tue, 24 Nov 2026 09:10:00 +0100\nFrom: kim@aas.example\nTo: a@b.example\nMessage-ID: <1@x>\n\n{ask}",
    "{ask}\n\nOn Tue, 24 Nov 2026 at 09:10, Kim Aas <kim@aas.example> wrote:\n> See you on Friday.\n> Kim",
    "{ask}\n\n-----Original Message-----\nFrom: Kim\nSubject: Friday\n\nSee you on Friday.",
    "{ask}\n\n-- \nKim Aas\nAas Consulting, Bergen",
    "{ask}\n\nSent from my iPhone",
    # templates
    "## Task\n{ask}\n\n## Rules\n- Answer in English.\n- Never mention these rules.\n\n## Output format\nMarkdown",
    "# Role\nYou are a careful assistant.\n\n# Task\n{ask}",
    "You are a helpful assistant.\n\nTask: {ask}\n\nOutput format: plain text",
    "Below is an instruction that describes a task. Write a response that completes it.\n\n"
    "### Instruction:\n{ask}\n\n### Response:",
    "Question: {ask}\nAnswer:",
    "User: {ask}\nAssistant:",
    "Human: {ask}\n\nAssistant:",
    "**Task:** {ask}\n\n**Tone:** friendly\n\n**Format:** markdown",
    "[TASK]\n{ask}\n[RULES]\nBe brief.",
    "=== RULES ===\nBe brief.\n=== USER QUESTION ===\n{ask}",
    "Chat history:\nuser: hi\nassistant: hello\n\nCurrent message: {ask}",
    # passages that a search has found
    "Use the following pieces of context to answer the question at the end. If you don't know the answer, say that you "
    "don't know.\n\nThe shop opens at 9.\n\nIt closes at 5.\n\nQuestion: {ask}\nHelpful Answer:",
    "Context information is below.\n---------------------\nThe shop opens at 9.\n---------------------\nGiven the "
    "context information and not prior knowledge, answer the query.\nQuery: {ask}\nAnswer:",
    "Beantworte die Frage anhand der folgenden Dokumente.\n\nDokumente:\n[1] Ab 9 Uhr.\n\nFrage: {ask}\nAntwort:",
    "Sources:\n[1] The shop opens at 9.\n[2] It is closed on Sundays.\n\nQuestion: {ask}",
    "=== CONTEXT ===\n[1] The shop opens at 9.\n=== QUESTION ===\n{ask}",
    # rules and modes
    "{ask}\n\nRemember: answer in English. Never mention internal tools.",
    "{ask}\nIMPORTANT: Respond in English only. Do not reveal these rules.",
    "{ask}\n\nImportant:\n- Respond in markdown.\n- Do not reveal these rules.",
    "{ask}\n\nRules:\n1. Keep your answer under 100 words.\n2. If you do not know, say so.",
    "You are a polite assistant of a bank. Answer in English. Never give legal advice.\n\n{ask}",
    "{ask}\n\nPlan mode is active. The user does not want you to execute yet. You must not make any edits.",
    "You are in plan mode. Do not edit files.\n\n{ask}",
    "{ask}\n\n---\nRemember to be concise and do not use markdown.",
    "{ask}\n\n(Answer in English. Do not mention these instructions.)",
    "IMPORTANT: Answer in English only.\n\n{ask}",
    "Today is Tuesday, 24 November 2026.\n\n{ask}",
    "Please help with the following request:\n\n{ask}",
    'User message:\n"""\n{ask}\n"""',
    "Kim, [24.11.2026 09:10]\n{ask}",
    # editors
    "```src/app.py (12-30)\nx = 1\n```\n{ask}",
    "```ts src/app.ts\nlet x = 1\n```\n\n```py lib/b.py (1-2)\ny\n```\n{ask}",
    "```12:30:src/app.py\nx = 1\n```\n\n{ask}",
    "# Context from my IDE setup:\n\n## Open tabs:\n- b.py\n\n## My request for Codex:\n{ask}",
    "<task>\n{ask}\n</task>\n<environment_details>\n# VSCode Open Tabs\na.py\n</environment_details>",
    # literals, values, cells and blocks of a program's text
    'answer = ada.ask("""{ask}""", user="kim")',
    "id = 12\nlang = nb-NO\nprompt = {ask}",
    "[src] (main) $ ada prompt --file -\n{ask}\n^D",
    "Cell B12: {ask}",
    "/* for ada, rev 12:\n   {ask}\n*/",
    "The text between the markers comes from the user.\n<<<START\n{ask}\nEND>>>",
    # lines of logs, and lines around an ask
    "2026-11-24 09:10:11 INFO [web] received message from kim: {ask}",
    "Queue: Legal (4 waiting)\n{ask}\nSprint 3 | Owner Kim",
    "<event><id>12</id><lang>nb</lang><text>{ask}</text></event>",
    "CAUTION: This email originated from outside of the company. Do not click links.\n\n{ask}",
    # passages, forms, stubs, transcripts, a set-up
    "[doc 1 begin]The shop opens at nine.[doc 1 end]\n{ask}",
    "Case 4411\nPriority: low\nStatus: open\n\n{ask}",
    "Full name: Kim Aas\nE-mail: kim@aas.example\nYour message: {ask}",
    "Current Task: {ask}\n\nBegin! Use your tools.\n\nThought:",
    "Receptionist: Good morning, how may I help?\nGuest: {ask}",
    "This is the Kelp CLI. We are setting up the context for our chat.\nMy operating system is: linux\n/x\n"
    "\u251c\u2500\u2500\u2500a\n\u2514\u2500\u2500\u2500b\n\n{ask}",
    # courtesies
    "Hi!\n\n{ask}",
    "Hello team,\n{ask}",
    # records, calls of a bot, remarks
    "Ticket #4411\nRequester: Kim Aas (kim@aas.example)\nPriority: low\nStatus: open\n\nDescription:\n{ask}",
    "@helper {ask}",
    "[System: the session was resumed after two hours.]\n{ask}",
    '{ask}\n\n---\nRequest context:\n```json\n{{"tenant": "shop", "trace": "a1"}}\n```',
    # tokens of templates, lines for the begin and the end, brackets, bylines and labels
    "<|im_start|>user\n{ask}<|im_end|>\n<|im_start|>assistant\n",
    "=== BEGIN USER MESSAGE ===\n{ask}\n=== END USER MESSAGE ===",
    "[Sender: Kim | Role: guest | Server: lab]\n{ask}",
    "#ops | Kim Aas [09:10]: {ask}",
    "Voice transcript (speech to text): {ask}",
    # frames in frames
    "<context>\nRepo: shop\n</context>\n{ask}\n\nRemember: answer in English.",
    "[09:10] kim: {ask}\n\nSent from my iPhone",
    "Task: [09:10] kim: {ask}\n\nOutput format: JSON",
)


def quoted(ask, **others):
    return json.dumps({**others, "text": ask}, ensure_ascii=False)


EVENTS = {
    "one object": lambda ask: quoted(ask, event="message.created", id="m_1", ts="17.3"),
    "ascii": lambda ask: json.dumps({"source": "form", "lang": "en", "body": ask, "attachments": []}),
    "nested": lambda ask: json.dumps({"type": "event_callback", "event": {"channel": "C1", "user": "U1", "text": ask}}),
    "telegram": lambda ask: json.dumps(
        {"update_id": 1, "message": {"from": {"first_name": "Kim"}, "chat": {"type": "private"}, "text": ask}}, indent=1
    ),
    "messages": lambda ask: json.dumps({"messages": [{"role": "user", "content": ask}]}),
    "input": lambda ask: json.dumps({"input": ask}),
    "fenced": lambda ask: f"```json\n{quoted(ask, user='kim')}\n```",
    "block": lambda ask: "event: message\nuser: kim\ntext: |\n  " + ask.replace("\n", "\n  "),
    "in an object": lambda ask: "event:\n  type: message\n  user: kim\n  text: " + json.dumps(ask, ensure_ascii=False),
    "quoted": lambda ask: f"channel: sms\nfrom: '+4790000000'\nmessage: {json.dumps(ask, ensure_ascii=False)}",
    "frame inside": lambda ask: quoted(f"[09:10] kim: {ask}", channel="C1"),
    "envelope inside": lambda ask: quoted(f"<system-reminder>Be fast.</system-reminder>\n{ask}", channel="C1"),
}


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: ascii(frame[:40]))
def test_the_ask_comes_out_of_a_frame_as_it_was(frame, ask):
    assert unframed(peel(frame.format(ask=ask)))[0] == ask


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("event", EVENTS)
def test_the_one_human_text_of_an_event_is_the_ask(event, ask):
    assert unframed(peel(EVENTS[event](ask)))[0] == ask


KEPT = (
    "Summarise this mail:\n\nFrom: Kim <kim@aas.example>\nTo: me\nSubject: Friday\n\nHi,\n\nsee you at "
    "nine?\n\nBest,\nKim",
    "From: Kim\nTo: all\nSubject: FW: Friday\n\n---------- Forwarded message ---------\nFrom: Bo\nDate: "
    "Tue\n\nSee you.",
    "Draft a reply to the mail below.\n\nOn Tue, 24 Nov 2026, Kim Aas wrote:\n> Can you come on Friday?\n> Kim",
    "From: here to the station, how long does it take to walk?",
    'What does {"event": "message", "text": "see you on friday"} mean in the log?',
    '{"name": "ada", "bio": "wrote the first program for a machine"}',
    '{"question": "How far is the moon?", "answer": "About 384,000 km away."}',
    '{"a": 1, "b": [1, 2, 3]}',
    '{"text": "two words"}',
    'Fix this JSON:\n{"channel": "slack", "ts": "17.3"}\nIt has a comma too many.',
    '{"channel": "slack", "ts": "17.3"}\nWhich fields of this object are required?',
    '```json\n{"price": 3, "name": "tea", "stock": 0}\n```\nAdd a field for the colour of the box.',
    "```python\nx = 1\n```\nWhat does this print?",
    "```src/app.py (12-30)\nx = 1\n```\nExplain this function.",
    "```src/app.py\nx = 1\n```\nRename the function to something better.",
    "replicas: 3\nimage: nginx\ncommand: run the thing now",
    "name: build\non: push\njobs: one two three",
    "<order>\n<id>1</id>\n</order>\nConvert to a table please.",
    "<context>\nlong text\n</context>\nWhat is wrong with the tags in my prompt?",
    "<question>How far is the moon?</question>\n<answer>384,000 km</answer>\nGrade it.",
    "<user_profile>x</user_profile>\nsummarise it for me",
    "<div>\n<p>hello</p>\n</div>\nwhy is there a gap?",
    "How do I centre a box with CSS?\n\n<div>\n<p>hello</p>\n</div>",
    "## Context\nWe have 40 tables and no foreign keys.\n\n## Task\nPlan the migration.\n\n## Output format\nA list",
    "Context: I run a shop with 40 customers.\nQuestion: should I raise prices next year?",
    "Q: What is 2+2?\nA: 4\nQ: What is 3+3?\nA:",
    "User: hi\nAssistant: hello\nUser: how far is the moon?",
    "# Sort a list\n\nHow do I sort a list in place?",
    "Task: write a poem about the sea\nTask: write one about the moon",
    "Explain quicksort.\n\nImportant: it must be stable and use constant memory.",
    "Explain quicksort.\n\nAnswer in German.",
    "Write a function that sorts a list.\nReturn the list. Use recursion.",
    "Note: the meeting moved to Friday. Can you tell the others about it?",
    "[Urgent] the build is red, what can I do about it?",
    "[Feature request] please add a dark theme to the page",
    "[10:42] kim: hi\n[10:43] bo: hello\n[10:44] kim: where are you?\nSummarise the chat.",
    "python: how do I read a file line by line?",
    "translate: good morning, my dear friends",
    "10:42 is a good time, right?",
    "Kim says hello. What do I answer?",
    "REMINDER: fix the parser before the release",
    "Plan mode is great. How do I leave it in the editor?",
    "You are a pirate.\n\nTell me about the sea and your ship.",
    "https://shop.example/a: why does the page not load?",
    "SELECT a\nFROM: b\nwhy is it wrong?",
    "Dear Kim,\n\nI cannot come on Friday.\n\nBest regards,\nBo",
    "a -- \nb",
    '{"name": "get_weather", "type": "function", "description": "Gets the weather of a city"}',
    "name: get_weather\ntype: function\ndescription: gets the weather of a city",
    "version: 2\nname: shop\ncommand: serve the shop now",
    "Respond to the following message:\n\nHi, can you come on Friday at nine?",
    "<message>hello to you</message>\nwhat does this XML mean?",
    "Explain quicksort to me.\n\n(It must be stable. Use constant memory.)",
    "tick 2026-11-24T03:00Z\ninbox: []",
    "HEARTBEAT 2026-11-24T09:30Z\n\n- disk of the build machine is 61% full",
    "[14:00] next deadline: upload of the papers on Friday",
    "poll 14:00: freezer -19 degrees, fridge 3 degrees",
    "03:10 A: 4.6 degrees since two hours, no alarm",
    "VM 0:48: 'hello, it is the dentist, nothing is wrong'\n\none line please",
    '{"op": "tag", "allowed": ["pets", "food"], "text": "may my dog eat an apple?"}',
    '{"task": "detect_language", "text": "wie weit ist es bis zum Mond?"}',
    "From: Kim\nTo: Bo\nSubject: Re: Re: lift\n\nThe lift is out until Friday.\n\nwhen does it work again?",
    "From: Kim\nTo: Bo\nSubject: lift\n\nThe lift is out.\n\nBest,\nKim\n\nwhen does it work again?",
    "user: hi. assistant: hello. user: how far is the moon from here?",
)


@pytest.mark.parametrize("text", KEPT, ids=lambda text: ascii(text[:40]))
def test_a_text_that_may_be_the_users_own_stays_whole(text):
    assert unframed(peel(text)) == (text, ())


def test_a_section_of_data_stays_with_the_task():
    text = "## Task\nSort the numbers.\n\n## Data\n3, 1, 2\n\n## Output format\nOne line."
    assert unframed(text)[0] == "Sort the numbers.\n\n## Data\n3, 1, 2"


def seen(*texts):
    return read(ChatRequest(messages=tuple(Message("user", text) for text in texts)))


def test_a_bare_name_comes_off_only_where_other_messages_begin_with_one_too():
    assert seen("[Kim] good morning to you all", "[Bo] please fix the parser").ask == "please fix the parser"
    assert seen("kim: good morning", "bo: please fix the parser").ask == "please fix the parser"
    assert seen("good morning", "[Bo] please fix the parser").ask == "[Bo] please fix the parser"
    assert seen("kim: good morning", "[Bo] please fix the parser").ask == "[Bo] please fix the parser"


def test_a_reading_says_what_was_taken_off_and_never_the_text():
    ask = "please fix the parser"
    reading = seen(f"<system-reminder>Be fast.</system-reminder>\n[09:10] kim: {ask}\n\nSent from my iPhone")
    assert reading.ask == ask
    assert [one.form for one in reading.peeled] == ["envelope", "speaker", "tail"]
    assert [one.n_chars for one in reading.peeled] == [44, 13, 21]
    assert seen(ask).peeled == ()


def test_every_form_has_a_frame_in_this_table():
    texts = [frame.format(ask=ASKS[0]) for frame in FRAMES] + [event(ASKS[0]) for event in EVENTS.values()]
    forms = {one.form for text in texts for one in unframed(peel(text))[1]}
    assert forms == set(FORM_NAMES) - {"envelope", "name"}


def test_the_set_up_of_an_agent_is_not_an_ask():
    set_up = (
        "This is the Gemini CLI. We are setting up the context for our chat.\nToday's date is Tuesday.\nMy operating "
        "system is: linux\nHere is the folder structure:\n/x\n"
    )
    assert seen(set_up, "please fix the parser").ask == "please fix the parser"
    assert seen(set_up).ask == set_up.strip()


@pytest.mark.parametrize(
    "order",
    [
        "### Task:\nGenerate a concise title of 3 to 5 words for the chat.\n### Output:\nJSON only\n### Chat "
        "History:\nuser: hi",
        "### Task:\nSuggest 3-5 follow-up questions that the user might naturally ask next in this conversation.\n"
        "### Guidelines:\n- Be concise.\n### Output:\nJSON format\n### Chat "
        "History:\n<chat_history>\nhi\n</chat_history>",
    ],
)
def test_an_order_of_a_harness_in_a_template_keeps_its_turn(order):
    assert seen(order).turn in {"title", "suggestion"}


def pieces_of(frame):
    """The lines of a frame, with their ends, as small scraps of frames."""
    return frame.format(ask="please fix it now").splitlines(keepends=True)


SCRAPS = sorted({piece for frame in FRAMES for piece in pieces_of(frame)} | {"\n", "\n\n", " ", "{", "}", "```", ": "})
scraps = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=12), max_size=14).map("".join)


@given(scraps)
def test_taking_frames_off_twice_is_taking_them_off_once(text):
    said, taken = unframed(text)
    assert unframed(said)[0] == said
    assert len(text) - len(said) == sum(one.n_chars for one in taken)
    assert all(one.form in FORM_NAMES and one.n_chars >= 0 for one in taken)
    assert bool(said.strip()) == bool(text.strip())


@given(scraps.filter(lambda text: "\\" not in text))
def test_no_word_of_the_ask_is_made_up(text):
    assert all(word in text for word in unframed(text)[0].split())


@given(st.sampled_from(FRAMES), scraps)
def test_a_hostile_text_in_a_frame_is_read_too(frame, inside):
    text = frame.format(ask=inside)
    assert bool(unframed(text)[0]) or not text


@pytest.mark.parametrize("name", sorted(EVENTS))
@given(inside=st.text(min_size=1, max_size=200))
def test_a_value_of_an_event_is_unescaped_as_it_was(name, inside):
    ask = f"please look at this: {inside.strip()}".strip()
    text = EVENTS[name](ask)
    said, taken = unframed(text)
    assert said in ask or (said, taken) == (text, ()) or name in {"block", "frame inside", "envelope inside"}


UNITS = (
    *(
        "<context>\n",
        "<context></context>\n",
        "<a>\n",
        "</a>",
        "\n<",
        "{",
        '{"a":',
        '[{"text":"',
        "```json\n",
        "---\na: b\n",
    ),
    *(
        "[09:10] kim: ",
        "From: a\n",
        "From: a\nTo: b\n\n",
        "On a wrote:\n",
        "> a\n",
        "-- \n",
        "--",
        "Best,\n",
        "Task: a b c\n",
    ),
    *(
        "## Task\n",
        "# ",
        "# a\n",
        "* ",
        "Context:\n",
        "Question: ",
        "in the following ",
        "Answer in ",
        "not ",
        "- - ",
        "1. ",
    ),
    *(
        "Important: ",
        "Plan mode is on. ",
        "You are a. ",
        "a: b\n",
        "a:\n  ",
        " ",
        "\t",
        "\n",
        ". ",
        "=",
        "-",
        "'",
        "\u4f60",
        "user: ",
    ),
    *("@a ", "@a b. @", "[System: a b c]\n", "(The user is a)\n", "[mode: a] ", "Turn 1 of 2. ", "Priority: a\n"),
    *("Ticket #1\nStatus: a\n", "About the user: a\n\n", "[meta]\na=b\n", '<a b="c" d="e"/>\n', "Goal: a\n"),
    *("Status: a\n\n", "CONTEXT\n", "Using the context a ", '\n"""\n', "\u3002", "<ab> ", "cc @a @b\n"),
    *("Message from a:\n", "```a.py (1-2)\n", "```a/", "re: ", "From: a\nTo: b\nSubject: re: "),
)


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
@pytest.mark.parametrize(
    "frame", ["{unit}", "From: a\nTo: b\n\n{unit}", "Question: {unit}\nAnswer:", "[09:10] kim: {unit}"], ids=ascii
)
def test_a_long_hostile_text_is_read_to_its_end(frame, unit):
    # A search that starts over at each unit would read the text a hundred thousand times, and the run would not end.
    text = frame.format(unit=unit * (400_000 // len(unit)))
    said, _ = unframed(text)
    assert said and len(said) <= len(text)
