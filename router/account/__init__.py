"""Who called, and what each attempt came to: one record per attempt, and the listeners that receive it."""

from __future__ import annotations

from router.account.accounts import Accounts, CallAccount, Listener
from router.account.caller import ANONYMOUS, Caller, caller_with
from router.account.record import AttemptRecord, CallRecord, Origin, Outcome, Purpose, UsageSource, cost_usd

__all__ = [
    "ANONYMOUS",
    "Accounts",
    "AttemptRecord",
    "CallAccount",
    "CallRecord",
    "Caller",
    "Listener",
    "Origin",
    "Outcome",
    "Purpose",
    "UsageSource",
    "caller_with",
    "cost_usd",
]
