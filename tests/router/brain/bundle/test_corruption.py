"""Damaged and hostile bundles: each is refused at load, with the file's name, and none runs anything."""

from __future__ import annotations

import os
import pickle
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.brain.brain import buckets_of
from router.brain.bundle import load_bundle
from router.brain.bundle.golden import GOLDEN_PROMPTS
from router.brain.bundle.layout import MAX_BYTES
from router.brain.bundle.load import verify_files
from router.brain.bundle.manifest import parse_manifest
from router.brain.ngrams import BLOCKS, N_BUCKETS, NgramTable
from router.core import Router
from router.dialects.route_body import request_from_text
from router.errors import BundleCorrupt, BundleError, BundleMissing, BundleSchema
from router.reading import read
from router.settings import load_settings
from tests.router.tiny_bundle import (
    DIM,
    FILES,
    READ_AT_LOAD,
    edit_json,
    edit_manifest,
    edit_tensors,
    read_manifest,
    replace_file,
    tiny_brain,
    tiny_tokenizer,
    write_tiny_bundle,
)

HEADS, NGRAMS, TASKS, GOLDEN, TOKENIZER, TABLE = READ_AT_LOAD[1:]
LISTED = FILES[1:]


def assert_refused(folder, name, *, kind=BundleCorrupt, says=""):
    """Loading raises `kind`, in one line that names the file."""
    with pytest.raises(kind) as caught:
        load_bundle(folder)
    message = str(caught.value)
    assert str(folder / name) in message
    assert says in message
    assert "\n" not in message
    assert len(message) < 2_000


def load_all(folder):
    """Load the bundle and check also the files that serving does not read."""
    bundle = load_bundle(folder)
    verify_files(folder, bundle.manifest)
    return bundle


# --- Damage ---------------------------------------------------------------------------------------------------------


def test_a_sound_bundle_loads(bundle_copy):
    assert load_all(bundle_copy).n_golden > 0


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0], ids=["first", "middle", "last"])
def test_one_changed_byte_is_noticed(bundle_copy, name, place):
    path = bundle_copy / name
    raw = bytearray(path.read_bytes())
    raw[round(place * (len(raw) - 1))] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BundleCorrupt, match=r"sha256 is .* changed or cut off") as caught:
        load_all(bundle_copy)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(bundle_copy, name, keep):
    path = bundle_copy / name
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw))])
    with pytest.raises(BundleCorrupt) as caught:
        load_all(bundle_copy)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_cure(bundle_copy, name):
    (bundle_copy / name).unlink()
    with pytest.raises(BundleMissing, match=r"cannot be read .*make train") as caught:
        load_all(bundle_copy)
    assert str(bundle_copy / name) in str(caught.value)


@pytest.mark.parametrize("name", READ_AT_LOAD)
def test_a_folder_in_place_of_a_file_is_refused(bundle_copy, name):
    (bundle_copy / name).unlink()
    (bundle_copy / name).mkdir()
    assert_refused(bundle_copy, name, kind=BundleMissing)


def test_no_folder_at_all_is_a_missing_bundle(tmp_path):
    assert_refused(tmp_path / "nowhere", "manifest.json", kind=BundleMissing)


@pytest.mark.parametrize("name", ["manifest.json", "golden.json", "heads.safetensors"])
def test_a_file_larger_than_such_a_file_may_be_is_refused(bundle_copy, name):
    with (bundle_copy / name).open("wb") as file:
        file.truncate(max(100 << 20, MAX_BYTES[name] + 1))
    assert_refused(bundle_copy, name, says="larger than")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_of_the_manifest_is_refused_or_gives_another_identity(scratch_bundle, data):
    folder = scratch_bundle()
    before = load_bundle(folder).sha256
    path = folder / "manifest.json"
    raw = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    try:
        assert load_bundle(folder).sha256 != before
    except BundleError as error:
        assert str(folder) in str(error)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # huge weights overflow; what comes out is still checked
@pytest.mark.parametrize("name", READ_AT_LOAD[1:])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_behind_fitting_digests_are_refused_or_harmless(scratch_bundle, name, data):
    folder = scratch_bundle()
    raw = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    replace_file(folder, name, bytes(raw))
    try:
        bundle = load_bundle(folder)
    except BundleError as error:
        assert str(folder) in str(error)
        return
    decision = Router(bundle, load_settings({})).route("Why is it that \u6f22 s?")
    for value in (*decision.p_adequate.values(), *decision.expected_quality_loss.values()):
        assert 0.0 <= value <= 1.0


