"""Does a request look like what the heads were fitted on? Distance to the nearest centroid of the training cloud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """The training cloud in short.

    centroids: (n_centroids, dim) float32 of unit length, of the asks' embeddings.
    max_distance: the stored quantile of the training rows' own distances; beyond it is out of domain.
    """

    centroids: FloatArray
    max_distance: float

    def distances(self, embeddings: FloatArray) -> npt.NDArray[np.float64]:
        """Cosine distance to the nearest centroid, (n,) in [0, 2]; 1 for an empty text's zero vector."""
        return np.asarray(1.0 - (embeddings @ self.centroids.T).max(axis=1), dtype=np.float64)
