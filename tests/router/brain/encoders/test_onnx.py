"""The transformer encoder on a real network: sequences, unit vectors, and networks that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from router.brain.bundle import load_bundle
from router.brain.bundle.load import verify_files
from router.brain.encoders import EncoderSpec, OnnxEncoder, TokenIds
from router.brain.encoders.onnx import (
    ANSWER_PIECES,
    ASK_PIECES,
    BEFORE_PIECES,
    MAX_PIECES,
    TAIL_SHARE,
    WINDOW_PIECES,
    pair_sequence,
    prepare_text,
)
from router.brain.explain import explain
from router.core import Router
from router.errors import BundleCorrupt, BundleMissing, MissingExtra
from router.reading import read
from router.settings import load_settings
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import (
    DIM,
    WORDS,
    edit_manifest,
    read_manifest,
    replace_file,
    tiny_brain,
    tiny_onnx_encoder,
    tiny_tokenizer,
    write_tiny_bundle,
)
from tests.router.tiny_network import TinyNetwork

any_text = st.text(st.characters(exclude_categories=()), max_size=60)
conversations = st.lists(
    st.tuples(st.sampled_from(["user", "assistant", "tool", "function", "system"]), any_text), min_size=1, max_size=6
)
MARKED = tiny_tokenizer("[CLS]", "[SEP]")
TOKENS = TokenIds.of(MARKED)
NETWORK = TinyNetwork(n_tokens=MARKED.get_vocab_size(), dim=DIM)
CLS, SEP = MARKED.token_to_id("[CLS]"), MARKED.token_to_id("[SEP]")
SPEC = EncoderSpec(kind="onnx", model_id="tests/tiny-network", dim=DIM, max_tokens=MAX_PIECES, sha256="0" * 64)


def reading(*turns):
    return read(ChatRequest(tuple(Message(role, text) for role, text in turns)))


@pytest.fixture(scope="module")
def encoder():
    return tiny_onnx_encoder()


READINGS = [
    reading(("user", "hi")),
    reading(("user", "")),
    reading(("assistant", "why"), ("user", "find the cause")),
    reading(("user", "why"), ("assistant", "this is why"), ("user", "find the cause")),
    reading(("user", "find the cause"), ("tool", "two sentences")),
    reading(("user", "\u6f22\u5b57 \U0001f600\ud800")),
]


# --- Vectors --------------------------------------------------------------------------------------------------------


def test_a_vector_is_what_the_network_says_brought_to_unit_length(encoder):
    for one in READINGS:
        expected = NETWORK.embedding(*encoder.sequence(one))
        found = encoder.encode_readings([one])[0]
        np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)


def test_vectors_have_unit_length_and_the_stated_shape(encoder):
    found = encoder.encode_readings(READINGS)
    assert found.shape == (len(READINGS), encoder.n_features) == (len(READINGS), DIM)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
    assert encoder.encode_readings([]).shape == (0, DIM)


def test_many_readings_at_once_give_the_same_vectors_as_one_at_a_time(encoder):
    single = np.concatenate([encoder.encode_readings([one]) for one in READINGS])
    np.testing.assert_array_equal(encoder.encode_readings(READINGS), single)


@settings(max_examples=60)
@given(conversations)
def test_any_conversation_gives_a_finite_vector_of_unit_length(encoder, turns):
    found = encoder.encode_readings([reading(*turns)])[0]
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)


def test_threads_share_one_encoder(encoder):
    expected = [encoder.encode_readings([one]) for one in READINGS]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda at: encoder.encode_readings([READINGS[at % len(READINGS)]]), range(120)))
    for at, vector in enumerate(found):
        np.testing.assert_array_equal(vector, expected[at % len(READINGS)])


def test_a_network_that_gives_zeros_gives_the_zero_vector():
    assert not tiny_onnx_encoder(replace(NETWORK, scale=0.0).to_bytes()).encode_readings(READINGS).any()


@pytest.mark.parametrize("text", ["why " * 12_500, "x" * 50_000, "\u6f22" * 50_000, "\ud800" * 50_000])
def test_fifty_kilobytes_are_read_to_the_longest_sequence(encoder, text):
    long = reading(("user", text), ("assistant", text), ("user", text))
    ids, _ = encoder.sequence(long)
    assert len(ids) <= MAX_PIECES
    assert np.isfinite(encoder.encode_readings([long])).all()


def test_token_ids_and_texts_are_those_of_the_tokenizer(encoder):
    assert encoder.token_ids(["find the cause", "", "xyzzy"]) == [
        [WORDS.index(w) for w in "find the cause".split()],
        [],
        [0],
    ]
    assert encoder.n_tokens == len(WORDS) + 2
    assert encoder.token_text(CLS) == "[CLS]"
    assert encoder.token_text(10_000) == ""
    assert encoder.unknown_id == 0


# --- Sequences ------------------------------------------------------------------------------------------------------


def ids_of(text):
    return [WORDS.index(word) for word in text.split()]


def sequence(*turns):
    return pair_sequence(TOKENS, reading(*turns), cls=CLS, sep=SEP)


def test_a_first_ask_is_one_segment_between_marks():
    assert sequence(("user", "find the cause")) == ([CLS, *ids_of("find the cause"), SEP], [0] * 5)
    assert sequence(("user", "")) == ([CLS, SEP], [0, 0])


def test_the_window_is_the_last_answer_then_the_user_before_it():
    ids, kinds = sequence(("user", "why"), ("assistant", "this is why"), ("user", "find the cause"))
    assert ids == [CLS, *ids_of("find the cause"), SEP, *ids_of("this is why"), SEP, *ids_of("why"), SEP]
    assert kinds == [0] * 5 + [1] * 6


def test_a_system_prompt_is_in_no_segment():
    assert sequence(("system", "write tests"), ("user", "why")) == sequence(("user", "why"))


@pytest.mark.parametrize("role", ["tool", "function"])
def test_a_tools_result_after_the_ask_is_the_whole_window(role):
    turns = [("user", "hi"), ("assistant", "thanks"), ("user", "find the cause"), ("assistant", "why"), (role, "two")]
    ids, kinds = sequence(*turns)
    assert ids == [CLS, *ids_of("find the cause"), SEP, *ids_of("two"), SEP]
    assert kinds == [0] * 5 + [1] * 2
    assert sequence(*turns[:-1], (role, "hi"), (role, "two"))[0] == ids, "the last of several"


def test_where_no_user_spoke_the_ask_is_not_its_own_window():
    assert sequence(("assistant", "why")) == ([CLS, *ids_of("why"), SEP], [0] * 3)
    ids, _ = sequence(("assistant", "hi"), ("assistant", "why"))
    assert ids == [CLS, *ids_of("why"), SEP, *ids_of("hi"), SEP]


def many(n, start=0):
    """n different words of the vocabulary, in a row."""
    return [WORDS[1 + (start + at) % (len(WORDS) - 1)] for at in range(n)]


@pytest.mark.parametrize("extra", [0, 1, 40])
def test_a_long_ask_keeps_half_of_its_pieces_at_each_end(extra):
    words = many(ASK_PIECES + extra)
    ids, kinds = sequence(("user", " ".join(words)))
    half = ASK_PIECES // 2
    assert ids == [CLS, *ids_of(" ".join(words[:half] + words[half + extra :])), SEP]
    assert len(ids) == len(kinds) == ASK_PIECES + 2


@pytest.mark.parametrize(
    ("turns", "limit", "tail_share"),
    [
        (lambda text: [("assistant", text), ("user", "why")], ANSWER_PIECES, TAIL_SHARE),
        (lambda text: [("user", text), ("user", "why")], BEFORE_PIECES, 0.5),
        (lambda text: [("user", "why"), ("tool", text)], WINDOW_PIECES, TAIL_SHARE),
    ],
    ids=["answer", "user before", "tool"],
)
def test_a_long_window_keeps_its_share_of_pieces_from_the_tail(turns, limit, tail_share):
    words = many(limit + 30)
    ids, kinds = sequence(*turns(" ".join(words)))
    n_tail = round(limit * tail_share)
    assert ids == [
        CLS,
        *ids_of("why"),
        SEP,
        *ids_of(" ".join(words[: limit - n_tail] + words[len(words) - n_tail :])),
        SEP,
    ]
    assert sum(kinds) == limit + 1


def test_the_longest_sequence_is_what_the_network_is_tried_with():
    long = " ".join(many(200))
    assert len(sequence(("user", long), ("assistant", long), ("user", long))[0]) == MAX_PIECES
    assert len(sequence(("user", long), ("tool", long))[0]) < MAX_PIECES
    assert ANSWER_PIECES + BEFORE_PIECES == WINDOW_PIECES


@given(conversations)
def test_sequences_have_one_shape_for_any_conversation(turns):
    ids, kinds = sequence(*turns)
    assert len(ids) == len(kinds) <= MAX_PIECES
    assert (ids[0], ids[-1]) == (CLS, SEP)
    assert kinds == sorted(kinds)
    assert kinds.count(0) >= 2
    assert 1 <= ids.count(SEP) <= 3
    assert ids[kinds.count(0) - 1] == SEP, "the ask's segment ends with its mark"


def test_texts_come_to_the_tokenizer_cropped_and_without_lone_surrogates():
    assert prepare_text("abc") == "abc"
    assert prepare_text("a\ud800b\udfff\u6f22") == "a?b?\u6f22"
    assert len(prepare_text("x" * 50_000)) < 2_010
    assert prepare_text("h" * 5_000 + "t" * 5_000).startswith("h" * 1_000 + " ")


# --- Networks and tokenizers that cannot be used --------------------------------------------------------------------


def of(network, tokenizer=MARKED, spec=SPEC):
    return OnnxEncoder.of(network, tokenizer, spec)


BAD_NETWORKS = {
    "nothing": b"",
    "noise": bytes(range(256)) * 64,
    "cut off": NETWORK.to_bytes()[:-100],
    "half": NETWORK.to_bytes()[:8_000],
    "an ORT file": b"\x18\0\0\0ORTM" + bytes(200),
    "another dimension": replace(NETWORK, dim=DIM + 1).to_bytes(),
    "one vector a piece": replace(NETWORK, pooled=False, output_shape=(1, "n", DIM)).to_bytes(),
    "a declared scalar": replace(NETWORK, pooled=False, output_shape=()).to_bytes(),
    "doubles": replace(NETWORK, output_type=TensorProto.DOUBLE).to_bytes(),
    "texts": replace(NETWORK, output_type=TensorProto.STRING).to_bytes(),
    "other inputs": replace(NETWORK, inputs=("input_ids", "segment_ids")).to_bytes(),
    "32-bit inputs": replace(NETWORK, input_type=TensorProto.INT32).to_bytes(),
    "fewer words than the tokenizer": replace(NETWORK, n_tokens=NETWORK.n_tokens - 1).to_bytes(),
    "fewer positions than pieces": replace(NETWORK, n_positions=MAX_PIECES - 1).to_bytes(),
}


@pytest.mark.parametrize("network", BAD_NETWORKS.values(), ids=BAD_NETWORKS)
def test_a_network_that_cannot_be_used_is_refused_when_the_encoder_is_made(network, capfd):
    with pytest.raises(ValueError, match=r"^(not a network|expected )") as caught:
        of(network)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert capfd.readouterr() == ("", ""), "what onnxruntime logs is not for the operator"


def test_as_many_words_and_positions_as_are_needed_are_enough_and_what_runs_counts_not_what_is_declared():
    for changes in (
        {"n_positions": MAX_PIECES},
        {"n_tokens": NETWORK.n_tokens + 5},
        {"output_shape": (1, "dim")},
        {"output_shape": (1, DIM + 1)},
    ):
        assert of(replace(NETWORK, **changes).to_bytes()).n_features == DIM


@pytest.mark.parametrize(
    "place", ["words.bin", "./words.bin", "sub/words.bin", "../words.bin", "/etc/hostname", "*/_ORT_MEM_ADDR_/*"]
)
def test_a_network_never_reads_other_files(place, tmp_path, monkeypatch):
    (tmp_path / "here" / "sub").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "here", tmp_path / "here" / "sub"):
        (folder / "words.bin").write_bytes(NETWORK.arrays()["words"].tobytes())
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ValueError, match="in other files"):
        of(replace(NETWORK, location=place).to_bytes())


@pytest.mark.parametrize("marks", [(), ("[CLS]",), ("[SEP]",)], ids=["neither", "no [SEP]", "no [CLS]"])
def test_a_tokenizer_without_the_marks_is_refused(marks):
    with pytest.raises(ValueError, match=r"with \[CLS\] and \[SEP\]"):
        of(NETWORK.to_bytes(), tiny_tokenizer(*marks))


def test_without_onnxruntime_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"tests/tiny-network needs the extra `onnx`"):
        of(NETWORK.to_bytes())


def test_onnxruntime_is_imported_by_no_import_of_ours():
    code = "import sys, router.brain.encoders, router.core, router.app; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- In a bundle ----------------------------------------------------------------------------------------------------

NAME = "encoder/model.onnx"


@pytest.fixture
def onnx_bundle(tmp_path):
    return write_tiny_bundle(tmp_path / "b", brain=tiny_brain(encoder=tiny_onnx_encoder()))


def assert_refused(folder, name, *, kind=BundleCorrupt, says=""):
    with pytest.raises(kind) as caught:
        load_bundle(folder)
    assert str(folder / name) in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bundle_with_a_network_loads_to_the_same_brain(onnx_bundle):
    bundle = load_bundle(onnx_bundle)
    verify_files(onnx_bundle, bundle.manifest)
    assert (bundle.manifest.encoder.kind, bundle.n_golden) == ("onnx", 10)
    assert set(bundle.manifest.files) >= {NAME, "encoder/tokenizer.json", "ngrams.safetensors"}
    brain = tiny_brain(encoder=tiny_onnx_encoder())
    for one in READINGS:
        assert bundle.brain.predict(one) == brain.predict(one)


def test_the_same_network_gives_the_same_bytes(onnx_bundle, tmp_path):
    again = write_tiny_bundle(tmp_path / "c", brain=tiny_brain(encoder=tiny_onnx_encoder()))
    files = [path.relative_to(again) for path in again.rglob("*") if path.is_file()]
    assert all((again / file).read_bytes() == (onnx_bundle / file).read_bytes() for file in files)


def test_a_router_decides_and_explains_with_it(onnx_bundle):
    router = Router(load_bundle(onnx_bundle), load_settings({}))
    decision = router.route({"prompt": "find the cause", "router": {"explain": True}})
    kinds = [{item.kind for item in head.contributions} for head in decision.explanation.heads]
    assert kinds == [{"token", "pieces", "letters", "signal"}] * 3


def test_its_explanation_has_one_share_for_the_whole_embedding(onnx_bundle):
    brain = load_bundle(onnx_bundle).brain
    for one in READINGS:
        for head in explain(brain, one).heads:
            tokens = [item for item in head.contributions if item.kind == "token"]
            assert [item.name for item in tokens] == ["<embedding>"]
            total = sum(item.logit for item in head.contributions) + head.intercept
            assert total == pytest.approx(head.logit, abs=1e-9)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0], ids=["first", "middle", "last"])
def test_one_changed_byte_of_the_network_is_noticed(onnx_bundle, place):
    raw = bytearray((onnx_bundle / NAME).read_bytes())
    raw[round(place * (len(raw) - 1))] ^= 1
    (onnx_bundle / NAME).write_bytes(raw)
    assert_refused(onnx_bundle, NAME, says="changed or cut off")


def test_a_network_that_is_missing_is_named(onnx_bundle):
    (onnx_bundle / NAME).unlink()
    assert_refused(onnx_bundle, NAME, kind=BundleMissing)


@pytest.mark.parametrize("network", BAD_NETWORKS.values(), ids=BAD_NETWORKS)
def test_a_network_that_cannot_be_used_is_refused_though_its_digest_fits(onnx_bundle, network):
    replace_file(onnx_bundle, NAME, network)
    assert_refused(onnx_bundle, NAME)


def test_a_network_of_other_weights_is_noticed_by_the_golden_prompts(onnx_bundle):
    replace_file(onnx_bundle, NAME, replace(NETWORK, scale=-1.0).to_bytes())
    assert_refused(onnx_bundle, "golden.json", says="embedding differs")


def test_a_network_that_gives_no_numbers_is_noticed_by_the_golden_prompts(onnx_bundle):
    replace_file(onnx_bundle, NAME, replace(NETWORK, scale=float("nan")).to_bytes())
    assert_refused(onnx_bundle, "golden.json", says="embedding differs")


def test_a_tokenizer_without_marks_is_refused_by_its_own_name(onnx_bundle):
    replace_file(onnx_bundle, "encoder/tokenizer.json", tiny_tokenizer().to_str().encode())
    assert_refused(onnx_bundle, "encoder/tokenizer.json", says="[CLS]")


def test_a_digest_of_another_encoder_is_refused(onnx_bundle):
    edit_manifest(onnx_bundle, lambda manifest: manifest["encoder"].update(sha256="0" * 64))
    assert_refused(onnx_bundle, "manifest.json", says="not that of the encoder's files")


@pytest.mark.parametrize("dim", [DIM - 1, DIM + 1])
def test_another_dimension_in_the_manifest_is_refused(onnx_bundle, dim):
    edit_manifest(onnx_bundle, lambda manifest: manifest["encoder"].update(dim=dim))
    assert_refused(onnx_bundle, NAME, says=f"an output of {dim} numbers")


def test_a_static_bundle_that_says_onnx_lacks_the_network(tiny_bundle, bundle_copy):
    edit_manifest(bundle_copy, lambda manifest: manifest["encoder"].update(kind="onnx"))
    assert_refused(bundle_copy, "manifest.json", says=f"files: {NAME} is missing")


def test_without_onnxruntime_the_bundle_says_which_extra_serves_it(onnx_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as where it is not installed
    with pytest.raises(BundleMissing, match=r"needs the extra `onnx`\. Install it: pip install 'tierwise\[onnx\]'"):
        load_bundle(onnx_bundle)
    assert read_manifest(onnx_bundle)["encoder"]["kind"] == "onnx"


@settings(max_examples=40)
@given(data=st.data())
def test_changed_bytes_of_a_network_are_refused_or_harmless(encoder, data):
    raw = bytearray(NETWORK.to_bytes())
    # What comes before the weights, and after: the graph itself.
    graph = [*range(600), *range(len(raw) - 300, len(raw))]
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.sampled_from(graph))] = data.draw(st.integers(0, 255))
    try:
        found = of(bytes(raw))
    except ValueError:
        return
    assert found.encode_readings(READINGS).shape == (len(READINGS), DIM)
