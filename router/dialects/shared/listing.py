"""A name that a client may ask for, before it is written in a dialect's shape."""

from __future__ import annotations

from dataclasses import dataclass

from router.types import JsonObject


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name in the list of models.

    title: for people.  context_window, max_output_tokens: None where they are not known.
    """

    name: str
    title: str
    context_window: int | None
    max_output_tokens: int | None

    def sizes(self, window: str, output: str) -> JsonObject:
        """The known sizes under a dialect's names for them."""
        both = {window: self.context_window, output: self.max_output_tokens}
        return {name: value for name, value in both.items() if value is not None}


def write_openai_name(one: ListedName) -> JsonObject:
    """OpenAI's object of a model; the sizes are named as other servers name them."""
    sizes = one.sizes("context_length", "max_output_tokens")
    return {"id": one.name, "object": "model", "created": 0, "owned_by": "tierwise", "name": one.title, **sizes}


def write_openai_names(names: list[ListedName]) -> JsonObject:
    """OpenAI's list of models."""
    return {"object": "list", "data": [write_openai_name(one) for one in names]}
