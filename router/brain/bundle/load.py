"""Reading a bundle: every byte is checked against the manifest before it is used, and nothing is executed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.brain.brain import Brain, LinearHeads, SignalScale
from router.brain.bundle import layout
from router.brain.bundle.golden import check_golden
from router.brain.bundle.held_out_rows import load_held_out
from router.brain.bundle.manifest import Manifest, parse_manifest
from router.brain.bundle.tensors import Tensors, read_tensors, tensor_of
from router.brain.bundle.tokenizer import load_tokenizer
from router.brain.calibration import Calibration, IsotonicCalibration, SigmoidCalibration
from router.brain.domain import LARGEST_MEASURE, MEASURES, POWERS, Domain
from router.brain.encoders import Encoder, EncoderSpec, OnnxEncoder, PackedTable, StaticEncoder, TokenIds
from router.brain.encoders.onnx import marks_of
from router.brain.held_out import HeldOutRows
from router.brain.ngrams import BLOCKS, N_BUCKETS, NgramTable
from router.brain.tasks import TaskHead
from router.brain.trained_on import SALT_BYTES, TrainedOn
from router.errors import BundleCorrupt, BundleError, BundleMissing, MissingExtra
from router.jsontext import decode_json
from router.reading.progress import Progress
from router.reading.signals import SIGNAL_NAMES


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A loaded bundle.

    sha256: hex digest of its manifest, which holds the digests of all other files.
    n_golden: golden cases that were reproduced at load.
    held_out, trained_on: None where the bundle keeps none, as those do that were written before there were any.
    """

    manifest: Manifest
    sha256: str
    brain: Brain
    n_golden: int
    held_out: HeldOutRows | None = None
    trained_on: TrainedOn | None = None


def load_bundle(folder: Path, *, trusted_encoders: Collection[str] = ()) -> Bundle:
    """Load and verify the bundle in a folder.

    trusted_encoders: sentence-transformers models (hub names or folders) that a bundle may name. Their own library
    loads them from outside the bundle, so the operator must trust them; a static or onnx encoder needs no entry.
    Raises BundleMissing, BundleSchema or BundleCorrupt, naming file and key; never executes anything from the folder.
    """
    raw = read_limited(folder, layout.MANIFEST)
    manifest = parse_manifest(_decode(raw, folder / layout.MANIFEST), where=str(folder / layout.MANIFEST))
    files = {name: _read_checked(folder, name, manifest) for name in _needed(manifest)}
    if manifest.signals != SIGNAL_NAMES:
        raise BundleCorrupt(
            f"{folder / layout.MANIFEST}: signals: this program computes {len(SIGNAL_NAMES)} signals "
            f"({', '.join(SIGNAL_NAMES)}), the bundle expects {', '.join(manifest.signals)}. Fit it again."
        )
    encoder = _load_encoder(manifest.encoder, files, folder, trusted=trusted_encoders)
    brain = _build_brain(manifest, encoder, files, folder)
    golden = folder / layout.GOLDEN
    n_golden = check_golden(_decode(files[layout.GOLDEN], golden), brain, manifest.promise, where=str(golden))
    return Bundle(
        manifest=manifest,
        sha256=hashlib.sha256(raw).hexdigest(),
        brain=brain,
        n_golden=n_golden,
        held_out=_load_held_out(manifest, files, folder),
        trained_on=_load_trained_on(files, folder),
    )


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Check every file that the manifest lists, also those that are not read for serving. Raises BundleError."""
    for name in manifest.files:
        _read_checked(folder, name, manifest)


def read_limited(folder: Path, name: str) -> bytes:
    """The bytes of a bundle's file. Raises BundleMissing, or BundleCorrupt when it is larger than allowed."""
    path = folder / name
    limit = layout.MAX_BYTES[name]
    if path.exists() and not path.is_file():
        raise BundleMissing(f"{path}: is not a regular file.")
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as exc:
        cure = 'Run "make train", or name a folder that holds a bundle.'
        raise BundleMissing(f"{path}: cannot be read ({exc.strerror}). {cure}") from exc
    if len(raw) > limit:
        raise BundleCorrupt(f"{path}: is larger than the {limit:,} bytes that this file may have.")
    return raw


