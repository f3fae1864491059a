"""Which of a provider's endpoints takes a request, Chat Completions or Responses: by its row and by what it refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from router.dialects.conversation import UpstreamFailure
from router.dialects.shared.openai_shared import effort_for
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider, ResponsesEndpoint
from router.errors import RequestError
from router.providers.adapters import ADAPTERS
from router.types import Dialect, Effort

MOST_REMEMBERED = 1_000
"""Models whose refusals are remembered; beyond, all are forgotten and learnt again."""

RESPONSES_OF = {"openai_compatible": "openai_responses", "azure_openai": "azure_openai_responses"}
"""The adapter for the Responses endpoint of providers that have both."""

Need: TypeAlias = Literal["tools_with_effort", "tools", "only"]
"""Which requests of a model Chat Completions refuses: a field of `ResponsesEndpoint`; each includes those before it."""

# OpenAI for gpt-5.4 (pipecat-ai/pipecat#4043) and for gpt-5.6 (danny-avila/LibreChat#14231).
_TOOLS_REFUSED = re.compile(r"function tools with reasoning_effort|to use function tools, use /v1/responses", re.I)
_ONLY_RESPONSES = re.compile(
    r"only supported in v1/responses"  # OpenAI's codex and pro models, a 404 (docker/docker-agent#313)
    r"|not a chat model and thus not supported in the v1/chat/completions"  # its newer ones (tingly-dev/tingly-box#233)
    r"|not accessible via the /chat/completions endpoint"  # GitHub Copilot (caozhiyuan/copilot-api#102)
    r"|use (?:the )?/?v1/responses",
    re.I,
)
_REFUSED = frozenset((400, 404, 405, 422))
_NO_SUCH_PATH = frozenset((404, 405, 501))
_ABOUT_THE_REQUEST = re.compile(r"\bmodel|deployment|\bitem\b|previous|response with id|conversation|\bfile\b", re.I)
"""Words of a 404 that an endpoint gives for what a request names; without any, it is the endpoint that is not there."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a call goes to a provider. adapter: by its name.  dropped: what was left out of the call."""

    adapter: str
    call: Call
    dropped: tuple[str, ...] = ()

    def prepared(self, provider: Provider, *, model: str, without: tuple[str, ...], now_s: float) -> Prepared:
        """The request. Raises as `Prepare` does."""
        made = ADAPTERS[self.adapter](provider, self.call, model=model, without=without, now_s=now_s)
        return replace(made, dropped=(*made.dropped, *self.dropped)) if self.dropped else made


class Ways:
    """Chooses, and remembers what was refused as long as the process lives. One per process."""

    def __init__(self) -> None:
        self._needs: dict[tuple[str, str], Need] = {}
        self._without_responses: set[str] = set()

    def way(self, provider: Provider, call: Call, *, model: str) -> Way:
        """How the call goes to the provider's model."""
        rule, responses = provider.quirks.responses, RESPONSES_OF.get(provider.adapter)
        if responses is None or (rule is None and not self._needs):
            return Way(provider.adapter, call)
        is_there = provider.name not in self._without_responses
        if rule is not None and is_there and call.dialect is Dialect.OPENAI_RESPONSES:
            return Way(responses, call)
        need = self._needs.get((provider.name, model)) or _need_by_row(rule, model)
        if need is None or not _is_needed(need, call):
            return Way(provider.adapter, call)
        if is_there:
            return Way(responses, call)
        return Way(provider.adapter, call) if need == "only" else _without_effort(provider.adapter, call)

    def learns(self, provider: Provider, way: Way, call: Call, failure: UpstreamFailure, *, model: str) -> bool:
        """Whether a failure on this way says that the call has another one, which is taken from now on."""
        responses = RESPONSES_OF.get(provider.adapter)
        if responses is None:
            return False
        if way.adapter == responses:
            if failure.status not in _NO_SUCH_PATH or _ABOUT_THE_REQUEST.search(failure.message):
                return False
            self._without_responses.add(provider.name)
        elif (need := _need_by_words(failure, call)) is not None:
            self._remember((provider.name, model), need)
        else:
            return False
        other = self.way(provider, call, model=model)
        return (other.adapter, other.dropped) != (way.adapter, way.dropped)

    def _remember(self, key: tuple[str, str], need: Need) -> None:
        if len(self._needs) >= MOST_REMEMBERED:
            self._needs.clear()
        words = get_args(Need)
        self._needs[key] = max(need, self._needs.get(key, need), key=words.index)


def _need_by_words(failure: UpstreamFailure, call: Call) -> Need | None:
    if failure.status not in _REFUSED:
        return None
    if _TOOLS_REFUSED.search(failure.message):
        tools, effort = _tools_and_effort(call)
        return None if not tools or effort == "none" else "tools" if effort is None else "tools_with_effort"
    return "only" if _ONLY_RESPONSES.search(failure.message) else None


@lru_cache(maxsize=1024)
def _need_by_row(rule: ResponsesEndpoint | None, model: str) -> Need | None:
    """Remembered: a service has few models."""
    if rule is None:
        return None
    patterns: tuple[tuple[Need, str | None], ...] = (
        ("only", rule.only),
        ("tools", rule.tools),
        ("tools_with_effort", rule.tools_with_effort),
    )
    return next((need for need, pattern in patterns if pattern is not None and re.search(pattern, model)), None)


def _is_needed(need: Need, call: Call) -> bool:
    """Whether the call is one of those that Chat Completions refuses."""
    if need == "only":
        return True
    tools, effort = _tools_and_effort(call)
    return tools and effort != "none" and (need == "tools" or effort is not None)


def _tools_and_effort(call: Call) -> tuple[bool, Effort | None]:
    """Whether the call has tools, and the effort that it asks for; a body that cannot be read has neither."""
    try:
        asked = None if call.conversation is None else call.conversation.complete()
    except RequestError:
        asked = None
    if asked is None:
        return False, None
    return bool(asked.tools), call.effort or asked.effort or effort_for(asked.thinking_tokens)


def _without_effort(adapter: str, call: Call) -> Way:
    """The call with no thinking at all: left out, the effort would be the model's own, which is refused too."""
    return Way(adapter, replace(call, effort="none"), ("reasoning_effort",))
