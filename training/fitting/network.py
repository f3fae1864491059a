"""The transformer that is fine-tuned, and its export to an int8 ONNX file."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel


class Network(nn.Module):
    """BERT layers and mean pooling, spelled out.

    torch's fused attention is slower backwards on a CPU, and without a mask (one row, no padding) the exported graph
    has no mask arithmetic in it.
    """

    def __init__(self, model_path: str) -> None:
        """Load the pre-trained weights of a folder; the word embeddings stay as they are."""
        super().__init__()
        self.bert: Any = BertModel.from_pretrained(model_path, add_pooling_layer=False)
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)

    def pooled(
        self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The mean of the last layer's states: (n, dim); mask: (n, length) 1 for pieces, 0 for padding."""
        embeddings = self.bert.embeddings
        rate = 0.1 if self.training else 0.0

        def drop(state: torch.Tensor) -> torch.Tensor:
            return functional.dropout(state, rate, self.training)

        positions = embeddings.position_embeddings.weight[: input_ids.shape[1]]
        words = embeddings.word_embeddings(input_ids) + embeddings.token_type_embeddings(token_type_ids)
        state = drop(embeddings.LayerNorm(words + positions))
        shut = None if mask is None else (mask[:, None, None, :] - 1.0) * 1e4
        for layer in self.bert.encoder.layer:
            mixed = _attention(layer.attention.self, state, shut)
            state = layer.attention.output.LayerNorm(state + drop(layer.attention.output.dense(mixed)))
            wide = functional.gelu(layer.intermediate.dense(state))
            state = layer.output.LayerNorm(state + drop(layer.output.dense(wide)))
        if mask is None:
            return torch.mean(state, 1)
        weights = mask.unsqueeze(-1).float()
        return torch.sum(state.float() * weights, 1) / weights.sum(1)

    def forward(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        """The pooled state of unpadded rows: what is exported."""
        return self.pooled(input_ids, token_type_ids)


def _attention(attention: Any, state: torch.Tensor, shut: torch.Tensor | None) -> torch.Tensor:
    size = int(attention.attention_head_size)
    heads = [
        part(state).unflatten(-1, (-1, size)).transpose(1, 2)
        for part in (attention.query, attention.key, attention.value)
    ]
    query, key, value = heads
    scores = query @ key.transpose(2, 3) * size**-0.5
    weights = (scores if shut is None else scores + shut).softmax(-1)
    mixed: torch.Tensor = (weights @ value).transpose(1, 2).flatten(2)
    return mixed


def export_int8(network: Network) -> bytes:
    """The network as an ONNX file: batch of one, any length, int8 weights for each channel, also of the embeddings."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = torch.ones(1, 16, dtype=torch.long)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations, which do not concern the file
        exact, small = Path(folder) / "exact.onnx", Path(folder) / "int8.onnx"
        torch.onnx.export(
            network,
            (example, example),
            str(exact),
            input_names=["input_ids", "token_type_ids"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": {1: "n"}, "token_type_ids": {1: "n"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            exact,
            small,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
        )
        return small.read_bytes()
