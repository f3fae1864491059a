"""Writing a bundle: the same contents give the same bytes, and the manifest is written last."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as save_tensors

from router.brain.brain import Brain
from router.brain.bundle import layout
from router.brain.bundle.golden import GOLDEN_PROMPTS, golden_case
from router.brain.bundle.held_out_rows import held_out_tensors
from router.brain.bundle.manifest import Manifest
from router.brain.calibration import Calibration, SigmoidCalibration
from router.brain.domain import MEASURES
from router.brain.encoders import Encoder, OnnxEncoder, StaticEncoder
from router.brain.held_out import HeldOutRows
from router.brain.ngrams import BLOCKS, NgramTable
from router.brain.promise import Promise
from router.brain.tasks import TaskHead
from router.brain.trained_on import TrainedOn
from router.errors import BundleError
from router.jsontext import encode_json_pretty
from router.reading.signals import SIGNAL_NAMES
from router.types import JsonObject

STATIC_FILES = (layout.TABLE, layout.TOKENIZER, layout.PIECES)
"""The files of a token-table encoder, in the order of `static_encoder_files`; the last one only where it has one."""


@dataclass(frozen=True, slots=True, eq=False)
class BundleContents:
    """The contents of a bundle.

    name: first part of the bundle's id.  domain_quantile: share of held-out rows within the domain's max_distance.
    training: facts for people and audits, JSON values only.  evaluation, model_card: written unchanged.
    held_out: rows to compute promises with at other prices; None leaves the file out.
    trained_on: marks of the rows that it was fitted on; None leaves the file out.
    """

    name: str
    brain: Brain
    promise: Promise
    tier_models: Mapping[str, Mapping[str, tuple[str, ...]]]
    domain_quantile: float
    training: JsonObject
    evaluation: JsonObject
    model_card: str
    held_out: HeldOutRows | None = None
    trained_on: TrainedOn | None = None


def write_bundle(folder: Path, contents: BundleContents) -> Manifest:
    """Write the bundle to a folder, replacing an older one; a half-written bundle has no manifest and cannot load.

    Raises BundleError for a folder with other files.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / layout.MANIFEST).is_file():
        raise BundleError(f"{folder}: holds files that are not a bundle. Name another folder, or empty this one.")
    files = bundle_files(contents)
    manifest = _manifest(contents, files)
    if folder.exists():
        shutil.rmtree(folder)
    for name, raw in {**files, layout.MANIFEST: encode_json_pretty(manifest.to_json())}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return manifest


def bundle_files(contents: BundleContents) -> dict[str, bytes]:
    """Every file of the bundle except the manifest, by relative path."""
    brain = contents.brain
    golden = [golden_case(brain, contents.promise, prompt).to_json() for prompt in GOLDEN_PROMPTS]
    files = {
        layout.HEADS: save_tensors(_head_tensors(brain)),
        layout.GOLDEN: encode_json_pretty(golden),
        layout.EVALUATION: encode_json_pretty(contents.evaluation),
        layout.MODEL_CARD: contents.model_card.encode(),
    }
    if brain.ngrams is not None:
        files[layout.NGRAMS] = save_tensors(ngram_tensors(brain.ngrams))
    if brain.tasks is not None:
        files[layout.TASKS] = save_tensors(_task_tensors(brain.tasks))
    if contents.held_out is not None:
        files[layout.HELD_OUT] = save_tensors(held_out_tensors(contents.held_out))
    if contents.trained_on is not None:
        files[layout.TRAINED_ON] = save_tensors({"salt": contents.trained_on.salt, "marks": contents.trained_on.marks})
    return {**files, **encoder_files(brain.encoder)}


def encoder_files(encoder: Encoder) -> dict[str, bytes]:
    """The encoder's own files, by relative path; none for one that is loaded from outside the bundle."""
    if isinstance(encoder, StaticEncoder):
        return dict(zip(STATIC_FILES, static_encoder_files(encoder), strict=False))
    if isinstance(encoder, OnnxEncoder):
        return {layout.NETWORK: encoder.network, layout.TOKENIZER: encoder.tokens.tokenizer.to_str().encode()}
    return {}


def ngram_tensors(ngrams: NgramTable) -> dict[str, npt.NDArray[np.generic]]:
    """The known buckets of each block with their weights: keys ascending, (n_known,) and (n_known, n_heads)."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"normalise_all": np.array([ngrams.normalise_all], dtype=np.uint8)}
    for name, weights, steps, known in zip(BLOCKS, ngrams.weights, ngrams.steps, ngrams.known, strict=True):
        keys = np.flatnonzero(known)
        arrays |= {f"{name}_keys": keys.astype(np.int32), f"{name}_weights": weights[keys], f"{name}_steps": steps}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def static_encoder_files(encoder: StaticEncoder) -> tuple[bytes, ...]:
    """The bytes of a token-table encoder: table, tokenizer and, where they have their own vocabulary, pieces."""
    packed = encoder.packed
    table = {"table": encoder.table} if packed is None else {"codes": packed.codes, "codebooks": packed.codebooks}
    tokenizers = [tokens.tokenizer for tokens in (encoder.tokens, encoder.pieces) if tokens is not None]
    return save_tensors({**table, "weights": encoder.weights}), *(one.to_str().encode() for one in tokenizers)


def _manifest(contents: BundleContents, files: Mapping[str, bytes]) -> Manifest:
    brain = contents.brain
    digests = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    content = hashlib.sha256("".join(f"{name}:{digests[name]}\n" for name in sorted(digests)).encode()).hexdigest()
    return Manifest(
        id=f"{contents.name}-{content[:12]}",
        tiers=brain.tiers,
        tier_models=contents.tier_models,
        encoder=brain.encoder.spec,
        signals=SIGNAL_NAMES,
        calibration="sigmoid" if isinstance(brain.calibration, SigmoidCalibration) else "isotonic",
        domain_quantile=contents.domain_quantile,
        max_domain_distance=brain.domain.max_distance,
        promise=contents.promise,
        training=contents.training,
        files=digests,
        tasks=() if brain.tasks is None else brain.tasks.names,
        held_out=None if contents.held_out is None else contents.held_out.facts,
    )


def _task_tensors(head: TaskHead) -> dict[str, npt.NDArray[np.generic]]:
    arrays: dict[str, npt.NDArray[np.generic]] = {} if head.ngrams is None else ngram_tensors(head.ngrams)
    return {
        **arrays,
        "coef": np.ascontiguousarray(head.coef),
        "intercept": np.ascontiguousarray(head.intercept),
    }


def _head_tensors(brain: Brain) -> dict[str, npt.NDArray[np.generic]]:
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "coef": brain.heads.coef,
        "intercept": brain.heads.intercept,
        "signal_mean": brain.signal_scale.mean,
        "signal_deviation": brain.signal_scale.deviation,
        "domain_weights": brain.domain.weights,
        "domain_form": np.array([brain.domain.step, brain.domain.intercept, brain.domain.power]),
        "domain_most": np.array([getattr(brain.domain.most, name) for name, _ in MEASURES], dtype=np.float64),
        **_calibration_tensors(brain.calibration),
    }
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _calibration_tensors(calibration: Calibration) -> dict[str, npt.NDArray[np.generic]]:
    if isinstance(calibration, SigmoidCalibration):
        return {"sigmoid_a": calibration.a, "sigmoid_b": calibration.b}
    return {
        f"isotonic_{key}_{head}": knots
        for key, column in (("x", calibration.x), ("y", calibration.y))
        for head, knots in enumerate(column)
    }