def load_static_encoder(
    table: bytes, tokenizer: bytes, spec: EncoderSpec, *, where: str, pieces: bytes | None = None
) -> StaticEncoder:
    """A token-table encoder from its files' bytes; pieces: of the vocabulary of its own for n-grams and domain.

    Raises BundleCorrupt.
    """
    tensors = read_tensors(table, Path(where) / layout.TABLE)
    name = f"{where}/{layout.TABLE}"
    parsed = load_tokenizer(tokenizer, where=f"{where}/{layout.TOKENIZER}")
    shape = (parsed.get_vocab_size(), spec.dim)
    packed = _packed(tensors, shape, where=name)
    if packed is not None:
        tensors = {**tensors, "table": packed.unpacked()}
    own = None if pieces is None else load_tokenizer(pieces, where=f"{where}/{layout.PIECES}")
    return StaticEncoder(
        spec=spec,
        tokens=TokenIds.of(parsed),
        table=tensor_of(tensors, "table", shape=shape, dtype=np.dtype(np.int8), where=name),
        weights=tensor_of(tensors, "weights", shape=shape[:1], dtype=np.dtype(np.float32), where=name),
        pieces=None if own is None else TokenIds.of(own),
        packed=packed,
    )


def _packed(tensors: Tensors, shape: tuple[int, int], *, where: str) -> PackedTable | None:
    """The packed table of a file that holds one; None for a table as it is. Raises BundleCorrupt."""
    if "codes" not in tensors:
        return None
    try:
        return PackedTable.of(tensors["codes"], tensors.get("codebooks"), shape=shape)
    except ValueError as exc:
        raise BundleCorrupt(f"{where}: {exc}") from exc


def load_onnx_encoder(network: bytes, tokenizer: bytes, spec: EncoderSpec, *, where: str) -> OnnxEncoder:
    """A transformer encoder from its two files' bytes. Raises BundleCorrupt, BundleMissing without onnxruntime."""
    parsed = load_tokenizer(tokenizer, where=f"{where}/{layout.TOKENIZER}")
    try:
        marks_of(parsed)
    except ValueError as exc:
        raise BundleCorrupt(f"{where}/{layout.TOKENIZER}: {exc}") from exc
    try:
        return OnnxEncoder.of(network, parsed, spec)
    except MissingExtra as exc:
        raise BundleMissing(f"{where}: {exc}") from exc
    except ValueError as exc:
        raise BundleCorrupt(f"{where}/{layout.NETWORK}: {exc}") from exc


def onnx_encoder_sha256(network: bytes, tokenizer: bytes) -> str:
    """The digest that identifies a transformer encoder: over its network's bytes, then its tokenizer's."""
    return static_encoder_sha256(network, tokenizer)


def static_encoder_sha256(*files: bytes) -> str:
    """The digest that identifies a token-table encoder: over its table's bytes, its tokenizer's, then its pieces'."""
    return hashlib.sha256(b"".join(hashlib.sha256(raw).digest() for raw in files)).hexdigest()


def _needed(manifest: Manifest) -> tuple[str, ...]:
    ngrams = (layout.NGRAMS,) if layout.NGRAMS in manifest.files else ()
    tasks = (layout.TASKS,) if manifest.tasks else ()
    held_out = (layout.HELD_OUT,) if manifest.held_out is not None else ()
    trained_on = (layout.TRAINED_ON,) if layout.TRAINED_ON in manifest.files else ()
    pieces = (layout.PIECES,) if manifest.encoder.kind == "static" and layout.PIECES in manifest.files else ()
    encoder = layout.ENCODER_FILES[manifest.encoder.kind]
    return (*layout.REQUIRED, *ngrams, *tasks, *held_out, *trained_on, *encoder, *pieces)


def _read_checked(folder: Path, name: str, manifest: Manifest) -> bytes:
    expected = manifest.files.get(name)
    if expected is None:
        raise BundleCorrupt(f"{folder / layout.MANIFEST}: files: {name} is missing.")
    raw = read_limited(folder, name)
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise BundleCorrupt(
            f"{folder / name}: sha256 is {found[:12]}..., the manifest says {expected[:12]}...: "
            "the file was changed or cut off. Copy the bundle again from its source."
        )
    return raw


def _decode(raw: bytes, path: Path) -> object:
    try:
        return decode_json(raw)
    except ValueError as exc:
        raise BundleCorrupt(f"{path}: not JSON ({exc}).") from exc


