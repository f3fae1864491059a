"""A small fine-tuned transformer in ONNX: ask and window in one sequence, mean-pooled to one vector.

    [CLS] ask (96 pieces, half head, half tail) [SEP] window (48 pieces) [SEP]

The window is the tool result after the ask; else the end of the assistant's last answer and the user turn before it.
onnxruntime is imported when an encoder is created, not at import of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from router.brain.encoders.base import EncoderSpec
from router.brain.encoders.tokens import TokenIds
from router.errors import MissingExtra
from router.jsontext import replace_surrogates
from router.reading import Reading, Turn
from router.reading.crop import crop_middle
from router.reading.read import TOOL_ROLES
from router.types import FloatArray

ASK_PIECES = 96
WINDOW_PIECES = 48
ANSWER_PIECES = WINDOW_PIECES * 5 // 8
BEFORE_PIECES = WINDOW_PIECES - ANSWER_PIECES
TAIL_SHARE = 0.7
"""The end of an answer or a tool result states its outcome: this share of its pieces is kept from the tail."""

MAX_PIECES = 1 + ASK_PIECES + 1 + ANSWER_PIECES + 1 + BEFORE_PIECES + 1
"""The longest possible sequence, marks included."""

_LIMIT_CHARS = 2_000

_LOG_FATAL = 4
_EXTERNAL_DATA = b"location"
"""The key with which a network names another file, which onnxruntime would read from the working directory."""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxEncoder:
    """The transformer encoder.

    spec: its identity; max_tokens is that of the whole sequence.  tokens: text to piece ids.
    network: the ONNX file's bytes.  session: the onnxruntime session on it, one thread.  cls, sep: ids of the marks.
    """

    spec: EncoderSpec
    tokens: TokenIds
    network: bytes
    session: Any
    cls: int
    sep: int

    @classmethod
    def of(cls, network: bytes, tokenizer: Tokenizer, spec: EncoderSpec) -> OnnxEncoder:
        """An encoder from a network's bytes.

        Raises MissingExtra without onnxruntime, ValueError for an unusable network or tokenizer.
        """
        try:
            import onnxruntime
        except ImportError as exc:
            raise MissingExtra(f"the encoder {spec.model_id}", extra="onnx") from exc
        cls_id, sep_id = marks_of(tokenizer)
        if _EXTERNAL_DATA in network:
            raise ValueError("the network keeps weights in other files; expected all of them in this one.")
        options = onnxruntime.SessionOptions()
        # One thread per decision: the service makes many at once, and sums are then the same on every machine.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena would keep the largest amount ever used
        options.log_severity_level = _LOG_FATAL
        options.add_session_config_entry("session.load_model_format", "ONNX")
        # Without VNNI, onnxruntime's int8 products saturate: on AVX2 losses moved by up to 0.042. Exact there, it takes
        # 15% longer; a CPU with VNNI ignores the setting.
        options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as exc:
            # onnxruntime's errors have no public base class in common; each means that the network cannot be used.
            raise ValueError(f"not a network that can be run ({type(exc).__name__}).") from exc
        encoder = cls(spec, TokenIds.of(tokenizer), network, session, cls_id, sep_id)
        encoder._probe()
        return encoder

    @property
    def n_features(self) -> int:
        """One vector of `dim` numbers."""
        return self.spec.dim

    @property
    def n_tokens(self) -> int:
        """How many token ids there are."""
        return int(self.tokens.tokenizer.get_vocab_size())

    @property
    def unknown_id(self) -> int:
        """The id of [UNK]; -1 if there is none."""
        return self.tokens.unknown_id

    def token_text(self, token_id: int) -> str:
        """The text of a token id, as the vocabulary writes it."""
        return self.tokens.tokenizer.id_to_token(token_id) or ""

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The piece ids of each text, head and tail of 2,000 characters."""
        return self.tokens.many([prepare_text(text) for text in texts])

    def encode_readings(self, readings: Sequence[Reading]) -> FloatArray:
        """One row per reading: (n_readings, dim) float32 of unit length."""
        out = np.zeros((len(readings), self.spec.dim), dtype=np.float32)
        for row, reading in enumerate(readings):
            vector = self._run(*self.sequence(reading))[0]
            out[row] = vector / max(float(np.sqrt(vector @ vector)), 1e-12)
        return out

    def sequence(self, reading: Reading) -> tuple[list[int], list[int]]:
        """(piece ids, segment of each): the ask is segment 0, the window segment 1."""
        return pair_sequence(self.tokens, reading, cls=self.cls, sep=self.sep)

    def _run(self, ids: list[int], kinds: list[int]) -> Any:
        """The network's first output for one sequence: (1, dim) float32 after `_probe`."""
        feed = {"input_ids": np.array([ids], dtype=np.int64), "token_type_ids": np.array([kinds], dtype=np.int64)}
        return self.session.run(None, feed)[0]

    def _probe(self) -> None:
        """Run the longest sequence with the largest piece id, so that a faulty network fails now, not while serving.

        Raises ValueError for a network that fails or returns anything but a vector of `dim` numbers.
        """
        ids = [*([0] * (MAX_PIECES - 1)), self.n_tokens - 1]
        try:
            found = self._run(ids, [0] * (MAX_PIECES - 1) + [1])
        except Exception as exc:
            # Broad for the same reason as above.
            raise ValueError(
                f"expected inputs input_ids and token_type_ids, of up to {MAX_PIECES} ids below {self.n_tokens} "
                f"({type(exc).__name__})."
            ) from exc
        if not isinstance(found, np.ndarray) or found.shape != (1, self.spec.dim) or found.dtype != np.float32:
            raise ValueError(f"expected an output of {self.spec.dim} numbers for a sequence.")


