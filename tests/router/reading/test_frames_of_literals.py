"""The ask that is the one literal, value, cell or block of a text that a program made; pasted code and data stay."""

from __future__ import annotations

import json

import pytest

from router.reading.envelopes import peel
from router.reading.frames.forms import unframed

ASKS = (
    "Find the deadlock in our job scheduler and prove that your fix is free of starvation.",
    "What is the capital of Norway?",
    'Schreib mir bitte eine "kurze" Absage f\u00fcr das Treffen am Freitag.',
    "Refactor the billing module so that its tests need no database,\nand keep the public interface.",
)
ESCAPED = (
    'prompt = "{ask}"',
    'const question: string = "{ask}";',
    'answer = ada.ask("{ask}", user="kim")',
    'r = await client.complete({{ prompt: "{ask}", temperature: 0.2 }});',
    'ada(\n    "{ask}",\n    lang="nb-NO",\n    timeout=30,\n)',
    '(ask \'ada "{ask}" :session 12)',
    'resp = client.messages.create(model="m-1", max_tokens=200, messages=[{{"role": "user", "content": "{ask}"}}])',
    '$ ada ask "{ask}"',
    'kim@linux:~/src$ ada -m auto "{ask}"',
    'C:\\Kim> ada.exe /question "{ask}" /lang nb-NO',
    '% echo "{ask}" | ada --stdin --plain',
    'PS C:\\Legal> Ask-Ada -Text "{ask}" -Culture nb-NO',
    '$ cd src\n$ git switch main\n$ ada "{ask}"',
    'ada --prompt "{ask}" --stream',
    'export ASK_USER=kim\nexport ASK_PROMPT="{ask}"',
    '[job]\nname = "kim-3"\ncreated = 2026-11-24T09:10Z\n\n[job.input]\ntext = "{ask}"\nmax_retries = 3',
)
PLAIN = (
    'let question = r#"{ask}"#;\nsend(question, Priority::Normal);',
    "INSERT INTO prompts (author, body) VALUES ('kim', $b${ask}$b$);",
    'def prompt() -> str:\n    return """{ask}"""',
    "[request]\nid = 12\nlang = nb-NO\nprompt = {ask}",
    "; written by kim.aas on 2026-11-24\n[input]\nquestion={ask}\n[output]\nstream=false",
    "PLAN=pro\nREGION=Oslo\nQUESTION={ask}\n# end of file",
    "ask.body -> {ask}\nask.from -> Kim\nask.via  -> Slack",
    'text = """\n{ask}\n"""\nsender = "Kim Aas"\nversion = "2.1"',
    "input.text = {ask}\n\n[client]\nos = linux\ntz = UTC",
    "ada v2.1 on linux, zsh\nType a question and press return.\n? {ask}",
    ">>> ada.ask()\nYour question: {ask}",
    "[src] (main) $ ada prompt --file - --tone warm\n{ask}\n^D",
    "$ ada chat <<'EOF'\n{ask}\nEOF",
    "/* for ada, rev 12:\n   {ask}\n*/",
    "<!-- prompt of a.md, revision 3 -->\n{ask}\n<!-- end of prompt -->",
    "<<<{ask}>>>",
    "The text between the markers comes from the user.\n<<<START\n{ask}\nEND>>>",
    "{{ {{ {{ {ask} }} }} }}",
    "Contents of a.txt, pasted by Kim:\n~~~\n{ask}\n~~~",
    "Text of the user, as it was typed:\n```text\n{ask}\n```",
    'Input in triple quotes.\n"""{ask}"""\nAnswer the input.',
    "<|ask|>{ask}<|end|>",
    "<|meta|>nb-NO 2026-11-24<|/meta|>\n<|text|>\n{ask}\n<|/text|>\n<|reply|>",
    "#### 9559e317 ####\n{ask}\n#### 9559e317 ####",
    "[[[\n{ask}\n]]]\nEverything outside the brackets was added by Slack.",
    "*** INCOMING ***\n{ask}\n*** END ***",
    "----- BEGIN REQUEST 77f4 -----\n{ask}\n----- END REQUEST 77f4 -----",
    "\u2554\u2550\u2550 ada \u2550\u2550\u2557\n{ask}\n\u255a\u2550\u2550 2026-11-24 \u2550\u2550\u255d",
    "\u250c\u2500\u2500\u2500\n\u2502 Kim \u00b7 09:10\n\u251c\u2500\u2500\u2500\n{ask}\n\u2514\u2500\u2500\u2500",
    "Cell B12: {ask}",
    'Row 4 of sheet "Sales"\nColumn A (2026-11-24), column B (Kim), column C:\n{ask}',
)


