"""The columns of the table of dialects: what a client dialect and a provider dialect consist of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from router.dialects import conversation as c
from router.dialects.shared.endpoint import Endpoint, PathInfo
from router.dialects.shared.failures import ReadFailure
from router.dialects.shared.limits import Lowered
from router.dialects.shared.listing import ListedName, write_openai_name, write_openai_names
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider
from router.dialects.shared.stream import StreamWriter
from router.errors import RequestError
from router.types import Dialect, JsonObject

SSE = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class AnswerInfo:
    """Facts of an answer for the client. model: who answered.  created_s: Unix time.  input_tokens: estimated."""

    model: str
    created_s: int
    request_id: str
    input_tokens: int


@dataclass(frozen=True, slots=True)
class ClientDialect:
    """A dialect in which clients call.

    passes_through: whether a provider of this dialect gets the client's own bytes, and the client the provider's.
    own_frames: whether that holds for streams too.
    streams: whether the body asks for a stream.
    read: the body, for the decision and for translation. Raises RequestError where it has no text to decide on.
    write: (answers, request, info) -> the body of a whole answer.  writer: (request, info) -> a writer of one stream.
    write_failure, failure_status: of a provider's failure.  write_error: of an error of the router's own.
    write_name, write_names: of a model in the list of models, and of the list.  names_at: where it is served, besides
        /v1/models.  picked_prefix: begins a second name of ours for pickers that show only such names.
    body_schema, error_schema: for the OpenAPI document.  endpoints: where it is served.
    path_prefixes: paths of this dialect, whether they exist or not.
    also_reads: other dialects whose bodies are read at its endpoints.
    error_headers, error_fields: request headers and body fields that only this dialect has.
    passed_headers: of the client's, those that change what its body means.
    stream_type: media type of a stream.
    count_field: the answer's field with the number of tokens; "" where there is no such endpoint.
    counted: the request inside a body that asks for that number.
    fails_in_stream: whether a failure that clients would retry is sent in an accepted stream, where a stream was asked.
    lowered: lowers the limit on the answer in a body that is passed on; None where none is.
    for_request: the row for one body at one path, where that makes a difference.
    """

    dialect: Dialect
    streams: Callable[[JsonObject], bool]
    read: Callable[[JsonObject], c.Conversation]
    write: Callable[[Sequence[c.Answer], c.Conversation, AnswerInfo], JsonObject]
    writer: Callable[[c.Conversation, AnswerInfo], StreamWriter]
    write_failure: Callable[[c.UpstreamFailure], JsonObject]
    failure_status: Callable[[c.UpstreamFailure], int]
    write_error: Callable[[RequestError], JsonObject]
    body_schema: JsonObject
    error_schema: JsonObject
    endpoints: tuple[Endpoint, ...]
    path_prefixes: tuple[str, ...]
    write_name: Callable[[ListedName], JsonObject] = write_openai_name
    write_names: Callable[[list[ListedName]], JsonObject] = write_openai_names
    names_at: tuple[str, ...] = ()
    picked_prefix: str = ""
    also_reads: tuple[Dialect, ...] = ()
    error_headers: tuple[str, ...] = ()
    error_fields: tuple[str, ...] = ()
    passed_headers: tuple[str, ...] = ()
    passes_through: bool = True
    own_frames: bool = True
    stream_type: str = SSE
    count_field: str = ""
    counted: Callable[[JsonObject], JsonObject] = lambda body: body
    fails_in_stream: bool = False
    lowered: Lowered | None = None
    for_request: Callable[[ClientDialect, JsonObject, PathInfo], ClientDialect] = lambda row, _body, _path: row

    @property
    def passed_to(self) -> Dialect | None:
        """The provider dialect that is sent the client's own bytes; None where none is."""
        return self.dialect if self.passes_through else None


class EventReader(Protocol):
    """A stream's bytes in, neutral events out; never raises."""

    def feed(self, data: bytes, /) -> list[c.Event]:
        """The events that the bytes complete."""

    def close(self) -> list[c.Event]:
        """The last events, once the provider closed the stream."""

    def missing(self) -> bytes:
        """What the provider left out of the stream's end, in its own dialect; b"" the second time.

        It goes before the bytes that were fed last, to a client that is sent the provider's bytes.
        """


class Splitter(Protocol):
    """Bytes of a stream in, the whole events among them out, unread and each with its own end."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now. Raises ValueError where there can be none."""

    def rest(self) -> bytes:
        """What is left of an event that did not end."""

    def last(self) -> bytes:
        """That event with the end that it lacks, where nothing else is missing; b"" where it was cut short."""


class Prepare(Protocol):
    """Makes the request to a provider."""

    def __call__(
        self, provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float
    ) -> Prepared:
        """without: paths of parameters that the provider refused.  now_s: Unix time, for signatures.

        Raises ValueError where the call holds only bytes of another dialect, RequestError where it has no translation.
        """


@dataclass(frozen=True, slots=True)
class ProviderDialect:
    """A dialect in which providers answer.

    read_answers: (body, model, request id) -> all answers, the first first; raises ValueError where there is none.
        Model and request id are for dialects whose bodies hold neither.
    reader: (model, request id) -> a reader of one stream.  splitter: splits a stream into events, unread.
    adapters: how requests are made, by the adapter's name in the registry of providers.
    corrected: a whole answer's bytes in words that clients of the dialect know; None where all providers say those.
        The splitter gives a stream's events so.
    """

    read_answers: Callable[[JsonObject, str, str], tuple[c.Answer, ...]]
    reader: Callable[[str, str], EventReader]
    read_failure: ReadFailure
    splitter: Callable[[], Splitter]
    adapters: Mapping[str, Prepare]
    corrected: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True, slots=True)
class DialectRow:
    """A row of the table. client, provider: None where no client, or no provider, speaks the dialect."""

    client: ClientDialect | None = None
    provider: ProviderDialect | None = None