def marks_of(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids of [CLS] and [SEP]. Raises ValueError for a tokenizer without them."""
    cls_id, sep_id = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if cls_id is None or sep_id is None:
        raise ValueError("expected a vocabulary with [CLS] and [SEP].")
    return cls_id, sep_id


def pair_sequence(tokens: TokenIds, reading: Reading, *, cls: int, sep: int) -> tuple[list[int], list[int]]:
    """The transformer's input: (piece ids, segment of each); the same in training and serving."""
    ids = [cls, *_crop(tokens.one(prepare_text(reading.ask)), ASK_PIECES, tail_share=0.5), sep]
    kinds = [0] * len(ids)
    for text, n_pieces, tail_share in _window_parts(reading):
        part = _crop(tokens.one(prepare_text(text)), n_pieces, tail_share=tail_share)
        ids += [*part, sep]
        kinds += [1] * (len(part) + 1)
    return ids, kinds


def _window_parts(reading: Reading) -> list[tuple[str, int, float]]:
    """(text, pieces to keep, share of them from the tail) of each part of the window."""
    before, after = _around_ask(reading)
    tools = [turn for turn in after if turn.role in TOOL_ROLES]
    if tools:
        return [(tools[-1].text, WINDOW_PIECES, TAIL_SHARE)]
    answers = [turn.text for turn in before if turn.role == "assistant"]
    users = [turn.text for turn in before if turn.role == "user"]
    return [
        *((text, ANSWER_PIECES, TAIL_SHARE) for text in answers[-1:]),
        *((text, BEFORE_PIECES, 0.5) for text in users[-1:]),
    ]


def _around_ask(reading: Reading) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """The turns before the ask and after it."""
    for position in range(len(reading.turns) - 1, -1, -1):
        if reading.turns[position].role == "user":
            return reading.turns[:position], reading.turns[position + 1 :]
    # Without a user turn the ask is the last turn, if that has text.
    return (reading.turns[:-1] if reading.ask else reading.turns), ()


def _crop(ids: list[int], limit: int, *, tail_share: float) -> list[int]:
    if len(ids) <= limit:
        return ids
    n_tail = round(limit * tail_share)
    return ids[: limit - n_tail] + ids[len(ids) - n_tail :]


def prepare_text(text: str) -> str:
    """A text as the tokenizer receives it: head and tail of 2,000 characters, without lone surrogates."""
    cropped = crop_middle(text, limit_chars=_LIMIT_CHARS)
    return cropped if cropped.isascii() else replace_surrogates(cropped)