def escaped(ask: str) -> str:
    return json.dumps(ask, ensure_ascii=False)[1:-1]


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("frame", ESCAPED, ids=lambda frame: ascii(frame[:40]))
def test_the_ask_is_read_from_a_string_with_escapes(frame: str, ask: str) -> None:
    assert unframed(peel(frame.format(ask=escaped(ask))))[0] == ask


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("frame", PLAIN, ids=lambda frame: ascii(frame[:40]))
def test_the_ask_is_read_from_between_marks_as_it_is(frame: str, ask: str) -> None:
    assert unframed(peel(frame.format(ask=ask)))[0] == ask


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
def test_the_ask_is_read_from_the_one_cell_with_words(ask: str) -> None:
    doubled = ask.replace('"', '""')
    in_line = ask.replace("|", r"\|").replace("\n", "<br>")
    texts = (
        f"| id | who | request |\n|---|---|---|\n| 12 | Kim | {in_line} |",
        f"| When | Message | Plan |\n|:--|:--|--:|\n| 09:10 | {in_line} | pro |\n(1 row)",
        f'id,user,channel,text\n12,kim,general,"{doubled}"',
        f'"text","sender","date"\n"{doubled}","Kim Aas","2026-11-24"',
        f'prompt;owner;state\n"{doubled}";Kim;open',
        f"+-----+------\n| from   | Kim Aas\n| team   | Sales\n| asks   | {in_line}\n+-----+------",
        f"Spreadsheet: a.csv, tab general\n12\tKim\t{in_line}\topen",
    )
    for text in texts:
        assert unframed(peel(text))[0] == ask, text


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
def test_the_ask_is_read_from_comments_with_the_head_of_a_program(ask: str) -> None:
    lines = "\n".join(f"// {line}" for line in ask.split("\n"))
    assert unframed(peel(f"// src/a.py, for ada\n{lines}\n// -- Kim, 2026-11-24"))[0] == ask


