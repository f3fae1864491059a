"""The report as one HTML page that needs nothing else: no script, no font, no picture from outside.

Light and dark follow the reader's system; paper gets the light colours. The template escapes every value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from router.pages import render
from router.pages.numbers import Estimate, count, finite, number, percent
from router.types import JsonObject
from training.report import palette, single_rows, tables
from training.report.asks import NO_ASKS, ShownAsks
from training.report.evaluation import (
    at,
    broken_sentence,
    bundle_of,
    heads_of,
    interval_note,
    name_of,
    objects,
    promise_sentence,
    promise_words,
    rows_note,
    tiers_of,
)
from training.report.picture import Picture

_TEMPLATE = Path(__file__).with_name("page.html.j2")


def page(evaluation: JsonObject, pictures: Sequence[Picture], *, asks: ShownAsks = NO_ASKS) -> str:
    """The whole page.

    asks: texts to show below the rows that the evaluation names; the page then says that it holds prompts.
    """
    dark = palette.dark_colours(len(tiers_of(evaluation)))
    slices = {kind: tables.slice_table(evaluation, kind) for kind in sorted(objects(evaluation, "slices"))}
    return render(
        _TEMPLATE,
        bundle=bundle_of(evaluation),
        subtitle=_subtitle(evaluation),
        gate=objects(evaluation, "gate"),
        promise=promise_sentence(evaluation),
        promise_notes=[note for note in (promise_words(evaluation), broken_sentence(evaluation)) if note],
        tiles=list(_tiles(evaluation)),
        interval_note=interval_note(evaluation),
        dark={palette.variable(colour): (colour, on_dark) for colour, on_dark in dark.items()},
        pictures={picture.name: (picture, palette.themed(picture.svg, list(dark))) for picture in pictures},
        policies=_policies(evaluation),
        gate_table=tables.gate_table(evaluation),
        summary=tables.summary_table(evaluation),
        heads=tables.heads_table(evaluation),
        sources=tables.source_table(evaluation),
        languages=tables.language_table(evaluation),
        slices={name_of(kind): table for kind, table in slices.items()},
        threshold=_threshold(evaluation),
        too_low=single_rows.misses_table(evaluation, "too_low", asks),
        too_high=single_rows.misses_table(evaluation, "too_high", asks),
        near=single_rows.near_table(evaluation, asks),
        near_lost=single_rows.lost_near(evaluation),
        holds_prompts=bool(asks),
        forms=tables.form_table(evaluation),
        robustness=tables.robustness_table(evaluation),
        twins=tables.twins_of(evaluation),
        pairs=tables.pairs_of(evaluation),
        out_of_domain=tables.out_of_domain_table(evaluation),
        cross_validation=tables.flat_table("Over folds and seeds", objects(evaluation, "cross_validation")),
        command=at(evaluation, "command"),
        versions=tables.flat_table("Versions", objects(evaluation, "versions")),
        seeds=tables.flat_table("Seeds", objects(evaluation, "seeds")),
        files=tables.files_table(evaluation),
    )


def _threshold(evaluation: JsonObject) -> str | None:
    threshold = at(evaluation, "threshold")
    return None if finite(threshold) is None else number(threshold, 4)


def _policies(evaluation: JsonObject) -> tables.Table:
    return tables.policy_table(
        evaluation,
        keys=("quality", "quality_loss", "under_routing", "over_routing", "saved"),
        cost="USD per 1,000 requests",
        caption="Policies on the same test rows",
        mix=True,
    )


def _subtitle(evaluation: JsonObject) -> str:
    test = objects(evaluation, "test")
    parts = [f"Decides between {', '.join(tiers_of(evaluation))}."] if tiers_of(evaluation) else []
    if test.get("n") is not None:
        groups = "" if test.get("groups") is None else f" in {count(test['groups'])} groups"
        note = rows_note(evaluation)
        unseen = " that nothing was fitted or chosen on." if note is None else f". {note}"
        parts.append(f"Measured on {count(test['n'])} test rows{groups}{unseen}")
    return " ".join(parts)


def _tiles(evaluation: JsonObject) -> Iterator[tuple[str, str, str]]:
    """The figures that a reader wants first: words, value, interval."""
    router = objects(evaluation, "policies", "router")
    wanted = [
        ("saved, at the bundle's threshold", percent, router.get("saved")),
        ("quality lost there", percent, router.get("quality_loss")),
        *(
            (f"saved at {float(limit):.0%} sent too low", percent, value)
            for limit, value in sorted(objects(evaluation, "summary", "saved_at_under_routing").items())
            if limit in ("0.02", "0.05")
        ),
        *((f"AUC, {tier} loses quality", number, head.get("auc")) for tier, head in heads_of(evaluation).items()),
    ]
    for words, text, value in wanted:
        if Estimate.read(value) is not None:
            point, _, interval = text(value).partition(" ")
            yield words, point, interval
