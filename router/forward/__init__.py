"""One request from a client, through a decision and a provider, back to the client in its own dialect."""

from __future__ import annotations

from router.forward.forwarder import Forwarded, Forwarder

__all__ = ["Forwarded", "Forwarder"]
