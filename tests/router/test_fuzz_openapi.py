"""The service against its own OpenAPI document: bodies and headers made from it, and ones that break it.

No answer is a 5xx, and each has a status, a content type and a shape that the document says.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as conformance

CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
]
HEADERS = [
    None,
    {},
    {},
    {"x-router-tier": "budget"},
    {"x-router-floor": "production", "x-router-ceiling": "frontier"},
    {"x-router-off": "true", "anthropic-version": "2026-10-21"},
]


def tier(name, *models):
    rows = ", ".join(f'{{ model = "{one}", input_usd_per_million = 1, output_usd_per_million = 1 }}' for one in models)
    return f'[[tiers]]\nname = "{name}"\nmodels = [{rows}]\n'


@pytest.fixture(scope="module")
def document(router, tmp_path_factory):
    """The service with an echo that answers; a provider behind it makes it ready."""
    from router.app import create_app
    from router.core import Router
    from router.settings import load_settings

    config = tmp_path_factory.mktemp("fuzz") / "tierwise.toml"
    tiers = tier("budget", "echo/a", "ollama/a") + tier("production", "echo/b") + tier("frontier", "echo/c")
    config.write_text('[server]\nallowed_hosts = ["testserver"]\n' + tiers)
    app = create_app(Router(router.bundle, load_settings({}, config=config)))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


VALID, BROKEN = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("method", "path", "mode", "n_examples"),
    [
        ("POST", "/route", VALID, 120),
        ("POST", "/route", BROKEN, 80),
        ("POST", "/route/batch", VALID, 30),
        ("POST", "/route/batch", BROKEN, 30),
        ("POST", "/v1/chat/completions", VALID, 80),
        ("POST", "/v1/chat/completions", BROKEN, 40),
        ("POST", "/v1/responses", VALID, 60),
        ("POST", "/v1/responses", BROKEN, 40),
        ("POST", "/v1/messages", VALID, 60),
        ("POST", "/v1/messages", BROKEN, 40),
        ("POST", "/v1/messages/count_tokens", VALID, 40),
        ("POST", "/v1/messages/count_tokens", BROKEN, 30),
        ("POST", "/v1beta/models/{call}", VALID, 60),
        ("POST", "/v1beta/models/{call}", BROKEN, 40),
        ("GET", "/v1/models", VALID, 3),
        ("GET", "/v1/models/{name}", VALID, 10),
        ("GET", "/", VALID, 3),
        ("GET", "/healthz", VALID, 3),
        ("GET", "/readyz", VALID, 3),
    ],
)
def test_every_answer_is_as_the_openapi_document_says(document, method, path, mode, n_examples):
    statuses = set()

    @settings(max_examples=n_examples, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(document[path][method].as_strategy(generation_mode=mode), st.sampled_from(HEADERS))
    def answered_as_described(case, headers):
        # Of names made up from nothing hardly one is a tier: the made-up headers are kept in some cases only.
        case.headers = case.headers if headers is None else headers
        if "call" in (case.path_parameters or {}):
            case.path_parameters = {"call": "auto:generateContent"}
        if "name" in (case.path_parameters or {}):
            case.path_parameters = {"name": "tier:budget"}
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    answered_as_described()
    assert (200 if mode is VALID else 400) in statuses
