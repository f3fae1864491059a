"""`python -m router` is `tierwise`."""

from __future__ import annotations

from router.cli import main

main()
