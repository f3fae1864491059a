"""What tells the languages of one script apart in a short turn: their letters, and words that only they have.

A word that several languages of a script share is in each list, so that it decides nothing.
"""

# ruff: noqa: RUF001 - the words of many scripts look like Latin ones
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Shared(NamedTuple):
    """A script of several languages.

    script: one of its letters.  surely: letters, or their order, that only one language has, first match first.
    never: what a text in a language cannot hold.  words: short words, in lower case.
    otherwise: a language for letters that leave it very likely, used after the words.
    """

    script: re.Pattern[str]
    surely: tuple[tuple[re.Pattern[str], str], ...]
    never: Mapping[str, re.Pattern[str]]
    words: Mapping[str, frozenset[str]]
    otherwise: tuple[tuple[re.Pattern[str], str], ...] = ()


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


CYRILLIC = Shared(
    script=re.compile(r"[\u0400-\u052f]"),
    surely=(
        (re.compile(r"ў"), "be"),
        (re.compile(r"[їєґ]"), "uk"),
        (re.compile(r"[ћђ]"), "sr"),
        (re.compile(r"[ѓќѕ]"), "mk"),
        (re.compile(r"[әғқұһ]"), "kk"),
        (re.compile(r"ъ(?![еёюяоуиа])"), "bg"),  # Russian and Macedonian write it before vowels only, or not at all
    ),
    never={
        "ru": re.compile(r"[іїєґўћђјљњџѓќѕәғқңөұүһ]|ъ(?![еёюя])"),
        "uk": re.compile(r"[ыэёъўћђјљњџѓќѕәғқңөұүһ]"),
        "be": re.compile(r"[ищъїєґћђјљњџѓќѕәғқңөұүһ]"),
        "bg": re.compile(r"[ыэёіїєґўћђјљњџѓќѕәғқңөұүһ]|ь(?!о)"),
        "sr": re.compile(r"[йщъыьэюяёіїєґўѓќѕәғқңөұүһ]"),
        "mk": re.compile(r"[йщъыьэюяёіїєґўћђәғқңөұүһ]"),
        "kk": re.compile(r"[їєґўћђјљњџѓќѕ]"),
        "ky": re.compile(r"[іїєґўћђјљњџѓќѕәғқұһ]"),
        "mn": re.compile(r"[іїєґўћђјљњџѓќѕәғқңұһ]"),
    },
    words={
        "ru": _words(
            "спасибо привет пожалуйста объясни объясните переведи переведите",
            "дела что почему когда где сколько хорошо",
            "здравствуй здравствуйте нет есть мне сделай исправь",
            "найди расскажи продолжай ладно письмо другу понял очень",
            "нужно можно только сейчас кто доброе утро дня меня давай дальше",
            "зачем как это и не в на с раз код напиши",
            "проверь покажи если или так там тут уже тоже его она они для при ответ работает помоги какой какая",
        ),
        "uk": _words(
            "дякую привіт будь ласка справи як що це поясни переклади переклад чому немає зроби допоможи навіщо дуже",
            "доброго ще раз та не в на і й з код далі давай продовжуй де коли хто так там тут вже його вона вони для",
            "напиши перевір покажи якщо або гаразд добре можна треба",
        ),
        "bg": _words(
            "благодаря здравей здравейте моля защо какво обясни кода това ще",
            "добре как и не в на с код още веднъж къде",
            "кога кой продължи направи провери покажи ако или тук вече той тя те ли е са да съм им ми ти го я",
            "напиши поправи помогни може трябва грешка там при",
        ),
        "sr": _words(
            "хвала молим шта зашто љубав његово је сам си смо сте",
            "су овде где када ко како још једном јесте није хоћу",
            "можеш можда треба сада у и не на да се за објасни напиши провери покажи уради поправи ово овај али код",
            "настави добро",
        ),
        "mk": _words(
            "благодарам зошто што ова сум сме сте се каде кога кој",
            "како уште еднаш дали не на да и во за објасни напиши",
            "провери покажи направи поправи овој код продолжи добро може треба сега тука",
        ),
        "be": _words(
            "дзякуй прывітанне калі што чаму гэта як дзе хто яшчэ раз і не ў на так там тут зрабі растлумач мне"
        ),
        "kk": _words("рахмет сәлем қалай неге не бұл жоқ иә жалғастыр тағы түсіндір керек және үшін бар"),
        "ky": _words(
            "рахмат салам кандай эмне эмнеге үчүн саламатсызбы саламатсыңарбы ооба жок бул дагы жана бар улант"
        ),
        "mn": _words("сайн байна уу баярлалаа яагаад юу энэ үгүй тийм дахин тайлбарла үргэлжлүүл ба би чи бол хаана"),
    },
    # Of the languages with these letters Russian is by far the most written; the words came first
    otherwise=((re.compile(r"^(?=.*(?:[ыэё]|ъ[еёюя].*ь(?!о)|ь(?!о).*ъ[еёюя]))[^әғқңөұүһіј]*$", re.DOTALL), "ru"),),
)

