"""The model card: what a bundle was fitted on, what it promises, how it measures; every number from the evaluation."""

from __future__ import annotations

from router.brain.brain import Brain
from router.brain.promise import Promise
from router.types import JsonObject
from training.config import FitConfig

CARD_SIGNALS_NOTE = (
    "The classifier sees the user's last ask, the few turns before it and surface signals of the text. It never sees "
    "system prompts, and neither the number of tools nor the length of the history counts as difficulty."
)


def model_card(config: FitConfig, brain: Brain, promise: Promise, training: JsonObject, evaluation: JsonObject) -> str:
    """The card as Markdown."""
    return "\n".join(
        [
            f"# {config.name}",
            "",
            f"Decides between {', '.join(brain.tiers)}. Encoder: {brain.encoder.spec.kind}, "
            f"{brain.encoder.spec.dim} dimensions, from {brain.encoder.spec.model_id}.",
            CARD_SIGNALS_NOTE,
            "",
            "## Promise",
            "",
            _promise_text(promise),
            "",
            "## Measured on test rows",
            "",
            *_table(brain, evaluation),
            "",
            "## Fitted on",
            "",
            "| source | rows | licence |",
            "|---|---|---|",
            *[f"| {name} | {facts['rows']:,} | {facts['licence']} |" for name, facts in training["sources"].items()],
            "",
            f"Split {training['split_rule']}: {training['rows']['fit']:,} rows to fit, "
            f"{training['rows']['calibrate']:,} to calibrate, {training['rows']['test']:,} to test.",
            "",
        ]
    )


def _promise_text(promise: Promise) -> str:
    position = promise.position_for(promise.target)
    return (
        f"At most {promise.target:.1%} of requests lose quality by being sent to a cheaper tier, "
        f"{promise.confidence:.0%} sure, for requests like the {promise.n_rows:,} rows it was chosen on "
        f"({promise.population}). There it lost {promise.losses[position]:.1%} and saved "
        f"{promise.savings[position]:.1%} of the cost of always using the strongest tier."
    )


def _table(brain: Brain, evaluation: JsonObject) -> list[str]:
    lines = [
        "| rows | n | AUC " + " | AUC ".join(brain.tiers[:-1]) + " | quality lost | saved | out of domain |",
        "|---" * (len(brain.tiers) + 4) + "|",
    ]
    named = {"all target sources": evaluation["target"], **evaluation["sources"]}
    for name, report in named.items():
        aucs = [_number(report[f"loss_{tier}"].get("auc")) for tier in brain.tiers[:-1]]
        at = report.get("at_threshold", {})
        cells = [name, f"{report['n']:,}", *aucs, *(_percent(at.get(k)) for k in _AT_KEYS)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


_AT_KEYS = ("quality_loss", "saved", "out_of_domain")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
