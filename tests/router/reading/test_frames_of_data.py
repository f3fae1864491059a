"""Data, settings and orders next to a person's words stay with them; a program's metadata comes off."""

from __future__ import annotations

import json

import pytest

from router.reading.envelopes import peel
from router.reading.frames.asking import is_asking
from router.reading.frames.forms import unframed

ASK = "What is the capital of Norway, and since when?"
OFF = (
    json.dumps({"id": 5, "ts": "17.3", "sender": {"name": "Kim"}, "text": ASK, "thread": None, "attachments": []}),
    json.dumps({"prompt": ASK, "model": "m-1", "temperature": 0.4, "max_tokens": 200, "stream": False}),
    json.dumps({"role": "user", "content": ASK}),
    json.dumps({"type": "message", "lang": "nb", "date": "2026-11-24", "user_id": 7, "body": ASK}),
    json.dumps({"channel": "sms", "from": "+4790000000", "to": "+4790000001", "message": ASK}),
    json.dumps({"session": "9f31", "frob": "9f3c22ab17", "seen": "2026-11-24T09:10Z", "input": ASK}),
    f"channel: mail\nsender: Kim\ntype: inbound\nmessage: {ASK}",
    f"---\nlang: nb\nsession: 9f31\n---\n{ASK}",
    f"[input]\nsession = 9f31\nlanguage = nb\nprompt = {ASK}",
    f"| user | date | question |\n|---|---|---|\n| kim | 24 May | {ASK} |",
    f'sender,lang,text\nkim,nb,"{ASK}"',
    f'<update><chat type="private"/><message_id>5</message_id><text>{ASK}</text></update>',
    f'2026-11-24 09:10:11 INFO [bot] user=kim msg="{ASK}" session=9f31',
    f'question = "{ASK}"',
    f'let prompt = "{ASK}";',
    f'bot.chat("{ASK}", model="m-1", temperature=0.3)',
    f'$ askbot "{ASK}"',
    f'$ zed --question "{ASK}"',
    f'$ printf "{ASK}" | gpt-cli --stream',
    f"// notes/a.md, for ada\n// {ASK}",
    f"/* file a.c, rev 2\n   {ASK}\n*/",
    f'Text of the user.\n"""\n{ASK}\n"""\nAnswer in English.',
    f"<instructions>Answer in English.</instructions>\n<query>{ASK}</query>",
    f"!ada {ASK}",
    f"{ASK} @helper",
)


@pytest.mark.parametrize("text", OFF, ids=lambda text: ascii(text[:40]))
def test_what_a_program_adds_comes_off(text: str) -> None:
    assert unframed(peel(text))[0] == ASK


OBJECTS = (
    {"id": 3, "text": "The tea was cold and late", "label": None},
    {"user": "kim", "text": "The tea was cold and late", "mood": "?"},
    {"prompt": "Write a poem about the tide", "answer_text": ""},
    {"role": "system", "content": "You answer as a sailor does"},
    {"id": 3, "message": "Cannot open the file a.txt", "type": "OSError"},
    {"ts": "17.3", "level": "error", "message": "The disk is full again"},
    {"statusCode": 404, "message": "The page was not found"},
    {"text": "See you on Friday then", "to": "nb"},
    {"text": "See you on Friday then", "from": "en", "to": "nb", "id": 4},
    {"from": "Oslo", "to": "Bergen", "user": "kim", "question": "Which train do we take?"},
    {"question": "How far is the moon?", "language": "Norwegian", "id": 4},
    {"prompt": "something on a cat and rain", "kind": "sonnet", "user": "kim"},
    {"x": 3, "y": 4, "id": 1, "question": "what is the sum of both?"},
    {"user": "kim", "amounts": [3, 4, 5], "question": "what is the mean here?"},
    {"user": "kim", "cart": {"tea": 3}, "question": "what do we pay now?"},
    {"user": "kim", "weight": 22, "question": "how much of it may I take?"},
    {"url": "https://a.example/b", "prompt": "tell me what it says"},
    {"temperature": 39.2, "user": "kim", "question": "should we call a doctor?"},
    {"tone": "grim", "prompt": "write a tale of two cats"},
    {"n": 5, "user": "kim", "prompt": "list rivers of the north"},
    {"query": "query { user { name } }", "variables": {}},
    {"user": "kim", "flight": "SK4411", "question": "is it late again today?"},
    {"id": 4, "target_language": "nb-NO", "text": "See you on Friday then"},
    {"user": "kim", "start": "2026-11-24T09:10Z", "text": "how long is it until then?"},
    {"user": "kim", "launch_date": "24 May", "text": "write a post on it please"},
    {"user": "kim", "convert_from": "nb-NO", "text": "See you on Friday then"},
    {"order_id": 7, "text": "where is my order now?"},
    {"user": "kim", "project": "Fjord", "text": "a slogan for the project please"},
)


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: ascii(str(value)[:50]))
def test_an_object_with_data_for_the_ask_stays_whole(value: dict[str, object]) -> None:
    text = json.dumps(value)
    assert unframed(peel(text))[0] == text