# --- The manifest ---------------------------------------------------------------------------------------------------

KEYS = [
    ("id",),
    ("tiers",),
    ("tier_models",),
    ("encoder",),
    ("encoder", "kind"),
    ("encoder", "model_id"),
    ("encoder", "dim"),
    ("encoder", "max_tokens"),
    ("encoder", "sha256"),
    ("views",),
    ("signals",),
    ("tasks",),
    ("calibration",),
    ("domain",),
    ("domain", "quantile"),
    ("domain", "max_distance"),
    ("promise",),
    ("promise", "goal"),
    ("promise", "confidence"),
    ("promise", "n_rows"),
    ("promise", "n_groups"),
    ("promise", "method"),
    ("promise", "population"),
    ("promise", "safe_tier"),
    ("promise", "thresholds"),
    ("promise", "bounds"),
    ("promise", "losses"),
    ("promise", "savings"),
    ("promise", "costs_usd_per_1k"),
    ("promise", "cost_bounds_usd_per_1k"),
    ("promise", "tier_shares"),
    ("promise", "tier_share_bounds"),
    ("promise", "slices"),
    ("training",),
    ("files",),
    *(("files", name) for name in READ_AT_LOAD[1:] if name != NGRAMS),  # a brain may be without
]
MAY_BE_MISSING = {("tasks",)}  # bundles that were written before there were task heads have none
HUGE = 10**4_000


def put(path, value):
    """A change of the manifest that sets the key at a path."""

    def change(manifest):
        *parents, last = path
        for key in parents:
            manifest = manifest[key]
        manifest[last] = value

    return change


def test_the_keys_tried_are_all_that_a_manifest_has(tiny_bundle):
    manifest = read_manifest(tiny_bundle)
    found = {(key,) for key in manifest}
    for parent in ("encoder", "domain", "promise"):
        found |= {(parent, key) for key in manifest[parent]}
    assert found - set(KEYS) == {("schema_version",)}


