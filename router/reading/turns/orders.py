"""Orders of a harness for itself: replace the history by a summary, or write what is shown next to the conversation.

They are known by what they order and about what, not by one client's sentence: clients reword them with each version.
"""

from __future__ import annotations

import re

from router.reading.characters import folded

COMPACTION_LOOK_CHARS = 2_000
"""How much of a text is searched; an order may come after lines on the form of the answer."""

_ORDER_CHARS = 260
_ORDER_AFTER_RULES_CHARS = 900
"""The order's instruction and object are within this many characters, further where it forbids tools first."""

_LIST_MARK = r"(?:[-*\u2022]|\d{1,2}[.)]) +"
_RULE = (
    rf"\s*(?:{_LIST_MARK})?(?:critical|important|note|attention|warning|reminder|do not|don't|never|respond|reply"
    r"|answer|you already|you have|tool calls?|your (?:entire|whole|only)|no tools?|text only|plain text)\b"
    r"[^\n]*(?:\n|$)"
)
_RULES = re.compile(rf"{_RULE}(?:{_RULE}|\s*{_LIST_MARK}[^\n]*(?:\n|$))*")
"""Claude Code's order begins with five such lines, "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools." first."""
_NO_TOOLS = re.compile(r"\b(?:tools?|tool calls?)\b")
_TEXT_ONLY = re.compile(r"\b(?:text|prose|words)\b")

COMPACT = re.compile(
    r"\b(?:compact(?:ing|ion)?|compacte|compacta|summari[sz](?:e|es|ing|ation)|summary|hand-?over|hand-?off|condens(?:e|ed|ing)"
    r"|distil(?:l|ling)?|recap|prompt for continuing|state_snapshot|zusammenfassung|resumen|resumo|r\u00e9sum\u00e9"
    r"|riassunto)\b|\u538b\u7f29\u5bf9\u8bdd|\u603b\u7ed3|\u8981\u7d04"
)
COMPACT_MARKS = (
    *("compact", "summar", "hand", "condens", "distil", "recap", "prompt for continuing", "state_snapshot"),
    *("zusammenfassung", "resum", "r\u00e9sum\u00e9", "riassunto", "\u538b\u7f29", "\u603b\u7ed3", "\u8981\u7d04"),
)
"""What every word of COMPACT begins with. Most texts hold none, and `in` takes a tenth of a pattern's time."""
_RECORD = re.compile(r"\b(?:record|account|notes?|digest|write-?up|overview|snapshot)\b")
"""Other words for a summary: enough only under lines that forbid tools."""
_HISTORY = re.compile(
    r"\b(?:conversations?|session|history|transcript|context|discussion|conversaci\u00f3n|conversa|chat|exchange|dialogue"
    r"|unterhaltung|gespr\u00e4ch|conversation)\b|\u4f1a\u8bdd|\u5bf9\u8bdd|\u5c0d\u8a71|\u4f1a\u8a71"
)
_SUCCESSOR = re.compile(
    r"\b(?:another agent|next agent|fresh agent|successor|next context|other context|so far|only thing you see"
    r"|without the earlier|can continue|to continue|m\u00e9moire de l'agent|context checkpoint|another (?:llm|model)"
    r"|another language model|will resume|resume the (?:task|work)|running out of context|tasked with summari[sz]ing"
    r"|context summari[sz]ation|do not continue the conversation|grows too large|new session will not|for continuing"
    r"|continue the (?:work|task|conversation)|without losing context|internal chat history"
    r"|bisher|hasta ahora|at\u00e9 agora|jusqu'ici|jusqu'\u00e0 pr\u00e9sent)\b"
    r"|<state_snapshot>|\u8fc4\u4eca|\u76ee\u524d\u4e3a\u6b62"
)
_ABOUT_A_SUMMARY = re.compile(r"\b(?:verify|check|judge|review|explain|compare)\b")


