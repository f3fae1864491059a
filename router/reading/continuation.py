"""Short replies that approve or call for the work before them: "yes, go ahead", "continue", "the second one", "retry".

The word lists only decide whether a reply is scored alone or with the work before it, so a language that is missing is
scored on the reply, as any short ask is. A reply that closes a conversation ("ok thanks") approves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.reading.characters import MARKS, folded
from router.reading.reply_words import (
    CHOICE,
    CJK_CALL_WORDS,
    CJK_FILLERS,
    CJK_ORDER,
    CLOSES,
    EDGES,
    FEELS,
    FILLERS,
    LIGHT,
    NEW_ASK,
    OR,
    ORDER,
    POLITE,
    POLITE_QUESTION,
    PRESS,
    STILL,
)

REPLY_LIMIT_CHARS = 80
REPLY_LIMIT_WORDS = 8
REPLY_LIMIT_CJK_CHARS = 16


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(EDGES.sub("", folded(phrase)) for line in lines for phrase in line.split("|"))


CALLS = _phrases(
    "continue|proceed|go|next|resume|confirmed|approved|go on|go ahead|do it|do that|do so|keep going|carry on",
    "ship it|send it|post it|send|run it|merge it|please do|make it so|go for it|sounds good|lgtm|go on then",
    "yes do it|right go on|don't stop|don't give up|your call|up to you|you decide|you choose|as you like",
    "as you prefer|as you suggest|whatever you think|whatever you think is best|i trust you",
    "wie du meinst|entscheide du|como quieras|comme tu veux|come vuoi|как хочешь|你决定|随你",
    "看着办|お任せします|任せる",
    "알아서 해줘",
    "weiter|mach weiter|mach das|mach es|mach mal|leg los|los|bitte weiter|nur zu|weiter so|ga door|ga verder",
    "doe maar|forts\u00e4tt|k\u00f6r|kj\u00f8r|fortsett|forts\u00e6t",
    "dale|adelante|contin\u00faa|continua|sigue|hazlo|h\u00e1galo|prosigue|contin\u00fae|pode|pode fazer",
    "pode seguir|vai|manda ver|fa\u00e7a|faz isso|prossiga|segue|avanti|procedi|fallo|vai pure|vas-y|allez-y",
    "vas y|continuez|fais-le|poursuis",
    "давай|продолжай|делай|дальше|продолжайте|продовжуй|роби|далі|dalej|kontynuuj|zr\u00f3b to",
    "devam|devam et|yap|lanjut|lanjutkan|ti\u1ebfp t\u1ee5c|endelea",
    "استمر|تابع|أكمل|واصل|تفضل|תמשיך|המשך|קדימה|जारी रखो|आगे बढ़ो|karo|kar do",
    "继续|繼續|继续吧|开始吧|做吧|就这么做|按这个做|执行|接着来|接着做",
    "続けて|続けてください|続き|続行|進めて|進めてください|お願いします|お願い|継続|継続して",
    "계속|계속해|계속해줘|계속해주세요|진행해|진행해줘|진행해주세요|부탁해요|부탁드립니다|ต่อ|ต่อเลย|ทำเลย|เอาเลย|ทำต่อ",
)
"""Whole replies that call for work."""

NUDGES = _phrases(
    "and|so|well|then|and then|et alors|et|e|e ent\u00e3o|ent\u00e3o|y|entonces|und|also|ну|и|然后呢|所以|それで|그래서"
)
"""Whole replies that, with a question mark, ask for work that is still missing."""

YES = _phrases(
    "y|yes|yep|yeah|yup|aye|yea|absolutely|definitely|confirm|ja|jawohl|jep|gern|gerne|s\u00ed|si|sim|oui|ouais|s\u00ec",
    "\u0434\u0430|\u0442\u0430\u043a|\u0430\u0433\u0430|tak|evet|ya|iya|v\u00e2ng|نعم|أيوه|כן|हाँ|हां|haan|ndiyo",
    "是|是的|对|對|可以|行|はい|ええ|うん|네|예|응|ครับ|ใช่",
)
"""Approve what was asked. They call for work when the message before them is a question."""

ACKNOWLEDGE = _phrases(
    "ok|okay|k|sure|fine|alright|right|cool|great|perfect|good|of course|klar|passt|okej|ok\u00e9|vale|claro",
    "bueno|certo|d'accord|va bene|bien|хорошо|ок|окей|добре|dobrze|tamam|oke|baik|\u0111\u01b0\u1ee3c",
    "حسنا|تمام|טוב|בסדר|ठीक है|theek hai",
    "好|好的|好吧|没问题|沒問題|了解|いいよ|いいですよ|オッケー|좋아|좋아요|그래|ตกลง|โอเค",
)
"""Approve when the message before them is a question; otherwise they only close."""

_THANKS = re.compile(
    r"\b(?:thx|thanks?|thank|ty|tysm|ta|cheers|danke|gracias|merci|obrigad[oa]|grazie|bedankt|tack|takk|spasibo"
    r"|no worries)\b"
    r"|спасибо|дякую|谢谢|謝謝|ありがと|감사|고마|ขอบคุณ|شكرا|תודה|धन्यवाद|teşekkür|makasih|terima kasih|cảm ơn|dziękuj"
)
_INSTRUCTS = re.compile(
    r"\b(?:go ahead|go on|go for it|do (?:it|that|so)|continue|proceed|keep going|carry on|mach (?:das|es))\b"
)
_SAME_AGAIN = re.compile(
    r"(?:(?:and|now|ok|und|y|et) )*(?:the )?(?:same (?:for|again|with|but|thing)|dasselbe (?:f\u00fcr|mit)"
    r"|das gleiche f\u00fcr|lo mismo (?:para|con)|o mesmo (?:para|com)|la m\u00eame chose|pareil pour|lo stesso per)\b"
)
_VERB_IT = re.compile(r"\w+ (?:it|that|this|them)$")
_SPLIT = re.compile(r"[\s,.!;:\u2026\u3001\u3002\uff0c\uff01~\-\u2013\u2014]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]")
_CJK_CALL = re.compile(
    r"继续|繼續|开始|開始|执行|進行|进行|就这|続け|進め|お願い|やって|진행|계속|해줘|해주세요|부탁|ต่อ|ทำ"
)
_QUESTION = ("?", "\uff1f", "\u061f", "か。", "でしょうか", "까요", "吗")


GO_ON = "continue"
"""What a reply that chooses, repeats or presses on is scored as: the work is what it was, whatever the words."""


def call_for_work(reply: str, *, before: str) -> str:
    """What a user's reply is scored as if it approves or calls for the work before it; "" if it does not.

    An approval is scored with its own words, a choice or a call to go on, repeat or finish as GO_ON.
    before: the text of the message just before the reply; "" if there is none, and then nothing is approved.
    """
    if not before or len(reply) > REPLY_LIMIT_CHARS:
        return ""
    if _approves(reply, before):
        return reply
    return GO_ON if _presses_on(reply, before) else ""


def is_continuation(reply: str, *, before: str) -> bool:
    """Whether a user's reply approves or calls for the work before it; before: as for `call_for_work`."""
    return bool(call_for_work(reply, before=before))


