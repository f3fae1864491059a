"""A real ONNX network of a few kilobytes that numpy can check.

state = words[input_ids] + kinds[token_type_ids] + positions[:n]        embedding = mean(tanh(state))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyNetwork:
    """What the network is made of; the defaults are sound, and each can be set to something that is not.

    scale: factor of all vectors.  inputs: names of the two inputs.  input_type: their element type.
    output_shape: as the file declares it; None for (1, dim).  pooled: whether the output is the mean.
    output_type: element type that the output is cast to; 0 for float without a cast.
    location: the file in which the word vectors are said to be; "" for the network itself.
    """

    n_tokens: int
    dim: int = 8
    n_positions: int = 512
    scale: float = 1.0
    inputs: tuple[str, str] = ("input_ids", "token_type_ids")
    input_type: int = TensorProto.INT64
    output_shape: tuple[int | str, ...] | None = None
    output_type: int = 0
    pooled: bool = True
    location: str = ""

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """The vectors of words, kinds and positions."""
        rng = np.random.default_rng(5)
        rows = {"words": self.n_tokens, "kinds": 2, "positions": self.n_positions}
        scale = np.float32(self.scale)
        return {name: scale * rng.normal(0.0, 0.7, size=(n, self.dim)).astype(np.float32) for name, n in rows.items()}

    def embedding(self, ids: Sequence[int], kinds: Sequence[int]) -> npt.NDArray[np.float64]:
        """What the network gives for one sequence, computed by numpy."""
        words, segments, positions = (array.astype(np.float64) for array in self.arrays().values())
        state = words[list(ids)] + segments[list(kinds)] + positions[: len(ids)]
        return np.asarray(np.tanh(state).mean(axis=0))

    def to_bytes(self) -> bytes:
        """The ONNX file."""
        ids, kinds = self.inputs
        nodes = [
            helper.make_node("Gather", ["words", ids], ["word"]),
            helper.make_node("Gather", ["kinds", kinds], ["kind"]),
            helper.make_node("Shape", [ids], ["length"], start=1, end=2),
            helper.make_node("Slice", ["positions", "zero", "length", "zero"], ["position"]),
            helper.make_node("Sum", ["word", "kind", "position"], ["state"]),
            helper.make_node("Tanh", ["state"], ["bent"]),
            helper.make_node("ReduceMean", ["bent"], ["mean"], axes=[1], keepdims=0),
            helper.make_node("Cast", ["mean" if self.pooled else "bent"], ["embedding"], to=self.output_type or 1),
        ]
        shape = (1, self.dim) if self.output_shape is None else self.output_shape
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info(name, self.input_type, (1, "n")) for name in self.inputs],
            [helper.make_tensor_value_info("embedding", self.output_type or TensorProto.FLOAT, shape)],
            [
                *(numpy_helper.from_array(array, name) for name, array in self.arrays().items()),
                numpy_helper.from_array(np.zeros(1, dtype=np.int64), "zero"),
            ],
        )
        if self.location:
            words: onnx.TensorProto = graph.initializer[0]
            words.ClearField("raw_data")
            words.data_location = TensorProto.EXTERNAL
            words.external_data.add(key="location", value=self.location)
        opset = helper.make_opsetid("", 17)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        return bytes(model.SerializeToString())
