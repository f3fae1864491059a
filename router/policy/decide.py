"""The decision: seven steps in a fixed order, each a function from a draft to the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from router.policy.by_price import loss_words, price_words, request_costs
from router.policy.capability import (
    able_models,
    first_able,
    hosts,
    missing,
    nearest_host,
    nothing_fits,
    output_limit,
)
from router.policy.choose import choose_by_price, choose_tier, loss_allowed, nearest_at_or_above
from router.policy.facts import Facts
from router.policy.limits import NO_LIMITS, Limits, narrow
from router.policy.pins import Asked, read_asked
from router.policy.rules import first_match
from router.policy.setup import DEFAULT_POLICY, Criterion, Policy, Price, Setup, Threshold
from router.types import Candidate, ModelSpec, Reason, Step

STEPS = ("pin", "rules", "turn", "classifier", "capability", "out_of_domain", "final")


@dataclass(frozen=True, slots=True)
class Choice:
    """A decided tier, and how it came about.

    candidates: models in the order to try, the chosen one first.  candidate_tiers: their tiers, in this order.
    able: the models of each tier that can serve the request.
    output_limits: tokens to which a model's answer is limited, by its name, where the client's own limit does not fit.
    hosts: names of the models that have the tools which the request's dialect alone has; they are tried first.
    threshold: what the classifier's tier was chosen by; its promise is None where it does not cover the decision.
    cost_usd: what the request is expected to cost at each tier: what a price was weighed against.
    value_usd: of an answer to this request; None where no price chose.
    loss_allowed: the largest expected quality loss with which the tier would have been chosen.
    caller_limits, unknown_model: as of Asked.
    """

    tier: str
    reason: Reason
    policy: str
    candidates: tuple[Candidate, ...]
    candidate_tiers: tuple[str, ...]
    able: Mapping[str, tuple[ModelSpec, ...]]
    output_limits: Mapping[str, int]
    hosts: frozenset[str]
    threshold: Criterion
    cost_usd: Mapping[str, float]
    value_usd: float | None
    loss_allowed: float
    steps: tuple[Step, ...]
    caller_limits: Limits
    unknown_model: str | None


def decide(facts: Facts, setup: Setup, *, asked_threshold: Criterion | None = None) -> Choice:
    """The tier for a request, with the models to try and every step.

    asked_threshold: of a target that the request names; None for the policy's.
    Raises RequestError for unknown names, for limits that contradict each other, and where no model can serve the
    request.
    """
    draft = pin(facts, setup)._replace(able=able_models(facts, setup))
    draft = rules(draft, facts, setup)
    draft = turn(draft, facts, setup)
    draft = classifier(draft, facts, setup, asked_threshold)
    draft = capability(draft, facts, setup)
    draft = out_of_domain(draft, facts, setup)
    return final(draft, facts, setup)


class Draft(NamedTuple):
    """What is decided so far; a tuple, as dataclasses.replace took half of the decision's time.

    asked: by the caller.  policy: the one in force.
    in_play: the tiers that limits leave, cheap to strong.
    ranges: in_play after each narrowing, with the reason that holds where it changes the choice.
    tier: the tier after the step, None while none is chosen.
    named: whether a pin, a rule or a turn named the tier, so that the classifier does not choose.
    able: the models of each tier that can serve the request.
    hosts: as of Choice; where there are any, they name the tier.
    """

    asked: Asked
    policy: Policy
    in_play: tuple[str, ...]
    threshold: Criterion
    ranges: tuple[tuple[Reason, tuple[str, ...]], ...] = ()
    tier: str | None = None
    reason: Reason = Reason.THRESHOLD
    named: bool = False
    able: Mapping[str, tuple[ModelSpec, ...]] = MappingProxyType({})
    hosts: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()

    @property
    def chosen(self) -> str:
        """The tier, once there is one."""
        assert self.tier is not None, "the classifier's step leaves a tier"
        return self.tier

    def after(self, name: str, note: str, **changes: Any) -> Draft:
        """The draft with one more step."""
        step = Step(name, changes.get("tier", self.tier), note)
        return self._replace(steps=(*self.steps, step), **changes)


def pin(facts: Facts, setup: Setup) -> Draft:
    """What the caller asks for: a tier, a model, a policy, limits of its own."""
    asked = read_asked(facts, setup)
    policy = setup.policies[asked.policy or DEFAULT_POLICY]
    draft = Draft(asked=asked, policy=policy, in_play=setup.tiers, threshold=policy.threshold)
    if asked.tier is None:
        return draft.after("pin", asked.note)
    return draft.after("pin", asked.note, tier=asked.tier, in_play=(asked.tier,), reason=Reason.PINNED, named=True)


def rules(draft: Draft, facts: Facts, setup: Setup) -> Draft:
    """The operator's first rule that matches; then the limits of policy, rule and caller, in this order."""
    if draft.named:
        return draft.after("rules", "passed over: pinned")
    rule = first_match(setup.rules, facts)
    notes = ["none matches" if setup.rules else "none are configured"] if rule is None else [str(rule)]
    policy, limits = draft.policy, NO_LIMITS if rule is None else rule.limits
    if rule is not None and rule.policy is not None:
        if draft.asked.policy is None:
            policy = setup.policies[rule.policy]
        else:
            notes.append(f"the caller's policy {policy.name} stays")
    in_play, ranges = setup.tiers, []
    for who, given, reason in (
        (f"policy {policy.name}", policy.limits, Reason.THRESHOLD),
        ("the rule", limits, Reason.RULE),
        ("the caller", draft.asked.limits, Reason.THRESHOLD),
    ):
        in_play = narrow(in_play, given, order=setup.tiers)
        ranges.append((reason, in_play))
        if given == NO_LIMITS:
            continue
        if not set(in_play) <= set(given.allowed(setup.tiers)):
            notes.append(f"{who}: {given} (overridden by earlier limits)")
        elif given != limits:
            notes.append(f"{who}: {given}")
    return draft.after(
        "rules",
        "; ".join(notes),
        policy=policy,
        threshold=policy.threshold,
        in_play=in_play,
        ranges=tuple(ranges),
        **({} if limits.tier is None else {"tier": in_play[0], "reason": Reason.RULE, "named": True}),
    )


