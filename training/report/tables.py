"""The tables of page and card: the same cells in HTML and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.pages.numbers import ABSENT, Estimate, count, gained, number, percent
from router.types import JsonObject
from training.measure.forms import FORM_GROUPS
from training.measure.languages import POOLED
from training.report.evaluation import at, heads_of, loss_of, measure, name_of, objects, policies_of, tiers_of


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text. The first column names the row. words: positions of further columns that hold words.

    notes: a text below each row over its whole width, on the page alone; "" for none, and () where no row has one.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: Sequence[int] = ()
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """The table in Markdown, without the caption; "" if there are no rows."""
        if not self.rows:
            return ""
        rule = ["---" if column == 0 or column in self.words else "---:" for column in range(len(self.head))]
        lines = [self.head, rule, *self.rows]
        return "\n".join("| " + " | ".join(_one_cell(cell) for cell in line) + " |" for line in lines)


def _one_cell(text: str) -> str:
    """One line, and no bar that would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


# --- Policies ---------------------------------------------------------------------------------------------------------


def policy_table(evaluation: JsonObject, *, keys: Sequence[str], cost: str, caption: str, mix: bool) -> Table:
    """What each policy costs, loses and saves.

    keys: measures that are shares.  cost: the head of the cost column.  mix: whether to show the share of each tier.
    """
    tiers = tiers_of(evaluation)
    rows = [
        (
            name_of(name),
            number(policy.get("cost_usd_per_1k"), 2),
            *(percent(policy.get(key)) for key in keys),
            *([" / ".join(percent(at(policy, "tier_share", tier), 0) for tier in tiers)] if mix else []),
        )
        for name, policy in policies_of(evaluation).items()
    ]
    head = ("policy", cost, *map(name_of, keys), *(["share of " + " / ".join(tiers)] if mix else []))
    return Table(caption, head, rows)


def gate_table(evaluation: JsonObject) -> Table:
    """How much the router's quality is above each baseline's at equal cost, and whether the gate is passed there."""
    rows = {
        str(check.get("name", "")): (gained(check), "passed" if check.get("passed") is True else "not passed")
        for check in at(evaluation, "gate", "checks") or []
    }
    over = objects(evaluation, "advantages", "over") or objects(evaluation, "advantages")
    for name, facts in sorted(over.items()):
        rows.setdefault(name, (gained(at(facts, "quality_gain")), "not asked"))
    known = [(name_of(name), *cells) for name, cells in rows.items() if cells != (ABSENT, "not asked")]
    return Table("Quality gained at the same cost", ("over", "gained", "gate"), known, words=(2,))


def promise_table(evaluation: JsonObject) -> Table:
    """What the promised threshold does to each slice of the traffic for which there is a bound too."""
    rows = [
        (
            f"{name_of(str(part.get('by', '')))} {part.get('value', '')}",
            count(part.get("n")),
            *(percent(part.get(key)) for key in ("loss", "bound", "smallest_target")),
        )
        for part in at(evaluation, "promise", "slices") or []
    ]
    sure = percent(at(evaluation, "promise", "confidence"), 0)
    caption = f"By slice, at the promised threshold; all these upper bounds hold together, {sure} sure"
    head = ("slice", "groups of rows", "quality lost", "upper bound", "least that could be promised")
    return Table(caption, head, rows)


_MEANINGS: Mapping[str, str] = {
    "apgr": "mean share of the strongest tier's gain over the cheapest that is kept; random is 0.5",
    "cpt_50": "least share of the cost span that keeps half of that gain",
    "cpt_80": "least share of the cost span that keeps 80% of it",
    "aiq": "area under the cost-quality hull over the largest cost",
    "arena_score": "RouterArena's score of quality and cost together",
    "regret": "mean over requests of what the oracle's choice would have been better",
    "gap_to_oracle": "quality short of the oracle's, as a share of it",
}


def summary_table(evaluation: JsonObject) -> Table:
    """The measures of the whole curve, each with its meaning."""
    rows = [
        (name_of(key), _MEANINGS.get(key, ""), number(value))
        for key, value in objects(evaluation, "summary").items()
        if Estimate.read(value) is not None
    ]
    rows += [
        ("saved", f"with at most {limit} of requests sent too low", saved)
        for limit, saved in saved_table(evaluation).rows
    ]
    return Table("Over the whole curve", ("measure", "meaning", "value"), rows, words=(1,))


