"""Words of short replies that choose, repeat or press on, in the languages of most traffic. Lower case.

A language that is missing is scored on the reply, as any short ask is.
"""

# ruff: noqa: RUF001 - the words of many scripts look like Latin ones
from __future__ import annotations

import re

from router.reading.characters import MARKS, folded

EDGES = re.compile(rf"^(?:[^\w{MARKS}]|_)+|(?:[^\w{MARKS}]|_)+$")
"""Punctuation at the ends of a word or a reply; vowel signs are part of the word."""


def _set(*lines: str) -> frozenset[str]:
    return frozenset(EDGES.sub("", folded(word)) for line in lines for word in line.split())


PRESS = _set(
    "thorough thoroughly precise precisely",
    "keep again retry redo rerun repeat more detail details detailed depth deeper further elaborate expand finish",
    "complete rest",
    "remaining remainder continue proceed resume next still harder regenerate onward onwards everything",
    "noch nochmal nochmals erneut wiederhole wiederholen mehr detail genauer ausführlicher näher fertig beende",
    "beenden",
    "vervollständige restliche weitermachen fortfahren",
    "opnieuw nogmaals meer uitgebreider uitvoeriger rest afmaken maak af verder",
    "igen igjen mer mere detaljer utförligare färdig ferdig færdig resten slutför fullfør",
    "otra vez nuevo hazlo reintenta reinténtalo inténtalo intenta repite repítelo más mas detalle detalles detallado",
    "termina termínalo acaba acábalo completa complétalo resto amplía profundiza",
    "novo novamente tente tenta repita repete mais detalhe detalhes detalhado termine finalize aprofunda aprofunde",
    "encore refais refaites réessaie réessayez réessayer recommence recommencez répète plus détails",
    "détail détaille développe",
    "termine terminez finis finissez complète reste approfondis",
    "riprova riprovaci ancora ripeti più dettagli dettaglio dettagliato finisci finiscilo completa completalo",
    "approfondisci",
    "ещё еще раз снова заново "
    "повтори попробуй "
    "попробуйте подробнее "
    "подробно больше "
    "деталей закончи доделай "
    "заверши остальное "
    "допиши",
    "ще знову спробуй детальніше докладніше закінчи",
    "ponownie spróbuj jeszcze więcej szczegółów szczegółowo dokończ skończ reszta resztę",
    "znovu zkus ještě jednou více podrobněji dokonči",
    "tekrar yeniden dene daha fazla ayrıntı ayrıntılı detay detaylı detaylandır bitir tamamla gerisini",
    "lagi coba ulangi lebih detail rinci selesaikan sisanya",
    "ξανά προσπάθησε περισσότερες λεπτομέρειες τελείωσε συνέχισε",
    "حاول أعد المحاولة مجددا مجدداً مرة أخرى المزيد التفاصيل تفاصيل أكثر بالتفصيل أنه أكمله الباقي",
    "נסה שוב עוד פרטים בפירוט תסיים סיים השאר",
    "फिर दोबारा कोशिश और विस्तार ज़्यादा पूरा बाकी",
)
"""Words that call for the work before them, once more, further or to its end."""

CHOICE = _set(
    "step part chapter",
    "first second third fourth last latter former other another both all either neither option choice number",
    "variant plan",
    "version instead rather prefer one two three four five a b c d e 1 2 3 4 5 6 7 8 9 i ii iii iv approach way",
    "former",
    "erste ersten erster erstes zweite zweiten zweiter zweites dritte dritten letzte letzten andere anderen",
    "beide beides zweiteres ersteres letzteres",
    "alle alles zuerst erst lieber variante nummer eins zwei drei",
    "eerste tweede derde laatste andere beide allebei alles eerst liever optie nummer",
    "första andra første anden andre begge båda alternativ först først",
    "primero primera segundo segunda tercero tercera último última otro otra ambos ambas todos todo opción número",
    "mejor prefiero dos primeiro primeira terceiro outra outro ambas todas tudo opção melhor prefiro",
    "seconde premier première deuxième troisième dernier dernière autre deux tous tout option numéro abord plutôt",
    "primo prima secondo seconda terzo ultimo ultima altro altra entrambi entrambe tutti opzione numero preferisco",
    "первый первая первое первую "
    "второй вторая второе вторую "
    "третий последний другой оба все "
    "всё сначала сперва лучше "
    "вариант перший другий обидва "
    "спочатку",
    "pierwszy pierwsza drugi druga trzeci oba obie najpierw opcja wariant první druhý oba nejdřív",
    "birinci ikinci üçüncü önce ikisi hepsi seçenek pertama kedua ketiga keduanya semua dulu opsi",
    "πρώτο πρώτη δεύτερο δεύτερη πρώτα και τα δύο όλα",
    "الأول الأولى الثاني الثانية الثالث كلاهما أولا أولاً الخيار הראשון הראשונה השני השנייה שניהם קודם पहला",
    "पहले दूसरा दोनों",
)
"""Words that pick among what was offered."""

