"""The report as one HTML page that needs nothing else: no script, no font, no picture from outside.

Light and dark follow the reader's system, phones get drawings of their own, and paper gets the light one. Whatever
comes from the evaluation is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from router.types import JsonObject
from training.report import style
from training.report.estimates import (
    ABSENT,
    Estimate,
    at,
    bundle_of,
    count,
    heads_of,
    interval_note,
    name_of,
    number,
    objects,
    percent,
    policies_of,
    promise_sentence,
    tiers_of,
)
from training.report.figures import Figured
from training.report.tables import (
    Table,
    flattened,
    gate_table,
    heads_table,
    out_of_domain_table,
    pairs_of,
    robustness_table,
    slice_table,
    source_table,
)

_SHARES = ("quality", "quality_loss", "under_routing", "over_routing", "saved")


def page(evaluation: JsonObject, figures: Sequence[Figured]) -> str:
    """The whole page."""
    drawn = {figure.name: figure for figure in figures}
    sections = [
        _section("Cost and quality", _figure(drawn, evaluation, "cost_quality"), _policies(evaluation)),
        _section("The gate", _table(gate_table(evaluation))),
        _section("Measures", _summary(evaluation)),
        _section("The heads", _figure(drawn, evaluation, "reliability"), _table(heads_table(evaluation))),
        _section(
            "By source",
            _figure(drawn, evaluation, "tier_mix"),
            _figure(drawn, evaluation, "confusion"),
            _table(source_table(evaluation)),
        ),
        _section("Where it is weak", _figure(drawn, evaluation, "slices"), *_slices(evaluation)),
        _section("Robustness", _table(robustness_table(evaluation)), _pairs(evaluation)),
        _section("Out of domain", _table(out_of_domain_table(evaluation))),
        _section("Cross-validation", _flat("Over folds and seeds", objects(evaluation, "cross_validation"))),
        _section("How this was made", *_provenance(evaluation)),
    ]
    title = escape(f"{bundle_of(evaluation)}: evaluation")
    return _PAGE.format(
        title=title,
        css=_CSS + _colours(len(tiers_of(evaluation))),
        heading=escape(bundle_of(evaluation)),
        head=_head(evaluation),
        sections="\n".join(section for section in sections if section),
    )


# --- Parts ------------------------------------------------------------------------------------------------------------


def _head(evaluation: JsonObject) -> str:
    parts = []
    if subtitle := _subtitle(evaluation):
        parts.append(f'<p class="muted">{escape(subtitle)}</p>')
    if gate := objects(evaluation, "gate"):
        passed = gate.get("passed") is True
        verdict = "Gate passed." if passed else "Gate not passed."
        sentence = str(gate.get("sentence", "")).removeprefix("Passed: ").removeprefix("Failed: ")
        sentence = sentence[:1].upper() + sentence[1:]
        kind = "passed" if passed else "failed"
        parts.append(f'<p class="verdict {kind}"><strong>{verdict}</strong> {escape(sentence)}</p>')
    if promise := promise_sentence(evaluation):
        parts.append(f"<p><strong>Promise.</strong> {escape(promise)}</p>")
    tiles = "".join(
        f"<div><dt>{escape(words)}</dt><dd>{escape(value)}<small>{escape(interval)}</small></dd></div>"
        for words, value, interval in _tiles(evaluation)
    )
    if tiles:
        parts.append(f'<dl class="tiles">{tiles}</dl>')
        parts.append(f'<p class="muted note">In brackets: {escape(interval_note(evaluation))}.</p>')
    return "\n".join(parts)


def _subtitle(evaluation: JsonObject) -> str:
    test = objects(evaluation, "test")
    parts = [f"Decides between {', '.join(tiers_of(evaluation))}."] if tiers_of(evaluation) else []
    if test.get("n") is not None:
        groups = "" if test.get("groups") is None else f" in {count(test['groups'])} groups"
        parts.append(f"Measured on {count(test['n'])} test rows{groups} that nothing was fitted or chosen on.")
    return " ".join(parts)


def _tiles(evaluation: JsonObject) -> Iterable[tuple[str, str, str]]:
    """The figures that a reader wants first: words, value, interval."""
    router = objects(evaluation, "policies", "router")
    wanted: list[tuple[str, object, bool]] = [
        ("saved, at the bundle's threshold", router.get("saved"), True),
        ("quality lost there", router.get("quality_loss"), True),
    ]
    for limit, value in sorted(objects(evaluation, "summary", "saved_at_under_routing").items()):
        if limit in ("0.02", "0.05"):
            wanted.append((f"saved at {float(limit):.0%} sent too low", value, True))
    wanted += [(f"AUC, {tier} loses quality", head.get("auc"), False) for tier, head in heads_of(evaluation).items()]
    for words, value, share in wanted:
        if (estimate := Estimate.read(value)) is not None:
            text = estimate.percent() if share else estimate.number()
            point, _, interval = text.partition(" ")
            yield words, point, interval


def _policies(evaluation: JsonObject) -> str:
    policies = policies_of(evaluation)
    if not policies:
        return ""
    tiers = tiers_of(evaluation)
    costs = ("cost_usd_per_1k",)
    rows = [
        (
            name_of(name),
            *(number(policy.get(key), 2) for key in costs),
            *(percent(policy.get(key)) for key in _SHARES),
            " / ".join(percent(at(policy, "tier_share", tier), 0) for tier in tiers),
        )
        for name, policy in policies.items()
    ]
    head = ("policy", *(name_of(key) for key in (*costs, *_SHARES)), "share of " + " / ".join(tiers))
    return _table(Table("Policies on the same test rows", head, rows), first="router", dense=True)


def _summary(evaluation: JsonObject) -> str:
    summary = objects(evaluation, "summary")
    rows = [
        (name_of(key), _MEASURES.get(key, ""), number(value))
        for key, value in summary.items()
        if Estimate.read(value) is not None
    ]
    rows += [
        ("saved", f"with at most {float(limit):.0%} of requests sent too low", percent(value))
        for limit, value in sorted(objects(summary, "saved_at_under_routing").items())
    ]
    return _table(Table("Over the whole curve", ("measure", "meaning", "value"), rows, words=(1,))) if rows else ""


_MEASURES: Mapping[str, str] = {
    "apgr": "mean share of the strongest tier's gain over the cheapest that is kept; random is 0.5",
    "cpt_50": "least share of the cost span that keeps half of that gain",
    "cpt_80": "least share of the cost span that keeps 80% of it",
    "aiq": "area under the cost-quality hull over the largest cost",
    "arena_score": "RouterArena's score of quality and cost together",
    "regret": "mean over requests of what the oracle's choice would have been better",
    "gap_to_oracle": "quality short of the oracle's, as a share of it",
}


def _slices(evaluation: JsonObject) -> list[str]:
    parts = []
    for kind in sorted(objects(evaluation, "slices")):
        table = slice_table(evaluation, kind)
        if table.rows:
            summary = f"By {escape(name_of(kind))}: {len(table.rows)} slices"
            parts.append(f"<details><summary>{summary}</summary>{_table(table)}</details>")
    return parts


def _pairs(evaluation: JsonObject) -> str:
    if (pairs := pairs_of(evaluation)) is None:
        return ""
    words = f"Of {pairs[0]} contrast pairs, the hard twin's expected loss is above the trivial one's in"
    return f"<p>{escape(words)} <strong>{escape(pairs[1])}</strong>.</p>"


def _provenance(evaluation: JsonObject) -> list[str]:
    parts = []
    if command := at(evaluation, "command"):
        parts.append(f"<pre>{escape(str(command))}</pre>")
    for caption, key in (("Versions", "versions"), ("Seeds", "seeds")):
        parts.append(_flat(caption, objects(evaluation, key)))
    files = objects(evaluation, "data") or objects(evaluation, "fingerprints")
    rows = [
        (name, count(at(facts, "rows")), str(at(facts, "sha256") or ABSENT)[:16])
        for name, facts in sorted(files.items())
        if isinstance(facts, dict)
    ]
    if rows:
        table = _table(Table("Files that were read", ("file", "rows", "sha256, first 16 digits"), rows))
        parts.append(f"<details><summary>{len(rows)} data files</summary>{table}</details>")
    return parts


def _flat(caption: str, values: JsonObject) -> str:
    rows = flattened(values)
    return _table(Table(caption, ("", ""), rows)) if rows else ""


# --- Building blocks --------------------------------------------------------------------------------------------------


def _section(title: str, *parts: str) -> str:
    body = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>" if body else ""


def _figure(drawn: Mapping[str, Figured], evaluation: JsonObject, name: str) -> str:
    if name not in drawn:
        return ""
    figure = drawn[name]
    colours = list(style.dark_colours(len(tiers_of(evaluation))))
    wide = style.themed(figure.drawing.svg, colours)
    narrow = style.themed(figure.drawing.narrow_svg, colours)
    label = escape(f"{figure.title}. {figure.caption}", quote=True)
    return (
        f'<figure>\n<div class="wide" role="img" aria-label="{label}">{wide}</div>\n'
        f'<div class="narrow" role="img" aria-label="{label}">{narrow}</div>\n'
        f"<figcaption><strong>{escape(figure.title)}.</strong> {escape(figure.caption)}</figcaption>\n</figure>"
    )


def _table(table: Table, *, first: str | None = None, dense: bool = False) -> str:
    """A table that scrolls by itself where it is wider than the screen.

    first: the row to set off.  dense: intervals below their numbers.
    """
    if not table.rows:
        return ""
    kinds = [' class="words"' if column in table.words else "" for column in range(len(table.head))]
    head = "".join(f'<th scope="col"{kind}>{escape(cell)}</th>' for cell, kind in zip(table.head, kinds, strict=True))
    lines = []
    for row in table.rows:
        mark = ' class="ours"' if row[0] == first else ""
        cells = "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        lines.append(f'<tr{mark}><th scope="row">{escape(row[0])}</th>{cells}</tr>')
    body = "\n".join(lines)
    style_of = ' class="dense"' if dense else ""
    shown_head = f"<thead><tr>{head}</tr></thead>" if any(table.head) else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption, quote=True)}">'
        f"<table{style_of}><caption>{escape(table.caption)}</caption>{shown_head}\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(text: str) -> str:
    """The interval smaller, after its number."""
    point, bracket, rest = text.partition(" [")
    return f"{escape(point)} <small>[{escape(rest)}</small>" if bracket and rest.endswith("]") else escape(text)


def _colours(n_tiers: int) -> str:
    palette = style.dark_colours(n_tiers)
    light = "".join(f"{style.variable(colour)}:{colour};" for colour in palette)
    dark = "".join(f"{style.variable(colour)}:{value};" for colour, value in palette.items())
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<main>
<header>
<h1>{heading}</h1>
{head}
</header>
{sections}
</main>
</body>
</html>
"""

