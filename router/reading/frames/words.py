"""The words by which frames name their parts: titles of sections, names of tags, keys of events."""

from __future__ import annotations

import re
from functools import lru_cache


def _words(*lines: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in lines for phrase in line.split("|"))


ASK_TITLES = _words(
    "task|your task|the task|current task|user task|task description|question|user question|the question|query",
    "user query|search query|request|user request|the request|current request|customer request|user message",
    "current message|new message|latest message|customer message|customer question|user input|user prompt|user",
    "human|assignment|issue description|instruction|user's question|user's request|user's message|user's "
    "query|users question|current user input|current input|my question|my question is|the user's message is",
    "aufgabe|deine aufgabe|frage|nutzerfrage|benutzeranfrage|anfrage|pregunta|tarea|consulta|pregunta del usuario",
    "question de l'utilisateur|t\u00e2che|demande|domanda|compito|richiesta|pergunta|tarefa|vraag|taak",
    "\u95ee\u9898|\u4efb\u52a1|\u7528\u6237\u95ee\u9898|\u8cea\u554f|\u30bf\u30b9\u30af|\uc9c8\ubb38",
    "\u0432\u043e\u043f\u0440\u043e\u0441|\u0437\u0430\u0434\u0430\u0447\u0430"
    "|\u0437\u0430\u0434\u0430\u043d\u0438\u0435",
)
"""Titles of the section that holds the ask, in lower case."""

ASK_LABELS = ASK_TITLES | _words(
    "description|details|detail|message|body|content|comment|comments|inquiry|problem|issue|ask|text|user says|customer"
    " says|client says|caller says|user wrote|customer wrote|client wrote|requester wrote|member wrote|user asks"
    "|customer asks|problem description|ticket description|request description|description of the issue|description of "
    "the problem|goal|objective|mission|instructions|agent instructions|instructions for the agent|first message"
    "|original message|initial message|latest comment|how can we help|how can we help you|your message|your question"
    "|message body|email body|mail body|beschreibung|nachricht|anliegen|descripci\u00f3n|mensaje|description du "
    "probl\u00e8me|descrizione|messaggio|descri\u00e7\u00e3o|mensagem|\u5185\u5bb9|\u63cf\u8ff0|\u8a73\u7d30",
)
"""Labels of a record under which the words of a person are: `Description:`, `Customer wrote:`."""

FORM_TITLES = _words(
    "rules|general rules|rules of engagement|output format|format|response format|answer format|output rules",
    "formatting|formatting rules|response rules|response guidelines|style|style guide|tone|tone of voice|role",
    "your role|persona|identity|system|system prompt|system message|guidelines|general guidelines|important",
    "important notes|reminder|reminders|environment|environment info|available tools|tools|workspace|current date",
    "date|today|today's date|current time|user info|user information|user profile|metadata|session|memory|memories",
    "safety|safety rules|house rules|citation rules|house style|policies|conduct|response style|output style",
    "channel|locale",
    "output",
    "regeln|ausgabeformat|antwortformat|stil|rolle|ton|wichtig|hinweise|reglas|formato|formato de salida|rol|tono",
    "formato de respuesta|r\u00e8gles|format de sortie|format de r\u00e9ponse|r\u00f4le|regole|formato di output|ruolo",
    "regras|formato da resposta|\u89c4\u5219|\u8f93\u51fa\u683c\u5f0f|\u89d2\u8272|\u30eb\u30fc\u30eb",
    "\u51fa\u529b\u5f62\u5f0f|\uaddc\uce59|\ud615\uc2dd|\u043f\u0440\u0430\u0432\u0438\u043b\u0430",
)
"""Titles of sections on the answer's form, on the assistant and on its surroundings."""

PASSAGE_TITLES = _words(
    "context|retrieved context|relevant context|context information|documents|retrieved documents|relevant documents",
    "sources|passages|retrieved passages|search results|web results|results|knowledge|knowledge base|reference",
    "references|reference material|reference materials|excerpts|relevant excerpts|snippets|articles|information",
    "help center articles",
    "kontext|dokumente|quellen|auszüge|suchergebnisse|contexto|documentos|fuentes|contexte|documents pertinents",
    "sources pertinentes|contesto|documenti|fonti|\u4e0a\u4e0b\u6587|\u8d44\u6599|\u53c2\u8003\u8d44\u6599",
    "\u6587\u8108|\u53c2\u8003\u8cc7\u6599|\ubb38\ub9e5|\u043a\u043e\u043d\u0442\u0435\u043a\u0441\u0442",
)
"""Titles of sections that hold what a search has found."""

PAST_TITLES = _words(
    "conversation history|chat history|conversation|conversation so far|history|previous messages|prior messages",
    "previous conversation|past messages|dialogue history|gespr\u00e4chsverlauf|chatverlauf|verlauf|historial",
    "historial de conversaci\u00f3n|historique|historique de conversation|\u5386\u53f2\u5bf9\u8bdd"
    "|\u4f1a\u8a71\u5c65\u6b74",
)
"""Titles of sections that hold earlier turns."""

ANSWER_TITLES = _words(
    "answer|helpful answer|your answer|final answer|response|your response|assistant|ai|bot|output|a|reply|solution",
    "antwort|deine antwort|hilfreiche antwort|respuesta|respuesta \u00fatil|r\u00e9ponse|r\u00e9ponse utile|risposta",
    "resposta|antwoord|assistent|asistente|\u56de\u7b54|\u7b54\u6848|\ub2f5\ubcc0|\u043e\u0442\u0432\u0435\u0442",
)
"""Titles at the end of a template, under which the answer is to be written."""

