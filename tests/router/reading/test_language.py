"""The language of an ask: right where the script says it, right for whole sentences, silent where it cannot know."""

from __future__ import annotations

import pytest

from router.reading.language import LANGUAGES, language_detector


@pytest.fixture(scope="module")
def detect():
    return language_detector()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("你好", "zh"),
        ("请分析死锁", "zh"),
        ("漢字", "zh"),
        ("コードを直して", "ja"),
        ("안녕", "ko"),
        ("สวัสดี", "th"),
        ("שלום", "he"),
        ("γεια", "el"),
        ("Привет", "ru"),
        ("Дякую, що допомогли", "uk"),
        ("مرحبا", "ar"),
        ("سلام، حالت چطوره؟", "fa"),
        ("Bitte fasse diesen Text zusammen.", "de"),
        ("merci beaucoup", "fr"),
        ("¿Qué hora es?", "es"),
        ("Jak się masz?", "pl"),
        ("Summarise this thread in two sentences.", "en"),
        ("Please translate the word \u4f60\u597d into English for me, with an example.", "en"),
    ],
    ids=ascii,
)
def test_sentences_and_scripts_are_told_apart(detect, text, language):
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("спасибо", "ru"),
        ("объясни код", "ru"),
        ("как дела?", "ru"),
        ("Напиши письмо другу", "ru"),
        ("ты где", "ru"),
        ("Дякую!", "uk"),
        ("їжак", "uk"),
        ("благодаря", "bg"),
        ("хвала", "sr"),
        ("ЋАО", "sr"),
        ("شكرا", "ar"),
        ("ممنون", "fa"),
        ("شکریہ، کیا یہ ہے", "ur"),
        ("क्या यह सही है", "hi"),
        ("ਸਤ ਸ੍ਰੀ ਅਕਾਲ", "pa"),
        ("ສະບາຍດີ", "lo"),
    ],
    ids=ascii,
)
def test_short_turns_are_known_by_letters_and_words_of_one_language(detect, text, language):
    assert detect(text) == language


@pytest.mark.parametrize("text", ["да", "код", "добре", "так", "धन्यवाद", "नमस्ते", "ок", "ok", "123"], ids=ascii)
def test_words_that_several_languages_share_are_none(detect, text):
    assert detect(text) is None


@pytest.mark.parametrize(
    "text", ["", "hi", "1 + 1", "\U0001f600", "ja", "\ud800", "x" * 100_000], ids=lambda t: ascii(t[:9])
)
def test_what_could_be_any_language_is_none(detect, text):
    assert detect(text) is None


def test_every_language_that_a_rule_may_name_can_be_found():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    assert set(LanguageIdentifier.from_model_file(MODEL_FILE).labels) >= LANGUAGES
