"""Adapters: a call in, an HTTP request out. Pure; what a provider does otherwise than its dialect is in its row."""

from router.providers.adapters.prepared import Call, Prepared, Unread, conversation_of
from router.providers.adapters.table import ADAPTERS, Adapter

__all__ = ["ADAPTERS", "Adapter", "Call", "Prepared", "Unread", "conversation_of"]
