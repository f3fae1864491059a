"""`rules`: the operator's conditions and what follows, refused where they cannot mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.dialects.overrides import visible_headers
from router.errors import ConfigError
from router.policy import DEFAULT_POLICY, TURNS, Conditions, Rule, unreachable
from router.policy.limits import Limits
from router.policy.rules import AUDIENCES, MIN_PROBABILITY, AnyOf
from router.reading.language import LANGUAGES
from router.settings.policies import parse_limits
from router.settings.regex import compiled
from router.settings.toml_table import Table, did_you_mean
from router.settings.values import PolicySettings
from router.types import CLIENT_DIALECTS

CONDITIONS = (
    *("task", "min_probability", "turn", "dialect", "agent", "audience", "language", "model", "regex"),
    *("has_images", "has_tools", "header", "metadata"),
)
ACTIONS = ("tier", "floor", "ceiling", "policy")


def parse_rules(top: Table, tiers: Sequence[str], policies: Mapping[str, PolicySettings]) -> tuple[Rule, ...]:
    """The rules in their order. Raises ConfigError, with the line, for one that cannot work."""
    rules = tuple(_rule(row, tiers, policies) for row in top.tables("rules"))
    if (found := unreachable(rules)) is not None:
        raise _unreachable(*found)
    return rules


def check_task_names(rules: Sequence[Rule], known: Sequence[str]) -> None:
    """Raise ConfigError for a rule on a task that the bundle does not tell; known: its tasks, () checks nothing."""
    for rule in rules:
        for name in rule.conditions.task:
            if known and name not in known:
                hint = did_you_mean(name, known)
                raise ConfigError(
                    f"{rule.where}: task: {name!r} is no task of the bundle; its tasks are {', '.join(known)}.{hint}"
                )


def _rule(row: Table, tiers: Sequence[str], policies: Mapping[str, PolicySettings]) -> Rule:
    row.only("name", *CONDITIONS, *ACTIONS)
    limits = parse_limits(row, tiers)
    policy = row.string("policy")
    if policy is not None:
        _known(row, "policy", (policy,), tuple(policies), what="policy", plural="policies")
        if limits.tier is not None:
            raise row.problem("policy", "a tier needs no policy beside it; take one of the two.")
    elif limits == Limits():
        raise row.problem("", f"the rule says nothing of the tier; give {', '.join(ACTIONS[:-1])} or policy.")
    in_force = policies[policy or DEFAULT_POLICY].limits
    if not set(limits.allowed(tiers)) & set(in_force.allowed(tiers)):
        name = policy or DEFAULT_POLICY
        key = "tier" if limits.tier else "floor" if limits.floor else "ceiling"
        raise row.problem(key, f"{limits} is outside the limits of policy {name} ({in_force}).")
    return Rule(_conditions(row), limits, policy, where=row.where, name=row.string("name") or "")


def _conditions(row: Table) -> Conditions:
    task = row.one_or_more("task")
    probability = row.number("min_probability", low=0.0, high=1.0)
    if probability is not None and not task:
        raise row.problem("min_probability", "belongs to a task, and the rule names none.")
    return Conditions(
        task=task,
        min_probability=MIN_PROBABILITY if probability is None else float(probability),
        turn=_known(row, "turn", row.one_or_more("turn"), TURNS, what="turn", plural="turns"),
        dialect=_known(
            row,
            "dialect",
            row.one_or_more("dialect"),
            [d.value for d in CLIENT_DIALECTS],
            what="dialect",
            plural="dialects",
        ),
        agent=row.one_or_more("agent"),
        audience=_known(row, "audience", row.one_or_more("audience"), AUDIENCES, what="audience", plural="audiences"),
        language=_known(
            row,
            "language",
            row.one_or_more("language"),
            sorted(LANGUAGES),
            what="language that can be told",
            plural="codes",
        ),
        model=row.one_or_more("model"),
        regex=tuple(compiled(row, "regex", source) for source in row.one_or_more("regex")),
        has_images=row.flag("has_images"),
        has_tools=row.flag("has_tools"),
        header=_headers(row),
        metadata=_fields(row, "metadata"),
    )


def _headers(row: Table) -> dict[str, AnyOf]:
    headers = {name.lower(): values for name, values in _fields(row, "header").items()}
    if hidden := headers.keys() - visible_headers(dict.fromkeys(headers, "")).keys():
        names = ", ".join(sorted(hidden))
        raise row.problem("header", f"{names} may carry a key, and is never shown to rules: this one could not match.")
    return headers


def _fields(row: Table, key: str) -> dict[str, AnyOf]:
    fields = row.table(key)
    found = {name: fields.one_or_more(name) for name in fields.keys}
    if key in row and not found:
        raise row.error(key, "at least one name with its value")
    return found


def _known(row: Table, key: str, values: AnyOf, known: Sequence[str], *, what: str, plural: str) -> AnyOf:
    for value in values:
        if value not in known:
            hint = did_you_mean(value, known)
            raise row.problem(key, f"{value!r} is no {what}; {plural} are {', '.join(known)}.{hint}")
    return values


def _unreachable(earlier: Rule, later: Rule) -> ConfigError:
    if later.conditions != earlier.conditions:
        why = f"can never decide: {earlier.where} takes every such request before it ({earlier.conditions})"
        return ConfigError(f"{later.where}: the rule on {later.conditions} {why}. Put it first, or remove it.")
    if (later.limits, later.policy) == (earlier.limits, earlier.policy):
        return ConfigError(f"{later.where}: the rule repeats {earlier.where}. Remove one of the two.")
    return ConfigError(
        f"{later.where}: the rule contradicts {earlier.where}: on {later.conditions}, one says {earlier.action}, "
        f"the other {later.action}. Keep one of the two."
    )
