"""The transformer spelled out: the same as the library's, whatever the padding, and the same again in int8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from transformers import BertModel

from router.brain.encoders import EncoderSpec, OnnxEncoder
from tests.training import fits
from training.fitting.fit import load_tokenizer
from training.fitting.network import Network, export_int8

IDS = torch.tensor([[2, 57, 10, 11, 3, 58, 3], [2, 12, 3, 30, 31, 58, 3]])
SEGMENTS = torch.tensor([[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1]])
EXAMPLES = list(zip(IDS.tolist(), SEGMENTS.tolist(), strict=True))


@pytest.fixture(scope="module")
def network(tiny_bert) -> Network:
    return Network(str(tiny_bert)).eval()


@pytest.fixture(scope="module")
def exported(network) -> bytes:
    return export_int8(network, EXAMPLES)


def encoder_of(exported: bytes, tiny_bert) -> OnnxEncoder:
    spec = EncoderSpec(kind="onnx", model_id="tiny", dim=32, max_tokens=144, sha256="0" * 64)
    return OnnxEncoder.of(exported, load_tokenizer(str(tiny_bert)), spec)


def test_it_pools_what_the_librarys_own_layers_give(network, tiny_bert):
    theirs = BertModel.from_pretrained(tiny_bert, add_pooling_layer=False).eval()
    with torch.no_grad():
        expected = theirs(input_ids=IDS, token_type_ids=SEGMENTS).last_hidden_state.mean(1)
        np.testing.assert_allclose(network(IDS, SEGMENTS), expected, rtol=0, atol=1e-5)


def test_padding_changes_nothing(network):
    padding = torch.zeros(2, 5, dtype=torch.long)
    mask = torch.cat([torch.ones(2, 7, dtype=torch.long), padding], 1)
    with torch.no_grad():
        padded = network.pooled(torch.cat([IDS, padding], 1), torch.cat([SEGMENTS, padding], 1), mask)
        np.testing.assert_allclose(padded, network(IDS, SEGMENTS), rtol=0, atol=1e-5)


def test_the_segment_of_a_piece_and_its_place_matter(network):
    with torch.no_grad():
        plain = network(IDS, SEGMENTS)
        assert (network(IDS, 1 - SEGMENTS) - plain).abs().max() > 1e-3
        assert (network(IDS.flip(1), SEGMENTS.flip(1)) - plain).abs().max() > 1e-3


def test_it_drops_out_where_it_is_told_to(network):
    with torch.no_grad():
        assert torch.equal(network(IDS, SEGMENTS), network(IDS, SEGMENTS))
        dropped = [network.pooled(IDS, SEGMENTS, dropout=0.3) for _ in range(2)]
        assert not torch.equal(*dropped)


def test_the_word_embeddings_do_not_learn(network):
    frozen = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert frozen == ["bert.embeddings.word_embeddings.weight"]


def test_the_exported_file_is_served_and_its_vectors_are_close(network, exported, tiny_bert):
    encoder = encoder_of(exported, tiny_bert)
    readings = [*fits.traffic_data().readings[:8], *fits.traffic_data().readings[320:328]]
    served = encoder.encode_readings(readings)
    np.testing.assert_allclose(np.linalg.norm(served, axis=1), 1.0, atol=1e-6)
    for vector, reading in zip(served, readings, strict=True):
        ids, kinds = (torch.tensor([part]) for part in encoder.sequence(reading))
        with torch.no_grad():
            exact = network(ids, kinds)[0].numpy()
        assert vector @ exact / np.linalg.norm(exact) > 0.995


def test_no_reading_is_too_long_too_short_or_too_strange_for_the_exported_file(exported, tiny_bert):
    encoder = encoder_of(exported, tiny_bert)
    reading = fits.traffic_data().readings[0]
    texts = ["", " ", "route " * 5_000, "x" * 100_000, "\u8bf7 \U0001f600 \ud800"]
    vectors = encoder.encode_readings([replace(reading, ask=text) for text in texts])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_the_same_network_is_exported_to_the_same_bytes_and_in_int8(network, exported):
    assert export_int8(network, EXAMPLES) == exported
    parts = onnx.load_from_string(exported).graph.initializer
    matrices = [part for part in parts if len(part.dims) == 2 and list(part.dims) != [160, 32]]  # but the positions
    assert len(matrices) == 2 + 2 * 6, "words and segments, and six matrices a layer"
    assert {part.data_type for part in matrices} <= {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}


def test_it_keeps_its_first_layers(tiny_bert):
    whole, cut = Network(str(tiny_bert)), Network(str(tiny_bert), n_layers=1)
    assert (len(whole.bert.encoder.layer), len(cut.bert.encoder.layer)) == (2, 1)
    first = [module.state_dict() for module in (whole.bert.encoder.layer[0], cut.bert.encoder.layer[0])]
    assert all(torch.equal(first[0][name], value) for name, value in first[1].items())


def test_a_few_dimensions_far_larger_than_the_others_do_not_spoil_int8(tiny_bert):
    network = Network(str(tiny_bert)).eval()
    with torch.no_grad():
        for layer in network.bert.encoder.layer:
            layer.attention.output.LayerNorm.weight[:2] *= 40.0
            layer.output.LayerNorm.weight[:2] *= 40.0
    encoder = encoder_of(export_int8(network, EXAMPLES), tiny_bert)
    for ids, kinds in EXAMPLES:
        served = encoder._run(ids, kinds)[0]
        with torch.no_grad():
            exact = network(torch.tensor([ids]), torch.tensor([kinds]))[0].numpy()
        assert served @ exact / np.linalg.norm(served) / np.linalg.norm(exact) > 0.995
