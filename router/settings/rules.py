"""`rules`: the operator's conditions and what follows, refused where they cannot mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from router.checked.document import Document
from router.checked.words import not_one_of, sentence
from router.errors import ConfigError
from router.policy import DEFAULT_POLICY, Conditions, Rule, unreachable
from router.settings.file import ConfigFile, RuleTable
from router.settings.values import PolicySettings


def build_rules(
    file: ConfigFile, document: Document, tiers: Sequence[str], policies: Mapping[str, PolicySettings]
) -> tuple[Rule, ...]:
    """The rules in their order. Adds a fault for each outside its policy's limits, and for one that never decides."""
    for index, table in enumerate(file.rules):
        name = table.policy or DEFAULT_POLICY
        limits, in_force = table.limits, policies[name].limits
        if not set(limits.allowed(tiers)) & set(in_force.allowed(tiers)):
            key = "tier" if limits.tier else "floor" if limits.floor else "ceiling"
            document.fault(("rules", index, key), f"{limits} is outside the limits of policy {name} ({in_force})")
    rules = tuple(_rule(table, document.where(("rules", index))) for index, table in enumerate(file.rules))
    if (found := unreachable(rules)) is not None:
        earlier, later = found
        document.fault(("rules", rules.index(later)), _unreachable(earlier, later))
    return rules


def check_task_names(rules: Sequence[Rule], known: Sequence[str]) -> None:
    """Raise ConfigError, with every fault, for rules on tasks that the bundle does not know.

    known: its tasks; () checks nothing.
    """
    faults = [
        sentence(f"{rule.where}: task: {not_one_of(name, known, 'a task of the bundle')}")
        for rule in rules
        for name in rule.conditions.task
        if known and name not in known
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _rule(table: RuleTable, where: str) -> Rule:
    plain = {field.name: getattr(table, field.name) for field in fields(Conditions) if field.name != "min_probability"}
    conditions = Conditions(min_probability=table.probability, **plain)
    return Rule(conditions, table.limits, table.policy, where=where, name=table.name)


def _unreachable(earlier: Rule, later: Rule) -> str:
    if later.conditions != earlier.conditions:
        why = f"can never decide: {earlier.where} takes every such request before it ({earlier.conditions})"
        return f"the rule on {later.conditions} {why}. Put it first, or remove it"
    if (later.limits, later.policy) == (earlier.limits, earlier.policy):
        return f"the rule repeats {earlier.where}. Remove one of the two"
    return (
        f"the rule contradicts {earlier.where}: on {later.conditions}, one says {earlier.action}, "
        f"the other {later.action}. Keep one of the two"
    )