ARABIC = Shared(
    script=re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"),
    surely=(
        (re.compile(r"[ښځڼړېۍټډګ]"), "ps"),
        (re.compile(r"[ێۆڕڵە]"), "ku"),
        (re.compile(r"[ٹڈڑےںہۓ]"), "ur"),
        (re.compile(r"[ةىأإ]"), "ar"),
    ),
    never={
        "ar": re.compile(r"[پچژگکیہےںھٹڈڑ\u200c]"),
        "fa": re.compile(r"[ٹڈڑےںہھښځڼړېۍێۆڕڵەةى]"),
        "ur": re.compile(r"[ښځڼړېۍێۆڕڵە]"),
        "ps": re.compile(r"[ٹڈڑےںہھێۆڕڵ]"),
        "ku": re.compile(r"[ٹڈڑےںہښځڼړېۍ]"),
    },
    words={
        "ar": _words(
            "شكرا شكراً مرحبا نعم كيف ماذا فضلك اشرح ترجم هل هذا هذه",
            "التي الذي عليكم لماذا متى أين استمر حسنا حسناً لا ما لي",
            "من في على مع تابع واصل اكتب تفضل ممتاز تمام جيد هنا كم",
        ),
        "fa": _words(
            "سلام ممنون لطفا لطفاً چطوری چطوره مرسی خوبی خوبه بله توضیح بده",
            "کن است چرا این آن را با از به که متشکرم ادامه",
            "چیست بنویس دوباره نه باشه خوب سپاس بگو کد کجا من در ما و",
        ),
        "ur": _words("شکریہ ہے کیا میں سلام کو کا کی کے سے اور نہیں ہاں کرو کر جاری دوبارہ بتاؤ یہ وہ کیوں"),
        "ps": _words("مننه سلام څه ولې هو نه دا په او له دی"),
        "ku": _words("سوپاس سڵاو بەڵێ نەخێر چۆن بۆ"),
    },
    otherwise=(
        (re.compile(r"[پچژگکی\u200c]"), "fa"),
        (re.compile(r"[كي]|\bال\w{3}|[\u064b-\u0652]"), "ar"),
    ),
)

DEVANAGARI = Shared(
    script=re.compile(r"[\u0900-\u097f]"),
    surely=(
        (re.compile(r"[ळऱ]"), "mr"),
        (re.compile(r"\u093c|[\u0958-\u095f]"), "hi"),  # dotted letters
        (re.compile(r"(?:छ|छन्|हरू|नुहोस्|नुभयो|ाउनु)(?![\u0900-\u097f])"), "ne"),
    ),
    never={},
    words={
        "hi": _words(
            "है हैं क्या करो करें में की को और नहीं मुझे हाँ हां कैसे",
            "बताओ लिखो का के से यह वह हो जारी रखो क्यों शुक्रिया ठीक समझाओ फिर",
            "दोबारा कौन कहाँ कब मैं तुम आप था थी थे रहा कृपया आगे बढ़ो अच्छा चाहिए किन न पर",
        ),
        "mr": _words(
            "आहे आहेत आणि मला नाही करा काय का होय कसे कसं कुठे कधी",
            "पुन्हा सांगा समजावून हे ते मी तुम्ही चालू ठेवा पाहिजे बरं न पर",
        ),
        "ne": _words("छ छैन गर्नुहोस् कसरी के यो त्यो हो होइन किन फेरि र म तपाईं मलाई कहाँ कहिले हुन्छ लाई पनि न"),
    },
)

SHARED = (CYRILLIC, ARABIC, DEVANAGARI)
"""Scripts of several languages; Latin is apart, as it has dozens."""

