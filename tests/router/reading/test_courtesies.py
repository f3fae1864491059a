"""Greetings, thanks, urgency, closings and shouting: they come off, and what only looks like them stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import read
from router.reading.frames.courtesies import without_courtesies
from router.types import ChatRequest, Message

ASK = "how do I sort a list in place?"

AROUND = (
    "Hi! {ask}",
    "hey {ask}",
    "Hi there, {ask}",
    "Hello Kim, {ask}",
    "Good morning team!\n\n{ask}",
    "Hello! How are you? {ask}",
    "Hi, hope you're well. {ask}",
    "Dear assistant,\n{ask}",
    "Guten Tag, {ask}",
    "Bonjour à tous, {ask}",
    "¡Hola! {ask}",
    "Привет! {ask}",
    "你好\uff0c{ask}",
    "안녕하세요, {ask}",
    "السلام عليكم، {ask}",
    "URGENT!!! {ask}",
    "Urgent: {ask}",
    "This is very urgent, please: {ask}",
    "I need this right now. {ask}",
    "DRINGEND! {ask}",
    "{ask} Thanks!",
    "{ask} Thank you so much in advance.",
    "{ask} thx",
    "{ask}\n\nMany thanks",
    "{ask} Vielen Dank im Voraus!",
    "{ask} Merci beaucoup.",
    "{ask} Gracias de antemano.",
    "{ask} 谢谢\uff01",
    "{ask} ありがとうございます。",
    "{ask} Please hurry, it's urgent!",
    "{ask} ASAP!!",
    "{ask}\n\nBest regards,\nKim Aas",
    "{ask}\n\nBest,\nKim\nAas Ltd | +47 555 0100",
    "{ask}\n- Kim",
    "{ask} Cheers, Kim",
    "{ask}\nMit freundlichen Grüßen\nKim Aas",
    "{ask}\n\nSent from my phone",
    "{ask}\nGet Outlook for iOS",
    "{ask} (sent from mobile)",
    "\U0001f44b {ask}",
    "{ask} \U0001f64f\U0001f64f",
    "{ask} :)",
    "Hi! URGENT! {ask} Thanks! \U0001f64f\n\nBest,\nKim",
)

KEPT = (
    "Hi!",
    "hello, how are you?",
    "thanks!",
    "Hello, World!",
    "hello world in rust, what does it print",
    "hi score of pacman, who has it",
    "Thanks for the flowers: write that to my aunt",
    "translate: thank you very much",
    'How do you say "good morning" in Thai?',
    "Which languages say danke",
    "What is the French word for thanks",
    "Good morning America is hosted by whom",
    "Urgent care or emergency room for a deep cut?",
    "Quick sort or merge sort, which is stable?",
    "quick brown fox: what comes next",
    "Dear Kim,\n\nI cannot come on Friday.\n\nBest regards,\nBo",
    "Sehr geehrte Frau Aas,\n\nich kann nicht kommen.\n\nMit freundlichen Grüßen\nBo",
    "Summarise this mail:\n\nFrom: Kim\nSubject: lift\n\nIt is out.\n\nBest,\nKim",
    "flights from London - Paris",
    "the letter ends with: Best, Kim",
    "https://shop.example/hi: why does the page not load?",
    "Please",
    "ok thanks",
    "a :) b",
)


@pytest.mark.parametrize("around", AROUND, ids=ascii)
def test_a_courtesy_comes_off(around):
    assert without_courtesies(around.format(ask=ASK)).strip() == ASK


@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_what_only_looks_like_a_courtesy_stays(text):
    assert without_courtesies(text) == text


def asked(text):
    return read(ChatRequest(messages=(Message(role="user", text=text),)))


@pytest.mark.parametrize("around", AROUND, ids=ascii)
def test_a_reading_is_the_same_with_a_courtesy_and_without(around):
    bare, polite = asked(ASK), asked(around.format(ask=ASK))
    assert (polite.ask, polite.window, polite.signals.tolist()) == (bare.ask, bare.window, bare.signals.tolist())


def test_a_shouted_ask_is_read_as_a_spoken_one():
    assert asked("HOW DO I SORT A LIST IN PLACE?").ask == "how do i sort a list in place?"
    assert asked("WAS IST DIE HAUPTSTADT VON ÖSTERREICH?").ask == "was ist die hauptstadt von österreich?"


@pytest.mark.parametrize(
    "text",
    ["NASA EU UN", "How do I call NASA, ESA AND JAXA?", "1 + 1 = 2 ...........", "你好世界你好世界你好世界你好世界你"],
)
def test_capitals_that_do_not_shout_stay(text):
    assert asked(text).ask == text


@given(st.text(alphabet="hi thanks!,.\n-KimBest:)urgent\u4f60\u597d\U0001f64f", max_size=60))
def test_what_is_left_stands_in_the_text_and_is_never_nothing(text):
    said = without_courtesies(text)
    assert said in text
    assert bool(said.strip()) == bool(text.strip())


@pytest.mark.parametrize(
    "unit", ["Hi, ", "hey ", "thanks ", "- K\n", "\n", " :)", ", ", "Best,\n", "urgent ", "\U0001f64f"]
)
def test_a_long_text_of_one_courtesy_is_read_to_its_end_and_keeps_the_ask_behind_it(unit):
    text = unit * 4_000 + ASK
    said = without_courtesies(text)
    assert text.endswith(said) and said.endswith(ASK)
