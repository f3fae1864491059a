"""A dialect is one folder and one row of one table: what holds it there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from router.dialects.table import ADAPTERS, TABLE, adapter, clients, row
from router.types import CLIENT_DIALECTS, Dialect

ROUTER = Path(__file__).parents[1] / "router"
ROOMS = {dialect: ROUTER / "dialects" / dialect for dialect in TABLE}
CLIENT_PARTS = {"answer", "endpoints", "stream"}
PROVIDER_PARTS = {"answer", "failure", "http", "stream"}
SHARED_PARTS = {Dialect.OPENAI_CHAT: {"failure"}, Dialect.OPENAI_RESPONSES: {"failure"}}
"""OpenAI reports errors alike in both of its dialects: shared/openai_failures.py."""
CLIENTS = clients()
PROVIDERS = {dialect for dialect in TABLE if row(dialect).provider}
OWN_PARTS = {
    *("azure", "cache_points", "eventstream", "lacks", "namespaces", "reasoning", "sigv4", "stream_reader"),
}
"""What not every dialect has: another URL, frames, signatures and marks, namespaces, kept thinking, what is lacking."""
REQUEST_PARTS = {"request", "request_reader", "request_writer", "request_fields", "request_fit", "request_messages"}


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in ROUTER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield path, node


WORDS = {"vendor_words", "vendor_row", "unsupported_words"}


def outside(word: str, room: Path) -> list[str]:
    """Files of the service outside a room that name its dialect; the tables of vendors' words name every vendor."""
    paths = sorted(path for path in ROUTER.rglob("*.py") if room not in path.parents and path.stem not in WORDS)
    return [str(path.relative_to(ROUTER)) for path in paths if word in path.read_text(encoding="utf-8").lower()]


@pytest.mark.parametrize(("dialect", "most"), [(Dialect.GEMINI, 9), (Dialect.ANTHROPIC, 17), (Dialect.BEDROCK, 8)])
def test_a_dialect_is_named_in_few_files_outside_its_room(dialect, most):
    found = outside(dialect, ROOMS[dialect])
    assert len(found) <= most, found


def test_there_is_one_enum_of_dialects():
    found = [path for path, node in classes() if node.name == "Dialect" or _values(node) >= {"gemini", "bedrock"}]
    assert [str(path.relative_to(ROUTER)) for path in found] == ["types.py"]
    assert issubclass(Dialect, Enum)


def _values(node: ast.ClassDef) -> set[object]:
    constants = [line.value for line in node.body if isinstance(line, ast.Assign)]
    return {constant.value for constant in constants if isinstance(constant, ast.Constant)}


def test_there_is_one_table_with_a_row_for_every_dialect():
    assert {*TABLE, Dialect.PROMPT} == set(Dialect)
    assert {*CLIENTS, Dialect.PROMPT} == set(CLIENT_DIALECTS)
    assert all(row(dialect).client or row(dialect).provider for dialect in TABLE)
    assert all(client.dialect is dialect for dialect, client in CLIENTS.items())
    assert set(ADAPTERS.values()) == PROVIDERS
    assert set(ADAPTERS) == {name for dialect in PROVIDERS for name in row(dialect).provider.adapters}
    assert all(adapter(name) is row(dialect).provider.adapters[name] for name, dialect in ADAPTERS.items())
    tables = [path for path in ROUTER.rglob("*.py") if path.read_text(encoding="utf-8").count("Dialect.GEMINI:") > 0]
    assert [str(path.relative_to(ROUTER)) for path in tables] == ["dialects/table.py"]


@pytest.mark.parametrize("dialect", TABLE)
def test_a_room_has_its_parts_under_the_same_names_as_every_other(dialect):
    found = {path.stem for path in ROOMS[dialect].glob("*.py")} - {"__init__"}
    expected = (CLIENT_PARTS if dialect in CLIENTS else set()) | (PROVIDER_PARTS if dialect in PROVIDERS else set())
    assert found >= expected - SHARED_PARTS.get(dialect, set())
    assert found - expected <= OWN_PARTS | REQUEST_PARTS


def test_rooms_do_not_know_each_other():
    for dialect, room in ROOMS.items():
        others = [f"router.dialects.{other}" for other in TABLE if other is not dialect]
        for path in room.glob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert [name for name in others if name in source] == [], path


def test_paths_of_clients_belong_to_one_dialect_each():
    paths = [path for client in CLIENTS.values() for endpoint in client.endpoints for path in endpoint.paths]
    assert len(set(paths)) == len(paths) > 0


@pytest.mark.parametrize("dialect", CLIENTS)
def test_a_client_dialect_writes_errors_and_failures_with_its_own_schema(dialect):
    jsonschema = pytest.importorskip("jsonschema")
    from router.dialects.conversation import FailureKind, UpstreamFailure
    from router.errors import RequestError

    client = CLIENTS[dialect]
    validator = jsonschema.Draft202012Validator(client.error_schema)
    validator.validate(client.write_error(RequestError("wrong", field="a.b", code="c")))
    for kind in FailureKind:
        failure = UpstreamFailure(kind, 0, "m", retry_after_s=1.0)
        validator.validate(client.write_failure(failure))
        assert 400 <= client.failure_status(failure) < 600
