"""GET /v1/models and /v1/models/NAME: the names that a client may ask for, in its dialect."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from router.core import Router
from router.dialects.errors import error_dialect, path_dialect
from router.dialects.row import ClientDialect
from router.dialects.shared.listing import ListedName
from router.dialects.table import clients
from router.endpoints.bodies import json_response
from router.endpoints.keys import check_key
from router.endpoints.schemas import MODEL_OPENAPI, MODELS_OPENAPI
from router.errors import RequestError
from router.policy.names import own_name
from router.policy.pins import POLICY_PREFIX, TIER_PREFIX, find_model
from router.policy.plan import ModelNotConfigured
from router.policy.setup import DEFAULT_POLICY, Setup
from router.types import ModelSpec

endpoints = APIRouter(tags=["models"])


@dataclass(frozen=True, slots=True)
class _Listed:
    """A name in the list of models. title: for people.  models: what it can lead to."""

    name: str
    title: str
    models: tuple[ModelSpec, ...]

    def named(self, name: str) -> ListedName:
        """To be written under this name, with the largest sizes: a request that needs them goes to a model with them.

        None where none is known.
        """
        windows = (model.context_window for model in self.models if model.context_window)
        outputs = (model.max_output_tokens for model in self.models if model.max_output_tokens)
        return ListedName(name, self.title, max(windows, default=None), max(outputs, default=None))


async def models(request: Request) -> Response:
    """`auto`, a name per policy and per tier, and each configured model, in the caller's dialect."""
    router: Router = request.app.state.router
    check_key(request, router.settings.api_key)
    client = _client(request)
    names = []
    for one in _listing(router.setup):
        if client.picked_prefix and own_name(one.name) == one.name:
            names.append(one.named(f"{client.picked_prefix}{one.name}"))
        names.append(one.named(one.name))
    return json_response(client.write_names(names))


async def model(request: Request, name: str) -> Response:
    """The name, as it was asked for, in any of the ways in which clients write it."""
    router: Router = request.app.state.router
    check_key(request, router.settings.api_key)
    return json_response(_client(request).write_name(_found(name, router.setup)))


_PATHS = ("/v1/models", "/models", "/v1/v1/models", *(path for row in clients().values() for path in row.names_at))
for _number, _path in enumerate(_PATHS):
    endpoints.get(
        _path,
        summary="The names a client may ask for",
        openapi_extra=MODELS_OPENAPI,
        include_in_schema=_number == 0,
    )(models)
    endpoints.get(
        f"{_path}/{{name:path}}",
        summary="One of these names",
        openapi_extra=MODEL_OPENAPI,
        include_in_schema=_number == 0,
    )(model)


def _client(request: Request) -> ClientDialect:
    """The row of the dialect in which the caller expects the list: by the path, else by its headers."""
    return clients()[path_dialect(request.url.path) or error_dialect(request.headers)]


def _listing(setup: Setup) -> list[_Listed]:
    """The names that a client may ask for: `auto` first, then policies, tiers and models."""
    every = tuple(spec for specs in setup.models.values() for spec in specs)
    names = [_Listed(DEFAULT_POLICY, "Auto (tierwise decides)", every)]
    names += [
        _Listed(f"{POLICY_PREFIX}{policy}", f"Auto, policy {policy}", every)
        for policy in setup.policies
        if policy != DEFAULT_POLICY
    ]
    for tier, specs in setup.models.items():
        names.append(_Listed(f"{TIER_PREFIX}{tier}", f"Tier {tier}", specs))
        names += [_Listed(spec.model, spec.model, (spec,)) for spec in specs]
    return names


def _found(name: str, setup: Setup) -> ListedName:
    """The name as it was asked for, with what it leads to. Raises ModelNotConfigured, and a 405 for a call's path."""
    by_name = {one.name: one for one in _listing(setup)}
    models = find_model(name, setup)
    own = name if name in by_name else own_name(name) or (models[0][1] if len(models) == 1 else name)
    if (one := by_name.get(own)) is not None:
        return one.named(name)
    if _is_call(name):
        raise HTTPException(405, headers={"allow": "POST"})
    raise ModelNotConfigured(name, setup)


def _is_call(name: str) -> bool:
    """Whether a name below /v1/models is a call, as some clients write them."""
    for client in clients().values():
        for endpoint in client.endpoints:
            if endpoint.read is not None:
                try:
                    endpoint.read(name, {})
                except RequestError:
                    continue
                return True
    return False
