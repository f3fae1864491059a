"""A tiny model in the format of the package that carries multilingual-e5-small: 4 bits, a unigram vocabulary."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from router.types import FloatArray

WIDTH, INNER, LAYERS, HEADS, POSITIONS, SEGMENTS = 32, 64, 1, 2, 16, 2
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    *"abcdefghijklmnopqrstuvwxyz",
    "\u2581",
    "\u2581tier",
    "\u2581route",
    "\u2581r",
]
PIECES += ["\u6f22", "\u00e9", "er", "<mask>"]
MARK_COUNT = 5
SCORES = [0.0] * 4 + [-5.0] * 26 + [-2.0, -3.0, -3.5, -6.0, -9.0, -9.5, -4.0, 0.0]

_MATRICES = {"q": WIDTH, "k": WIDTH, "v": WIDTH, "ao": WIDTH, "fi": INNER, "fo": WIDTH}


@dataclass(frozen=True)
class PackagedFile:
    """The bytes, and what the tensors in them stand for, by the file's own names."""

    raw: bytes
    tensors: dict[str, FloatArray]


def packaged_file(seed: int = 0) -> PackagedFile:
    """A model of one layer with random weights."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"emb.word": (len(PIECES) + 2, WIDTH), "emb.pos": (POSITIONS, WIDTH)}
    shapes |= {"emb.type": (SEGMENTS, WIDTH), "emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,)}
    for name, rows in _MATRICES.items():
        shapes |= {f"l0.{name}.w": (rows, INNER if name == "fo" else WIDTH), f"l0.{name}.b": (rows,)}
    shapes |= {f"l0.{norm}.{end}": (WIDTH,) for norm in ("aln", "oln") for end in "wb"}
    head = _head()
    directory_bytes = 4 + sum(2 + len(name) + 21 for name in shapes)
    directory, body, tensors = struct.pack("<i", len(shapes)), b"", {}
    for name, shape in shapes.items():
        in_four_bits = name == "emb.word" or (len(shape) == 2 and name.startswith("l"))
        raw, tensors[name] = _four_bits(rng, shape) if in_four_bits else _floats(rng, shape)
        start = len(head) + directory_bytes + len(body)
        size = int(np.prod(shape))
        directory += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", in_four_bits, size, start, len(raw))
        )
        body += raw
    return PackagedFile(head + directory + body, tensors)


def _head() -> bytes:
    texts = [piece.encode() for piece in PIECES]
    ends = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype("<u4")
    sizes = (WIDTH, LAYERS, HEADS, INNER, len(PIECES) + 2, POSITIONS, SEGMENTS)
    normal = struct.pack("<IBI", ord("\u00a0"), 1, ord(" "))
    return b"".join(
        [
            b"E5S1" + struct.pack("<I7ifi", 1, *sizes, 1e-12, 32),
            struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1])),
            ends.tobytes() + np.array(SCORES, dtype="<f4").tobytes() + b"".join(texts),
            struct.pack("<iI", 1, len(normal)) + normal,
        ]
    )


def _floats(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[bytes, FloatArray]:
    values = rng.normal(0.0, 0.1, size=shape).astype("<f4")
    return values.tobytes(), values


def _four_bits(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[bytes, FloatArray]:
    """Blocks of a step in half precision and 32 whole numbers of -8 to 7, two a byte."""
    whole = rng.integers(-8, 8, size=(*shape[:-1], shape[-1] // 32, 32))
    steps = rng.uniform(0.01, 0.1, size=(*whole.shape[:-1], 1)).astype("<f2")
    nibbles = (whole + 8).astype(np.uint8)
    packed = nibbles[..., :16] | (nibbles[..., 16:] << 4)
    raw = np.concatenate([steps.view(np.uint8), packed], axis=-1)
    return raw.tobytes(), (whole * steps.astype(np.float32)).astype(np.float32).reshape(shape)
