"""Server-sent events: the specification's cases, any cut, and what would fill the memory."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.dialects.shared import sse
from router.dialects.shared.sse import SseEvent, SseReader, sse_comment, sse_data, sse_event
from tests.router.dialects.cuts import pieces


def largest(n_bytes: int):
    return patch.object(sse, "MAX_EVENT_BYTES", n_bytes)


def read(*chunks: bytes) -> list[SseEvent]:
    reader = SseReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.close()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: a\n\n", [SseEvent("message", "a")]),
        (b"data: a\r\n\r\n", [SseEvent("message", "a")]),
        (b"data: a\r\ndata: b\r\n\r\n", [SseEvent("message", "a\nb")]),
        (b"data: a\r\rdata: b\r\r", [SseEvent("message", "a"), SseEvent("message", "b")]),
        (b"data:a\ndata:  b\ndata\n\n", [SseEvent("message", "a\n b\n")]),
        (b"event: ping\ndata: {}\n\ndata: 1\n\n", [SseEvent("ping", "{}"), SseEvent("message", "1")]),
        (b"event: ping\n\ndata: 1\n\n", [SseEvent("message", "1")]),
        (b"id: 7\ndata: 1\n\ndata: 2\n\n", [SseEvent("message", "1", "7"), SseEvent("message", "2", "7")]),
        (b"id: 7\ndata: 1\n\nid: x\0\ndata: 2\n\n", [SseEvent("message", "1", "7"), SseEvent("message", "2", "7")]),
        (b": OPENROUTER PROCESSING\n\ndata: 1\n\n", [SseEvent("message", "1")]),
        (b"retry: 10\nother: 1\ndata: 1\n\n", [SseEvent("message", "1")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [SseEvent("message", "1")]),
        (b"data: \xef\xbb\xbf1\n\n", [SseEvent("message", "\ufeff1")]),
        (b"data: \xff\n\n", [SseEvent("message", "\ufffd")]),
        (b"data:\n\n", [SseEvent("message", "")]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_events_are_read_as_the_specification_says(raw, expected):
    assert read(raw) == expected
    assert read(*[bytes([byte]) for byte in raw]) == expected


def test_an_event_is_there_as_soon_as_its_blank_line_is():
    reader = SseReader()
    assert reader.feed(b"data: a\r\n\r") == [SseEvent("message", "a")]
    assert reader.feed(b"") == []
    assert reader.feed(b"\ndata: b\n\n") == [SseEvent("message", "b")]


def test_the_last_event_counts_although_its_blank_line_never_came():
    assert read(b"data: 1\n\ndata: [DONE]") == [SseEvent("message", "1"), SseEvent("message", "[DONE]")]


LINES = st.one_of(
    st.sampled_from([b"data: ", b"event: x", b"id: 1", b": c", b"", b"", b"\xef\xbb\xbf", "data: ü😀".encode()]),
    st.binary(max_size=12),
)


@given(st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n", b""]))), st.lists(st.integers(0, 999)))
def test_how_the_bytes_are_cut_makes_no_difference(lines, cuts):
    raw = b"".join([line + end for line, end in lines])
    assert read(*pieces(raw, cuts)) == read(raw)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_give_events_or_a_value_error(chunks):
    try:
        with largest(64):
            events = read(*chunks)
    except ValueError:
        return
    assert all(len(event.data.encode()) <= 3 * 64 for event in events)


@pytest.mark.parametrize("raw", [b"data: " + b"a" * 100, b"data: 1234\n" * 20, b"data\n" * 101, b": " + b"a" * 100])
def test_an_event_that_is_too_large_ends_the_reading_for_good(raw):
    reader = SseReader()
    with largest(100), pytest.raises(ValueError, match="larger than 100 bytes"):
        reader.feed(raw)
    for again in (lambda: reader.feed(b"data: 1\n\n"), reader.close):
        with largest(100), pytest.raises(ValueError, match="larger than 100 bytes"):
            again()


def test_many_small_events_are_not_one_large_one():
    with largest(40):
        assert len(read(b"data: 123456789\n\n: comment\n" * 1000)) == 1000


def test_frames_are_written_with_their_blank_line():
    assert sse_data({"a": "ü\n"}) == 'data: {"a":"ü\\n"}\n\n'.encode()
    assert sse_event("ping", {}) == b"event: ping\ndata: {}\n\n"
    assert sse_comment("keepalive") == b": keepalive\n\n"
    assert sse_comment("a\r\nb\ndata: c") == b": a\n: b\n: data: c\n\n"


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_is_written_is_read_and_comments_are_not(text, comment):
    assert read(sse_comment(comment) + sse_data([text])) == [SseEvent("message", sse_data([text])[6:-2].decode())]
