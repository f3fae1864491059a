"""The closed classes of words in sentences before an ask that ask nothing: fillers, announcements, hedges, apologies.

Lower case, as `str.casefold` leaves them. Each pair is one language: a sentence is idle if one word is of the first
class and all others are of either. "#" is any number.
"""

from __future__ import annotations

from router.reading.frames.idle import Bag

LEADS = (
    Bag(  # Announcements, politeness and hedges in English.
        "question questions help assist assistance favor favour kind grateful bother bothering disturb interrupt "
        "sorry wondering curious curiosity topic subject subjects thing see below next following follows goes "
        "maybe perhaps possible guess suppose request task thought mind want ask asking asked interests quick "
        "quickly stumbled discussed try follow-up happy",
        "a an the my your our this that these it it's its one here here's there is are was were be i i'm i'd i've "
        "i'll me we we'd you to for of on in at from by with and or if not no as now then just only please pls "
        "kindly could can would will may might do does did have has had got need like know tell answer answering "
        "let let's think came come another new other last final first second third more things time all so well "
        "right alright real really short simple small tiny little brief something what hypothetical # switching "
        "different week today case don't keep myself some any anything out colleagues over whether works much "
        "very oh ah hey also moving onto changing change back main actual able assuming that's appreciate about "
        "up",
        "a i i'm i'd i've my our here here's there this that it's the one next another new first second last "
        "final now so well right ok okay um uh umm uhm erm hmm hm btw oh ah hey also listen alright please kindly "
        "could can would will may might if maybe perhaps just only quick quickly real really something some in "
        "out on to for from switching changing moving back follow-up question request topic let let's with see "
        "help answer assuming basically sorry what we do more no anyway",
    ),
    Bag(  # Fillers in English.
        "um uh umm uhm erm hmm hm btw listen okay ok basically so well right alright anyway oh ah",
        "then now just also and real quick really quickly actually next hey i guess you know one more thing first "
        "question",
    ),
    Bag(  # Haste in English.
        "waiting quick quickly",
        "my the our boss manager client customer teacher everyone is are for it this please i need",
        "quick quickly my the our please",
    ),
    Bag(  # Leave to take time, and hesitation, in English.
        "rush hurry pressure silly stupid dumb busy",
        "no there's there is but this may might sound sounds seem be a bit i know you're you are very i'm sure so "
        "at all it",
        "no there's this it i",
    ),
    Bag(  # Days of the week in English.
        "monday tuesday wednesday thursday friday saturday sunday year",
        "happy new",
        "happy",
    ),
    Bag(  # Apologies in English.
        "sorry apologies apologise apologize excuse pardon forgive",
        "i i'm my me for to the a an this that if is are was be it's so very really in advance again please "
        "bother bothering you your disturb disturbing interrupt interrupting trouble troubling inconvenience "
        "ignorance stupid silly dumb basic naive obvious random weird odd question questions typos typo bad poor "
        "broken english spelling grammar long late early message messages sounds sound asking ask such but and "
        "all do must time taking up of on with at now not",
        "sorry i i'm my please apologies excuse pardon forgive so really very",
    ),
    Bag(  # Compliments and small talk in English, about the reader.
        "best amazing awesome brilliant genius wonderful fantastic excellent incredible lifesaver star legend "
        "hope love impressed rock helpful smart clever great good",
        "you you're your you've are were have been the a an so very really always gave give me us such i i'm by "
        "at this that is was last time answer answers work everything had has nice lovely relaxing weekend week "
        "day morning evening holiday holidays well fine going doing having feeling today and of just absolutely "
        "simply truly indeed assistant helper most in world all it with as usual friend too can know knows ever "
        "i've heard",
        "you you're your you've hope i i've",
    ),
    Bag(
        "frage fragen helfen hilfe neugier folgendes thema also äh ähm ok hm hmm übrigens falls vielleicht "
        "möglich versuche entschuldigung entschuldige entschuldigen sorry verzeihung sinn nächste na tja nun "
        "störe störung",
        "ich habe hätte du sie mir mich eine ein einen meine mein die der das dir ihnen euch bitte kurz kurze "
        "kurzen kleine dumme einfache noch neue neues nächstes andere anderes es geht um zu kam heute in den nur "
        "aus frage kannst können könntest könnten würdest würden bei etwas sache weißt mal so wenn möglich ist "
        "lautet hier und für dass schnelle weitere letzte erste gleich sein nett freundlich jetzt zum",
    ),
    Bag(
        "question questions aider aide curiosité demandais demande sujet alors euh bon bah peut-être possible "
        "désolé désolée pardon excuse excusez maintenant suivante voici plait plaît",
        "j'ai je me m'aider nous vous tu te s'il pouvez-vous peux-tu pourriez-vous pourrais-tu une un la le ma "
        "mon mes petite rapide autre nouvelle nouveau bête simple dernière encore par si c'est est que sais savez "
        "peut-être voilà et de pour déranger à plus du coup moi merci ça possible avec plaît",
    ),
    Bag(
        "pregunta preguntas preguntaba ayudar ayuda curiosidad tema bueno eh pues quizás quizá posible perdón "
        "perdona perdone disculpa disculpe siguiente ahora favor ver",
        "me puedes puede podrías podría ayudarme tengo una un la el mi mis otra otro nueva nuevo rápida breve "
        "pequeña tonta simple esta este es por favor si lo sepas sabes a que de con esto algo para y aquí va "
        "molestia molestar os",
    ),
    Bag(
        "domanda domande chiedevo aiutare aiuto aiutarmi curiosità argomento allora ehm eh dunque forse possibile "
        "scusa scusi scusate adesso ecco prossima favore",
        "mi puoi può potresti potrebbe per favore ho una un la il mia mie altra altro nuova nuovo veloce piccola "
        "breve semplice stupida è se lo sai che di con questo questa qualcosa disturbo e ora cortesia",
    ),
    Bag(
        "pergunta perguntas dúvida dúvidas ajudar ajuda curiosidade assunto então bom eh possível talvez desculpa "
        "desculpe agora próxima pensando favor",
        "você pode poderia me eu tenho uma um a o minha meu outra outro nova novo rápida pequena boba simples "
        "aqui vai é esta essa por favor se for saiba sabe só estava que de com isso algo para e incômodo "
        "incomodar",
    ),
    Bag(
        "vraag vragen helpen hulp nieuwsgierigheid onderwerp eh dus misschien mogelijk indien sorry volgende "
        "vroeg excuus",
        "kun kunt kan je u me mij alsjeblieft alstublieft ik heb een mijn de het nog ander andere nieuw nieuwe "
        "korte kleine snelle simpele domme hier is af uit weet jij met iets voor en als dat storen",
    ),
    Bag(
        "fråga hjälpa altså öh spørgsmål hjælpe spørsmål hjelpe kysymys auttaa voisitko ursäkta förlåt undskyld "
        "beklager",
        "kan du mig meg tack takk tak jag jeg har en et ett snabb kort liten næste neste nästa min mitt minulla "
        "on nopea",
    ),
    Bag(
        "pytanie pytania pomóc pomoc ciekawości zastanawiam temat hm może możliwe przepraszam następne dotaz "
        "pomoct otázku otázka segíteni kérdésem întrebare ajuta",
        "czy możesz może mi mam moje oto nowy inny inne nowe szybkie krótkie małe ostatnie z się jeszcze jedno "
        "jedna będziesz wiedzieć jeśli to jest proszę w czymś no więc můžete můžeš prosím tudnál lenne egy mă "
        "poți te rog am o że przeszkadzam",
    ),
    Bag(
        "вопрос вопросы помогите помоги помочь любопытства интересно тема ну так слушай может можно извините "
        "извини простите питання допоможіть",
        "\u0443 меня есть мне мой вот следующий быстрый другая новая другой новый еще ещё один из быть ты вы "
        "знаешь знаете если пожалуйста можешь можете за беспокойство что беспокою просто маю будь ласка",
    ),
    Bag(
        "soru sorum yard\u0131mc\u0131 şey yani pardon kusura belki mümkünse",
        "bir var k\u0131sa bu şu s\u0131radaki yeni başka küçük basit olur musun musunuz lütfen bakma "
        "bakmay\u0131n konu olabilir misin misiniz",
    ),
    Bag(
        "سؤال سؤالي السؤال مساعدتي أتساءل الفضول طيب عذرا آسف کمکم",
        "عندي لدي هو هذا سريع بسيط التالي آخر هل يمكنك من فضلك كنت باب على الإزعاج لطفا کن یک دارم",
    ),
    Bag(
        "سوال सवाल मदद सोच जानने अच्छा तो שאלה עזרה",
        "मेरा एक है छोटा कृपया मेरी करें मैं रहा रही था थी बस के लिए יש לי אפשר בבקשה",
    ),
    Bag(
        "tanya bantu jadi eh mungkin kalau maaf hỏi ừm à xin nếu lẽ giúp",
        "saya mau sebentar bisa tolong kamu tahu pertanyaan mình có câu nhanh bạn với nhé được thì biết ganggu",
    ),
    Bag(
        "질문이 질문은 질문 질문입니다 도와주시겠어요 음 저기 죄송하지만 혹시",
        "좋아요 있어요 있습니다 제 다음 간단한 이렇습니다 좀 하나",
    ),
    Bag(  # Compliments and small talk in some languages.
        "beste super toll klasse genial spitze hoffe wochenende",
        "du bist sie sind der die das einfach wirklich so echt immer ich dir geht es gut hattest hatten ein "
        "schönes ihr euch hast tag guten ihnen tolle antworten deine",
        "du sie ich deine einfach",
    ),
    Bag(
        "meilleur meilleure génial géniale super formidable espère week-end",
        "tu es vous êtes le la vraiment trop j'espère que as avez passé un bon bien ça va ton votre bonne journée",
        "tu vous j'espère",
    ),
    Bag(
        "mejor genial increíble crack espero",
        "eres el la un una muy realmente que estés bien hayas tenido buen fin de semana todo vaya tengas día",
        "eres espero",
    ),
    Bag(
        "migliore grande fantastico fantastica spero melhor incrível espero demais",
        "sei il la un una davvero che tu stia bene abbia passato buon fine settimana você é o a muito que esteja "
        "bem tenha tido um bom fim de semana",
        "sei spero você espero",
    ),
    Bag(  # Chinese and Japanese: parts, as they write no blanks.
        "问题 問題 问 帮 麻烦 好奇 在想 话题 也许 如果可以 嗯 那个 话说 抱歉 不好意思 打扰 请教 真棒 最好 厉害 "
        "周末 すみません お忙しい 最高 質問 お願い 気になった ふと 話は変わります "
        "もしかして えっと あの 申し訳",
        "我 你 您 真 太 了 希望 过得 愉快 好 有 ところ いつも 本当に あなたは 个 一个 的 如下 下 一 一下 请 帮忙 "
        "知道 换 想 的话 只是 您了 是 小 が あります は 以下 の 通り です "
        "次 ちょっと のです 思いました ご存じ かもしれません ありません します を",
    ),
)

