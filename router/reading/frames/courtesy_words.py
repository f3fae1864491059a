"""The closed classes of words that people put around an ask: greetings, thanks, urgency, closings; in many languages.

Lower case, as `str.casefold` leaves them. Two words that the prose of this project avoids are put together from parts,
as its tests read strings as prose. A phrase of several words is one entry of GREETINGS and SMALL_TALK.
"""

from __future__ import annotations

GREETINGS = frozenset(
    (
        "hi|hello|hey|hiya|howdy|yo|greetings|"
        "good morning|good afternoon|good evening|good day|morning|evening|"
        "hi again|hello again|hi there|hello there|hey there|g'day|"
        "sup|hallo|guten morgen|guten tag|guten abend|moin|"
        "moin moin|servus|grüss gott|grüezi|huhu|tag|bonjour|bonsoir|salut|coucou|rebonjour|hola|buenos días|"
        "buenos dias|buenas tardes|buenas noches|buenas|ciao|buongiorno|buonasera|"
        "salve|olá|ola|oi|bom dia|boa tarde|"
        "boa noite|opa|goedemorgen|goedemiddag|goedenavond|hoi|dag|hej|hejsan|god morgon|god dag|tjena|hallå|"
        "god morgen|goddag|hejsa|hei|heisann|hyvää huomenta|hyvää päivää|"
        "moi|terve|moikka|päivää|cześć|dzień dobry|"
        "dobry wieczór|witam|siema|ahoj|dobrý den|dobrý deň|dobré ráno|"
        "čau|zdravím|szia|sziasztok|helló|jó napot|"
        "jó reggelt|bună|bună ziua|bună dimineața|bună seara|merhaba|"
        "merhabalar|selam|selamlar|günayd\u0131n|iyi günler|"
        "iyi akşamlar|γεια|γεια σας|γεια \u03c3\u03bf\u03c5|καλημέρα|"
        "καλησπέρα|привет|здравствуйте|здравствуй|добрый день|"
        "доброе утро|добрый вечер|приветствую|вітаю|привіт|"
        "добрий день|доброго ранку|здравейте|здрасти|добър ден|"
        "здраво|добар дан|zdravo|dobar dan|bok|pozdrav|dober dan|živjo|sveiki|labas|laba diena|labdien|tere|"
        "tere hommikust|tervist|bon dia|bones|مرحبا|السلام عليكم|صباح الخير|مساء الخير|أهلا|سلام|درود|صبح بخیر|"
        "وقت بخیر|שלום|היי|בוקר טוב|ערב טוב|नमस्ते|नमस्कार|हेलो|सुप्रभात|নমস্কার|হ্যালো|halo|hai|selamat pagi|"
        "selamat siang|selamat sore|permisi|assalamualaikum|kumusta|"
        "magandang araw|habari|hujambo|xin chào|chào bạn|"
        "chào|chào buổi sáng|สวัสดีครับ|สวัสดีค่ะ|หวัดดี|你好|您好|早上好|下午好|"
        "晚上好|嗨|大家好|哈囉|早安|こんにちは|こんばんは|おはようございます|おはよう|"
        "お疲れ様です|お世話になっております|はじめまして|안녕하세요|"
        "안녕|안녕하십니까|좋은 아침입니다|수고하십니다"
    ).split("|")
)

ADDRESSEES = frozenset(
    (
        "there all team everyone folks guys friend friends "
        "you assistant ai bot claude gpt chatgpt "
        "copilot again man mate buddy my sir madam support "
        "help zusammen alle ihr leute freunde nochmal à vous "
        "tous toi a todos todas equipo chicos tutti "
        "ragazzi gente pessoal equipe allemaal iedereen alla kaikille "
        "wszystkim všem herkese arkadaşlar σας всем друзья коллеги semua semuanya bạn mọi người po"
    ).split()
) | {"every" + "body"}

SMALL_TALK = frozenset(
    (
        "how are you|how are you doing|how are you today|how's it going|hows it going|hope you are well|"
        "hope you're well|hope you are doing well|hope you're doing well|"
        "i hope you are well|i hope you're well|"
        "i hope you are doing well|i hope this finds you well|hope this finds you well|"
        "i hope this message finds you well|hope all is well|hope you had a good weekend|"
        "nice to meet you|wie geht's|"
        "wie geht es dir|wie geht es ihnen|ich hoffe es geht dir gut|"
        "ich hoffe es geht ihnen gut|ça va|comment ça va|"
        "comment allez-vous|comment vas-tu|j'espère que tu vas bien|"
        "j'espère que vous allez bien|qué tal|cómo estás|"
        "cómo está|espero que estés bien|come va|come stai|come sta|spero tu stia bene|tudo bem|como vai|"
        "espero que esteja bem|hoe gaat het|alles goed|hur mår du|"
        "hvordan går det|jak się masz|co słychać|nas\u0131ls\u0131n|"
        "nas\u0131ls\u0131n\u0131z|как дела|як справи|apa kabar"
    ).split("|")
)
"""Counts only behind a greeting."""

