"""Run the service: bind first, print the address, then serve until a signal to stop."""

from __future__ import annotations

import gc
import os
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from router.app import create_app
from router.brain import load_bundle
from router.commands import stopping
from router.commands.addresses import refuse_open_address, refuse_own_address
from router.commands.http_protocol import BoundedConfig
from router.core import Router
from router.errors import ConfigError
from router.settings import ENV_PREFIX, Settings
from router.settings.values import ECHO, why_not_ready

BACKLOG = 2_048
MOST_FILES = 65_536
OWN_ID = f"{ENV_PREFIX}OWN_ID"
"""The variable that gives all worker processes one id."""

GC_THRESHOLDS = (10_000, 20, 50)
"""A request makes hundreds of objects and few cycles; the interpreter's default of 700 collects at every other one."""


WORKER_SILENCE_S = 60
"""A worker that does not answer its supervisor for this long is replaced. On a busy machine uvicorn's 5 seconds are
less than the import of the service takes: each worker was killed before it had started."""


def run_server(settings: Settings, *, config: Path | None, workers: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted.

    config: the file the settings came from, for workers to read.  say: called with each line to print at the start.
    Raises ConfigError when the port is not available, and ConfigError or BundleError as Router does.
    """
    refuse_open_address(settings)
    router = Router(load_bundle(settings.bundle, trusted_encoders=settings.trusted_encoders), settings)
    refuse_own_address(settings, settings.port)
    listener = bind(settings.host, settings.port)
    port = listener.getsockname()[1]
    refuse_own_address(settings, port)
    address = f"http://{_printable(settings.host)}:{port}"
    own_id = secrets.token_hex(8)
    say(f"tierwise: bundle {router.bundle.manifest.id}, listening on {address}")
    say(f"""try: curl -s {address}/route -H 'content-type: application/json' -d '{{"prompt": "hi"}}'""")
    if not settings.has_provider:
        say(f"chats: {why_not_ready(settings)}")
    if workers == 1:
        app = create_app(router, own_id=own_id)
        _keep_what_is_loaded()
        stopping.Server(_config(app, settings, workers=1)).run(sockets=[listener])
        return
    _export(settings, config, own_id)
    stopping.Workers(_config(f"{__name__}:app_from_environ", settings, workers=workers), sockets=[listener]).run()


def _config(app: FastAPI | str, settings: Settings, *, workers: int) -> uvicorn.Config:
    return BoundedConfig(
        app,
        settings.door,
        most_waiting=files_allowed() // 2,
        factory=isinstance(app, str),
        workers=workers,
        timeout_graceful_shutdown=settings.grace_s,
        timeout_worker_healthcheck=WORKER_SILENCE_S,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the client's address is not used
    )


def files_allowed() -> int:
    """Files that this process may open, raised to what the system allows: each connection is one."""
    if sys.platform == "win32":
        return 8_192
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, MOST_FILES) if hard != resource.RLIM_INFINITY else MOST_FILES
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(soft, most)


def app_from_environ() -> FastAPI:
    """The service as the environment configures it: what each worker process builds."""
    app = create_app(Router.load(), own_id=os.environ.get(OWN_ID))
    _keep_what_is_loaded()
    return app


def _keep_what_is_loaded() -> None:
    """Keep what lives as long as the process from the garbage collector: 8% of the time of a proxied request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError when the address is in use or not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        cure = "Choose another: make run PORT=8081, or tierwise serve --port 8081."
        raise ConfigError(f"cannot listen on {host} port {port} ({exc.strerror}). {cure}") from exc
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


def _export(settings: Settings, config: Path | None, own_id: str) -> None:
    """Hand the settings on to worker processes through the environment that they read."""
    os.environ[OWN_ID] = own_id
    os.environ[f"{ENV_PREFIX}HOST"] = settings.host
    os.environ[f"{ENV_PREFIX}INSECURE"] = str(int(settings.door.insecure))
    if config is not None:
        os.environ[f"{ENV_PREFIX}CONFIG"] = str(config)
    os.environ[f"{ENV_PREFIX}BUNDLE"] = str(settings.bundle)
    if set(settings.providers) == {ECHO}:
        os.environ[f"{ENV_PREFIX}ECHO"] = "1"


def _printable(host: str) -> str:
    return f"[{host}]" if ":" in host else host
