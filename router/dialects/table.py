"""The table of dialects: a row for each, whose columns hold everything that the rest of the router needs to know of it.

A new dialect is a folder and a row here; a new way to call providers of a known dialect is an entry of `adapters`.
A row loads its folder when it is first asked for: a decision needs one of them, the service all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType

from router.dialects import conversation as c
from router.dialects.row import JSON, SSE, ClientDialect, DialectRow, Prepare, ProviderDialect
from router.dialects.shared.endpoint import PathInfo
from router.dialects.shared.fields import as_string, optional_bool
from router.dialects.shared.sse import SseSplitter
from router.types import Dialect, JsonObject


def _streams(body: JsonObject) -> bool:
    return optional_bool(body, "stream", default=False)


def _openai_chat() -> DialectRow:
    from router.dialects.openai_chat import answer, azure, endpoints, http, stream
    from router.dialects.shared import openai_errors, openai_failures

    return DialectRow(
        ClientDialect(
            Dialect.OPENAI_CHAT,
            streams=_streams,
            read=_read_chat,
            write=lambda answers, _, info: answer.write_answers(answers, model=info.model, created_s=info.created_s),
            writer=lambda asked, info: stream.StreamWriter(info.model, info.created_s, asked.include_usage),
            write_failure=openai_errors.write_failure,
            failure_status=openai_errors.failure_status,
            write_error=openai_errors.write_error,
            body_schema=endpoints.BODY,
            error_schema=openai_errors.ERROR,
            endpoints=endpoints.ENDPOINTS,
            path_prefixes=("/v1/chat",),
            also_reads=(Dialect.OPENAI_RESPONSES,),
            lowered=endpoints.lowered,
            for_request=_chat_or_cursor,
        ),
        ProviderDialect(
            read_answers=lambda body, _model, _id: answer.read_answers(body),
            reader=lambda _model, _id: stream.StreamReader(),
            read_failure=openai_failures.read_failure,
            splitter=stream.Splitter,
            corrected=answer.with_known_finish,
            adapters={"openai_compatible": http.prepare, "azure_openai": azure.prepare},
        ),
    )


def _read_chat(body: JsonObject) -> c.Conversation:
    """A chat body; Cursor sends `input` items to the same place, which are read as those of Responses."""
    from router.dialects.openai_chat.request_reader import read_request, with_chat_fields

    if body.get("messages") is None and body.get("input") is not None:
        return with_chat_fields(clients()[Dialect.OPENAI_RESPONSES].read(body), body)
    return read_request(body)


def _chat_or_cursor(row: ClientDialect, body: JsonObject, _path: PathInfo) -> ClientDialect:
    """Cursor sends `input` to the chat endpoint and expects chat back: no provider takes such a body as it is."""
    if "messages" in body or "input" not in body:
        return row
    return replace(row, passes_through=False)


def _openai_responses() -> DialectRow:
    from router.dialects.openai_responses import (
        answer,
        azure,
        endpoints,
        http,
        namespaces,
        request_reader,
        stream,
        stream_reader,
    )
    from router.dialects.shared import openai_errors, openai_failures

    return DialectRow(
        ClientDialect(
            Dialect.OPENAI_RESPONSES,
            streams=_streams,
            read=request_reader.read_request,
            write=lambda answers, asked, info: answer.write_answer(
                answers[0],
                model=info.model,
                created_s=info.created_s,
                free_text=request_reader.free_text_tools(asked),
                own_names=namespaces.own_names(asked),
            ),
            writer=lambda asked, info: stream.StreamWriter(
                info.model,
                info.created_s,
                free_text=request_reader.free_text_tools(asked),
                own_names=namespaces.own_names(asked),
            ),
            write_failure=openai_errors.write_failure,
            failure_status=openai_errors.failure_status,
            write_error=openai_errors.write_error,
            body_schema=endpoints.BODY,
            error_schema=openai_errors.ERROR,
            endpoints=endpoints.ENDPOINTS,
            path_prefixes=("/v1/responses",),
            lowered=endpoints.lowered,
            fails_in_stream=True,
        ),
        ProviderDialect(
            read_answers=lambda body, _model, _id: (answer.read_answer(body),),
            reader=lambda _model, _id: stream_reader.StreamReader(),
            read_failure=openai_failures.read_failure,
            splitter=SseSplitter,
            adapters={"openai_responses": http.prepare, "azure_openai_responses": azure.prepare},
        ),
    )


def _anthropic() -> DialectRow:
    from router.dialects.anthropic import answer, endpoints, failure, http, request_reader, stream

    return DialectRow(
        ClientDialect(
            Dialect.ANTHROPIC,
            streams=_streams,
            read=request_reader.read_request,
            write=lambda answers, _, info: answer.write_answer(answers[0], model=info.model),
            writer=lambda _, info: stream.StreamWriter(info.model, info.input_tokens, request_id=info.request_id),
            write_failure=failure.write_failure,
            failure_status=failure.failure_status,
            write_error=failure.write_error,
            body_schema=endpoints.BODY,
            error_schema=endpoints.ERROR,
            endpoints=endpoints.ENDPOINTS,
            path_prefixes=("/v1/messages", "/anthropic"),
            write_name=endpoints.write_name,
            write_names=endpoints.write_names,
            names_at=("/anthropic/v1/models",),
            picked_prefix=endpoints.PICKED_PREFIX,
            error_headers=("anthropic-version",),
            passed_headers=http.PASSED_HEADERS,
            lowered=endpoints.lowered,
            count_field="input_tokens",
        ),
        ProviderDialect(
            read_answers=lambda body, _model, _id: (answer.read_answer(body),),
            reader=lambda _model, _id: stream.StreamReader(),
            read_failure=failure.read_failure,
            splitter=SseSplitter,
            adapters={"anthropic": http.prepare},
        ),
    )


def _gemini() -> DialectRow:
    from router.dialects.gemini import answer, endpoints, failure, http, request_reader, stream

    def at_path(row: ClientDialect, _body: JsonObject, path: PathInfo) -> ClientDialect:
        """The path names the model and the kind of answer; without `alt=sse` a stream is one JSON array."""
        return replace(
            row,
            streams=lambda _: bool(path.stream),
            read=partial(request_reader.read_request, model=path.model, stream=bool(path.stream)),
            writer=lambda _, info: stream.StreamWriter(info.model, as_array=path.as_array),
            stream_type=JSON if path.as_array else SSE,
            own_frames=not path.as_array,
        )

    return DialectRow(
        ClientDialect(
            Dialect.GEMINI,
            streams=lambda _: False,
            read=request_reader.read_request,
            write=lambda answers, _, info: answer.write_answer(answers[0], model=info.model),
            writer=lambda _, info: stream.StreamWriter(info.model),
            write_failure=failure.write_failure,
            failure_status=failure.failure_status,
            write_error=failure.write_error,
            body_schema=endpoints.BODY,
            error_schema=endpoints.ERROR,
            endpoints=endpoints.ENDPOINTS,
            path_prefixes=("/v1beta",),
            write_name=endpoints.write_name,
            write_names=endpoints.write_names,
            names_at=("/v1beta/models",),
            error_headers=("x-goog-api-key",),
            error_fields=("contents",),
            count_field="totalTokens",
            counted=endpoints.counted_request,
            lowered=endpoints.lowered,
            for_request=at_path,
        ),
        ProviderDialect(
            read_answers=lambda body, _model, _id: (answer.read_answer(body),),
            reader=lambda _model, _id: stream.StreamReader(),
            read_failure=failure.read_failure,
            splitter=SseSplitter,
            adapters={"gemini": http.prepare},
        ),
    )


def _bedrock() -> DialectRow:
    from router.dialects.bedrock import answer, eventstream, failure, http, stream

    return DialectRow(
        provider=ProviderDialect(
            read_answers=lambda body, model, request_id: (
                answer.read_answer(body, model=model, request_id=request_id),
            ),
            reader=lambda model, request_id: stream.StreamReader(model=model, request_id=request_id),
            read_failure=failure.read_failure,
            splitter=eventstream.FrameSplitter,
            adapters={"bedrock": http.prepare},
        )
    )


TABLE: Mapping[Dialect, Callable[[], DialectRow]] = {
    Dialect.OPENAI_CHAT: _openai_chat,
    Dialect.OPENAI_RESPONSES: _openai_responses,
    Dialect.ANTHROPIC: _anthropic,
    Dialect.GEMINI: _gemini,
    Dialect.BEDROCK: _bedrock,
}
ADAPTERS: Mapping[str, Dialect] = {
    "openai_compatible": Dialect.OPENAI_CHAT,
    "azure_openai": Dialect.OPENAI_CHAT,
    "openai_responses": Dialect.OPENAI_RESPONSES,
    "azure_openai_responses": Dialect.OPENAI_RESPONSES,
    "anthropic": Dialect.ANTHROPIC,
    "gemini": Dialect.GEMINI,
    "bedrock": Dialect.BEDROCK,
}
"""The dialect of each adapter, by the name that the registry of providers uses."""


@cache
def row(dialect: Dialect) -> DialectRow:
    """The row of a dialect."""
    return TABLE[dialect]()


@cache
def clients() -> Mapping[Dialect, ClientDialect]:
    """The dialects in which clients call."""
    return MappingProxyType({name: client for name in TABLE if (client := row(name).client) is not None})


@cache
def provider(dialect: Dialect) -> ProviderDialect:
    """A dialect in which providers answer. Raises KeyError for any other."""
    found = row(dialect).provider
    if found is None:
        raise KeyError(dialect)
    return found


def adapter(name: str) -> Prepare:
    """What makes the requests of the adapter of this name. Raises KeyError."""
    return provider(ADAPTERS[name]).adapters[name]


@cache
def passed_headers() -> tuple[str, ...]:
    """Request headers that change what a body means, and so go to a provider of its dialect."""
    return tuple(name for client in clients().values() for name in client.passed_headers)


def read_body(dialect: Dialect, body: JsonObject) -> c.Conversation:
    """A body of any dialect. Raises RequestError naming the field."""
    client = None if dialect is Dialect.PROMPT else row(dialect).client
    if client is None:
        turn = c.Turn("user", (c.Text(as_string(body["prompt"], field="prompt")),))
        return c.Conversation.read(turns=(turn,), dialect=Dialect.PROMPT)
    return client.read(body)
