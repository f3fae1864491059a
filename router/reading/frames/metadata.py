"""Which fields next to a person's words are a program's metadata, and which are what is asked about or how.

`id`, `ts`, `sender` and the like are surely a program's. `date`, `type`, `lang`, `from` or `version` are so only next
to one of those, and by their values. All other fields (`city`, `n`, `label`, `style`, `rows`) are part of what is
asked, and so is a field that waits to be filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from router.reading.frames.words import tag_words


class _Sort(Enum):
    """What a key says of its value.

    SURE: a program's.  NAMED: a program's, unless the ask has the key's name.  WEAK: like NAMED, next to a sure one.
    OPTION: a setting of a chat API.  ROLE, KIND, PLACE, TONGUE, LEVEL, HEAT, FORM: by the value.  NONE: none of these.
    """

    SURE = auto()
    NAMED = auto()
    WEAK = auto()
    OPTION = auto()
    ROLE = auto()
    KIND = auto()
    PLACE = auto()
    TONGUE = auto()
    LEVEL = auto()
    HEAT = auto()
    FORM = auto()
    NONE = auto()


_SURE = frozenset(
    "id ids ts at timestamp created sent received updated channel sender user username platform session thread "
    "chat conversation room guild server provider trace request span tenant client device app application "
    "transport bot mentions mentioned account workspace author agent who whom handle locale tz timezone zone os "
    "browser uuid guid hash hex token signature nonce seq sequence ip ua via subtype trigger webhook "
    "integration nick nickname reporter attachments entities hostname host reply_to speaker caller attempt "
    "attempts delivery edited forwarded is_bot from_me inbound outbound owner last_seen encoding user_agent "
    "language_code plan tier visitor member shell quoted quote retry prev_error prev_message ok cc bcc "
    "in_reply_to references topic_id confidence wake_word wakeword battery firmware rssi snr surface widget "
    "viewport sdk carrier network referrer referer campaign ack qos retain partition offset schema producer "
    "consumer correlation idempotency checksum etag cursor method latency elapsed duration_ms pid worker svc "
    "service component module logger req pinned unread delivered seen_at queue assignee sla urgency mood_id "
    "transcript_id asr vad extension line_id station terminal kiosk desk counter gateway relay broker bridge "
    "connector adapter proxy hop realm scope consent opt_in verified premium avatar discriminator enterprise "
    "cluster pod v t u ch src dst uid gid cid sid rid mid msgid userid chatid messageid sessionid channelid "
    "threadid senderid roomid deviceid clientid requestid conversationid".split()
)
_NAMED = frozenset("team group department email mail phone tel telephone mobile source direction media".split())
_WEAK = frozenset(
    "date day time when name version priority status state region tone month year folder tab sheet col column "
    "first last seen org organization organisation company repo repository branch project site ticket case row "
    "index env environment stage node origin build subject topic page screen duration theme floor building "
    "office".split()
)
_OPTIONS = frozenset(
    "model stream streaming top_k top_p max_tokens max_output_tokens max_completion_tokens retries max_retries "
    "timeout timeout_ms seed effort reasoning_effort frequency_penalty presence_penalty tokens".split()
)
_OF_API = frozenset(
    "content mime hook delivery web client api app is x update trace created sent received last first max m u t".split()
)
_PERSON_NAMES = frozenset(
    "first last full display nick user sender channel group author customer chat room given family profile real "
    "screen guild server thread team host bot app agent contact push visitor client account".split()
)
_BY_VALUE = {
    **dict.fromkeys(("role",), _Sort.ROLE),
    **dict.fromkeys(("type", "kind", "event", "action"), _Sort.KIND),
    **dict.fromkeys(("from", "to"), _Sort.PLACE),
    **dict.fromkeys(("lang", "language"), _Sort.TONGUE),
    **dict.fromkeys(("level", "severity", "loglevel", "log_level"), _Sort.LEVEL),
    **dict.fromkeys(("temperature",), _Sort.HEAT),
    **dict.fromkeys(("reply_format", "response_format", "text_format", "parse_mode"), _Sort.FORM),
}
_ROLES = frozenset("user customer human client visitor member caller guest requester person end_user".split())
_KINDS = frozenset(
    "message messages event events callback inbound incoming text chat user private group channel webhook "
    "update request direct dm sms mail email e-mail notification comment created received post posted prompt "
    "query question input inquiry new added edited updated opened sent submitted conversation web mobile app "
    "mention im plain public supergroup ticket api bot thread reply customer session turn ask utterance human "
    "voice speech transcript submission form push final raw".split()
)
_BOTS = frozenset("bot assistant you helper agent desk support help inbox all team ai us".split())
_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?(?:\.UTF-8)?", re.IGNORECASE)
_ADDRESS = re.compile(r"[@#+]|\d{3}|https?:")
_TONGUE_OR_MONEY = re.compile(r"[a-z]{2}(?:[-_][A-Z]{2})?|[A-Z]{3}")
_LEVELS = frozenset({"info", "debug", "trace", "notice"})
_USUAL_FORMS = frozenset({"markdown", "md", "text", "plain", "plaintext", "markdownv2", "html"})
_HOTTEST = 2.0
"""The highest temperature that chat APIs take; above it is one of the weather or of a body."""
_MACHINE = re.compile(r"(?=[a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,5}")
"""Values that only programs write, under any key: a hash, a UUID."""
_TO_FILL = frozenset(("", "?", "??", "...", "\u2026", "_", "___", "tbd", "n/a", "todo"))


@lru_cache(maxsize=2_048)
def _sort_of(key: str) -> _Sort:
    joined = tag_words(key)
    last = joined.rpartition("_")[2]
    if joined.startswith(("is_", "was_")):
        return _Sort.SURE
    if (sort := _sort_of_word(joined)) is not _Sort.NONE:
        return sort
    if last == "name":
        return _Sort.SURE if joined.split("_")[0] in _PERSON_NAMES else _Sort.NONE
    sort = _sort_of_word(last)
    if _is_of_program(joined):
        return sort
    return {_Sort.SURE: _Sort.NAMED, _Sort.NAMED: _Sort.WEAK, _Sort.OPTION: _Sort.OPTION}.get(sort, _Sort.NONE)


def _sort_of_word(word: str) -> _Sort:
    if word in _BY_VALUE:
        return _BY_VALUE[word]
    for sort, words in ((_Sort.OPTION, _OPTIONS), (_Sort.SURE, _SURE), (_Sort.NAMED, _NAMED), (_Sort.WEAK, _WEAK)):
        if word in words:
            return sort
    return _Sort.NONE


def _is_of_program(joined: str) -> bool:
    """Whether the first words of a key name a program's thing: "chat_id", not "order_id"."""
    first = joined.rpartition("_")[0].split("_")
    return not _SURE.isdisjoint(first) or not _CONTAINERS.isdisjoint(first) or not _OF_API.isdisjoint(first)