def _approves(reply: str, before: str) -> bool:
    text = EDGES.sub("", folded(reply).replace("\u2019", "'"))
    if any(mark in reply for mark in "?\uff1f\u061f"):
        return not text or text in NUDGES
    words = [word for word in _SPLIT.split(text) if word]
    plain = " ".join(words)
    if not words or len(words) > REPLY_LIMIT_WORDS or _THANKS.search(text):
        return False
    if text in CALLS or plain in CALLS or _SAME_AGAIN.match(plain):
        return True
    if _CJK.search(text):
        return _is_cjk_continuation(text, words, asked=asks(before))
    head = words[0]
    if head not in YES and head not in ACKNOWLEDGE:
        return False
    if _INSTRUCTS.search(plain) or (len(words) <= _FEW_WORDS and _VERB_IT.search(plain)):
        return True
    return asks(before) and (head in YES or plain in ACKNOWLEDGE)


def _presses_on(reply: str, before: str) -> bool:
    """Whether a reply repeats, presses on, chooses, or says that the work is not done yet.

    Its words call for work ("more detail", "try again"), or pick among what a question offered ("the second one", "the
    code first"); any other words must be words of the message before.
    """
    text = EDGES.sub("", folded(reply).replace("\u2019", "'"))
    polite = POLITE_QUESTION.match(text)
    text = text[polite.end() :] if polite else text
    is_question = not polite and any(mark in reply for mark in "?\uff1f\u061f")
    thanks = bool(_THANKS.search(text))
    text = _THANKS.sub(" ", text).strip(" ,.!")
    if not text or CLOSES.match(text):
        return False
    if _CJK.search(text):
        return not is_question and _is_cjk_call(text, before)
    words = [word for word in _SPLIT.split(text) if word]
    if len(words) > REPLY_LIMIT_WORDS:
        return False
    plain = " ".join(words)
    if STILL.match(plain) or " ".join(POLITE.sub(" ", plain).split()) in CALLS:
        return not is_question
    said = [_ELIDED.sub("", EDGES.sub("", word)) for word in words]
    rest = [word for word in said if word not in FILLERS]
    content = [word for word in rest if word not in PRESS and word not in CHOICE]
    if any(word in PRESS for word in rest):
        if NEW_ASK.match(text):
            return said[0] in LIGHT and not set(content) - {said[0]}
        return not content or (not is_question and _all_in(content, before))
    if len(said) == 2 and _VERB_IT.search(text) and not is_question and not thanks:  # "prove it"
        return not NEW_ASK.match(text) and said[0] not in FEELS
    if is_question or thanks:
        return False
    picks = any(word in CHOICE for word in said)
    if not asks(before):
        return picks and not content and _lists(before)
    if len(content) <= 1 and (said[0] in ORDER or said[-1] in ORDER):
        return True  # "the code first", also in another language than the question
    if picks:
        return not content or _all_in(content, before)
    return bool(content) and not NEW_ASK.match(text) and _offers(before) and _all_in(content, before)


