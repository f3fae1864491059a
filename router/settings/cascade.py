"""`cascade` of a policy: what an answer is checked for, and how often a stronger tier is asked after a poor one."""

from __future__ import annotations

from collections.abc import Sequence

from router.policy import CHECKS, JUDGE_PROMPT, Cascade, Judge, SelfCheck
from router.settings.regex import compiled
from router.settings.toml_table import Table, did_you_mean

MOST_ESCALATIONS = 5


def parse_cascade(table: Table, tiers: Sequence[str]) -> Cascade:
    """The table `cascade` over the defaults. Raises ConfigError."""
    table.only("start", "escalations", "checks", "self_check", "judge")
    start = table.string("start")
    if start is not None and start not in tiers:
        raise table.problem("start", f"{start!r} is no tier; tiers are {', '.join(tiers)}.{did_you_mean(start, tiers)}")
    escalations = table.number("escalations", low=0, high=MOST_ESCALATIONS, whole=True)
    return Cascade(
        start=start,
        escalations=Cascade().escalations if escalations is None else int(escalations),
        checks=_checks(table) if "checks" in table else CHECKS,
        self_check=_self_check(table.table("self_check")),
        judge=_judge(table.table("judge")) if "judge" in table else None,
    )


def _checks(table: Table) -> tuple[str, ...]:
    names = table.strings("checks")
    for name in names:
        if name not in CHECKS:
            raise table.problem(
                "checks", f"{name!r} is no check; known are {', '.join(CHECKS)}.{did_you_mean(name, CHECKS)}"
            )
    return tuple(dict.fromkeys(names))


def _self_check(table: Table) -> SelfCheck:
    table.only("regex", "forbid")
    regex, forbid = (
        None if (source := table.string(key)) is None else compiled(table, key, source) for key in ("regex", "forbid")
    )
    return SelfCheck(regex, forbid)


def _judge(table: Table) -> Judge:
    table.only("model", "prompt")
    model = table.required_string("model")
    provider, _, name = model.partition("/")
    if not provider or not name:
        raise table.error("model", "provider/model")
    return Judge(model, table.string("prompt") or JUDGE_PROMPT)