def turn(draft: Draft, facts: Facts, setup: Setup) -> Draft:
    """The limits of the kind of turn, within what is left; without any, the classifier chooses."""
    if draft.named:
        return draft.after("turn", f"{facts.turn}: passed over, the tier is named")
    turns = {**(setup.turns or {}), **(draft.policy.turns or {})}
    limits = turns.get(facts.turn, NO_LIMITS)
    if limits == NO_LIMITS:
        return draft.after("turn", f"{facts.turn}: left to the classifier")
    in_play = narrow(draft.in_play, limits, order=setup.tiers)
    note = f"{facts.turn}: {limits}"
    changes: dict[str, Any] = {"in_play": in_play, "ranges": (*draft.ranges, (Reason.TURN, in_play))}
    if limits.tier is not None:
        changes |= {"tier": in_play[0], "reason": Reason.TURN, "named": True}
        note += "" if in_play[0] == limits.tier else f", moved to {in_play[0]} by the limits"
    return draft.after("turn", note, **changes)


def classifier(draft: Draft, facts: Facts, setup: Setup, asked: Criterion | None) -> Draft:
    """The tier in play with the least loss and cost; or the cheapest whose expected loss is at or under a threshold."""
    threshold = draft.threshold if asked is None else asked
    if draft.named:
        return draft.after("classifier", "passed over: the tier is named", threshold=threshold)
    cost_usd = request_costs(facts, setup, draft.able) if isinstance(threshold, Price) else {}
    tier, why, before = "", Reason.THRESHOLD, None
    for reason, allowed in draft.ranges:
        if allowed != before:
            chosen = _chosen(facts, threshold, cost_usd, allowed)
            if before is not None and chosen != tier:
                why = reason  # the reason is whose limits last changed the choice
            tier, before = chosen, allowed
    who = "the request" if asked else draft.policy.name
    if isinstance(threshold, Price):
        note = price_words(facts.prediction, tier, draft.in_play, threshold.value_usd(cost_usd), cost_usd)
    else:
        note = loss_words(facts.prediction, tier, draft.in_play, threshold.value)
    return draft.after("classifier", f"{note} ({who})", tier=tier, reason=why, threshold=threshold)