def are_metadata(fields: Iterable[tuple[str, Any]], ask: str) -> bool:
    """Whether all fields are a program's metadata, and one of them surely; no fields are.

    Dates, languages and the like alone are what a person gives with the ask.
    """
    fields = list(fields)
    is_sure = not fields
    places = 0
    words: frozenset[str] | None = None
    for key, value in fields:
        sort = _sort_of(key)
        if _is_to_fill(sort, value):
            return False
        if sort is _Sort.NONE:
            words = _words(ask) if words is None else words
            is_named = not words.isdisjoint(tag_words(key).split("_"))
            if is_named or not (isinstance(value, str) and _MACHINE.fullmatch(value.strip())):
                return False
            continue
        if sort in (_Sort.SURE, _Sort.OPTION):
            is_sure = True
        elif sort in (_Sort.NAMED, _Sort.WEAK):
            words = _words(ask) if words is None else words
            if not words.isdisjoint(word for word in tag_words(key).split("_") if word not in _COMMON):
                return False
            is_sure = is_sure or sort is _Sort.NAMED or _is_person(key, value)
        else:
            worth = _worth(sort, key, value)
            places += sort is _Sort.PLACE and worth == 0
            if worth < 0 or places > 1:
                return False
            is_sure = is_sure or worth > 0
    return is_sure


def _is_to_fill(sort: _Sort, value: Any) -> bool:
    """Whether a value is one for the answer to fill in: "?", or nothing where it is not a program's."""
    if isinstance(value, str) and value.strip().lower() in _TO_FILL:
        return bool(value.strip()) or sort not in (_Sort.SURE, _Sort.NAMED)
    return value is None and sort not in (_Sort.SURE, _Sort.NAMED)


def _worth(sort: _Sort, key: str, value: Any) -> int:
    """How sure a field is metadata by its value: 1 surely, 0 next to a sure one, -1 not."""
    said = str(value).strip().strip("\"'")
    words = tag_words(said).split("_")
    if sort is _Sort.ROLE:
        return 1 if tag_words(said) in _ROLES else -1
    if sort is _Sort.KIND:
        is_kind = all(word in _KINDS for word in words) or "/" in said
        return -1 if not is_kind else int(tag_words(key) == "event")
    if sort is _Sort.TONGUE:
        return 0 if _CODE.fullmatch(said) else -1
    if sort is _Sort.LEVEL:
        return 0 if said.lower() in _LEVELS else -1
    if sort is _Sort.HEAT:
        return 1 if isinstance(value, int | float) and value <= _HOTTEST else _heat(said)
    if sort is _Sort.FORM:
        return 0 if said.lower() in _USUAL_FORMS else -1
    if _ADDRESS.search(said):
        return 1
    if _TONGUE_OR_MONEY.fullmatch(said):
        return -1
    return 0 if tag_words(key).endswith("from") or not _BOTS.isdisjoint(words) else -1


def _heat(said: str) -> int:
    try:
        return 1 if float(said) <= _HOTTEST else -1
    except ValueError:
        return -1


_PERSON_NAME = re.compile(r"[^\W\d_a-z][\w'-]{0,24}(?: [^\W\d_a-z][\w'.-]{0,24}){1,2}")


def _is_person(key: str, value: Any) -> bool:
    """Whether a field is the name of who writes: `name: Kim Aas`."""
    return key.lower() == "name" and bool(_PERSON_NAME.fullmatch(str(value).strip()))


_COMMON = frozenset("when to is at in of on no nr id ts".split())
_WORD = re.compile(r"[^\W\d_]+")
_LOOK_CHARS = 600


def _words(ask: str) -> frozenset[str]:
    return frozenset(_WORD.findall(ask[:_LOOK_CHARS].casefold()))


_CONTAINERS = frozenset(
    "payload data event events message messages msg body request update envelope comment author user sender "
    "from to chat channel session context metadata meta headers header params properties customer client "
    "contact conversation thread account bot app device source server member webhook input inbound incoming "
    "post entry entries changes value object attributes detail details notification delivery callback sms mail "
    "email ticket issue activity options config workspace team organization org guild room stanza dm question "
    "query prompt ask inquiry submission form interaction api call job profile contacts recipient info turn "
    "utterance speaker visitor root xml".split()
)


@lru_cache(maxsize=1_024)
def holds_metadata(name: str) -> bool:
    """Whether an object or an element with this name may be a message, a person, or what a program says of them."""
    return not _CONTAINERS.isdisjoint(tag_words(name).split("_"))
