"""The words that a command in a shell gives to a bot: `$ ada ask "..."`, `? ...`, the standard input."""

from __future__ import annotations

import re

from router.reading.frames.asking import is_asking
from router.reading.frames.literals import Literal, one_literal
from router.reading.frames.names import ASK_CALLS, is_about_frame, is_query, takes_words
from router.reading.frames.remarks import is_remark
from router.reading.frames.words import is_words
from router.reading.program_names import FAMILIES

_MARK = re.compile(
    r"(?:PS )?[A-Za-z]:[\\/][^>\n]{0,80}> ?|(?:\[[^\]\n]{1,40}\] )?(?:\([^()\n]{1,40}\) )?"
    r"(?:[\w.-]{1,40}@[^$%#>\n]{1,80})?[$%>\u276f\u279c] "
)
"""What a shell writes before a command."""

_TOOLS = frozenset(
    "git grep egrep rg ag ack sed awk curl wget http httpie docker podman kubectl helm npm npx yarn pnpm pip "
    "pip3 python python3 node deno ruby perl php java go cargo rustc gcc make cmake ssh scp rsync tar find "
    "xargs cat less head tail sort uniq cut tr wc tee printf psql mysql sqlite3 mongo mongosh redis-cli aws "
    "gcloud az terraform ansible vagrant gh glab hg svn brew apt apt-get dnf yum pacman systemctl journalctl "
    "tmux screen notify-send figlet cowsay say espeak mail sendmail mutt osascript powershell pwsh bash sh zsh "
    "fish eval exec test logger wall write zenity dialog jq yq ffmpeg convert magick imagemagick touch mkdir rm "
    "mv cp ls cd echo print export alias man tldr crontab at nc netcat telnet openssl gpg base64 write-host "
    "write-output select-string set-content add-content new-item invoke-webrequest sudo env time watch "
    "translate trans spell aspell banner toilet lolcat ddgr googler todo task jrnl note dir vim vi nvim nano "
    "emacs ed ex ftp sftp dc bc rev shuf nl fold paste fmt pr od xxd hexdump column expand base32 pbcopy xclip "
    "xsel wl-copy sha1sum sha256sum sha512sum md5sum md5 cksum sum shasum split csplit join comm diff patch "
    "iconv strings tac seq ping dig nslookup host whois jot latex pdflatex pandoc gs lp lpr rofi dmenu fzf tofu "
    "pulumi bundle rake".split()
)
"""Commands that do not answer."""

_SCRIPTS = (".sh", ".py", ".js", ".bat", ".ps1", ".rb", ".pl")
_PLACES = frozenset("cd git source . export pushd module nvm conda clear ls pwd workon".split())
"""Commands that only go to a place before another command."""

_COMMAND = re.compile(r"(?P<name>[\w./\\-]{1,60})(?P<rest>(?:[ \t]+[^\s\"'|;&<>]{1,60}){0,8})[ \t]*(?:=)?$")
_AFTER = re.compile(r"(?:[ \t]+(?:-{1,2}|/)[\w.:=/@+-]{1,60}(?:[ \t]+[\w.:@/+-]{1,40})?){0,8}[ \t]*")
_PIPE = re.compile(r"[ \t]*\|[ \t]*(?P<name>[\w./-]{1,60})(?:[ \t]+-{0,2}[\w.:=/-]{1,40}){0,8}[ \t]*")
_ASKS = frozenset("prompt question ask asks text message msg query".split())
_BOT = re.compile(
    rf"(?:.{{0,24}}(?:bot|assistant|helper|copilot|llm|chat|{'|'.join(FAMILIES)})|ai|aichat|ask|prompt|codex|pi"
    r"|agent|[a-z0-9]{1,20}-(?:ai|ask|agent)|ask-[a-z0-9]{1,20}|ai-[a-z0-9]{1,20})(?:[-_.]?(?:cli|\d[\d.]{0,3}))?"
)
"""Names of commands that say what they are."""
_MOST_LINES = 5


def ask_in_command(text: str) -> str | None:
    """The words that a command gives to a bot, where it is all of the text; None otherwise."""
    said = _said_to(text) or _typed(text)
    if said is not None:
        return said if is_words(said) and not is_about_frame(said) and not is_query(said) else None
    if '"' not in text and "'" not in text:
        return None
    for found in one_literal(text):
        if len(found.before) <= _HEAD_CHARS and _is_asked(found):
            return None if is_query(found.value) or is_about_frame(found.value) else found.value
    return None


def _answers(name: str, words: list[str], said: str) -> bool:
    """Whether a command is a bot's by its name or a word after it; one with another name is if it is given an ask."""
    is_bot = bool(_BOT.fullmatch(name)) or any(word.strip("-/=").lower() in _ASKED for word in words)
    return name not in _TOOLS and (is_bot or is_asking(said))


_MOST_WORDS = 16
"""A longer text is a person's message, not an argument of a program."""


_ASKED = ASK_CALLS | _ASKS - {"message", "msg", "text", "query"}


_HEAD_CHARS = 300