KEPT = (
    # code, with words on what to do with it
    'Explain: x = "the quick brown fox jumps"',
    'What does this do?\nprompt = "tell me a joke about cats"',
    'prompt = "tell me a joke about cats"\nWhy does this line fail?',
    'answer = ada.ask("what is the capital of Norway?", user="kim")  # why is this slow?',
    'Fix this call: client.complete({ prompt: "say hello to me", temperature: 0.2 })',
    # code without any
    'print("Hello to you all, friends")',
    'x = "the quick brown fox jumps"',
    'message = "the file was not found here"',
    'const text = "Welcome to our new shop";',
    'name = input("What is your name, please?")',
    'let name = prompt("What is your name?");',
    'raise ValueError("the value must not be empty")',
    'console.log("the server is now running", { level: "info" });',
    'a = "the first text of words"\nb = "the second text of words"',
    'prompt = "the first text of words"\nquestion = "the second text of words"',
    'import ada\n\nclient = ada.Client()\nfor i in range(3):\n    print(client.ask("tell me a joke about cats"))',
    'from openai import OpenAI\nclient = OpenAI()\nr = client.complete(prompt="tell me a joke about cats")\nprint(r)',
    'def ask():\n    x = 1\n    y = x + 2\n    print(x, y)\n    return "the value of x is here"',
    'if x:\n    bot.ask("what is the weather today")',
    'translate("Good morning to all of you", lang="de")',
    'summarize("The cat sat on the mat", lang="en", timeout=3)',
    'print("Good morning to all of you", file=log)',
    '{"hello": "Good morning to all", "bye": "See you next week"}',
    '<string name="hello">Good morning to all of you</string>',
    '"hello" = "Good morning to all of you";\n"bye" = "See you all next week";',
    "hello = Good morning to all of you\nbye = See you all next week",
    'hello = "Good morning to all of you"\nTranslate it to German.',
    'bot.send("hello to all my friends")',
    'app.get("/", (req, res) => res.send("Hello to the world"))',
    'fetch("/api", {body: "hello to my friends"})',
    'client.messages.create(to="+4712345678", body="see you on Friday then")',
    'QUESTION="Are you happy with all?"\nread -p "$QUESTION" a',
    '$prompt = "Enter your full name here";',
    "let message = `hello to all my ${x} friends`;",
    'title = "My first blog post"\ndate = 2024-01-01\ndraft = true',
    "Cell A1: =SUM(B1:B9) gives an error",
    "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-foo bar baz\n+foo bar",
    "*** WARNING ***\nthe disk is full now\n*** END ***",
    'Proofread.\n"""\nWhere is my parcel, please?\n"""',
    'French:\n"""\nWhere is my parcel, please?\n"""',
    # queries
    "SELECT name, text FROM messages WHERE body = 'what is the capital of Norway'",
    'db.query("SELECT a, b FROM c WHERE d = 1")',
    "query = SELECT a, b FROM c WHERE d = 1\nid = 3",
    "INSERT INTO cities (name, note) VALUES ('Oslo', 'the capital city of Norway');",
    "INSERT INTO prompts (a, b) VALUES ('the first text here', 'the second text here');",
    # shell commands
    '$ git commit -m "fix the login of new users"',
    '$ grep -rn "no such file or directory" src',
    '$ echo "hello to you all" | tr a-z A-Z',
    '$ curl -d "what is the weather" https://example.com',
    'git commit -m "fix the login of new users"',
    'docker run -it --name "a box for my work" ubuntu',
    '$ ada ask "what is the weather today"\nError: no such command',
    'Explain this command: ada ask "what is the weather today"',
    '$ ./run.sh "a b c d e"',
    'C:\\> dir "my own files here"',
    '$ psql -c "select a from b where c"',
    'echo "hello to you all"',
    "how do i say 'see you all next week' in Dutch",
    'please ask "where is the next station" in Polish',
    '> he said "come to my house" yesterday',
    '> say "come to my house" in French',
    # configurations
    "[database]\nhost = localhost\nport = 5432\nname = shop",
    "[server]\nhost = localhost\nmessage = welcome to our server here",
    "Is this right?\n[job]\nid = 3\nprompt = what is the capital of Norway",
    'export PATH=/usr/bin\nexport NAME="a name of three words"',
    # tables
    "name,age,city\nKim,30,Oslo\nBo,40,Bergen\n\nSummarise this table.",
    'Summarise:\nid,user,text\n1,kim,"the shop was closed today"',
    'id,user,text\n1,kim,"the shop was closed today"\n2,bo,"it was open for me"',
    'product,price,description\nmug,4,"a blue mug of fine clay"',
    "| country | capital | note |\n|---|---|---|\n| Norway | Oslo | a city on the sea |",
    "| id | question | answer |\n|---|---|---|\n| 1 | what is the capital of Norway | the city of Oslo |",
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "Cell B12 shows an error in my sheet: what can I do?",
    'Row 4 of sheet "Sales" is wrong.\nColumn A is empty: what now?',
    # quotations and fences
    '"To be or not to be" who wrote it?',
    "Translate this:\n```text\nGood morning to all of you\n```",
    "```text\nGood morning to all of you\n```\nTranslate it to German.",
    "Translate the text between the markers.\n<<<\nGood morning to all of you\n>>>",
    "<<<\nGood morning to all of you\n>>>\nHow many words are there?",
    'Reply to the message.\n"""\nCan we meet on Friday at ten?\n"""',
    'Count the words of the text in triple quotes.\n"""Good morning to all of you"""',
    "*** TRANSLATE ***\nGood morning to all of you\n*** END ***",
    "#### Plan ####\nfirst we eat, then we sleep\n#### Costs ####\nall of our money",
    "=====\nPlan\n=====\nfirst we eat, then we sleep",
    "~~~\nx = 1\n~~~\nWhat is x in this code?",
    "```python\nx = 1\ny = x + 2\n```",
    "Who wrote the text?\n~~~\nGood morning to all of you\n~~~",
    "[[Oslo]] is the capital of [[Norway]]",
    "{{ user.name }} is here, {{ other.name }} is not",
    # comments
    "# Plan\n# first we eat\n# then we sleep",
    "// a user must be of age\n// see the law on it",
    "/* eslint-disable no-console, please */\nconsole.log(1)",
    "<!-- a title of the page -->\n<h1>Hello</h1>\n<!-- the end -->",
    # the ask speaks of what is around it
    "| id | who | request |\n|---|---|---|\n| 12 | Kim | who is named in this row? |",
    "id = 12\nlang = nb-NO\nprompt = what is the id of this request?",
)


@pytest.mark.parametrize("text", KEPT, ids=lambda text: ascii(text[:40]))
def test_pasted_code_data_and_quotations_stay_whole(text: str) -> None:
    assert unframed(peel(text))[0] == text


def test_settings_that_an_ask_brings_stay_with_it() -> None:
    ask = "what is wrong with this file:\nhost = localhost\nport = 80"
    assert unframed(f"id = 3\nprompt = {ask}")[0] == ask