def _chosen(facts: Facts, threshold: Criterion, cost_usd: Mapping[str, float], allowed: Sequence[str]) -> str:
    """The classifier's tier among those that are allowed."""
    if isinstance(threshold, Price):
        value_usd = threshold.value_usd(cost_usd)
        return choose_by_price(facts.prediction, value_usd=value_usd, cost_usd=cost_usd, allowed=allowed)
    return choose_tier(facts.prediction, threshold=threshold.value, allowed=allowed)


def capability(draft: Draft, facts: Facts, setup: Setup) -> Draft:
    """Up to the first tier with a model that can serve the request; above a ceiling rather than failing, never down."""
    able = draft.able
    hosted = hosts(able, facts, setup)
    draft = draft._replace(hosts=frozenset(model.model for models in hosted.values() for model in models))
    if draft.reason is Reason.PINNED:
        return _pinned(draft, facts, setup, able)
    tier, order = draft.chosen, setup.tiers
    if hosted and (host := nearest_host(tier, _reachable(draft, setup), hosted, order=order)) is not None:
        note = f"{hosted[host][0].model} has the tools that the request offers, which its own dialect alone has"
        reason = draft.reason if host == tier else Reason.CAPABILITY
        return draft.after("capability", note, able=able, tier=host, reason=reason, named=True)
    found = first_able(tier, draft.in_play, able, order=order)
    over = ""
    if found is None:
        reachable = _reachable(draft, setup)
        found = first_able(tier, reachable, able, order=order)
        if found is None:
            able = able_models(facts, setup, in_words=True)
            found = first_able(tier, reachable, able, order=order)
        over = ", above the limits, as nothing within them can"
        if found is None:
            above = {name: setup.models[name] for name in reachable if order.index(name) >= order.index(tier)}
            raise nothing_fits(
                above or {tier: setup.models[tier]}, facts, who="the models", instead=_strongest_able(able, order)
            )
    if found == tier:
        unable = [model.model for model in setup.models[tier] if model not in able[tier]]
        note = f"{tier} can serve it" + (f", without {', '.join(unable)}" if unable else "")
        return draft.after("capability", note, able=able)
    first = setup.models[tier][0]
    note = f"{tier} cannot: {first.model} lacks {', '.join(missing(first, facts))}; up to {found}{over}"
    return draft.after("capability", note, able=able, tier=found, reason=Reason.CAPABILITY)


def _pinned(draft: Draft, facts: Facts, setup: Setup, able: Mapping[str, tuple[ModelSpec, ...]]) -> Draft:
    """A pin holds, or the request cannot be served."""
    tier, model = draft.chosen, draft.asked.model
    wanted = tuple(spec for spec in setup.models[tier] if model in (None, spec.model))
    fits = tuple(spec for spec in wanted if spec in able[tier])
    if not fits:  # the caller wants this model, and it can be asked in words
        in_words = able_models(facts, setup, in_words=True)
        fits = tuple(spec for spec in wanted if spec in in_words[tier])
    if not fits:
        who = f"the pinned {'tier ' + tier if model is None else 'model ' + model}"
        raise nothing_fits({tier: wanted}, facts, who=who, instead=_strongest_able(able, setup.tiers))
    if model is not None:  # a model that the client names thinks as much as the client says
        fits = (replace(fits[0], effort=None),)
    return draft.after("capability", f"{fits[0].model} can serve it", able={**able, tier: fits})


def _reachable(draft: Draft, setup: Setup) -> tuple[str, ...]:
    """The tiers that may be used at all: `tiers` lists are hard limits; floors and ceilings may be exceeded."""
    tiers = setup.tiers
    for limits in (draft.policy.limits, draft.asked.limits):
        tiers = narrow(tiers, Limits(tiers=limits.tiers), order=setup.tiers)
    return tiers