def asks_compaction(text: str) -> bool:
    """Whether a text orders a summary that replaces the conversation."""
    order = folded(text[:COMPACTION_LOOK_CHARS])
    rules = _RULES.match(order)
    is_bare = bool(rules and _NO_TOOLS.search(rules[0]) and _TEXT_ONLY.search(rules[0]))
    if not is_bare and not any(mark in order for mark in COMPACT_MARKS):
        return False
    start = rules.end() if rules else 0
    head = order[start : start + (_ORDER_AFTER_RULES_CHARS if is_bare else _ORDER_CHARS)]
    found = COMPACT.search(head) or (is_bare and _RECORD.search(head))
    if not found or not _HISTORY.search(head) or not (is_bare or _SUCCESSOR.search(head)):
        return False
    return not _ABOUT_A_SUMMARY.search(head, 0, found.start())


_GUESS = re.compile(
    # Claude Code's "[SUGGESTION MODE: Suggest what the user might naturally type next]" in any words, and Open WebUI's
    # follow-up questions
    r"\b(?:suggest|predict|guess|propose|anticipate|imagine)[a-z]*\b[^\n]{0,90}\b(?:user|person|human|they)\b"
    r"[^\n]{0,60}\b(?:type|ask|say|enter|write|send|input)\b[^\n]{0,40}\b(?:next|now)\b"
    r"|(?:^|[.:\]\n] *|\byou(?: are|'re| will| must| should) |\btask is to |\bplease )"
    r"(?:suggest|predict|guess|propos|anticipat|imagin)[a-z]*\b[^\n.]{0,40}\b(?:"
    r"(?:user|person|human)(?:'s)? (?:likely |probable )?next (?:message|prompt|input|reply|turn|request)\b"
    r"|next (?:message|prompt|input|reply|turn|request)\b[^\n.]{0,30}\b(?:user|person|human)\b)"
    r"|\bfollow-?up (?:questions?|prompts?)\b[^\n]{0,60}\buser (?:might|may|would|could|can|is likely)\b"
)
_FORM = re.compile(
    r"\b(?:only|just|nothing|alone|words?|characters?|json|concise|short|one[- ]line|without|no quotes|silen(?:ce|t)"
    r"|format|list|task|\d+ ?(?:-|to) ?\d+)\b"
)
"""A harness says what form the answer must have."""
_ASIDE = re.compile(
    r"\[[a-z ]{0,30}suggest[a-z]* mode\b"
    # Open WebUI: tags, queries, completions
    r"|^\W*task:\s*(?:generate \d[^\n]{0,12} broad tags|analy[sz]e the chat history|you are an autocompletion system)"
    # Claude Code, Goose: a line about the session
    r"|\bsummari[sz]e this (?:coding )?(?:conversation|session|chat) in (?:under|at most|fewer|\d)"
    r"|\bdescription of this (?:conversation|session|chat) in \d"
    r"|\buser stepped away\b[^\n]{0,80}\brecap\b"
    # editors: "You are an expert at writing Git commits.", "... that generates concise, one-line Git commit messages"
    r"|^you[^.\n]{0,120}\b(?:writ|generat|creat|produc|summari[sz]|com(?:e|ing) (?:up )?with)[a-z]*\b"
    r"[^.\n]{0,40}\b(?:commit messages?|git commits?|branch names?|pull request titles?|pr titles?)\b"
)
SUGGESTION_MARKS = (
    *("suggest", "predict", "guess", "propos", "anticipat", "imagin", "follow", "task:", "ummari"),
    *("description of this", "stepped away", "commit", "branch name", "pull request title", "pr title"),
)
"""Every match of the two contains one of these."""


def asks_suggestion(text: str) -> bool:
    """Whether a text orders what a harness shows next to the conversation."""
    order = folded(text[:_LOOK_CHARS])
    head = order[:_ORDER_CHARS]
    if not any(mark in head for mark in SUGGESTION_MARKS):
        return False
    return bool(_ASIDE.search(head) or (_GUESS.search(head) and _FORM.search(order)))


_LOOK_CHARS = 600
