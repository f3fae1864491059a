"""The transformer that is fine-tuned, and its export to an int8 ONNX file."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel

Sequences: TypeAlias = Sequence[tuple[list[int], list[int]]]
"""(piece ids, segment of each) of each row, as the service's `pair_sequence` gives them."""


class Network(nn.Module):
    """BERT layers and mean pooling, spelled out.

    torch's fused attention is slower backwards on a CPU, and without a mask (one row, no padding) the exported graph
    has no mask arithmetic in it.
    """

    def __init__(self, model_path: str, *, n_layers: int | None = None) -> None:
        """Load the pre-trained weights of a folder; the word embeddings stay as they are.

        n_layers: how many of its layers to keep, from the first on; None for all.
        """
        super().__init__()
        self.bert: Any = BertModel.from_pretrained(model_path, add_pooling_layer=False)
        self.bert.encoder.layer = self.bert.encoder.layer[:n_layers]
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.bert.config.hidden_size)

    def pooled(
        self,
        input_ids: torch.Tensor,
        token_type_ids: torch.Tensor,
        mask: torch.Tensor | None = None,
        *,
        dropout: float = 0.0,
    ) -> torch.Tensor:
        """The mean of the last layer's states: (n, dim) float32; mask: (n, length) 1 for pieces, 0 for padding.

        dropout: share of the states' dimensions left out, the same ones at every position of a row: to draw them
        for each position took a quarter of a training step.
        """
        embeddings = self.bert.embeddings

        def drop(state: torch.Tensor) -> torch.Tensor:
            if dropout == 0.0:
                return state
            kept = torch.rand(state.shape[0], 1, state.shape[2]) >= dropout
            return state * (kept.to(state.dtype) / (1.0 - dropout))

        positions = embeddings.position_embeddings.weight[: input_ids.shape[1]]
        words = embeddings.word_embeddings(input_ids) + embeddings.token_type_embeddings(token_type_ids)
        state = drop(embeddings.LayerNorm(words + positions))
        shut = None if mask is None else ((mask[:, None, None, :] - 1.0) * 1e4).to(state.dtype)
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


SMOOTHING = 0.8
"""How much of an input's range goes into its weights before they are quantised: see `_smoothed`."""


class _Smoothed(nn.Module):
    """A linear layer whose inputs are divided by `scale` (n_inputs,) and its weights multiplied by it."""

    def __init__(self, linear: nn.Linear, scale: torch.Tensor) -> None:
        super().__init__()
        self.inverse = nn.Parameter(1.0 / scale, requires_grad=False)
        self.linear = nn.Linear(linear.in_features, linear.out_features)
        self.linear.weight.data = linear.weight.data * scale
        self.linear.bias.data = linear.bias.data

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """The layer's own output."""
        out: torch.Tensor = self.linear(state * self.inverse)
        return out


def _smoothed(network: Network, examples: Sequences) -> Network:
    """The same function, with inputs of the linear layers brought to like ranges.

    A few dimensions of multilingual-e5's states are ten times as large as the others, and one step for all of them
    leaves 4 bits to the others: its int8 vectors had a cosine of 0.979 with the exact ones; so they have 0.998.
    Source: Xiao et al. 2023, SmoothQuant (arXiv 2211.10438), with alpha = SMOOTHING.
    """
    ranges = _input_ranges(network, examples)
    smooth = copy.deepcopy(network)
    for name, largest in ranges.items():
        linear = smooth.get_submodule(name)
        assert isinstance(linear, nn.Linear)
        weights = linear.weight.detach().abs().amax(0).clamp(min=1e-4)
        scale = largest.clamp(min=1e-4) ** SMOOTHING / weights ** (1.0 - SMOOTHING)
        parent, _, own = name.rpartition(".")
        setattr(smooth.get_submodule(parent), own, _Smoothed(linear, (scale / scale.mean()).clamp(min=1e-3)))
    return smooth


def _input_ranges(network: Network, examples: Sequences) -> dict[str, torch.Tensor]:
    """The largest absolute value of each input of each linear layer, over the examples: name to (n_inputs,)."""
    largest: dict[str, torch.Tensor] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...], torch.Tensor], None]:
        def seen(_: nn.Module, inputs: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
            found = inputs[0].detach().abs().flatten(0, -2).amax(0)
            largest[name] = torch.maximum(largest[name], found) if name in largest else found

        return seen

    linears = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    hooks = [module.register_forward_hook(watch(name)) for name, module in linears]
    with torch.no_grad():
        for ids, kinds in examples:
            network(torch.tensor([ids]), torch.tensor([kinds]))
    for hook in hooks:
        hook.remove()
    return largest


def export_int8(network: Network, examples: Sequences) -> bytes:
    """The network as an ONNX file: batch of one, any length, int8 weights for each channel, also of the embeddings.

    examples: (piece ids, segments) of a few hundred rows, whose states show the ranges to quantise for.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = torch.ones(1, 16, dtype=torch.long)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations, which do not concern the file
        exact, small = Path(folder) / "exact.onnx", Path(folder) / "int8.onnx"
        torch.onnx.export(
            _smoothed(network, examples),
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
