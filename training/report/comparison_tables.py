"""The tables of two bundles on the same rows, for the page and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from router.pages.numbers import ABSENT, Estimate, count, gained, number, percent
from router.types import JsonObject
from training.measure.forms import FORM_GROUPS
from training.report.evaluation import at, measure, name_of, objects, promise_sentence, rows_note
from training.report.tables import Table, pairs_of, twins_of

BOTH = ("a", "b")
DIFFERENCE = "B - A"


def measure_table(comparison: JsonObject) -> Table:
    """What each saves, loses and ranks, and the difference with its interval."""
    rows = [
        *_measures(
            "saved, {} sent too low", objects(comparison, "saved_at_under_routing"), percent, gained, key=_limit
        ),
        *_measures("AUC, {} loses quality", objects(comparison, "auc"), number, _signed),
        *_measures("{}, own threshold", _own(comparison), percent, gained, key=name_of),
        *_measures(
            "{}, own threshold",
            {key: objects(comparison, "at_threshold", key) for key in ("cost_usd_per_1k",)},
            _two_digits,
            _signed_usd,
            key=name_of,
        ),
        ("quality gained, same cost", ABSENT, ABSENT, gained(comparison.get("quality_gain"))),
    ]
    return Table("Measures on the same rows", ("measure", "A", "B", DIFFERENCE), rows)


def _own(comparison: JsonObject) -> JsonObject:
    wanted = ("saved", "quality", "quality_loss", "under_routing", "over_routing")
    return {key: objects(comparison, "at_threshold", key) for key in wanted}


def _measures(
    words: str,
    measures: JsonObject,
    text: Callable[[object], str],
    difference: Callable[[object], str],
    *,
    key: Callable[[str], str] = str,
) -> Iterator[tuple[str, ...]]:
    for name, facts in measures.items():
        yield (
            words.format(key(name)),
            *(text(at(facts, bundle)) for bundle in BOTH),
            difference(at(facts, "difference")),
        )


def _limit(limit: str) -> str:
    return f"{float(limit):.0%}"


def _signed(value: object) -> str:
    return _with_sign(value, 3)


def _signed_usd(value: object) -> str:
    return _with_sign(value, 2)


def _two_digits(value: object) -> str:
    return number(value, 2)


def _with_sign(value: object, digits: int) -> str:
    estimate = Estimate.read(value)
    return ABSENT if estimate is None else estimate.text(f"{estimate.point:+.{digits}f}", digits)


def move_table(comparison: JsonObject) -> Table:
    """The decisions that differ, by the tiers that the two chose, and how many of them each got right."""
    of = objects(comparison, "decisions")
    rows = [_move(f"{move['a']} -> {move['b']}", move) for move in of.get("moves") or []]
    if len(rows) > 1:
        rows.append(_move("all that differ", objects(of, "of_those")))
    caption = "Decisions that differ: the tier of A -> the tier of B, and how many each got right"
    return Table(caption, ("decision", "rows", "A right", "B right", "neither"), rows)


def _move(words: str, facts: JsonObject) -> tuple[str, ...]:
    right = (at(facts, "right", bundle) for bundle in BOTH)
    return words, *(count(found) for found in (facts.get("n"), *right, facts.get("neither")))


def differ_sentence(comparison: JsonObject) -> str:
    """How many decisions differ, which way they moved, and how many of them each got right."""
    of = objects(comparison, "decisions")
    those = objects(of, "of_those")
    if not those.get("n"):
        return f"Both choose the same tier for all {count(of.get('n'))} rows."
    rights = " and ".join(f"{name.upper()} got {count(at(those, 'right', name))}" for name in BOTH)
    return (
        f"{count(those['n'])} of {count(of.get('n'))} decisions differ, {percent(of.get('differ'))}: B is higher in "
        f"{count(of.get('moved_up'))} and lower in {count(of.get('moved_down'))}. Of those {rights} right."
    )


def part_table(comparison: JsonObject, fact: str, caption: str) -> Table:
    """Each value of a fact, most rows first: both bundles at their own thresholds, and what B saves more at 5%."""
    parts = objects(comparison, "parts", fact)
    heads = [tier for tier in comparison.get("tiers") or []][:-1]
    rows = [
        (
            value,
            count(facts.get("n")),
            count(facts.get("groups")),
            *(
                _pair(facts, text, *path)
                for text, path in (
                    (_share, ("saved",)),
                    (_share, ("under_routing",)),
                    *((number, ("auc", tier)) for tier in heads),
                )
            ),
            gained(facts.get("saved_difference")),
        )
        for value, facts in sorted(parts.items(), key=lambda item: (-item[1]["n"], item[0]))
    ]
    head = (
        *(name_of(fact), "n", "groups", "saved", "sent too low"),
        *(f"AUC {tier}" for tier in heads),
        "B - A, saved at 5% too low",
    )
    return Table(caption, head, rows)


def _pair(facts: JsonObject, text: Callable[[object], str], *path: str) -> str:
    """A's and B's value in one cell, without their intervals."""
    one, other = (text(at(facts, bundle, *path)) for bundle in BOTH)
    return f"{one} / {other}"


def _share(value: object) -> str:
    return percent(value)


def form_table(comparison: JsonObject) -> Table:
    """Decisions in other forms of the ask, as each bundle's own evaluation states them."""
    forms = {bundle: objects(comparison, "bundles", bundle, "robustness", "forms") for bundle in BOTH}
    rows = [
        (
            name_of(name),
            *(percent(measure(forms[bundle].get(name), "unchanged")) for bundle in BOTH),
            *(percent(at(forms[bundle].get(name), "down")) for bundle in BOTH),
        )
        for name in FORM_GROUPS
        if any(name in found for found in forms.values())
    ]
    head = ("form of the ask", "A unchanged", "B unchanged", "A sent lower", "B sent lower")
    return Table("Decisions when the same ask comes in another form", head, rows)