def _strongest_able(able: Mapping[str, tuple[ModelSpec, ...]], order: Sequence[str]) -> tuple[str, ModelSpec] | None:
    return next(((tier, able[tier][0]) for tier in reversed(order) if able[tier]), None)


def out_of_domain(draft: Draft, facts: Facts, setup: Setup) -> Draft:
    """At least the safe tier for a request unlike the training data, where the classifier decided."""
    distance = f"{facts.prediction.domain_distance:.2f}"
    if not facts.prediction.out_of_domain:
        return draft.after("out_of_domain", f"no: distance {distance}")
    if facts.prediction.unlike:
        distance += f" ({facts.prediction.unlike})"
    if draft.named:
        return draft.after("out_of_domain", f"distance {distance}, but the tier is named")
    able = [tier for tier in draft.in_play if draft.able[tier]]
    safe = nearest_at_or_above(setup.safe_tier, able, order=setup.tiers) if able else draft.chosen
    if setup.tiers.index(safe) <= setup.tiers.index(draft.chosen):
        return draft.after("out_of_domain", f"distance {distance}, and no tier to move up to")
    note = f"distance {distance}: at least the safe tier {setup.safe_tier}"
    return draft.after("out_of_domain", note, tier=safe, reason=Reason.OUT_OF_DOMAIN)


def final(draft: Draft, facts: Facts, setup: Setup) -> Choice:
    """The models to try: those of the tier that can serve it, then those of each stronger tier in play."""
    rank = setup.tiers.index(draft.chosen)
    tiers = (draft.chosen, *(tier for tier in draft.in_play if setup.tiers.index(tier) > rank))
    candidates = tuple(Candidate(tier, model.model, model.effort) for tier in tiers for model in draft.able[tier])
    if draft.hosts:
        candidates = tuple(sorted(candidates, key=lambda one: one.model not in draft.hosts))
    models = [model for specs in draft.able.values() for model in specs]
    limits = {model.model: limit for model in models if (limit := output_limit(model, facts)) is not None}
    first = candidates[0].model
    note = f"{first}; {draft.reason.value}, {len(candidates)} candidates"
    if first in limits:
        note += f"; its answer is limited to {limits[first]:,} tokens"
    draft = draft.after("final", note)
    cost_usd = request_costs(facts, setup, draft.able)
    value_usd = draft.threshold.value_usd(cost_usd) if isinstance(draft.threshold, Price) else None
    return Choice(
        tier=draft.chosen,
        reason=draft.reason,
        policy=draft.policy.name,
        candidates=candidates,
        candidate_tiers=tiers,
        able=draft.able,
        output_limits=limits,
        hosts=draft.hosts,
        threshold=draft.threshold if _is_promised(draft, facts, setup) else replace(draft.threshold, promise=None),
        cost_usd=cost_usd,
        value_usd=value_usd,
        loss_allowed=_loss_allowed(draft, facts, cost_usd, value_usd),
        steps=draft.steps,
        caller_limits=draft.asked.limits,
        unknown_model=draft.asked.unknown_model,
    )


def _loss_allowed(draft: Draft, facts: Facts, cost_usd: Mapping[str, float], value_usd: float | None) -> float:
    if value_usd is None:
        assert isinstance(draft.threshold, Threshold), "a price has a value"
        return draft.threshold.value
    return loss_allowed(facts.prediction, draft.chosen, value_usd=value_usd, cost_usd=cost_usd, allowed=draft.in_play)


def _is_promised(draft: Draft, facts: Facts, setup: Setup) -> bool:
    """Whether the promise covers the decision: the classifier decided, among the tiers that it was computed with.

    It says nothing about a request that is unlike the rows that it was measured on.

    A floor or a capability, which moves requests up, loses no more quality than was measured, but costs more.
    """
    threshold = draft.threshold
    if threshold.promise is None or draft.named or facts.prediction.out_of_domain:
        return False
    among = setup.tiers if isinstance(threshold, Threshold) or threshold.among is None else threshold.among
    if threshold.promise.goal == "max_quality_loss":
        return draft.in_play == among[-len(draft.in_play) :]
    return draft.in_play == among and draft.reason is not Reason.CAPABILITY