def saved_table(evaluation: JsonObject) -> Table:
    """What the whole curve saves at each share of requests that may be sent too low."""
    values = objects(evaluation, "summary", "saved_at_under_routing")
    rows = [(f"{float(limit):.0%}", percent(value)) for limit, value in sorted(values.items())]
    return Table("Saved when only so many requests may be sent too low", ("sent too low, at most", "saved"), rows)


# --- Heads, sources, slices -------------------------------------------------------------------------------------------


def heads_table(evaluation: JsonObject) -> Table:
    """How well each head ranks, and how true its probabilities are."""
    keys = ("auc", "log_loss", "brier", "ece")
    rows = [
        (f"{tier} loses quality", count(head.get("n")), percent(head.get("rate")), *(number(head.get(k)) for k in keys))
        for tier, head in heads_of(evaluation).items()
    ]
    return Table("Heads on test rows", ("head", "n", "share that loses", *map(name_of, keys)), rows)


def source_table(evaluation: JsonObject) -> Table:
    """Each source: how well the heads rank there, and what the bundle's threshold loses and saves."""
    tiers = [tier for tier in tiers_of(evaluation) if tier in objects(evaluation, "heads")]
    rows = [
        (
            source,
            count(at(facts, "n")),
            *(number(at(facts, "heads", tier, "auc")) for tier in tiers),
            percent(loss_of(objects(facts, "at_threshold"))),
            *(percent(at(facts, "at_threshold", key)) for key in ("saved", "out_of_domain")),
        )
        for source, facts in sorted(objects(evaluation, "sources").items())
    ]
    head = ("source", "n", *(f"AUC {tier}" for tier in tiers), "quality lost", "saved", "out of domain")
    return Table("Test rows of every source, at the bundle's threshold", head, rows)


def language_table(evaluation: JsonObject) -> Table:
    """Each language with enough rows, most rows first: how well the heads rank there, and what is sent too low."""
    languages = objects(evaluation, "languages", "of")
    tiers = [tier for tier in tiers_of(evaluation) if any(at(facts, "auc", tier) for facts in languages.values())]
    rows = [
        (
            language,
            count(at(facts, "n")),
            *(number(at(facts, "auc", tier)) for tier in tiers),
            percent(measure(facts, "under_routing")),
        )
        for language, facts in sorted(languages.items(), key=lambda item: (item[0] == POOLED, -item[1]["n"], item[0]))
    ]
    twins = objects(evaluation, "languages", "twins")
    caption = "Test rows of every language, at the bundle's threshold"
    if twins:
        share, n = percent(measure(twins, "same_tier")), count(at(twins, "n"))
        caption += f"; one tier in all languages of a situation: {share} of {n}"
    return Table(caption, ("language", "n", *(f"AUC {tier}" for tier in tiers), "sent too low"), rows)


def slice_table(evaluation: JsonObject, kind: str) -> Table:
    """All slices of one kind, worst first."""
    values = objects(evaluation, "slices", kind)
    tiers = [tier for tier in tiers_of(evaluation) if any(at(facts, "auc", tier) for facts in values.values())]
    rows = [
        (
            value,
            count(at(facts, "n")),
            percent(loss_of(facts)),
            *(percent(measure(facts, key)) for key in ("under_routing", "saved")),
            *(number(at(facts, "auc", tier)) for tier in tiers),
        )
        for value, facts in sorted(values.items(), key=lambda item: (-_loss(item[1]), item[0]))
    ]
    head = (name_of(kind), "n", "quality lost", "sent too low", "saved", *(f"AUC {tier}" for tier in tiers))
    return Table(f"By {name_of(kind)}, worst first", head, rows)


def _loss(facts: object) -> float:
    estimate = Estimate.read(at(facts, "quality_loss"))
    return -1.0 if estimate is None else estimate.point


# --- Robustness, sources held out -------------------------------------------------------------------------------------