ORDER = _set(
    "first zuerst erst eerst först først primero primeiro abord prima сначала сперва спочатку najpierw nejdřív",
    "önce dulu",
    "πρώτα أولا أولاً קודם पहले",
)
"""Words that put one thing before another."""

FILLERS = _set(
    "where left off was were last time already still",
    "them please pls plz kindly the a an it this that these those one ones ok okay yes yeah yep sure well now then",
    "just so and but",
    "no right alright hm to with for in of on from at let lets let's go do be is i i'd id we we'd you me us my",
    "your please would",
    "like want take pick choose use start begin try give go can could will bit little some once time",
    "shot it's its as up about into not or",
    "machen bitte den die das der dem ein eine es mal doch einmal mit und ich nimm nehme mach mache fang an zu",
    "probier probiers",
    "versuch versuchs kannst du ja nein von",
    "de het een met en graag alsjeblieft aub probeer ja nee begin nog keer",
    "el la los las lo un una con y por favor porfa sí si no de en yo quiero empieza comienza prueba haz toma vez",
    "o os as um uma com e que do da no na sim não quero começa comece pelo pela pode",
    "le les l un une des du avec et s'il te vous plaît svp stp oui non je prends commence commencez par veux d",
    "en peux tu",
    "fois essaie essayez pouvez peux-tu",
    "försök prøv til med på jag jeg",
    "il gli i con di da per favore sì voglio comincia inizia prova puoi",
    "пожалуйста плиз да нет и с ну давай начни это будь ласка можешь чтобы",
    "proszę raz to i z prosím lütfen önce ile bir de tolong yang dengan satu kali το την τη παρακαλώ με",
    "من فضلك في מחדש בבקשה את से करो कृपया में वाला",
)
"""Words that say nothing of the work: politeness, articles, pronouns, light verbs."""

CLOSES = re.compile(
    r"^(?:(?:oh|ok|okay|yes|no|well|ah),? )?(?:all (?:good|set|done|fine|clear|right)|that'?s (?:all|it|fine"
    r"|enough|ok|great)"
    r"|that is (?:all|it|fine)|everything (?:ok|fine|works)|never ?mind|forget it|leave it|stop|cancel|enough"
    r"|no more|got it|done|bye"
    r"|good ?(?:night|bye|job"
    r"|work|one|morning|evening|afternoon)|see you|later|nothing|not now|no need|noted|understood|makes sense|nice one"
    r"|well done|no thanks?|i'?m (?:good|done|fine)|it works|works|fixed|perfect|great|hi|hello|hey|yo|morning"
    r"|hallo|hola"
    r"|bonjour|salut|ciao|moin|servus|hej|olá|oi|buenas|buenos días|guten (?:tag|morgen|abend)|tschüss|adiós|au revoir"
    r"|привет|здравствуй(?:те)?|пока"
    r"|стоп|хватит|merhaba|selam|halo|xin chào|γειά?|مرحبا|שלום|नमस्ते"
    r"|no|nope|nah|nein|nee|nej|non|não|нет|ні|nie|hayır|tidak|لا|לא|नहीं|fertig|genug|basta|assez)"
    rf"(?![\w{MARKS}])(?![ ,]*\w)",
)
"""Whole replies that greet, refuse or close."""

LIGHT = _set(
    "explain describe show give tell write make put get erkläre erklär zeig zeige schreib gib explica dime",
    "muestra escribe",
    "explique montre écris donne spiega mostra scrivi dammi explica mostra escreve объясни покажи напиши дай",
    "leg uit toon",
)
"""Verbs of which only the rest of a reply says whether they order something new: "tell me more"."""

POLITE = re.compile(
    r"\b(?:please|pls|plz|kindly|bitte|por favor|porfa|s'il (?:te|vous) plaît|svp|stp|per favore|пожалуйста"
    r"|плиз|lütfen"
    r"|proszę|alsjeblieft|tolong)\b"
)
FEELS = _set("love like hate got have want need see know hear mean get is was liked loved")
"""Verbs that order nothing of "it"."""

NEW_ASK = re.compile(
    r"^(?:what|who|whose|where|when|why|how|which|is|are|was|were|does|did|has|have|should|translate|write"
    r"|remind|set|tell|call"
    r"|send|show|list|buy|order|book|play|turn|convert|calculate|count|draw|define|spell|name|add|remove|delete"
    r"|rename|sort|move"
    r"|open|close|print|find|search|look|check|explain|describe|summari[sz]e|compare|create|make|generate|draft"
    r"|change|put|get"
    r"|was|wer|wo|wann|warum|wie|welche[rsn]?|übersetze?|schreibe?|zeige?|erkläre?|sag|rechne|qué|quién|dónde"
    r"|cuándo|cómo|cuánto|traduce|escribe|dime|muéstrame|explica|quoi|quel(?:le)?|qui|où|quand|comment|combien"
    r"|traduis|écris|montre|explique|que|quem|onde|quando|como|quanto|traduza|escreva|mostra|cosa|chi|dove|perché"
    r"|traduci|scrivi|что|кто|где|когда|почему|как"
    r"|сколько|переведи|напиши|покажи|"
    r"объясни|vertaal|schrijf|wat|wie|waar|hoe|çevir|yaz|ne|kim|nerede)\b"
)
"""First words of an ask of its own."""

