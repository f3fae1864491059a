"""Which rows a bundle was fitted on: 32 bits of a salted hash for each of their texts.

They answer "was this row among them?" and hold no text. A guessed text can be confirmed with the bundle at hand, as
the salt is in the file; a text that was not guessed cannot be computed back from 32 bits. An unseen text is taken for a
seen one once in 2**32 / n_marks texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SALT_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class TrainedOn:
    """The marks of the rows that a bundle was fitted on.

    salt: (SALT_BYTES,) uint8, of this bundle's rows alone, so that marks of two bundles say nothing about each other.
    marks: (n,) uint32, ascending, each once.
    """

    salt: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, texts: Iterable[str]) -> TrainedOn:
        """The marks of some texts; the salt follows from them, so that the same rows give the same bytes.

        >>> TrainedOn.of(["a", "b"]).seen([["b"], ["c"], []]).tolist()
        [True, False, False]
        """
        known = sorted(set(texts))
        digests = b"".join(hashlib.sha256(_bytes(text)).digest() for text in known)
        salt = hashlib.sha256(digests).digest()[:SALT_BYTES]
        marks = np.unique(np.array([_mark(salt, text) for text in known], dtype=np.uint32))
        return cls(np.frombuffer(salt, dtype=np.uint8), marks)

    def seen(self, texts_of_rows: Iterable[Sequence[str]]) -> npt.NDArray[np.bool_]:
        """(n,) whether any text of each row is among those fitted on."""
        salt, known = self.salt.tobytes(), set(self.marks.tolist())
        return np.array([any(_mark(salt, text) in known for text in texts) for texts in texts_of_rows], dtype=np.bool_)


def _mark(salt: bytes, text: str) -> int:
    return int.from_bytes(hashlib.sha256(salt + _bytes(text)).digest()[:4], "little")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
