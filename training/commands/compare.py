"""`tierwise compare`: two bundles on the same rows, for people and, with --json, for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training import compare as compare_rows
from training.commands import options
from training.extras import require_train_extra

_BUNDLE = "folder of a bundle, or the name of a shipped one (default, fast)."


def compare(
    a: Annotated[str, typer.Argument(help=f"The first bundle: {_BUNDLE}")],
    b: Annotated[str, typer.Argument(help=f"The second, of the same tiers; differences are B - A: {_BUNDLE}")],
    rows: Annotated[list[Path], typer.Argument(help="Rows that neither bundle was fitted on.")],
    tiers: options.EvaluateTiers = None,
    out: Annotated[Path | None, typer.Option(help="Folder for comparison.json and the page, report.html.")] = None,
    seen: Annotated[
        str, typer.Option(help="Rows that a bundle was fitted on: refuse, leave-out, or keep (the page says so).")
    ] = "refuse",
    tier_cost: options.TierCost = None,
    skip_bad: options.SkipBad = 0,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Measure two bundles on the same rows: what each saves and loses, where they differ, and how sure that is."""
    require_train_extra()
    from router.jsontext import encode_json, harmless
    from training.report.comparison import comparison_text

    comparison = compare_rows(
        a,
        b,
        rows,
        tiers,
        tier_cost_usd=options.tier_costs_of(tier_cost),
        seen_rows=options.one_of(seen, "--seen", options.SEEN_ROWS),
        out=out,
        skip_bad=skip_bad,
        seed=seed,
        progress=options.say,
    )
    if out is not None:
        options.say(f"wrote the comparison to {out}")
    typer.echo(encode_json(comparison).decode() if as_json else harmless(comparison_text(comparison)))