SOLO = frozenset(
    (
        "so um uh umm uhm erm hmm hm well right alright listen okay ok btw anyway sorry now basically oh ah also "
        "äh ähm tja na nun übrigens alors euh bon bah bueno eh pues ahora allora ehm dunque adesso então bom "
        "agora dus altså öh şey yani ну так слушай طيب अच्छा तो jadi à ừm 음 저기 maintenant perdón pardon scusa "
        "desculpe 嗯 那个 话说 えっと あの"
    ).split()
)
"""Words that are idle alone, before a comma or on a line of their own."""

PHRASES = frozenset(
    (
        "first of all|how was your weekend|how was your day|how is your day|how's your day|how is your day going|"
        "first things first|to begin with|can you do this for me|could you do this for me|in case you can|"
        "if you can|more or less this|more or less|just in case you know|if you don't mind|let's see|here we go|"
        "here you go|there you go|so here it is|as always|real quick"
    ).split("|")
)
"""Whole idle sentences, of words that mean something elsewhere."""

SHOUTED = frozenset("URGENT URGENTE DRINGEND".split())
"""Come off in capitals, without a mark."""

SOLO_COLON = frozenset("now next question request ahora agora adesso maintenant jetzt nun".split())
"""Words that are idle alone before a colon."""

BARE = frozenset(
    (
        "ok so|okay so|hmm|hm|um|uh|umm|btw|so basically|ok btw|real quick|pues|übrigens|du coup|no więc|hmm so|hmm ok"
    ).split("|")
)
"""What may come before an ask without a mark of its own."""

ASKED_FOR = frozenset(
    (
        "help assist kind favor favour mind helfen aider aide m'aider ayudar ayudarme aiutare aiutarmi ajudar "
        "helpen hjälpa hjælpe hjelpe auttaa voisitko pomóc pomoct segíteni ajuta yard\u0131mc\u0131 помочь "
        "مساعدتي bantu giúp 질문 도와주시겠어요 עזרה ask bother"
    ).split()
)
"""One of these makes an idle question of a sentence: for help, or for leave to ask."""

NOT_BEFORE_COMMA = frozenset("possible möglich posible possibile possível mogelijk możliwe mümkünse можно".split())
"""`If possible, avoid loops`: the sentence goes on and is part of what is asked."""

LABELS = frozenset(
    (
        "question questions next one frage nächste suivante pregunta siguiente domanda prossima pergunta próxima "
        "vraag volgende pytanie następne вопрос следующий soru s\u0131radaki سؤال السؤال 질문 질문입니다 spørsmål "
        "spørgsmål fråga task"
    ).split()
)
"""Words for one of several questions: a list of them may begin with such a sentence."""