def _load_encoder(spec: EncoderSpec, files: dict[str, bytes], folder: Path, *, trusted: Collection[str]) -> Encoder:
    if spec.kind == "static":
        table, tokenizer, pieces = files[layout.TABLE], files[layout.TOKENIZER], files.get(layout.PIECES)
        if static_encoder_sha256(table, tokenizer, *([] if pieces is None else [pieces])) != spec.sha256:
            raise BundleCorrupt(f"{folder / layout.MANIFEST}: encoder: sha256 is not that of the encoder's files.")
        return load_static_encoder(table, tokenizer, spec, where=str(folder), pieces=pieces)
    if spec.kind == "onnx":
        network, tokenizer = files[layout.NETWORK], files[layout.TOKENIZER]
        if onnx_encoder_sha256(network, tokenizer) != spec.sha256:
            raise BundleCorrupt(f"{folder / layout.MANIFEST}: encoder: sha256 is not that of the encoder's files.")
        return load_onnx_encoder(network, tokenizer, spec, where=str(folder))
    if spec.model_id not in trusted:
        raise BundleError(
            f"{folder / layout.MANIFEST}: encoder: {spec.model_id!r} would be loaded from outside the bundle. If you "
            f'trust it, allow it in the configuration: trusted_encoders = ["{spec.model_id}"].'
        )
    return _load_sentence_transformer(spec, folder)


def _load_sentence_transformer(spec: EncoderSpec, folder: Path) -> Encoder:
    from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder

    try:
        encoder = SentenceTransformerEncoder(spec.model_id, model_id=spec.model_id)
    except (OSError, ValueError) as exc:
        raise BundleMissing(f"{folder}: the encoder {spec.model_id} cannot be loaded ({exc}).") from exc
    except MissingExtra as exc:
        raise BundleMissing(f"{folder}: {exc}") from exc
    if encoder.spec.dim != spec.dim:
        raise BundleCorrupt(f"{folder}: the encoder gives {encoder.spec.dim} dimensions, the manifest says {spec.dim}.")
    if encoder.spec.sha256 != spec.sha256:
        raise BundleCorrupt(f"{folder}: the weights of {spec.model_id} are not those that the bundle was fitted with.")
    return encoder


def _build_brain(manifest: Manifest, encoder: Encoder, files: dict[str, bytes], folder: Path) -> Brain:
    where = str(folder / layout.HEADS)
    tensors = read_tensors(files[layout.HEADS], folder / layout.HEADS)
    n_heads = len(manifest.tiers)
    n_signals = len(manifest.signals)
    double, single = np.dtype(np.float64), np.dtype(np.float32)
    deviation = tensor_of(tensors, "signal_deviation", shape=(n_signals,), dtype=single, where=where)
    if not (deviation > 0).all():
        raise BundleCorrupt(f"{where}: signal_deviation: expected numbers above 0.")
    form = tensor_of(tensors, "domain_form", shape=(3,), dtype=double, where=where)
    if form[2] not in POWERS:
        raise BundleCorrupt(f"{where}: domain_form: expected a power of {' or '.join(map(str, POWERS))}.")
    return Brain(
        tiers=manifest.tiers,
        encoder=encoder,
        signal_scale=SignalScale(
            mean=tensor_of(tensors, "signal_mean", shape=(n_signals,), dtype=single, where=where), deviation=deviation
        ),
        heads=LinearHeads(
            coef=tensor_of(tensors, "coef", shape=(n_heads, encoder.n_features + n_signals), dtype=double, where=where),
            intercept=tensor_of(tensors, "intercept", shape=(n_heads,), dtype=double, where=where),
        ),
        calibration=_load_calibration(manifest, tensors, where),
        domain=Domain(
            weights=tensor_of(
                tensors, "domain_weights", shape=(encoder.n_tokens,), dtype=np.dtype(np.int8), where=where
            ),
            step=float(form[0]),
            intercept=float(form[1]),
            power=float(form[2]),
            max_distance=manifest.max_domain_distance,
            most=_load_most(tensors, where),
        ),
        ngrams=_load_ngrams(files[layout.NGRAMS], folder / layout.NGRAMS, n_heads) if layout.NGRAMS in files else None,
        tasks=_load_tasks(manifest, encoder, files[layout.TASKS], folder / layout.TASKS) if manifest.tasks else None,
    )


def _load_held_out(manifest: Manifest, files: dict[str, bytes], folder: Path) -> HeldOutRows | None:
    if manifest.held_out is None:
        return None
    path = folder / layout.HELD_OUT
    return load_held_out(files[layout.HELD_OUT], manifest.held_out, n_tiers=len(manifest.tiers), path=path)


