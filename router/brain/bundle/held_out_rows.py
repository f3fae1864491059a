"""held_out.safetensors: the held-out rows as arrays, and back, checked in full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.bundle.tensors import Tensors, read_tensors, tensor_of
from router.brain.held_out import UNKNOWN, HeldOutFacts, HeldOutRows, Slice
from router.errors import BundleCorrupt

_SLICE = "slice_"
_SINGLE, _BYTE, _SHORT, _WHOLE = (np.dtype(kind) for kind in (np.float32, np.int8, np.int16, np.int32))


def held_out_tensors(rows: HeldOutRows) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of the file; mode and names are in the manifest."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "expected_quality_loss": rows.expected_quality_loss.astype(_SINGLE),
        "p_unsolved": rows.p_unsolved.astype(_SINGLE),
        "domain_distance": rows.domain_distance.astype(_SINGLE),
        "lost": rows.lost.astype(_BYTE),
        "group": rows.group.astype(_WHOLE),
        "input_tokens": rows.input_tokens.astype(_SINGLE),
        "output_tokens": rows.output_tokens.astype(_SINGLE),
        **{_SLICE + name: index.astype(_SHORT) for name, (index, _) in rows.slices.items()},
    }
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def load_held_out(raw: bytes, facts: HeldOutFacts, *, n_tiers: int, path: Path) -> HeldOutRows:
    """The rows of a file's bytes. Raises BundleCorrupt naming the array and what is wrong with it."""
    tensors, where = read_tensors(raw, path), str(path)
    n, wide = (facts.n_rows,), (facts.n_rows, n_tiers)
    loss = tensor_of(tensors, "expected_quality_loss", shape=wide, dtype=_SINGLE, where=where)
    lost = tensor_of(tensors, "lost", shape=wide, dtype=_BYTE, where=where)
    group = tensor_of(tensors, "group", shape=n, dtype=_WHOLE, where=where)
    unsolved, distance = (
        tensor_of(tensors, key, shape=n, dtype=_SINGLE, where=where) for key in ("p_unsolved", "domain_distance")
    )
    tokens = {
        key: tensor_of(tensors, key, shape=n, dtype=_SINGLE, where=where, is_nan_allowed=True)
        for key in ("input_tokens", "output_tokens")
    }
    for key, values in (("expected_quality_loss", loss), ("p_unsolved", unsolved), ("domain_distance", distance)):
        _check(((values >= 0.0) & (values <= 1.0)).all(), where, key, "numbers in [0, 1]")
    _check((loss[:, 1:] <= loss[:, :-1]).all(), where, "expected_quality_loss", "descending numbers in each row")
    _check(not loss[:, -1].any(), where, "expected_quality_loss", "0 for the strongest tier")
    _check(((lost >= UNKNOWN) & (lost <= 1)).all(), where, "lost", "-1, 0 or 1")
    _check(not lost[:, -1].any(), where, "lost", "0 for the strongest tier")
    in_range = bool(((group >= 0) & (group < facts.n_groups)).all())
    _check(
        in_range and bool((np.bincount(group, minlength=facts.n_groups) > 0).all()),
        where,
        "group",
        f"each of 0..{facts.n_groups - 1}, and no other number",
    )
    for key, values in tokens.items():
        _check(not (values < 0.0).any(), where, key, "numbers at or above 0")
    return HeldOutRows(
        expected_quality_loss=loss,
        p_unsolved=unsolved,
        domain_distance=distance,
        lost=lost,
        group=group,
        **tokens,
        slices={name: _slice(tensors, name, values, n, where) for name, values in facts.slices.items()},
        mode=facts.mode,
    )


def _slice(tensors: Tensors, name: str, values: tuple[str, ...], n: tuple[int], where: str) -> Slice:
    index = tensor_of(tensors, _SLICE + name, shape=n, dtype=_SHORT, where=where)
    fits = ((index >= UNKNOWN) & (index < len(values))).all()
    _check(fits, where, _SLICE + name, f"positions of its {len(values)} names, or -1")
    return index, values


def _check(holds: bool | np.bool_, where: str, key: str, expected: str) -> None:
    if not holds:
        raise BundleCorrupt(f"{where}: {key}: expected {expected}.")
