"""An operator's rules: conditions on a request, and the limits that follow. The first that matches decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from router.policy.facts import Facts
from router.policy.limits import NO_LIMITS, Limits

AGENT_HEADERS = ("x-router-agent", "x-clawrouter-agent-id", "x-claude-code-agent-id")
AUDIENCE_HEADERS = ("x-router-audience",)
AUDIENCES = ("customer", "internal")
ANY = "*"
"""A header's or metadata field's value that matches any other."""

MIN_PROBABILITY = 0.5
"""Least probability of a task for a rule that names none."""

AnyOf: TypeAlias = tuple[str, ...]
"""Accepted values, one of which must be found; () means no condition."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression of a linear-time engine.

    source: as written.  found: whether it matches anywhere in a text.
    """

    source: str
    found: Callable[[str], bool] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions on a request; every one given must hold, and each holds for any of its values.

    task: the bundle's guess, at `min_probability` or more.  turn, dialect: words of the HTTP contract.
    agent, audience: from their headers, else from the body's metadata.  language: ISO 639-1 code of the ask.
    model: the name the body asks for.  regex: on the ask.  has_images, has_tools: what the body holds.
    header, metadata: fields with their values, `*` for any.
    """

    task: AnyOf = ()
    min_probability: float = MIN_PROBABILITY
    turn: AnyOf = ()
    dialect: AnyOf = ()
    agent: AnyOf = ()
    audience: AnyOf = ()
    language: AnyOf = ()
    model: AnyOf = ()
    regex: tuple[Regex, ...] = ()
    has_images: bool | None = None
    has_tools: bool | None = None
    header: Mapping[str, AnyOf] = field(default_factory=dict)
    metadata: Mapping[str, AnyOf] = field(default_factory=dict)

    def hold(self, facts: Facts) -> bool:
        """Whether they hold for a request; the expensive ones are checked last."""
        chat = facts.request.chat
        return (
            _one_of(self.turn, facts.turn)
            and _one_of(self.dialect, chat.dialect.value)
            and _one_of(self.model, chat.model)
            and _one_of(self.agent, named_by(facts, AGENT_HEADERS, "agent"))
            and _one_of(self.audience, named_by(facts, AUDIENCE_HEADERS, "audience"))
            and self.has_images in (None, chat.needs.images)
            and self.has_tools in (None, chat.needs.tools)
            and _fields_hold(self.header, facts.request.headers)
            and _fields_hold(self.metadata, chat.metadata)
            and self._task_holds(facts)
            and (not self.regex or any(regex.found(facts.ask) for regex in self.regex))
            and (not self.language or facts.language() in self.language)
        )

    def _task_holds(self, facts: Facts) -> bool:
        guess = facts.prediction.task
        return not self.task or (
            guess is not None and guess.name in self.task and guess.probability >= self.min_probability
        )

    def include(self, other: Conditions) -> bool:
        """Whether they surely hold for every request that the other conditions hold for."""
        plain = ("turn", "dialect", "agent", "audience", "language", "model", "regex", "task")
        return (
            all(_includes(getattr(self, name), getattr(other, name)) for name in plain)
            and (not self.task or self.min_probability <= other.min_probability)
            and self.has_images in (None, other.has_images)
            and self.has_tools in (None, other.has_tools)
            and all(_fields_include(getattr(self, name), getattr(other, name)) for name in ("header", "metadata"))
        )

    def __str__(self) -> str:
        """The conditions in words; "every request" if there are none."""
        words = []
        for name in ("task", "turn", "dialect", "agent", "audience", "language", "model"):
            if values := getattr(self, name):
                words.append(f"{name} {' or '.join(values)}")
        if self.regex:
            words.append(f"regex {' or '.join(regex.source for regex in self.regex)}")
        for name, wanted in (("images", self.has_images), ("tools", self.has_tools)):
            if wanted is not None:
                words.append(f"{'has' if wanted else 'no'} {name}")
        for kind, fields in (("header", self.header), ("metadata", self.metadata)):
            words += [f"{kind} {name} {' or '.join(values)}" for name, values in fields.items()]
        return ", ".join(words) or "every request"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions with what follows from them.

    limits: on the tier.  policy: the policy that it selects; None for none.
    where: its file and line.  name: the operator's own; "" if it has none.
    """

    conditions: Conditions
    limits: Limits = NO_LIMITS
    policy: str | None = None
    where: str = ""
    name: str = ""

    @property
    def action(self) -> str:
        """What follows, in words."""
        policy = [] if self.policy is None else [f"policy {self.policy}"]
        return ", ".join([*policy, *([] if self.limits == NO_LIMITS else [str(self.limits)])])

    def __str__(self) -> str:
        """The rule in one line."""
        return f"{self.name or self.where or 'rule'}: {self.conditions} -> {self.action}"


def first_match(rules: Sequence[Rule], facts: Facts) -> Rule | None:
    """The first rule whose conditions hold."""
    return next((rule for rule in rules if rule.conditions.hold(facts)), None)


def unreachable(rules: Sequence[Rule]) -> tuple[Rule, Rule] | None:
    """(earlier, later) for the first rule that can never match, because an earlier one matches all its requests."""
    for position, later in enumerate(rules):
        for earlier in rules[:position]:
            if earlier.conditions.include(later.conditions):
                return earlier, later
    return None


def named_by(facts: Facts, headers: Sequence[str], metadata: str) -> str | None:
    """The first of the headers that is there, else the field of the body's metadata."""
    sent = facts.request.headers
    found = next((sent[name] for name in headers if name in sent), None)
    return facts.request.chat.metadata.get(metadata) if found is None else found


def _one_of(values: AnyOf, found: str | None) -> bool:
    return not values or found in values


def _fields_hold(wanted: Mapping[str, AnyOf], found: Mapping[str, str]) -> bool:
    return all(name in found and (ANY in values or found[name] in values) for name, values in wanted.items())


def _includes(mine: Sequence[object], theirs: Sequence[object]) -> bool:
    return not mine or (bool(theirs) and set(theirs) <= set(mine))


def _fields_include(mine: Mapping[str, AnyOf], theirs: Mapping[str, AnyOf]) -> bool:
    return all(name in theirs and (ANY in values or set(theirs[name]) <= set(values)) for name, values in mine.items())
