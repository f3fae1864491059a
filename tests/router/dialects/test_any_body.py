"""Whatever a client sends: a valid body keeps each text of its user, and any other is read or refused with a field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.dialects.detect import parse_request
from router.dialects.errors import render_error
from router.dialects.route_body import parse_route_request
from router.dialects.seen import seen
from router.dialects.table import read_body
from router.errors import RequestError
from router.jsontext import decode_json
from router.types import CLIENT_DIALECTS, ChatRequest, Dialect
from tests.router.dialects.strategies import BODIES, any_json, mutated_bodies


@pytest.mark.parametrize("dialect", list(BODIES))
@given(st.data())
def test_a_valid_body_is_read_in_its_dialect_and_keeps_each_text_of_its_user(dialect, data):
    body, texts = data.draw(BODIES[dialect])
    raw = json.dumps(body).encode()
    request = parse_request(decode_json(raw), raw=raw)
    assert request.dialect is Dialect(dialect)
    assert request.raw == raw
    said = "\n".join(message.text for message in request.messages if message.role == "user")
    for text in texts:
        assert text in said
        said = said[said.index(text) + len(text) :]
    assert request.messages
    assert all(message.role == message.role.lower() for message in request.messages)


@pytest.mark.parametrize("dialect", list(BODIES))
@given(st.data())
def test_a_valid_body_is_left_as_it_was(dialect, data):
    body, _ = data.draw(BODIES[dialect])
    before = json.dumps(body)
    parse_route_request(body)
    assert json.dumps(body) == before


@pytest.mark.parametrize("dialect", [name for name in BODIES if name != "prompt"])
@given(st.data())
def test_a_translation_asks_for_what_the_decision_sees_in_the_fields(dialect, data):
    conversation = read_body(Dialect(dialect), data.draw(BODIES[dialect])[0]).complete()
    if conversation.problems:
        return
    needs, wanted = seen(conversation).needs, conversation.answer_format
    assert needs.n == conversation.n
    assert needs.json_schema == (wanted is not None and wanted.kind == "schema")
    assert needs.json_mode == (wanted is not None and wanted.kind == "json")


def assert_read_or_refused(body, headers):
    """The body is read; or the error is a 400 that names its field and can be told in every dialect."""
    try:
        request = parse_route_request(body, headers=headers)
    except RequestError as error:
        assert error.status == 400
        assert error.field is None or error.field in error.message
        assert all(render_error(error, dialect) for dialect in CLIENT_DIALECTS)
    else:
        assert isinstance(request.chat, ChatRequest)
        assert request.chat.needs.n >= 1
        hash(request.chat.messages)


given_headers = st.sampled_from([{}, {"anthropic-version": "2023-06-01"}, {"x-router-off": "1"}])


@settings(max_examples=300)
@given(mutated_bodies(), given_headers)
def test_a_body_with_something_wrong_is_read_or_refused_with_a_field(body, headers):
    assert_read_or_refused(body, headers)


FIELDS = "messages input contents system instructions systemInstruction tools tool_choice generationConfig".split()


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from([*FIELDS, "metadata", "response_format", "output_config"]), any_json, max_size=4),
    st.sampled_from(["messages", "input", "contents", "prompt"]),
    any_json,
    given_headers,
)
def test_any_object_is_read_or_refused_with_a_field(body, carrier, value, headers):
    assert_read_or_refused({**body, carrier: value}, headers)


@given(st.dictionaries(st.sampled_from([f"x-router-{n}" for n in "tier floor off policy".split()]), st.text()))
def test_any_header_is_read_or_refused_by_name(headers):
    try:
        parse_route_request({"prompt": "hi"}, headers=headers)
    except RequestError as error:
        assert error.field in headers
