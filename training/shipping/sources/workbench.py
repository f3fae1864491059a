"""WorkBench: the calls that five agents made for office requests, compared with the right ones.

Only calls with a side effect count. They are compared as parsed syntax trees, in any order, and are never run.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from router.errors import DataError
from training.shipping.sources.literals import UNREADABLE, literal, parse_expression
from training.shipping.sources.outcome_json import JsonRow, outcome_row
from training.shipping.sources.registry import PublicSource
from training.shipping.sources.repository import Repository

_DOMAINS = ("analytics", "calendar", "customer_relationship_manager", "email", "multi_domain", "project_management")
_SIDE_EFFECTS = {
    "analytics.create_plot",
    *(f"calendar.{verb}_event" for verb in ("create", "delete", "update")),
    *(f"customer_relationship_manager.{verb}_customer" for verb in ("add", "delete", "update")),
    *(f"email.{verb}_email" for verb in ("delete", "forward", "reply", "send")),
    *(f"project_management.{verb}_task" for verb in ("create", "delete", "update")),
}
# The benchmark's own checker ignores case except in these columns.
_CASED_FIELDS = {"status", "list_name", "board"}

_Call: TypeAlias = tuple[object, ...]
_Line: TypeAlias = dict[str, str]


def rows_of(source: PublicSource, repository: Repository) -> Iterator[JsonRow]:
    """One row per request, by domain; a model without a line for a request is unknown there."""
    for domain in _DOMAINS:
        answers = _answers_by_model(repository, domain)
        requests = repository.csv(f"data/processed/queries_and_answers/{domain}_queries_and_answers.csv")
        for index, request in enumerate(requests):
            answered = {model: lines[request["query"]] for model, lines in answers.items() if request["query"] in lines}
            yield _row(source, f"{domain}/{index}", domain, request, answered)


def _answers_by_model(repository: Repository, domain: str) -> dict[str, dict[str, _Line]]:
    """Each model's lines by request; of several files of a model the last one counts."""
    pattern = rf"data/results/{domain}/(.+)_domains_[\d_-]+\.csv"
    return {
        match.group(1): {line["query"]: line for line in repository.csv(match.group())}
        for match in repository.matches(pattern)
    }


def _row(source: PublicSource, row_id: str, domain: str, request: _Line, answered: dict[str, _Line]) -> JsonRow:
    wanted = _side_effects(request["answer"])
    return outcome_row(
        source.name,
        row_id,
        category=f"agent_workplace/{domain}",
        prompt=request["query"],
        outcomes={model: float(_is_right(line, wanted)) for model, line in answered.items()},
        metric="side_effect_calls_exact_match",
        reference=request["answer"],
        template=request["base_template"],
        output_chars={model: len(line["full_response"] or "") for model, line in answered.items()},
    )


def _is_right(line: _Line, wanted: Counter[_Call]) -> bool:
    return _side_effects(line["function_calls"] or "[]") == wanted and not (line["error"] or "").strip()


def _side_effects(calls: str) -> Counter[_Call]:
    """The calls with a side effect in a Python list of call texts, each in a form that can be compared."""
    texts = literal(calls)
    if not isinstance(texts, list):
        raise DataError(f"expected a list of calls, found {calls[:60]!r}", where="workbench")
    return Counter(call for text in texts if (call := _canonical_call(text)))


def _canonical_call(text: str) -> _Call | None:
    """(name, positional values, sorted named values), lower case; None for a call without side effects."""
    name = ".".join(text.split("(")[0].split(".")[:2])
    if name not in _SIDE_EFFECTS:
        return None
    try:
        call = parse_expression(text.replace("\n", "\\n"))
        if not isinstance(call, ast.Call):
            return (name, text.lower())
        given = tuple(str(ast.literal_eval(argument)).lower() for argument in call.args)
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        return (name, given, tuple(sorted((key, _canonical_value(key, value, named)) for key, value in named.items())))
    except UNREADABLE:
        return (name, text.lower())


def _canonical_value(key: str | None, value: object, named: dict[str | None, object]) -> str:
    field = named.get("field") if key == "new_value" else key
    return str(value) if field in _CASED_FIELDS else str(value).lower()
