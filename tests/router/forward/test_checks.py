"""Checks find what a stronger tier would do better, and nothing else."""

import pytest

from router.dialects.conversation import (
    Answer,
    AnswerFormat,
    Conversation,
    Finish,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
    Usage,
)
from router.forward.checks import CHECKS, findings_of
from router.forward.json_schema import violation
from router.policy import Regex
from router.settings import cascade as settings

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("weather", schema=CITY)


def asked(text="Hello", **more):
    return Conversation((Turn("user", (Text(text),)),), **more)


def said(*parts, finish=Finish.STOP, output_tokens=5):
    parts = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Answer("a", "m", parts, finish, Usage(10, output_tokens))


def found(answer, conversation=None, *, checks=settings.CHECKS, **rule):
    rule = settings.SelfCheck(**rule)
    findings = findings_of(answer, conversation or asked(), checks=checks, self_check=rule)
    return [finding.check for finding in findings]


def calling(arguments, name="weather"):
    return said(ToolCall("c1", name, arguments), finish=Finish.TOOL_CALLS)


def test_every_check_of_the_configuration_is_one_here():
    assert tuple(CHECKS) == settings.CHECKS


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I\u2019m sorry, I can\u2019t help with that request.",
        "I cannot comply with this request.",
        "Sorry, but I am unable to help with that.",
        "**I can't help with that.** Please ask something else.",
        "I must respectfully decline.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
        "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
        "Leider kann ich dir dabei nicht weiterhelfen.",
        "Desculpe, mas não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Het spijt me, maar ik kan je daar niet bij helpen.",
        "对不起\uff0c我无法协助您完成这个请求。",
        "申し訳ありませんが、お手伝いできません。",
        "죄송하지만 도와드릴 수 없습니다.",
        "К сожалению, я не могу помочь.",  # noqa: RUF001
    ],
)
def test_a_short_answer_that_begins_as_refusals_do_is_one(text):
    assert found(said(text)) == ["refusal"]


@pytest.mark.parametrize(
    "text",
    [
        "I can't help but notice that your loop never ends. Add a break.",
        "I'm sorry to hear that. Let us look at the log first.",
        "I cannot find a bug in this function: it is correct.",
        "Sorry, I meant Paris. The capital of France is Paris.",
        "As an AI, a chess engine searches moves.",
        "You can say: I'm sorry, but I can't assist with that.",
        "Leider ist das falsch: die Antwort ist 7.",
        "No puedo ver la imagen, pero el texto dice hola.",
        "I can't help with the tax form itself, but here is what I know. " + "Line after line. " * 60,
    ],
)
def test_an_answer_that_only_sounds_like_a_refusal_is_none(text):
    assert found(said(text)) == []


def test_a_refusal_that_was_asked_for_is_an_answer():
    ask = asked("Reply with exactly: I can't help with that.")
    assert found(said("I can't help with that."), ask) == []


def test_the_providers_own_filter_is_a_refusal_and_not_an_empty_answer():
    assert found(said(finish=Finish.CONTENT_FILTER)) == ["refusal"]


@pytest.mark.parametrize("parts", [(), ("",), (" \n",), (Thinking("hm"),)])
def test_an_answer_without_text_or_call_is_empty(parts):
    assert found(said(*parts)) == ["empty"]


@pytest.mark.parametrize(
    ("limit", "wrote", "expected"),
    [(None, 4096, ["truncated"]), (8192, 4096, ["truncated"]), (4096, 4096, []), (100, 97, []), (100, 0, [])],
)
def test_a_cut_counts_unless_the_client_set_that_limit(limit, wrote, expected):
    answer = said("once upon", finish=Finish.LENGTH, output_tokens=wrote)
    assert found(answer, asked(max_output_tokens=limit)) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ('{"city": "Rome"}', "json", []),
        ("Sure: Rome", "json", ["json"]),
        ('```json\n{"city": "Rome"}\n```', "json", ["json"]),
        ('{"city": "Rome"}', "schema", []),
        ('{"city": 7}', "schema", ["schema"]),
        ("{}", "schema", ["schema"]),
        ("Rome", "schema", ["json", "schema"]),
    ],
)
def test_json_that_was_asked_for_must_be_json_and_of_the_schema(text, kind, expected):
    shape = AnswerFormat(kind, CITY if kind == "schema" else None)
    assert found(said(text), asked(answer_format=shape)) == expected


def test_text_that_was_not_asked_to_be_json_is_not_read_as_json():
    assert found(said("Rome")) == []