_CSS = """\
:root{color-scheme:light dark;--ink:#1f2328;--muted:#5b636d;--line:#d5d9de;--paper:#fefefe;--wash:#f3f5f7;
--good:#00664a;--bad:#a63d00;--ours:#0072b2}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8eaed;--muted:#a3abb5;--line:#3b424b;--paper:#15181c;
--wash:#1e2227;--good:#35c49a;--bad:#f08a4b;--ours:#5ab8f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 1rem;padding-top:1rem;border-top:1px solid var(--line)}
section{margin-top:2.5rem}
p{max-width:46rem;margin:.6rem 0}
.muted,figcaption,caption{color:var(--muted)}
.note,figcaption,small{font-size:.86rem}
.verdict{border-left:4px solid;padding:.5rem .9rem;background:var(--wash);max-width:none}
.passed{border-color:var(--good)} .passed strong{color:var(--good)}
.failed{border-color:var(--bad)} .failed strong{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem;margin:1.4rem 0 .4rem}
.tiles dt{font-size:.86rem;line-height:1.35;color:var(--muted)}
.tiles div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.tiles dd{margin:0;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tiles small{display:block;font-size:.86rem;color:var(--muted)}
figure{margin:0 0 1.75rem}
figure svg{display:block;width:100%;height:auto}
figcaption{max-width:46rem;margin-top:.5rem}
figcaption strong{color:var(--ink)}
.narrow{display:none}
.scroll{overflow-x:auto;margin:0 0 1.5rem}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:min(100%,24rem)}
caption{text-align:left;max-width:calc(100vw - 2rem);padding-bottom:.35rem;font-size:.9rem}
th,td{padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th:first-child{text-align:left}
td{white-space:nowrap} td small{color:var(--muted)} .words{text-align:left;white-space:normal}
.dense td small{display:block} td.words{max-width:30rem}
thead th{font-weight:600;color:var(--muted);vertical-align:bottom}
tbody th{font-weight:400;min-width:9rem}
.ours th,.ours td{font-weight:600} .ours th{color:var(--ours)}
details{margin:.5rem 0 1rem} summary{cursor:pointer} details .scroll{margin-top:.75rem}
pre{background:var(--wash);padding:.7rem .9rem;overflow-x:auto;font-size:.86rem}
@media (max-width:40rem){main{padding:1.25rem .9rem 3rem} .wide{display:none} .narrow{display:block}
.tiles dd{font-size:1.35rem} td small{display:block} tbody th{min-width:6.5rem} td.words{min-width:9rem}}
@media print{body{font-size:10.5pt} main{max-width:none;padding:0} figure,tr{break-inside:avoid}
h2{break-after:avoid} table{break-inside:avoid} figure svg{max-height:20cm}
.wide{display:block} .narrow{display:none} .scroll{overflow:visible}
table{font-size:.78rem} td,th{padding-right:.5rem}}
"""