def form_table(evaluation: JsonObject) -> Table:
    """Decisions in groups of forms around the ask, with what the gate asks of each."""
    asked = {
        (check.get("group"), check.get("measure")): check for check in at(evaluation, "gate", "forms") or [] if check
    }
    rows = []
    forms = objects(evaluation, "robustness", "forms")
    for name in (name for name in FORM_GROUPS if name in forms):
        facts = objects(forms, name)
        checks = [asked.get((name, way), {}) for way in ("unchanged", "down")]
        verdict = "passed" if all(check.get("passed") is not False for check in checks) else "not passed"
        shares = (
            cell
            for way, check in zip(("unchanged", "down"), checks, strict=True)
            for cell in (percent(measure(facts, way)), percent(check.get("limit")))
        )
        rows.append((name_of(name), count(at(facts, "n")), *shares, verdict if any(checks) else "not asked"))
    head = ("form of the ask", "n", "decision unchanged", "at least", "sent lower", "at most", "gate")
    return Table("Decisions when the same ask comes in another form", head, rows, words=(6,))


def twins_of(evaluation: JsonObject) -> tuple[str, str] | None:
    """Of asks in several languages: how many there are, and the share with one tier in all; None if none was."""
    twins = objects(evaluation, "robustness", "language_twins")
    same = measure(twins, "same_tier")
    return None if same is None else (count(twins.get("n")), percent(same))


def robustness_table(evaluation: JsonObject) -> Table:
    """How often a decision stays the same when the text changes and the task does not, by kind of change."""
    changes = objects(evaluation, "robustness", "perturbations")
    changes = changes or objects(evaluation, "robustness", "decisions_unchanged")
    rows = [
        (
            name_of(name),
            count(at(facts, "n")),
            percent(measure(facts, "unchanged")),
            *(percent(at(facts, way)) for way in ("up", "down")),
        )
        for name, facts in sorted(changes.items())
    ]
    head = ("change of the text", "n", "decision unchanged", "sent higher", "sent lower")
    return Table("Decisions that stay when the text changes and the task does not", head, rows)


def pairs_of(evaluation: JsonObject) -> tuple[str, str] | None:
    """Of contrast pairs: how many there are, and the share in the right order; None if they were not measured."""
    pairs = objects(evaluation, "robustness", "pairs") or objects(evaluation, "robustness", "contrast_pairs")
    ordered = measure(pairs, "ordered")
    return None if ordered is None else (count(pairs.get("n")), percent(ordered))


def out_of_domain_table(evaluation: JsonObject) -> Table:
    """Each source held out of the fit: how much of it is flagged, and what routing it loses, as far as measured."""
    sources = {
        source: dict(_leaves(facts, "", text=_share_or_number))
        for source, facts in sorted(objects(evaluation, "out_of_domain", "sources").items())
    }
    columns = list(dict.fromkeys(column for facts in sources.values() for column in facts if column not in _UNSHOWN))
    columns.sort(key=lambda column: column != "flagged")
    rows = [
        (source, facts.get("n", ABSENT), *(facts.get(column, ABSENT) for column in columns))
        for source, facts in sources.items()
    ]
    return Table("Each source held out: fitted without it, measured on it", ("source", "n", *columns), rows)


_UNSHOWN = ("n", "fitted without")


def _share_or_number(path: str, value: object) -> str:
    """A count for `n`, a number for an AUC, a share for all else that is one."""
    if isinstance(value, str | list):
        return _as_it_is(path, value)
    if path == "n" or path.startswith("n "):
        return count(value)
    return number(value) if path.upper().startswith("AUC") else percent(value)


# --- Any object -------------------------------------------------------------------------------------------------------


def flat_table(caption: str, value: object) -> Table:
    """Any JSON object as rows of its paths in words and their values; an estimate stays one row."""
    return Table(caption, ("", ""), list(_leaves(value, "", text=_as_it_is)))


def files_table(evaluation: JsonObject) -> Table:
    """The data files of an evaluation, with what identifies them."""
    files = objects(evaluation, "data") or objects(evaluation, "fingerprints")
    rows = [
        (name, count(at(facts, "rows")), str(at(facts, "sha256") or ABSENT)[:16])
        for name, facts in sorted(files.items())
        if isinstance(facts, dict)
    ]
    return Table("Files that were read", ("file", "rows", "sha256, first 16 digits"), rows)


def _leaves(value: object, path: str, *, text: Callable[[str, object], str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and Estimate.read(value) is None:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path} {name_of(str(key))}".strip(), text=text)
    else:
        yield path, text(path, value)


def _as_it_is(_: str, value: object) -> str:
    if isinstance(value, dict):
        return number(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