@pytest.mark.parametrize("path", [path for path in KEYS if path not in MAY_BE_MISSING], ids="/".join)
def test_a_missing_key_of_the_manifest_is_named(bundle_copy, path):
    def remove(manifest):
        *parents, last = path
        for key in parents:
            manifest = manifest[key]
        del manifest[last]

    edit_manifest(bundle_copy, remove)
    says = "found no such key" if path[0] != "files" or len(path) == 1 else "is missing"
    with pytest.raises(BundleCorrupt, match=rf"{re.escape(path[-1])}\b.*{says}\.$"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("path", KEYS, ids="/".join)
@pytest.mark.parametrize(
    "value",
    [None, True, -1, 1.5, HUGE, "", "x", [], [7], [""], {}],
    ids=["null", "true", "-1", "1.5", "4000 digits", "empty", "x", "[]", "[7]", "['']", "{}"],
)
def test_a_key_of_another_kind_is_refused_or_as_good_as_before(bundle_copy, path, value):
    edit_manifest(bundle_copy, put(path, value))
    try:
        load_bundle(bundle_copy)
    except BundleError as error:
        assert str(bundle_copy) in str(error)
        assert any(key in str(error) for key in path) or (value == HUGE and "too large" in str(error))
        assert len(str(error)) < 2_000
    else:
        free = {("id",), ("tier_models",), ("encoder", "model_id"), ("training",), ("promise", "population")}
        assert path in free or (path, value) in ((("promise", "slices"), []), (("tasks",), []))


@pytest.mark.parametrize("version", [0, 2, "1", None, True, [1], {}, "x" * 10_000], ids=lambda v: repr(v)[:9])
def test_another_schema_version_is_refused_with_the_cure(bundle_copy, version):
    edit_manifest(bundle_copy, put(("schema_version",), version))
    assert_refused(bundle_copy, "manifest.json", kind=BundleSchema, says="Upgrade tierwise, or fit the bundle again")


def test_keys_that_a_later_program_of_this_schema_adds_are_passed_over(bundle_copy):
    edit_manifest(bundle_copy, put(("colour",), "blue"))
    for parent in ("encoder", "domain", "promise"):
        edit_manifest(bundle_copy, put((parent, "colour"), "blue"))
    assert load_bundle(bundle_copy).n_golden > 0


def test_all_faults_of_a_manifest_are_named_at_once(bundle_copy):
    edit_manifest(bundle_copy, put(("id",), 7))
    edit_manifest(bundle_copy, put(("encoder", "dim"), "64"))
    edit_manifest(bundle_copy, put(("promise", "confidence"), True))
    with pytest.raises(BundleCorrupt) as caught:
        load_bundle(bundle_copy)
    where = bundle_copy / "manifest.json"
    assert str(caught.value).splitlines() == [
        f"{where}: id: expected a string that is not empty, found 7.",
        f'{where}: encoder.dim: expected a whole number in [1, 8192], found "64".',
        f"{where}: promise.confidence: expected a number in [0, 1], found true.",
    ]


def test_a_manifest_without_a_schema_version_is_refused(bundle_copy):
    edit_manifest(bundle_copy, lambda manifest: manifest.pop("schema_version"))
    assert_refused(bundle_copy, "manifest.json", kind=BundleError, says="schema_version")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("tiers",), ["budget"], "2 or more different"),
        (("tiers",), ["a", "a", "b"], "expected each name once"),
        (("tiers",), ["a", "b", "c", "d"], "safe_tier"),
        (("signals",), ["ask_words_log", "ask_words_log"], "expected each name once"),
        (("signals",), ["a_signal_of_next_year"], "Fit it again"),
        (("views",), ["window", "ask"], "views"),
        (("calibration",), "temperature", "one of sigmoid, isotonic"),
        (("calibration",), "isotonic", "isotonic_x_0"),
        (("encoder", "kind"), "pickle", "use one of: static"),
        (("encoder", "dim"), DIM + 1, "table"),
        (("encoder", "dim"), 0, "dim"),
        (("encoder", "max_tokens"), 1 << 40, "max_tokens"),
        (("encoder", "sha256"), "0" * 64, "not that of the encoder's files"),
        (("encoder", "sha256"), "A" * 64, "a sha256 in hex"),
        (("domain", "max_distance"), 1.1, "max_distance"),
        (("promise", "thresholds"), [0.3, 0.1, 0.5, 0.9], "ascending"),
        (("promise", "bounds"), [0.2, 0.1, 0.3, 0.4], "ascending"),
        (("promise", "losses"), [0.1], "4 numbers"),
        (("promise", "savings"), [0.1, 0.2, 0.3, HUGE], "too large"),
        (("promise", "thresholds"), [0.1, 0.3, 0.5, HUGE], "too large"),
        (("promise", "goal"), {"max_quality_loss": 0.001}, "the curve supports"),
        (("promise", "goal"), {"max_quality_loss": 1.1}, "max_quality_loss"),
        (("promise", "goal"), {"max_quality_loss": 0.1, "max_cost_usd_per_1k": 9}, "choose one of"),
        (("promise", "goal"), {"max_cost_usd_per_1k": 1.0}, "the curve supports"),
        (("promise", "goal"), {"max_cost_usd_per_1k": -1.0}, "max_cost_usd_per_1k"),
        (("promise", "goal"), {"tier_mix": {}}, "tier_mix"),
        (("promise", "goal"), {"tier_mix": {"frontier": 2}}, "frontier"),
        (("promise", "goal"), {"tier_mix": {"frontier": 0.1}}, "the curve supports"),
        (("promise", "goal"), {"tier_mix": {"budget": 0.5}}, "cannot be limited"),
        (("promise", "goal"), {"happiness": 1}, "choose one of"),
        (("promise", "method"), "hope", "use one of: clopper_pearson"),
        (("promise", "safe_tier"), "huge", "one of budget"),
        (("promise", "cost_bounds_usd_per_1k"), [1.0, 2.0, 3.0, 4.0], "descending"),
        (("promise", "costs_usd_per_1k"), [1.0], "4 numbers"),
        (("promise", "tier_shares"), {"budget": [0.1] * 4}, "one array for each of budget, production, frontier"),
        (("promise", "tier_shares", "budget"), [0.1] * 3, "4 numbers"),
        (("promise", "tier_share_bounds", "frontier"), [0.1, 0.2, 0.3, 0.4], "descending"),
        (("promise", "tier_share_bounds", "budget"), [0.1] * 4, "one array for each of production, frontier"),
        (("promise", "slices"), [7], "slices[0]: expected an object"),
        (
            ("promise", "slices"),
            [{"by": "lang"}],
            "slices[0].value: expected a string that is not empty, found no such key",
        ),
        (("files", "../../etc/passwd"), "0" * 64, "is not a file of a bundle; use one of: manifest.json"),
        (("files", "/etc/passwd"), "0" * 64, "is not a file of a bundle; use one of: manifest.json"),
        (("files", "code.py"), "0" * 64, "is not a file of a bundle; use one of: manifest.json"),
        (("files", "encoder\\table.safetensors"), "0" * 64, "is not a file of a bundle; use one of: manifest.json"),
    ],
    ids=lambda value: "/".join(value) if isinstance(value, tuple) else None,
)
def test_a_manifest_that_contradicts_itself_or_its_files_is_refused(bundle_copy, path, value, says):
    edit_manifest(bundle_copy, put(path, value))
    with pytest.raises(BundleCorrupt) as caught:
        load_bundle(bundle_copy)
    assert str(bundle_copy) in str(caught.value)
    assert says in str(caught.value)


