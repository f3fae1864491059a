"""`python -m router` is `tierwise`."""

from __future__ import annotations

from router.commands.cli import main

main()
