"""The closed classes of words in sentences behind an ask that ask nothing: calls to begin, waiting, leave to think.

As in `lead_words`: each pair is one language or kind; "#" is any number.
"""

from __future__ import annotations

from router.reading.frames.idle import Bag

CLOSERS = (
    Bag(
        "turn waiting forward ears ready ahead go over end talk await eagerly hear",
        "your you i'm i am we for to the of my reply response answer answers message all looking when are let's "
        "lets there soon now and so it from that's take away please can't wait hearing me awaiting back floor "
        "yours out",
        "over go looking waiting your end let's lets i'm i ready talk there now the awaiting can't back please so we",
    ),
    Bag(
        "step time breath careful carefully precise accurate thorough rush double-check hurry briefly",
        "by let's lets us take your you a deep and work through it before answer answering please be sure to "
        "check about this explain thinking reasoning think the no there's there is don't thoroughly slowly as "
        "much need then things twice again now really question problem very in",
        "think let's lets take please be double-check don't no there's work explain reason now and",
    ),
    Bag(
        "curious know mind wondering knowing interested",
        "i'm i am i'd i've love to like just really it has been on my for days weeks a while about this so that "
        "always very wanted keen have out of curiosity sheer genuinely",
        "i'm i i'd i've it just this always",
    ),
    Bag(
        "can possible least idea mean something something's suppose",
        "if you at that is how i would put it or like i'd and so on more less in other words anyway the case of "
        "think guess know not sure makes sense to any along those lines",
        "if at or i more so well not just anyway that",
    ),
    Bag(
        "appreciated grateful welcome appreciate thankful",
        "any is would be i i'd i'm for your the much very greatly all help ideas hints tips advice and highly "
        "assistance are it",
        "any i i'd i'm help all your ideas hints tips",
    ),
    Bag(
        "sorry apologies excuse forgive",
        "for the my any a this if is obvious basic bad poor long message english question silly stupid dumb to "
        "bother you typos bothering again and so i'm spelling please grammar",
        "sorry apologies excuse forgive please i'm and",
    ),
    Bag(
        "needed",
        "by today tonight tomorrow # am pm at the latest asap now is this it noon midnight",
        "needed it this",
    ),
    Bag(
        "day weekend evening week afternoon one luck bye goodbye rush pressure hurry",
        "have a nice great good lovely wonderful hope you your and enjoy rest of the no bye there's for now goodbye",
        "have hope enjoy good no there's bye goodbye",
    ),
    Bag(
        "sense clear understandable helps",
        "hope that this it i makes was is all enough",
        "hope i",
    ),
    Bag(
        "best amazing awesome brilliant genius wonderful fantastic lifesaver star legend rock",
        "you you're your are the a an so really always such i i'm by simply truly indeed absolutely answers",
        "you you're your",
    ),
    Bag(
        "leg los antwort jetzt zeit schritt überlege ende interessiert ähnlich neugierig eilt schnell dran warte",
        "ich freue mich auf deine ihre du der die das nachricht denk denke für lass dir bitte gut bevor "
        "antwortest oder so und es sehr bis heute uhr # bin nur an nach langsam warte ruhig",
    ),
    Bag(
        "toi réponse message étape temps m'intrigue urgent peux jouer suite curieux vite",
        "à j'attends ta votre fin du réfléchis réfléchissez par prends prenez ton ça enfin si tu c'est très de "
        "j'en ai besoin tout je suis le vous pouvez",
    ),
    Bag(
        "adelante respuesta toca paso tiempo curiosidad así ya urgente mensaje",
        "espero tu su te piensa piense a tómate tómese tengo o algo lo necesito es muy fin del",
    ),
    Bag(
        "te risposta messaggio passo tempo curioso curiosa genere urgente subito",
        "a aspetto la tua sua fine del ragiona pensa per prenditi il tuo sono o qualcosa è molto mi serve",
    ),
    Bag(
        "você resposta mensagem passo calma curioso curiosa assim agora urgente",
        "é com aguardo sua tua fim da pense pensa por a pode ir fiquei ou algo muito preciso disso",
    ),
    Bag(
        "jou hoor bericht stap tijd benieuwd zoiets mogelijk",
        "aan ik graag van je einde denk voor neem de ben of zo snel",
    ),
    Bag(
        "dzieła czekam wiadomości krok spiesz ciekaw ciekawa stylu już spěchá",
        "do na odpowiedź koniec myśl po kroku nie się jestem albo coś w tym potrzebuję tego velmi to",
    ),
    Bag(
        "жду ход сообщения шаг торопись думаю вроде сейчас негайно",
        "ответа твой ваш конец думай за шагом не давно \u043e\u0431 этом или что-то того нужно прямо потрібно",
    ),
    Bag(
        "bekliyorum sende ad\u0131m acele خطوة الآن فوری דחוף इंतज़ार कदम अभी segera langkah ngay bước 답변 시작해 "
        "단계별로 천천히 바로",
        "cevab\u0131n\u0131 s\u0131ra düşün etme çok laz\u0131m فكر بخطوة أحتاجه خیلی است זה מאוד जवाब का रहेगा "
        "दर सोचो मुझे यह चाहिए butuh ya pikirkan demi mình cần bây giờ hãy suy nghĩ từng 기다릴게요 주세요 "
        "생각해 해 지금 필요해요",
    ),
    Bag(
        "回复 开始 以上 一步一步 慢慢来 好奇 大概 尽快 着急 返事 返信 お返事 それでは 段階的 ゆっくり だいたい "
        "気になって すぐに",
        "等 你 您 吧 请 思考 我 很 是 这样 非常 お待ちしています どうぞ です に 考えてください で 大丈夫 そんな "
        "感じ います 必要",
    ),
)

LAST_ALONE = frozenset("bye goodbye".split())
"""Words that are idle alone behind an ask."""

ASIDES = (
    Bag(
        "rain rains raining snow snows snowing sunny weather coffee tea lunch dinner breakfast cat dog noisy "
        "tired hungry monday tuesday wednesday thursday friday saturday sunday weekend hot cold windy birthday",
        "it it's is are the my i i'm here outside today again still just now so very a an and am having on we "
        "have lovely finally been all day almost time for this week like loves love over in to nice really quite "
        "too",
    ),
)
"""Remarks about the day, idle behind a mark such as "by the way"."""

THOUGHT = frozenset(
    (
        "step think time breath careful carefully precise thorough rush double-check hurry briefly schritt zeit "
        "überlege étape temps paso tiempo passo tempo stap tijd krok spiesz шаг торопись ad\u0131m acele خطوة कदम "
        "langkah bước 단계별로 천천히 一步一步 慢慢来 段階的 ゆっくり"
    ).split()
)
"""One of these makes a last sentence one about how to think."""