HOSTILE_JSON = {
    "nothing": b"",
    "not JSON": b"PK\x03\x04",
    "NaN": b'{"schema_version": NaN}',
    "infinity": b'{"schema_version": 1e999}',
    "invalid UTF-8": b'{"schema_version": "\xff"}',
    "deep arrays": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "deep behind a lone surrogate": b'["\\ud800",' + b"[" * 600 + b"]" * 600 + b"]",
    "an endless number": b'{"schema_version": ' + b"9" * 100_000 + b"}",
    "an array": b"[]",
    "an array of numbers": b"[1, 2]",
    "a number": b"1",
    "two values": b"{}{}",
}


@pytest.mark.parametrize("raw", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_manifest_of_hostile_json_is_refused(bundle_copy, raw):
    (bundle_copy / "manifest.json").write_bytes(raw)
    assert_refused(bundle_copy, "manifest.json")


@pytest.mark.parametrize("raw", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
@pytest.mark.parametrize("name", [GOLDEN, TOKENIZER])
def test_other_files_of_hostile_json_are_refused_though_their_digests_fit(bundle_copy, name, raw):
    replace_file(bundle_copy, name, raw)
    assert_refused(bundle_copy, name)


# --- Arrays ---------------------------------------------------------------------------------------------------------


def flip(key, index, value):
    def change(tensors):
        tensors[key] = tensors[key].copy()
        tensors[key].flat[index] = value

    return change


FLOAT_ARRAYS = [
    "coef",
    "intercept",
    "signal_mean",
    "signal_deviation",
    "sigmoid_a",
    "sigmoid_b",
    "domain_form",
    "domain_most",
]
HEAD_ARRAYS = [*FLOAT_ARRAYS, "domain_weights"]


@pytest.mark.parametrize("key", HEAD_ARRAYS)
def test_a_missing_array_is_named(bundle_copy, key):
    edit_tensors(bundle_copy, HEADS, lambda tensors: tensors.pop(key))
    assert_refused(bundle_copy, HEADS, says=key)


@pytest.mark.parametrize("key", FLOAT_ARRAYS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31, -1e31])
def test_arrays_that_are_not_finite_or_huge_are_refused(bundle_copy, key, value):
    edit_tensors(bundle_copy, HEADS, flip(key, -1, value))
    assert_refused(bundle_copy, HEADS, says=key)


@pytest.mark.parametrize("key", HEAD_ARRAYS)
@pytest.mark.parametrize(
    "reshape",
    [
        lambda a: a[:-1],
        lambda a: np.concatenate([a, a]).reshape(-1)[: a.size + 1],
        lambda a: a[None],
        lambda a: a[..., :0],
        lambda a: a.astype(np.float16),
        lambda a: a.astype(np.int32),
        lambda a: a.reshape(-1)[:1].reshape(1, 1, 1),
    ],
    ids=["shorter", "longer", "one axis more", "empty", "float16", "int32", "a single number"],
)
def test_arrays_of_another_shape_or_type_are_refused(bundle_copy, key, reshape):
    edit_tensors(bundle_copy, HEADS, lambda tensors: tensors.update({key: reshape(tensors[key])}))
    assert_refused(bundle_copy, HEADS, says=key)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_deviations_are_above_zero(bundle_copy, value):
    edit_tensors(bundle_copy, HEADS, flip("signal_deviation", 0, value))
    assert_refused(bundle_copy, HEADS, says="above 0")


@pytest.mark.parametrize("power", [0.0, -1e308, 1e308, 2.0])
def test_the_domains_power_is_one_of_the_two_there_are(bundle_copy, power):
    edit_tensors(bundle_copy, HEADS, flip("domain_form", 2, power))
    assert_refused(bundle_copy, HEADS, says="domain_form")


@pytest.mark.parametrize("value", [-1.0, 0.5, 1e16])
def test_the_longest_loop_of_the_rows_is_a_whole_number(bundle_copy, value):
    edit_tensors(bundle_copy, HEADS, flip("domain_most", 0, value))
    assert_refused(bundle_copy, HEADS, says="domain_most")


# --- N-grams --------------------------------------------------------------------------------------------------------

NGRAM_ARRAYS = [*(f"{block}_{part}" for block in BLOCKS for part in ("keys", "weights", "steps")), "normalise_all"]


@pytest.mark.parametrize("key", NGRAM_ARRAYS)
def test_a_missing_array_of_ngrams_is_named(bundle_copy, key):
    edit_tensors(bundle_copy, NGRAMS, lambda tensors: tensors.pop(key))
    assert_refused(bundle_copy, NGRAMS, says=key)


@pytest.mark.parametrize("key", NGRAM_ARRAYS)
@pytest.mark.parametrize(
    "reshape",
    [
        lambda a: a[None],
        lambda a: a[..., :0] if a.ndim > 1 or a.size < 4 else a[:-1],
        lambda a: np.concatenate([a, a[:1]]),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.int64),
    ],
    ids=["one axis more", "shorter", "longer", "float32", "int64"],
)
def test_arrays_of_ngrams_of_another_shape_or_type_are_refused(bundle_copy, key, reshape):
    edit_tensors(bundle_copy, NGRAMS, lambda tensors: tensors.update({key: reshape(tensors[key])}))
    assert_refused(bundle_copy, NGRAMS, says=key.partition("_")[0])


