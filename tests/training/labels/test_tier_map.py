"""The tier map read strictly, and the score of a tier on a row."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import DataError
from router.types import Message
from training.labels.tier_map import SourceTiers, TierMap, load_tier_map, parse_tier_map, tier_scores
from training.rows.readers import data_folder
from training.rows.row import OutcomeRow

MAP: dict[str, Any] = {
    "tiers": {"s": {"threshold": 0.6, "budget": ["a", "b"], "frontier": ["c"]}},
    "ladders": {"s": {"vendor": ["a", "c"]}},
}
REPOSITORY = Path(__file__).parents[3]


def row(source: str = "s", **outcomes: float) -> OutcomeRow:
    return OutcomeRow(id="1", source=source, messages=(Message("user", "Why?"),), outcomes=outcomes)


def changed(**source: object) -> dict[str, Any]:
    return {"tiers": {"s": MAP["tiers"]["s"] | source}}


def test_a_tier_map_is_read_with_the_default_order() -> None:
    assert parse_tier_map(MAP, where="tiers.json") == TierMap(
        tiers=("budget", "production", "frontier"),
        sources={"s": SourceTiers(threshold=0.6, models={"budget": ("a", "b"), "frontier": ("c",)})},
        ladders={"s": {"vendor": ("a", "c")}},
    )


def test_an_order_names_any_number_of_tiers_cheap_to_strong() -> None:
    value = {"order": ["xs", "s", "m", "l"], "tiers": {"logs": {"threshold": 1, "l": ["big"], "xs": ["tiny"]}}}
    tier_map = parse_tier_map(value, where="tiers.json")
    assert tier_map.tiers == ("xs", "s", "m", "l")
    assert list(tier_map.sources["logs"].models) == ["xs", "l"]


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ([], None, "expected an object, found an array of 0"),
        ({}, "tiers", "expected an object of objects, found no such key"),
        (MAP | {"tier": {}}, "tier", "unknown key; the keys here are order, tiers, ladders. Did you mean 'tiers'"),
        (MAP | {"order": ["budget"]}, "order", "expected an array of 2 or more different names, found an array of 1"),
        (MAP | {"order": ["a", "a"]}, "order[1]", "expected each name once"),
        (MAP | {"order": ["a", "threshold"]}, "order", "cannot be a tier's name"),
        (MAP | {"order": ["a", 1]}, "order[1]", "expected a string that is not blank, found 1"),
        (
            MAP | {"order": ["budget", "large"]},
            "tiers.s.frontier",
            "'frontier' is not a tier; use one of: budget, large. Name other tiers in `order`",
        ),
        ({"tiers": {"s": {"threshold": 0.6}}}, "tiers.s", "expected at least one tier"),
        ({"tiers": {"s": {"budget": ["a"]}}}, "tiers.s.threshold", r"expected a number in \(0, 1\], found no such key"),
        (changed(threshold=0), "tiers.s.threshold", "found 0"),
        (changed(threshold=1.01), "tiers.s.threshold", "found 1.01"),
        (changed(threshold=float("nan")), "tiers.s.threshold", "found nan"),
        (changed(threshold=True), "tiers.s.threshold", "found true"),
        (changed(budget=[]), "tiers.s.budget", "expected an array of 1 or more different names"),
        (changed(budget="a"), "tiers.s.budget", 'found "a"'),
        (changed(frontier=["c", "b"]), "tiers.s.frontier", "expected each model in one tier, found 'b' in budget too"),
        (changed(medium=["d"]), "tiers.s.medium", "'medium' is not a tier; use one of: budget, production, frontier"),
        (MAP | {"ladders": {"t": {}}}, "ladders.t", "expected a source that `tiers` has"),
        (
            MAP | {"ladders": {"s": {"vendor": ["a"]}}},
            "ladders.s.vendor",
            "expected an array of 2 or more different names",
        ),
    ],
)
def test_a_wrong_tier_map_is_refused_with_its_key(value: Any, field: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        parse_tier_map(value, where="tiers.json")
    assert (caught.value.where, caught.value.field) == ("tiers.json", field)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["budget", "frontier", "a"]) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tiers", "order", "ladders", "s", "threshold", "budget"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_gives_a_tier_map_or_a_data_error(value: object) -> None:
    try:
        tier_map = parse_tier_map(value, where="tiers.json")
    except DataError:
        return
    assert len(tier_map.tiers) >= 2


def test_json_and_toml_files_give_the_same_map(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    toml = '[tiers.s]\nthreshold = 0.6\nbudget = ["a", "b"]\nfrontier = ["c"]\n[ladders.s]\nvendor = ["a", "c"]\n'
    (tmp_path / "map.toml").write_text(toml)
    assert load_tier_map(tmp_path / "map.json") == load_tier_map(tmp_path / "map.toml")


def test_all_faults_of_a_map_are_named_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text("[tiers.s]\nthreshold = 2\nbudget = []\n[tiers.t]\nthreshold = 1\n")
    with pytest.raises(DataError) as caught:
        load_tier_map(path)
    assert str(caught.value).splitlines() == [
        f"{path}:2: tiers.s.threshold: expected a number in (0, 1], found 2",
        f"{path}:3: tiers.s.budget: expected an array of 1 or more different names, found an array of 0",
        f"{path}:4: tiers.t: expected at least one tier, found none",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("map.json", b'{"tiers": ', "not valid JSON: .*line 1 column"),
        ("map.json", b'{"tiers": {"s": {"threshold": NaN}}}', "not valid JSON"),
        ("map.json", b"[" * 100_000, "not valid JSON"),
        ("map.toml", b"[tiers]\na = b\n", "not valid TOML: .*line 2"),
        ("map.toml", b"a = \xff", "not valid TOML"),
        ("map.yaml", b"tiers: {}", "expected a .json or .toml file, found .yaml"),
    ],
)
def test_a_file_that_cannot_be_decoded_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_tier_map(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        load_tier_map(tmp_path / "map.json")


@pytest.mark.parametrize(
    ("outcomes", "scores"),
    [
        ({"a": 1, "b": 0, "c": 1}, (0.5, None, 1.0)),
        ({"a": 0, "b": 0, "c": 0, "other": 1}, (0.0, None, 0.0)),
        ({"a": 1, "c": 1}, (None, None, 1.0)),
        ({"a": 1, "b": 1}, (1.0, None, None)),
        ({"other": 1}, (None, None, None)),
    ],
)
def test_a_tier_is_known_only_if_all_its_models_are(
    outcomes: dict[str, float], scores: tuple[float | None, ...]
) -> None:
    assert tier_scores(row(**outcomes), parse_tier_map(MAP, where="tiers.json")) == scores


@given(st.integers(1, 100), st.integers(1, 9))
def test_equal_scores_have_exactly_that_mean(hundredths: int, n_models: int) -> None:
    score, models = hundredths / 100, tuple(f"m{index}" for index in range(n_models))
    tier_map = TierMap(tiers=("low", "high"), sources={"s": SourceTiers(threshold=score, models={"low": models})})
    assert tier_scores(row(**dict.fromkeys(models, score)), tier_map) == (score, None)


@given(st.dictionaries(st.sampled_from("abc"), st.floats(0, 1)))
def test_scores_stay_in_the_unit_interval(outcomes: dict[str, float]) -> None:
    for score in tier_scores(row(**outcomes), parse_tier_map(MAP, where="tiers.json")):
        assert score is None or 0 <= score <= 1


def test_a_row_of_a_source_that_the_map_lacks_is_refused_with_the_cure() -> None:
    with pytest.raises(DataError, match=r"row '1' of source 'x': source: .*add `tiers.x` to it"):
        tier_scores(row(source="x"), parse_tier_map(MAP, where="tiers.json"))


def test_the_committed_tier_maps_can_be_read() -> None:
    assert len(load_tier_map(REPOSITORY / "data" / "tiers.json").sources) == 11
    assert load_tier_map(REPOSITORY / "data" / "sample" / "tiers.json").sources["sample"].models["production"]


def test_the_committed_tier_map_is_the_one_beside_the_public_data() -> None:
    folder = data_folder(os.environ, REPOSITORY)
    if folder is None:
        pytest.skip("the folder of public data is not there")
    assert load_tier_map(REPOSITORY / "data" / "tiers.json") == load_tier_map(folder / "tiers.json")
