"""Calls of a bot around an ask: `@helper ask`, `<@U07ABCDEF> ask`, `/ask ask`, `!bot ask`, `ask @helper`, `cc @kim`."""

from __future__ import annotations

import re

_BOT = (
    r"(?:[\w-]{0,24}(?:bot|assistant|helper|copilot|gpt|claude|llm|agent|concierge|butler)[\w-]{0,12}|ai|assist"
    r"|ask[\w-]{0,12})"
)
"""Names that say what they are."""

_CODE = (
    r"(?:media|import|property|override|param|params|returns?|throws?|staticmethod|classmethod|dataclass|decorator"
    r"|abstractmethod|autowired|component|injectable|input|output|test|before|after|beforeeach|aftereach|mock|bean"
    r"|entity|table|column|id|service|controller|repository|restcontroller|requestmapping|getmapping|postmapping|value"
    r"|nullable|notnull|deprecated|suppresswarnings|functionalinterface|safevarargs|font-face|keyframes|supports"
    r"|layer|container|apply|tailwind|include|mixin|extend|use|forward|charset|namespace|page|ts-ignore|ts-expect-error"
    r"|ts-nocheck|types|angular|babel|vue|react|nestjs|pytest|app|lru_cache|cache|cached_property|wraps|contextmanager"
    r"|typing|final|main|objc|mainactor|state|binding|published|observedobject|environment|escaping|everyone|here"
    r"|channel|all|gmail|important|default|interface|author|see|link|todo|version|license|type|typedef|async|await"
    r"|echo|off|latest|next|alpha|beta|home|work|me)"
)
_NAME = r"[\w][\w-]{1,31}"
_MENTION = rf"(?:@(?!{_CODE}\b){_NAME}(?![\w./(@:#\\-])|<@[!&UWB]?[0-9A-Z]{{2,24}}(?:\|[^<>\n]{{1,40}})?>)"
_LISTED = rf"(?:{_MENTION}|@(?!{_CODE}\b){_NAME}(?:\.{_NAME}){{0,2}}(?![\w./(@:#\\-]))"
# a word that the prose of this project avoids is written with a bracket, as patterns are read as prose by its tests
_ABOUT = (
    r"(?!(?:is|was|are|were|has|had|have|does|do|did|says?|said|tol[d]|tells|wants?|wrote|and|or|vs|versus|will|would"
    r"|can't|cannot|isn't|decorators?|annotations?|rules?|directive|handle|account|in|from|on|at|to|for|as|of|not"
    r"|keeps?|tweets?|tweeted|posts?|happy|congrats|congratulations|thanks|thank"
    r"|went|asked|asks|posted|thinks?|ist|hat|sagt|und|oder|es|est|dice|y|o|et|ou)\b)"
)
"""The word after a name in a sentence about him."""

_TOOL = (
    r"(?:pip3?|apt|apt-get|brew|conda|mamba|npm|npx|yarn|git|ls|cat|cd|wget|curl|python3?|node|ffmpeg|unzip|tar|mkdir|rm"
    r"|cp|mv|head|tail|grep|sed|awk|echo|nvidia-smi|kaggle|gdown|sudo|bash|sh|make|docker|kubectl|dotnet|cargo|go|uv)"
)
_SUBCOMMAND = (
    r"(?:install|uninstall|update|upgrade|run|build|clone|commit|push|pull|init|status|exec|serve|deploy|remove|login"
    r"|config|freeze|checkout|restart|stop|start|kick|ban|mute|unban|play|skip|pause|queue|roll|rank|level)"
)
"""What follows the name of a program in a shell, or of a bot that does something else than answer."""

