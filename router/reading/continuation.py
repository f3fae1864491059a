"""Short replies that approve or call for the work before them: "yes, go ahead", "continue", "same for march".

The word lists only decide whether a reply is scored alone or with the work before it, so a language that is missing is
scored on the reply, as any short ask is. A reply that closes a conversation ("ok thanks") approves nothing.
"""

from __future__ import annotations

import re

REPLY_LIMIT_CHARS = 80
REPLY_LIMIT_WORDS = 8
REPLY_LIMIT_CJK_CHARS = 16


_TRIM = re.compile(r"^[\W_]+|[\W_]+$")


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(_TRIM.sub("", phrase) for line in lines for phrase in line.split("|"))


CALLS = _phrases(
    "continue|proceed|go|next|resume|confirmed|approved|go on|go ahead|do it|do that|do so|keep going|carry on",
    "ship it|send it|post it|send|run it|merge it|please do|make it so|go for it|sounds good|lgtm|go on then",
    "yes do it|right go on",
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
    "yes|yep|yeah|yup|aye|yea|absolutely|definitely|confirm|ja|jawohl|jep|gern|gerne|s\u00ed|si|sim|oui|ouais|s\u00ec",
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


def is_continuation(reply: str, *, before: str) -> bool:
    """Whether a user's reply approves or calls for the work before it.

    before: the text of the message just before the reply; "" if there is none, and then nothing is approved.
    """
    if not before or len(reply) > REPLY_LIMIT_CHARS:
        return False
    text = _TRIM.sub("", reply.lower().replace("\u2019", "'"))
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
