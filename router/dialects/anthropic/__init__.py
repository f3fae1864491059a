"""Anthropic Messages, as clients send it (both API versions) and as providers answer it."""