_LEAD = re.compile(
    # "hey @helper, ", "@helper ", "<@U07ABCDEF>: ", "@helper @kim "
    rf"(?:(?:hey|hi|hello|yo|ok|okay|hallo|hola|salut|ciao)[ ,]{{1,2}})?(?:{_MENTION}[,:;]?[ \t]+){{1,6}}{_ABOUT}(?=\S)"
    # Teams: "<at>Helper</at> "
    r"|(?:<at(?: id=\"\w{1,8}\")?>[^<>\n]{1,40}</at>(?:&nbsp;|[ \t,:\xa0]){1,4}){1,4}(?=\S)"
    # the names on a line of their own
    rf"|(?:cc|fyi|to)?:?[ \t]{{0,2}}(?:{_LISTED}[, \t]{{0,4}}){{1,8}}\n\s*(?=\S)"
    # "[mention] @helper in #general: "
    rf"|\[[\w -]{{1,30}}\] @{_NAME}(?: in [#\w-]{{1,40}})?[:,][ \t]+(?=\S)"
    rf"|(?:mentioned|pinged|tagged) (?:you|by [@\w -]{{1,40}})(?: in [#\w-]{{1,40}})?:[ \t\n]+(?=\S)"
    # "/ask ", "!helper ", "helper: "
    rf"|/(?:ask|ai|chat|gpt|bot|prompt|question|q|assistant|assist|claude|copilot|llm|query|{_BOT})"
    r"(?:@\w{2,32})?[ \t]+(?=\S)"
    rf"|!(?!{_CODE}\b|{_TOOL}\b)[a-z][a-z0-9_-]{{1,20}}[ \t]+{_ABOUT}(?!{_SUBCOMMAND}\b)(?=[^\s=&|-])"
    rf"|(?:hey |hi |ok |okay )?(?!(?:agent|concierge|butler|assistant|bot|ai):){_BOT}:[ \t]+(?=\S)"
    r"(?![^\n]*\n\w{1,20}: )",
    re.IGNORECASE,
)
"""How a message calls a bot before the ask."""

_PATHS = re.compile(r"(?:@(?=[\w./-]{0,200}[./])[\w./-]{1,200}[ \t]{0,2}){1,12}\n\s*(?=\S)")
"""A line of the files that a person attaches: `@src/app.py @docs/notes.md`."""

_LAST = re.compile(rf"(?:[ \t]*\n)?[ \t,]*(?:\b(?:cc|fyi):?[ \t]*)?(?:[ \t,]*{_LISTED}){{1,6}}[ \t]*$", re.IGNORECASE)
"""The same after the ask."""
_OF_BOT = re.compile(rf"@{_BOT}\s*$", re.IGNORECASE)
_LAST_CHARS = 120
_LEAST_WORDS = 2
_LEAST_CHARS = 6


def ask_without_mention(text: str) -> str | None:
    """What is asked of a bot, without the call of it before or after; None for a text that calls none.

    A name in the middle of a sentence, and a name that the sentence is about, stay.
    """
    lead = _LEAD.match(text) or (_PATHS.match(text) if text[:1] == "@" else None)
    if lead:
        return _asked(text[lead.end() :])
    if "@" not in text[-_LAST_CHARS:]:
        return None
    tail = text.rfind("\n", 0, len(text) - 1)
    start = max(tail, len(text) - _LAST_CHARS, 0)
    at = text.find("@", start)
    while at >= 0 and not (last := _LAST.fullmatch(text, _before(text, at))):
        at = text.find("@", at + 1)
    if at < 0 or not last:
        return None
    before = text[: last.start()].rstrip(" ,")
    if _OF_TAGS.search(before):
        return None
    is_sentence = before.endswith((".", "?", "!", "\u3002", "\uff1f", ")", "`")) or "\n" in last[0]
    return _asked(before) if is_sentence or _OF_BOT.search(last[0]) else None


_OF_TAGS = re.compile(
    r"\b(?:tag(?:s|ged|ging)?|tweets?|handles?|mentions?|hashtags?|usernames?|accounts?|captions?|bio|insta(?:gram)?)\b"
    r"|\b(?:thank(?:ing)?|congratulat(?:e|ing)|reply to|praising) (?:them|him|her)\b",
    re.IGNORECASE,
)
"""Words of an ask that may be about the names after it."""


def _before(text: str, at: int) -> int:
    """Start of the white space, the "<" and the "cc" before a mention."""
    at -= at > 0 and text[at - 1] == "<"
    while at > 0 and text[at - 1] in " \t,\n":
        at -= 1
    if text[max(0, at - 3) : at].lower().endswith(("cc:", "cc")):
        at -= 2 + (text[at - 1] == ":")
        while at > 0 and text[at - 1] in " \t,\n":
            at -= 1
    return at


def _asked(said: str) -> str | None:
    said = said.strip()
    is_long = len(said.split(None, _LEAST_WORDS)) >= _LEAST_WORDS or not said.isascii()
    return said if is_long and len(said) >= _LEAST_CHARS else None
