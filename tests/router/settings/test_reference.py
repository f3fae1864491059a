"""The reference names every key that the file may have, with what is checked."""

from __future__ import annotations

import tomllib
from pathlib import Path

from router.settings.reference import settings_reference

EXAMPLE = Path(__file__).parents[3] / "data" / "tierwise.example.toml"
ROWS = {row.key: row for row in settings_reference()}


def keys_of(value: object, prefix: str = "") -> set[str]:
    """The keys of a decoded file, written as the reference writes them."""
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item, f"{prefix}[]")}
    if not isinstance(value, dict):
        return set()
    free = prefix in ("policies", "catalog", "turns", "policies.NAME.turns", "tier_mix", "rules[].header")
    found: set[str] = set()
    for name, inner in value.items():
        key = f"{prefix}.{'NAME' if free else name}" if prefix else name
        found |= {key} | keys_of(inner, key)
    return found


def test_every_key_of_the_example_is_in_the_reference():
    used = keys_of(tomllib.loads(EXAMPLE.read_text("utf-8")))
    free = {key for key in used if key.endswith(".NAME") or key.startswith("rules[].header.")}
    assert used - free - {"turns.NAME.floor"} - set(ROWS) <= {"policies.NAME.turns.NAME"}
    assert len(ROWS) > 80


def test_every_key_has_what_is_allowed_and_a_meaning():
    for row in ROWS.values():
        assert row.allowed and row.meaning, row
        assert "\n" not in f"{row.key}{row.allowed}{row.default}{row.meaning}"


def test_a_row_says_range_default_and_meaning():
    port = ROWS["server.port"]
    assert (port.allowed, port.default) == ("a whole number in [0, 65535]", "8080")
    assert port.meaning == "the port to listen on; 0 lets the system choose"
    assert (ROWS["dispatch.breaker.cooldown_s"].allowed, ROWS["dispatch.breaker.cooldown_s"].default) == (
        "a number in [0.01, 86400]",
        "1.0",
    )
    assert ROWS["server.unknown_models"].allowed == "one of refuse, auto"
    assert ROWS["policies.NAME.cascade.escalations"].default == "2"
    assert ROWS["tiers[].models[].capabilities"].allowed.startswith("an array of words, each one of images")
    assert ROWS["providers[].quirks.tool_ids"].allowed == "one of any, alnum9"
    assert "dispatch.max_answer_bytes" not in ROWS
