"""MODEL_CARD.md: what a bundle is, what it promises, how it measures, where it is weak, what it learned from.

Every number comes from the evaluation or the manifest's facts.
"""

from __future__ import annotations

import re
from pathlib import Path

from router.pages import render
from router.pages.numbers import ABSENT, Estimate, count, percent
from router.types import JsonObject
from training.report import tables
from training.report.evaluation import (
    at,
    broken_sentence,
    bundle_of,
    interval_note,
    loss_of,
    measure,
    name_of,
    objects,
    promise_sentence,
    promise_words,
    rows_note,
    tiers_of,
)
from training.rows.licences import MODEL_LICENCES

MIN_ROWS_OF_A_WEAK_SLICE = 20
"""Below this a slice's figure says more about chance than about the bundle, and is not named as a weakness."""
WEAK_FROM = 1.25
"""A slice is weak from this many times the loss of all rows."""
MAX_WEAK_SLICES = 6
BLIND_AUC = 0.6
"""Below this a head ranks a source's rows hardly better than chance."""

_TEMPLATE = Path(__file__).with_name("card.md.j2")


def model_card(evaluation: JsonObject, manifest_facts: JsonObject) -> str:
    """The card as Markdown.

    manifest_facts: as in the manifest: `name` or `id`, `tiers`, `encoder`, `training` with `sources{name: {rows,
    licence}}`, `rows{fit, calibrate, test}`, `split_rule` and `near_duplicates`; what is missing is left out.
    """
    training = objects(manifest_facts, "training")
    text = render(
        _TEMPLATE,
        name=manifest_facts.get("name") or manifest_facts.get("id") or bundle_of(evaluation),
        tiers=manifest_facts.get("tiers") or tiers_of(evaluation),
        encoder=(encoder := objects(manifest_facts, "encoder")),
        model_licence=MODEL_LICENCES.get(str(encoder.get("model_id"))),
        promise=promise_sentence(evaluation),
        how_made=promise_words(evaluation),
        broken=broken_sentence(evaluation),
        rows_note=rows_note(evaluation),
        promise_table=tables.promise_table(evaluation),
        gate=at(evaluation, "gate", "sentence"),
        gate_table=tables.gate_table(evaluation),
        test={key: at(evaluation, "test", key) for key in ("n", "groups", "n_own_costs")},
        interval_note=interval_note(evaluation),
        policies=_policies(evaluation),
        saved=tables.saved_table(evaluation),
        heads=tables.heads_table(evaluation),
        sources=tables.source_table(evaluation),
        languages=tables.language_table(evaluation),
        forms=tables.form_table(evaluation),
        robustness=tables.robustness_table(evaluation),
        twins=tables.twins_of(evaluation),
        pairs=tables.pairs_of(evaluation),
        out_of_domain=tables.out_of_domain_table(evaluation),
        tasks=_tasks(evaluation),
        weak=_weak(evaluation),
        learned_from=_learned_from(training),
        sides=objects(training, "rows"),
        held_out=objects(training, "held_out"),
        split_rule=training.get("split_rule"),
        near_duplicates=training.get("near_duplicates"),
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


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


def _policies(evaluation: JsonObject) -> tables.Table:
    keys = ("quality_loss", "under_routing", "saved")
    return tables.policy_table(evaluation, keys=keys, cost="USD per 1,000", caption="", mix=False)


def _tasks(evaluation: JsonObject) -> JsonObject | None:
    """How well the second head names the task; None where there is none."""
    tasks = objects(evaluation, "tasks")
    if not tasks:
        return None
    ranked = sorted(objects(tasks, "f1").items(), key=lambda item: (-item[1], item[0]))
    best, worst = (", ".join(f"{name} {value:.2f}" for name, value in part) for part in (ranked[:4], ranked[-4:]))
    keywords = at(tasks, "keywords", "macro_f1")
    measures = {key: tasks.get(key) for key in ("n", "macro_f1", "accuracy")}
    return {**measures, "n_tasks": len(ranked), "keywords": keywords, "best": best, "worst": worst}


def _weak(evaluation: JsonObject) -> JsonObject:
    blind = {
        f"{source} ({tier} {auc.point:.3f})"
        for source, facts in objects(evaluation, "sources").items()
        for tier, head in objects(facts, "heads").items()
        if (auc := Estimate.read(at(head, "auc"))) is not None and auc.point < BLIND_AUC
    }
    return {
        "min_rows": MIN_ROWS_OF_A_WEAK_SLICE,
        "overall": percent(at(evaluation, "policies", "router", "quality_loss")),
        "measured": bool(objects(evaluation, "slices")),
        "slices": [
            {
                "name": f"{name_of(kind)} {value.replace('_', ' ')}",
                "lost": percent(loss_of(facts)),
                "saved": percent(measure(facts, "saved")),
                "n": count(facts.get("n")),
            }
            for kind, value, facts in weakest_slices(evaluation)
        ],
        "blind_auc": f"{BLIND_AUC:g}",
        "blind": sorted(blind),
    }


def _learned_from(training: JsonObject) -> tables.Table:
    rows = [
        (source, count(at(entry, "rows")), str(at(entry, "licence") or ABSENT))
        for source, entry in sorted(objects(training, "sources").items())
    ]
    return tables.Table("", ("source", "rows", "licence"), rows)
