"""Why answers end, in every vendor's words."""

import pytest

from router.dialects.anthropic.answer import read_answer as read_anthropic
from router.dialects.anthropic.answer import write_answer as write_anthropic
from router.dialects.bedrock.answer import read_answer as read_bedrock
from router.dialects.conversation import Finish
from router.dialects.gemini.answer import read_answer as read_gemini
from router.dialects.gemini.answer import write_answer as write_gemini
from router.dialects.openai_chat.answer import read_answers, write_answers
from router.dialects.openai_responses.answer import write_answer as write_response
from router.dialects.shared.finishes import FAILURE_WORDS, finish_of

CUT = (
    "model_context_window_exceeded max_length max_output_tokens max_new_tokens max_tokens model_length length abort "
    "MAX_TOKENS"
).split()


def answers(word):
    """The same answer, with this word, from a provider of each dialect."""
    chat = {"id": "c", "choices": [{"message": {"content": "part"}, "finish_reason": word}]}
    return [
        read_answers(chat)[0],
        read_anthropic({"id": "m", "content": [{"type": "text", "text": "part"}], "stop_reason": word}),
        read_gemini({"candidates": [{"content": {"parts": [{"text": "part"}]}, "finishReason": word}]}),
        read_bedrock({"output": {"message": {"content": [{"text": "part"}]}}, "stopReason": word}),
    ]


@pytest.mark.parametrize("word", CUT)
def test_a_cut_answer_is_told_as_cut_in_every_dialect_whoever_cut_it(word):
    for answer in answers(word):
        assert write_anthropic(answer, model="m")["stop_reason"] == "max_tokens"
        assert write_answers([answer], model="m", created_s=1)["choices"][0]["finish_reason"] == "length"
        assert write_gemini(answer, model="m")["candidates"][0]["finishReason"] == "MAX_TOKENS"
        response = write_response(answer, model="m", created_s=1)
        assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})


@pytest.mark.parametrize(
    ("words", "finish"),
    [
        ("stop STOP end_turn eos eos_token stop_sequence COMPLETE pause_turn", Finish.STOP),
        ("tool_call tool_calls tool_use function_call", Finish.TOOL_CALLS),
        ("content_filter sensitive refusal SAFETY RECITATION guardrail_intervened", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL malformed_tool_use error network_error", Finish.BROKEN),
        ("insufficient_system_resource FINISH_REASON_OTHER", Finish.BROKEN),
    ],
)
def test_each_vendors_word_has_one_meaning_in_any_case(words, finish):
    for word in words.split():
        assert finish_of(word) is finish_of(word.upper()) is finish, word


def test_an_unknown_word_is_an_ordinary_end():
    assert finish_of("ran_out_of_breath") is finish_of("") is None
    assert {answer.finish for answer in answers("ran_out_of_breath")} == {Finish.STOP}


def test_a_word_for_a_failure_of_the_server_is_a_broken_answer():
    assert {finish_of(word) for word in FAILURE_WORDS} == {Finish.BROKEN}