WHOLE = (
    # fields and front matter
    "values: 3, 4, 5\nid: 4\nprompt: what is the mean here?",
    "from: NOK\nto: SEK\nquestion: how much is a thousand?",
    "type: sonnet\nprompt: something on a cat and rain",
    "role: sailor\ncontent: tell me where the treasure is",
    "Text: the tea was cold\nLabel:",
    "---\nlang: nb\nversion: 2\n---\nWe walked home in the rain.",
    # settings
    "lang = nb\ntext = See you on Friday then",
    "p = 0.04\nn = 30\nquestion = is that a significant result?",
    "[alert]\nlevel = error\nmessage = the pump has stopped again",
    "city = Oslo\nquestion = what do I wear today then",
    # tables
    "| text | sentiment |\n|---|---|\n| The tea was cold and late | ? |",
    "lang,text\nnb,See you on Friday then",
    "date,message\n2026-11-24,We meet at the quay at nine",
    "Sheet: Costs\n14\t30\tadd the two numbers up\t9",
    "Sheet: Log\nERROR\tthe pump has stopped again\t9",
    "Table: pupils\nid\tname\tmake an index on both",
    "File: a.py\n14\tmend the fault in that line",
    "Cell B4: =SUM of the rows is wrong, why?",
    "Cell B4: the total is too low for June, why?",
    # markup
    "<note><to>Bo</to><from>Kim</from><body>Do not forget the milk today</body></note>",
    '<item id="3" lang="nb"><text>Vi ses igjen til uka</text></item>',
    '<question type="mcq" id="3"><text>What is 2+2 in base 3?</text></question>',
    # logs
    '2026-11-24T09:10:11Z level=warn msg="the disk is nearly full" host=a1',
    '2026-11-24T09:10:11Z msg="the disk is nearly full" host=a1',
    "2026-11-24 09:10:11 INFO request failed: no route to that host",
    "2026-11-24 09:10:11 INFO received request: please restart the pod\nwhat went wrong here?",
    "2026-11-24 09:10:11 I came home and said: what a day it was",
    # code
    'prompt = f"Shorten the text: {body}"',
    '$question = "Where do you live, $user?";',
    'const question = "the owner of the value";',
    'question := "the type of the value"',
    'function ask() {\n  return "How are you all today?"\n}',
    'def question(): return "How are you all today?"',
    'generate("a grey cat in the rain", width=640, height=480)',
    'generate("a grey cat in the rain", 640, 480)',
    'talk("I am the queen of the sea", voice="high")',
    'db.query("all pupils older than nine")',
    "INSERT INTO posts (id, content) VALUES (1, 'Good morning to all of you');",
    # commands
    '$ jj -m "fix the login of new users"',
    '$ kak -c "set numbers and wrap lines"',
    '$ nvim +"set numbers and wrap"',
    '$ zed "the notes of last week"',
    '$ echo "a cat sat on a mat" | sha256sum',
    '$ echo "a cat sat on a mat" | countit',
    "$ countit\na cat sat\non a mat\n^D",
    "$ countit <<EOF\na cat sat on a mat\nEOF",
    ">>> greet('Kim')\nText: good morning, my friend",
    # comments
    "// a.js, by kim\n// the loop is slow\n// for long lists",
    "/* a.c, rev 3\n * Sorts the rows of a table.\n */",
    # marks
    '"""Return the mean of some numbers."""',
    "'''\nHelpers for dates and times.\n'''",
    "{{{ name of the customer }}}",
    "<<<<<<< ours and theirs now >>>>>>>",
    '"""\nThe cat sat on a mat.\n"""\nWrite in Spanish.',
    "<<<\nLe chat dort sur le lit.\n>>>\nReply in English.",
    "```text\na cat sat on a mat\n```\nRespond in JSON.",
    # tags
    "<instructions>Translate into Norwegian</instructions>\n<query>See you on Friday then</query>",
    "<system>Say whether it is spam</system>\n<user>You have won a prize today</user>",
    "<style>Ibsen</style>\n<prompt>Write about the sea</prompt>",
    "<role>Sailor</role>\n<query>Where is my boat</query>",
    "<format>one word</format>\n<query>capital of Norway</query>",
    "<source>let y = 2</source>\n<task>rename y to z in it</task>",
    "<history>Kim: 5 kr, Bo: 7 kr</history>\n<question>Who paid more then?</question>",
    "<code_changes>-a\n+b</code_changes>\nwrite a commit message for me",
    "<rules><rule>no letter e</rule></rules>\nWrite a sentence about cats",
    # calls and names
    "!pip install numpy fails here, why?",
    "!ada install does not work, why?",
    "/imagine a grey cat in the rain",
    "Assistant: good day, how can I help you?",
    "bot: good day, how can I help? Go on as an angry guest",
    "@kim Happy birthday my friend! Make it rhyme",
    "Write a tweet thanking them. @acme_shop @bo",
)


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: ascii(text[:40]))
def test_a_text_with_data_or_an_order_of_its_own_stays_whole(text: str) -> None:
    assert unframed(peel(text))[0] == text


@pytest.mark.parametrize(
    "text", ["why is it slow", "please fix the loop", "Schreib mir eine Absage", "the loop is slow?", "请帮我写一封信"]
)
def test_questions_and_orders_ask(text: str) -> None:
    assert is_asking(text)


@pytest.mark.parametrize(
    "text", ["the loop is slow", "Name of the customer", "see https://a.example/?q=1", "Le chat dort sur le lit."]
)
def test_statements_and_names_do_not_ask(text: str) -> None:
    assert not is_asking(text)
