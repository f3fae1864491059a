"""Arrays of a bundle's safetensors files, each checked before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from router.errors import BundleCorrupt

Tensors = dict[str, npt.NDArray[Any]]

LARGEST = 1e30
"""Numbers up to this have finite products and sums, so that no probability becomes NaN."""


def read_tensors(raw: bytes, path: Path) -> Tensors:
    """The arrays of a safetensors file, by name. Raises BundleCorrupt naming the path."""
    try:
        return load(raw)
    except (SafetensorError, ValueError, KeyError, TypeError) as exc:
        raise BundleCorrupt(f"{path}: not a safetensors file ({exc}).") from exc


def tensor_of(
    tensors: Tensors,
    key: str,
    *,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    where: str,
    is_nan_allowed: bool = False,
) -> Any:
    """One of the arrays. Raises BundleCorrupt for another shape or type, and for numbers beyond LARGEST.

    where: the file, for the error.  is_nan_allowed: whether NaN is allowed, for numbers that are unknown.
    """
    array = tensors.get(key)
    if array is None:
        raise BundleCorrupt(f"{where}: the array {key} is missing.")
    if array.shape != shape or array.dtype != dtype:
        raise BundleCorrupt(f"{where}: {key}: expected {dtype} {shape}, found {array.dtype} {array.shape}.")
    if array.dtype.kind == "f":
        sound = np.abs(array) <= LARGEST
        if not (sound | np.isnan(array) if is_nan_allowed else sound).all():
            kinds = "infinity" if is_nan_allowed else "NaN, infinity"
            raise BundleCorrupt(f"{where}: {key}: holds {kinds} or a number beyond {LARGEST:g}.")
    return array
