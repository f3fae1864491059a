"""The policies in force: those that ship, with the operator's own over them."""

from __future__ import annotations

from collections.abc import Mapping

from router.checked.document import Document
from router.checked.words import Place
from router.policy import DEFAULT_POLICY, Limits
from router.settings.file import ConfigFile, TargetTable, TurnTable
from router.settings.values import CHEAPEST, SHIPPED_POLICIES, PolicySettings, Target


def build_policies(file: ConfigFile, document: Document) -> dict[str, PolicySettings]:
    """The policies by name. Adds a fault where the file states the target of `auto` twice."""
    policies = dict(SHIPPED_POLICIES)
    if (top := _target(file, document, ())) is not None:
        policies[DEFAULT_POLICY] = PolicySettings(top)
    for name, table in file.policies.items():
        place = ("policies", name)
        shipped = policies.get(name, PolicySettings())
        own = _target(table, document, place)
        if own is not None and name == DEFAULT_POLICY and top is not None:
            document.fault((*place, own.kind), f"{top.where} has a target for {name} too; give one of the two")
        policies[name] = PolicySettings(
            target=own or (shipped.target if table.start is None else CHEAPEST),
            limits=table.limits,
            turns=limits_by_turn(table.turns),
            cascade=table.cascade or shipped.cascade,
        )
    return policies


def limits_by_turn(turns: Mapping[str, TurnTable]) -> dict[str, Limits]:
    """What kinds of turn get; no limits for those that the classifier decides."""
    return {turn: table.limits for turn, table in turns.items()}


def _target(table: TargetTable, document: Document, place: Place) -> Target | None:
    for kind in table.targets:
        return Target(kind, getattr(table, kind), where=document.where((*place, kind)))
    return None