@pytest.mark.parametrize(
    "keys",
    [
        [3, 2, 1, 0],
        [0, 1, 1, 2],
        [-1, 0, 1, 2],
        [0, 1, 2, N_BUCKETS],
        [1, -(2**31), -1, 5],
        [0, 2**31 - 1, -(2**31), 5],
    ],
    ids=["descending", "twice", "below 0", "beyond the last", "a difference that overflows", "another that does"],
)
@pytest.mark.parametrize("block", BLOCKS)
def test_bucket_numbers_ascend_within_their_range(bundle_copy, block, keys):
    edit_tensors(
        bundle_copy,
        NGRAMS,
        lambda tensors: tensors.update(
            {f"{block}_keys": np.array(keys, dtype=np.int32), f"{block}_weights": tensors[f"{block}_weights"][:4]}
        ),
    )
    assert_refused(bundle_copy, NGRAMS, says=f"{block}_keys: expected ascending numbers")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, -1e31])
@pytest.mark.parametrize("block", BLOCKS)
def test_steps_of_ngrams_that_are_not_finite_or_huge_are_refused(bundle_copy, block, value):
    edit_tensors(bundle_copy, NGRAMS, flip(f"{block}_steps", 1, value))
    assert_refused(bundle_copy, NGRAMS, says=f"{block}_steps")


def test_ngrams_of_one_head_more_are_refused(bundle_copy):
    def widen(tensors):
        tensors["letters_weights"] = np.pad(tensors["letters_weights"], ((0, 0), (0, 1)))
        tensors["letters_steps"] = np.append(tensors["letters_steps"], 0.1)

    edit_tensors(bundle_copy, NGRAMS, widen)
    assert_refused(bundle_copy, NGRAMS, says="letters_weights")