def _is_asked(found: Literal) -> bool:
    """Whether what is around a string is one command of a bot, after commands that go to a place."""
    *places, last = found.before.split("\n")
    if len(places) > _MOST_LINES or not all(map(_is_place, places)):
        return False
    mark = _MARK.match(last)
    command = _COMMAND.fullmatch(last[mark.end() if mark else 0 :])
    if not command:
        return False
    name = _name(command["name"])
    if name.endswith(_SCRIPTS):
        return False
    if name == "echo" or (name == "printf" and not command["rest"]):
        pipe = _PIPE.fullmatch(found.after.rstrip("\n"))
        return bool(pipe) and _answers(_name(pipe["name"]), found.after.split()[2:], found.value) if pipe else False
    words = command["rest"].split()
    if name in _TOOLS or name.startswith(".") or not _AFTER.fullmatch(found.after):
        return False
    if not _answers(name, words, found.value) and len(found.value.split(None, _MOST_WORDS)) <= _MOST_WORDS:
        return False
    return _is_given(words, mark[0] if mark else "", is_file=command["name"].lower().endswith(".exe"))


def _is_given(rest: list[str], mark: str, *, is_file: bool) -> bool:
    """Whether the words of a command before a string leave it to a bot.

    Without a shell's mark a flag must say so: plain words before a quotation are a person's.
    """
    flags = [one for one in rest if one[0] in "-/"]
    plain = [one for at, one in enumerate(rest) if one[0] not in "-/" and (not at or rest[at - 1][0] not in "-/")]
    last = rest[-1].lstrip("-/").rstrip("=").lower() if rest else ""
    is_named = last in _ASKS or last in ASK_CALLS or takes_words(last)
    is_short = bool(rest) and rest[-1] in ("-p", "-q", "/q", "/p")
    if rest and rest[-1][0] in "-/+" and not is_named and not is_short:
        return False
    if not mark or mark == "> ":
        return bool(flags or is_file) and (is_named or is_short) and len(plain) <= 1
    return len(plain) <= 1 + is_named


def _name(command: str) -> str:
    return command.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")


def _is_place(line: str) -> bool:
    """Whether a line is a command that only goes to a place."""
    mark = _MARK.match(line)
    words = line[mark.end() :].split() if mark else []
    return bool(words) and len(words) <= _MOST_LINES and words[0] in _PLACES


_HEREDOC = re.compile(r"<<-?[ ]?(?P<mark>['\"]?)(?P<tag>[A-Z_]{2,12})(?P=mark)[ \t]*\n")


def _said_to(text: str) -> str | None:
    """What is between a command and the end of its input: a here-document, or `^D` on the last line."""
    first, _, rest = text.partition("\n")
    mark = _MARK.match(first)
    end = rest.rfind("\n^D")
    if mark and end >= 0 and not rest[end + 3 :].strip():
        name, *words = first[mark.end() :].split() or [""]
        return rest[:end].strip() if _answers(_name(name), words, rest[:end]) else None
    heredoc = _HEREDOC.search(text, 0, _HEAD_CHARS) if "<<" in first else None
    if heredoc:
        command = first[mark.end() if mark else 0 : heredoc.start()].split()
        end = text.rfind(f"\n{heredoc['tag']}")
        said = text[heredoc.end() : end].strip()
        is_bot = bool(command) and _answers(_name(command[0]), command[1:], said)
        is_all = end + len(heredoc["tag"]) + 1 == len(text)
        return said if is_bot and is_all and (mark or ASK_CALLS.intersection(command)) else None
    return None


_CALL = re.compile(r"(?:>>>|>|irb[^>\n]{0,20}>|In \[\d+\]:) ([A-Za-z_][\w.]{0,60})\((?:[^()\n]{0,60})\)[ \t]*")


def _is_call(line: str) -> bool:
    """Whether a line calls a function that asks for words."""
    called = _CALL.fullmatch(line)
    return (
        bool(called) and bool(ASK_CALLS.intersection(called[1].lower().replace("_", ".").split(".")))
        if called
        else False
    )


_VERSION = re.compile(r"[\w.+-]{1,30}(?: \w{1,20}){0,2} (?:v|version )?\d+\.\d[^\n?]{0,80}")
_INVITES = re.compile(
    r"(?:please )?(?:type|enter|write|ask|input) (?:in )?(?:a|your|the|any) (?:question|prompt|message|request|query"
    r"|text|input)\b[^\n?]{0,60}",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:\?|>|>>|\u276f|(?:your |the )?[A-Za-z]{2,12}(?: \?)?[:>?]) ", re.IGNORECASE)
_LABEL_CHARS = 40


def _typed(text: str) -> str | None:
    """What a person typed after the lines of a program that asks for words."""
    place = 0
    is_program = False
    for _ in range(_MOST_LINES):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)]
        label = _LABEL.match(line)
        if label and is_program:
            name = label[0].strip(" :>?\u276f").lower().removeprefix("your ").removeprefix("the ")
            if not name or takes_words(name) or is_remark(name):
                return text[place + label.end() :].strip()
        is_line = _is_call(line) or _VERSION.fullmatch(line) or _INVITES.fullmatch(line.strip())
        if end < 0 or not is_line:
            return None
        is_program = is_program or bool(_is_call(line) or _INVITES.fullmatch(line.strip()))
        place = end + 1
    return None
