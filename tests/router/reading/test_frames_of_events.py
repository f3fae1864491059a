"""XML and YAML events and log lines with one human text give it; documents, configurations and errors stay whole."""

from __future__ import annotations

import pytest

from router.reading.envelopes import peel
from router.reading.frames.forms import unframed

ASKS = ("What is the capital of Norway, and since when?", "Schreib mir bitte eine kurze Absage f\u00fcr Freitag.")
EVENTS = (
    '<?xml version="1.0"?>\n<event id="5" type="chat">\n <from name="Kim"/>\n <body><![CDATA[{ask}]]></body>\n</event>',
    '<m:envelope xmlns:m="urn:x"><m:sender>Kim</m:sender><m:text>{ask}</m:text></m:envelope>',
    '<ticket priority="2" text="{ask}" user="kim"/>',
    "<message><!-- from the web --><id>5</id><lang>nb</lang><body>{ask}</body></message>",
    '# event\nid: 5\nuser:\n  name: Kim\n  "lang": nb\ntext: "{ask}"',
    "kind: message\nthread:\n  channel: web\n  id: 5\nbody: |\n  {ask}",
    '2026-11-24T09:10:11Z INFO [gateway] user=kim channel=web msg="{ask}"',
    "2026-11-24 09:10:11,123 INFO chat.gateway: received message from kim: {ask}",
    "[09:10:11] [chat] user prompt: {ask}",
)
WHOLE = (
    "2026-11-24 09:10:11 ERROR db: connection refused after 3 tries",
    "2026-11-24 09:10:11 INFO worker started with 4 threads and no queue",
    "2026-11-24 09:10:11 INFO a\n2026-11-24 09:10:12 INFO b\n\nwhich came first?",
    "<html><body><p>Hello there my friend</p></body></html>",
    "<note><to>Kim</to><body>See you at nine tomorrow</body></note>\nTranslate it",
    "<config><name>a</name><description>the first of our two services</description><retries>3</retries></config>",
    "<a><title>one two three four</title><body>five six seven eight</body></a>",
    "<message><id>5</id><body>not closed at all here</message>",
    "<!DOCTYPE a [<!ENTITY x 'one two three'>]><a><id>5</id><body>&x; and some more words</body></a>",
    "09:10 standup, 10:00 review, what is free?",
    "version: 3\nservices:\n  web:\n    image: nginx\n\nwhy does it not start?",
    "# how to cook rice\nboil: water\nadd: rice",
)


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: ascii(event[:40]))
def test_the_one_text_of_an_event_is_the_ask(event: str, ask: str) -> None:
    assert unframed(peel(event.format(ask=ask)))[0] == ask


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: ascii(text[:40]))
def test_documents_configurations_and_errors_stay_whole(text: str) -> None:
    assert unframed(peel(text))[0] == text


def test_escaped_marks_of_markup_are_those_of_the_person() -> None:
    text = "<message><id>5</id><body>Is 3 &lt; 4 &amp; 4 &lt; 5 in all cases?</body></message>"
    assert unframed(text)[0] == "Is 3 < 4 & 4 < 5 in all cases?"


@pytest.mark.parametrize(
    "text", ["<a " * 20_000 + ">", "<a>" * 20_000, "2026-11-24 09:10 " + "a=b " * 20_000, "<!--" * 20_000 + ">"]
)
def test_long_texts_of_marks_are_read_soon(text: str) -> None:
    assert unframed(text)[0]