@pytest.mark.parametrize("step", [1e30, 0.5])
def test_no_weights_within_the_limit_give_a_probability_that_is_none(tmp_path, step):
    # Numbers whose sums overflow gave NaN, and that a 500, for requests without a golden prompt's letters.
    brain = tiny_brain()
    one = read(request_from_text("zzz unseen qqqq").chat)
    (found,) = buckets_of(brain.encoder, [one])
    golden = [read(request_from_text(prompt).chat) for prompt in GOLDEN_PROMPTS]
    seen = np.unique(np.concatenate([letters for _, letters in buckets_of(brain.encoder, golden)]))
    fresh = np.setdiff1d(found[1], seen)[:6]
    weights, known = np.zeros((N_BUCKETS, 3), dtype=np.int8), np.zeros(N_BUCKETS, dtype=np.bool_)
    weights[fresh], known[fresh] = np.array([[127], [-127]] * 3), True
    table = NgramTable((weights, weights), (np.full(3, step), np.full(3, step)), (known, known))
    folder = write_tiny_bundle(tmp_path / "b", brain=replace(brain, ngrams=table))
    decision = Router(load_bundle(folder), load_settings({})).route("zzz unseen qqqq")
    assert all(0.0 <= value <= 1.0 for value in decision.p_adequate.values())


def test_other_weights_of_ngrams_are_noticed_by_the_golden_prompts(bundle_copy):
    edit_tensors(bundle_copy, NGRAMS, lambda tensors: tensors.update(letters_weights=-tensors["letters_weights"]))
    assert_refused(bundle_copy, GOLDEN, says="quality loss differs")


def test_ngrams_left_out_of_the_manifest_are_noticed_by_the_golden_prompts(bundle_copy):
    edit_manifest(bundle_copy, lambda manifest: manifest["files"].pop(NGRAMS))
    assert_refused(bundle_copy, GOLDEN, says="quality loss differs")


def test_ngrams_without_a_single_bucket_are_no_ngrams(tmp_path):
    bare = tiny_brain(with_ngrams=False)
    empty = [np.zeros((N_BUCKETS, 3), dtype=np.int8), np.zeros(3), np.zeros(N_BUCKETS, dtype=np.bool_)]
    table = NgramTable(*((part, part) for part in empty))
    loaded = load_bundle(write_tiny_bundle(tmp_path / "b", brain=replace(bare, ngrams=table))).brain
    one = read(request_from_text("find the cause").chat)
    assert loaded.predict(one) == bare.predict(one)


# --- The token table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["table", "weights"])
@pytest.mark.parametrize(
    "reshape",
    [lambda a: a[:-1], lambda a: np.concatenate([a, a]), lambda a: a[..., None], lambda a: a.astype(np.int16)],
    ids=["shorter", "longer", "one axis more", "int16"],
)
def test_a_token_table_that_does_not_fit_the_tokenizer_or_the_dimension_is_refused(bundle_copy, key, reshape):
    edit_tensors(bundle_copy, TABLE, lambda tensors: tensors.update({key: reshape(tensors[key])}))
    assert_refused(bundle_copy, TABLE, says=key)


def test_token_weights_that_are_not_finite_are_refused(bundle_copy):
    edit_tensors(bundle_copy, TABLE, flip("weights", 0, np.nan))
    assert_refused(bundle_copy, TABLE, says="weights")


def test_a_token_table_of_another_dimension_is_refused(bundle_copy):
    edit_tensors(bundle_copy, TABLE, lambda tensors: tensors.update(table=tensors["table"][:, :-1]))
    assert_refused(bundle_copy, TABLE, says="table")


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.update(isotonic_x_1=tensors["isotonic_x_1"][::-1]),
        lambda tensors: tensors.update(isotonic_y_1=tensors["isotonic_y_1"][:-1]),
        lambda tensors: tensors.update(isotonic_y_1=tensors["isotonic_y_1"] + 5),
        lambda tensors: tensors.update(isotonic_y_1=tensors["isotonic_y_1"] - 5),
        lambda tensors: tensors.update(isotonic_y_1=tensors["isotonic_y_1"][::-1]),
        lambda tensors: tensors.update(isotonic_x_1=tensors["isotonic_x_1"][:0]),
        lambda tensors: tensors.pop("isotonic_y_1"),
    ],
    ids=["x descends", "y is shorter", "y above 1", "y below 0", "y descends", "x is empty", "y is missing"],
)
def test_an_isotonic_calibration_that_is_none_is_refused(tmp_path, change):
    folder = write_tiny_bundle(tmp_path / "b", method="isotonic")
    edit_tensors(folder, HEADS, change)
    assert_refused(folder, HEADS, says="isotonic_")


