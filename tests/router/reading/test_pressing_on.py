"""Short replies that choose, repeat or press on are scored as the work, and short asks of their own are not."""

from __future__ import annotations

import pytest

from router.reading import read
from router.reading.continuation import call_for_work, is_continuation
from router.types import ChatRequest, Message

CHOOSE = (
    "The race is between the tail CAS and the free list. I can rewrite reclamation with hazard pointers and then "
    "prove it. Should I start with the proof or with the code?"
)
REPORT = "I rewrote reclamation with hazard pointers. The proof of step 2 is half done."


@pytest.mark.parametrize(
    "reply",
    [
        "the code first",
        "2",
        "try again",
        "more detail",
        "please finish",
        "retry",
        "the proof",
        "code",
        "second",
        "the second one",
        "B",
        "option 2",
        "both",
        "start with the code",
        "proof first please",
        "le code d'abord",
        "los dos",
        "zweiteres",
        "keep working",
        "you stopped",
        "it was cut off",
        "not good enough",
        "do better",
        "make it better",
        "be more thorough",
        "y",
        "都做",
        "the latter",
        "first the proof, then the code",
        "both please",
        "go with the code",
        "code first, then the proof",
        "Erst den Code",
        "der zweite",
        "den Code zuerst",
        "la segunda",
        "el código primero",
        "le deuxième",
        "la seconde",
        "сначала код",
        "второй",
        "第二个",
        "先写代码",
        "コードを先に",
        "まずコードから",
        "두 번째",
        "코드 먼저",
        "önce kod",
        "o segundo",
        "il secondo",
        "de tweede",
        "drugi",
        "1",
        "#1",
        "1.",
        "a)",
        "number two",
        "I'd take the second",
        "the first option",
        "let's do the proof first",
        "either",
        "all of them",
        "your call",
        "you decide",
        "go with option B",
        "the first approach",
        "option 2 please",
        "with hazard pointers",
        "I prefer the code",
        "rather the proof",
        "plan B",
        "then the proof",
        "1 and 2",
    ],
)
def test_an_answer_that_chooses_goes_on_with_the_work(reply):
    assert call_for_work(reply, before=CHOOSE) in ("continue", reply)
    assert is_continuation(reply, before=CHOOSE)


@pytest.mark.parametrize(
    "reply",
    [
        "try again",
        "more detail",
        "please finish",
        "retry",
        "again",
        "once more",
        "redo it",
        "finish it",
        "more details please",
        "go deeper",
        "elaborate",
        "expand on that",
        "the rest please",
        "finish the proof",
        "more detail on step 2",
        "try it again please",
        "can you try again?",
        "could you finish it?",
        "still not working",
        "it still fails",
        "same error",
        "wrong",
        "not quite right",
        "thanks, now finish it",
        "keep at it",
        "try harder",
        "nochmal",
        "noch einmal bitte",
        "versuch es nochmal",
        "mehr Details",
        "mach fertig",
        "bitte fertig machen",
        "otra vez",
        "inténtalo de nuevo",
        "más detalles",
        "termina por favor",
        "réessaie",
        "encore une fois",
        "plus de détails",
        "termine s'il te plaît",
        "riprova",
        "più dettagli",
        "finisci",
        "tente novamente",
        "mais detalhes",
        "termine por favor",
        "opnieuw",
        "meer details",
        "probeer het opnieuw",
        "ещё раз",
        "попробуй снова",
        "подробнее",
        "закончи",
        "jeszcze raz",
        "więcej szczegółów",
        "tekrar dene",
        "daha fazla detay",
        "bitir",
        "coba lagi",
        "再试一次",
        "更详细一点",
        "请完成",
        "もう一度",
        "もっと詳しく",
        "やり直してください",
        "다시 해줘",
        "더 자세히",
        "마무리해줘",
        "حاول مرة أخرى",
        "المزيد من التفاصيل",
        "ลองใหม่",
        "spróbuj ponownie",
        "försök igen",
        "prøv igen",
        "finish it please",
        "don't stop",
        "do the rest",
        "complete it",
        "next step",
        "continue please",
        "go further",
        "more",
        "prove it",
        "fix it",
        "do that again",
        "explain that in more detail",
        "tell me more",
        "please continue where you left off",
        "show the rest",
        "make it complete",
        "sigue por favor",
        "keep going please",
        "thanks, go on",
        "and the rest?",
        "फिर से कोशिश करो",
        "עוד פרטים",
        "ξανά",
        "περισσότερες λεπτομέρειες",
        "تفاصيل أكثر",
    ],
)
def test_a_reply_that_repeats_or_presses_on_goes_on_with_the_work(reply):
    assert is_continuation(reply, before=REPORT)
    assert is_continuation(reply, before=CHOOSE) or "step 2" in reply


