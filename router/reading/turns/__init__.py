"""Kinds of turn: a user's ask, a heartbeat, a harness's housekeeping, a step inside a loop."""