HOSTILE_TENSORS = {
    "nothing": b"",
    "noise": bytes(range(256)) * 8,
    "a header longer than the file": (1 << 62).to_bytes(8, "little") + b"{}",
    "a header that is not JSON": (4).to_bytes(8, "little") + b"oops",
    "a deep header": (100_000).to_bytes(8, "little") + b"[" * 100_000,
    "offsets beyond the file": (70).to_bytes(8, "little")
    + b'{"coef":{"dtype":"F64","shape":[9,9],"data_offsets":[0,999999999999]}}',
    "an unknown type": (65).to_bytes(8, "little")
    + b'{"coef":{"dtype":"PICKLE","shape":[1],"data_offsets":[0,8]}}         ' + b"\0" * 8,
}  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE_TENSORS.values(), ids=HOSTILE_TENSORS)
@pytest.mark.parametrize("name", [HEADS, NGRAMS, TASKS, TABLE])
def test_what_is_no_safetensors_file_is_refused(bundle_copy, name, raw):
    replace_file(bundle_copy, name, raw)
    assert_refused(bundle_copy, name)


def test_types_that_numpy_has_no_name_for_are_refused(bundle_copy):
    header = b'{"coef":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    replace_file(bundle_copy, HEADS, len(header).to_bytes(8, "little") + header + b"\0\0")
    assert_refused(bundle_copy, HEADS)


# --- Tokenizer and golden prompts -----------------------------------------------------------------------------------


def altered(old, new):
    """The tiny tokenizer's JSON with one part replaced."""
    text = tiny_tokenizer().to_str()
    assert text.count(old) == 1
    return text.replace(old, new).encode()


def word_level(vocab):
    return b'{"version": "1.0", "model": {"type": "WordLevel", "vocab": %b, "unk_token": "a"}}' % vocab


SPLITTER = '"pre_tokenizer":{"type":"Whitespace"}'
BROKEN_SPLITTER = '"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(["},"behavior":"Removed","invert":false}'
NORMALIZER = '"normalizer":{"type":"Lowercase"}'
BROKEN_NORMALIZER = '"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}'
BAD_TOKENIZERS = {
    "an empty object": b"{}",
    "no model": b'{"version": "1.0", "model": null}',
    "an unknown model": b'{"version": "1.0", "model": {"type": "Pickle"}}',
    "a vocabulary of strings": word_level(b'{"a": "b"}'),
    "a negative id": word_level(b'{"a": -1}'),
    "a broken pattern": altered(SPLITTER, BROKEN_SPLITTER),
    "a broken character map": altered(NORMALIZER, BROKEN_NORMALIZER),
    "a longer vocabulary than the table": altered('"hi":1', '"hi":1,"more":40'),
    "an id beyond the table": altered('"two":', '"two":9'),
    "no token for unknown words": altered('"unk_token":"[UNK]"', '"unk_token":"none"'),
}


@pytest.mark.parametrize("raw", BAD_TOKENIZERS.values(), ids=BAD_TOKENIZERS)
def test_a_tokenizer_that_is_broken_or_fits_no_table_is_refused_at_load(bundle_copy, raw):
    replace_file(bundle_copy, TOKENIZER, raw)
    with pytest.raises(BundleCorrupt) as caught:
        load_bundle(bundle_copy)
    assert str(bundle_copy) in str(caught.value)


