"""The packaged model: its weights, its vocabulary, and the folder that transformers opens."""

from __future__ import annotations

import numpy as np
import pytest

from router.errors import DataError, MissingExtra
from tests.training.packaged_file import INNER, LAYERS, PIECES, SCORES, WIDTH, packaged_file
from training.fitting import packaged_weights
from training.fitting.packaged_weights import (
    bert_name,
    full_tokenizer,
    main,
    read_packaged,
    weights_file,
    write_transformer,
)

FILE = packaged_file()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tiny.bin"
    path.write_bytes(FILE.raw)
    return path


def test_four_bits_are_read_to_the_numbers_that_they_stand_for(path):
    model = read_packaged(path)
    assert set(model.tensors) == {bert_name(name) for name in FILE.tensors}
    for name, expected in FILE.tensors.items():
        np.testing.assert_array_equal(model.tensors[bert_name(name)], expected, err_msg=name)
        assert model.tensors[bert_name(name)].dtype == np.float32


def test_pieces_scores_and_sizes_are_those_of_the_file(path):
    model = read_packaged(path)
    assert model.pieces == PIECES
    np.testing.assert_allclose(model.scores, SCORES, rtol=1e-6)
    assert (model.sizes.width, model.sizes.n_inner, model.sizes.n_layers, round(model.sizes.eps, 15)) == (
        WIDTH,
        INNER,
        LAYERS,
        1e-12,
    )
    assert model.token_vectors.shape == (len(PIECES), WIDTH), "without the rows that no piece has"


def test_tensors_have_the_names_of_bert():
    assert bert_name("l3.q.w") == "encoder.layer.3.attention.self.query.weight"
    assert bert_name("l11.fo.b") == "encoder.layer.11.output.dense.bias"
    assert bert_name("emb.ln.w") == "embeddings.LayerNorm.weight"


@pytest.mark.parametrize("n_bytes", [0, 4, 20, 300, len(FILE.raw) - 1])
def test_a_cut_file_is_refused_with_its_name(path, n_bytes):
    path.write_bytes(FILE.raw[:n_bytes])
    with pytest.raises(DataError, match=r"^tiny\.bin: .*install") as caught:
        read_packaged(path)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_format_is_refused(path):
    path.write_bytes(b"GGUF" + FILE.raw[4:])
    with pytest.raises(DataError, match="expected the magic bytes"):
        read_packaged(path)


def test_a_tensor_of_an_unknown_kind_or_name_is_refused(path):
    for there, other in ((b"\x06\x00emb.ty", b"\x06\x00emb.tz"), (b"l0.oln.b\x00", b"l0.oln.b\x07")):
        path.write_bytes(FILE.raw.replace(there, other))
        if path.read_bytes() != FILE.raw:
            with pytest.raises(DataError, match="cut or damaged"):
                read_packaged(path)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(packaged_weights, "PACKAGE", "no_such_package_here")
    with pytest.raises(MissingExtra, match=r"tierwise\[dev\]"):
        weights_file()


def test_a_text_is_cut_into_its_likeliest_pieces_between_the_marks(path):
    tokenizer = full_tokenizer(read_packaged(path))
    assert tokenizer.encode("tier\u00a0router").tokens == ["<s>", "\u2581tier", "\u2581route", "r", "</s>"]
    assert tokenizer.encode("\u6f22 e\u0301").tokens == ["<s>", "\u2581", "\u6f22", "\u2581", "\u00e9", "</s>"]
    assert tokenizer.encode("\U0001f600", add_special_tokens=False).ids[-1] == PIECES.index("<unk>")


def test_transformers_opens_the_folder_and_reads_the_same_vectors(path, tmp_path):
    transformers = pytest.importorskip("transformers")
    model = read_packaged(path)
    write_transformer(model, tmp_path / "out")
    opened = transformers.BertModel.from_pretrained(str(tmp_path / "out"), add_pooling_layer=False)
    assert {name: tuple(array.shape) for name, array in opened.state_dict().items()} == {
        name: array.shape for name, array in model.tensors.items()
    }
    ids = transformers.AutoTokenizer.from_pretrained(str(tmp_path / "out"))("tier route")["input_ids"]
    assert ids == [0, PIECES.index("\u2581tier"), PIECES.index("\u2581route"), 2]
    np.testing.assert_array_equal(
        opened.get_input_embeddings().weight.detach().numpy()[ids], model.tensors[bert_name("emb.word")][ids]
    )


def test_the_command_writes_the_folder(path, tmp_path, monkeypatch):
    monkeypatch.setattr(packaged_weights, "weights_file", lambda: path)
    assert main(["--out", str(tmp_path / "out")]) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_the_packages_own_model_is_read_whole():
    model = read_packaged(weights_file())
    assert len(model.pieces) == len(set(model.pieces)) == 250_002
    assert model.token_vectors.shape == (250_002, 384)
    assert len(model.tensors) == 5 + 12 * 16
    assert all(np.isfinite(array).all() for array in model.tensors.values())
