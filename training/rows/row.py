"""Training rows: what one line of a data file may hold, and the strict reading of it. Pure: no files here.

Two kinds (data/README.md shows both):

- an **outcome row** says how well models answered a prompt: `outcomes{model or tier: score in [0, 1]}`;
- a **labelled row** says which tier is the cheapest adequate one, by a judge or a person: `tier`.

A missing outcome is unknown, never 0. Keys that are not listed here are allowed and ignored: rows carry provenance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from router.checked.document import Document
from router.checked.kinds import Name, as_is, number, some, whole
from router.checked.words import found, not_one_of
from router.dialects.openai_chat.request_reader import read_request
from router.dialects.seen import seen
from router.errors import DataError, RequestError
from router.types import Message

__all__ = ["LabelledRow", "OutcomeRow", "TrainingRow", "check_tier_names", "group_keys", "parse_row"]

# Far beyond any real request; they keep a slip such as a timestamp in a count from passing as data. Parquet written
# from a table with gaps holds whole numbers as floats.
Count: TypeAlias = Annotated[int, whole(0, 1_000_000_000, is_float_allowed=True)]
Score: TypeAlias = Annotated[float, number(0, 1, note=" (leave out what is unknown)")]
Usd: TypeAlias = Annotated[float, number(0, 1_000_000, what="USD, a number")]
Messages: TypeAlias = Annotated[tuple[Message, ...], as_is()]

PRIVATE = ("prompt", "messages", "why")
"""Keys whose text is never in an error."""


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

    id: Name
    source: Name
    messages: Messages
    outcomes: Annotated[dict[Name, Score], some("an object from model to number, with at least one model's score")]
    category: Name | None = None
    qhash: Name | None = None
    template: Name | None = None
    conversation: Name | None = None
    metric: Name | None = None
    output_tokens: dict[Name, Count] = field(default_factory=dict)
    input_tokens: dict[Name, Count] = field(default_factory=dict)
    cost_usd: dict[Name, Usd] = field(default_factory=dict)
    n_tools: Count = 0


TWIN = "twin"
"""The `trap` of rows of one `pair` that ask the same in several languages."""


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

    id: Name
    source: Name
    messages: Messages
    tier: Name
    label_source: Name = "annotator"
    task: Name | None = None
    lang: Name | None = None
    pair: Name | None = None
    trap: Name | None = None
    conversation: Name | None = None
    qhash: Name | None = None
    reason: Annotated[Name | None, Field(alias="why")] = None
    n_tools: Count = 0


TrainingRow: TypeAlias = OutcomeRow | LabelledRow


def parse_row(value: object, *, where: str, default_source: str) -> TrainingRow:
    """Read one decoded row; null counts as not there.

    value: what the line decodes to.  where: file and line, for errors.  default_source: used if the row names none.
    Raises DataError with every fault of the row: the key's path, what was expected there and what was found. It never
    holds the text of a prompt.
    """
    if not isinstance(value, dict):
        raise DataError(f"expected an object, found {found(value)}", where=where)
    keys = {key: inner for key, inner in value.items() if inner is not None}
    for one, other in (("tier", "outcomes"), ("prompt", "messages")):
        if (one in keys) is (other in keys):
            raise DataError(f"expected either `{one}` or `{other}`, found {_how_many(one in keys)}", where=where)
    document = Document(keys, where, private=PRIVATE)
    derived = {"messages": _messages(keys, document), "n_tools": _n_tools(keys, document)}
    kind: Any = OutcomeRow if "outcomes" in keys else LabelledRow
    row: TrainingRow | None = document.read(kind, {"source": default_source, **keys, **derived})
    document.raise_faults(DataError)
    assert row is not None, "a row that cannot be read has faults"
    return row


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
            message = not_one_of(row.tier, tiers, "a tier")
            raise DataError(message, where=f"row {row.id!r} of source {row.source!r}", field="tier")


def _how_many(is_there: bool) -> str:
    return "both" if is_there else "neither"


def _messages(keys: Mapping[str, Any], document: Document) -> tuple[Message, ...]:
    """The row's `messages` read as the service reads them, or its `prompt` as one user message; () with a fault."""
    if "prompt" in keys:
        prompt = keys["prompt"]
        if not isinstance(prompt, str) or not prompt.strip():
            shown = found(prompt, is_hidden=True)
            document.fault(("prompt",), f"expected a string that is not blank, found {shown}")
            return ()
        messages: tuple[Message, ...] = (Message(role="user", text=prompt),)
    else:
        try:
            messages = seen(read_request({"messages": keys["messages"]})).messages
        except RequestError as exc:
            reason = exc.message.removeprefix(f"{exc.field}: ").removesuffix(".")
            document.add(document.name, exc.field or "messages", reason)
            return ()
    for index, message in enumerate(messages):
        try:
            (message.role + message.text).encode()
        except UnicodeEncodeError as exc:
            place = ("prompt",) if "prompt" in keys else ("messages", index)
            document.fault(place, f"expected Unicode text, found half a surrogate pair at character {exc.start}")
    return messages


def _n_tools(keys: Mapping[str, Any], document: Document) -> Any:
    """`n_tools` where the row has it, else the length of `tools`, else 0."""
    tools = keys.get("tools", [])
    if "n_tools" not in keys and not isinstance(tools, list):
        document.fault(("tools",), f"expected an array, found {found(tools)}")
        return 0
    return keys.get("n_tools", len(tools))
