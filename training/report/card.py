"""MODEL_CARD.md: what a bundle is, what it promises, how it measures, where it is weak, what it learned from.

Every number comes from the evaluation or the manifest's facts; nothing is claimed that is not in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.types import JsonObject
from training.report.estimates import (
    ABSENT,
    Estimate,
    at,
    bundle_of,
    count,
    interval_note,
    loss_of,
    measure,
    name_of,
    number,
    objects,
    percent,
    policies_of,
    promise_sentence,
    tiers_of,
)
from training.report.tables import (
    Table,
    gate_table,
    heads_table,
    out_of_domain_table,
    pairs_of,
    promise_table,
    robustness_table,
    saved_table,
    source_table,
)

MIN_ROWS_OF_A_WEAK_SLICE = 20
"""Below this a slice's figure says more about chance than about the bundle, and is not named as a weakness."""
WEAK_FROM = 1.25
"""A slice is weak from this many times the loss of all rows."""
MAX_WEAK_SLICES = 6
BLIND_AUC = 0.6
"""Below this a head tells little of a source."""

_SEES = (
    "The classifier sees the user's last ask, the few turns before it and surface signals of the text. It never sees "
    "system prompts, and neither the number of tools nor the length of the history counts as difficulty."
)
_OWN_TRAFFIC = (
    "Retraining on your own traffic is the point. These figures are of the rows named here; yours differ. A few "
    "hundred labelled requests of your own tell a router more about them: `tierwise fit ROWS --out models/mine`."
)


