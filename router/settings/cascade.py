"""`cascade` of a policy: what an answer is checked for, and how often a stronger tier is asked after a poor one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from router.checked.kinds import Text, converted, fault, known, whole
from router.policy import CHECKS, JUDGE_PROMPT, Cascade, Judge, SelfCheck
from router.settings.regex import Expression

TierName: TypeAlias = Annotated[str, known("a tier")]


def _provider_and_model(name: str) -> str:
    provider, _, model = name.partition("/")
    if not provider or not model:
        raise fault(f"expected provider/model, found {name!r}")
    return name


@dataclass(frozen=True, slots=True)
class SelfCheckTable(SelfCheck):
    """The operator's own rule for an answer's text.

    regex: must be found in the answer.  forbid: must not be found in it.
    """

    regex: Expression | None = None
    forbid: Expression | None = None


@dataclass(frozen=True, slots=True)
class JudgeTable(Judge):
    """A model that replies PASS or FAIL for an answer that passed every other check; each judgement is a paid call.

    model: as provider/model.  prompt: its instructions.
    """

    model: Annotated[str, converted(_provider_and_model, "provider/model", takes=Text)]
    prompt: Text = JUDGE_PROMPT


@dataclass(frozen=True, slots=True)
class CascadeTable(Cascade):
    """Answer, check, and ask the next tier up where the answer is poor.

    start: the first tier to ask, whatever the classifier says; without it the tier that the policy chooses.
    escalations: how many stronger tiers are asked at most.
    checks: what an answer is checked for.
    self_check: your own rule for the text of an answer.
    judge: a model that judges the answers which passed the checks.
    """

    start: TierName | None = None
    escalations: Annotated[int, whole(0, 5)] = 2
    checks: tuple[Annotated[str, known("a check", CHECKS)], ...] = CHECKS
    self_check: SelfCheckTable = SelfCheckTable()
    judge: JudgeTable | None = None
