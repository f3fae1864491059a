"""Two bundles on the same rows, which neither was fitted on: comparison.json and its page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.brain import Bundle
from router.errors import DataError
from router.jsontext import encode_json_pretty
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.prepared import prepared_for
from training.held_out.result import in_use_on
from training.labels.dataset import build_dataset
from training.labels.tier_map import TierMap
from training.measure.advantages import MIN_KNOWN_SHARE, complete_rows, measurable_rows
from training.measure.compare import COMPARISON_SCHEMA, compare_rows
from training.measure.costs import tier_costs
from training.measure.evaluate import promise_report
from training.measure.gate import OtherTiers
from training.measure.measure import served_rows
from training.measure.measured import MeasuredRows
from training.measure.seen import SeenRows, without_seen
from training.progress import Progress, silent
from training.report import write_comparison
from training.rows.readers import RowSet


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A bundle to compare.  evaluation: the one that came with it; {} where there is none."""

    bundle: Bundle
    evaluation: JsonObject


def compare_bundles(
    a: Contender,
    b: Contender,
    row_set: RowSet,
    tier_map: TierMap,
    config: FitConfig,
    *,
    seen_rows: SeenRows = "refuse",
    progress: Progress = silent,
) -> JsonObject:
    """comparison.json, schema 1.

    Raises DataError when the bundles' or the rows' tiers differ, for rows that a bundle was fitted on where these are
    refused, where none is left without them, and where too few rows have a known outcome at every tier.
    """
    _check_tiers(a.bundle, b.bundle, tier_map)
    data, trained_on = without_seen([a.bundle, b.bundle], build_dataset(row_set.rows, tier_map), seen_rows)
    tier_costs(data.tiers, config)
    progress(f"scoring {len(data):,} rows with {a.bundle.manifest.id}")
    prepared = prepared_for(a.bundle.brain, data, config)
    of_a = served_rows(a.bundle, prepared, config)
    progress(f"scoring {len(data):,} rows with {b.bundle.manifest.id}")
    of_b = in_use_on(b.bundle, prepared, a.bundle.brain.encoder, config)
    assert not isinstance(of_b, OtherTiers), "their tiers were compared"
    known = measurable_rows(of_a)
    if not known.size:
        raise DataError(_too_few_known(of_a), where="rows")
    progress("comparing")
    compared = compare_rows(of_a.take(known), of_b.take(known), seed=config.seed)
    pairs = zip(("a", "b"), (a, b), trained_on, strict=True)
    return {
        "schema_version": COMPARISON_SCHEMA,
        "tiers": list(data.tiers),
        "bundles": {name: _facts(contender, seen) for name, contender, seen in pairs},
        "test": {
            "n": len(known),
            "n_unknown": len(data) - len(known),
            "groups": len(set(of_a.groups[known].tolist())),
            "n_own_costs": 0 if of_a.own_costs is None else int(of_a.own_costs[known].sum()),
        },
        **compared,
        "files": {name: value.sha256 for name, value in sorted(row_set.fingerprints.items())},
        "seed": config.seed,
    }


def _check_tiers(a: Bundle, b: Bundle, tier_map: TierMap) -> None:
    ladders = {name: " < ".join(bundle.manifest.tiers) for name, bundle in (("A", a), ("B", b))}
    if a.manifest.tiers != b.manifest.tiers:
        raise DataError(
            f"A ({a.manifest.id}) decides between {ladders['A']}, B ({b.manifest.id}) between {ladders['B']}: no row "
            "compares them. Give two bundles with the same tiers",
            where="tiers",
        )
    if tier_map.tiers != a.manifest.tiers:
        raise DataError(
            f"the rows have tiers {' < '.join(tier_map.tiers)}, both bundles {ladders['A']}; give --tiers with theirs",
            where="tiers",
        )


def _too_few_known(rows: MeasuredRows) -> str:
    return (
        f"of {len(rows):,} rows only {int(complete_rows(rows).sum()):,} have a known outcome at every tier, at least "
        f"{MIN_KNOWN_SHARE:.0%} are needed. Give rows with outcomes of every tier, or labelled rows"
    )


def _facts(contender: Contender, trained_on: JsonObject) -> JsonObject:
    """What is known of a bundle: its id, what it promises, whether it saw the rows, how it does in other forms."""
    manifest, evaluation = contender.bundle.manifest, contender.evaluation
    facts = {"bundle": manifest.id, "promise": promise_report(manifest.promise), "trained_on": trained_on}
    return facts | ({"robustness": evaluation["robustness"]} if "robustness" in evaluation else {})


def write_compared(comparison: JsonObject, out: Path) -> None:
    """comparison.json and report.html, in a folder. Raises MissingExtra without matplotlib."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "comparison.json").write_bytes(encode_json_pretty(comparison))
    write_comparison(comparison, out)
