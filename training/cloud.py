"""The training cloud in short: centroids of the asks' embeddings and how far calibration rows lie from them."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from router.brain.domain import Domain
from router.types import FloatArray


def fit_domain(fitted: FloatArray, held_out: FloatArray, *, n_centroids: int, quantile: float, seed: int) -> Domain:
    """Centroids of the rows fitted on, and the distance that a share `quantile` of held-out rows stays within.

    fitted, held_out: (n, dim) float32, unit length or zero.
    """
    cloud = fitted[np.abs(fitted).sum(axis=1) > 0]
    n_clusters = min(n_centroids, len(np.unique(cloud, axis=0)))
    with threadpool_limits(limits=1):
        centers = KMeans(n_clusters=n_clusters, n_init=1, random_state=seed).fit(cloud).cluster_centers_
    centroids = (centers / np.linalg.norm(centers, axis=1, keepdims=True)).astype(np.float32)
    reach = Domain(centroids=centroids, max_distance=2.0).distances(held_out)
    return Domain(centroids=centroids, max_distance=round(float(np.quantile(reach, quantile)), 6))
