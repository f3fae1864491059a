"""The table of dialects: a row for each, whose columns hold everything that the rest of the router needs to know of it.

A new dialect is a folder and a row here; a new way to call providers that speak a known dialect is an entry of
`adapters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from router.dialects import anthropic, bedrock, gemini, openai_chat, openai_responses
from router.dialects import conversation as c
from router.dialects.row import JSON, SSE, Adapter, ClientDialect, DialectRow, ProviderDialect
from router.dialects.shared import openai_errors
from router.dialects.shared.endpoint import PathInfo
from router.dialects.shared.fields import as_string, optional_bool
from router.dialects.shared.sse import SseSplitter
from router.types import Dialect, JsonObject


def _streams(body: JsonObject) -> bool:
    return optional_bool(body, "stream", default=False)


# --- OpenAI Chat Completions ------------------------------------------------------------------------------------------


def _read_chat(body: JsonObject) -> c.Conversation:
    """A chat body; Cursor sends `input` items to the same place, which are read as those of Responses."""
    if body.get("messages") is None and body.get("input") is not None:
        return openai_chat.request_reader.with_chat_fields(openai_responses.request_reader.read_request(body), body)
    return openai_chat.request_reader.read_request(body)


def _chat_or_cursor(row: ClientDialect, body: JsonObject, _path: PathInfo) -> ClientDialect:
    """Cursor sends `input` to the chat endpoint and expects chat back: no provider takes such a body as it is."""
    if "messages" in body or "input" not in body:
        return row
    return replace(row, passes_through=False)


_OPENAI_CHAT = DialectRow(
    ClientDialect(
        Dialect.OPENAI_CHAT,
        streams=_streams,
        read=_read_chat,
        write=lambda answers, _, info: openai_chat.answer.write_answers(
            answers, model=info.model, created_s=info.created_s
        ),
        writer=lambda asked, info: openai_chat.stream.StreamWriter(info.model, info.created_s, asked.include_usage),
        write_failure=openai_errors.write_failure,
        failure_status=openai_errors.failure_status,
        write_error=openai_errors.write_error,
        body_schema=openai_chat.endpoints.BODY,
        error_schema=openai_errors.ERROR,
        endpoints=openai_chat.endpoints.ENDPOINTS,
        path_prefixes=("/v1/chat",),
        also_reads=(Dialect.OPENAI_RESPONSES,),
        for_request=_chat_or_cursor,
    ),
    ProviderDialect(
        read_answers=lambda body, _model, _id: openai_chat.answer.read_answers(body),
        reader=lambda _model, _id: openai_chat.stream.StreamReader(),
        read_failure=openai_chat.failure.read_failure,
        splitter=SseSplitter,
        adapters={"openai_compatible": openai_chat.http.prepare, "azure_openai": openai_chat.azure.prepare},
    ),
)

# --- OpenAI Responses -------------------------------------------------------------------------------------------------

_OPENAI_RESPONSES = DialectRow(
    ClientDialect(
        Dialect.OPENAI_RESPONSES,
        passes_through=False,
        streams=_streams,
        read=openai_responses.request_reader.read_request,
        write=lambda answers, asked, info: openai_responses.answer.write_answer(
            answers[0],
            model=info.model,
            created_s=info.created_s,
            free_text=openai_responses.request_reader.free_text_tools(asked),
        ),
        writer=lambda asked, info: openai_responses.stream.StreamWriter(
            info.model, info.created_s, free_text=openai_responses.request_reader.free_text_tools(asked)
        ),
        write_failure=openai_errors.write_failure,
        failure_status=openai_errors.failure_status,
        write_error=openai_errors.write_error,
        body_schema=openai_responses.endpoints.BODY,
        error_schema=openai_errors.ERROR,
        endpoints=openai_responses.endpoints.ENDPOINTS,
        path_prefixes=("/v1/responses",),
    )
)

# --- Anthropic Messages -----------------------------------------------------------------------------------------------

_ANTHROPIC = DialectRow(
    ClientDialect(
        Dialect.ANTHROPIC,
        streams=_streams,
        read=anthropic.request_reader.read_request,
        write=lambda answers, _, info: anthropic.answer.write_answer(answers[0], model=info.model),
        writer=lambda _, info: anthropic.stream.StreamWriter(info.model, info.input_tokens, request_id=info.request_id),
        write_failure=anthropic.failure.write_failure,
        failure_status=anthropic.failure.failure_status,
        write_error=anthropic.failure.write_error,
        body_schema=anthropic.endpoints.BODY,
        error_schema=anthropic.endpoints.ERROR,
        endpoints=anthropic.endpoints.ENDPOINTS,
        path_prefixes=("/v1/messages", "/anthropic"),
        error_headers=("anthropic-version",),
        passed_headers=anthropic.http.PASSED_HEADERS,
        count_field="input_tokens",
    ),
    ProviderDialect(
        read_answers=lambda body, _model, _id: (anthropic.answer.read_answer(body),),
        reader=lambda _model, _id: anthropic.stream.StreamReader(),
        read_failure=anthropic.failure.read_failure,
        splitter=SseSplitter,
        adapters={"anthropic": anthropic.http.prepare},
    ),
)

# --- Gemini generateContent -------------------------------------------------------------------------------------------


def _gemini_at(row: ClientDialect, _body: JsonObject, path: PathInfo) -> ClientDialect:
    """The path names the model and the kind of answer; without `alt=sse` a stream is one JSON array."""
    stream = bool(path.stream)
    return replace(
        row,
        streams=lambda _: stream,
        read=partial(gemini.request_reader.read_request, model=path.model, stream=stream),
        writer=lambda _, info: gemini.stream.StreamWriter(info.model, as_array=path.as_array),
        stream_type=JSON if path.as_array else SSE,
        own_frames=not path.as_array,
    )


_GEMINI = DialectRow(
    ClientDialect(
        Dialect.GEMINI,
        streams=lambda _: False,
        read=gemini.request_reader.read_request,
        write=lambda answers, _, info: gemini.answer.write_answer(answers[0], model=info.model),
        writer=lambda _, info: gemini.stream.StreamWriter(info.model),
        write_failure=gemini.failure.write_failure,
        failure_status=gemini.failure.failure_status,
        write_error=gemini.failure.write_error,
        body_schema=gemini.endpoints.BODY,
        error_schema=gemini.endpoints.ERROR,
        endpoints=gemini.endpoints.ENDPOINTS,
        path_prefixes=("/v1beta",),
        error_headers=("x-goog-api-key",),
        error_fields=("contents",),
        count_field="totalTokens",
        counted=gemini.endpoints.counted_request,
        for_request=_gemini_at,
    ),
    ProviderDialect(
        read_answers=lambda body, _model, _id: (gemini.answer.read_answer(body),),
        reader=lambda _model, _id: gemini.stream.StreamReader(),
        read_failure=gemini.failure.read_failure,
        splitter=SseSplitter,
        adapters={"gemini": gemini.http.prepare},
    ),
)

# --- Amazon Bedrock Converse ------------------------------------------------------------------------------------------

_BEDROCK = DialectRow(
    provider=ProviderDialect(
        read_answers=lambda body, model, request_id: (
            bedrock.answer.read_answer(body, model=model, request_id=request_id),
        ),
        reader=lambda model, request_id: bedrock.stream.StreamReader(model=model, request_id=request_id),
        read_failure=bedrock.failure.read_failure,
        splitter=bedrock.eventstream.FrameSplitter,
        adapters={"bedrock": bedrock.http.prepare},
    )
)

# --- The table --------------------------------------------------------------------------------------------------------

TABLE: Mapping[Dialect, DialectRow] = MappingProxyType(
    {
        Dialect.OPENAI_CHAT: _OPENAI_CHAT,
        Dialect.OPENAI_RESPONSES: _OPENAI_RESPONSES,
        Dialect.ANTHROPIC: _ANTHROPIC,
        Dialect.GEMINI: _GEMINI,
        Dialect.BEDROCK: _BEDROCK,
    }
)

CLIENTS: Mapping[Dialect, ClientDialect] = MappingProxyType(
    {dialect: row.client for dialect, row in TABLE.items() if row.client is not None}
)
PROVIDERS: Mapping[Dialect, ProviderDialect] = MappingProxyType(
    {dialect: row.provider for dialect, row in TABLE.items() if row.provider is not None}
)
ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {name: Adapter(dialect, prepare) for dialect, row in PROVIDERS.items() for name, prepare in row.adapters.items()}
)
"""Adapters by the name that the registry of providers uses."""

PASSED_HEADERS = tuple(name for row in CLIENTS.values() for name in row.passed_headers)
"""Request headers that change what a body means, and so go to a provider of its dialect."""


def read_body(dialect: Dialect, body: JsonObject) -> c.Conversation:
    """A body of any dialect. Raises RequestError naming the field."""
    if dialect is Dialect.PROMPT:
        turn = c.Turn("user", (c.Text(as_string(body["prompt"], field="prompt")),))
        return c.Conversation.read(turns=(turn,), dialect=Dialect.PROMPT)
    return CLIENTS[dialect].read(body)
