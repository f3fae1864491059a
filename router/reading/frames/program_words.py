"""Closed classes of words that programs use for their own things around an ask."""

from __future__ import annotations

OWN_WORDS = frozenset(
    "from to via by at on sent received posted asked asks ask created updated edited moved opened assigned handed "
    "passed forwarded escalated boosted pinned shared saved noted taken left signed reported submitted owner "
    "members member author sender recipient reporter assignee organiser organizer watchers followers contact "
    "caller customer client user visitor requester agent operator rater grader worker desk team group community "
    "board column queue backlog doing done todo inbox outbox channel thread forum feed mailbox line room lobby "
    "counter station item items card cards ticket tickets case cases story stories task tasks job jobs batch "
    "element elements entry entries record records row rows cell cells sheet spreadsheet tab page pages part "
    "parts step steps point points agenda event events reminder reminders timer alarm schedule cron meeting slot "
    "due deadline estimate sprint epic priority severity status state label labels tag tags category categories "
    "type kind ref reference re version rev revision build edition id uid uuid no nr number hex seed suite split "
    "dev probe sample samples trial arm side run weight key expected answer benchmark eval evaluation stimulus "
    "prompt prompts snippet preset template templates library favourite favorite variables temperature model "
    "models stop message messages request requests question questions inquiry enquiry query text body content "
    "note notes memo letter postcard fax sms push notification notifications notice badge post comment comments "
    "reply replies likes like share shares save views upvotes votes answers helpful rsvp summary description "
    "details matter wanted words reason wrap-up code call calls wait skill lead touch shift crm accounts pending "
    "verified plan since regards yours sincerely faithfully encl cc attn concern whom date copy edit open view "
    "tap press click scan qr unsubscribe subscribe tel phone mobile web website address now today yesterday "
    "tomorrow monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january "
    "february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep oct nov dec utc gmt am pm min mins minutes hours days next last time clock zone begin end start incoming "
    "outgoing welcome new closed waiting serving won lost cold warm hot none yes any original more first latest "
    "newest current session sessions memory recalled earlier previous low normal high medium urgent nothing else "
    "read people said passes front person nouvelle vous avez tienes nuevo nueva neue neuer pos\u00e9e pytania "
    "tre\u015b\u0107 \u0442\u0435\u043a\u0441\u0442 \u0432\u043e\u043f\u0440\u043e\u0441\u0430 "
    "\u0633\u0624\u0627\u0644 fin fine ende einde koniec kraj antworten tippen zum sprache datum bis "
    "to\u0020assistant bot others follow follows yet expands list given recorded window closes arrives picking "
    "stopped uses every set ended after pile short notices because get difficulty level setting manner manners "
    "background frage anfrage nachricht anliegen betreff thema r\u00fcckmeldung demande objet sujet consulta "
    "pregunta mensaje asunto fecha tema solicitud domanda richiesta oggetto data pergunta pedido mensagem assunto "
    "vraag bericht onderwerp pytanie temat wiadomo\u015b\u0107 \u0432\u043e\u043f\u0440\u043e\u0441 "
    "\u0442\u0435\u043c\u0430 \u0441\u043e\u043e\u0431\u0449\u0435\u043d\u0438\u0435".split()
)
"""Words for a program's own things."""

NEEDED_WORDS = frozenset(
    "tone style voice audience persona language lang locale region topic title subject length max purpose "
    "format".split()
)
"""Labels of what an ask may need: `Length: 100 words`."""

SMALL_WORDS = NEEDED_WORDS | frozenset(
    "then else the a an of for in is are was it its and or with your you this that as be been has have not all "
    "only per out up so far their his her our my me us he she they them who what when where how these those there "
    "here after before about under der die das von vom den dem des ein eine und im am um f\u00fcr de la le les du "
    "un une et el los las y il lo gli di da do dos e o os van het een en z w na".split()
)
"""Words of any sentence."""

ABOUT_WORDS = frozenset(
    "text words input message messages prompt question request stimulus marker markers brackets quotes delimiters "
    "fence user customer visitor conversation".split()
)
"""Words of a program's sentence about the text of the ask."""

NAMES_OF_ASKS = frozenset(
    "pytania \u0432\u043e\u043f\u0440\u043e\u0441\u0430 \u0633\u0624\u0627\u0644 ask asks asked asking question "
    "questions request requests inquiry enquiry query words wanted prompt frage anfrage anliegen demande consulta "
    "pregunta domanda richiesta pergunta pedido vraag pytanie \u0432\u043e\u043f\u0440\u043e\u0441".split()
)
"""Words of a label that only an ask has."""

ASK_NAMES = NAMES_OF_ASKS | frozenset(
    "ask asks asked asking question questions request requests inquiry enquiry query message text body content "
    "words prompt input wanted matter description note notes know says said wrote writes wants reason point item "
    "card frage anfrage nachricht anliegen demande consulta pregunta mensaje domanda richiesta pergunta pedido "
    "vraag pytanie \u0432\u043e\u043f\u0440\u043e\u0441".split()
)
"""Words of a label that says that a person's words follow."""