LATIN_SURELY = (
    (re.compile(r"ß"), "de"),
    (re.compile(r"[¿¡]"), "es"),
    (re.compile(r"[ơưăđ][\u0300\u0301\u0303\u0309\u0323]?\w*\s|[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]"), "vi"),
    (re.compile(r"[őű]"), "hu"),
    (re.compile(r"[řěů]"), "cs"),
    (re.compile(r"[țș]"), "ro"),
    (re.compile(r"[ğ]|ş\w*ı|ı\w*ş"), "tr"),
)
"""Letters of one language (Azerbaijani, which has Turkish ones, has its own \u0259)."""

LATIN_WORDS: Mapping[str, frozenset[str]] = {
    "en": _words(
        "the why what how thanks thank please explain it this that fix is",
        "are do does go can you i a an and of to for",
        "bug code again more where when who which yes with in on my from wrong still works",
    ),
    "de": _words(
        "danke bitte warum nochmal weiter mach das der die und ist",
        "nicht geht was wie ich du ein eine den dem mit für",
        "auf genau erkläre erklär nein doch noch kannst wieso wo falsch von es",
    ),
    "es": _words(
        "gracias porque otra vez sigue hazlo esto el la los las y en que qué cómo por favor una un no de lo es cuál",
        "funciona explica cuando dónde sí también está hola",
    ),
    "fr": _words(
        "merci pourquoi encore une fois et le la les des c'est quoi",
        "un de que est ça oui non plaît comment dans pas plus",
        "explique où je tu vous bonjour continue",
    ),
    "it": _words(
        "grazie perché ancora una volta e il lo la gli di che è non un per",
        "come cosa continua pure spiega sì dove quando",
    ),
    "pt": _words(
        "obrigado obrigada por quê não funciona de novo favor o a os as e um uma que é isso você como explica mais",
        "onde quando continua sim oi",
    ),
    "nl": _words(
        "bedankt waarom het een de ga verder niet en ik je is dat wat hoe nog alsjeblieft van werkt leg uit in"
    ),
    "pl": _words(
        "dziękuję dzięki dlaczego jeszcze raz proszę co jak nie to jest tak dalej kontynuuj wyjaśnij się że i"
    ),
    "cs": _words("děkuji díky proč ještě jednou prosím co jak ne to je ano dál pokračuj vysvětli se že a"),
    "sk": _words("ďakujem prečo ešte raz prosím čo ako nie to je áno ďalej vysvetli sa že a"),
    "tr": _words(
        "teşekkürler teşekkür neden niçin bir daha yap lütfen açıkla ne nasıl bu ve değil evet hayır devam et kod"
    ),
    "vi": _words("cảm ơn tại sao tiếp tục được rồi không là gì và của này thế nào xin vâng"),
    "sv": _words("tack varför igen det är inte och en ett jag du vad hur fortsätt snälla för med att den i"),
    "da": _words("tak hvorfor igen det er ikke og en et jeg du hvad hvordan fortsæt venligst for med at den i"),
    "no": _words("takk hvorfor igjen det er ikke og en et jeg du hva hvordan fortsett vennligst for med å den i"),
    "fi": _words("kiitos miksi uudelleen se on ei ja mitä miten jatka minä sinä ole hyvä selitä vielä"),
    "hu": _words("köszönöm köszi miért újra ez az nem és mi hogyan folytasd kérlek igen még egyszer egy a"),
    "ro": _words("mulțumesc multumesc ce de încă o dată te rog nu este și cum explică continuă da mai în"),
    "id": _words(
        "kenapa mengapa lanjutkan tolong jelaskan ini itu tidak",
        "dan yang apa bagaimana terima kasih lagi ya",
    ),
    "ms": _words(
        "kenapa mengapa teruskan tolong terangkan ini itu tidak",
        "dan yang apa bagaimana terima kasih lagi ya",
    ),
    "sw": _words("asante sana kwa nini tena tafadhali eleza ni hii na endelea ndiyo hapana"),
}
"""Short words of Latin languages, for turns too short for the model."""

ALIKE = (
    frozenset({"da", "no", "nn", "nb"}),
    frozenset({"cs", "sk"}),
    frozenset({"bs", "hr", "sl", "sr"}),
    frozenset({"id", "ms"}),
    frozenset({"zu", "xh"}),
    frozenset({"es", "gl", "pt", "ca"}),
)
"""Languages whose short turns the model cannot tell apart."""
