"""A dispatcher against a scripted upstream, with fake time where time matters."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

from router.dialects.conversation import Conversation, TextDelta, Turn
from router.dialects.conversation import Text as TextPart
from router.dialects.shared.prepared import Call
from router.dialects.shared.provider import Provider, Quirks
from router.dialects.shared.secret import Secret
from router.providers.breaker import Breaker, BreakerSettings
from router.providers.connection_settings import ConnectionSettings
from router.providers.connections import Connections
from router.providers.dispatch import Dispatcher
from router.providers.retry import DispatchSettings
from router.providers.transport import Transport
from router.types import Dialect, ModelSpec, Target

ADAPTER_OF = {
    "openai_chat": "openai_compatible",
    "openai_responses": "openai_responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "bedrock": "bedrock",
}
FAST = DispatchSettings(
    retries=2,
    base_wait_s=0.5,
    deadline_s=10.0,
    first_event_s=5.0,
    whole_answer_s=5.0,
    between_bytes_s=5.0,
    heartbeat_s=5,
)
HELLO = Conversation(turns=(Turn("user", (TextPart("Hello"),)),), model="auto")
IMPATIENT = replace(FAST, first_event_s=0.5, whole_answer_s=0.5, between_bytes_s=0.5)
RAW = b'{"model": "auto",  "messages": [{"role": "user", "content": "Hello"}], "temperature": 1.0}'
RAW_STREAM = RAW[:-1] + b', "stream": true, "stream_options": {"include_usage": true}}'
CALL = Call(HELLO, stream=False)
STREAMED = Call(replace(HELLO, stream=True), stream=True)
PASSED = Call(HELLO, stream=False, dialect=Dialect.OPENAI_CHAT, raw=RAW)
PASSED_STREAM = Call(HELLO, stream=True, dialect=Dialect.OPENAI_CHAT, raw=RAW_STREAM)


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self):
        self.now_s = 100.0
        self.slept = []

    def __call__(self):
        return self.now_s

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


class Records:
    """An account that lists what it receives."""

    keeps_answers = False

    def __init__(self, settled):
        self.attempts = []
        self.settled = settled.append
        self.refuses = {}

    def begins(self, target):
        return self.refuses.get(target.name)

    def ended(self, attempt):
        self.attempts.append(attempt)


class Harness:
    def __init__(self, upstreams, connections, *, policy, clock, adapters, quirks, breaker):
        self.clock = clock
        self.settled = []
        self.account = Records(self.settled)
        self.providers = {
            name: Provider(
                name=name,
                adapter=adapters.get(name, "openai_compatible"),
                base_url=url,
                key=Secret("sk-secret"),
                quirks=quirks.get(name, Quirks()),
            )
            for name, url in upstreams.items()
        }
        self.breaker = Breaker(breaker, clock)
        self.dispatcher = Dispatcher(
            self.providers,
            Transport(connections, self.providers.values(), sleep=clock.sleep),
            policy=policy,
            breaker=self.breaker,
            unset={"keyless": "KEYLESS_API_KEY", "other": "OTHER_KEY and OTHER_ENDPOINT"},
            clock=clock,
            wall_clock=lambda: 1_700_000_000.0,
            sleep=clock.sleep,
            rng=lambda: 0.5,
        )

    async def dispatch(self, call, *targets):
        return await self.dispatcher.dispatch(targets, call, account=self.account)


@asynccontextmanager
async def harness(upstreams, *, policy=FAST, clock=None, adapters=None, quirks=None, breaker=None, settings=None):
    """upstreams: name of a provider to its base URL."""
    async with Connections(settings or ConnectionSettings(connect_s=1.0)) as connections:
        yield Harness(
            upstreams,
            connections,
            policy=policy,
            clock=clock or Clock(),
            adapters=adapters or {},
            quirks=quirks or {},
            breaker=breaker or BreakerSettings(),
        )


def target(provider="a", *, tier="budget", model="m1", window=None):
    name = f"{provider}/{model}"
    return Target.of(tier, name, ModelSpec(name, 1.0, 2.0, context_window=window))


async def pieces_of(stream):
    return [piece async for piece in stream]


def text_of(pieces):
    return "".join(event.text for piece in pieces for event in piece.events if isinstance(event, TextDelta))


def kinds(outcome):
    return [(attempt.target.name, attempt.status, attempt.kind) for attempt in outcome.attempts]


def as_json(raw):
    return json.loads(raw)
