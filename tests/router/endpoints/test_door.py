"""Who may call at all: pages, hosts, probes, paths with a slash; and what of a request's body is unpacked."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from pathlib import Path

import brotli
import pytest
from backports import zstd

from router.endpoints.direct import EXPOSED_HEADERS
from router.endpoints.guard import Guard
from tests.router.endpoints.service import ASK, BY_NAME, FACES, service
from tests.router.providers.upstream import answer

PAGE = {"origin": "https://page.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
CLIENTS_PAGE = (Path(__file__).parents[3] / "docs" / "clients.md").read_text(encoding="utf-8")


# --- Pages and hosts --------------------------------------------------------------------------------------------------

REFUSED = {
    "text/plain from another site": {**PAGE, "content-type": "text/plain;charset=UTF-8"},
    "a page in a frame without an origin": {"origin": "null", "content-type": "text/plain"},
    "without an origin": {"sec-fetch-site": "cross-site"},
    "a rebound name": {"host": "page.example:8080"},
    "a rebound name that calls its own": {"host": "page.example", "origin": "http://page.example"},
    "a name that begins like ours": {"host": "localhost.page.example"},
    "an address of the network": {"host": "192.168.1.7:8080"},
    "an origin with a port of ours": {"origin": "http://page.example:8080"},
    "a browser's extension": {"origin": "chrome-extension://abcdef"},
    "a host that is none": {"host": "["},
    "a host with a user": {"host": "page.example@localhost"},
    "a host with a path": {"host": "localhost/page.example"},
    "a host with a port that is none": {"host": "localhost:page"},
    "in capitals": {"sec-fetch-site": "Cross-Site"},
}
SERVED = {
    "localhost": {"host": "localhost:8080"},
    "ipv6": {"host": "[::1]:8080"},
    "another of loopback's": {"host": "127.0.0.5"},
    "a page of ours": {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"},
    "the same origin": {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"},
    "a program's text": {"content-type": "text/plain"},
}


def test_without_a_key_pages_of_other_sites_and_foreign_hosts_are_refused_in_the_callers_dialect(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for name, headers in REFUSED.items():
                for face in FACES:
                    told = await made.post(face, headers=headers)
                    assert told.status_code == 403, name
                    assert re.search("cors_origins|allowed_hosts", face.error(told.json()))
                assert (await made.client.get("/readyz", headers=headers)).status_code == 403, name
            assert made.seen() == {}
            for name, headers in SERVED.items():
                assert (await made.post(BY_NAME["chat"], headers=headers)).status_code == 200, name
            followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
            assert (await made.client.get("/docs", headers=followed)).status_code == 200

    run(go())


def test_a_request_with_two_hosts_is_refused_whichever_comes_first(router):
    guard = Guard(router.settings.door, "127.0.0.1")
    for hosts in ((b"page.example", b"localhost"), (b"localhost", b"page.example"), (b"localhost", b"localhost")):
        scope = {"method": "POST", "headers": [(b"host", host) for host in hosts]}
        refusal = guard.refusal(scope)
        assert refusal is not None and refusal.status == 403, hosts


def test_named_hosts_and_origins_are_served_and_a_key_lifts_the_guard(router, tmp_path, run):
    named = {"allowed_hosts": ["tierwise.lan"], "cors_origins": ["https://page.example", "app://desktop"]}
    keyed = {"server": {"api_key_variable": "CLIENT_KEY"}, "environ": {"CLIENT_KEY": "tw-key-0123456789"}}

    async def go():
        chat = BY_NAME["chat"]
        async with service(router, tmp_path, {"a": [answer()]}, server=named) as made:
            for headers in ({"host": "TierWise.lan:80"}, PAGE, {"origin": "app://desktop"}):
                assert (await made.post(chat, headers=headers)).status_code == 200, headers
            assert (await made.post(chat, headers={"origin": "https://other.example"})).status_code == 403
        async with service(router, tmp_path, {"a": [answer()]}, **keyed) as made:
            key = {"authorization": "Bearer tw-key-0123456789"}
            assert (await made.post(chat, headers={**PAGE, **key, "host": "api.example"})).status_code == 200
            assert (await made.post(chat, headers=PAGE)).status_code == 401

    run(go())


def test_cors_is_off_unless_configured_and_then_lets_pages_read_what_the_router_says(router, tmp_path, run):
    asked = {
        "origin": "https://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, x-stainless-os, anthropic-version",
        "access-control-request-private-network": "true",
    }

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            told = await made.client.options("/v1/chat/completions", headers=asked)
            assert not [name for name in told.headers if name.startswith("access-control")]
        server = {"cors_origins": ["https://page.example"]}
        async with service(router, tmp_path, {"a": [answer()]}, server=server) as made:
            told = await made.client.options("/v1/chat/completions", headers=asked)
            assert told.status_code == 200
            assert told.headers["access-control-allow-origin"] == "https://page.example"
            assert "x-stainless-os" in told.headers["access-control-allow-headers"]
            assert told.headers["access-control-allow-private-network"] == "true"
            told = await made.client.options("/v1/models", headers={**asked, "origin": "https://other.example"})
            assert told.status_code == 400
            told = await made.post(BY_NAME["chat"], headers={"origin": "https://page.example"})
            assert "x-router-tier" in told.headers["access-control-expose-headers"]
            assert told.headers["access-control-allow-origin"] == "https://page.example"
            assert (await made.post(BY_NAME["chat"])).status_code == 200  # a program needs no origin

    run(go())


def test_a_page_may_read_every_header_that_an_answer_can_have():
    table = CLIENTS_PAGE.split("## What an answer says")[1].split("\n## ")[0]
    assert set(re.findall(r"`(x-[a-z-]+)", table)) <= set(EXPOSED_HEADERS)


# --- Probes, slashes, the page ----------------------------------------------------------------------------------------


def test_probes_are_answered_without_a_body_and_without_a_key(router, tmp_path, run):
    keyed = {"server": {"api_key_variable": "CLIENT_KEY"}, "environ": {"CLIENT_KEY": "tw-key-0123456789"}}

    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, **keyed) as made:
            for path in ("/", "/v1", "/v1/", "/anthropic", "/healthz", "/readyz", "/docs", "/openapi.json"):
                told = await made.client.head(path)
                assert (told.status_code, told.content) == (200, b""), path
                assert int(told.headers["content-length"]) == len((await made.client.get(path)).content)
            assert (await made.client.head("/v1/models")).status_code == 401
            key = {"x-api-key": "tw-key-0123456789"}
            assert (await made.client.head("/v1/models", headers=key)).status_code == 200

    run(go())


def test_a_path_with_a_slash_at_its_end_is_served_and_sends_nobody_elsewhere(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}, server={"allowed_hosts": ["evil.example"]}) as made:
            for path in ("/healthz/", "/v1/models/", "/docs/"):
                told = await made.client.get(path, headers={"host": "evil.example"}, follow_redirects=False)
                assert told.status_code == 200, path
            body = BY_NAME["chat"].request()[1]
            assert (await made.client.post("/v1/chat/completions/", json=body)).status_code == 200

    run(go())


def test_the_page_of_the_api_loads_nothing_and_shows_every_endpoint(client):
    told = client.get("/docs")
    assert told.status_code == 200
    assert not re.findall(r"""<script|@import|url\(|(?:src|href)=["']?(?:https?:)?//""", told.text)
    assert "default-src 'none'" in told.headers["content-security-policy"]
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in told.text
    assert "x-router-floor" in told.text


# --- Compressed bodies ------------------------------------------------------------------------------------------------


def _raw_deflate(raw):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": lambda raw: gzip.compress(raw[:20]) + gzip.compress(raw[20:]),
    "zstd": lambda raw: zstd.compress(raw[:20]) + zstd.compress(raw[20:]),
    "br": brotli.compress,
    "deflate": zlib.compress,
    "DEFLATE": _raw_deflate,
    "deflate, gzip": lambda raw: gzip.compress(zlib.compress(raw)),
    "identity": bytes,
    "": bytes,
}


