"""Whether words ask for something by themselves: a question mark, a question word, an order at the start.

It is for frames that hold other things as often as asks (comments, strings, the input of a command). Many asks have
none of these signs, so that "no" means only that the words may be data.
"""

# ruff: noqa: RUF001 - the words of many scripts look like Latin ones
from __future__ import annotations

import re
from functools import lru_cache

_LOOK_CHARS = 600
_FIRST_CHARS = 80
_MOST_LEADS = 4

_LEADS = frozenset(
    "please pls plz kindly ok okay so now and then also hey hi hello just quick quickly urgent help me can "
    "could would will you bitte kannst du könntest können sie por favor puedes puede s'il te vous plaît peux tu "
    "pouvez mal mir to i want need like per favore puoi pode você kan je u".split()
)
"""Words before an order: "please", "can you"."""

_QUESTIONS = frozenset(
    "what what's whats which who who's whose whom where where's when why how how's is are was were do does did "
    "can could should would will has have isn't aren't don't doesn't wie warum wieso wer wo wann welche welcher "
    "welches woher wohin ist sind kann que qué quién quien cuál cual cuándo cómo como dónde cuánto cuántos por "
    "pourquoi quel quelle quels quelles qui quand comment combien où est-ce perché cosa chi quale quando quanto "
    "dove qual quem onde quantos wat waarom welk welke hoe wanneer waar vad varför hur hva hvorfor hvordan hvad "
    "co jak dlaczego kto gdzie nedir nasıl neden kim что как почему кто где когда сколько какой какая какие що "
    "чому".split()
)

_ORDERS = frozenset(
    "write make explain give tell show list find fix create draft rewrite translate sort summarize summarise "
    "convert compare describe generate add remove refactor implement review check prove solve calculate compute "
    "plan suggest recommend design build help teach define name pick choose rank turn put change shorten "
    "simplify correct proofread edit analyze analyse debug optimize optimise extract classify count estimate "
    "outline propose continue complete finish expand reply respond answer draw code test reword rephrase "
    "paraphrase brainstorm critique evaluate identify derive parse merge split move replace rename update "
    "format set let walk think get say convince act imagine pretend invent compose sketch tighten polish "
    "improve remind schedule book order search look schreib schreibe schreiben erkläre erklär mach mache gib "
    "nenne zeig zeige finde übersetze übersetz fasse fass erstelle formuliere korrigiere vergleiche beschreibe "
    "berechne hilf sag sage entwirf prüfe ändere écris écrivez rédige explique expliquez donne donnez fais "
    "faites traduis traduisez résume trouve montre corrige décris calcule aide dis crée réécris liste escribe "
    "escribir redacta explica explícame dame haz traduce resume encuentra muestra compara calcula ayúdame dime "
    "propón crea reescribe lista hazme scrivi spiega spiegami dammi fai traduci riassumi trova mostra correggi "
    "confronta descrivi calcola aiutami dimmi riscrivi escreve escreva dá dê faz faça traduz traduza resuma "
    "encontre mostre corrija descreva ajuda ajude diga cria crie reescreva schrijf leg geef maak vertaal vind "
    "toon vergelijk beschrijf bereken skriv förklara forklar gör översätt oversæt oversett napisz wyjaśnij "
    "przetłumacz zrób podaj popraw yaz açıkla çevir напиши объясни переведи сделай дай найди исправь составь "
    "перепиши покажи расскажи напишіть viết giải dịch tulis jelaskan buat terjemahkan käännä kirjoita اكتب اشرح "
    "ترجم أعد لخص".split()
)
"""Verbs that a request begins with, in their form for an order."""

_UNSPACED = re.compile(
    "[？؟;]|吗|呢|什么|甚麼|怎么|怎麼|如何|为什么|為什麼|为何|哪|多少|请|請|帮|幫|写|寫|翻译|翻譯|解释|解釋|给我|把"
    "|ください|下さい|して|ですか|ますか|教えて|書いて|訳して|か。|何|なぜ|どう|주세요|해줘|하세요|인가요|나요|까요|써줘"
    "|लिख|बता|समझा|क्या|कैसे|क्यों|करो|करें|দাও|লিখ|কি|কেন|เขียน|ช่วย|อะไร|ทำไม|ยังไง|แปล"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def is_asking(text: str) -> bool:
    """Whether a text has a question mark, or begins with a question word or an order."""
    return _is_asking(text[:_LOOK_CHARS].strip()) or text.rstrip("\"'”」)* \n").endswith(("?", "？", "؟"))


@lru_cache(maxsize=512)
def _is_asking(text: str) -> bool:
    if "?" in text and _MARK.search(text):
        return True
    if not text.isascii() and _UNSPACED.search(text):
        return True
    return begins_asking(text)


_PERSONS = frozenset("i you je tu du sie u".split())
"""After one of these, "have" and "will" ask nothing."""
_MARK = re.compile(r"[^\W_][\"')\]*» ]{0,3}\?+(?:[\s\"')\]*»]|$)")
"""A question mark at the end of a sentence, not one in an address."""


def begins_asking(text: str) -> bool:
    """Whether a text begins with a question word or an order, after words such as "please"."""
    words = _WORD.findall(text[:_FIRST_CHARS].casefold())
    for at, word in enumerate(words):
        is_question = word in _QUESTIONS and _PERSONS.isdisjoint(words[:at])
        if is_question or word in _ORDERS:
            return words[at + 1 : at + 2] != ["of"]
        if word not in _LEADS or at > _MOST_LEADS:
            return False
    return False