def model_card(evaluation: JsonObject, manifest_facts: JsonObject) -> str:
    """The card as Markdown.

    manifest_facts: as in the manifest: `name` or `id`, `tiers`, `encoder`, `training` with `sources{name: {rows,
    licence}}`, `rows{fit, calibrate, test}` and `split_rule`; what is missing is left out.
    """
    parts = [
        _what(evaluation, manifest_facts),
        _part("Promise", [promise_sentence(evaluation), promise_table(evaluation)]),
        _part("Gate", [at(evaluation, "gate", "sentence"), gate_table(evaluation)]),
        _measured(evaluation),
        _part("Robustness", [robustness_table(evaluation), _pairs(evaluation)]),
        _part("Out of domain", [out_of_domain_table(evaluation)]),
        _part("Task", [_tasks(evaluation)]),
        _part("Where it is weak", list(_weak(evaluation))),
        _part("Learned from", list(_learned_from(manifest_facts))),
        _part("Use it on your own traffic", [_OWN_TRAFFIC]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def weakest_slices(evaluation: JsonObject) -> list[tuple[str, str, JsonObject]]:
    """The slices that lose most quality, worst first: kind, value, facts.

    Only those with enough rows and a loss well above that of all test rows.
    """
    overall = Estimate.read(at(evaluation, "policies", "router", "quality_loss"))
    found = []
    for kind, values in objects(evaluation, "slices").items():
        for value, facts in values.items():
            loss = loss_of(facts)
            enough = (at(facts, "n") or 0) >= MIN_ROWS_OF_A_WEAK_SLICE
            if loss is not None and enough and (overall is None or loss.point > WEAK_FROM * overall.point):
                found.append((loss.point, kind, value, facts))
    found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    return [(kind, value, facts) for _, kind, value, facts in found[:MAX_WEAK_SLICES]]


def _what(evaluation: JsonObject, facts: JsonObject) -> str:
    tiers = facts.get("tiers") or tiers_of(evaluation)
    lines = [f"# {facts.get('name') or facts.get('id') or bundle_of(evaluation)}", ""]
    encoder = objects(facts, "encoder")
    made_of = (
        f" Encoder: {encoder.get('kind')}, {encoder.get('dim')} dimensions, from {encoder.get('model_id')}."
        if encoder
        else ""
    )
    lines.append(f"Decides for each request the cheapest adequate tier of {', '.join(tiers)}.{made_of}")
    lines.append(_SEES)
    return "\n".join(lines)


def _measured(evaluation: JsonObject) -> str:
    test = objects(evaluation, "test")
    intro = (
        f"n = {count(test.get('n'))} test rows in {count(test.get('groups'))} groups; nothing was fitted or chosen on "
        f"them. In brackets: {interval_note(evaluation)}. Saved: of the cost of always using the strongest tier. "
        "Quality lost: share of requests whose chosen tier falls short though a stronger one would not."
    )
    return _part(
        "Measured on test rows",
        [
            intro,
            _own_costs(evaluation),
            _policies(evaluation),
            saved_table(evaluation),
            heads_table(evaluation),
            source_table(evaluation),
        ],
    )


def _own_costs(evaluation: JsonObject) -> str | None:
    n, n_own = (at(evaluation, "test", key) for key in ("n", "n_own_costs"))
    if not n_own:
        return None
    return f"Costs are the requests' own on {count(n_own)} of {count(n)} test rows, elsewhere each tier's stated cost."


def _policies(evaluation: JsonObject) -> Table:
    keys = ("quality_loss", "under_routing", "saved")
    rows = [
        (name_of(name), number(policy.get("cost_usd_per_1k"), 2), *(percent(policy.get(key)) for key in keys))
        for name, policy in policies_of(evaluation).items()
    ]
    return Table("", ("policy", "USD per 1,000", *(name_of(key) for key in keys)), rows)


def _pairs(evaluation: JsonObject) -> str | None:
    if (pairs := pairs_of(evaluation)) is None:
        return None
    return f"Of {pairs[0]} contrast pairs, the hard twin's expected loss is above the trivial one's in {pairs[1]}."


def _tasks(evaluation: JsonObject) -> str | None:
    """How well the second head names the task; None where there is none."""
    facts = objects(evaluation, "tasks")
    if not facts:
        return None
    own = sorted(objects(facts, "f1").items(), key=lambda item: (-item[1], item[0]))
    best, worst = (", ".join(f"{name} {value:.2f}" for name, value in part) for part in (own[:4], own[-4:]))
    return (
        f"A second head names the task, one of {len(own)}. On {count(facts.get('n'))} test rows its macro F1 is "
        f"{number(facts.get('macro_f1'))} and {percent(facts.get('accuracy'))} of its names are right; a keyword list "
        f"made from the same rows reaches {number(at(facts, 'keywords', 'macro_f1'))}. Best: {best}; worst: {worst}. A "
        "rule on a task takes effect from a stated probability on."
    )


def _weak(evaluation: JsonObject) -> Iterator[str]:
    overall = percent(at(evaluation, "policies", "router", "quality_loss"))
    weakest = weakest_slices(evaluation)
    if weakest:
        yield f"All test rows lose {overall}. Worse, among slices of {MIN_ROWS_OF_A_WEAK_SLICE} rows or more:"
        yield "\n".join(
            f"- {name_of(kind)} {value.replace('_', ' ')}: {percent(loss_of(facts))} lost, "
            f"{percent(measure(facts, 'saved'))} saved (n = {count(facts.get('n'))})"
            for kind, value, facts in weakest
        )
    elif objects(evaluation, "slices"):
        yield f"No slice of {MIN_ROWS_OF_A_WEAK_SLICE} rows or more loses much more than all rows together do."
    blind = {
        f"{source} ({tier} {auc.point:.3f})"
        for source, facts in objects(evaluation, "sources").items()
        for tier, head in objects(facts, "heads").items()
        if (auc := Estimate.read(at(head, "auc"))) is not None and auc.point < BLIND_AUC
    }
    if blind:
        yield f"Hardly better than chance (AUC below {BLIND_AUC:g}) on: {', '.join(sorted(blind))}."


def _learned_from(facts: JsonObject) -> Iterator[str | Table]:
    training = objects(facts, "training")
    rows = [
        (source, count(at(entry, "rows")), str(at(entry, "licence") or ABSENT))
        for source, entry in sorted(objects(training, "sources").items())
    ]
    yield Table("", ("source", "rows", "licence"), rows)
    sides = objects(training, "rows")
    if sides:
        shares = f"{count(sides.get('fit'))} rows to fit, {count(sides.get('calibrate'))} to calibrate, "
        rule = f" {training['split_rule']}" if training.get("split_rule") else ""
        yield f"Split{rule}: {shares}{count(sides.get('test'))} to test."


def _part(title: str, blocks: list[Any]) -> str:
    """A section of the blocks that are there: sentences and tables."""
    texts = []
    for block in blocks:
        if isinstance(block, Table):
            lines = block.markdown()
            captioned = [f"{block.caption}:", "", *lines] if block.caption and lines else lines
            texts.append("\n".join(captioned))
        elif block:
            texts.append(str(block))
    body = "\n\n".join(text for text in texts if text)
    return f"## {title}\n\n{body}" if body else ""
