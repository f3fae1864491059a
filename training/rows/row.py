"""Training rows: what one line of a data file may hold, and the strict reading of it. Pure: no files here.

Two kinds (data/README.md shows both):

- an **outcome row** says how well models answered a prompt: `outcomes{model or tier: score in [0, 1]}`;
- a **labelled row** says which tier is the cheapest adequate one, by a judge or a person: `tier`.

A missing outcome is unknown, never 0. Keys that are not listed here are allowed and ignored: rows carry provenance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from router.dialects.openai_chat.request_reader import read_request
from router.dialects.seen import seen
from router.errors import DataError, RequestError
from router.types import Message

__all__ = ["LabelledRow", "OutcomeRow", "TrainingRow", "check_tier_names", "found", "group_keys", "parse_row"]

DEFAULT_LABEL_SOURCE = "annotator"

# Far beyond any real request; they keep a slip such as a timestamp in a count from passing as data.
_MAX_COUNT = 1_000_000_000
_MAX_USD = 1_000_000

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A prompt and how well models answered it.

    id: unique within `source`.  messages: at least one, oldest first.
    outcomes: score in [0, 1] by model (or tier) name; at least one; a model that is not named is unknown.
    category, metric: what the prompt is about, how it was scored; None where not said.
    qhash, template, conversation: rows that share one of them are never parted by a split; None where not said.
    output_tokens, input_tokens: whole tokens >= 0 by model.  cost_usd: USD >= 0 of this request by model.
    n_tools: how many tools the request offered, >= 0.
    """

    id: str
    source: str
    messages: tuple[Message, ...]
    outcomes: Mapping[str, float]
    category: str | None = None
    qhash: str | None = None
    template: str | None = None
    conversation: str | None = None
    metric: str | None = None
    output_tokens: Mapping[str, int] = field(default_factory=dict)
    input_tokens: Mapping[str, int] = field(default_factory=dict)
    cost_usd: Mapping[str, float] = field(default_factory=dict)
    n_tools: int = 0


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A prompt and its cheapest adequate tier: stronger tiers count as adequate, cheaper ones as not.

    id: unique within `source`.  messages: at least one, oldest first.
    tier: the label; whether the name is known is for `check_tier_names`.
    label_source: who judged, such as `annotator`.
    task, lang, trap: for stratified reports only, never features; None where not said.
    reason: the judge's words on why (JSON key `why`); helps to fine-tune, never a feature; None where not said.
    pair, conversation, qhash: rows that share one of them are never parted by a split; None where not said.
    n_tools: how many tools the request offered, >= 0.
    """

    id: str
    source: str
    messages: tuple[Message, ...]
    tier: str
    label_source: str = DEFAULT_LABEL_SOURCE
    task: str | None = None
    lang: str | None = None
    pair: str | None = None
    trap: str | None = None
    conversation: str | None = None
    qhash: str | None = None
    reason: str | None = None
    n_tools: int = 0


TrainingRow: TypeAlias = OutcomeRow | LabelledRow


def parse_row(value: object, *, where: str, default_source: str) -> TrainingRow:
    """Read one decoded row.

    value: what the line decodes to.  where: file and line, for errors.  default_source: used if the row names none.
    Raises DataError, with the field's path, what was expected there and what was found.
    """
    if not isinstance(value, dict):
        raise DataError(f"expected an object, found {found(value)}", where=where)
    fields = _Fields(value, where)
    _check_kind(fields)
    return _outcome_row(fields, default_source) if fields.has("outcomes") else _labelled_row(fields, default_source)


def group_keys(row: TrainingRow) -> tuple[str, ...]:
    """Namespaced keys of the groups that the row belongs to; rows that share any key must stay on one side of a split.

    `qhash:...`, `template:...`, `pair:...`, `conversation:...`, those that the row has; `id:source/id` if it has none.
    """
    named = {
        "qhash": row.qhash,
        "template": row.template if isinstance(row, OutcomeRow) else None,
        "pair": row.pair if isinstance(row, LabelledRow) else None,
        "conversation": row.conversation,
    }
    keys = tuple(f"{name}:{key}" for name, key in named.items() if key is not None)
    return keys or (f"id:{row.source}/{row.id}",)


def check_tier_names(rows: Iterable[TrainingRow], tiers: Sequence[str]) -> None:
    """Raise DataError for the first labelled row whose tier is none of `tiers`."""
    for row in rows:
        if isinstance(row, LabelledRow) and row.tier not in tiers:
            message = f"expected one of {', '.join(tiers)}, found {found(row.tier)}"
            raise DataError(message, where=f"row {row.id!r} of source {row.source!r}", field="tier")


def found(value: object) -> str:
    """What a value is, in JSON's words and in one short line: for `expected ..., found ...`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > 64:
            return "a number of more than 64 bits"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the string {value!a}" if len(value) <= 40 else f"the string {value[:40]!a}... ({len(value)} long)"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object with {len(value)} keys"
        case _:
            return f"a {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one row; each method reads one of them strictly. null counts as not there."""

    value: Mapping[str, object]
    where: str

    def error(self, name: str | None, message: str) -> DataError:
        return DataError(message, where=self.where, field=name)

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str) -> str | None:
        if not self.has(name):
            return None
        value = self.value[name]
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"expected a string that is not blank, found {found(value)}")
        self.check_unicode(name, value)
        return value

    def required_text(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise self.error(name, f"expected a string that is not blank, found {self._missing(name)}")
        return text

    def numbers(self, name: str, read: Callable[[str, object], _Number]) -> dict[str, _Number]:
        if not self.has(name):
            return {}
        value = self.value[name]
        if not isinstance(value, dict):
            raise self.error(name, f"expected an object from model to number, found {found(value)}")
        for key in value:
            if not isinstance(key, str) or not key.strip():
                raise self.error(name, f"expected model names that are not blank, found {found(key)}")
            self.check_unicode(name, key)
        return {key: read(f"{name}.{key}", number) for key, number in value.items()}

    def score(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            cure = "; leave out what is unknown" if value is None else ""
            raise self.error(name, f"expected a number in [0, 1], found {found(value)}{cure}")
        return float(value)

    def usd(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_USD:
            raise self.error(name, f"expected USD, a number in [0, {_MAX_USD:,}], found {found(value)}")
        return float(value)

    def count(self, name: str, value: object) -> int:
        # Parquet written from a table with gaps holds whole numbers as floats.
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _MAX_COUNT:
            raise self.error(name, f"expected a whole number in [0, {_MAX_COUNT:,}], found {found(value)}")
        return number

    def check_unicode(self, name: str, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            message = f"expected Unicode text, found half a surrogate pair at character {exc.start}"
            raise self.error(name, message) from exc

    def _missing(self, name: str) -> str:
        return "null" if name in self.value else "no such field"


def _check_kind(fields: _Fields) -> None:
    """Refuse a row that is both kinds or neither, or that has two inputs or none."""
    for one, other in (("tier", "outcomes"), ("prompt", "messages")):
        if fields.has(one) and fields.has(other):
            raise fields.error(None, f"expected either `{one}` or `{other}`, found both")
        if not fields.has(one) and not fields.has(other):
            raise fields.error(None, f"expected either `{one}` or `{other}`, found neither")


def _outcome_row(fields: _Fields, default_source: str) -> OutcomeRow:
    outcomes = fields.numbers("outcomes", fields.score)
    if not outcomes:
        raise fields.error("outcomes", "expected at least one model's score, found none")
    return OutcomeRow(
        id=fields.required_text("id"),
        source=fields.text("source") or default_source,
        messages=_messages(fields),
        outcomes=outcomes,
        category=fields.text("category"),
        qhash=fields.text("qhash"),
        template=fields.text("template"),
        conversation=fields.text("conversation"),
        metric=fields.text("metric"),
        output_tokens=fields.numbers("output_tokens", fields.count),
        input_tokens=fields.numbers("input_tokens", fields.count),
        cost_usd=fields.numbers("cost_usd", fields.usd),
        n_tools=_n_tools(fields),
    )


def _labelled_row(fields: _Fields, default_source: str) -> LabelledRow:
    return LabelledRow(
        id=fields.required_text("id"),
        source=fields.text("source") or default_source,
        messages=_messages(fields),
        tier=fields.required_text("tier"),
        label_source=fields.text("label_source") or DEFAULT_LABEL_SOURCE,
        task=fields.text("task"),
        lang=fields.text("lang"),
        pair=fields.text("pair"),
        trap=fields.text("trap"),
        reason=fields.text("why"),
        conversation=fields.text("conversation"),
        qhash=fields.text("qhash"),
        n_tools=_n_tools(fields),
    )


def _messages(fields: _Fields) -> tuple[Message, ...]:
    """The row's `messages` read as the service reads them, or its `prompt` as one user message."""
    if fields.has("prompt"):
        return (Message(role="user", text=fields.required_text("prompt")),)
    try:
        messages = seen(read_request({"messages": fields.value["messages"]})).messages
    except RequestError as exc:
        reason = exc.message.removeprefix(f"{exc.field}: ").removesuffix(".")
        raise fields.error(exc.field, reason) from exc
    for index, message in enumerate(messages):
        fields.check_unicode(f"messages[{index}]", message.role + message.text)
    return messages


def _n_tools(fields: _Fields) -> int:
    """`n_tools` where the row has it, else the length of `tools`, else 0."""
    if fields.has("n_tools"):
        return fields.count("n_tools", fields.value["n_tools"])
    tools = fields.value.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise fields.error("tools", f"expected a list, found {found(tools)}")
    return len(tools or ())
