"""Rows read strictly: what is taken, what is refused and with which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import DataError
from router.types import Message
from training.rows.row import LabelledRow, OutcomeRow, TrainingRow, check_tier_names, group_keys, parse_row

OUTCOME = {"id": "a", "prompt": "Why?", "outcomes": {"m": 1}}
LABELLED = {"id": "a", "prompt": "Why?", "tier": "budget"}


def parse(value: object) -> TrainingRow:
    return parse_row(value, where="rows.jsonl:7", default_source="rows")


def test_an_outcome_row_is_read_field_by_field() -> None:
    row = parse(
        OUTCOME
        | {
            "source": "s",
            "outcomes": {"m": 1, "n": 0.25},
            "category": "c",
            "qhash": "h",
            "template": "t",
            "conversation": "v",
            "metric": "exact",
            "output_tokens": {"m": 7, "n": 8.0},
            "input_tokens": {"m": 0},
            "cost_usd": {"m": 0.002},
            "tools": [{"name": "f"}, {"name": "g"}],
        }
    )
    assert row == OutcomeRow(
        id="a",
        source="s",
        messages=(Message("user", "Why?"),),
        outcomes={"m": 1.0, "n": 0.25},
        category="c",
        qhash="h",
        template="t",
        conversation="v",
        metric="exact",
        output_tokens={"m": 7, "n": 8},
        input_tokens={"m": 0},
        cost_usd={"m": 0.002},
        n_tools=2,
    )


def test_a_labelled_row_is_read_field_by_field() -> None:
    more = {"label_source": "judge", "task": "t", "lang": "de", "pair": "p", "trap": "x", "conversation": "v"}
    row = parse(LABELLED | more | {"qhash": "h", "n_tools": 3, "source": "s"})
    assert row == LabelledRow(
        id="a",
        source="s",
        messages=(Message("user", "Why?"),),
        tier="budget",
        label_source="judge",
        task="t",
        lang="de",
        pair="p",
        trap="x",
        conversation="v",
        qhash="h",
        n_tools=3,
    )


def test_what_a_row_does_not_say_gets_its_default() -> None:
    row = parse(LABELLED)
    assert isinstance(row, LabelledRow)
    assert (row.source, row.label_source, row.pair, row.n_tools) == ("rows", "annotator", None, 0)


def test_messages_are_read_as_the_service_reads_them() -> None:
    content = [{"type": "text", "text": "What is"}, {"type": "image_url"}, {"type": "text", "text": "this?"}]
    messages = [{"role": "System", "content": "Be brief."}, {"role": "user", "content": content}]
    row = parse({"id": "a", "messages": messages, "tier": "budget"})
    assert row.messages == (Message("system", "Be brief."), Message("user", "What is\nthis?", ("image",)))


def test_unknown_keys_and_null_fields_are_passed_over() -> None:
    assert parse(OUTCOME | {"why": [1], "tier2": 3, "category": None, "messages": None, "tools": None}) == parse(
        OUTCOME
    )


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ([], None, "expected an object, found an array of 0"),
        ({**OUTCOME, "tier": "budget"}, None, "expected either `tier` or `outcomes`, found both"),
        ({"id": "a", "prompt": "x"}, None, "expected either `tier` or `outcomes`, found neither"),
        ({**OUTCOME, "messages": []}, None, "expected either `prompt` or `messages`, found both"),
        ({"id": "a", "tier": "x"}, None, "expected either `prompt` or `messages`, found neither"),
        ({**OUTCOME, "id": 7}, "id", "expected a string that is not blank, found 7"),
        ({**OUTCOME, "id": " "}, "id", 'expected a string that is not blank, found " "'),
        ({**OUTCOME, "id": None}, "id", "expected a string that is not blank, found no such key"),
        ({"prompt": "x", "tier": "y"}, "id", "expected a string that is not blank, found no such key"),
        ({**OUTCOME, "source": True}, "source", "expected a string that is not blank, found true"),
        ({**OUTCOME, "prompt": {}}, "prompt", "expected a string that is not blank, found an object of 0"),
        ({**OUTCOME, "prompt": "\ud800"}, "prompt", "expected Unicode text, found half a surrogate pair"),
        ({**OUTCOME, "outcomes": {}}, "outcomes", "with at least one model's score, found an object of 0"),
        ({**OUTCOME, "outcomes": [1]}, "outcomes", "expected an object from model to number, .* found an array of 1"),
        ({**OUTCOME, "outcomes": {"": 1}}, "outcomes", "expected names that are not blank, found"),
        (
            {**OUTCOME, "outcomes": {"m": 1.5}},
            "outcomes.m",
            r"expected a number in \[0, 1\] \(leave out what is unknown\), found 1.5",
        ),
        ({**OUTCOME, "outcomes": {"m": -0.1}}, "outcomes.m", "found -0.1"),
        ({**OUTCOME, "outcomes": {"m": True}}, "outcomes.m", "found true"),
        ({**OUTCOME, "outcomes": {"m": "1"}}, "outcomes.m", 'found "1"'),
        ({**OUTCOME, "outcomes": {"m": None}}, "outcomes.m", "\\(leave out what is unknown\\), found null"),
        ({**OUTCOME, "outcomes": {"m": float("nan")}}, "outcomes.m", "found nan"),
        ({**OUTCOME, "outcomes": {"m": 10**5000}}, "outcomes.m", "found a number of more than 64 bits"),
        ({**OUTCOME, "output_tokens": {"m": -1}}, "output_tokens.m", "expected a whole number"),
        ({**OUTCOME, "input_tokens": {"m": 1.5}}, "input_tokens.m", "found 1.5"),
        ({**OUTCOME, "input_tokens": {"m": float("inf")}}, "input_tokens.m", "found inf"),
        ({**OUTCOME, "cost_usd": {"m": -0.5}}, "cost_usd.m", "expected USD"),
        ({**OUTCOME, "cost_usd": {"m": 10**400}}, "cost_usd.m", "expected USD"),
        ({**OUTCOME, "n_tools": True}, "n_tools", "expected a whole number"),
        ({**OUTCOME, "tools": {}}, "tools", "expected an array, found an object of 0"),
        ({**LABELLED, "tier": 2}, "tier", "expected a string that is not blank, found 2"),
        ({**LABELLED, "pair": []}, "pair", "expected a string that is not blank, found an array of 0"),
        ({"id": "a", "tier": "x", "messages": "hi"}, "messages", "expected an array, found a string"),
        ({"id": "a", "tier": "x", "messages": []}, "messages", "expected at least one message"),
        ({"id": "a", "tier": "x", "messages": [{"role": 1}]}, "messages[0].role", "expected a string, found a number"),
    ],
)
def test_a_wrong_row_is_refused_with_place_field_and_what_was_expected(
    row: Any, field: str | None, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        parse(row)
    assert caught.value.where == "rows.jsonl:7"
    assert caught.value.field == field
    place = "rows.jsonl:7: " if field is None else f"rows.jsonl:7: {field}: expected"
    assert str(caught.value).startswith(place) and "\n" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
messages_like = st.lists(st.fixed_dictionaries({"role": json_values, "content": json_values}), max_size=3)
row_like = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=4) | json_values,
        "prompt": st.text(max_size=8) | json_values,
        "messages": messages_like | json_values,
        "tier": st.sampled_from(["budget", "frontier"]) | json_values,
        "outcomes": st.dictionaries(st.text(max_size=3), st.floats(0, 1) | json_values, max_size=3) | json_values,
        "qhash": json_values,
        "tools": json_values,
        "output_tokens": json_values,
        "cost_usd": json_values,
        "label_source": json_values,
    },
)


@given(row_like | json_values)
def test_any_json_gives_a_sound_row_or_a_data_error(value: object) -> None:
    try:
        row = parse(value)
    except DataError as exc:
        assert exc.where == "rows.jsonl:7"
        return
    assert row.id.strip() and row.source.strip() and row.messages
    assert group_keys(row)
    if isinstance(row, OutcomeRow):
        assert row.outcomes and all(0 <= score <= 1 for score in row.outcomes.values())
        assert all(count >= 0 for count in row.output_tokens.values())


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        (OUTCOME, ("id:rows/a",)),
        (OUTCOME | {"qhash": "h", "template": "t"}, ("qhash:h", "template:t")),
        (LABELLED | {"pair": "p", "conversation": "v"}, ("pair:p", "conversation:v")),
        (LABELLED | {"template": "no field of labelled rows"}, ("id:rows/a",)),
        (OUTCOME | {"pair": "no field of outcome rows"}, ("id:rows/a",)),
    ],
)
def test_group_keys_are_namespaced_and_fall_back_to_the_id(row: dict[str, object], keys: tuple[str, ...]) -> None:
    assert group_keys(parse(row)) == keys


def test_rows_of_two_sources_with_one_id_are_in_two_groups() -> None:
    assert group_keys(parse(LABELLED | {"source": "x"})) != group_keys(parse(LABELLED | {"source": "y"}))


def test_a_label_that_is_no_tier_is_refused_with_the_tiers_there_are() -> None:
    rows = [parse(OUTCOME), parse(LABELLED)]
    check_tier_names(rows, ("budget", "frontier"))
    with pytest.raises(
        DataError, match="row 'a' of source 'rows': tier: 'budget' is not a tier; use one of: small, large"
    ):
        check_tier_names(rows, ("small", "large"))


def test_all_faults_of_a_row_are_named_at_once_and_never_the_text_of_a_prompt() -> None:
    secret = "the patient is called Ada"
    with pytest.raises(DataError) as caught:
        parse({"id": 7, "prompt": [secret], "tier": " ", "why": [secret], "pair": 3})
    assert str(caught.value).splitlines() == [
        "rows.jsonl:7: prompt: expected a string that is not blank, found an array of 1",
        "rows.jsonl:7: id: expected a string that is not blank, found 7",
        'rows.jsonl:7: tier: expected a string that is not blank, found " "',
        "rows.jsonl:7: pair: expected a string that is not blank, found 3",
        "rows.jsonl:7: why: expected a string that is not blank, found an array of 1",
    ]
    for wrong in ({"prompt": secret + "\ud800"}, {"messages": [{"role": "user", "content": secret + "\ud800"}]}):
        with pytest.raises(DataError) as caught:
            parse({"id": "a", "tier": "budget", **wrong})
        assert secret not in str(caught.value)