ASK_TAGS = _words(
    "user_query|user_message|user_request|user_input|user_prompt|user_question|user_task|query|question|task|request",
    "prompt|ask|user|human|message|issue_description|task_description|customer_message|customer_question"
    "|current_message|user_instruction",
    "current_request|user_ask|human_message|current_task|aufgabe|frage|pregunta|tarea|t\u00e2che",
)
"""Tags around the ask, their words in lower case joined by "_"."""

_AMBIENT = _words(
    "context|contexts|environment|metadata|meta|memory|memories|history|preferences|attachments|session|workspace",
    "diagnostics|reminder|reminders|guidelines|tabs|background|settings|rules|kontext|contexto|contexte",
)
_AMBIENT_LAST = _words(
    "context|contexts|info|information|environment|env|metadata|memory|memories|history|state|rules|guidelines|files",
    "attachments|preferences|selection|diagnostics|reminder|reminders|tabs|tree|settings|details|file|buffer|changes",
    "instructions|format|structure|layout|listing|status",
)
_AMBIENT_FIRST = _words(
    "file|attached|uploaded|open|opened|current|editor|ide|project|repo|repository|workspace|conversation|chat|user|session",
    "environment|env|system|recent|recently|visited|active|visible|related|relevant|additional|background|retrieved",
    "channel|sender|message|thread|agent|runtime|memory|tool|output|response|answer|git|code|terminal|long|short",
)
_SOURCES = _words(
    "documents|document|docs|doc|passages|passage|sources|source|search_results|search_result|results|knowledge",
    "knowledge_base|references|reference|chunks|chunk|snippets|snippet|articles|pages|files|file|file_contents",
    "file_content|retrieved_documents|retrieved_passages|examples|tools|excerpts|instructions|instruction|role|persona",
    "format|output_format|system|tone|style|constraints_on_output|date|today",
)


@lru_cache(maxsize=1_024)
def tag_words(name: str) -> str:
    """A tag's name with its words in lower case, joined by "_"."""
    return "_".join(word.lower() for word in _NAME_WORDS.findall(name))


_NAME_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


@lru_cache(maxsize=1_024)
def is_ambient_tag(name: str) -> bool:
    """Whether a tag's name says that it holds the surroundings of an ask: `<context>`, `<open_files>`."""
    joined = tag_words(name)
    first, _, rest = joined.partition("_")
    if not rest or rest in ("block", "section"):
        return first in _AMBIENT
    return first in _AMBIENT_FIRST and rest.rpartition("_")[2] in _AMBIENT_LAST


@lru_cache(maxsize=1_024)
def is_source_tag(name: str) -> bool:
    """Whether a tag may hold what an ask is answered from, or how: where another tag names the ask."""
    return is_ambient_tag(name) or tag_words(name) in _SOURCES


TEXT_KEYS = _words(
    "text|message|msg|content|body|prompt|query|question|input|ask|request|user_input|user_message|userinput",
    "usermessage|user_prompt|utterance|comment|instruction|task|messagetext|message_text|text_body|plain_text",
    "transcript|chatinput|chat_input|user_query|userquery|user_request|nachricht|mensaje|frage|texto",
)
"""Keys of events under which a person's words are, in lower case."""

_META_KEYS = _words(
    "id|ts|timestamp|time|date|created|created_at|received_at|sent_at|channel|sender|from|to|user|username|user_name",
    "platform|source|locale|lang|language|tz|timezone|type|event|kind|thread|thread_ts|team|chat|conversation|session",
    "room|guild|server|provider|is_group|group|priority|version|agent|label|name|role|status|author|reply_to|direction",
    "request|tenant|plan|trace|received|speaker|top_k|stream|index|is_bot|phone|email|app_version|os|branch|repo"
    "|repository|span|trigger|zone|number|attachments|media|client|device|app|transport|bot|mentions|mentioned"
    "|is_mention|was_mentioned|account|workspace",
)


ORDER_KEYS = _words(
    "task|op|operation|action|return|returns|allowed|options|labels|categories|schema|instruction|instructions|output",
    "function|target|target_lang|expected|choices|rubric|format|command|mode|answer|question|examples|data",
)
"""Keys that say what to do with the words of another key."""


def is_meta_key(key: str) -> bool:
    """Whether a key of an object is one that a chat program's metadata has: "sender", "thread_ts", "chat_id"."""
    joined = tag_words(key)
    return joined in _META_KEYS or joined.endswith(("_id", "_at", "_name", "_ts", "_type")) or joined.startswith("is_")


def is_words(text: str) -> bool:
    """Whether a value holds words of a person, not an id, a name or a time: several words, or a run of CJK letters."""
    if len(text) < _LEAST_CHARS or not _LETTERS.search(text, 0, _LOOK_CHARS):
        return False
    return len(text.split(None, 2)) > 2 or len(_CJK.findall(text[:200])) >= _LEAST_CJK


_LETTERS = re.compile(r"[^\W\d_]")
_LOOK_CHARS = 400
_LEAST_CHARS = 6
_LEAST_CJK = 6
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]")