def test_json_cut_at_the_clients_own_limit_is_nobodys_fault():
    answer = said('{"city": "Ro', finish=Finish.LENGTH, output_tokens=4)
    assert found(answer, asked(answer_format=AnswerFormat("json"), max_output_tokens=4)) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (calling('{"city": "Rome"}'), []),
        (calling('{"city": "Ro'), ["tool_call"]),
        (calling("[]"), ["tool_call"]),
        (calling('{"town": "Rome"}'), ["tool_call"]),
        (calling(""), ["tool_call"]),
        (calling('{"city": "Rome"}', name="wether"), ["tool_call"]),
        (said("I call it.", finish=Finish.TOOL_CALLS), ["tool_call"]),
        (said("It is warm."), []),
    ],
)
def test_a_call_must_name_a_tool_and_fit_its_schema(answer, expected):
    assert found(answer, asked(tools=(WEATHER,))) == expected


def test_a_tool_without_arguments_may_be_called_with_nothing():
    assert found(calling("", name="now"), asked(tools=(Tool("now"),))) == []


def test_a_call_of_a_tool_that_was_not_read_is_left_alone():
    conversation = asked(tools=(WEATHER,), dropped=("tools[1] (web_search)",))
    assert found(calling("{}", name="web_search"), conversation) == []


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("required"), ["tool_call"]),
        (ToolChoice("named", "weather"), ["tool_call"]),
        (ToolChoice("auto"), []),
        (None, []),
    ],
)
def test_a_required_call_must_be_there(choice, expected):
    assert found(said("It is warm."), asked(tools=(WEATHER,), tool_choice=choice)) == expected


def test_the_operators_own_rule_looks_at_the_text():
    answer = Regex("Answer:", lambda text: "Answer:" in text)
    doubt = Regex("not sure", lambda text: "not sure" in text)
    assert found(said("It is 7."), regex=answer) == ["self_check"]
    assert found(said("Answer: 7"), regex=answer) == []
    assert found(said("I am not sure."), forbid=doubt) == ["self_check"]
    assert found(calling('{"city": "Rome"}'), regex=answer) == []


def test_a_check_that_is_not_asked_for_finds_nothing():
    assert found(said(""), checks=("refusal", "json")) == []


# --- The validator ----------------------------------------------------------------------------------------------------

TREE = {
    "$defs": {
        "node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (7, {"type": "integer"}),
        (7.0, {"type": "integer"}),
        (None, {"type": ["string", "null"]}),
        ("a", {"enum": ["a", "b"]}),
        ({"a": 1, "b": 2}, {"properties": {"a": {"type": "number"}}}),
        ([1, "x"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
        ({"next": {"next": None}}, TREE),
        ({"x-1": 1}, {"patternProperties": {"^x-": {}}, "additionalProperties": False}),
        ("anything", {"type": "wish", "format": "email", "$ref": "https://example.com/schema"}),
        ("anything", {"enum": "a", "required": 7, "properties": [], "anyOf": {}}),
        ({"A": 1}, {"type": "OBJECT"}),
        ("anything", True),
    ],
)
def test_values_that_fit_or_cannot_be_judged_pass(value, schema):
    assert violation(value, schema) is None


@pytest.mark.parametrize(
    ("value", "schema", "place"),
    [
        (True, {"type": "integer"}, "the value is not integer"),
        ("1", {"type": ["number", "null"]}, "the value is not number or null"),
        (1, {"const": True}, "the value is not const"),
        ({}, {"required": ["a"]}, "the value lacks 'a'"),
        ({"a": "x"}, {"properties": {"a": {"type": "number"}}}, "the value.a is not number"),
        (
            {"b": 1},
            {"properties": {"a": {}}, "additionalProperties": False},
            "a further key of the value is not allowed",
        ),
        ({"b": 1}, {"additionalProperties": {"type": "string"}}, "a further key of the value is not string"),
        ([1, "x"], {"items": {"type": "integer"}}, "an item of the value is not integer"),
        ([], {"minItems": 1}, "the value has too few items"),
        (11, {"maximum": 10}, "the value is over maximum"),
        (1, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "the value fits none of anyOf"),
        (1, {"allOf": [{"type": "integer"}, {"minimum": 2}]}, "the value is under minimum"),
        ({"next": {"next": 7}}, TREE, "the value.next fits none of anyOf"),
    ],
)
def test_the_first_violation_is_told_by_its_place(value, schema, place):
    assert violation(value, schema) == place


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, {"anyOf": [{"$ref": "#"}] * 9}]
)
def test_a_schema_that_holds_itself_ends(schema):
    assert violation({"a": 1}, schema) is None
