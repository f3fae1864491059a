"""What a provider quotes of the key that was sent is not told."""

from __future__ import annotations

import base64
import json

import pytest

from router.dialects.shared.secret import Secret, StreamHiding, hidden, without_keys

KEY = "sk-proj-abc/defghijklmnopqrstuvwxyz0123456789"
SENT = [Secret(f"Bearer {KEY}")]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: ***."),
        (f"no to Bearer {KEY}", "no to Bearer ***"),
        (f"GET /?key={KEY.replace('/', '%2F')}", "GET /?key=***"),
        ("Incorrect API key provided: sk-proj-*****************6789.", "Incorrect API key provided: ***."),
        ("your key sk-p...6789 is wrong", "your key *** is wrong"),
        ("your key sk-p…6789 is wrong", "your key *** is wrong"),
        ("it ends in uvwxyz0123456789", "it ends in ***"),
        ("two parts: defghijklm and stuvwxyz", "two parts: *** and ***"),
        ("wait... then try again, **bold** or xxxx", "wait... then try again, **bold** or xxxx"),
        ("the model abc is gone", "the model abc is gone"),
        ("", ""),
    ],
)
def test_a_key_is_hidden_whole_encoded_masked_and_in_part(said, told):
    assert hidden(said, SENT) == told


def test_a_short_key_is_hidden_as_a_word_only():
    assert hidden("model ollama/x at ollamas: ollama", [Secret("ollama")]) == "model ***/x at ollamas: ***"


def test_an_answer_that_quotes_a_key_loses_it_and_any_other_stays_as_it_is():
    assert without_keys(f'{{"echo": "{KEY}"}}'.encode(), SENT) == b'{"echo": "***"}'
    body = b'{"text": "sk-proj-"}'
    assert without_keys(body, SENT) is body
    assert without_keys(b"none", [Secret("none")]) == b"none"


FORMS = {
    "as it is": KEY,
    "slashes escaped": KEY.replace("/", "\\/"),
    "what is no letter as a code": KEY.replace("/", "\\u002F").replace("-", "\\u002D"),
    "every character as a code": "".join(f"\\u{ord(char):04x}" for char in KEY),
    "in a URL": KEY.replace("/", "%2f"),
    "hexadecimal": KEY.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_is_found_in_every_form_that_json_and_urls_have_for_it(form):
    assert without_keys(f'{{"echo": "{form}"}}'.encode(), SENT) == b'{"echo": "***"}'
    assert hidden(f"no to {form}.", SENT) == "no to ***."


@pytest.mark.parametrize("before", ["", ":", "Bearer ", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_what_base64_makes_of_a_key_tells_no_more_than_its_ends(before, encode):
    coded = encode(f"{before}{KEY}".encode()).decode()
    told = json.loads(without_keys(json.dumps({"echo": coded}).encode(), SENT))["echo"]
    start, _, end = told.partition("***")
    assert coded.startswith(start) and coded.endswith(end) and len(start) + len(end) <= len(before) * 4 / 3 + 8
    assert hidden(coded, SENT) == told


@pytest.mark.parametrize("cut", range(1, len(KEY)))
def test_a_stream_loses_a_key_wherever_its_parts_end_and_holds_back_no_whole_event(cut):
    hiding = StreamHiding(SENT)
    assert hiding.feed(b"data: one\n\n") == b"data: one\n\n"
    start = hiding.feed(f"data: {KEY[:cut]}".encode())
    assert start == b"data: "
    assert hiding.feed(f"{KEY[cut:]} two\n\n".encode()) + hiding.rest() == b"*** two\n\n"
    assert hiding.feed(b"data: sk-p") + hiding.rest() == b"data: sk-p"
