"""The tables of forms: every template holds the ask once, every slot can be filled, languages are many."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import training.dressing
from training.dressing import DRESSES, WRAPPERS, forms
from training.dressing.forms import PHRASE_FILES, SLOT_TABLES, WRAPPER_FILES
from training.dressing.slots import unknown_slots

FORMS = Path(training.dressing.__file__).with_name("forms")


def wrappers() -> Iterator[tuple[str, list[str]]]:
    for name in WRAPPER_FILES:
        for kind, table in tomllib.loads((FORMS / name).read_text(encoding="utf-8")).items():
            yield kind, [*table["templates"], *(text for texts in table.get("of", {}).values() for text in texts)]


def phrases() -> Iterator[tuple[str, dict[str, list[str]]]]:
    for name in PHRASE_FILES:
        for kind, table in tomllib.loads((FORMS / name).read_text(encoding="utf-8")).items():
            assert table["place"] in ("before", "after")
            yield kind, table["phrases"]


@pytest.mark.parametrize(("kind", "templates"), list(wrappers()))
def test_a_template_of_a_wrapper_holds_the_ask_once_and_slots_that_can_be_filled(kind, templates):
    assert len(templates) >= 6
    assert [text for text in templates if text.count("{{ask") != 1 or unknown_slots(text, SLOT_TABLES)] == []


@pytest.mark.parametrize(("kind", "by_language"), list(phrases()))
def test_a_phrase_holds_the_ask_at_most_once_and_slots_that_can_be_filled(kind, by_language):
    texts = [text for of_language in by_language.values() for text in of_language]
    assert [text for text in texts if text.count("{{ask") > 1 or unknown_slots(text, SLOT_TABLES)] == []
    assert by_language["en"]


def test_values_of_slots_hold_only_slots_that_can_be_filled():
    assert [value for values in SLOT_TABLES.values() for value in values if unknown_slots(value, SLOT_TABLES)] == []


def test_greetings_and_thanks_are_known_in_many_languages():
    known = dict(phrases())
    assert all(len(known[kind]) >= 20 for kind in ("greeting", "thanks", "urgency", "politeness"))


def test_every_file_of_forms_is_read_and_no_kind_is_in_two():
    assert {path.name for path in FORMS.glob("*.toml")} == {*WRAPPER_FILES, *PHRASE_FILES, "slots.toml"}
    names = [kind for kind, _ in (*wrappers(), *phrases())]
    assert len(names) == len(set(names))
    assert {*names} <= {*WRAPPERS, *DRESSES}


def test_a_kind_that_is_in_two_files_is_refused_by_name():
    held_out = WRAPPERS["yaml_event"]
    with pytest.raises(ValueError, match=r"wrappers_held_out\.toml: kind 'yaml_event' is in an earlier file"):
        list(forms._new_kinds("wrappers_held_out.toml", {"yaml_event": held_out}))


def words(text: str) -> str:
    return " ".join(re.sub(r"\W+", " ", re.sub(r"\{\{.*?\}\}", " ", text)).lower().split())


def test_no_phrase_of_a_held_out_kind_is_worn_in_training():
    seen, held_out = (
        {
            words(text)
            for kind, table in phrases()
            if DRESSES[kind].held_out == held
            for texts in table.values()
            for text in texts
        }
        for held in (False, True)
    )
    assert (seen & held_out) - {""} == set()


def test_no_template_of_a_held_out_kind_is_worn_in_training():
    seen, held_out = (
        {re.sub(r"\s+", " ", text) for kind, texts in wrappers() if WRAPPERS[kind].held_out == held for text in texts}
        for held in (False, True)
    )
    assert seen & held_out == set()
    bare = {re.sub(r"\s+", " ", text) for text in dict(phrases())["quotes"]["en"]}
    assert seen & bare == set()


@pytest.mark.parametrize("kind", ["introduction", "curiosity", "hedge", "announcement", "closer"])
def test_newer_dresses_are_said_in_ten_languages_besides_english(kind):
    assert {"de", "fr", "es", "it", "pt", "nl", "pl", "ru", "zh", "ja"} <= set(dict(phrases())[kind])
