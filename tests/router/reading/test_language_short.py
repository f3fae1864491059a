"""Short turns in fifty languages: known where the script, a letter or a word decides, none where nothing does."""

# ruff: noqa: RUF001 - letters of other scripts are the point
from __future__ import annotations

import pytest

from router.reading.language import language_detector

SHORT_TURNS = {
    "zh": "你好|谢谢|怎么办|继续|好的，继续|对不起|請繼續|改一下",
    "ja": "はい|ありがとう|続けて|お願い|わかった|テスト|直して|次は？|了解です|ｺｰﾄﾞ直して",
    "ko": "네|계속해|고마워|왜요?|고쳐줘|ㅋㅋㅋ|ㅇㅇ|안녕",
    "th": "ครับ|ขอบคุณ|ต่อเลย|ทำไม|ตกลง",
    "he": "שלום|תודה|כן|למה?|תמשיך",
    "el": "ναι|γεια|γιατί;|ΟΧΙ|συνέχισε|ἀρχή",
    "ka": "დიახ|მადლობა|გააგრძელე|რატომ",
    "hy": "այո|շնորհակալություն|ինչու՞|բարև",
    "bn": "হ্যাঁ|ধন্যবাদ|কেন?|চালিয়ে যাও",
    "ta": "ஆம்|நன்றி|ஏன்?",
    "te": "తెలుగు|ధన్యవాదాలు|ఎందుకు",
    "pa": "ਹਾਂ|ਧੰਨਵਾਦ",
    "gu": "હા|આભાર",
    "or": "ହଁ",
    "kn": "ಧನ್ಯವಾದ|ಹೌದು",
    "ml": "നന്ദി|അതെ",
    "si": "ස්තුතියි|ඔව්",
    "lo": "ຂອບໃຈ",
    "my": "ကျေးဇူး|ဟုတ်ကဲ့",
    "am": "አመሰግናለሁ|አዎ|ለምን?",
    "km": "អរគុណ|បាទ",
    "ru": ("спасибо|привет|что это|почему?|ещё раз|быстро|ты|мы|исправь это|давай дальше|ЭТО|Съешь|объясни|сделай"),
    "uk": "дякую|привіт|що це|чому?|ще раз|їжа|є|зроби це|Київ|будь ласка|переклади це",
    "bg": ("благодаря|какво е това|защо?|здравей|къде|обясни ми|продължи|още веднъж|моля те|грешка в кода, поправи я"),
    "sr": "хвала|шта је ово|ђак|љубав|зашто|настави овде|још једном|њега",
    "mk": "благодарам|зошто|што е ова|ќе|ѕвезда|ѓубре",
    "be": "дзякуй|што гэта|ўсё|чаму?|прывітанне",
    "kk": "рахмет|сәлем|қалай|неге?|жалғастыр",
    "mn": "баярлалаа|яагаад|үргэлжлүүл|сайн уу",
    "ky": "рахмат|эмне үчүн|саламатсызбы",
    "ar": "شكرا|مرحبا|لماذا؟|نعم|استمر|ما هذا|أكمل|كيف|حسنا|اشرح لي|مرة أخرى",
    "fa": "ممنون|سلام چطوری|چرا؟|ادامه بده|این چیست|خوبه|درستش کن|متشکرم|می‌خواهم|توضیح بده|پیدا کن",
    "ur": "شکریہ|کیوں؟|یہ کیا ہے|جاری رکھو|ٹھیک ہے|ہاں|نہیں|ہم|دوبارہ کرو",
    "ps": "مننه|ولې؟",
    "ku": "سوپاس بۆ تۆ|بەڵێ",
    "hi": "क्या है|हाँ|नहीं|जारी रखो|क्यों?|फिर से करो|शुक्रिया|ठीक है|समझाओ|यह क्या है",
    "mr": "हे काय आहे|पुन्हा करा|नाही|होय|समजावून सांगा",
    "ne": "यो के हो|फेरि गर्नुहोस्|छैन",
    "de": "danke|warum?|nochmal bitte|größer|weiter|mach weiter|das geht nicht",
    "es": "gracias|¿por qué?|otra vez|sigue|hazlo|qué es esto",
    "fr": "merci|pourquoi ?|encore une fois|continue s'il te plaît|c'est quoi",
    "it": "grazie|perché?|ancora una volta|continua pure",
    "pt": "obrigado|por quê?|não funciona|de novo, por favor",
    "pl": "dziękuję|dlaczego?|jeszcze raz|proszę",
    "cs": "děkuji|proč?|ještě jednou",
    "tr": "teşekkürler|neden?|bir daha yap|İstanbul'da|lütfen açıkla",
    "vi": "cảm ơn|tại sao?|tiếp tục|được rồi",
    "id": "lanjutkan",
    "sv": "tack|varför?",
    "fi": "kiitos|miksi?",
    "hu": "köszönöm|miért?",
    "ro": "mulțumesc|de ce?",
    "nl": "bedankt|waarom?|ga verder",
    "da": "tak for det",
    "no": "takk for det",
    "en": "thanks|fix the bug|go on please|what is this|explain it",
    "sw": "asante sana|kwa nini?",
}
"""The turns of each language, between bars."""

UNDECIDED = "објасни|का?|किन?|terima kasih|kenapa?|hvorfor?"


@pytest.fixture(scope="module")
def detect():
    return language_detector()


@pytest.mark.parametrize("language", SHORT_TURNS)
def test_short_turns_are_in_their_language(detect, language):
    turns = SHORT_TURNS[language].split("|")
    assert {turn: detect(turn) for turn in turns} == dict.fromkeys(turns, language)


def test_the_table_is_wide_enough_to_mean_something():
    assert len(SHORT_TURNS) >= 50
    assert sum(len(turns.split("|")) for turns in SHORT_TURNS.values()) >= 250


@pytest.mark.parametrize("turn", UNDECIDED.split("|"))
def test_a_turn_that_several_languages_share_is_none(detect, turn):
    assert detect(turn) is None


@pytest.mark.parametrize(
    ("text", "language"), [("用Python写", "zh"), ("Pythonで実装して", "ja"), ("React로 바꿔", "ko")], ids=ascii
)
def test_a_latin_name_in_a_short_turn_does_not_hide_the_script(detect, text, language):
    assert detect(text) == language