def test_padding_and_truncation_in_a_tokenizer_are_turned_off(bundle_copy):
    tokenizer = tiny_tokenizer()
    tokenizer.enable_padding(length=500, pad_token="[UNK]")
    tokenizer.enable_truncation(2)
    replace_file(bundle_copy, TOKENIZER, tokenizer.to_str().encode())
    names, _ = load_bundle(bundle_copy).brain.encoder.token_vectors("find the cause of this")
    assert names == "find the cause of this".split()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda cases: cases.clear(), "not empty"),
        (lambda cases: cases.append(7), "expected an object"),
        (lambda cases: cases[2].pop("tier"), "[2]"),
        (lambda cases: cases[1].update(prompt=7), "[1]"),
        (lambda cases: cases[1].update(prompt="why"), "[1]"),
        (lambda cases: cases[1].update(embedding=[]), "embedding"),
        (lambda cases: cases[1].update(embedding=[[0.1] * 2 * DIM]), "embedding"),
        (lambda cases: cases[1].update(embedding=[0.1] * (2 * DIM + 1)), f"expected {2 * DIM} numbers"),
        (lambda cases: cases[1].update(embedding=["x"] * 2 * DIM), "not a golden case"),
        (lambda cases: cases[1].update(embedding=[HUGE] * 2 * DIM), "too large"),
        (lambda cases: cases[1]["embedding"].__setitem__(3, cases[1]["embedding"][3] + 0.01), "embedding differs"),
        (lambda cases: cases[1]["expected_quality_loss"].__setitem__(0, 0.999), "quality loss differs"),
        (lambda cases: cases[1]["expected_quality_loss"].__setitem__(1, "nan"), "not a golden case"),
        (lambda cases: cases[1]["expected_quality_loss"].__setitem__(1, HUGE), "too large"),
        (lambda cases: cases[1]["expected_quality_loss"].pop(), "one number per tier"),
        (lambda cases: cases[1].update(expected_quality_loss=7), "not a golden case"),
        (lambda cases: cases[1].update(tier="no such tier"), "the decision is"),
    ],
)  # fmt: skip
def test_golden_cases_that_are_not_reproduced_are_refused(bundle_copy, change, says):
    edit_json(bundle_copy, GOLDEN, change)
    assert_refused(bundle_copy, GOLDEN, says=says)


def test_a_promise_that_the_golden_prompts_cannot_be_decided_with_is_refused(bundle_copy):
    edit_manifest(bundle_copy, lambda manifest: manifest["promise"].update(thresholds=[0.0, 0.0, 0.0, 1.0]))
    assert_refused(bundle_copy, GOLDEN, says="the decision is")


# --- Code -----------------------------------------------------------------------------------------------------------


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("digests_fit", [True, False])
def test_a_pickle_in_place_of_any_file_is_never_unpickled(bundle_copy, tmp_path, name, digests_fit):
    raw = pickle.dumps(Payload(tmp_path / "ran"))
    if digests_fit:
        replace_file(bundle_copy, name, raw)
    else:
        (bundle_copy / name).write_bytes(raw)
    try:
        load_all(bundle_copy)
    except BundleError as error:
        assert str(bundle_copy / name) in str(error)
    else:
        assert name not in READ_AT_LOAD, "a pickle was taken for a bundle's file"
    assert not (tmp_path / "ran").exists()


def test_an_array_of_objects_is_refused(bundle_copy, tmp_path):
    np.save(bundle_copy / "x.npy", np.array([Payload(tmp_path / "ran")], dtype=object), allow_pickle=True)
    replace_file(bundle_copy, HEADS, (bundle_copy / "x.npy").read_bytes())
    assert_refused(bundle_copy, HEADS)
    assert not (tmp_path / "ran").exists()


def test_files_that_the_manifest_does_not_list_are_never_read(bundle_copy):
    for name in ("__init__.py", "conftest.py", "encoder/modeling.py", "model.pkl"):
        (bundle_copy / name).write_text("raise SystemExit('this ran')")
    assert load_all(bundle_copy).manifest.id == read_manifest(bundle_copy)["id"]


def test_a_sentence_transformers_bundle_says_which_extra_serves_it(bundle_copy, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed
    edit_manifest(bundle_copy, put(("encoder", "kind"), "sentence-transformers"))
    named = read_manifest(bundle_copy)["encoder"]["model_id"]
    with pytest.raises(BundleMissing, match=r"needs the extra `train`\. Install it") as caught:
        load_bundle(bundle_copy, trusted_encoders=[named])
    assert str(bundle_copy) in str(caught.value)


@settings(max_examples=60)
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda v: st.lists(v) | st.dictionaries(st.text(), v))
)
def test_any_json_as_a_manifest_is_refused_as_such(value):
    with pytest.raises(BundleError, match=r"^bundle/manifest\.json: "):
        parse_manifest(value, where="bundle/manifest.json")


def test_the_helpers_of_these_tests_leave_a_sound_bundle_sound(bundle_copy):
    edit_manifest(bundle_copy, lambda manifest: None)
    edit_tensors(bundle_copy, HEADS, lambda tensors: None)
    edit_json(bundle_copy, GOLDEN, lambda cases: None)
    replace_file(bundle_copy, TOKENIZER, tiny_tokenizer().to_str().encode())
    assert load_all(bundle_copy).n_golden > 0