def _load_trained_on(files: dict[str, bytes], folder: Path) -> TrainedOn | None:
    if layout.TRAINED_ON not in files:
        return None
    path = folder / layout.TRAINED_ON
    tensors, where = read_tensors(files[layout.TRAINED_ON], path), str(path)
    marks = tensors.get("marks")
    shape = marks.shape if marks is not None and marks.ndim == 1 else (0,)
    marks = tensor_of(tensors, "marks", shape=shape, dtype=np.dtype(np.uint32), where=where)
    if (marks[1:] <= marks[:-1]).any():
        raise BundleCorrupt(f"{where}: marks: expected ascending numbers.")
    salt = tensor_of(tensors, "salt", shape=(SALT_BYTES,), dtype=np.dtype(np.uint8), where=where)
    return TrainedOn(salt=salt, marks=marks)


def _load_most(tensors: Tensors, where: str) -> Progress:
    most = tensor_of(tensors, "domain_most", shape=(len(MEASURES),), dtype=np.dtype(np.float64), where=where)
    if ((most < 0) | (most > LARGEST_MEASURE) | (most != np.floor(most))).any():
        raise BundleCorrupt(f"{where}: domain_most: expected whole numbers from 0 to {LARGEST_MEASURE:g}.")
    return Progress(**{name: int(value) for (name, _), value in zip(MEASURES, most.tolist(), strict=True)})


def _load_tasks(manifest: Manifest, encoder: Encoder, raw: bytes, path: Path) -> TaskHead:
    tensors = read_tensors(raw, path)
    n_tasks, double = len(manifest.tasks), np.dtype(np.float64)
    n_features = encoder.n_features + len(manifest.signals)
    return TaskHead(
        names=manifest.tasks,
        coef=tensor_of(tensors, "coef", shape=(n_tasks, n_features), dtype=double, where=str(path)),
        intercept=tensor_of(tensors, "intercept", shape=(n_tasks,), dtype=double, where=str(path)),
        ngrams=_load_ngrams(raw, path, n_tasks) if "normalise_all" in tensors else None,
    )


def _load_ngrams(raw: bytes, path: Path, n_heads: int) -> NgramTable:
    tensors = read_tensors(raw, path)
    weights, steps, known = [], [], []
    for name in BLOCKS:
        keys = tensors.get(f"{name}_keys")
        shape = keys.shape if keys is not None and keys.ndim == 1 else (0,)
        keys = tensor_of(tensors, f"{name}_keys", shape=shape, dtype=np.dtype(np.int32), where=str(path))
        if keys.size and (keys[0] < 0 or keys[-1] >= N_BUCKETS or (keys[1:] <= keys[:-1]).any()):
            raise BundleCorrupt(f"{path}: {name}_keys: expected ascending numbers in 0..{N_BUCKETS - 1}.")
        block = np.zeros((N_BUCKETS, n_heads), dtype=np.int8)
        block[keys] = tensor_of(
            tensors, f"{name}_weights", shape=(*shape, n_heads), dtype=np.dtype(np.int8), where=str(path)
        )
        seen = np.zeros(N_BUCKETS, dtype=np.bool_)
        seen[keys] = True
        weights.append(block)
        known.append(seen)
        steps.append(tensor_of(tensors, f"{name}_steps", shape=(n_heads,), dtype=np.dtype(np.float64), where=str(path)))
    flag = tensor_of(tensors, "normalise_all", shape=(1,), dtype=np.dtype(np.uint8), where=str(path))
    return NgramTable(weights=tuple(weights), steps=tuple(steps), known=tuple(known), normalise_all=bool(flag[0]))


def _load_calibration(manifest: Manifest, tensors: Tensors, where: str) -> Calibration:
    n_heads = len(manifest.tiers)
    double = np.dtype(np.float64)
    if manifest.calibration == "sigmoid":
        a, b = (tensor_of(tensors, f"sigmoid_{key}", shape=(n_heads,), dtype=double, where=where) for key in "ab")
        return SigmoidCalibration(a=a, b=b)
    knots = []
    for head in range(n_heads):
        x = tensors.get(f"isotonic_x_{head}")
        shape = x.shape if x is not None and x.ndim == 1 and x.size else (1,)
        pair = tuple(
            tensor_of(tensors, f"isotonic_{key}_{head}", shape=shape, dtype=double, where=where) for key in "xy"
        )
        for key, numbers in zip("xy", pair, strict=True):
            if (np.diff(numbers) < 0).any():
                raise BundleCorrupt(f"{where}: isotonic_{key}_{head}: expected ascending numbers.")
        if pair[1][0] < 0 or pair[1][-1] > 1:
            raise BundleCorrupt(f"{where}: isotonic_y_{head}: expected numbers in [0, 1].")
        knots.append(pair)
    return IsotonicCalibration(x=tuple(x for x, _ in knots), y=tuple(y for _, y in knots))
