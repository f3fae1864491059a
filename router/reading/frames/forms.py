"""The ask inside the frames around it, one frame after the other from the outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from router.decision import Peeled
from router.reading.blocks import Envelope
from router.reading.envelopes import peel
from router.reading.frames.banners import BANNER_WORDS, FIRST_OF_BANNERS, ask_under_banner
from router.reading.frames.brackets import ask_next_to_brackets
from router.reading.frames.comments import ask_in_comment
from router.reading.frames.courtesies import without_courtesies
from router.reading.frames.delimiters import ask_between_marks
from router.reading.frames.events import (
    STREAM_FIRST,
    ask_after_metadata,
    ask_beside_metadata,
    ask_in_object,
    ask_in_yaml,
)
from router.reading.frames.fields import ask_in_fields
from router.reading.frames.labels import ask_after_byline, ask_after_label
from router.reading.frames.lines import ask_after_name, ask_after_open_code, ask_after_set_up, ask_after_speaker
from router.reading.frames.lines_around import ask_between_lines
from router.reading.frames.literals import ask_in_literal
from router.reading.frames.logs import ask_in_log_line
from router.reading.frames.mail import ask_in_mail, without_tail
from router.reading.frames.markers import ask_between_markers, may_have_markers
from router.reading.frames.markup import ask_in_markup
from router.reading.frames.mentions import ask_without_mention
from router.reading.frames.notes import without_notes
from router.reading.frames.passages import ask_beside_passages, may_have_passages
from router.reading.frames.programs import forms_of_programs
from router.reading.frames.roles import ROLE_FIRST, ask_in_roles
from router.reading.frames.rules import without_rules
from router.reading.frames.sections import ask_in_template
from router.reading.frames.settings import ask_in_settings
from router.reading.frames.shells import ask_in_command
from router.reading.frames.stubs import ask_before_stub, may_have_stub
from router.reading.frames.submissions import ask_in_submission
from router.reading.frames.tables import ask_in_table
from router.reading.frames.tags import ask_in_tags
from router.reading.frames.transcripts import ask_in_transcript, may_be_transcript

ENVELOPE = "envelope"
"""The form of what `peel` takes off: blocks, stamps and lines of harnesses."""

_NAME = "name"

_FORMS: dict[str, Callable[[str], str | None]] = {
    "roles": ask_in_roles,
    "markers": ask_between_markers,
    "set_up": ask_after_set_up,
    "literal": ask_in_literal,
    "settings": ask_in_settings,
    "command": ask_in_command,
    "table": ask_in_table,
    "comment": ask_in_comment,
    "delimiters": ask_between_marks,
    "event": ask_in_object,
    "metadata": ask_after_metadata,
    "context": ask_beside_metadata,
    "tags": ask_in_tags,
    "markup": ask_in_markup,
    "log": ask_in_log_line,
    "passages": ask_beside_passages,
    "mail": ask_in_mail,
    "mail_notice": ask_under_banner,
    "transcript": ask_in_transcript,
    "stub": ask_before_stub,
    "submission": ask_in_submission,
    "record": ask_in_fields,
    "fields": ask_in_yaml,
    "brackets": ask_next_to_brackets,
    "speaker": ask_after_speaker,
    "byline": ask_after_byline,
    "label": ask_after_label,
    _NAME: ask_after_name,
    "template": ask_in_template,
    "open_code": ask_after_open_code,
    "mention": ask_without_mention,
    "notes": without_notes,
    "rules": without_rules,
    "surroundings": ask_between_lines,
    "tail": without_tail,
    "courtesy": without_courtesies,
}
"""How the ask is found in each kind of frame: the ask, or None or the text itself where the frame is not there."""

FORM_NAMES = (ENVELOPE, *_FORMS)

_DEEPEST = 6
"""A text with more frames around one another is content."""


def unframed(text: str, extra: Sequence[Envelope] = (), *, has_names: bool = False) -> tuple[str, tuple[Peeled, ...]]:
    """The ask of a text without envelopes, and the frames taken off it, the outer first.

    A text that has words never becomes "".
    extra: the operator's own markers, taken off what a frame holds too.
    has_names: whether other messages of the conversation begin with a bare name, as chat programs write it.
    """
    said = text
    taken: list[Peeled] = []
    for _ in range(_DEEPEST + 1):
        found = _found(said, has_names=has_names)
        if found is None:
            return said, tuple(taken)
        form, ask = found
        ask = peel(ask, extra)
        if not ask:
            return said, tuple(taken)
        taken.append(Peeled(form, len(said) - len(ask)))
        said = ask
    return text, ()


def _found(text: str, *, has_names: bool) -> tuple[str, str] | None:
    for form in _forms_of(text):
        if form == _NAME and not has_names:
            continue
        ask = _FORMS[form](text)
        if ask and ask != text:
            return form, ask
    return None


_BY_FIRST = {
    "{": ("event", "metadata"),
    "`": ("event", "metadata", "open_code"),
    "<": ("markup", "tags", "speaker"),
    "-": ("metadata", "fields", "template"),
    "[": ("event", "context"),
}
"""The forms that a text with this first character may have; others begin with letters."""

_HEAD_CHARS = 100


def _forms_of(text: str) -> list[str]:
    """The forms that a text may have, by a few looks at its first and last characters."""
    head = text[:_HEAD_CHARS]
    lines = "\n" in text
    forms = ["roles"] if text.startswith(ROLE_FIRST) else []
    if lines and may_have_markers(text):
        forms.append("markers")
    forms += (*forms_of_programs(text), *_BY_FIRST.get(text[:1], ()))
    if text.startswith("This is the "):
        forms.insert(0, "set_up")
    if lines and may_have_passages(text):
        forms.append("passages")
    if text[:1] == "[" or text[-1:] == "]":
        forms.append("brackets")
    if lines and ("</" in text or text.endswith("/>")) and "tags" not in forms:
        forms.append("tags")
    if ":" in head or "\uff1a" in head or head[:1] in "[(" or (head[:1].isdigit() and ":" in head):
        forms += ("mail", "fields") if lines and head[0] != "-" else ()
        forms += ("speaker", _NAME, "byline", "label")
    elif " | " in head:
        forms.append("byline")
    if lines and text[0] in FIRST_OF_BANNERS and any(word in head.lower() for word in BANNER_WORDS):
        forms.append("mail_notice")
    if lines and text[:1] not in "{`" and ("```" in head or (":\n" in head and text.endswith(("}", "]", "```")))):
        forms += ("event", "metadata")
    elif text.startswith(STREAM_FIRST) or (": {" in head and text.endswith("}")):
        forms.append("event")
    if (text[:1].isdigit() or text[1:2].isdigit() or text[4:5].isdigit()) and ":" in text[:_STAMP_CHARS]:
        forms.append("log")
    if "template" not in forms and (lines or ":" in head or "\uff1a" in head):
        forms.append("template")
    if text[:1] in _MENTION_FIRST or "@" in head or "@" in text[-_HEAD_CHARS:] or ":" in text[:_NAME_CHARS]:
        forms.append("mention")
    if lines and "```" in text[:_HEAD_CHARS] and text[:1] in _FILE_FIRST:
        forms.append("open_code")
    if text.endswith("```"):
        forms.append("context")
    if lines and may_be_transcript(text):
        forms.append("transcript")
    if lines and may_have_stub(text):
        forms.append("stub")
    return (
        [*forms, "submission", "record", "notes", "rules", "surroundings", "tail", "courtesy"]
        if lines
        else [*forms, "surroundings", "courtesy"]
    )


_FILE_FIRST = frozenset("cavoCAVO")
_STAMP_CHARS = 24
_MENTION_FIRST = frozenset("<[/!")
"""What a call of a bot begins with, other than "@"."""
_NAME_CHARS = 48
"""The most characters of a name with its colon."""