def own_sentences(comparison: JsonObject) -> list[str]:
    """Language twins and contrast pairs, as each bundle's own evaluation states them."""
    sentences = []
    for words, of in (
        ("Asks in several languages that get one tier in all of them", twins_of),
        ("Contrast pairs whose harder twin has the larger expected loss", pairs_of),
    ):
        found = {bundle: of(objects(comparison, "bundles", bundle)) or ("", ABSENT) for bundle in BOTH}
        shares = [f"{bundle.upper()} {share} of {n}" for bundle, (n, share) in found.items() if share != ABSENT]
        if shares:
            sentences.append(f"{words}: {', '.join(shares)}.")
    return sentences


def twin_sentences(comparison: JsonObject) -> list[str]:
    """Of situations that are asked in several languages: the share with one tier in all of them, of each bundle."""
    found = {bundle: objects(comparison, "languages", bundle, "twins") for bundle in BOTH}
    if not all(found.values()):
        return []
    shares = " and ".join(f"{percent(found[bundle].get('same_tier'))} with {bundle.upper()}" for bundle in BOTH)
    return [f"Of {count(found['a'].get('n'))} situations asked in several languages {shares} get one tier in all."]


def bundle_facts(comparison: JsonObject) -> list[tuple[str, str, str]]:
    """Of each bundle: letter and id, what it promises, and what the rows are to it ("" where that is unknown)."""
    facts = {bundle: objects(comparison, "bundles", bundle) for bundle in BOTH}
    return [
        (f"{bundle.upper()}: {of.get('bundle')}", promise_sentence(of) or "", rows_note(of) or "")
        for bundle, of in facts.items()
    ]


def plain(table: Table) -> Sequence[str]:
    """The table as lines of text: the first column and words to the left, numbers to the right."""
    lines = [[*map(str, line)] for line in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to_left = {0, *table.words}
    return [
        "  ".join(
            cell.ljust(width) if position in to_left else cell.rjust(width)
            for position, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
