"""A real bundle of a few kilobytes made by hand, and ways to damage one while its digests still fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

from router.brain.brain import Brain, LinearHeads, SignalScale
from router.brain.bundle.layout import MANIFEST, TABLE, TOKENIZER
from router.brain.bundle.load import static_encoder_sha256
from router.brain.bundle.write import BundleContents, static_encoder_files, write_bundle
from router.brain.calibration import Calibration, IsotonicCalibration, SigmoidCalibration
from router.brain.domain import Domain
from router.brain.encoders import EncoderSpec, StaticEncoder, TokenIds
from router.brain.promise import Promise
from router.reading.signals import SIGNAL_NAMES

TIERS = ("budget", "production", "frontier")
DIM = 8
WORDS = (
    "[UNK] hi thanks that ' s all for today what is the capital of france ? . , write a python function with tests "
    "prove square root 2 irrational step by find cause summarise this thread in two sentences why"
).split()
FILES = (
    "manifest.json",
    "heads.safetensors",
    "golden.json",
    "encoder/tokenizer.json",
    "encoder/table.safetensors",
    "evaluation.json",
    "MODEL_CARD.md",
)
READ_AT_LOAD = FILES[:5]


def tiny_tokenizer() -> Tokenizer:
    """One token a word, lower case; words it does not know are [UNK]."""
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


def tiny_encoder(*, max_tokens: int = 64) -> StaticEncoder:
    """A token table with a vector of eight numbers a word."""
    rng = np.random.default_rng(7)
    encoder = StaticEncoder(
        spec=EncoderSpec(kind="static", model_id="tests/tiny", dim=DIM, max_tokens=max_tokens, sha256="0" * 64),
        tokens=TokenIds.of(tiny_tokenizer()),
        table=rng.integers(-127, 128, size=(len(WORDS), DIM), dtype=np.int8),
        weights=rng.uniform(0.001, 0.01, size=len(WORDS)).astype(np.float32),
    )
    return replace(encoder, spec=replace(encoder.spec, sha256=static_encoder_sha256(*static_encoder_files(encoder))))


def tiny_calibration(method: str) -> Calibration:
    """A calibration of three heads."""
    if method == "sigmoid":
        return SigmoidCalibration(a=np.array([-1.0, -1.2, -0.8]), b=np.array([0.5, 1.0, 3.0]))
    knots = np.array([-2.0, 0.0, 2.0])
    return IsotonicCalibration(
        x=(knots, knots, knots),
        y=(np.array([0.1, 0.3, 0.9]), np.array([0.0, 0.2, 0.6]), np.array([0.0, 0.01, 0.2])),
    )


def tiny_brain(method: str = "sigmoid") -> Brain:
    """A brain with fixed random heads; nothing is out of its domain."""
    rng = np.random.default_rng(11)
    n_features = 2 * DIM + len(SIGNAL_NAMES)
    return Brain(
        tiers=TIERS,
        encoder=tiny_encoder(),
        signal_scale=SignalScale(
            mean=np.full(len(SIGNAL_NAMES), 0.5, dtype=np.float32),
            deviation=np.full(len(SIGNAL_NAMES), 2.0, dtype=np.float32),
        ),
        heads=LinearHeads(coef=rng.normal(0.0, 0.4, size=(3, n_features)), intercept=np.array([0.2, -0.4, -1.0])),
        calibration=tiny_calibration(method),
        domain=Domain(known=np.arange(len(WORDS)) % 5 > 0, max_distance=1.0),
    )


def tiny_promise() -> Promise:
    """Four thresholds; the least that can be promised is 0.02."""
    return Promise(
        target=0.1,
        confidence=0.9,
        n_rows=100,
        population="made by hand",
        thresholds=(0.1, 0.3, 0.5, 0.9),
        bounds=(0.02, 0.1, 0.2, 0.4),
        losses=(0.01, 0.05, 0.1, 0.3),
        savings=(0.1, 0.3, 0.5, 0.8),
    )


def write_tiny_bundle(folder: Path, *, method: str = "sigmoid") -> Path:
    """Write the tiny bundle; returns its folder."""
    contents = BundleContents(
        name="tiny",
        brain=tiny_brain(method),
        promise=tiny_promise(),
        tier_models={"hand": {tier: (f"model-{tier}",) for tier in TIERS}},
        domain_quantile=1.0,
        training={"sources": {"hand": {"rows": 100, "licence": "Apache-2.0"}}},
        evaluation={"rows": 0},
        model_card="# tiny\n",
    )
    write_bundle(folder, contents)
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest as JSON."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return manifest


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest in place."""
    manifest = read_manifest(folder)
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def replace_file(folder: Path, name: str, raw: bytes) -> None:
    """Put other bytes in place of a file, and make every digest in the manifest fit them."""
    (folder / name).write_bytes(raw)

    def adopt(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = hashlib.sha256(raw).hexdigest()
        table, tokenizer = ((folder / part).read_bytes() for part in (TABLE, TOKENIZER))
        manifest["encoder"]["sha256"] = static_encoder_sha256(table, tokenizer)

    if name != MANIFEST:
        edit_manifest(folder, adopt)


def edit_tensors(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change arrays of a safetensors file in place, digests adopted."""
    tensors = load_tensors((folder / name).read_bytes())
    change(tensors)
    replace_file(folder, name, save_tensors({key: np.ascontiguousarray(array) for key, array in tensors.items()}))


def edit_json(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    """Change a JSON file other than the manifest in place, digests adopted."""
    value = json.loads((folder / name).read_bytes())
    change(value)
    replace_file(folder, name, json.dumps(value).encode())
