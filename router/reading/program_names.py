"""Names of programs that send asks, and of the models that they ask: words of tags, commands and fields."""

from __future__ import annotations

AGENTS = frozenset("cursor claude codex openclaw cline roo kilo copilot gemini opencode windsurf".split())
"""Agents and editors."""

FAMILIES = ("gpt", "claude", "gemini", "llama", "mistral")
"""Families of models whose names are in those of commands and in fields."""