STILL = re.compile(
    r"^(?:(?:it|that|this|but|no|nope|hm+) )*(?:(?:(?:still|does(?:n'?t| not)|is(?:n'?t| not)|not) )+(?:work(?:s"
    r"|ing)?|fail(?:s|ing)?"
    r"|broken|wrong|right|correct|there|compil(?:es|ing)|the same|quite(?: right)?)|same (?:error|problem|issue"
    r"|result|thing)"
    r"(?: again)?|fails?(?: again)?|(?:is )?wrong|is (?:still )?broken|try harder"
    r"|(?:do|make (?:it|this|that)|try to do) (?:it )?better|not good enough|did(?:n'?t| not) (?:help|work)"
    r"|keep (?:on )?\w+ing|you (?:just )?stopped(?: (?:there|early|halfway|midway))?"
    r"|(?:you )?(?:(?:'re|got|were|was) )?cut off"
    r"|(?:das )?(?:geht|funktioniert|klappt|läuft) (?:immer noch )?nicht|immer noch (?:falsch|kaputt|nicht)|falsch"
    r"|no funciona|sigue (?:fallando|igual|sin funcionar|mal)|ça ne (?:marche|fonctionne) (?:toujours )?pas"
    r"|toujours pas"
    r"|non funziona(?: ancora)?|não funciona|(?:всё ещё |все еще )?не работает"
    r"|неправильно)(?: (?:at all|either|yet|again|now))?$"
)
"""Whole replies that say that the work is not done."""

POLITE_QUESTION = re.compile(
    r"^(?:can|could|would|will|can't) you (?:please |maybe )?|^(?:kannst|könntest) du (?:bitte )?|^(?:puedes|podrías) "
    r"|^(?:peux|pourrais|pouvez)[- ](?:tu|vous) |^(?:puoi|potresti) |^(?:você )?(?:pode|poderia) "
    r"|^(?:можешь|можете) |^kun je "
)

CJK_CALL_WORDS = re.compile(
    r"再试(?:一次|一下|试)?|再試一次|重试|重做|重新来|再来(?:一次|一遍)?"
    r"|再做一次|更?详细(?:一些|一点|点|些)?|更?詳細(?:一點|一些)?|具体一点|多说一点"
    r"|都做|都写|完成(?:它)?|做完|写完|剩下的|其余的|都要|两个都要|全部|还是不行|不行|不对"
    r"|第[一二三四1-9](?:个|种|项)?|先|前者|后者"
    r"|もう(?:一度|一回|いちど)|やり直し(?:て)?|再試行|もっと詳しく|詳しく|最後まで|両方|残り"
    r"|[一二三1-9]番目?|先に|まず|から始めて|から|完成させて|仕上げて|まだ動きません|動かない"
    r"|다시|한 번 더|한번 더|재시도|더 자세히|자세히|끝내|마무리|나머지|둘 다|전부|모두|먼저|부터"
    r"|(?:첫|두|세) ?번째|[1-9]번|아직 안 ?돼|안 ?돼"
    r"|ลองใหม่?|อีกครั้ง|ละเอียด(?:กว่านี้)?|ทำให้เสร็จ|ทั้งสอง"
)
"""The same for scripts without spaces."""
CJK_FILLERS = re.compile(
    r"请|請|吧|呢|啊|了|的|我|你|用|选|選|要|就|好|给|写|做|一下"
    r"|を|で|の|に|て|ください|お願い(?:します)?|して|書いて|説明|说明"
    r"|주세요|해|줘|요|으로|로|을|를|이|가|시도|설명|หน่อย|ครับ|ค่ะ|[\s\W_]"
)

OR = re.compile(
    r"\b(?:or|oder|ou|o|of|eller|czy|lub|albo|nebo|veya|yoksa|atau|hay|ή|или|або|чи|vs|versus|which|welche[rsn]?|cuál"
    r"|quel(?:le)?|quale|qual|welk|vilken|hvilken|któr[ya]|hangi|mana|какой|какую|что)\b|أم|أو|או|या|还是|還是|或"
    r"|それとも|か、|아니면"
)
"""Between alternatives, or before a choice among several."""

CJK_ORDER = re.compile(r"先|まず|から|먼저|부터|ก่อน")
"""The same for scripts without spaces."""