def test_compressed_bodies_are_read_in_every_dialect_and_sent_on_unpacked(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for face in FACES:
                path, body = face.request()
                for coding, pack in PACKED.items():
                    raw = pack(json.dumps(body).encode())
                    headers = {**face.headers, "content-encoding": coding}
                    told = await made.client.post(path, content=raw, headers=headers)
                    assert told.status_code == 200, (face.name, coding, told.text)
            for request in made.upstreams["a"].seen:
                assert "content-encoding" not in request.headers
                assert ASK in json.loads(request.body)["messages"][-1]["content"]

    run(go())


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br", "deflate"])
def test_what_unpacks_to_too_much_is_a_413_and_what_is_broken_a_400(router, tmp_path, run, coding):
    async def go():
        server = {"max_body_bytes": 100_000}
        async with service(router, tmp_path, {"a": [answer()]}, server=server) as made:
            face = BY_NAME["messages"]
            path, body = face.request()
            raw = json.dumps(body).encode()
            pack = PACKED[coding]

            async def told(content):
                headers = {**face.headers, "content-encoding": coding}
                answered = await made.client.post(path, content=content, headers=headers)
                return answered.status_code, face.error(answered.json())

            assert (await told(pack(raw + b" " * 50_000_000)))[0] == 413
            packed = pack(raw)
            for broken in (packed[:-3], packed[: len(packed) // 2], b"junk", raw, packed + b"junk", b""):
                status, message = await told(broken)
                assert (status, "content-encoding" in message) == (400, True), broken
            assert made.seen() == {}

    run(go())


def test_a_frame_that_claims_a_huge_window_is_not_given_it():
    from router.endpoints.codings import CorruptBody, decoded

    options = {zstd.CompressionParameter.window_log: 30, zstd.CompressionParameter.enable_long_distance_matching: 1}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(b"{}" * 50_000) + packer.flush()
    with pytest.raises(CorruptBody):
        decoded(packed, ["zstd"], limit_bytes=20_000_000)


def test_an_unknown_coding_is_a_415_that_names_those_that_are_taken(router, tmp_path, run):
    async def go():
        async with service(router, tmp_path, {"a": [answer()]}) as made:
            for coding in ("compress", "gzip, snappy", "gzip, gzip, gzip, gzip, gzip"):
                told = await made.post(BY_NAME["messages"], headers={"content-encoding": coding})
                assert told.status_code == 415
                assert "gzip, zstd, br, deflate" in BY_NAME["messages"].error(told.json())
                assert told.headers["accept-encoding"] == "gzip, zstd, br, deflate"

    run(go())
