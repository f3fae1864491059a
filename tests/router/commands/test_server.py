"""The service as a real process: its first lines, its answers, hostile clients, and its end."""

from __future__ import annotations

import shlex
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx2
import pytest

from router.commands.server import bind
from router.errors import ConfigError
from tests.router.processes import serving, tierwise
from tests.router.tiny_bundle import read_manifest

CONVENTIONAL = {signal.SIGINT: {0, 130, -signal.SIGINT}, signal.SIGTERM: {0, 143, -signal.SIGTERM}}


def route(address, text="hi"):
    answer = httpx2.post(f"{address}/route", json={"prompt": text}, timeout=30)
    assert answer.status_code == 200
    return answer.json()


def send_raw(address, raw, *, wait=True):
    """Send bytes as they are; returns the first bytes of the answer, or none if the connection is closed."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        try:
            connection.sendall(raw)
            return connection.recv(4_096) if wait else b""
        except ConnectionError:
            return b""


def test_the_printed_request_works_and_an_interrupt_ends_the_service_quietly(shipped, tmp_path):
    with serving(cwd=tmp_path) as service:
        assert f"bundle {read_manifest(shipped.parent / 'default')['id']}," in service.lines[0]
        command = shlex.split(service.lines[1].removeprefix("try: "))
        assert command[0] == "curl"
        if shutil.which("curl"):
            done = subprocess.run(command, capture_output=True, timeout=30)
            assert done.returncode == 0
            assert b'"tier":' in done.stdout
        else:
            url, body = command[2], command[-1]
            assert "tier" in httpx2.post(url, content=body).json()
        code, rest = service.stop(signal.SIGINT)
    assert code in CONVENTIONAL[signal.SIGINT]
    assert "Traceback" not in rest


def test_nothing_that_a_client_sends_ends_the_service_or_makes_it_complain(tmp_path):
    with serving(cwd=tmp_path) as service:
        head = b"POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        hang_ups = [
            b"",
            b"POST /rou",
            head + b"content-length: 100\r\n\r\n{",
            head + b"transfer-encoding: chunked\r\n\r\n5\r\n{",
            head + b'content-length: 16\r\n\r\n{"prompt": "hi"}',
        ]
        for raw in hang_ups:
            send_raw(service.address, raw, wait=False)
        whole = [
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(64),
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
            b"POST /route/ HTTP/1.1\r\nhost: [\r\ncontent-length: 0\r\n\r\n",
            head + b"content-length: -1\r\n\r\n",
            head + b"content-length: 99999999999999999999\r\n\r\n",
            head + b"content-length: 30000000\r\n\r\n{}",
            head + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
            head + b"x: " + b"y" * 200_000 + b"\r\n\r\n",
            head + b"expect: 100-continue\r\ncontent-length: 16\r\n\r\n" + b'{"prompt": "hi"}',
        ]
        for raw in whole:
            answer = send_raw(service.address, raw)
            assert not answer.startswith(b"HTTP/1.1 5"), (raw[:60], answer)
        with ThreadPoolExecutor(max_workers=16) as pool:
            tiers = {answer["tier"] for answer in pool.map(lambda _: route(service.address), range(64))}
        assert len(tiers) == 1
        code, rest = service.stop(signal.SIGTERM)
    assert code in CONVENTIONAL[signal.SIGTERM]
    assert "Traceback" not in rest
    assert "Exception" not in rest


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_several_workers_answer_and_end_together(tmp_path, tiny_bundle, how):
    config = tmp_path / "tierwise.toml"
    config.write_text('safe_tier = "frontier"')
    with serving("--workers", "2", "--config", str(config), "--bundle", str(tiny_bundle), cwd=tmp_path) as service:
        assert "bundle tiny-" in service.lines[0]
        found = [route(service.address) for _ in range(8)]
        assert {answer["bundle"]["id"].split("-")[0] for answer in found} == {"tiny"}
        assert len({answer["tier"] for answer in found}) == 1
        code, rest = service.stop(how)
        time.sleep(0.2)
        with pytest.raises(httpx2.HTTPError):
            route(service.address)
    assert code in CONVENTIONAL[how]
    assert "Traceback" not in rest


def test_a_port_in_use_is_refused_with_the_cure():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1 port {port} .*make run PORT=8081"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "256.1.1.1", "::ffff:1:2:3:4:5:6:7"])
def test_a_host_that_cannot_be_listened_on_is_refused(host):
    with pytest.raises(ConfigError, match="cannot listen on"):
        bind(host, 0)


def test_port_0_gets_a_port_of_the_systems_choice():
    with bind("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_two_thousand_half_open_connections_leave_the_service_answering(tmp_path, tiny_bundle):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 5_000:
        pytest.skip("the system allows too few files")
    config = tmp_path / "tierwise.toml"
    config.write_text("[server]\nheader_timeout_s = 60.0\n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4_096), hard))
    half_open = []
    try:
        with serving("--config", str(config), "--bundle", str(tiny_bundle), cwd=tmp_path) as service:
            parts = urlsplit(service.address)
            for _ in range(2_000):
                half_open.append(socket.create_connection((parts.hostname, parts.port), timeout=60))
                half_open[-1].sendall(b"POST /route HTTP/1.1\r\nHost: localhost\r\nX-A: ")
            assert {route(service.address)["tier"] for _ in range(5)}
            assert httpx2.head(service.address).status_code == 200
    finally:
        for connection in half_open:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_address_that_others_reach_is_served_only_when_that_is_meant(tmp_path, tiny_bundle):
    options = ("--host", "0.0.0.0", "--port", "0", "--bundle", str(tiny_bundle))
    refused = tierwise("serve", *options, cwd=tmp_path)
    assert refused.returncode == 1
    assert b"api_key_variable" in refused.stderr
    assert b"--insecure" in refused.stderr
    with serving("--workers", "2", "--insecure", *options[:2], *options[4:], cwd=tmp_path) as service:
        port = urlsplit(service.address).port
        answer = httpx2.get(f"http://127.0.0.1:{port}/healthz", headers={"host": "tierwise.lan"}, timeout=60)
        assert answer.status_code == 200
        page = {"origin": "https://page.example"}
        assert httpx2.get(f"http://127.0.0.1:{port}/readyz", headers=page, timeout=60).status_code == 403
        service.stop(signal.SIGTERM)
