"""`tierwise serve` as a process of its own, with one scripted provider behind every tier."""

import asyncio
import time
from contextlib import asynccontextmanager

import httpx2

from tests.router.endpoints.service import toml_of
from tests.router.processes import serving
from tests.router.providers.upstream import upstream

TIERS = (("budget", ("a/m1",)), ("production", ("b/m2",)), ("frontier", ("c/m3",)))
ENDED_IN_TIME_S = 8.0
"""More than a grace of two seconds, and the time that a busy machine takes."""


class Running:
    def __init__(self, process, address, provider):
        self.process = process
        self.address = address
        self.provider = provider
        self.client = httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False)

    async def ask(self, face, text, *, stream=True, **more):
        """The status, and a stream's parts or a body."""
        path, body = face.request(stream=stream, ask=text, **more)
        told = await self.client.post(path, json=body, headers=face.headers)
        return told.status_code, face.streamed(told.content) if told.status_code == 200 else told.json()

    def asking(self, face, text, **more):
        return asyncio.create_task(self.ask(face, text, **more))

    async def asked(self, n):
        async with asyncio.timeout(30):
            while len(self.provider.seen) < n:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)  # the first bytes are on their way

    async def ended(self, within_s=ENDED_IN_TIME_S):
        """Seconds until the process had ended."""
        began_s = time.monotonic()
        await asyncio.wait_for(asyncio.to_thread(self.process.wait), within_s)
        return time.monotonic() - began_s


@asynccontextmanager
async def running_with(
    step, folder, bundle, *arguments, grace_s=2, adapters=None, dispatch=None, tiers=TIERS, extra=""
):
    """A service of one provider, which does `step` with each request, until the end of the block."""
    async with upstream(step) as provider:
        urls = {name: provider.url for name in "abc"}
        path = folder / "tierwise.toml"
        server = {"grace_s": grace_s}
        toml = toml_of(urls, adapters=adapters or {}, dispatch=dispatch or {}, server=server, tiers=tiers, extra=extra)
        path.write_text(toml.replace('key_variable = "', 'key_required = false # "'))
        options = ("--config", str(path), "--bundle", str(bundle), *arguments)
        with serving(*options, cwd=folder) as service:
            made = Running(service.process, service.address, provider)
            async with made.client:
                yield made
                if service.process.poll() is None:
                    service.process.kill()
