"""multilingual-e5-small with fewer pieces: the same vectors for those that stay, and a folder that is fine-tuned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from router.brain.encoders import TokenIds
from router.brain.encoders.onnx import marks_of
from tests.training.packaged_file import packaged_file
from training.fitting.fit import load_tokenizer
from training.fitting.network import Network
from training.fitting.packaged_weights import PackagedModel, read_packaged
from training.fitting.small_transformer import write_small_transformer

TEXTS = ["tier route", "\u6f22"]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> PackagedModel:
    path = tmp_path_factory.mktemp("packaged") / "tiny.bin"
    path.write_bytes(packaged_file().raw)
    return read_packaged(path)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("small")
    write_small_transformer(model, TEXTS, folder=folder, n_pieces=20)
    return str(folder)


def test_the_folder_has_the_marks_of_a_bundle_and_the_pieces_of_the_texts(folder):
    tokenizer = load_tokenizer(folder)
    assert marks_of(tokenizer) == (1, 2)
    assert tokenizer.get_vocab_size() == 20 + 3
    tokens = TokenIds.of(tokenizer)
    assert [tokenizer.id_to_token(one) for one in tokens.one("tier route")] == ["\u2581tier", "\u2581route"]
    assert tokens.unknown_id == 0
    assert 0 not in tokens.one("\u6f22")


def test_a_piece_that_stayed_has_its_own_vector_and_so_has_each_mark(model, folder):
    tokenizer = load_tokenizer(folder)
    vectors = Network(folder).bert.embeddings.word_embeddings.weight.detach().numpy()
    own = {"[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>"}
    for piece, at in tokenizer.get_vocab().items():
        np.testing.assert_allclose(vectors[at], model.token_vectors[model.pieces.index(own.get(piece, piece))])


def test_the_network_runs(folder):
    network = Network(folder, n_layers=1).eval()
    with torch.no_grad():
        assert network(torch.tensor([[1, 5, 6, 2]]), torch.zeros(1, 4, dtype=torch.long)).isfinite().all()