@pytest.mark.parametrize(
    "reply",
    [
        'translate "cat" to French',
        "what time is it in Tokyo?",
        "what time is it in Tokyo",
        "thanks!",
        "hi",
        "hello there",
        "ok thanks",
        "all good",
        "never mind",
        "stop",
        "no",
        "that's all",
        "what's 2+2",
        "write a haiku",
        "set a timer for 10 min",
        "add milk to the list",
        "good night",
        "perfect, thanks",
        "convert 5 miles to km",
        "how old is the moon",
        "more milk",
        "first aid kit list",
        "who wrote Faust",
        "remind me at 5",
        "play some jazz",
        "übersetze Katze",
        "merci beaucoup",
        "danke",
        "wie spät ist es in Tokio",
        "traduce gato al inglés",
        "que hora es en Tokio",
        "спасибо",
        "который час в Токио",
        "переведи кот на английский",
        "谢谢",
        "东京现在几点",
        "翻译猫",
        "ありがとう",
        "東京は今何時",
        "고마워",
        "도쿄 지금 몇 시",
        "bye",
        "lol",
        "see you later",
        "capital of Peru",
        "weather in Oslo tomorrow",
        "1 mile in km",
        "6 x 7",
        "2 eggs or 3 for a cake",
        "a poem about spring",
        "shorter",
        "make it 9",
        "why",
        "define entropy",
        "詳細な天気予報を東京で",
        "all done",
        "nothing else",
        "translate it",
        "send it to Bob",
        "what more",
        "what else is new",
        "more or less",
        "give me a recipe",
        "tell me a joke",
        "explain entropy",
        "the weather",
        "my name is Bob",
        "love it",
        "call him",
        "show me the weather in Rome",
        "everything works",
        "again, what is a monad?",
    ],
)
def test_a_short_ask_of_its_own_stays_one_in_the_middle_of_hard_work(reply):
    assert not is_continuation(reply, before=CHOOSE)
    assert not is_continuation(reply, before=REPORT)


def test_a_number_picks_from_a_list_without_a_question_mark():
    listed = "Tell me which one you want:\n1. hazard pointers\n2. epochs\n3. nothing"
    assert is_continuation("2", before=listed)
    assert not is_continuation("2", before=REPORT)


def seen(*messages):
    return read(ChatRequest(messages=tuple(Message(*message) for message in messages)))


def test_a_choice_is_scored_as_a_call_to_continue():
    work = (("user", "prove that the queue is linearizable"), ("assistant", CHOOSE))
    chosen, going_on = seen(*work, ("user", "the code first")), seen(*work, ("user", "continue"))
    assert (chosen.ask, chosen.window, chosen.turn) == (going_on.ask, going_on.window, "continuation")


@pytest.mark.parametrize(
    ("question", "choice", "ask"),
    [
        ("竞争在CAS和空闲列表之间。我先写证明还是先写代码\uff1f", "代码", "现在几点"),
        ("証明から始めますか、それともコードから始めますか\uff1f", "コードでお願いします", "今何時ですか"),
    ],
)
def test_a_choice_in_a_script_without_spaces_is_one_of_the_alternatives(question, choice, ask):
    assert is_continuation(choice, before=question)
    assert not is_continuation(ask, before=question)
    assert not is_continuation(choice, before="Done.")