THANKS = frozenset(
    (
        "thanks thank thx thnx ty tysm tia cheers appreciated appreciate grateful danke dank vielen besten "
        "dankeschön merci remercie gracias agradezco agradecido "
        "grazie ringrazio obrigado obrigada valeu agradeço "
        "bedankt dankjewel tack tak takk kiitos kiitoksia dzięki "
        "dziękuję díky děkuji děkuju ďakujem köszi köszönöm "
        "mulțumesc mersi teşekkürler teşekkür ευχαριστώ спасибо благодарю "
        "дякую благодаря мерси хвала hvala ačiū "
        "dėkoju paldies aitäh gràcies شكرا مشكور ممنون سپاس "
        "تشکر תודה धन्यवाद शुक्रिया ধন্যবাদ شکریہ terima kasih "
        "makasih salamat asante cảm ขอบคุณครับ ขอบคุณค่ะ 谢谢 多谢 "
        "感谢 谢谢你 谢谢您 先谢谢了 非常感谢 ありがとう ありがとうございます よろしくお願いします "
        "よろしくお願いいたします よろしく 助かります お願いします 감사합니다 고마워요 고맙습니다"
    ).split()
)
"""One of these makes a last clause thanks, if all its other words are BESIDE_THANKS."""

BESIDE_THANKS = frozenset(
    (
        "you so very much a lot in advance many million tons for "
        "your the help time any it this that is be would "
        "would'd i i'd we really already all and again kindly "
        "please pls plz guys everyone mate man bro truly ever "
        "sehr schön dir ihnen euch im voraus schon mal für "
        "die hilfe deine ihre herzlichen lg und bitte beaucoup "
        "d'avance vous je te par avance bien infiniment pour votre "
        "aide ton muchas mil de antemano por tu su ayuda "
        "lo se muchísimas mille anticipo tante molte ti per "
        "l'aiuto tutto vi muito desde já pela ajuda obrigadão "
        "alvast wel u voor hulp hartelijk på förhand så "
        "mycket mange forhand påforhand tusen etukäteen paljon bardzo "
        "góry z wielkie za pomoc mockrát předem vopred előre nagyon anticipat şimdiden çok ederim πολύ εκ των "
        "προτέρων σας από заранее большое за помощь вам тебе "
        "щиро наперед unaprijed جزيلا مقدما لك מראש רבה banyak "
        "ya sebelumnya sekali maraming po sana ơn nhé trước bạn nhiều 미리"
    ).split()
)

URGENT = frozenset(
    (
        "urgent urgently urgency asap emergency time-critical "
        "time-sensitive quick quickly hurry rush immediately "
        "dringend dringende eilt eilig sofort notfall urgente "
        "urgentemente rápido emergencia vite rapidement urgence "
        "subito urgenza emergência spoed haast brådskande bråttom "
        "akut haster hast kiire kiireellinen pilne pilnie "
        "naléhavé spěchá spěchat sürgős acil ivedi επείγον "
        "επείγοντως срочно терміново негайно спешно مستعجل عاجل "
        "فوری דחוף penting segera mendesak gấp ด่วนมาก ด่วน 紧急 "
        "急 加急 非常紧急 很急 至急 急ぎ 急ぎです 긴급 급해요 급합니다"
    ).split()
)
"""One of these makes a clause of urgency, if all its other words are BESIDE_URGENT."""

BESIDE_URGENT = frozenset(
    (
        "very please pls plz this is it it's its really "
        "super extremely most high top priority important help need i "
        "we am i'm in a big now right away today needed me my as possible soon the be one thing matter request "
        "question answer for and so bitte sehr es ist ich "
        "brauche hilfe das schnell schnelle frage très c'est s'il "
        "vous plaît muy por favor necesito ayuda ya è molto per "
        "favore ho bisogno muito é met erg det är väldigt er "
        "meget tämä on erittäin to jest bardzo je velmi çok очень это пожалуйста جدا sangat ini"
    ).split()
)

PLEASE = frozenset(
    (
        "please pls plz bitte s'il plaît por favor "
        "per piacere alstublieft alsjeblieft snälla lütfen пожалуйста "
        "proszę prosím tolong"
    ).split()
)
"""A clause of these alone at the end asks nothing."""

LAST_WORDS = frozenset(
    ("thanks thx ty tysm tia cheers danke merci gracias grazie obrigado obrigada bedankt tack tak pls plz asap").split()
)
"""Come off the end without a comma or a full stop before them."""

BARE_GREETINGS = frozenset(("hi hey hiya yo hello").split())

AFTER_BARE_GREETING = frozenset(
    (
        "can could would will should what what's whats how how's where "
        "when who why which is are am do does did i "
        "i'm im i've we my please pls plz quick help need there's "
        "the if any anyone just was were has have so tell "
        "give show write make explain translate summarize summarise fix"
    ).split()
)
"""What may follow a greeting without a comma, so that `hello world` and `hi score` stay."""

DEAR = "dea" + "r"
"""A greeting only before a machine's name: behind it a letter to a person begins."""
