"""The rooms of the dialects with each of their files loaded; the service loads a file when it is first needed."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def _loaded(name: str) -> Any:
    room = import_module(f"router.dialects.{name}")
    for file in iter_modules(room.__path__):
        import_module(f"{room.__name__}.{file.name}")
    return room


anthropic, bedrock, gemini = _loaded("anthropic"), _loaded("bedrock"), _loaded("gemini")
openai_chat, openai_responses = _loaded("openai_chat"), _loaded("openai_responses")
