"""A real bundle of a few kilobytes made by hand, and ways to damage one while its digests still fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel
from tokenizers.normalizers import NFKC, Lowercase, Nmt
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import Metaspace, Whitespace, WhitespaceSplit
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence

from router.brain.brain import Brain, LinearHeads, SignalScale
from router.brain.bundle.layout import ENCODER_FILES, MANIFEST, PIECES
from router.brain.bundle.load import onnx_encoder_sha256, static_encoder_sha256
from router.brain.bundle.write import BundleContents, static_encoder_files, write_bundle
from router.brain.calibration import Calibration, IsotonicCalibration, SigmoidCalibration
from router.brain.domain import Domain
from router.brain.encoders import Encoder, EncoderSpec, OnnxEncoder, PackedTable, StaticEncoder, TokenIds
from router.brain.held_out import HeldOutRows
from router.brain.ngrams import BLOCKS, N_BUCKETS, NgramTable, reading_buckets
from router.brain.promise import Goal, Promise, SlicePromise
from router.brain.tasks import TaskHead
from router.reading import read
from router.reading.signals import SIGNAL_NAMES
from router.types import ChatRequest, Message

TIERS = ("budget", "production", "frontier")
DIM = 8
WORDS = (
    "[UNK] hi thanks that ' s all for today what is the capital of france ? . , write a python function with tests "
    "prove square root 2 irrational step by find cause summarise this thread in two sentences why"
).split()
FILES = (
    "manifest.json",
    "heads.safetensors",
    "ngrams.safetensors",
    "tasks.safetensors",
    "golden.json",
    "encoder/tokenizer.json",
    "encoder/table.safetensors",
    "evaluation.json",
    "MODEL_CARD.md",
)
READ_AT_LOAD = FILES[:7]


def tiny_tokenizer(*marks: str) -> Tokenizer:
    """One token a word, lower case; words it does not know are [UNK]. marks: more tokens, such as [CLS]."""
    vocabulary = {word: index for index, word in enumerate((*WORDS, *marks))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
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


def tiny_packed_encoder() -> StaticEncoder:
    """A packed table over a few pieces of a unigram model; n-grams and domain by the words of `tiny_tokenizer`."""
    rng = np.random.default_rng(19)
    pieces = [("<unk>", 0.0), *((piece, -2.0 - n / 8) for n, piece in enumerate(UNIGRAM_PIECES))]
    packed = PackedTable(
        codes=rng.integers(0, 5, size=(len(pieces), 4), dtype=np.uint8),
        codebooks=rng.integers(-127, 128, size=(4, 5, DIM // 4), dtype=np.int8),
    )
    encoder = StaticEncoder(
        spec=EncoderSpec(kind="static", model_id="tests/tiny-packed", dim=DIM, max_tokens=64, sha256="0" * 64),
        tokens=TokenIds.of(unigram_tokenizer(pieces)),
        table=packed.unpacked(),
        weights=rng.uniform(0.001, 0.01, size=len(pieces)).astype(np.float32),
        pieces=TokenIds.of(tiny_tokenizer()),
        packed=packed,
    )
    return replace(encoder, spec=replace(encoder.spec, sha256=static_encoder_sha256(*static_encoder_files(encoder))))


UNIGRAM_PIECES = (
    "\u2581",
    *"abcdefghijklmnopqrstuvwxyz'?,.",
    "\u2581the",
    "\u2581wh",
    "\u2581find",
    "in",
    "er",
    "\u6f22",
)


def unigram_tokenizer(pieces: Sequence[tuple[str, float]]) -> Tokenizer:
    """A sentencepiece unigram tokenizer as the multilingual table has it; the first piece is the unknown mark."""
    tokenizer = Tokenizer(Unigram(list(pieces), unk_id=0))
    tokenizer.normalizer = NormalizerSequence([Nmt(), NFKC()])
    tokenizer.pre_tokenizer = PreTokenizerSequence([WhitespaceSplit(), Metaspace(prepend_scheme="always")])
    return tokenizer


def tiny_onnx_encoder(network: bytes | None = None) -> OnnxEncoder:
    """A network with a vector of eight numbers a word; network: other bytes than the sound ones."""
    tokenizer = tiny_tokenizer("[CLS]", "[SEP]")
    if network is None:
        from tests.router.tiny_network import TinyNetwork

        network = TinyNetwork(n_tokens=tokenizer.get_vocab_size(), dim=DIM).to_bytes()
    digest = onnx_encoder_sha256(network, tokenizer.to_str().encode())
    spec = EncoderSpec(kind="onnx", model_id="tests/tiny-network", dim=DIM, max_tokens=148, sha256=digest)
    return OnnxEncoder.of(network, tokenizer, spec)


def tiny_ngrams(encoder: Encoder, *, normalise_all: bool = False) -> NgramTable:
    """Weights for every second bucket of what a few conversations say."""
    rng = np.random.default_rng(13)
    said = ("hi", "What is the capital of France?", "Write a Python function with tests.", "find the cause")
    readings = [read(ChatRequest((Message("assistant", "why"), Message("user", text)))) for text in said]
    buckets = [reading_buckets(one, encoder.token_ids([turn.text for turn in one.turns])) for one in readings]
    known = [np.zeros(N_BUCKETS, dtype=np.bool_) for _ in BLOCKS]
    for block, seen in enumerate(known):
        seen[np.unique(np.concatenate([one[block] for one in buckets]))[::2]] = True
    weights = [np.zeros((N_BUCKETS, 3), dtype=np.int8) for _ in BLOCKS]
    for block, seen in enumerate(known):
        weights[block][seen] = rng.integers(-127, 128, size=(int(seen.sum()), 3), dtype=np.int8)
    steps = tuple(np.array([0.002, 0.004, 0.001]) * (block + 1) for block in range(len(BLOCKS)))
    return NgramTable(weights=tuple(weights), steps=steps, known=tuple(known), normalise_all=normalise_all)


TASKS = ("chat", "code")


def tiny_tasks(encoder: Encoder, *, with_ngrams: bool = True) -> TaskHead:
    """A head of two tasks with fixed random numbers."""
    rng = np.random.default_rng(17)
    three = tiny_ngrams(encoder)
    two = replace(
        three,
        weights=tuple(block[:, : len(TASKS)] for block in three.weights),
        steps=tuple(step[: len(TASKS)] for step in three.steps),
    )
    n_features = encoder.n_features + len(SIGNAL_NAMES)
    return TaskHead(
        names=TASKS,
        coef=rng.normal(0.0, 0.4, size=(len(TASKS), n_features)),
        intercept=np.array([0.1, -0.1]),
        ngrams=two if with_ngrams else None,
    )


def tiny_calibration(method: str) -> Calibration:
    """A calibration of three heads."""
    if method == "sigmoid":
        return SigmoidCalibration(a=np.array([-1.0, -1.2, -0.8]), b=np.array([0.5, 1.0, 3.0]))
    knots = np.array([-2.0, 0.0, 2.0])
    return IsotonicCalibration(
        x=(knots, knots, knots),
        y=(np.array([0.1, 0.3, 0.9]), np.array([0.0, 0.2, 0.6]), np.array([0.0, 0.01, 0.2])),
    )


def tiny_brain(
    method: str = "sigmoid", *, encoder: Encoder | None = None, with_ngrams: bool = True, with_tasks: bool = True
) -> Brain:
    """A brain with fixed random heads; nothing is out of its domain."""
    rng = np.random.default_rng(11)
    encoder = tiny_encoder() if encoder is None else encoder
    n_features = encoder.n_features + len(SIGNAL_NAMES)
    return Brain(
        tiers=TIERS,
        encoder=encoder,
        signal_scale=SignalScale(
            mean=np.full(len(SIGNAL_NAMES), 0.5, dtype=np.float32),
            deviation=np.full(len(SIGNAL_NAMES), 2.0, dtype=np.float32),
        ),
        heads=LinearHeads(coef=rng.normal(0.0, 0.4, size=(3, n_features)), intercept=np.array([0.2, -0.4, -1.0])),
        calibration=tiny_calibration(method),
        domain=Domain(
            weights=np.resize(np.array([90, -40, -60, -20, -50], dtype=np.int8), encoder.n_tokens),
            step=0.02,
            intercept=0.1,
            power=0.5,
            max_distance=1.0,
        ),
        ngrams=tiny_ngrams(encoder) if with_ngrams else None,
        tasks=tiny_tasks(encoder, with_ngrams=with_ngrams) if with_tasks else None,
    )


def tiny_promise() -> Promise:
    """Four thresholds; the least that can be promised is a loss of 0.02, a cost of $2, a fifth at the frontier."""
    return Promise(
        goal=Goal(max_quality_loss=0.1),
        confidence=0.9,
        n_rows=100,
        n_groups=90,
        method="clopper_pearson",
        population="made by hand",
        safe_tier="production",
        thresholds=(0.1, 0.3, 0.5, 0.9),
        bounds=(0.02, 0.1, 0.2, 0.4),
        losses=(0.01, 0.05, 0.1, 0.3),
        savings=(0.1, 0.3, 0.5, 0.8),
        costs_usd_per_1k=(9.0, 7.0, 5.0, 1.0),
        cost_bounds_usd_per_1k=(10.0, 8.0, 6.0, 2.0),
        tier_shares={
            "budget": (0.1, 0.2, 0.4, 0.8),
            "production": (0.2, 0.3, 0.3, 0.1),
            "frontier": (0.7, 0.5, 0.3, 0.1),
        },
        tier_share_bounds={"production": (0.4, 0.4, 0.4, 0.2), "frontier": (0.8, 0.6, 0.4, 0.2)},
        slices=(SlicePromise(by="lang", value="de", n=40, loss=0.05, bound=0.2, smallest_target=0.08),),
    )


def tiny_held_out(n_groups: int = 400, *, seed: int = 23) -> HeldOutRows:
    """Rows whose outcomes are drawn from what is predicted for them: every second group has two rows."""
    rng = np.random.default_rng(seed)
    group = np.sort(np.concatenate([np.arange(n_groups), np.arange(0, n_groups, 2)])).astype(np.int32)
    n = len(group)
    frontier, production = 0.4 * rng.random(n) ** 4, rng.random(n) ** 2
    budget = frontier + (1.0 - frontier) * production
    needed = (rng.random(n)[:, None] < np.stack([budget, frontier], axis=1)).astype(np.int8)
    return HeldOutRows(
        expected_quality_loss=np.stack([budget, frontier, np.zeros(n)], axis=1).astype(np.float32),
        p_unsolved=(0.05 * rng.random(n)).astype(np.float32),
        domain_distance=rng.random(n).astype(np.float32),
        lost=np.concatenate([needed, np.zeros((n, 1), np.int8)], axis=1),
        group=group,
        input_tokens=np.where(np.arange(n) % 5 == 0, np.nan, rng.integers(20, 4_000, n)).astype(np.float32),
        output_tokens=np.where(np.arange(n) % 3 == 0, np.nan, rng.integers(20, 900, n)).astype(np.float32),
        slices={
            "source": (np.zeros(n, np.int16), ("hand",)),
            "lang": (rng.integers(-1, 2, n).astype(np.int16), ("de", "en")),
            "task": (rng.integers(0, 2, n).astype(np.int16), TASKS),
        },
        mode="parted",
    )


def write_tiny_bundle(
    folder: Path, *, method: str = "sigmoid", brain: Brain | None = None, held_out: HeldOutRows | None = None
) -> Path:
    """Write the tiny bundle, or one of another brain or with held-out rows; returns its folder."""
    contents = BundleContents(
        name="tiny",
        brain=tiny_brain(method) if brain is None else brain,
        promise=tiny_promise(),
        tier_models={"hand": {tier: (f"model-{tier}",) for tier in TIERS}},
        domain_quantile=1.0,
        training={"sources": {"hand": {"rows": 100, "licence": "Apache-2.0"}}},
        evaluation={"rows": 0},
        model_card="# tiny\n",
        held_out=held_out,
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
        tokenizer, weights = ((folder / part).read_bytes() for part in ENCODER_FILES[manifest["encoder"]["kind"]])
        pieces = [(folder / PIECES).read_bytes()] if (folder / PIECES).is_file() else []
        manifest["encoder"]["sha256"] = static_encoder_sha256(weights, tokenizer, *pieces)

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