def _all_in(words: Sequence[str], before: str) -> bool:
    """Whether a message holds all words, near its end."""
    known = set(_WORD.findall(folded(before[-_CHOICE_TAIL_CHARS:])))
    return all(word in known for word in words)


def _offers(before: str) -> bool:
    """Whether a message ends in a question with alternatives, or lists some."""
    return bool(OR.search(folded(before[-_TAIL_CHARS:]))) or _lists(before)


def _offered(choice: str, before: str) -> bool:
    """Whether the words of a choice, in a script without spaces, are among alternatives."""
    return choice in before[-_TAIL_CHARS:] and _offers(before)


def _lists(before: str) -> bool:
    return len(_OPTION.findall(folded(before[-_CHOICE_TAIL_CHARS:]))) > 1


def _is_cjk_call(text: str, before: str) -> bool:
    if len(text) > REPLY_LIMIT_CJK_CHARS:
        return False
    if not CJK_CALL_WORDS.search(text):
        choice = CJK_FILLERS.sub("", text)
        return bool(choice) and len(choice) <= _CJK_CHOICE_CHARS and asks(before) and _offered(choice, before)
    rest = CJK_FILLERS.sub("", CJK_CALL_WORDS.sub("", text))
    return not rest or rest in before or (len(rest) <= _CJK_WORD and asks(before) and bool(CJK_ORDER.search(text)))


_CHOICE_TAIL_CHARS = 1_500
_CJK_WORD = 3
"""A word of this many characters."""
_CJK_CHOICE_CHARS = 6
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu)'(?=[^\W\d_]{2})")
"""An article or preposition that French and Italian write as one word with the next: "d'abord", "l'autre"."""
_WORD = re.compile(rf"(?:[^\W_]|[{MARKS}])+(?:['-](?:[^\W_]|[{MARKS}])+)*")
_OPTION = re.compile(r"^[ \t]*(?:\(?[1-9a-d][.):]|[-*\u2022]) ", re.MULTILINE)
_FEW_WORDS = 3
_TAIL_CHARS = 240


def asks(text: str) -> bool:
    """Whether a message ends in a question, or close to one."""
    tail = text[-_TAIL_CHARS:]
    return any(mark in tail for mark in _QUESTION)


def _is_cjk_continuation(text: str, words: list[str], *, asked: bool) -> bool:
    if len(text) > REPLY_LIMIT_CJK_CHARS:
        return False
    joined = "".join(words)
    if joined in CALLS or (asked and (joined in YES or joined in ACKNOWLEDGE)):
        return True
    return text.startswith(_CJK_HEADS) and bool(_CJK_CALL.search(text))


_CJK_HEADS = tuple(sorted(phrase for phrase in YES | ACKNOWLEDGE if _CJK.match(phrase)))
