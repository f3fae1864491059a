"""What follows from a price of quality, on measured rows: evaluation.json's `price_curve`.

A policy that states what an answer is worth sends each request to the tier with the least `expected quality loss +
cost / value`, as the service does; here at the costs of the measured rows.
"""

from __future__ import annotations

import numpy as np

from router.brain.price_curve import PricedRows, outlook_at_value
from router.types import JsonObject
from training.measure.measured import MeasuredRows
from training.thresholds.bounds import grouping_of

VALUES_USD = np.geomspace(1e-3, 1e2, 41)
"""What an answer may be worth: from a tenth of a cent to 100 dollars, eight steps a decade."""
CONFIDENCE = 0.95


def price_report(rows: MeasuredRows, *, safe_tier: int) -> JsonObject:
    """What follows from each of VALUES_USD: lists of shares in [0, 1].

    `saved` is against always the strongest tier; `loss_bound` is the 95% upper bound on `quality_loss` at each value
    alone; `tier_share` has a list a tier.
    rows: complete ones.  safe_tier: index of the least tier of a row out of domain.
    """
    priced = _priced(rows, safe_tier)
    outlooks = [outlook_at_value(priced, float(usd), confidence=CONFIDENCE) for usd in VALUES_USD]
    return {
        "value_of_an_answer_usd": VALUES_USD.tolist(),
        "saved": [one.saving for one in outlooks],
        "quality_loss": [one.loss for one in outlooks],
        "loss_bound": [one.bound for one in outlooks],
        "tier_share": {tier: [one.shares[tier] for one in outlooks] for tier in rows.tiers},
    }


def _priced(rows: MeasuredRows, safe_tier: int) -> PricedRows:
    n, n_tiers = rows.cost_usd.shape
    lost = np.concatenate([rows.labels.loss == 1, np.zeros((n, 1), dtype=np.bool_)], axis=1)
    flagged = np.zeros(n, dtype=np.bool_) if rows.flagged is None else rows.flagged
    return PricedRows(
        tiers=rows.tiers,
        loss=rows.scores.expected_quality_loss,
        lost=lost.astype(np.float64),
        expected_usd=rows.cost_usd,
        charged_usd=rows.cost_usd,
        lowest=np.where(flagged, min(safe_tier, n_tiers - 1), 0),
        allowed=tuple(range(n_tiers)),
        grouping=grouping_of(rows.groups.tolist()),
    )
