"""Sentences that ask nothing before and behind an ask: they come off, and what only looks like them stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.frames.courtesies import without_courtesies

ASK = "how do I sort a list in place?"
FACT = "what is the capital of Peru?"

AROUND = (
    "Could you please help? {ask}",
    "Can you help me with something?\n{ask}",
    "I have a question: {ask}",
    "Here is my question: {ask}",
    "Next question: {ask}",
    "Question 5: {ask}",
    "New topic. {ask}",
    "Quick question: {ask}",
    "{ask}??",
    "(by the way, it rains here) {ask}",
    "By the way, it is raining here. {ask}",
    "No rush. {ask}",
    "Happy Monday! {ask}",
    "{ask} Have a nice day!",
    "{ask} Hope that makes sense.",
    "ok so {ask}",
    "um, {ask}",
    "hmm\n{ask}",
    "Well, {ask}",
    "real quick - {ask}",
    "Maybe you can tell me: {ask}",
    "If possible: {ask}",
    "{ask} If you can, that is.",
    "I was wondering: {ask}",
    "Just curious. {ask}",
    "Out of curiosity, {ask}",
    "{ask} I'd love to know.",
    "Sorry to bother you, {ask}",
    "Sorry if this is a stupid question. {ask}",
    "You're the best! {ask}",
    "{ask} You are amazing!",
    "Hope you had a nice weekend. {ask}",
    "{ask} Over to you.",
    "{ask}\nWaiting for your reply.",
    "{ask} Go ahead.",
    "{ask} I'm all ears.",
    "{ask} Think step by step.",
    "{ask}\n\nLet's think step by step.",
    "{ask} Take your time.",
    "{ask} <- this one",
    "What I want to know is this: {ask}",
    "Hi! I have a question: {ask} Take your time. Thanks!",
    '"{ask}"',
    "\u201c{ask}\u201d",
    "\u00ab{ask}\u00bb",
    "Ich habe eine Frage: {ask}",
    "{ask} Denk Schritt f\u00fcr Schritt.",
    "J'ai une question : {ask}",
    "\u00bfMe puedes ayudar, por favor? {ask}",
    "Ho una domanda: {ask}",
    "Tenho uma d\u00favida: {ask}",
    "Ik heb een vraag: {ask}",
    "Mam pytanie: {ask}",
    "\u0423 \u043c\u0435\u043d\u044f \u0432\u043e\u043f\u0440\u043e\u0441: {ask}",
    "\u6211\u6709\u4e2a\u95ee\u9898\uff1a{ask}",
    "\u8cea\u554f\u304c\u3042\u308a\u307e\u3059\u3002{ask}",
    "\uc9c8\ubb38\uc774 \uc788\uc5b4\uc694: {ask}",
    "\u0639\u0646\u062f\u064a \u0633\u0624\u0627\u0644: {ask}",
    "Bir sorum var: {ask}",
    "My name is Ana Castro. {ask}",
    "{ask}\nGesendet von meinem Handy",
    "{ask} Sent from my phone",
    "{ask} via voice input",
)

ABOUT_A_PERSON = (
    "I'm Ana from Oslo. {ask}",
    "This is Ben from Finance. {ask}",
    "I work in Finance at Acme. {ask}",
    "{ask} I'm a nurse, by the way.",
    "{ask} (by the way, it rains here)",
    "This is Ben from Finance. {ask}",
    "We are a small team in Lima. {ask}",
    "Ich bin Lena aus Lyon. {ask}",
    "{ask} Je travaille chez Acme.",
    "Me llamo Mateo. {ask}",
    "\u041c\u0435\u043d\u044f \u0437\u043e\u0432\u0443\u0442 \u041e\u043b\u0435\u0433. {ask}",
)

KEPT = (
    "Check this quiz. Next question: who wrote Hamlet? Answer: Marlowe",
    "Question 1: who wrote Hamlet?\nQuestion 2: who painted the Night Watch?",
    "Next question: who wrote Hamlet? Next question: who wrote Faust?",
    "I'm a nurse. What should I tell my patient about insulin?",
    "I'm a nurse. What is the dose of paracetamol?",
    "I am a teacher and need a plan for a lesson on light.",
    "As a nurse I'd like to ask: what is the dose of paracetamol?",
    "What should I tell my patient about insulin? I'm a nurse, by the way.",
    "I'm Ana from Oslo. Where can I find a good sauna?",
    "I'm Ana from Oslo. Which sauna is near here?",
    "My name is Ana Castro. Write a cover letter for a job in a bakery.",
    "My name is Ana. What does my name mean?",
    "I work at Acme. Can I sell the shares of my company?",
    "I work at Acme. Draft an e-mail to the works council.",
    "We are a small team in Lima. What can we do about noise?",
    "Think step by step about how plants grow.",
    "Explain why people say think step by step.",
    "If possible, avoid loops in this function.",
    "Sort the list; if possible, without recursion.",
    "Quote this: you are the best.",
    "Translate to German: I finished my part. Over to you.",
    "Translate to German: thank you for the note. Waiting for your reply.",
    "Translate into French:\n\nI have a question. Could you please help?",
    "I have a question. Translate this to Norwegian.",
    "You are the best. Translate to German.",
    "Sorry to bother you. Is this sentence polite?",
    "Could you please help? Make this more formal.",
    "Just curious. What does this phrase mean?",
    "Go ahead. Which tense is this?",
    "Take your time is an idiom. What does it mean?",
    "Who sings the song with the line: take me home. Let's go!",
    "Yes, that works. Go ahead.",
    "That looks good. Go ahead.",
    "Ask me a question: something hard about rivers.",
    "Ask me the following questions: one about art, one about music.",
    "Right: synonyms and antonyms",
    "Well: which kinds of well are there?",
    "Listen: which part of speech is it?",
    "Love: a definition",
    "So what does a notary do?",
    "Now and then I cannot sleep. What helps?",
    "The weather is cold today. What should I wear?",
    "What should I wear? (by the way, it rains here)",
    "Which ferry runs today? (by the way, I travel with a bike)",
    "Explain photosynthesis (briefly)",
    "I only have 20 minutes. Which workout is best?",
    "Tell me something about otters. Be funny.",
    "Tell me the best thing. It should be short.",
    "Maybe you can tell me how tall it is.",
    '"To be" or "not to be"',
    '"War and Peace"',
    '"Hope" is the thing with feathers, who wrote "that"',
    "Rewrite politely:\n\nGive me the file.\n\nI'm all ears.",
    "Continue the story. They looked at the door. Ready when you are.",
    "My brother moved out. Can you help me?",
    "How do I answer the phrase: what do you say?",
    "Summarise the chat.\nAna: I have a question\nBen: go ahead\nAna: over to you.",
    "Please help me with my essay about rivers.",
    "I need help with fractions: what is a half of a third?",
    "Could you please help an old neighbour? He needs a lift.",
    "A friend is curious. How do I keep the secret?",
    "Ich bin Arzt. Was sage ich dem Patienten?",
    "Soy de Lima. \u00bfQu\u00e9 impuestos pago?",
    "Wenn m\u00f6glich, ohne Schleife schreiben.",
    "Here is my code: print(1)",
    "I have a question about rivers: which is the longest?",
    "Be precise about the date: when did it open?",
    "Explain your reasoning.",
    "Fix this function. Explain your reasoning.",
    "Think carefully before you answer",
    "Can you help me?",
    "Next question",
    "I'm curious about otters. Where do they sleep?",
    "Over to you",
    "ok to merge?",
    "ok do it, mechanical stuff first",
    "ok thanks, that worked",
    "ok it's for me then. how often per day",
    "bitte nur: Tag, Uhrzeit, wohin",
    "Welche Kontrollfrage stelle ich der Klasse in der Stunde am Ende.",
    "Which film of the eighties has the line Let's go!",
    "Ich bin Arzt. Was ist die Dosis von Ibuprofen bei Kindern?",
    "Soy celiaca. \u00bfQu\u00e9 pan compro?",
    "I'm Muslim. Which sweets are halal?",
    "Which phone was this mail sent from",
    "Next: oats, sugar, raisins. Question 3: which fruit? Question 4: which nut? Q: why",
    "I'm Ana from Oslo. How much notice do I give my landlord?",
    "I'm Ana from Oslo. Which taxes do I pay on a flat?",
    "This is Ben from Legal. What may we send to customers?",
    "Hier ist Lena aus Lyon. Welche Steuern zahle ich?",
    "What is the dose of ibuprofen for my son? I'm a nurse, by the way.",
    "What should I bring? (by the way, it is cold)",
    "By the way, it is raining here. Is it OK to go outside with a cold?",
    "(briefly) what is a monad",
    "compute 7!!",
    "My name is Bond. Who says that?",
    "I live in Oslo. Which sauna is good?",
    "I'm Ana from Oslo. When does the sun set?",
    "This is Sparta. Who says it?",
    "I love your work. Is that a fine thing to write to an artist?",
    "Note the call for the file. Caller: it is sent. Agent: I will look. Caller: Goodbye. Goodbye now.",
    "Can you tell me a joke about cows?",
    "Could you help me move the sofa? It is heavy.",
    "Perhaps a haiku: one about rain",
    "My question about tides: why twice a day?",
    "I would like another topic for my talk: something short",
    "Quote me on this: rust is the best.",
    "What does it mean to take your time?",
    "What is the meaning of the phrase over to you.",
    "Write a toast that ends with the words Have a nice day!",
    "Translate: have a nice day. Enjoy your weekend!",
    "Draft a reply to this text: I will come. Looking forward to your answer.",
    "Here is my poem about a river in May. Let me know what you think.",
    "Correct my English. I have a question. You always give great answers.",
)


@pytest.mark.parametrize("around", AROUND, ids=ascii)
def test_a_sentence_that_asks_nothing_comes_off(around):
    assert without_courtesies(around.format(ask=ASK)).strip() == ASK


@pytest.mark.parametrize("around", ABOUT_A_PERSON, ids=ascii)
def test_a_sentence_about_the_person_comes_off_where_the_ask_is_about_the_world(around):
    assert without_courtesies(around.format(ask=FACT)).strip() == FACT


@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_what_only_looks_idle_stays(text):
    assert without_courtesies(text) == text


@given(st.text(alphabet="um, ok so.\n\"Go ahead!:?I'\u201c\u201d\u6211\u6709\u95ee\u9898\uff1a()", max_size=60))
def test_what_is_left_is_part_of_the_text_and_is_never_nothing(text):
    said = without_courtesies(text)
    assert said in text
    assert bool(said.strip()) == bool(text.strip())


@pytest.mark.parametrize(
    "unit", ["um, ", "I have a question: ", "you ", "\u6211\u6709", '"', "(", "Go ahead. ", "I'm Ana. ", "Ana "]
)
def test_a_long_text_of_one_idle_word_is_read_to_its_end(unit):
    text = unit * 4_000 + ASK
    assert text.rstrip('"').endswith(without_courtesies(text).strip('"'))
