"""The shipped recipes as the measures see them: rows to fit on in, scores of other rows out.

A recipe that changes is changed here and nowhere else in the measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from router.brain.brain import Scores, scores_of
from router.brain.calibration import Float64Array
from router.brain.encoders import Encoder
from training.config import FitConfig
from training.fitting import recipe as fitting
from training.fitting.fit import Pretrained, prepare_for_transformer
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared, prepare
from training.labels.dataset import Dataset
from training.labels.labels import Ternary

CONFIG = FitConfig(name="benchmark", hyper=LABELS, dressed_copies=2)
"""As the shipped bundles are fitted, on traffic rows alone: public exam rows would take most of the time."""


class Fitted(Protocol):
    """One fit, which scores any rows."""

    def encode(self, data: Dataset) -> Prepared:
        """The rows with this fit's own embeddings."""

    def outputs(self, encoded: Prepared) -> Float64Array:
        """What the fit says of encoded rows before the join: (n, n_outputs) logits."""


Join = Callable[[Float64Array], Float64Array]
"""(n, n_outputs) outputs to (n, n_heads) calibrated probabilities."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a bundle is fitted.

    name: of the shipped bundle.  version: changes with everything but the code that changes outputs, such as the
    encoder's sha256.
    fit: from the rows to fit on.  join: from the outputs, (n, n_outputs), of rows that their fits had not seen, and
    the rows' head targets, (n, n_heads).
    """

    name: str
    version: str
    fit: Callable[[Dataset], Fitted]
    join: Callable[[Float64Array, Ternary], Join]


def joined_scores(probabilities: Float64Array) -> Scores:
    """Scores from (n, n_heads) probabilities, as in domain: what a fold flags is not measured here."""
    return scores_of(probabilities, domain_distance=np.zeros(len(probabilities)))


# --- As they are shipped ---------------------------------------------------------------------------------------------

Prepare = Callable[[Dataset], Prepared]


@dataclass(frozen=True, slots=True, eq=False)
class _FittedParts:
    """The parts of a shipped recipe: outputs are their sets of logits, side by side."""

    prepare: Prepare
    parts: fitting.Parts

    def encode(self, data: Dataset) -> Prepared:
        rows = self.prepare(data)
        return self.parts.encoded(rows, np.arange(len(rows)))

    def outputs(self, encoded: Prepared) -> Float64Array:
        return np.concatenate(self.parts.logits(encoded), axis=1)


def _measured(name: str, version: str, shipped: fitting.Recipe, prepare_rows: Prepare) -> Recipe:
    def fit(data: Dataset) -> Fitted:
        prepared = prepare_rows(data)
        return _FittedParts(prepare_rows, shipped.parts(prepared, np.arange(len(prepared))))

    def join(outputs: Float64Array, targets: Ternary) -> Join:
        n_sets = outputs.shape[1] // targets.shape[1]
        decision = shipped.decide(np.split(outputs, n_sets, axis=1), targets)

        def probabilities(asked: Float64Array) -> Float64Array:
            said: Float64Array = decision.probabilities(np.split(asked, n_sets, axis=1))
            return said

        return probabilities

    return Recipe(name, version, fit, join)


def fast_recipe(encoder: Encoder, config: FitConfig = CONFIG) -> Recipe:
    """The token-table recipe, calibrated by Platt's method, around a table."""
    return _measured(
        "fast",
        f"{encoder.spec.sha256} {config}",
        fitting.HeadRecipe(encoder, config),
        lambda data: prepare(data, encoder, config, cache=None),
    )


def default_recipe(model: Pretrained, config: FitConfig = CONFIG) -> Recipe:
    """The transformer recipe around a model to fine-tune; the decision over network and table calibrates."""
    return _measured(
        "default",
        f"{model.model_id} {model.n_layers} {config}",
        fitting.TransformerRecipe(model, config),
        lambda data: prepare_for_transformer(data, model.path, config),
    )
