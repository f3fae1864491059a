"""Everyday prompts with the tiers that a sensible person accepts: how many of a bundle's decisions are among them.

The prompts are a test set (tests/quality): nothing that ships learns from them, and they were written before any
decision was looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.brain import Bundle
from router.brain.brain import Scores
from router.errors import DataError
from router.jsontext import decode_json
from router.reading import Reading, read
from router.types import ChatRequest, JsonObject, Message
from training.measure.measure import rule_of
from training.measure.reported import rounded
from training.thresholds.bounds import wilson_interval
from training.thresholds.simulate import TierIndex

FILES = ("everyday", "embarrassing")
"""In tests/quality: prompts of many kinds and languages, and those on which a decision was once embarrassing."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation, and the tiers that are accepted for its last turn.

    id: unique in its file.  lang: of the ask.  accepted: names of tiers.  messages: oldest first.  why: in a few words.
    """

    id: str
    lang: str
    accepted: tuple[str, ...]
    messages: tuple[Message, ...]
    why: str


def read_prompts(path: Path, *, tiers: Sequence[str]) -> tuple[Prompt, ...]:
    """The prompts of a JSON Lines file. Raises DataError that names every faulty line; it never holds a prompt's text.

    tiers: the names that may be accepted.
    """
    prompts: list[Prompt] = []
    faults: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            prompts.append(_prompt(decode_json(line), tiers))
        except KeyError as exc:
            faults.append(f"line {number}: expected the key {exc}")
        except (TypeError, ValueError) as exc:
            faults.append(f"line {number}: {exc}")
    if len({prompt.id for prompt in prompts}) < len(prompts):
        faults.append("expected each id once")
    if faults:
        raise DataError("; ".join(faults), where=str(path))
    return tuple(prompts)


def _prompt(value: JsonObject, tiers: Sequence[str]) -> Prompt:
    accepted = tuple(value["accepted"])
    if not accepted or not set(accepted) <= set(tiers):
        raise ValueError(f"accepted: expected some of {', '.join(tiers)}")
    messages = tuple(Message(one["role"], one["content"]) for one in value["messages"])
    if not messages or messages[-1].role != "user":
        raise ValueError("messages: expected a user's turn at the end")
    return Prompt(value["id"], value["lang"], accepted, messages, value["why"])


def scored_by(bundle: Bundle, readings: Sequence[Reading]) -> tuple[Scores, TierIndex]:
    """What a bundle says of readings, and the tier that the service chooses at the bundle's own threshold."""
    promise = bundle.manifest.promise
    safe = bundle.manifest.tiers.index(promise.safe_tier)
    scores = bundle.brain.score(readings)
    return scores, rule_of(bundle.brain, promise.threshold_for(), safe_tier=safe).decide(scores)


def everyday_report(bundle: Bundle, folder: Path) -> JsonObject:
    """Of each of FILES in a folder: the share accepted with Wilson's 95% interval, too low, too high, and each miss."""
    tiers = bundle.manifest.tiers
    report: JsonObject = {"bundle": bundle.manifest.id}
    for name in FILES:
        prompts = read_prompts(folder / f"{name}.jsonl", tiers=tiers)
        _, chosen = scored_by(bundle, [read(ChatRequest(messages=prompt.messages)) for prompt in prompts])
        report[name] = accepted_report(prompts, [tiers[tier] for tier in chosen.tolist()], tiers=tiers)
    return report


def accepted_report(prompts: Sequence[Prompt], chosen: Sequence[str], *, tiers: Sequence[str]) -> JsonObject:
    """The same for given decisions. chosen: the name of each prompt's tier.

    too_low: shares below every accepted tier; too_high: above every one.
    """
    position = np.array([tiers.index(tier) for tier in chosen])
    lowest = np.array([min(map(tiers.index, prompt.accepted)) for prompt in prompts])
    highest = np.array([max(map(tiers.index, prompt.accepted)) for prompt in prompts])
    misses = [
        {"id": prompt.id, "lang": prompt.lang, "why": prompt.why, "accepted": list(prompt.accepted), "tier": tier}
        for prompt, tier in zip(prompts, chosen, strict=True)
        if tier not in prompt.accepted
    ]
    n, n_right = len(prompts), len(prompts) - len(misses)
    low, high = wilson_interval(n_right, n)
    report: JsonObject = rounded(
        {
            "n": n,
            "accepted": {"point": n_right / n, "low": low, "high": high},
            "too_low": float((position < lowest).mean()),
            "too_high": float((position > highest).mean()),
            "misses": misses,
        }
    )
    return report
