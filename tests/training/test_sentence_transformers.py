"""A bundle around a sentence-transformers model: fitted, written, loaded by who trusts the model."""

from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from router.brain import load_bundle
from router.brain.bundle.write import write_bundle
from router.errors import BundleCorrupt, BundleError, DataError
from tests.training import fits
from training.fitting.encoders import open_encoder
from training.pipeline import fit_bundle
from training.rows.readers import read_rows


@pytest.fixture(scope="module")
def encoder(tiny_bert, shipped):
    return open_encoder(f"st:{tiny_bert}", shipped=shipped)


@pytest.fixture(scope="module")
def bundle(encoder, tmp_path_factory) -> Path:
    config = replace(fits.QUICK, name="st", max_quality_loss=0.5)
    with joblib.parallel_config("sequential"):
        contents = fit_bundle(read_rows([fits.TRAFFIC / "coding.jsonl"]), fits.LABELS_ONLY, encoder, config)
    folder = tmp_path_factory.mktemp("bundles") / "st"
    write_bundle(folder, contents)
    return folder


def test_vectors_have_unit_length_and_an_empty_text_has_none(encoder):
    vectors = encoder.encode(["tier", "route a tier", "", "x" * 100_000])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0, 1], atol=1e-5)
    assert vectors.dtype == np.float32


def test_token_ids_are_below_the_number_of_tokens_and_cropped(encoder):
    ids = encoder.token_ids(["route a tier", "tier " * 1_000])
    assert max(max(row) for row in ids) < encoder.n_tokens
    assert len(ids[1]) <= encoder.spec.max_tokens


def test_a_bundle_that_names_a_model_is_refused_until_the_operator_trusts_it(bundle, tiny_bert):
    with pytest.raises(BundleError, match="trusted_encoders"):
        load_bundle(bundle)
    loaded = load_bundle(bundle, trusted_encoders=[str(tiny_bert)])
    assert loaded.n_golden > 0


def test_a_model_with_other_weights_than_at_training_is_refused(bundle, tiny_bert, tmp_path):
    import shutil

    from safetensors.numpy import load_file, save_file

    kept = tmp_path / "kept"
    shutil.copytree(tiny_bert, kept)
    weights = load_file(tiny_bert / "model.safetensors")
    try:
        changed = {
            name: value + 1 if name.endswith("word_embeddings.weight") else value for name, value in weights.items()
        }
        save_file(changed, tiny_bert / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(BundleCorrupt, match="weights"):
            load_bundle(bundle, trusted_encoders=[str(tiny_bert)])
    finally:
        shutil.copy(kept / "model.safetensors", tiny_bert / "model.safetensors")


def test_an_encoder_name_that_is_none_says_what_is_expected(shipped):
    with pytest.raises(DataError, match="expected shipped"):
        open_encoder("nonsense", shipped=shipped)


def test_no_texts_have_no_token_ids_and_no_vectors(encoder):
    assert encoder.token_ids([]) == []
    assert encoder.encode([]).shape == (0, encoder.spec.dim)
