"""Perturbations: seeded, on the ask alone, in the row's language, and harmless to what is asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.conversation import Conversation
from router.types import Message
from training.measure.perturb import PERTURBATIONS, perturb, perturb_ask

names = st.sampled_from(list(PERTURBATIONS))
langs = st.sampled_from([None, "en", "de", "tr", "zh", "zh-TW", "ja", "hi", "xx"])
texts = st.text(max_size=200)


def ask(text: str, name: str, lang: str | None = "en", seed: int = 0) -> str:
    return perturb_ask(text, name, lang=lang, seed=seed)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "system", "tool"]), texts), max_size=5), names, langs)
def test_only_the_ask_that_the_service_finds_changes_and_always_in_the_same_way(turns, name, lang):
    messages = tuple(Message(role, text) for role, text in turns)
    changed = perturb(messages, name, lang=lang, seed=3)
    assert changed == perturb(messages, name, lang=lang, seed=3)
    differs = [i for i, (old, new) in enumerate(zip(messages, changed, strict=True)) if old != new]
    assert differs in ([], [Conversation(messages, ()).ask().position])
    assert [message.role for message in changed] == [message.role for message in messages]


def test_the_ask_that_a_short_reply_approves_changes_and_the_reply_stays():
    messages = (
        Message("user", "Rename the module and run its tests."),
        Message("assistant", "I would move it to tools and fix the imports. Shall I?"),
        Message("user", "yes, go ahead"),
    )
    changed = perturb(messages, "upper_case", lang="en", seed=0)
    assert changed[0].text == "RENAME THE MODULE AND RUN ITS TESTS."
    assert changed[1:] == messages[1:]


@given(texts, names, langs)
def test_no_ask_becomes_empty(text, name, lang):
    assert bool(ask(text, name, lang).strip()) or not text.strip()


def test_a_slip_comes_about_every_twelve_words_and_in_another_place_with_another_seed():
    text = " ".join(f"{word} the" for word in ["table", "window", "garden", "river"] * 6)  # 48 words
    old, new = text.split(), ask(text, "typos").split()
    assert sum(a != b for a, b in zip(old, new, strict=True)) in (
        3,
        4,
    )  # a doubled or swapped letter may change nothing
    assert ask(text, "typos", seed=1) != ask(text, "typos", seed=2)


@pytest.mark.parametrize(
    "text",
    [
        "a b c",
        "```\nreturn value\n```",
        "see https://example.com/path?query=some",
        "user_name",
        "12 345",
        "f(x)",
        "\u0f56\u0f7c\u0f51",
    ],
)
def test_code_names_addresses_and_short_words_take_no_slip(text):
    assert ask(text, "typos") == text


def test_scripts_without_spaces_take_slips_too():
    text = "\u8bf7\u5e2e\u6211\u628a\u8fd9\u4e2a\u8868\u683c\u8f6c\u6362\u6210\u6587\u4ef6"
    slipped = ask(text, "typos", "zh")
    assert slipped != text
    assert sorted(slipped) == sorted(text)  # two neighbours swapped


@pytest.mark.parametrize(
    ("lang", "name", "before", "after"),
    [
        ("en", "lower_case", "FIX It", "fix it"),
        ("tr", "lower_case", "ISI", "\u0131s\u0131"),
        ("tr", "upper_case", "iyi", "\u0130Y\u0130"),
        ("de", "upper_case", "stra\u00dfe", "STRASSE"),
        ("en", "spaces_doubled", "a b\nc", "a  b\nc"),
        ("en", "newlines_doubled", "a\nb", "a\n\nb"),
        ("en", "spaces_trimmed", "  a   b \n\n\n    c  d", "a b\n    c d"),
        ("en", "punctuation_removed", "why?!", "why"),
        ("en", "punctuation_removed", "?", "?"),
        ("en", "punctuation_added", "why?", "why??"),
        ("en", "punctuation_added", "do it", "do it."),
        ("zh", "punctuation_added", "\u597d", "\u597d\u3002"),
        ("en", "punctuation_added", "run ```x```", "run ```x```"),
        ("en", "greeting_prefix", "fix it", "Hi there, fix it"),
        ("de-AT", "greeting_prefix", "mach das", "Hallo, mach das"),
        ("xx", "greeting_prefix", "fix it", "Hi there, fix it"),
        ("en", "polite_suffix", "run\n```x```", "run\n```x```\nThanks a lot in advance!"),
    ],
)
def test_each_changes_what_its_name_says(lang, name, before, after):
    assert ask(before, name, lang) == after


@pytest.mark.parametrize("lang", ["en", "de", "fr", "es", "zh", "ja", "ru"])
def test_the_preamble_is_two_sentences_in_the_rows_language(lang):
    added = ask("X", "irrelevant_preamble", lang).removesuffix("X").strip()
    assert len(re.findall(r"[.\u3002]", added)) == 2
    assert (added == ask("X", "irrelevant_preamble").removesuffix("X").strip()) == (lang == "en")


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        ask("a", "nothing")
